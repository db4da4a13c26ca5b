//! Owns the page's script and the policy that allows this one and no other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// What makes the page handier. Without it everything is there, too.
pub(super) const SCRIPT: &str = include_str!("../../templates/page.js");

/// The content security policy: nothing is fetched, nothing runs but [`SCRIPT`].
pub(super) fn policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
}
