//! Owns [`Settings`]: what the variables of the environment say about the races of a process. They overrule what a race says
//! itself.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use raceproof::budget;
use raceproof::plan::StrategyKind;
use raceproof::store::ProviderChoice;
use thiserror::Error;

/// What the variables say; `None` where they say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Settings {
    pub(crate) seed: Option<u64>,
    pub(crate) budget: Option<Duration>,
    pub(crate) schedules_max: Option<u64>,
    pub(crate) strategy: Option<StrategyKind>,
    pub(crate) jobs: Option<u32>,
    /// Where records and pages go.
    pub(crate) out: Option<PathBuf>,
    pub(crate) regressions: Option<Regressions>,
    /// The record of a violation to replay instead of searching.
    pub(crate) replay: Option<PathBuf>,
    pub(crate) provider: Option<ProviderChoice>,
    pub(crate) redis_url: Option<String>,
    pub(crate) postgres_url: Option<String>,
    pub(crate) disposable: bool,
    /// Whether a pass is told.
    pub(crate) is_verbose: bool,
}

/// Where schedules that once violated are kept, to be retried first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Regressions {
    /// In this folder.
    In(PathBuf),
    /// They are neither kept nor retried.
    Off,
}

/// A variable that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{variable}` is `{value}`: {why}")]
pub struct SettingError {
    /// Which variable.
    pub variable: &'static str,
    /// What it says.
    pub value: String,
    /// What is wrong with that, and what would be right.
    pub why: String,
}

/// The word for no folder at all.
const OFF: &str = "off";
/// Most engines of one race: more than machines have cores for.
const JOBS_MAX: u32 = 64;

impl Settings {
    /// What the variables of this process say.
    pub(crate) fn of_process() -> Result<Self, SettingError> {
        Self::read(&|name| std::env::var_os(name))
    }

    /// What the variables say; one that is empty says nothing.
    pub(crate) fn read(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, SettingError> {
        let given = Given(variable);
        let settings = Self {
            seed: given.parsed("RACEPROOF_SEED", whole)?,
            budget: given.parsed("RACEPROOF_BUDGET", budget::parse)?,
            schedules_max: given.parsed("RACEPROOF_SCHEDULES", at_least_one)?,
            strategy: given.parsed("RACEPROOF_STRATEGY", StrategyKind::from_str)?,
            jobs: given.parsed("RACEPROOF_JOBS", jobs)?,
            out: given.path("RACEPROOF_OUT"),
            regressions: given.path("RACEPROOF_REGRESSIONS").map(|path| match path.to_str() {
                Some(OFF) => Regressions::Off,
                _ => Regressions::In(path),
            }),
            replay: given.path("RACEPROOF_REPLAY"),
            provider: given.parsed("RACEPROOF_STORES", ProviderChoice::from_str)?,
            redis_url: given.parsed("RACEPROOF_REDIS_URL", String::from_str)?,
            postgres_url: given.parsed("RACEPROOF_POSTGRES_URL", String::from_str)?,
            disposable: given.parsed("RACEPROOF_DISPOSABLE", yes_or_no)?.unwrap_or(false),
            is_verbose: given.parsed("RACEPROOF_VERBOSE", yes_or_no)?.unwrap_or(false),
        };
        settings.check_urls()?;
        Ok(settings)
    }

    /// Nobody's servers are emptied by mistake, and no URL is forgotten in silence.
    fn check_urls(&self) -> Result<(), SettingError> {
        let is_url = self.provider == Some(ProviderChoice::Url);
        let given =
            [("RACEPROOF_REDIS_URL", &self.redis_url), ("RACEPROOF_POSTGRES_URL", &self.postgres_url)];
        let unused = given.into_iter().find(|(_, url)| url.is_some() && !is_url);
        if let Some((variable, _)) = unused {
            let why = "it is used with `RACEPROOF_STORES=url` only (set that, too)".to_owned();
            return Err(SettingError { variable, value: "(a url)".to_owned(), why });
        }
        if is_url && !self.disposable {
            let why = "these servers are written to and emptied (add `RACEPROOF_DISPOSABLE=1` if nothing on them \
                       matters)";
            let (variable, value) = ("RACEPROOF_STORES", ProviderChoice::Url.to_string());
            return Err(SettingError { variable, value, why: why.to_owned() });
        }
        Ok(())
    }
}

/// The variables.
struct Given<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl Given<'_> {
    fn path(&self, variable: &'static str) -> Option<PathBuf> {
        (self.0)(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    fn parsed<T, E: Display>(
        &self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, SettingError> {
        let Some(value) = (self.0)(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
        let wrong = |why: String| SettingError { variable, value: value.to_string_lossy().into_owned(), why };
        let text = value.to_str().ok_or_else(|| wrong("it is no text".to_owned()))?;
        parse(text).map(Some).map_err(|why| wrong(why.to_string()))
    }
}

fn whole(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "it is no whole number (give one such as `0`)")
}

fn at_least_one(text: &str) -> Result<u64, &'static str> {
    whole(text)
        .ok()
        .filter(|number| *number > 0)
        .ok_or("it is no whole number from 1 (give one such as `20000`)")
}

fn jobs(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=JOBS_MAX).contains(number));
    number.ok_or_else(|| format!("it is no whole number from 1 to {JOBS_MAX} (give one such as `2`)"))
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err("it is neither `1` nor `0`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Settings, SettingError> {
        let value =
            |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Settings::read(&value)
    }

