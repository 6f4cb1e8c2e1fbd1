//! How long reading a manifest takes: `cargo bench -p tailwater-dbt --bench manifest`.
//!
//! From bytes in memory, so that no disk is measured. `manifest_memory` measures the file, and what reading it holds.

use divan::Bencher;
use divan::counter::BytesCount;
use mimalloc::MiMalloc;
use tailwater_core::id::ProjectName;
use tailwater_dbt::read_manifest;

mod sample;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    divan::main();
}

fn read(bencher: Bencher<'_, '_>, text: &str) {
    bencher
        .counter(BytesCount::of_str(text))
        .bench_local(|| read_manifest(text.as_bytes(), "manifest.json", ProjectName::new("shop")));
}

#[divan::bench(args = [1, 10, 100], sample_count = 10)]
fn dense(bencher: Bencher<'_, '_>, megabytes: usize) {
    read(bencher, &sample::dense(megabytes));
}

#[divan::bench(args = [1, 10, 100], sample_count = 10)]
fn with_code(bencher: Bencher<'_, '_>, megabytes: usize) {
    read(bencher, &sample::with_code(megabytes));
}
