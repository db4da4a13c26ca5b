//! Owns the tests of what a reader does with the page: filter, follow links, unfold, copy; with a mouse, with a keyboard,
//! and without scripts.

use crate::records::{caught, mixed, page_of};
use crate::tab::{Tab, visit};

/// The names of the scenarios that the overview shows.
async fn names(tab: &Tab) -> Vec<String> {
    tab.texts(".summary tr[data-verdict] th").await
}

#[test]
fn overview_filters_by_words_judgement_and_verdict() {
    visit(&page_of(mixed()), async |tab| {
        assert_eq!(names(tab).await.len(), 7);
        assert_eq!(tab.texts("#matching").await, ["7 of 7 shown"]);
        tab.type_into("#filters input", "LOCK fenced").await;
        assert_eq!(names(tab).await, ["lock/fenced", "lock/unfenced"]);
        assert_eq!(tab.texts("#matching").await, ["2 of 7 shown"]);
        assert_eq!(tab.texts(".summary .family > tr:first-child").await.len(), 1, "empty families are gone");
        choose(tab, "judgement", "missed bug").await;
        assert_eq!(names(tab).await, ["lock/unfenced"]);
        tab.click("#filters button").await;
        assert_eq!(names(tab).await.len(), 7, "the button shows all again");
        choose(tab, "verdict", "violation").await;
        assert_eq!(names(tab).await.len(), 4);
        choose(tab, "judgement", "false alarm").await;
        assert_eq!(names(tab).await, ["inventory/script"]);
        assert_eq!(tab.texts(".story h2").await, ["inventory/script"], "violations follow their lines");
        tab.picture("overview-filtered", false).await;
    });
}

async fn choose(tab: &Tab, name: &str, option: &str) {
    let script = format!(
        "(() => {{ const it = document.querySelector('#filters select[name={name}]'); it.value = '{option}'; \
         it.dispatchEvent(new Event('input', {{ bubbles: true }})); return it.value; }})()"
    );
    assert_eq!(tab.ask(&script).await, option, "there is such an option");
}

#[test]
fn counterexample_unfolds_by_its_link_and_by_its_heading() {
    visit(&page_of(mixed()), async |tab| {
        let lanes = async |tab: &Tab| tab.texts(".story .lanes").await.len();
        assert_eq!(lanes(tab).await, 0, "of four violations none is unfolded");
        tab.click(".summary a[href='#violation-lock-lease-del']").await;
        assert_eq!(lanes(tab).await, 1);
        assert!(tab.texts(".story:has(#violation-lock-lease-del) .lanes").await[0].contains("GET counter"));
        tab.click("#title-violation-inventory-script").await;
        assert_eq!(lanes(tab).await, 2);
        tab.click("#folding button[data-unfold]").await;
        assert_eq!(lanes(tab).await, 4);
        tab.click("#folding button:last-child").await;
        assert_eq!(lanes(tab).await, 0);
    });
}

#[test]
fn few_counterexamples_are_unfolded_at_once() {
    visit(&page_of(vec![caught("counter/get-set", 2)]), async |tab| {
        assert_eq!(tab.texts(".story .lanes").await.len(), 1);
        let headings = tab.texts(".story h2, .story h3").await;
        let place = |words: &str| headings.iter().position(|heading| heading.contains(words));
        assert!(place("counter/get-set") < place("In which order"), "{headings:?}");
        assert!(place("In which order") < place("How to see it again"), "{headings:?}");
        tab.picture("counterexample", true).await;
    });
}

/// Everything that a reader does with a mouse goes with the keys, and where one is can be seen.
#[test]
fn page_can_be_used_with_the_keyboard_alone() {
    visit(&page_of(mixed()), async |tab| {
        tab.press("Tab").await;
        assert_eq!(focus(tab).await, "to the scenarios", "the first stop leads past the head");
        tab.press("Enter").await;
        assert_eq!(tab.ask("location.hash").await, "#scenarios");
        let mut stops = Vec::new();
        for _ in 0..60 {
            tab.press("Tab").await;
            stops.push(focus(tab).await);
            if stops.last().is_some_and(|stop| stop.starts_with("inventory/script")) {
                break;
            }
        }
        assert!(stops.iter().any(|stop| stop == "show all"), "the filters are on the way: {stops:?}");
        let outline = tab.ask("getComputedStyle(document.activeElement).outlineStyle").await;
        assert_eq!(outline, "solid", "where one is can be seen");
        tab.press("Enter").await;
        assert_eq!(tab.texts(".story:has(#violation-inventory-script) .lanes").await.len(), 1);
    });
}

async fn focus(tab: &Tab) -> String {
    let told = tab.ask("document.activeElement.innerText").await;
    told.as_str().unwrap_or_default().trim().to_owned()
}

#[test]
fn copy_button_copies_exactly_the_command_that_is_shown() {
    visit(&page_of(vec![caught("counter/get-set", 2)]), async |tab| {
        let shown = tab.texts(".story .copied code").await;
        assert_eq!(shown, ["raceproof replay target/raceproof/report.json counter/get-set --stores local"]);
        let word = tab.ask(ANSWER);
        tab.click(".story button.copy").await;
        assert_eq!(word.await, "copied");
        assert_eq!(tab.ask("navigator.clipboard.readText()").await, shown[0].as_str());
        assert_eq!(tab.texts("#told").await, ["copied"], "a screen reader is told as well");
        let commands = tab.ask("document.querySelectorAll('pre').length").await;
        assert_eq!(
            tab.ask("document.querySelectorAll('pre + button.copy:not([hidden])').length").await,
            commands
        );
    });
}

/// The word on the button once it is another.
const ANSWER: &str = "new Promise((resolve) => { const word = document.querySelector('.story button.copy').firstChild; \
    new MutationObserver(() => resolve(word.data)).observe(word, { characterData: true }); })";

#[test]
fn page_says_everything_without_scripts() {
    visit(&page_of(mixed()), async |tab| {
        tab.allow_scripts(false).await;
        tab.reload().await;
        assert_eq!(names(tab).await.len(), 7);
        assert_eq!(
            tab.texts("#filters, #folding, .copy").await,
            [""; 0],
            "what would do nothing is not shown"
        );
        tab.click("#title-violation-counter-get-set").await;
        assert_eq!(tab.texts(".story .lanes").await.len(), 1);
        tab.picture("without-scripts", true).await;
    });
}
