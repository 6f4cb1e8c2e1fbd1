//! What reading a manifest holds in memory: `cargo bench -p tailwater-dbt --bench manifest_memory`.
//!
//! Each manifest is read from its file by a process of its own, which then looks at its own peak of resident memory
//! (`VmHWM` in `/proc/self/status`, so this runs on Linux alone), and how much of that it still holds. Others read the
//! same with its index written, and from its index.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use camino::Utf8Path;
use mimalloc::MiMalloc;
use tailwater_core::id::ProjectName;
use tailwater_dbt::{IndexReader, load_manifest, write_index};

mod sample;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Names the manifest that a process of its own is to read.
const MANIFEST: &str = "TAILWATER_BENCH_MANIFEST";

/// Says what the process is to do.
const WORK: &str = "TAILWATER_BENCH_WORK";

/// What each of three processes does with a manifest.
const WORKS: [&str; 3] = ["read", "read, index written", "read from its index"];

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
    println!("manifest       size                         nodes     time      peak   after it");
    for (name, shape) in [
        ("dense", sample::dense as Shape),
        ("with code", sample::with_code as Shape),
    ] {
        for megabytes in [1, 10, 100, 200] {
            let directory = tempfile::tempdir()?;
            let path = directory.path().join("manifest.json");
            std::fs::write(&path, shape(megabytes))?;
            for work in WORKS.iter().flat_map(|work| [work; 3]) {
                let output = Command::new(std::env::current_exe()?)
                    .env(MANIFEST, &path)
                    .env(WORK, work)
                    .output()?;
                print!(
                    "{name:<10} {megabytes:>5} MB {work:<20} {}",
                    String::from_utf8_lossy(&output.stdout)
                );
            }
        }
    }
    Ok(())
}

fn measure(path: &Path) -> Result<(), Box<dyn Error>> {
    let path = Utf8Path::from_path(path).ok_or("the path is not UTF-8")?;
    let index = path.with_extension("index");
    let work = std::env::var(WORK).unwrap_or_default();
    let name = ProjectName::new("shop");
    let before = memory("VmRSS:");
    let start = Instant::now();
    let project = if work == WORKS[2] {
        IndexReader::new(File::open(&index)?)?.read(name)?
    } else {
        load_manifest(path, name)?
    };
    if work == WORKS[1] {
        write_index(&project, b"key", BufWriter::new(File::create(&index)?))?;
    }
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
