//! Owns the way from the text of a scenario file to a [`Race`] that makes sense, or to the place where it does not.

mod invariants;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use raceproof::program::Call;
use raceproof::store::{postgres, redis};
use toml::Spanned;

use super::document::{self, Document, OneOrMany};
use super::error::{FileError, Flaw, Place};
use super::race::{Program, Race, Request, Service, SetUp, Work, Worker};
use super::template::{Condition, Template, may_be_saved};
use super::words::Command;

/// Most workers of an execution, as for `--workers`.
const WORKERS_MAX: usize = 64;
/// What every worker's texts may name.
const OF_WORKERS: [&str; 3] = ["worker", "index", "workers"];
const STORES: [&str; 2] = [postgres::NAME, redis::NAME];

pub(super) fn read(path: &Path) -> Result<Race, FileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| FileError::Unreadable { path: path.to_owned(), source })?;
    Ok(parse(path, &text)?)
}

/// Reads `text`, which is that of the file at `path`.
pub(super) fn parse(path: &Path, text: &str) -> Result<Race, Flaw> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let reader = Reader { file: path.into(), text, folder };
    let document: Document = toml::from_str(text).map_err(|error| {
        let place = reader.place(error.span().map_or(0, |span| span.start));
        place.flaw(error.message().trim().replace('\n', ", "))
    })?;
    reader.race(path, document)
}

struct Reader<'a> {
    file: Arc<Path>,
    text: &'a str,
    folder: PathBuf,
}

