//! Owns the answer to SIGINT, SIGTERM and SIGHUP: the first asks the run to end, the second ends the process; what was
//! started is removed either way, and how is `store`'s business.

use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio::sync::watch;

use crate::store;

/// How long the run may take to end after the first signal.
const GRACE_MS_MAX: u64 = 10_000;
/// A shell's number for "ended by signal n" is this plus n.
const EXIT_BASE: i32 = 128;

static INSTALLED: OnceLock<Result<Interrupt, Arc<std::io::Error>>> = OnceLock::new();

/// Whether somebody asked the process to end. Clones share the answer.
///
/// ```
/// let interrupt = raceproof::interrupt::Interrupt::install()?;
/// assert!(!interrupt.is_set());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Interrupt {
    signal: watch::Receiver<Option<i32>>,
}

impl Interrupt {
    /// Starts to answer signals. The second time it gives what the first gave.
    ///
    /// After the first signal the caller is expected to end by itself; with the second signal, or 10 s after the
    /// first, everything that was started is removed and the process exits with 128 + the first signal.
    ///
    /// # Errors
    /// If the system lets us have no signal handlers or no threads.
    pub fn install() -> std::io::Result<Self> {
        Self::installed(Duration::from_millis(GRACE_MS_MAX))
    }

    /// As [`install`](Self::install), but the first signal ends the process: for one in which nobody but us would hear it, such as
    /// that of a test.
    ///
    /// # Errors
    /// As for `install`.
    pub fn install_without_grace() -> std::io::Result<Self> {
        Self::installed(Duration::ZERO)
    }

    fn installed(grace: Duration) -> std::io::Result<Self> {
        let installed = INSTALLED.get_or_init(|| start(grace).map_err(Arc::new));
        installed.clone().map_err(std::io::Error::other)
    }

    /// One that never comes: for a program that answers signals itself, or not at all.
    #[must_use]
    pub fn never() -> Self {
        Self { signal: watch::channel(None).1 }
    }

    /// Whether a signal has come.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.signal().is_some()
    }

    /// The first signal that came.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        *self.signal.borrow()
    }

    /// Waits for the first signal and gives its number.
    pub async fn wait(&self) -> i32 {
        let mut signal = self.signal.clone();
        match signal.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(number)) => number,
            // The answering thread lives as long as the process does.
            _ => std::future::pending().await,
        }
    }
}

/// The first signal that came to this process; `None` also if nobody in it answers signals by [`Interrupt::install`].
///
/// What was started is removed then, at once or a little later, so whatever fails from then on may have failed by that.
#[must_use]
pub fn arrived() -> Option<i32> {
    INSTALLED.get()?.as_ref().ok()?.signal()
}

/// Returns at once unless a signal has come; then the process is about to end, and the thread that asks waits for that. It is for one
/// that would otherwise tell as a failure that its servers went away, or end the process with a code of its own.
pub fn wait_for_end() {
    while arrived().is_some() {
        thread::park();
    }
}

fn start(grace: Duration) -> std::io::Result<Interrupt> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let (told, arrivals) = mpsc::channel();
    let (flag, signal) = watch::channel(None);
    thread::Builder::new().name("raceproof-signals".to_owned()).spawn(move || {
        for number in signals.forever() {
            if told.send(number).is_err() {
                return;
            }
        }
    })?;
    thread::Builder::new()
        .name("raceproof-interrupt".to_owned())
        .spawn(move || answer(&arrivals, &flag, grace))?;
    Ok(Interrupt { signal })
}

fn answer(arrivals: &mpsc::Receiver<i32>, flag: &watch::Sender<Option<i32>>, grace: Duration) {
    let Ok(first) = arrivals.recv() else { return };
    flag.send_replace(Some(first));
    // A second signal or the end of the patience: both mean now.
    let _ = arrivals.recv_timeout(grace);
    store::remove_everything();
    std::process::exit(EXIT_BASE + first);
}
