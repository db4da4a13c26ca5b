//! Owns the tests of large runs: the page opens, and stays within its bound.

use raceproof_reports::html::PAGE_BYTES_MAX;
use serde_json::Value;

use crate::records::{caught, hostile, page_of, passed};
use crate::tab::{keep, visit};

const SCENARIOS: usize = 500;
const STEPS: usize = 10_000;

/// Half of the scenarios are broken, and have all the steps between them.
fn large() -> Vec<Value> {
    let pairs = STEPS / (SCENARIOS / 2) / 2;
    let outcome = |number: usize| {
        let name = format!("family-{:02}/variant-{number}", number % 20);
        if number.is_multiple_of(2) { caught(&name, pairs) } else { passed(&name, None) }
    };
    (0..SCENARIOS).map(outcome).collect()
}

/// How long it took is told and kept, not asserted: it says as much of the machine as of the page.
#[test]
fn large_run_opens_whole_within_the_bound() {
    let page = page_of(large());
    assert!(page.len() <= PAGE_BYTES_MAX, "{}", page.len());
    visit(&page, async |tab| {
        assert_eq!(tab.texts(".summary tr[data-verdict]").await.len(), SCENARIOS);
        assert_eq!(
            tab.ask("document.querySelectorAll('.story .lanes tbody tr:not(.edge)').length").await,
            STEPS
        );
        let timing = "(() => { const it = performance.getEntriesByType('navigation')[0]; \
             return [it.domInteractive, it.loadEventEnd].map(Math.round).join(' '); })()";
        let timing = tab.ask(timing).await;
        let told = format!(
            "{SCENARIOS} scenarios, {STEPS} steps: {} KiB; ms until interactive, until loaded: {timing}\n",
            page.len() >> 10
        );
        println!("{told}");
        keep("opening.txt", told.as_bytes());
        tab.type_into("#filters input", "family-07/").await;
        assert_eq!(tab.texts("#matching").await, ["25 of 500 shown"]);
        tab.picture("large", false).await;
    });
}

/// More than a page can hold is cut, the page says so, and every link still leads somewhere.
#[test]
fn run_that_is_too_large_is_cut_and_says_so() {
    let page = page_of((0..400).map(|number| hostile(number, 2_400)).collect());
    assert!(page.len() <= PAGE_BYTES_MAX, "{}", page.len());
    visit(&page, async |tab| {
        let broken = "Array.from(document.links).filter((it) => !document.getElementById(decodeURIComponent(it.hash.slice(1)))).length";
        assert_eq!(tab.ask(broken).await, 0);
        assert!(
            tab.texts("main").await[0]
                .contains("Its steps are left out, because the page has no room for all")
        );
    });
}
