//! Owns [`Job`]: an engine on a thread of its own, which does what it is told one thing after the other.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::core::Core;
use super::engine::Engine;
use super::panics::message;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::store::StoreOptions;

/// Something to do with the engine. What comes of it goes another way.
type Order = Box<dyn FnOnce(&mut Engine) + Send>;

/// What comes of a start: the stores in force, one line each.
pub(super) type Started = Receiver<Result<Vec<String>, Error>>;

/// An engine with its own stores, on a thread of its own.
///
/// Dropping it waits for what it does and stops the stores as [`stop`](Self::stop) does, but keeps the errors to itself.
pub(super) struct Job {
    /// From 1.
    number: u32,
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<Result<(), Error>>>,
    /// What the thread said when it panicked.
    panicked: Option<String>,
}

impl Job {
    /// Starts the thread, on `core` if there is one, and on it the stores; what comes of that arrives by itself.
    pub(super) fn start(
        number: u32,
        core: Option<Core>,
        options: StoreOptions,
        interrupt: Interrupt,
    ) -> Result<(Self, Started), Error> {
        let (orders, received) = mpsc::channel::<Order>();
        let (told, started) = mpsc::channel();
        let run = move || {
            if let Some(core) = core {
                core.keep_this_thread();
            }
            let mut engine = match Engine::start(&options, interrupt) {
                Ok(engine) => engine,
                Err(error) => {
                    // Whoever started it may have given up meanwhile.
                    let _ = told.send(Err(error));
                    return Ok(());
                }
            };
            let _ = told.send(Ok(engine.description()));
            for order in received {
                order(&mut engine);
            }
            engine.stop()
        };
        let thread = thread::Builder::new().name(format!("raceproof-job-{number}")).spawn(run);
        let thread = Some(thread.map_err(Error::Runtime)?);
        Ok((Self { number, orders: Some(orders), thread, panicked: None }, started))
    }

    /// Has `order` done when everything before it is; if the thread has panicked, it never is.
    pub(super) fn order(&self, order: impl FnOnce(&mut Engine) + Send + 'static) {
        if let Some(orders) = &self.orders {
            // A thread that is gone is noticed by whoever waits for the result.
            let _ = orders.send(Box::new(order));
        }
    }

    /// Waits for what `question` gives.
    pub(super) fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut Engine) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (told, answer) = mpsc::channel();
        self.order(move |engine| drop(told.send(question(engine))));
        answer.recv().unwrap_or_else(|_| Err(self.gone()))
    }

    /// The error that its thread is gone, which whoever waited in vain has noticed.
    pub(super) fn gone(&mut self) -> Error {
        // What it says when it did not panic is of no use without a thread.
        let _ = self.end();
        let what = self.panicked.clone().unwrap_or_else(|| "its thread has ended".to_owned());
        Error::Panicked { job: self.number, what }
    }

    /// Whether its thread was found to be gone.
    pub(super) fn is_gone(&self) -> bool {
        self.thread.is_none()
    }

    /// Stops the stores and removes everything that was started.
    pub(super) fn stop(mut self) -> Result<(), Error> {
        // One that was found to be gone was told then.
        if self.is_gone() { Ok(()) } else { self.end() }
    }

    fn end(&mut self) -> Result<(), Error> {
        self.orders = None;
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or_else(|panicked| {
            let what = message(panicked.as_ref());
            self.panicked = Some(what.clone());
            Err(Error::Panicked { job: self.number, what })
        })
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
