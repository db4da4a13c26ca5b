//! Owns the errors with which a Redis server in some plight answers a request instead of executing it: which are possible,
//! and their exact words.

use bytes::Bytes;

use super::encode::command;
use super::flags::{Flags, name};
use crate::id::Word;
use crate::wire::Injected;

/// A plight, by the first word of its error, and the error.
const PLIGHTS: [(&str, &str); 4] = [
    ("BUSY", "Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."),
    ("LOADING", "Redis is loading the dataset in memory"),
    ("OOM", "command not allowed when used memory > 'maxmemory'."),
    ("READONLY", "You can't write against a read only replica."),
];

/// The errors with which the server may answer `request`, which executes what is `queued` if it is an `EXEC`.
///
/// A script is not looked into: the server refuses it as a whole only where it refuses any, and otherwise where it writes,
/// with words that tell the line.
pub(super) fn possible(queued: &[Bytes], request: &[u8]) -> Vec<Word> {
    let executes = name(request) == "EXEC";
    if executes && queued.is_empty() {
        return Vec::new();
    }
    let own = Flags::of_request(request);
    // The first of them opens the transaction.
    let inner = queued.iter().skip(1).filter(|_| executes).map(|queued| Flags::of_request(queued));
    let all: Vec<Flags> = inner.chain((!executes).then_some(own)).collect();
    let is_possible = |plight: &str| match plight {
        "BUSY" => !own.answered_busy,
        "LOADING" => all.iter().any(|flags| !flags.answered_loading),
        "OOM" => all.iter().any(|flags| flags.grows),
        _ => all.iter().any(|flags| flags.writes),
    };
    let possible = PLIGHTS.iter().filter(|(plight, _)| is_possible(plight));
    possible.map(|(plight, _)| plight.parse().expect("a plight is a word")).collect()
}

/// How the error `code` is brought about. A transaction that is refused at its end is over.
pub(super) fn inject(request: &[u8], code: Word) -> Injected {
    let said = PLIGHTS.iter().find(|(plight, _)| *plight == code.as_str()).map_or("", |(_, said)| said);
    if name(request) == "EXEC" {
        let answer = format!("-EXECABORT Transaction discarded because of: {code} {said}\r\n");
        return Injected::Answer { undo: Some(command(&[b"DISCARD"])), answer: answer.into_bytes() };
    }
    Injected::Answer { undo: None, answer: format!("-{code} {said}\r\n").into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Bytes {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        command(&words).into()
    }

    fn errors(line: &str) -> String {
        told(&possible(&[], &request(line)))
    }

    fn told(codes: &[Word]) -> String {
        codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn command_is_refused_only_where_the_server_refuses_it() {
        assert_eq!(errors("GET k"), "BUSY LOADING");
        assert_eq!(errors("DEL k"), "BUSY LOADING READONLY");
        assert_eq!(errors("set k v"), "BUSY LOADING OOM READONLY");
        assert_eq!(errors("XGROUP CREATE s g $"), "BUSY LOADING OOM READONLY");
        assert_eq!(errors("EVAL x 0"), "BUSY LOADING");
        assert_eq!(errors("PUBLISH c m"), "BUSY");
        assert_eq!(errors("WATCH k"), "");
        assert_eq!(errors("SCRIPT KILL"), "LOADING");
        assert_eq!(errors("EXEC"), "", "without a transaction it is another error");
    }

    #[test]
    fn transaction_is_refused_for_what_it_has_queued() {
        let queued = ["MULTI", "GET k", "DEL k"].map(request);
        assert_eq!(told(&possible(&queued, &request("EXEC"))), "BUSY LOADING READONLY");
        assert_eq!(told(&possible(&queued[..1], &request("EXEC"))), "BUSY");
    }

    #[test]
    fn refused_transaction_is_discarded_and_says_why() {
        let code = "OOM".parse().expect("a word");
        let Injected::Answer { undo: Some(undo), answer } = inject(&request("EXEC"), code) else {
            panic!("it has to be discarded")
        };
        assert_eq!(undo, command(&[b"DISCARD"]));
        let text = "-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.\r\n";
        assert_eq!(answer, text.as_bytes());
    }
}
