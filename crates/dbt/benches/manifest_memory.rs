//! What reading a manifest holds in memory: `cargo bench -p tailwater-dbt --bench manifest_memory`.
//!
//! Each manifest is read from its file by a process of its own, which then looks at its own peak of resident memory
//! (`VmHWM` in `/proc/self/status`, so this runs on Linux alone), and how much of that it still holds.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use camino::Utf8Path;
use mimalloc::MiMalloc;
use tailwater_core::id::ProjectName;
use tailwater_dbt::load_manifest;

mod sample;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Names the manifest that a process of its own is to read.
const MANIFEST: &str = "TAILWATER_BENCH_MANIFEST";

/// Another way to make a manifest of so many megabytes.
type Shape = fn(usize) -> String;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(path) = std::env::var_os(MANIFEST) {
        return measure(Path::new(&path));
    }
    // Cargo runs benchmarks as tests, too.
    if !std::env::args().any(|word| word == "--bench") {
        return Ok(());
    }
    println!("manifest                 size     nodes     time      peak   after it");
    for (name, shape) in [
        ("dense", sample::dense as Shape),
        ("with code", sample::with_code as Shape),
    ] {
        for megabytes in [1, 10, 100, 200] {
            let directory = tempfile::tempdir()?;
            let path = directory.path().join("manifest.json");
            std::fs::write(&path, shape(megabytes))?;
            for _ in 0..3 {
                let output = Command::new(std::env::current_exe()?)
                    .env(MANIFEST, &path)
                    .output()?;
                print!(
                    "{name:<20} {megabytes:>5} MB {}",
                    String::from_utf8_lossy(&output.stdout)
                );
            }
        }
    }
    Ok(())
}

fn measure(path: &Path) -> Result<(), Box<dyn Error>> {
    let path = Utf8Path::from_path(path).ok_or("the path is not UTF-8")?;
    let before = memory("VmRSS:");
    let start = Instant::now();
    let project = load_manifest(path, ProjectName::new("shop"))?;
    let time = start.elapsed();
    println!(
        "{:>9} {:>5} ms {:>6} MB {:>7} MB",
        project.nodes().len(),
        time.as_millis(),
        memory("VmHWM:").saturating_sub(before) / 1_000,
        memory("VmRSS:").saturating_sub(before) / 1_000,
    );
    Ok(())
}

/// A line of `/proc/self/status`, in kilobytes.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|found| found.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or_default()
}
