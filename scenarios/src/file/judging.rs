//! Owns what is done to the stores past the gate: the set-up, and the questions whether promises hold.

use raceproof::history::{Operation, OperationEnd};
use raceproof::store::SetUp;
use raceproof::{Broken, Moment};
use tokio_postgres::SimpleQueryMessage;

use super::error::{Flaw, Place};
use super::race::{Invariant, Program, Question, Race};
use super::steps::{ask_redis, first_value};
use super::template::{Values, compare};
use super::{once, surroundings};

/// Rows that are told of where there should be none.
const ROWS_TOLD_MAX: usize = 3;
/// While somebody has locked a table against readers, nobody sees more than before.
const LOCKED: &str = "SELECT 1 FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' AND locktype = 'relation' \
                      AND pid <> pg_backend_pid() LIMIT 1";

/// Brings the stores, which are empty, to where executions start.
pub(super) async fn set_up(race: &Race, stores: &mut SetUp) -> Result<(), Flaw> {
    for (place, sql) in &race.set_up.sql {
        let done = stores.postgres().batch_execute(sql).await;
        done.map_err(|error| place.flaw(refused(&error)))?;
    }
    for (place, command) in &race.set_up.redis {
        let words = command.fill(&Values::new()).map_err(|what| place.flaw(what))?;
        let answer = ask_redis(stores.redis(), &words).await;
        answer.map_err(|error| place.flaw(format!("Redis refuses this: {error}")))?;
    }
    if let Some(program) = &race.set_up.program {
        let (code, line) = call(race, stores, program).await?;
        if code != Some(0) {
            return Err(program.place.flaw(format!("the program ended {}: {line}", once::told(code))));
        }
    }
    Ok(())
}

/// The first promise of those at this `moment` that is broken, if one is.
pub(super) async fn judge(
    race: &Race,
    stores: &mut SetUp,
    operations: &[Operation],
    moment: Moment,
) -> Result<Option<Broken>, Flaw> {
    let values = counts(race, operations);
    for invariant in race.invariants.iter().filter(|one| one.always == (moment == Moment::Always)) {
        if let Some(found) = look(race, stores, invariant, &values, moment).await? {
            return Ok(Some(Broken { promise: invariant.promise.clone(), found }));
        }
    }
    Ok(None)
}

/// What was found instead of what is promised, if it is broken.
async fn look(
    race: &Race,
    stores: &mut SetUp,
    invariant: &Invariant,
    values: &Values,
    moment: Moment,
) -> Result<Option<String>, Flaw> {
    let place = &invariant.place;
    let (asked, value) = match &invariant.question {
        Question::Sql(sql) => {
            let sql = sql.sql(values).map_err(|what| place.flaw(what))?;
            let Some(messages) = query(stores, place, &sql, moment).await? else { return Ok(None) };
            if invariant.no_rows {
                return Ok(rows_told(&messages));
            }
            (sql, first_value(&messages))
        }
        Question::Redis(command) => {
            let words = command.fill(values).map_err(|what| place.flaw(what))?;
            let answer = ask_redis(stores.redis(), &words).await;
            (words.join(" "), answer.map_err(|error| place.flaw(format!("Redis refuses this: {error}")))?)
        }
        Question::Program(program) => {
            return match call(race, stores, program).await? {
                (Some(0), _) => Ok(None),
                (Some(once::REFUSED), line) => Ok(Some(line)),
                (code, line) => Err(place.flaw(format!("the program ended {}: {line}", once::told(code)))),
            };
        }
    };
    let told = value.as_deref().unwrap_or("null");
    if invariant.conditions.is_empty() {
        return match value.as_deref() {
            Some("t") => Ok(None),
            Some("f") => Ok(Some(format!("`{asked}` is false"))),
            _ => {
                let what = format!(
                    "`{asked}` gives {told}, which is neither true nor false (add `equals`, `at-least`, `at-most` or `no-rows`)"
                );
                Err(place.flaw(what))
            }
        };
    }
    for (operator, wanted) in &invariant.conditions {
        let wanted = wanted.plain(values).map_err(|what| place.flaw(what))?;
        if !compare(value.as_deref(), operator, Some(&wanted)).map_err(|what| place.flaw(what))? {
            let words = match *operator {
                ">=" => "at least ",
                "<=" => "at most ",
                _ => "",
            };
            return Ok(Some(format!("`{asked}` gives {told} instead of {words}{wanted}")));
        }
    }
    Ok(None)
}

