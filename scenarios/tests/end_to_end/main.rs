//! The built program from outside, with real stores of both providers: what it says, what it leaves, and how it ends.
//!
//! These tests fail where Docker, Redis or Chromium is missing; `ci/setup` brings what they need.

mod bursts;
mod formats;
mod judged;
mod kept;
mod models;
mod page;
mod place;
mod processes;
mod race;
mod redacted;
mod removed;
mod replayed;
mod resumed;
mod running;
mod served;
mod shards;
mod shown;
mod starting;
mod transcripts;
mod wrong_files;

/// Both ways to real stores that need nothing named by the user.
const PROVIDERS: [&str; 2] = ["docker", "local"];
