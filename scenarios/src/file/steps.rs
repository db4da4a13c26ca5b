//! Owns workers of which every step stands in the file: SQL statements and Redis commands.

use raceproof::Worker;
use raceproof::scenario::Result;
use redis::aio::MultiplexedConnection;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::race::{Deed, Step, Steps};
use super::scenario::End;
use super::template::Values;

/// The connections of a worker, each opened when it is needed.
#[derive(Default)]
struct Connections {
    postgres: Option<Client>,
    redis: Option<MultiplexedConnection>,
}

/// How a round of steps ended that did not fail.
enum Round {
    Done(End),
    /// PostgreSQL gave its transaction up because of others.
    GivenUp(tokio_postgres::Error),
}

/// Takes the steps, from the start again if that is wanted.
pub(super) async fn run(worker: &Worker, steps: &Steps, values: Values) -> Result<End> {
    let mut connections = Connections::default();
    let mut retries = steps.retries;
    loop {
        match round(worker, steps, values.clone(), &mut connections).await? {
            Round::Done(end) => return Ok(end),
            Round::GivenUp(error) if retries == 0 => return Err(error.into()),
            Round::GivenUp(_) => retries -= 1,
        }
        if let Some(postgres) = &connections.postgres {
            postgres.simple_query("ROLLBACK").await?;
        }
    }
}

async fn round(
    worker: &Worker,
    steps: &Steps,
    mut values: Values,
    connections: &mut Connections,
) -> Result<Round> {
    for Step { when, deed, save, place } in &steps.steps {
        let told = |what: String| place.flaw(what);
        if let Some(when) = when
            && !when.holds(&values).map_err(told)?
        {
            if let Some(name) = save {
                values.insert(name.clone(), None);
            }
            continue;
        }
        let given = match deed {
            Deed::Sql(sql) => {
                let sql = sql.sql(&values).map_err(told)?;
                match query(worker, connections, &sql).await {
                    Ok(given) => given,
                    Err(Refusal::GivenUp(error)) => return Ok(Round::GivenUp(error)),
                    Err(Refusal::Constraint(error)) => {
                        return Ok(Round::Done(End::Refused(message(&error))));
                    }
                    Err(Refusal::Other(error)) => return Err(error),
                }
            }
            Deed::Redis(command) => {
                let words = command.fill(&values).map_err(told)?;
                let connection = match &mut connections.redis {
                    Some(connection) => connection,
                    None => connections.redis.insert(worker.redis().await?),
                };
                ask_redis(connection, &words).await?
            }
            Deed::Sleep(duration) => {
                worker.sleep(*duration).await;
                None
            }
            Deed::Require { condition, refused } => {
                if !condition.holds(&values).map_err(told)? {
                    return Ok(Round::Done(End::Refused(refused.clone())));
                }
                None
            }
        };
        if let Some(name) = save {
            values.insert(name.clone(), given);
        }
    }
    let told = steps
        .returns
        .as_ref()
        .map(|returns| returns.fill(&values, |value| Ok(value.unwrap_or("null").to_owned())));
    Ok(Round::Done(End::Ok(told.transpose()?.unwrap_or_default())))
}

enum Refusal {
    GivenUp(tokio_postgres::Error),
    Constraint(tokio_postgres::Error),
    Other(Box<dyn std::error::Error + Send + Sync>),
}

async fn query(
    worker: &Worker,
    connections: &mut Connections,
    sql: &str,
) -> std::result::Result<Option<String>, Refusal> {
    let client = match &connections.postgres {
        Some(client) => client,
        None => connections.postgres.insert(worker.postgres().await.map_err(Refusal::Other)?),
    };
    match client.simple_query(sql).await {
        Ok(messages) => Ok(first_value(&messages)),
        Err(error) => Err(match error.code() {
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
                Refusal::GivenUp(error)
            }
            // Class 23 is that of constraints: the statement took no effect.
            Some(code) if code.code().starts_with("23") => Refusal::Constraint(error),
            _ => Refusal::Other(error.into()),
        }),
    }
}

fn message(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

/// The first value of the first row; else how many rows the last statement has changed, if it gives none; else nothing.
pub(super) fn first_value(messages: &[SimpleQueryMessage]) -> Option<String> {
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    if let Some(row) = row {
        return row.try_get(0).ok().flatten().map(str::to_owned);
    }
    let has_columns = messages.iter().any(|message| matches!(message, SimpleQueryMessage::RowDescription(_)));
    let changed = messages.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::CommandComplete(count) => Some(*count),
        _ => None,
    });
    changed.filter(|_| !has_columns).map(|count| count.to_string())
}

/// What Redis answers to a command, as text.
pub(super) async fn ask_redis(
    connection: &mut MultiplexedConnection,
    words: &[String],
) -> redis::RedisResult<Option<String>> {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(word);
    }
    let value: redis::Value = command.query_async(connection).await?;
    Ok(text_of(&value))
}

fn text_of(value: &redis::Value) -> Option<String> {
    use redis::Value;
    match value {
        Value::Nil => None,
        Value::Okay => Some("OK".to_owned()),
        Value::Int(number) => Some(number.to_string()),
        Value::Double(number) => Some(number.to_string()),
        Value::Boolean(is_true) => Some(u8::from(*is_true).to_string()),
        Value::SimpleString(text) => Some(text.clone()),
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Array(items) | Value::Set(items) => {
            let items = items.iter().map(|item| text_of(item).unwrap_or_else(|| "null".to_owned()));
            Some(items.collect::<Vec<_>>().join(" "))
        }
        other => Some(format!("{other:?}")),
    }
}
