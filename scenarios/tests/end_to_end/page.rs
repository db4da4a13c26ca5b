//! Owns the proof that a browser opens the page and finds the lanes in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::place::Place;

/// The page as Chromium has understood it, as text.
fn opened(page: &Path) -> String {
    let mut chromium = Command::new("chromium");
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
    // Its profile goes beside the page, so that nothing of it is left.
    chromium.arg(format!("--user-data-dir={}", page.with_extension("profile").display()));
    let output = chromium.arg(format!("file://{}", page.display())).output();
    let output = output.expect("`chromium` is there (run `ci/setup`)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the page is text")
}

/// The text of the table `lanes`: what is between its tags, without tags.
fn lanes(dom: &str) -> String {
    let (_, table) = dom.split_once("class=\"lanes\"").expect("the page has lanes");
    let (table, _) = table.split_once("</table>").expect("the table ends");
    let pieces = table.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text);
    pieces.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn browser_shows_the_lanes_of_a_lost_update() {
    let place = Place::new();
    place.call(&["run", "counter/get-set", "--stores", "local", "--out", "records"]).ended_with(0);
    place.call(&["report", "records"]).ended_with(0);
    let page = place.path("records/report.html");
    let source = fs::read_to_string(&page).expect("it was written");
    assert!(!source.contains("http://") && !source.contains("https://"), "the page fetches nothing");
    let lanes = lanes(&opened(&page));
    for text in ["GET counter", "SET counter 1", "counter : 0 → 1"] {
        assert!(lanes.contains(text), "`{text}` is missing in: {lanes}");
    }
}
