//! Owns [`Tab`]: a page in a headless Chromium of its own, whose profile, processes and port are gone when the test is
//! over, however it ends; and everything that the page asked for or complained of.

use std::fs;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::browser::{PermissionSetting, SetPermissionParams};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams, SetScriptExecutionDisabledParams,
};
use chromiumoxide::cdp::browser_protocol::log::EventEntryAdded;
use chromiumoxide::cdp::browser_protocol::network::{self, EventRequestWillBeSent};
use chromiumoxide::cdp::browser_protocol::page::{EventJavascriptDialogOpening, PrintToPdfParams};
use chromiumoxide::cdp::js_protocol::runtime::{EvaluateParams, EventConsoleApiCalled, EventExceptionThrown};
use chromiumoxide::listeners::EventStream;
use chromiumoxide::page::{Page, ScreenshotParams};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::Value;

/// A page in a browser.
pub(crate) struct Tab {
    page: Page,
    url: String,
    heard: Heard,
}

/// What the browser says of the page without being asked.
struct Heard {
    requests: EventStream<EventRequestWillBeSent>,
    entries: EventStream<EventEntryAdded>,
    console: EventStream<EventConsoleApiCalled>,
    exceptions: EventStream<EventExceptionThrown>,
    dialogs: EventStream<EventJavascriptDialogOpening>,
}

/// Opens `html` and lets `look` look at it. The page must not complain, ask for anything or open a dialog, whatever the
/// test does with it.
pub(crate) fn visit(html: &str, look: impl AsyncFnOnce(&mut Tab)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a temp folder");
        let mut browser = launched(folder.path()).await;
        let mut tab = Tab::open(&mut browser, folder.path(), html).await;
        let seen = AssertUnwindSafe(look(&mut tab)).catch_unwind().await;
        let complaints = tab.complaints().await;
        drop(tab);
        browser.close().await.expect("the browser hears us");
        browser.wait().await.expect("the browser ends");
        seen.unwrap_or_else(|panic| resume_unwind(panic));
        assert_eq!(complaints, [""; 0], "the page asks for nothing and complains of nothing");
    });
}

async fn launched(folder: &Path) -> Browser {
    let config = BrowserConfig::builder()
        .new_headless_mode()
        // Containers and CI run as root, where Chromium refuses its sandbox; the page has no network either way.
        .no_sandbox()
        .viewport(None)
        .user_data_dir(folder.join("profile"))
        .build()
        .expect("`chromium` is there (run `ci/setup`)");
    let (browser, mut handler) = Browser::launch(config).await.expect("`chromium` starts (run `ci/setup`)");
    tokio::spawn(async move { while handler.next().await.is_some() {} });
    browser
}

impl Tab {
    async fn open(browser: &mut Browser, folder: &Path, html: &str) -> Self {
        let path = folder.join("report.html");
        fs::write(&path, html).expect("our own folder");
        let page = browser.new_page("about:blank").await.expect("a page");
        for permission in ["clipboard-read", "clipboard-write"] {
            let granted = SetPermissionParams::new(permission, PermissionSetting::Granted);
            browser.execute(granted).await.expect("it may use the clipboard");
        }
        page.execute(network::EnableParams::default()).await.expect("requests are told");
        page.enable_log().await.expect("complaints are told");
        let heard = Heard {
            requests: page.event_listener().await.expect("a listener"),
            entries: page.event_listener().await.expect("a listener"),
            console: page.event_listener().await.expect("a listener"),
            exceptions: page.event_listener().await.expect("a listener"),
            dialogs: page.event_listener().await.expect("a listener"),
        };
        let mut tab = Self { page, url: format!("file://{}", path.display()), heard };
        tab.resize(1280, 900).await;
        tab.reload().await;
        tab
    }

    /// Opens the page anew.
    pub(crate) async fn reload(&mut self) {
        self.page.goto(self.url.as_str()).await.expect("the page opens");
    }

    /// A window of so many pixels.
    pub(crate) async fn resize(&self, width: i64, height: i64) {
        let metrics = SetDeviceMetricsOverrideParams::new(width, height, 1.0, width < 600);
        self.page.execute(metrics).await.expect("a window has a size");
    }

    /// Lets scripts run, or not; a page that is open has to be opened anew.
    pub(crate) async fn allow_scripts(&self, are_allowed: bool) {
        let disabled = SetScriptExecutionDisabledParams::new(!are_allowed);
        self.page.execute(disabled).await.expect("scripts can be disabled");
    }

