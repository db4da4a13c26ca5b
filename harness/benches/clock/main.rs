//! Measures what the preload costs: commands per second of a raw client on two servers each, one with the library and one
//! without, in short turns, so that whatever else the machine does hits both. Exits with 1 if a bar is missed.
//!
//! `cargo bench -p raceproof --bench clock` (about half a minute), or `-- redis postgres` for some of it.

#[path = "../postgres/raw.rs"]
mod postgres;
#[path = "../gate/raw.rs"]
mod redis;
#[path = "../gate/table.rs"]
mod table;

use std::time::Duration;

use raceproof::clock::EPOCH;
use raceproof::store::{ClockChoice, Needs, ProviderChoice, Server, StoreOptions, Stores};
use table::{Bar, Table};

type Failure = Box<dyn std::error::Error>;

/// Commands of one turn.
const COMMANDS: usize = 2_000;
/// Turns of each server.
const TURNS: usize = 101;
/// What must be left of the throughput: it may cost 5 % at most.
const RATIO_MIN: f64 = 0.95;

fn main() -> Result<(), Failure> {
    let mut table = Table::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    if wanted("redis") {
        runtime.block_on(measure(&mut table, "Redis", Needs::REDIS))?;
    }
    if wanted("postgres") {
        runtime.block_on(measure(&mut table, "Postgres", Needs::POSTGRES))?;
    }
    if table.all_met() { Ok(()) } else { Err("a bar was missed".into()) }
}

async fn measure(table: &mut Table, name: &str, needs: Needs) -> Result<(), Failure> {
    let options = |clock| {
        let provider = ProviderChoice::Local;
        StoreOptions { provider, needs, clock, ..StoreOptions::default() }
    };
    let with = Stores::start(&options(ClockChoice::Virtual)).await?;
    let without = Stores::start(&options(ClockChoice::Real)).await?;
    for (manner, time) in [("at the real time", None), ("at a chosen time", Some(EPOCH))] {
        let page = server(&with)?.clock.page().ok_or("its clock was to be virtual")?;
        page.set(time);
        let ratio = compare(&without, &with).await?;
        table.row(
            format!("{name} with the preload to without, {manner}"),
            format!("{ratio:.3}"),
            Some(Bar::at_least(ratio, RATIO_MIN)),
        );
    }
    with.stop().await?;
    without.stop().await?;
    Ok(())
}

fn server(stores: &Stores) -> Result<&Server, Failure> {
    Ok(stores.redis().or(stores.postgres()).ok_or("one store was asked for")?)
}

/// What the second's rate is to the first's: the median of ratios of neighbouring turns. Who begins changes with each.
async fn compare(without: &Stores, with: &Stores) -> Result<f64, Failure> {
    let (without, with) = (server(without)?, server(with)?);
    let mut ratios = Vec::with_capacity(TURNS);
    for turn in 0..TURNS {
        let (plain, loaded) = if turn % 2 == 0 {
            let plain = rate(without).await?;
            (plain, rate(with).await?)
        } else {
            let loaded = rate(with).await?;
            (rate(without).await?, loaded)
        };
        ratios.push(loaded / plain);
    }
    Ok(table::median(&ratios))
}

async fn rate(server: &Server) -> Result<f64, Failure> {
    const LIMIT: Duration = Duration::from_secs(60);
    let measured = async {
        match server.user {
            Some(_) => {
                Ok::<_, Failure>(postgres::statements_per_second(&server.postgres_config(), COMMANDS).await?)
            }
            None => Ok(redis::commands_per_second(&server.address, COMMANDS).await?),
        }
    };
    tokio::time::timeout(LIMIT, measured).await?
}
