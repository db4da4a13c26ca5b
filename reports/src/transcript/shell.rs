//! Owns the shell script: set-up, one block for each session with its numbered steps, and the order in which they run.

use std::collections::{BTreeMap, BTreeSet};

use raceproof::Outcome;
use raceproof::history::Typed;
use raceproof::id::ConnectionId;
use raceproof::outcome::Counterexample;

use super::act::{Act, acts};
use super::{Untypable, comment, psql, redis_cli};
use crate::visible::Visible;
use crate::wording;

const PRELUDE: &str = include_str!("prelude.sh");
const POSTGRES: &str = "postgres";
/// What stops a statement before its first row, by the name of its session; as the harness does it by its process.
const SPLIT_SQL: &str = include_str!("split.sql");
/// How long a victim waits before it looks for a deadlock, and everybody else.
const VICTIM_OPTIONS: (&str, &str) = ("-c deadlock_timeout=2s", "-c deadlock_timeout=1h");

/// The script for the counterexample of `outcome`.
pub(super) fn script(outcome: &Outcome, evidence: &Counterexample) -> Result<String, Untypable> {
    let acts = acts(&evidence.shrunk)?;
    let Some(set_up) = &evidence.set_up else {
        return Err(Untypable(
            "what the set-up has sent is not in the record, or cannot be typed".to_owned(),
        ));
    };
    let mut script = Script { victims: victims(evidence), ..Script::new(outcome) };
    // A record may have been edited by hand.
    let is_known = |store: &str| store == POSTGRES || store.strip_prefix("redis").is_some_and(is_number);
    if let Some(store) = script.stores.iter().find(|store| !is_known(store)) {
        return Err(Untypable(format!("nothing here speaks to `{}`", Visible::of(store))));
    }
    for (index, (act, woken)) in acts.iter().enumerate() {
        script.add(index + 1, act, woken)?;
    }
    let mut text = "#!/usr/bin/env bash\n".to_owned();
    text += &comment(&format!("raceproof: {}", wording::name(outcome)));
    text += &comment(&format!("promised: {}", evidence.violation.invariant));
    text += &comment(&format!("happened: {}", evidence.violation.found));
    text += "#\n# It runs what was recorded on stores of yours, which must be empty: `psql` by the variables of libpq (PGHOST,\n\
             # PGPORT, PGUSER, PGDATABASE), Redis by REDIS_CLI='redis-cli -p 6379' (further ones by REDIS_2_CLI and so on).\n\
             # To do it by hand, open one terminal for each session and type the steps in the order of their numbers.\n\n";
    text += PRELUDE;
    text += "\n# ── Set-up ──\n";
    text += &script.set_up(set_up)?;
    for (connection, (store, steps)) in &script.sessions {
        text += &format!("\n# ── Session {connection}: {store} ──\n{}", steps.concat());
    }
    text += "\n# ── In this order ──\n";
    text += &script.order.concat();
    text += "\n# ── What is left ──\n";
    text += &script.state();
    Ok(text)
}

/// The sessions whose requests were given up to break a deadlock.
fn victims(evidence: &Counterexample) -> BTreeSet<ConnectionId> {
    let choices = &evidence.shrunk.schedule.0;
    choices
        .iter()
        .filter_map(
            |choice| if let raceproof::Choice::Victim(victim) = choice { Some(*victim) } else { None },
        )
        .collect()
}

struct Script<'a> {
    outcome: &'a Outcome,
    victims: BTreeSet<ConnectionId>,
    /// By connection: its store and its steps.
    sessions: BTreeMap<ConnectionId, (String, Vec<String>)>,
    stores: BTreeSet<String>,
    order: Vec<String>,
    splits: bool,
    watches: bool,
}

impl<'a> Script<'a> {
    fn new(outcome: &'a Outcome) -> Self {
        Self {
            outcome,
            victims: BTreeSet::new(),
            sessions: BTreeMap::new(),
            stores: outcome.card.stores.iter().cloned().collect(),
            order: Vec::new(),
            splits: false,
            watches: false,
        }
    }

