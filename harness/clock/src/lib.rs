//! A clock that a test chooses for unmodified servers.
//!
//! [`library`] gives a shared library that is written to a file and named in a server's `LD_PRELOAD`. The real-time clocks
//! of that server then answer what a [`Page`] says, which the test writes to.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! let page = raceproof_clock::Page::create("/tmp/page".as_ref())?;
//! std::fs::write("/tmp/clock.so", raceproof_clock::library("/tmp/page".as_ref())?)?;
//! page.set(Some(Duration::from_secs(1_893_456_000)));
//! let date = std::process::Command::new("date").env("LD_PRELOAD", "/tmp/clock.so").output()?;
//! assert!(String::from_utf8_lossy(&date.stdout).contains("2030"));
//! # Ok(())
//! # }
//! ```
//!
//! The library's own source lies in `preload`; the build compiles it and puts it into this crate.

mod library;
mod page;

pub use library::{Unavailable, availability, library};
pub use page::Page;
