//! Owns how a fault is told: in the lane of the worker that it hit, with what really became of the request, or across
//! all lanes if it hit a store.

use raceproof::history::{Fault, Hit};
use raceproof::id::ConnectionId;

use super::row::{Line, place, queued_lines};
use crate::visible::Visible;

/// The lines in the lane of the worker that was hit; none if a store was.
pub(super) fn lines(fault: &Fault, hit: Option<&Hit>, stores_are_named: bool) -> Vec<Line> {
    let executed = hit.is_some_and(|hit| hit.executed);
    let told = match fault {
        Fault::Crash { .. } => match hit {
            None => "crashes".to_owned(),
            Some(_) if executed => "crashes; the store had executed".to_owned(),
            Some(_) => "crashes before".to_owned(),
        },
        Fault::Drop { connection } => on(*connection, "connection cut before", hit.is_some()),
        Fault::LostReply { connection } if executed => {
            on(*connection, "the reply is lost: the store had executed", true)
        }
        Fault::LostReply { connection } => on(*connection, "the reply will be lost to", hit.is_some()),
        Fault::Error { connection, code } => on(*connection, &format!("{code} instead of"), hit.is_some()),
        Fault::Restart { .. } | Fault::Wipe { .. } | Fault::FailOver { .. } => return Vec::new(),
    };
    let mut lines = vec![Line::Fault(Visible::of(&told))];
    let Some(hit) = hit else { return lines };
    lines.extend(queued_lines(&hit.queued));
    let request =
        if stores_are_named { format!("{}: {}", hit.store, hit.request) } else { hit.request.clone() };
    lines.push(Line::Request(Visible::of(&request)));
    match (&hit.reply, fault) {
        (Some(reply), _) => lines.push(Line::Reply(Visible::of(reply))),
        (None, Fault::LostReply { .. }) => lines.push(Line::Blocked(Visible::of("blocked"))),
        (None, _) => {}
    }
    lines
}

/// What happened on a connection; without what it happened to if that is not known.
fn on(connection: ConnectionId, what: &str, is_followed: bool) -> String {
    let what =
        if is_followed { what } else { what.trim_end_matches(" before").trim_end_matches(" instead of") };
    place(&connection, "", false) + what
}

/// What is told of a fault that hit a store.
pub(super) fn across(fault: &Fault) -> Option<String> {
    fault.worker().is_none().then(|| format!("✗ {}", fault.tell()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fault: &Fault, hit: Option<&Hit>) -> String {
        lines(fault, hit, false).iter().map(|line| format!("{line:?}; ")).collect()
    }

    /// A record may have been edited by hand: a fault without its request is still told in whole words.
    #[test]
    fn fault_without_its_request_is_told_in_whole_words() {
        let connection: ConnectionId = "B.1".parse().expect("a connection");
        let refused = Fault::Error { connection, code: "LOADING".parse().expect("a word") };
        assert_eq!(told(&refused, None), "Fault(Visible(\"(B.1) LOADING\")); ");
        assert_eq!(told(&Fault::Drop { connection }, None), "Fault(Visible(\"(B.1) connection cut\")); ");
        assert_eq!(across(&refused), None);
    }

    #[test]
    fn store_is_hit_across_all_lanes() {
        let fault = Fault::Wipe { store: "redis-2".parse().expect("a word") };
        assert_eq!(across(&fault).as_deref(), Some("✗ redis-2 restarts with nothing"));
        assert_eq!(told(&fault, None), "");
    }
}