    fn add(&mut self, step: usize, act: &Act, woken: &[ConnectionId]) -> Result<(), Untypable> {
        let mut line = format!("echo 'step {step}'\n");
        match act {
            Act::Send { connection, store, lines, is_split, waits, is_lost } => {
                let name = session(*connection);
                line = self.open(*connection, store)? + &line;
                self.watches |= lines.iter().any(|line| line.starts_with("WATCH"));
                let body = body(store, lines).map_err(|why| Untypable::at(step, why))?;
                self.step(*connection, step, &body);
                if *is_split {
                    self.splits = true;
                    line += &format!("hold {name}\n");
                }
                line += &format!("step_{step}\n{} {name}\n", if *waits { "waits" } else { "answered" });
                if *is_lost {
                    line += &format!("close {name} # before the answer has come\n");
                }
            }
            Act::Resume { connection, waits } => {
                let name = session(*connection);
                line += &format!("release {name}\n{} {name}\n", if *waits { "waits" } else { "answered" });
            }
            Act::Await(connection) => line += &format!("answered {}\n", session(*connection)),
            Act::Refuse { connection, store, code } if store == POSTGRES => {
                let name = session(*connection);
                line = self.open(*connection, store)? + &line;
                let body =
                    format!("DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$;\n");
                self.step(*connection, step, &body);
                line += &format!("step_{step}\nanswered {name}\n");
            }
            Act::Refuse { connection, code, .. } => {
                line +=
                    &comment(&format!("{connection} is answered with {code}, and nothing reaches the store"));
            }
            Act::Close(connection) => line += &format!("close {}\n", session(*connection)),
            Act::Crash(worker) => {
                let own = self.sessions.keys().filter(|connection| connection.worker == *worker);
                let names: Vec<String> = own.map(|connection| session(*connection)).collect();
                line += &format!("close {} # {worker} crashes\n", names.join(" "));
            }
            Act::Restart { store, loses } => {
                let own = self.sessions.iter().filter(|(_, (of, _))| of == store);
                let names: Vec<String> = own.map(|(connection, _)| session(*connection)).collect();
                line += &format!("close {} # {store} ends\n", names.join(" "));
                if *loses {
                    line += &format!("$cli_{} FLUSHALL\n", identifier(store));
                }
            }
            Act::Pass { by_ms, gone } => {
                line += &format!("echo '  {by_ms} ms pass'\n");
                for key in gone {
                    line += &expire(key).map_err(|why| Untypable::at(step, why))?;
                }
            }
            Act::Nothing => line += "# a message is delivered\n",
        }
        if !woken.is_empty() {
            let names: Vec<String> = woken.iter().map(|connection| session(*connection)).collect();
            line += &format!("answered {}\n", names.join(" "));
        }
        self.order.push(line);
        Ok(())
    }

    fn step(&mut self, connection: ConnectionId, step: usize, body: &str) {
        let name = session(connection);
        let text = format!("step_{step}() {{ send {name}; }} {}", heredoc(body));
        if let Some((_, steps)) = self.sessions.get_mut(&connection) {
            steps.push(text);
        }
    }

    /// What opens the session, unless it is open.
    fn open(&mut self, connection: ConnectionId, store: &str) -> Result<String, Untypable> {
        if self.sessions.contains_key(&connection) {
            return Ok(String::new());
        }
        if !self.stores.contains(store) {
            return Err(Untypable(format!("{connection} speaks to a store that the scenario does not name")));
        }
        self.sessions.insert(connection, (store.to_owned(), Vec::new()));
        let name = session(connection);
        if store != POSTGRES {
            let cli = identifier(store);
            return Ok(format!(
                "open {name} {cli} $cli_{cli}\nsend {name} <<<'CLIENT SETNAME {name}'\nanswered {name} >/dev/null\n"
            ));
        }
        let mut options = Vec::new();
        if let Some(level) = self.outcome.isolation {
            options.push(format!("-c default_transaction_isolation={}", level.name().replace('-', "\\ ")));
        }
        if !self.victims.is_empty() {
            let (victim, other) = VICTIM_OPTIONS;
            options.push(if self.victims.contains(&connection) { victim } else { other }.to_owned());
        }
        let options = options.join(" ");
        Ok(format!("open {name} postgres env PGAPPNAME={name} PGOPTIONS='{options}' psql -X\n"))
    }

    fn set_up(&self, set_up: &[Typed]) -> Result<String, Untypable> {
        let mut text = format!("lengthens={}\n", if self.watches { "no" } else { "yes" });
        for store in self.stores.iter().filter(|store| *store != POSTGRES) {
            let (cli, variable) = (identifier(store), identifier(store).to_uppercase());
            let default =
                if store == "redis" { ":-redis-cli" } else { ":?names the client of another Redis" };
            text += &format!("cli_{cli}=${{{variable}_CLI{default}}}\n");
            text += &format!(
                "[ \"$($cli_{cli} DBSIZE)\" = 0 ] || {{ echo '{store} is not empty, or not there' >&2; exit 1; }}\n"
            );
        }
        if self.stores.contains(POSTGRES) {
            text += "[ \"$(psql -X -A -t -q -c \"SELECT count(*) FROM pg_stat_user_tables\")\" = 0 ] || { echo 'the database is not empty, or not there' >&2; exit 1; }\n";
        }
        for Typed { store, lines } in set_up.iter().filter(|typed| self.stores.contains(&typed.store)) {
            let body = body(store, lines).map_err(|why| Untypable(format!("the set-up {why}")))?;
            text += &match store.as_str() {
                POSTGRES => format!("psql -X -q -v ON_ERROR_STOP=1 {}[ $? = 0 ] || exit 1\n", heredoc(&body)),
                _ => format!("$cli_{} {}", identifier(store), heredoc(&body)),
            };
        }
        if self.splits {
            text += "\n# What makes a statement stop when it has read and has not written yet.\n";
            text += &format!("psql -X -q -v ON_ERROR_STOP=1 {}[ $? = 0 ] || exit 1\n", heredoc(SPLIT_SQL));
            text += "open control postgres env PGAPPNAME=control psql -X -q\n";
            for (verb, function) in [("hold", "pg_advisory_lock"), ("release", "pg_advisory_unlock")] {
                text += &format!(
                    "{verb}() {{ send control <<<\"SELECT {function}(1382114149, hashtext('$1'));\"; answered control >/dev/null; }}\n"
                );
            }
        }
        Ok(text)
    }