impl Reader<'_> {
    fn place(&self, offset: usize) -> Place {
        Place::of(&self.file, self.text, offset)
    }

    fn of<T>(&self, spanned: &Spanned<T>) -> Place {
        self.place(spanned.span().start)
    }

    fn race(&self, path: &Path, document: Document) -> Result<Race, Flaw> {
        let stores = self.stores(&document.stores)?;
        let services = document.service.iter().map(|(name, service)| {
            let program = self.program(&service.get_ref().program, &service.get_ref().environment)?;
            Ok((name.clone(), Service { program, ready: service.get_ref().ready.clone() }))
        });
        let services = services.collect::<Result<BTreeMap<_, _>, Flaw>>()?;
        let mut workers = Vec::new();
        for worker in &document.worker {
            let (count, worker) = self.worker(worker, &stores, &services)?;
            let place = self.of(&document.worker[0]);
            workers.extend(std::iter::repeat_n(Arc::new(worker), count));
            if workers.len() > WORKERS_MAX {
                return Err(place.flaw(format!("there are more than {WORKERS_MAX} workers")));
            }
        }
        if workers.is_empty() {
            let what = "there is no worker (write a table `[[worker]]` for each, or one with `count`)";
            return Err(self.place(0).flaw(what));
        }
        let names: BTreeSet<&str> = workers.iter().map(|worker| worker.name.as_str()).collect();
        let invariants =
            document.invariant.iter().map(|invariant| self.invariant(invariant, &stores, &names));
        let grace_ms = document.grace_ms.as_ref().map_or(100, |ms| *ms.get_ref());
        if let Some(place) = document.grace_ms.as_ref().filter(|ms| !(1..=60_000).contains(ms.get_ref())) {
            return Err(self.of(place).flaw("the grace is between 1 and 60000 ms"));
        }
        Ok(Race {
            path: path.to_owned(),
            folder: self.folder.clone(),
            name: self.name(path, document.name.as_ref())?,
            about: document.about.unwrap_or_else(|| format!("The race of `{}`.", path.display())),
            expected: document.expected,
            grace: Duration::from_millis(grace_ms),
            set_up: document
                .set_up
                .map(|set_up| self.set_up(&set_up, &stores))
                .transpose()?
                .unwrap_or_default(),
            invariants: invariants.collect::<Result<_, _>>()?,
            stores,
            workers,
            services,
        })
    }

    /// The name that is given, or that of the file.
    fn name(&self, path: &Path, given: Option<&Spanned<String>>) -> Result<String, Flaw> {
        let Some(given) = given else {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
            let name: String =
                stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            return Ok(if name.is_empty() { "race".to_owned() } else { name });
        };
        let is_part = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let parts: Vec<&str> = given.get_ref().split('/').collect();
        if parts.len() > 2 || !parts.iter().all(|part| is_part(part)) {
            let what = format!(
                "`{}` is no name (use lower case, digits, hyphens, and at most one slash)",
                given.get_ref()
            );
            return Err(self.of(given).flaw(what));
        }
        Ok(given.get_ref().clone())
    }

    fn stores(&self, given: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<String>, Flaw> {
        for store in given.get_ref() {
            if !STORES.contains(&store.get_ref().as_str()) {
                let what = format!("`{}` is no store (use `postgres`, `redis`)", store.get_ref());
                return Err(self.of(store).flaw(what));
            }
        }
        let stores: BTreeSet<String> = given.get_ref().iter().map(|store| store.get_ref().clone()).collect();
        if stores.is_empty() {
            return Err(self.of(given).flaw("there is no store (use `postgres`, `redis`)"));
        }
        Ok(stores.into_iter().collect())
    }

    fn set_up(&self, given: &document::SetUp, stores: &[String]) -> Result<SetUp, Flaw> {
        let mut set_up = SetUp::default();
        if let Some(sql) = &given.sql {
            let place = self.of(sql);
            needs(&place, stores, postgres::NAME)?;
            set_up.sql = each(sql.get_ref()).map(|sql| (place.clone(), sql.clone())).collect();
        }
        if let Some(commands) = &given.redis {
            let place = self.of(commands);
            needs(&place, stores, redis::NAME)?;
            let parsed = each(commands.get_ref()).map(|text| {
                let command = Command::parse(text).map_err(|what| place.flaw(what))?;
                known(&place, command.names(), &BTreeSet::new())?;
                Ok((place.clone(), command))
            });
            set_up.redis = parsed.collect::<Result<_, Flaw>>()?;
        }
        let none = Default::default();
        set_up.program = given.program.as_ref().map(|program| self.program(program, &none)).transpose()?;
        Ok(set_up)
    }

    /// A program that is there.
    fn program(
        &self,
        words: &Spanned<Vec<String>>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Program, Flaw> {
        let (place, words) = (self.of(words), words.get_ref().clone());
        let call = Call { words, folder: self.folder.clone(), environment: environment.clone() };
        let Some(name) = call.words.first() else {
            return Err(place.flaw(
                "there is no program (write it and its arguments, such as `[\"python3\", \"buy.py\"]`)",
            ));
        };
        if call.file().is_none() {
            let what = match name.contains('/') {
                true => format!("`{name}` is no program that can be run (paths begin at the file's folder)"),
                false => format!("the program `{name}` is not on `PATH` (install it, or write a path)"),
            };
            return Err(place.flaw(what));
        }
        Ok(Program { place, words: call.words, environment: call.environment })
    }

    /// A kind of worker, and how many of it there are.
    fn worker(
        &self,
        given: &Spanned<document::Worker>,
        stores: &[String],
        services: &BTreeMap<String, Service>,
    ) -> Result<(usize, Worker), Flaw> {
        let (place, worker) = (self.of(given), given.get_ref());
        let document::Worker { steps, program, lasting, request, environment, .. } = worker;
        let work = match (steps, program, lasting, request) {
            (Some(steps), None, None, None) => Work::Steps(self.steps(worker, steps, stores)?),
            (None, Some(program), None, None) => Work::Once(self.program(program, environment)?),
            (None, None, Some(program), None) => Work::Lasting(self.program(program, environment)?),
            (None, None, None, Some(request)) => Work::Request(self.request(request, services)?),
            _ => {
                let what = "a worker has exactly one of `steps`, `program`, `lasting` and `request`";
                return Err(place.flaw(what));
            }
        };
        if steps.is_none() && (worker.retries.is_some() || worker.returns.is_some()) {
            return Err(place.flaw("`retries` and `returns` belong to `steps`"));
        }
        let count = worker.count.as_ref().map_or(1, |count| usize::from(*count.get_ref()));
        if let Some(count) =
            worker.count.as_ref().filter(|count| !(1..=WORKERS_MAX).contains(&usize::from(*count.get_ref())))
        {
            return Err(self.of(count).flaw(format!("there may be 1 to {WORKERS_MAX} workers")));
        }
        let name = match &worker.name {
            Some(name) if may_be_saved(name.get_ref()) => name.get_ref().clone(),
            Some(name) => {
                let what = format!("`{}` is no name (use lower case, digits, hyphens)", name.get_ref());
                return Err(self.of(name).flaw(what));
            }
            None => usual_name(&work),
        };
        Ok((count, Worker { name, work }))
    }

    fn request(
        &self,
        given: &Spanned<document::Request>,
        services: &BTreeMap<String, Service>,
    ) -> Result<Request, Flaw> {
        let request = given.get_ref();
        let service = request.service.get_ref();
        if !services.contains_key(service) {
            let what = format!("there is no service `{service}` (write a table `[service.{service}]`)");
            return Err(self.of(&request.service).flaw(what));
        }
        let names: BTreeSet<String> = OF_WORKERS.map(str::to_owned).into();
        let method = match &request.method {
            None => hyper::Method::GET,
            Some(method) => method
                .get_ref()
                .parse()
                .map_err(|_| self.of(method).flaw(format!("`{}` is no method of HTTP", method.get_ref())))?,
        };
        if !request.path.get_ref().starts_with('/') {
            return Err(self.of(&request.path).flaw("a path begins with `/`"));
        }
        let headers = request.headers.iter().map(|(name, value)| {
            let unreadable = || self.of(given).flaw(format!("`{name}: {value}` is no header field"));
            Ok((name.parse().map_err(|_| unreadable())?, value.parse().map_err(|_| unreadable())?))
        });
        Ok(Request {
            service: service.clone(),
            method,
            path: self.template(&request.path, &names)?,
            headers: headers.collect::<Result<_, Flaw>>()?,
            body: request.body.as_ref().map(|body| self.template(body, &names)).transpose()?,
        })
    }

    fn template(&self, given: &Spanned<String>, names: &BTreeSet<String>) -> Result<Template, Flaw> {
        let place = self.of(given);
        let template = Template::parse(given.get_ref()).map_err(|what| place.flaw(what))?;
        known(&place, template.names(), names)?;
        Ok(template)
    }

    fn command(&self, given: &Spanned<String>, names: &BTreeSet<String>) -> Result<Command, Flaw> {
        let place = self.of(given);
        let command = Command::parse(given.get_ref()).map_err(|what| place.flaw(what))?;
        known(&place, command.names(), names)?;
        Ok(command)
    }

    fn condition(&self, given: &Spanned<String>, names: &BTreeSet<String>) -> Result<Condition, Flaw> {
        let place = self.of(given);
        let condition = Condition::parse(given.get_ref()).map_err(|what| place.flaw(what))?;
        known(&place, condition.names(), names)?;
        Ok(condition)
    }
}

fn each(texts: &OneOrMany) -> impl Iterator<Item = &String> {
    match texts {
        OneOrMany::One(text) => std::slice::from_ref(text).iter(),
        OneOrMany::Many(texts) => texts.iter(),
    }
}

fn needs(place: &Place, stores: &[String], store: &str) -> Result<(), Flaw> {
    if stores.iter().any(|known| known == store) {
        return Ok(());
    }
    Err(place.flaw(format!("this needs `{store}`, which is not among the `stores`")))
}

fn known<'a>(
    place: &Place,
    names: impl Iterator<Item = &'a str>,
    known: &BTreeSet<String>,
) -> Result<(), Flaw> {
    let mut unknown = names.filter(|name| !known.contains(*name));
    let Some(name) = unknown.next() else { return Ok(()) };
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let offered = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
    Err(place
        .flaw(format!("`{{{name}}}` stands for nothing here (known: {offered}; write `{{{{` for a brace)")))
}

/// What an operation is called that is not given a name.
fn usual_name(work: &Work) -> String {
    match work {
        Work::Steps(_) => "steps".to_owned(),
        Work::Request(request) => request.service.clone(),
        Work::Once(program) | Work::Lasting(program) => {
            let script = program.words.iter().skip(1).find(|word| !word.starts_with('-'));
            let named = script.or(program.words.first()).map(|word| Path::new(word).file_stem());
            let stem = named.flatten().unwrap_or_default().to_string_lossy().to_lowercase();
            let name: String =
                stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            if may_be_saved(&name) { name } else { "work".to_owned() }
        }
    }
}
