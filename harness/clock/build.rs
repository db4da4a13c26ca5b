//! Owns the building of the preload library for the target, and the telling of why there is none.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=preload");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(variable("OUT_DIR"));
    let library = folder.join("raceproof-clock.so");
    let constant = match build(&library) {
        Ok(()) => format!("Ok(include_bytes!({library:?}))"),
        Err(reason) => {
            println!("cargo::warning=the stores' clock cannot be virtual in this build: {reason}");
            format!("Err({reason:?})")
        }
    };
    let source = format!("pub(crate) const LIBRARY: Result<&[u8], &str> = {constant};\n");
    fs::write(folder.join("library.rs"), source).expect("cargo gives a folder that can be written to");
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Compiles the library without any other, not even the C library.
fn build(library: &Path) -> Result<(), String> {
    let (system, machine) = (variable("CARGO_CFG_TARGET_OS"), variable("CARGO_CFG_TARGET_ARCH"));
    if system != "linux" || !["x86_64", "aarch64"].contains(&machine.as_str()) {
        return Err(format!("there is no preload library for {system} on {machine}"));
    }
    let mut command = Command::new(variable("RUSTC"));
    command.arg("preload/lib.rs").args(["--edition", "2024", "--crate-name", "raceproof_preload"]);
    command.args(["--crate-type", "cdylib", "--target", &variable("TARGET")]).arg("-o").arg(library);
    for setting in
        ["panic=abort", "opt-level=3", "lto=fat", "debuginfo=0", "strip=symbols", "codegen-units=1"]
    {
        command.args(["-C", setting]);
    }
    // Both kinds of symbol table, as C libraries differ in what they read.
    for argument in ["-nostdlib", "-nostartfiles", "-Wl,-z,now", "-Wl,-z,defs", "-Wl,--hash-style=both"] {
        command.args(["-C", &format!("link-arg={argument}")]);
    }
    if variable("CARGO_CFG_TARGET_ENV") == "musl" {
        command.args(["-C", "target-feature=-crt-static"]);
    }
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        command.args(["-C", &format!("linker={linker}")]);
    }
    let output =
        command.output().map_err(|error| format!("`{}` cannot be run: {error}", variable("RUSTC")))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let first =
        told.lines().find(|line| line.starts_with("error")).unwrap_or("the compiler failed").to_owned();
    Err(format!("the preload library could not be built: {first}"))
}
