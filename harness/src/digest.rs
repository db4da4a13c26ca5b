//! Owns [`Digest`]: a short name for bytes that is the same on every platform and in every version.

use std::hash::Hasher;

/// FNV-1a with 64 bits (Fowler, Noll and Vo), over bytes and their boundaries.
#[derive(Debug)]
pub(crate) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// The digest in hexadecimal.
    pub(crate) fn text(&self) -> String {
        format!("{:016x}", self.finish())
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&(bytes.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(parts: &[&[u8]]) -> u64 {
        let mut digest = Digest::default();
        parts.iter().for_each(|part| digest.write(part));
        digest.finish()
    }

    /// The boundary between request and reply counts, and the value is pinned because records keep it.
    #[test]
    fn digest_tells_boundaries_apart_and_is_pinned() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_ne!(digest(&[b"a"]), digest(&[b"a", b""]));
        assert_eq!(digest(&[]), 0xcbf2_9ce4_8422_2325);
    }
}
