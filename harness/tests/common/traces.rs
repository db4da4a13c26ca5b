//! Owns what can be seen of a run from outside: its containers, folders and processes.

use std::path::PathBuf;
use std::process::Command;

/// Where the folders of all runs are.
pub(crate) fn base() -> PathBuf {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").unwrap().uid();
    std::env::temp_dir().join(format!("raceproof-{uid}"))
}

/// Everything of a run that can be seen from outside: containers, processes and its folders.
pub(crate) fn traces(run: &str) -> Vec<String> {
    let mut traces = containers(run);
    let in_memory =
        std::fs::read_dir("/dev/shm").unwrap().map(|entry| entry.unwrap().path().display().to_string());
    traces.extend(in_memory.filter(|path| path.contains(run)));
    traces.extend(processes(run));
    traces.extend(Some(base().join(run)).filter(|path| path.exists()).map(|path| path.display().to_string()));
    traces
}

pub(crate) fn containers(run: &str) -> Vec<String> {
    let filter = format!("label=org.raceproof.run={run}");
    let output = Command::new("docker").args(["ps", "-a", "-q", "--filter", &filter]).output().unwrap();
    assert!(output.status.success(), "docker does not answer: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|id| format!("container {id}")).collect()
}

/// Processes that name the run's folder in their arguments.
pub(crate) fn processes(run: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let ids = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let ids = ids.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()) && *id != own);
    let named = ids.filter(|id| {
        let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(run)
    });
    named.map(|id| format!("process {id}")).collect()
}