    /// `print` or `screen`, in `light` or `dark`.
    pub(crate) async fn show_on(&self, media: &str, scheme: &str) {
        let feature = MediaFeature::new("prefers-color-scheme", scheme);
        let media = SetEmulatedMediaParams::builder().media(media).feature(feature).build();
        self.page.execute(media).await.expect("media can be chosen");
    }

    /// What `script` comes to, in the page; a promise is waited for.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        let script = EvaluateParams::builder().expression(script).await_promise(true).return_by_value(true);
        let told = self.page.evaluate_expression(script.build().expect("an expression")).await;
        told.expect("the script is ours").value().cloned().unwrap_or(Value::Null)
    }

    /// The text of all elements that `selector` finds and that are shown.
    pub(crate) async fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!(
            "Array.from(document.querySelectorAll({})).filter((it) => it.checkVisibility()).map((it) => it.innerText)",
            Value::from(selector)
        );
        serde_json::from_value(self.ask(&script).await).expect("a list of texts")
    }

    /// Clicks the element with the mouse, as a person would.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.page.find_element(selector).await.expect("it is on the page");
        element.click().await.expect("it can be clicked");
    }

    /// Types into what has the focus.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let element = self.page.find_element(selector).await.expect("it is on the page");
        element.click().await.expect("it can be clicked").type_str(text).await.expect("it takes text");
    }

    /// Presses a key, such as `Tab`.
    pub(crate) async fn press(&self, key: &str) {
        let body = self.page.find_element("body").await.expect("a page has a body");
        body.press_key(key).await.expect("a keyboard has that key");
    }

    /// Keeps a picture of the page as it is, for people, in `target/screenshots`.
    pub(crate) async fn picture(&self, name: &str, is_whole: bool) {
        let picture = ScreenshotParams::builder().full_page(is_whole).build();
        let picture = self.page.screenshot(picture).await.expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "a picture is one");
        keep(&format!("{name}.png"), &picture);
    }

    /// Prints the page, keeps the paper in `target/screenshots` and returns it.
    pub(crate) async fn print(&self, name: &str) -> Vec<u8> {
        let settings = PrintToPdfParams::builder().print_background(true).build();
        let paper = self.page.pdf(settings).await.expect("the page can be printed");
        keep(&format!("{name}.pdf"), &paper);
        paper
    }

    /// By how many pixels the page is wider than its window.
    pub(crate) async fn overflow(&self) -> i64 {
        let wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.ask(wider).await.as_i64().expect("a number")
    }

    /// The one complaint that a test has provoked.
    pub(crate) async fn expected_complaint(&mut self) -> String {
        let mut complaints = self.complaints().await;
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        complaints.remove(0)
    }

    /// Everything that a page like ours should not do and did.
    async fn complaints(&mut self) -> Vec<String> {
        // What the browser said before this answer has been heard.
        self.ask("0").await;
        let Heard { requests, entries, console, exceptions, dialogs } = &mut self.heard;
        let of_page = |url: &str| url.split('#').next() == Some(self.url.as_str());
        let requests = drained(requests).into_iter().filter(|request| !of_page(&request.request.url));
        let mut complaints: Vec<String> =
            requests.map(|request| format!("asked for {}", request.request.url)).collect();
        complaints.extend(drained(entries).iter().map(|entry| entry.entry.text.clone()));
        complaints.extend(drained(console).iter().map(|call| format!("console: {:?}", call.args)));
        complaints.extend(drained(exceptions).iter().map(|thrown| format!("{:?}", thrown.exception_details)));
        complaints.extend(drained(dialogs).iter().map(|dialog| format!("dialog: {}", dialog.message)));
        complaints
    }
}

fn drained<T: chromiumoxide::cdp::IntoEventKind + Unpin>(
    stream: &mut EventStream<T>,
) -> Vec<std::sync::Arc<T>> {
    let mut heard = Vec::new();
    while let Some(Some(event)) = stream.next().now_or_never() {
        heard.push(event);
    }
    heard
}

/// Writes a file that CI keeps.
pub(crate) fn keep(name: &str, bytes: &[u8]) {
    let folder = screenshots();
    fs::create_dir_all(&folder).expect("`target` can be written to");
    fs::write(folder.join(name), bytes).expect("`target` can be written to");
}

fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots")
}