    #[test]
    fn nothing_is_said_by_nothing_and_by_empty_text() {
        assert_eq!(read(&[]), Ok(Settings::default()));
        assert_eq!(read(&[("RACEPROOF_SEED", ""), ("RACEPROOF_OUT", "")]), Ok(Settings::default()));
    }

    #[test]
    fn every_variable_is_read() {
        let settings = read(&[
            ("RACEPROOF_SEED", "7"),
            ("RACEPROOF_BUDGET", "1m30s"),
            ("RACEPROOF_SCHEDULES", "100"),
            ("RACEPROOF_STRATEGY", "pct"),
            ("RACEPROOF_JOBS", "2"),
            ("RACEPROOF_OUT", "a/b"),
            ("RACEPROOF_REGRESSIONS", "c"),
            ("RACEPROOF_REPLAY", "d.json"),
            ("RACEPROOF_STORES", "url"),
            ("RACEPROOF_REDIS_URL", "redis://h"),
            ("RACEPROOF_POSTGRES_URL", "postgres://h"),
            ("RACEPROOF_DISPOSABLE", "1"),
            ("RACEPROOF_VERBOSE", "1"),
        ]);
        let expected = Settings {
            seed: Some(7),
            budget: Some(Duration::from_secs(90)),
            schedules_max: Some(100),
            strategy: Some(StrategyKind::Pct),
            jobs: Some(2),
            out: Some("a/b".into()),
            regressions: Some(Regressions::In("c".into())),
            replay: Some("d.json".into()),
            provider: Some(ProviderChoice::Url),
            redis_url: Some("redis://h".to_owned()),
            postgres_url: Some("postgres://h".to_owned()),
            disposable: true,
            is_verbose: true,
        };
        assert_eq!(settings, Ok(expected));
        let off = read(&[("RACEPROOF_REGRESSIONS", "off")]).expect("a word that we know");
        assert_eq!(off.regressions, Some(Regressions::Off));
    }

    /// The variable and what it says are named, and what it might say.
    #[test]
    fn what_makes_no_sense_is_refused_with_the_way_out() {
        for (variable, value, way_out) in [
            ("RACEPROOF_SEED", "-1", "whole number"),
            ("RACEPROOF_BUDGET", "30", "`30s`"),
            ("RACEPROOF_SCHEDULES", "0", "from 1"),
            ("RACEPROOF_STRATEGY", "luck", "portfolio"),
            ("RACEPROOF_JOBS", "65", "from 1 to 64"),
            ("RACEPROOF_STORES", "mock", "`local`"),
            ("RACEPROOF_DISPOSABLE", "yes", "`1`"),
            ("RACEPROOF_VERBOSE", "true", "`1`"),
            ("RACEPROOF_STORES", "url", "RACEPROOF_DISPOSABLE=1"),
        ] {
            let told = read(&[(variable, value)]).expect_err(variable).to_string();
            assert!(told.starts_with(&format!("`{variable}` is `{value}`: ")), "{told}");
            assert!(told.contains(way_out), "{told}");
        }
    }

    /// A password may be part of it.
    #[test]
    fn url_that_is_not_used_is_refused_and_not_shown() {
        let told = read(&[("RACEPROOF_REDIS_URL", "redis://:hush@h")]).expect_err("unused").to_string();
        assert!(told.contains("RACEPROOF_STORES=url") && !told.contains("hush"), "{told}");
    }
}
