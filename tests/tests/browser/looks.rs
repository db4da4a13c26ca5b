//! Owns the tests of how the page looks: on a phone, in the dark, on paper. The pictures are for people.

use crate::records::{hostile, mixed, page_of};
use crate::tab::{Tab, visit};

async fn unfold(tab: &Tab) {
    tab.click("#folding button[data-unfold]").await;
}

#[test]
fn page_is_as_wide_as_the_window_from_a_phone_to_a_desk() {
    let mut outcomes = mixed();
    outcomes.push(hostile(1, 4096));
    visit(&page_of(outcomes), async |tab| {
        unfold(tab).await;
        for width in [320, 360, 640, 768, 1280, 1920] {
            tab.resize(width, 800).await;
            assert_eq!(tab.overflow().await, 0, "{width} pixels");
        }
    });
}

#[test]
fn phone_shows_each_scenario_as_a_card() {
    visit(&page_of(mixed()), async |tab| {
        tab.resize(360, 740).await;
        tab.picture("phone", false).await;
        let display = "getComputedStyle(document.querySelector('.summary tbody td')).display";
        assert_ne!(tab.ask(display).await, "table-cell");
        unfold(tab).await;
        tab.picture("phone-whole", true).await;
    });
}

#[test]
fn page_is_light_or_dark_as_the_reader_likes_it() {
    visit(&page_of(mixed()), async |tab| {
        let mut grounds = Vec::new();
        unfold(tab).await;
        for scheme in ["light", "dark"] {
            tab.show_on("screen", scheme).await;
            grounds.push(tab.ask("getComputedStyle(document.body).backgroundColor").await);
            tab.picture(scheme, true).await;
        }
        assert_eq!(grounds[0], "rgb(255, 255, 255)");
        assert_ne!(grounds[0], grounds[1]);
    });
}

/// Paper is light, has no buttons, and cannot be unfolded, so what is folded on the screen is printed as well.
#[test]
fn paper_has_all_violations_and_nothing_to_click() {
    visit(&page_of(mixed()), async |tab| {
        tab.show_on("print", "dark").await;
        assert_eq!(tab.ask("getComputedStyle(document.body).backgroundColor").await, "rgb(255, 255, 255)");
        assert_eq!(tab.texts("button, input, select").await, [""; 0]);
        assert_eq!(tab.overflow().await, 0);
        let shown = "Array.from(document.querySelectorAll('.story .lanes')) \
             .filter((it) => it.checkVisibility({ contentVisibilityAuto: true })).length";
        assert_eq!(tab.ask(shown).await, 4);
        tab.show_on("", "light").await;
        assert!(tab.print("print").await.starts_with(b"%PDF"));
    });
}