/// What a query gives in a transaction that can change nothing; nothing while a table is locked against readers.
async fn query(
    stores: &mut SetUp,
    place: &Place,
    sql: &str,
    moment: Moment,
) -> Result<Option<Vec<SimpleQueryMessage>>, Flaw> {
    let client = stores.postgres();
    let told = |error: &tokio_postgres::Error| place.flaw(refused(error));
    if moment == Moment::Always
        && first_value(&client.simple_query(LOCKED).await.map_err(|error| told(&error))?).is_some()
    {
        return Ok(None);
    }
    let all = format!("BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY;\n{sql}\n;ROLLBACK");
    match client.simple_query(&all).await {
        Ok(messages) => Ok(Some(messages)),
        Err(error) => {
            // What is left of the transaction; the error is what is told.
            let _ = client.simple_query("ROLLBACK").await;
            Err(told(&error))
        }
    }
}

/// The rows where there should be none.
fn rows_told(messages: &[SimpleQueryMessage]) -> Option<String> {
    let rows: Vec<String> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let cells = row.columns().iter().enumerate().map(|(index, column)| {
                    format!("{}: {}", column.name(), row.get(index).unwrap_or("null"))
                });
                Some(format!("{{{}}}", cells.collect::<Vec<_>>().join(", ")))
            }
            _ => None,
        })
        .collect();
    let count = rows.len();
    let more = if count > ROWS_TOLD_MAX { " …" } else { "" };
    let shown = rows.into_iter().take(ROWS_TOLD_MAX).collect::<Vec<_>>().join(" ");
    (count > 0).then(|| format!("{count} {}: {shown}{more}", if count == 1 { "row" } else { "rows" }))
}

/// Runs a program past the gate; how it ended and the last line that it wrote.
async fn call(race: &Race, stores: &SetUp, program: &Program) -> Result<(Option<i32>, String), Flaw> {
    let urls = race.stores.iter().map(|store| Some((store.as_str(), stores.url(store)?)));
    let Some(urls) = urls.collect::<Option<Vec<_>>>() else {
        return Err(program
            .place
            .flaw("a program needs stores that listen on a port (use `--stores local` or `docker`)"));
    };
    let environment = surroundings::of_urls(&urls);
    once::call(race, program, environment).await.map_err(|what| program.place.flaw(what))
}

fn refused(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("PostgreSQL refuses this: {} ({})", error.message(), error.code().code()),
        None => format!("PostgreSQL did not answer: {error}"),
    }
}

/// How many operations took effect and were refused, all and by name.
fn counts(race: &Race, operations: &[Operation]) -> Values {
    let count = |name: Option<&str>, took_effect: bool| {
        let counted = operations.iter().filter(|operation| {
            let is_meant = name.is_none_or(|name| operation.name == name);
            is_meant
                && match operation.end {
                    OperationEnd::Ok(_) => took_effect,
                    OperationEnd::Refused(_) => !took_effect,
                    _ => false,
                }
        });
        Some(counted.count().to_string())
    };
    let mut values: Values = [
        ("done".to_owned(), count(None, true)),
        ("refused".to_owned(), count(None, false)),
        ("workers".to_owned(), Some(race.workers.len().to_string())),
    ]
    .into();
    for worker in &race.workers {
        values.insert(format!("done.{}", worker.name), count(Some(&worker.name), true));
        values.insert(format!("refused.{}", worker.name), count(Some(&worker.name), false));
    }
    values
}
