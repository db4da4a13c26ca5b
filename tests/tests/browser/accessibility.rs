//! Owns the check of the page by axe-core, the engine that browsers' own audits use.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::records::{caught, mixed, page_of};
use crate::tab::{Tab, visit};

/// Every rule of WCAG 2.2 at levels A and AA that can be checked, and the engine's own for good practice.
const RUN: &str = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }) \
     .then(({ violations, passes }) => ({ passes: passes.length, violations: violations.map((it) => \
     `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html).slice(0, 3).join(' | ')}`) }))";

fn engine() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/axe-core/axe.min.js");
    let engine = fs::read_to_string(&path);
    let engine = engine.unwrap_or_else(|error| panic!("{}: {error} (run `ci/setup`)", path.display()));
    format!("{engine}; 0")
}

async fn assert_accessible(tab: &Tab, what: &str) {
    let told = tab.ask(RUN).await;
    assert_eq!(told["violations"], Value::Array(Vec::new()), "{what}");
    assert!(told["passes"].as_u64() > Some(20), "{what}: the engine has looked: {told}");
}

#[test]
fn overview_and_counterexamples_break_no_rule_of_accessibility() {
    let engine = engine();
    visit(&page_of(mixed()), async |tab| {
        tab.ask(&engine).await;
        assert_accessible(tab, "overview").await;
        tab.click("#folding button[data-unfold]").await;
        for (width, scheme) in [(1280, "light"), (1280, "dark"), (360, "light")] {
            tab.resize(width, 900).await;
            tab.show_on("screen", scheme).await;
            assert_accessible(tab, &format!("unfolded, {width} pixels, {scheme}")).await;
        }
    });
}

/// An engine that finds nothing on any page would prove nothing.
#[test]
fn page_that_is_not_accessible_is_found_out() {
    let engine = engine();
    let page = page_of(vec![caught("counter/get-set", 2)]).replace("<html lang=\"en\">", "<html>");
    visit(&page, async |tab| {
        tab.ask(&engine).await;
        let told = tab.ask(RUN).await;
        assert!(told["violations"].to_string().contains("html-has-lang"), "{told}");
    });
}
