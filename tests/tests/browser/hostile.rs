//! Owns the tests that what the system under test says is shown and does nothing.

use serde_json::Value;

use crate::records::{MARKUP, hostile, page_of};
use crate::tab::visit;

/// What the page consists of must be what the templates say, and the text must be there to be read.
#[test]
fn hostile_text_is_shown_and_does_nothing() {
    visit(&page_of(vec![hostile(1, 1 << 20), hostile(2, 100)]), async |tab| {
        assert_eq!(tab.ask("window.owned === undefined").await, true);
        assert_eq!(tab.ask("document.querySelectorAll('script').length").await, 1, "our own");
        assert_eq!(
            tab.ask("document.querySelectorAll('img, iframe, object, embed, base, link').length").await,
            0
        );
        let attributes = "Array.from(document.querySelectorAll('*')).flatMap((it) => it.getAttributeNames()) \
             .filter((name) => name.startsWith('on') || name === 'style' || name === 'src')";
        assert_eq!(tab.ask(attributes).await, Value::Array(Vec::new()));
        let links = "Array.from(document.links).every((link) => link.getAttribute('href').startsWith('#'))";
        assert_eq!(tab.ask(links).await, true);
        let text = tab.texts("main").await.join(" ");
        assert!(text.contains(MARKUP), "it is shown as it is");
        for unseen in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{1b}', '\u{9b}', '\0'] {
            assert!(!text.contains(unseen), "{unseen:?} is written out");
        }
        assert!(text.contains("paid\\u{202e}diap\\u{2066}\\u{200b}\\x1b[2J\\x00\\x9b31m"));
        tab.picture("hostile", true).await;
    });
}

/// The policy is the second fence: were markup to get in, it would not run.
#[test]
fn policy_lets_nothing_run_but_the_script_of_the_page() {
    let page = page_of(vec![hostile(1, 100)]);
    let page = page.replace("</main>", "<script>document.title = 'owned'</script></main>");
    visit(&page, async |tab| {
        assert_ne!(tab.ask("document.title").await, "owned");
        assert_eq!(tab.ask("document.querySelectorAll('script').length").await, 2, "it was there");
        assert!(!tab.texts("button.copy").await.is_empty(), "ours has run");
        let refused = tab.expected_complaint().await;
        assert!(refused.contains("Content Security Policy"), "{refused}");
    });
}

/// Values of a mebibyte must not make the page wide or keep a reader from the rest.
#[test]
fn long_values_are_cut_and_the_page_stays_as_wide_as_the_window() {
    let page = page_of((0..20).map(|number| hostile(number, 1 << 20)).collect());
    // Each is folded away after its begin, so that a reader can see more of it, but not all.
    assert!(page.len() < 4 << 20, "20 values of 1 MiB in several places: {}", page.len());
    visit(&page, async |tab| {
        assert!(tab.texts("main").await[0].contains('…'));
        assert_eq!(tab.overflow().await, 0);
    });
}
