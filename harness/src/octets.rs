//! Owns the text form of bytes that are mostly text: each byte is the character with its number.

use bytes::Bytes;

/// The bytes as text: ASCII as it is.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes whose [`text`] it is; `None` if it is none.
pub(crate) fn bytes(text: &str) -> Option<Bytes> {
    text.chars().map(|character| u8::try_from(character).ok()).collect()
}

/// Bytes in a value that is written as text.
pub(crate) mod as_text {
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::text(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::bytes(&text).ok_or_else(|| D::Error::custom("a character beyond those of bytes"))
    }
}

/// Bytes that may be missing.
pub(crate) mod as_text_or_none {
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| super::text(bytes)).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        super::bytes(&text).map(Some).ok_or_else(|| D::Error::custom("a character beyond those of bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_and_other_characters_are_refused() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(bytes(&text(&all)).as_deref(), Some(all.as_slice()));
        assert_eq!(text(b"counter:1"), "counter:1");
        assert_eq!(bytes("\u{100}"), None);
    }
}
