//! Owns what the server still owes on one connection, and what it may send unasked.

use super::head::{Aggregate, Body, Head};
use super::reader::Reader;

/// The answer that one forwarded request is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owed {
    /// One message, whatever it says.
    One,
    /// One message; an error means that transaction number `.0` was not opened.
    Multi(u64),
    /// One message; a success switches to this protocol version, if one was named.
    Hello(Option<Version>),
    /// One message; a success takes all state off the connection.
    Reset,
    /// One message; a success switches the tracking of keys.
    Tracking(bool),
    /// One confirmation per channel, or one error.
    Confirmations {
        /// What is confirmed.
        verb: Verb,
        /// How many are still due; `None` for as many as there are subscriptions, at least one.
        due: Option<u64>,
    },
}

/// A version of the protocol, which decides how deliveries look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Deliveries are arrays, and only a subscribed connection gets them.
    Resp2,
    /// Deliveries have a type of their own.
    Resp3,
}

/// What one can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// A change of subscriptions, as a request asks for it and a confirmation reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Subscribe(Kind),
    Unsubscribe(Kind),
}

/// What an array or a push message is, by its first element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notice {
    /// A subscription was changed; the server has counted `left` afterwards.
    Confirmation { verb: Verb, left: u64 },
    /// Something was published.
    Delivery,
    /// Neither.
    Other,
}

impl Notice {
    /// Reads the beginning of a whole message; its texts are not looked at.
    pub(super) fn of(message: &[u8]) -> Self {
        let mut reader = Reader::new(message);
        let Some(Head::Aggregate { kind: Aggregate::Array | Aggregate::Push, .. }) = reader.head() else {
            return Self::Other;
        };
        let verb = match text(&mut reader) {
            Some(b"message" | b"pmessage" | b"smessage") => return Self::Delivery,
            Some(b"subscribe") => Verb::Subscribe(Kind::Channel),
            Some(b"psubscribe") => Verb::Subscribe(Kind::Pattern),
            Some(b"ssubscribe") => Verb::Subscribe(Kind::Shard),
            Some(b"unsubscribe") => Verb::Unsubscribe(Kind::Channel),
            Some(b"punsubscribe") => Verb::Unsubscribe(Kind::Pattern),
            Some(b"sunsubscribe") => Verb::Unsubscribe(Kind::Shard),
            _ => return Self::Other,
        };
        // The channel, which is null if there was nothing to unsubscribe from.
        let channel = match reader.head() {
            Some(Head::Body { length, .. }) => reader.text(length).is_some(),
            other => matches!(other, Some(Head::NullBulk | Head::Null)),
        };
        match reader.head() {
            Some(Head::Integer(left)) if channel => {
                Self::Confirmation { verb, left: u64::try_from(left).unwrap_or(0) }
            }
            _ => Self::Other,
        }
    }
}

fn text<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    match reader.head()? {
        Head::Body { kind: Body::Bulk, length } => reader.text(length),
        Head::Simple(text) => Some(text),
        _ => None,
    }
}

/// How many subscriptions the connection has, by the server's own count.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    channels: u64,
    patterns: u64,
    shards: u64,
}

impl Subscriptions {
    pub(super) fn any(&self) -> bool {
        self.channels + self.patterns + self.shards > 0
    }

    pub(super) fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Channel => self.channels,
            Kind::Pattern => self.patterns,
            Kind::Shard => self.shards,
        }
    }

    /// Takes over the count of a confirmation: Redis counts channels and patterns together, shard
    /// channels alone.
    pub(super) fn count(&mut self, verb: Verb, left: u64) {
        let left = left.min(u64::from(u32::MAX));
        match verb.kind() {
            Kind::Channel => self.channels = left.saturating_sub(self.patterns),
            Kind::Pattern => self.patterns = left.saturating_sub(self.channels),
            Kind::Shard => self.shards = left,
        }
    }
}

impl Verb {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Subscribe(kind) | Self::Unsubscribe(kind) => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_known_by_its_first_word_and_its_shape() {
        let confirmed = Notice::Confirmation { verb: Verb::Subscribe(Kind::Channel), left: 1 };
        assert_eq!(Notice::of(b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"), confirmed);
        let none_left = Notice::Confirmation { verb: Verb::Unsubscribe(Kind::Pattern), left: 0 };
        assert_eq!(Notice::of(b">3\r\n$12\r\npunsubscribe\r\n_\r\n:0\r\n"), none_left);
        assert_eq!(Notice::of(b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"), Notice::Delivery);
        for other in [
            &b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"[..],
            b"*2\r\n$9\r\nsubscribe\r\n:1\r\n",
            b"+OK\r\n",
            b"*0\r\n",
            b"",
        ] {
            assert_eq!(Notice::of(other), Notice::Other, "{other:?}");
        }
    }

    #[test]
    fn channels_and_patterns_are_told_apart_in_the_common_count() {
        let mut all = Subscriptions::default();
        all.count(Verb::Subscribe(Kind::Channel), 1);
        all.count(Verb::Subscribe(Kind::Pattern), 2);
        all.count(Verb::Subscribe(Kind::Pattern), 3);
        all.count(Verb::Subscribe(Kind::Shard), 1);
        assert_eq!((all.of(Kind::Channel), all.of(Kind::Pattern), all.of(Kind::Shard)), (1, 2, 1));
        all.count(Verb::Unsubscribe(Kind::Channel), 2);
        all.count(Verb::Unsubscribe(Kind::Pattern), 1);
        assert_eq!((all.of(Kind::Channel), all.of(Kind::Pattern)), (0, 1));
        assert!(all.any());
        all.count(Verb::Unsubscribe(Kind::Pattern), 0);
        all.count(Verb::Unsubscribe(Kind::Shard), 0);
        assert!(!all.any());
    }
}