    /// What shows the content of the stores.
    fn state(&self) -> String {
        let mut text = String::new();
        if self.stores.contains(POSTGRES) {
            text += "psql -X -q <<'SQL'\nSELECT format('SELECT %L AS \"table\", * FROM %s', c.oid::regclass, c.oid::regclass) FROM pg_class c\n    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema|raceproof)'\n    ORDER BY 1 \\gexec\nSQL\n";
        }
        for store in self.stores.iter().filter(|store| *store != POSTGRES) {
            text += &format!(
                "$cli_{} EVAL \"local all = {{}}\nfor _, key in ipairs(redis.call('KEYS', '*')) do\n    local read = ({{string = {{'GET'}}, list = {{'LRANGE', 0, -1}}, set = {{'SMEMBERS'}}, hash = {{'HGETALL'}}, zset = {{'ZRANGE', 0, -1, 'WITHSCORES'}}}})[redis.call('TYPE', key).ok]\n    all[#all + 1] = {{key, read and redis.call(read[1], key, unpack(read, 2)) or '?'}}\nend\nreturn all\" 0\n",
                identifier(store)
            );
        }
        text
    }
}

/// The lines as the store's client reads them.
fn body(store: &str, lines: &[String]) -> Result<String, &'static str> {
    let written = lines
        .iter()
        .map(|line| if store == POSTGRES { psql::statement(line) } else { redis_cli::line(line) });
    Ok(written.collect::<Result<Vec<_>, _>>()?.concat())
}

/// A text that the shell passes on as it is.
fn heredoc(body: &str) -> String {
    let mut end = "STEP".to_owned();
    while body.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("<<'{end}'\n{body}{end}\n")
}

/// Whether it is nothing, or as in `-2`.
fn is_number(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix('-').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What stands for the end of a key's life.
fn expire(key: &str) -> Result<String, &'static str> {
    let (store, key) = match key.split_once('/') {
        Some((store, key)) if store.starts_with("redis-") => (store, key),
        _ => ("redis", key),
    };
    if !super::is_printable(key) || key.contains(['\n', '\t', '\u{fffd}']) {
        return Err("ends a key that cannot be typed");
    }
    let quoted = key.replace('\'', "'\\''");
    Ok(format!("$cli_{} DEL '{quoted}' # its time has come\n", identifier(store)))
}

/// A name of the shell's: `A`, `A_1`.
fn session(connection: ConnectionId) -> String {
    identifier(&connection.to_string())
}

fn identifier(name: &str) -> String {
    name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What bash makes of a script.
    fn run(script: &str) -> String {
        let output = Command::new("bash").args(["-c", script]).output().expect("bash is there");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Whatever the system under test sends, it is neither run nor changed by the shell into which it is pasted.
    #[test]
    fn hostile_texts_pass_the_shell_as_they_are() {
        for body in [
            "SELECT '$(touch owned) `id` ${HOME} \\ \" ! ~ * ';\n",
            "SELECT '\nSTEP\nid\nSTEP_\n';\n",
            "SET a \"'; id #\"\n",
            "}\n",
        ] {
            assert_eq!(run(&format!("told() {{ cat; }} {}told", heredoc(body))), body);
        }
        for key in ["a", "it's", "$(id)", "`id`", "a b;id", "\\", "\"", "-x"] {
            let line = expire(key).expect("it can be typed");
            assert_eq!(run(&format!("cli_redis=\"printf %s|\"\n{line}")), format!("DEL|{key}|"));
        }
        assert_eq!(expire("redis-2/a").as_deref(), Ok("$cli_redis_2 DEL 'a' # its time has come\n"));
        assert!(expire("\u{202e}").is_err() && expire("a\nid").is_err() && expire("\u{fffd}").is_err());
    }
}
