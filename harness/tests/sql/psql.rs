//! psql, as an outside client: a program of its own that knows nothing but a URL.

use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use raceproof::scenario::Result;
use raceproof::store::SetUp;
use raceproof::{Card, Invariant, Plan, Scenario, Worker};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::script::{card, engine};

/// Two psql programs that each count rows, add one by way of a COPY, and copy all of them out again.
struct Psql;

async fn psql(worker: &Worker, input: &str) -> Result<String> {
    let mut child = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"])
        .arg(worker.postgres_url().await?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or("it has an input")?;
    stdin.write_all(input.as_bytes()).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[async_trait(?Send)]
impl Scenario for Psql {
    fn card(&self) -> Card {
        card("sql/psql", 2)
    }

    async fn set_up(&self, stores: &mut SetUp) -> Result {
        Ok(stores.postgres().batch_execute("CREATE TABLE counted (who text)").await?)
    }

    async fn work(&self, worker: Worker) -> Result {
        let (id, counts) = (worker.id(), "SELECT count(*) FROM counted;");
        let input = format!("{counts}\nCOPY counted FROM STDIN;\n{id}\n\\.\nCOPY counted TO STDOUT;\n");
        let answers = psql(&worker, &input).await?;
        let (count, rows) = answers.split_once('\n').ok_or("a count and rows")?;
        worker.invoke("count", "").ok(count);
        worker.invoke("copy", "").ok(rows.lines().any(|row| row == id.to_string()));
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("somebody sees the other", |view| match view.results("count")[..] {
            ["0", "0"] => Err(format!("both saw nobody; {}", view.state)),
            _ if view.results("copy") == ["true", "true"] => Ok(()),
            _ => Err(format!("copied out: {:?}", view.results("copy"))),
        })]
    }
}

#[test]
fn psql_goes_through_the_gate_like_any_client() {
    let mut engine = engine();
    let scenario: Arc<dyn Scenario> = Arc::new(Psql);
    let plan = Plan { keep_going: true, splits_max: 0, ..Plan::default() };
    let outcome = engine.explore(&scenario, &plan, &mut |_| {}).expect("runs");
    engine.stop().expect("stops");
    let found = outcome.counterexample.expect("both count before either copies");
    assert_eq!((found.replays.reproduced, found.replays.differing), (10, 0), "{:?}", found.replays);
    assert!(found.shrunk.steps.iter().any(|step| step.tell().contains("COPY")), "{:?}", found.shrunk.steps);
}
