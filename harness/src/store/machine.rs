//! Owns what tells this machine, this boot and this user from others; labels and folder names use it. And on which of its cores we
//! may run.

use std::fs;
use std::io::Read;

use rustix::thread::{CpuSet, sched_getaffinity};

/// The machine, as a short name that stays the same across boots. Containers of one host count as machines of their own,
/// since they see neither each other's lock files nor processes.
pub(crate) fn machine() -> String {
    let id = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let mounts = fs::read_link("/proc/self/ns/mnt").unwrap_or_default();
    format!("{:016x}", fnv1a(format!("{id}|{host}|{}", mounts.display()).as_bytes()))
}

/// This boot of the kernel; empty where the system does not say.
pub(crate) fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

pub(crate) fn user() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The cores on which this thread may run; none where the system does not say.
pub(crate) fn cores() -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect()
}

pub(crate) fn is_root() -> bool {
    user() == 0
}

/// A name or a password that nobody guesses. It names things and decides nothing, so it is not the run's seed that gives it.
pub(crate) fn random_hex(bytes: usize) -> std::io::Result<String> {
    let mut buffer = vec![0; bytes];
    fs::File::open("/dev/urandom")?.read_exact(&mut buffer)?;
    Ok(buffer.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// FNV-1a, 64 bits: the standard library promises no hash that stays the same between its versions.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_gives_the_published_value() {
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn random_names_differ() {
        assert_ne!(random_hex(8).unwrap(), random_hex(8).unwrap());
    }
}
