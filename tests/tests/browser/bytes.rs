//! Owns the test of bytes that are no text, from a real store to a real browser.

use std::sync::Arc;

use async_trait::async_trait;
use raceproof::interrupt::Interrupt;
use raceproof::run::Engine;
use raceproof::scenario::Result;
use raceproof::store::{Needs, ProviderChoice, SetUp, StoreOptions};
use raceproof::{Card, Invariant, Outcome, Plan, Scenario, Worker};
use raceproof_reports::Document;
use raceproof_reports::html::{Source, page};

use crate::tab::visit;

/// Bytes that begin no character, an end of markup, half a character, a byte that ends text elsewhere.
const BYTES: &[u8] = b"\xff\xfe</code><img src=x onerror=window.owned=1>\xc3\0\x80";

/// A worker that writes them, under a key of the same, and breaks a promise with it.
struct Writes;

#[async_trait(?Send)]
impl Scenario for Writes {
    fn card(&self) -> Card {
        Card { name: "bytes/writes".into(), stores: vec!["redis".into()], workers: 1, ..Card::default() }
    }

    async fn set_up(&self, _stores: &mut SetUp) -> Result {
        Ok(())
    }

    async fn work(&self, worker: Worker) -> Result {
        let mut redis = worker.redis().await?;
        let () = redis::cmd("SET").arg(BYTES).arg(BYTES).query_async(&mut redis).await?;
        let read: Vec<u8> = redis::cmd("GET").arg(BYTES).query_async(&mut redis).await?;
        worker.invoke("read", "").ok(String::from_utf8_lossy(&read).into_owned());
        Ok(())
    }

    fn finally(&self) -> Vec<Invariant> {
        vec![Invariant::new("nothing is written", |view| Err(view.state.to_string()))]
    }
}

fn outcome() -> Outcome {
    let (provider, needs) = (ProviderChoice::Local, Needs::REDIS);
    let options = StoreOptions { provider, needs, ..StoreOptions::default() };
    let mut engine = Engine::start(&options, Interrupt::never()).expect("the store starts");
    let scenario: Arc<dyn Scenario> = Arc::new(Writes);
    let outcome = engine.explore(&scenario, &Plan::default(), &mut |_| {}).expect("it runs");
    engine.stop().expect("the store stops");
    outcome
}

#[test]
fn bytes_that_are_no_text_are_written_out_and_do_nothing() {
    let document = Document::new(vec!["raceproof".to_owned()], vec![outcome()]);
    let source = Source { document: &document, replay_commands: vec![None] };
    let page = page(&[source]).expect("rendering fails on no data");
    visit(&page, async |tab| {
        assert_eq!(tab.ask("window.owned === undefined && !document.querySelector('img')").await, true);
        let text = tab.texts("main").await.join(" ");
        assert!(text.contains("SET") && text.contains("onerror=window.owned=1"), "{text}");
        let shown = text.contains("\\xff\\xfe</code>") && text.contains("\\xc3\\x00\\x80");
        assert!(shown && !text.contains('\0'), "{text}");
        tab.picture("bytes", false).await;
    });
}
