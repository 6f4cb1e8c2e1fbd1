//! What a sync costs the client, and what a command costs that asks the store: processor, memory, requests, time.
//!
//! ```text
//! this program ── the simulated site, its log of requests ◀── HTTP ──┐
//!      └─▶ this program anew, small ──▶ tailwater sync, alone in the figures
//! ```
//!
//! `cargo bench -p tailwater --bench sync` takes all sizes; `… -- 500 2000` those that are named, and
//! `… -- --postgres 500` keeps the store in PostgreSQL, which is started for it. `--latency 50` lets each answer of
//! the site wait so many milliseconds; `--runs 5` measures so often and shows the middle. The figures stand in
//! `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints what it measured"
)]

mod measure;
#[path = "../../../store/tests/suite/postgres.rs"]
mod postgres;
mod project;

use std::path::PathBuf;

use tailwater_tableau_sim::site_file::{BUILDER_TOKEN, SiteBuilder};
use tailwater_tableau_sim::{Options, Running, Simulator};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::measure::{Cost, measure, measured_here};
use crate::project::manifest;

/// How many workbooks, when nothing is said.
const SIZES: [usize; 5] = [500, 2_000, 5_000, 10_000, 20_000];
/// Megabytes of the manifest that commands are measured with.
const LARGE_MANIFEST: usize = 20;

/// What to measure.
#[derive(Debug, Clone)]
struct Wish {
    sizes: Vec<usize>,
    latency: Option<u64>,
    runs: usize,
    is_postgres: bool,
    has_commands: bool,
}

impl Wish {
    fn read(arguments: impl Iterator<Item = String>) -> Self {
        let mut wish = Self {
            sizes: Vec::new(),
            latency: None,
            runs: 3,
            is_postgres: false,
            has_commands: false,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Given by cargo.
                "--bench" => {}
                "--postgres" => wish.is_postgres = true,
                "--commands" => wish.has_commands = true,
                "--latency" => wish.latency = Some(arguments.next().unwrap().parse().unwrap()),
                "--runs" => wish.runs = arguments.next().unwrap().parse().unwrap(),
                size => wish.sizes.push(size.parse().unwrap()),
            }
        }
        if wish.sizes.is_empty() && !wish.has_commands {
            wish.sizes = SIZES.to_vec();
            wish.has_commands = true;
        }
        wish
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == measure::HERE
    {
        measured_here(rest);
        return;
    }
    let wish = Wish::read(arguments.into_iter());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("| workbooks | latency | sync | CPU | memory | requests | time |");
    println!("| ---: | ---: | --- | ---: | ---: | ---: | ---: |");
    for &size in &wish.sizes {
        // A site far away is the same work with more waiting: once is enough.
        let latencies = match wish.latency {
            Some(latency) => vec![latency],
            None if size == SIZES[0] => vec![0, 50],
            None => vec![0],
        };
        for latency in latencies {
            syncs(&runtime, &wish, size, latency);
        }
    }
    if wish.has_commands {
        commands(&runtime, &wish);
    }
}

/// A simulated site, a dbt project that has built most of what it stands on, and a store.
struct Scene {
    directory: TempDir,
    site: Running,
}

impl Scene {
    fn new(runtime: &Runtime, wish: &Wish, workbooks: usize, latency: u64, megabytes: usize) -> Self {
        let file = SiteBuilder::new("acme").company(workbooks).build();
        let site = runtime
            .block_on(Simulator::start(file, Options::default()))
            .unwrap();
        site.set_switches(|switches| switches.delay_milliseconds = latency);
        let scene = Self {
            directory: tempfile::tempdir().unwrap(),
            site,
        };
        let store = if wish.is_postgres {
            format!("[store]\nurl = \"{}\"\n", postgres::new_database())
        } else {
            String::new()
        };
        let settings = format!(
            "{store}[[project]]\nname = \"shop\"\ntarget_dir = \"target\"\n[[integration]]\nname = \"main\"\n\
             kind = \"tableau\"\nserver = \"{}\"\nsite = \"acme\"\ntoken_name = \"{}\"\n\
             token_secret_file = \"secret\"\ncollections = [\"**\"]\n",
            scene.site.base_url(),
            BUILDER_TOKEN.0
        );
        std::fs::write(scene.path("tailwater.toml"), settings).unwrap();
        std::fs::write(scene.path("secret"), BUILDER_TOKEN.1).unwrap();
        std::fs::create_dir(scene.path("target")).unwrap();
        std::fs::write(scene.path("target/manifest.json"), manifest(workbooks, megabytes)).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What the command costs.
    fn cost(&self, arguments: &[&str]) -> Cost {
        self.site.clear_requests();
        let cost = measure(self.directory.path(), arguments);
        Cost {
            requests: self.site.requests().len(),
            ..cost
        }
    }
}

fn syncs(runtime: &Runtime, wish: &Wish, size: usize, latency: u64) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..wish.runs {
        let scene = Scene::new(runtime, wish, size, latency, 0);
        first.push(scene.cost(&["sync", "main"]));
        second.push(scene.cost(&["sync", "main"]));
        runtime.block_on(scene.site.stop());
    }
    let milliseconds = if latency == 0 {
        "none".to_owned()
    } else {
        format!("{latency} ms")
    };
    println!("| {size} | {milliseconds} | first | {} |", Cost::middle(&first));
    println!(
        "| {size} | {milliseconds} | second, nothing moved | {} |",
        Cost::middle(&second)
    );
}

fn commands(runtime: &Runtime, wish: &Wish) {
    let scene = Scene::new(runtime, wish, SIZES[0], 0, LARGE_MANIFEST);
    let first = scene.cost(&["sync", "main"]);
    println!(
        "\n| {} workbooks, a manifest of {LARGE_MANIFEST} MB | CPU | memory | requests | time |",
        SIZES[0]
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    println!("| `sync`, the first | {first} |");
    for arguments in [
        ["sync", "main"].as_slice(),
        &["exposures", "--select", "+exposure:*"],
        &["exposures"],
        &["sync", "--history"],
    ] {
        let costs: Vec<Cost> = (0..wish.runs).map(|_| scene.cost(arguments)).collect();
        println!("| `{}` | {} |", arguments.join(" "), Cost::middle(&costs));
    }
    // The manifest has stood still for two seconds by now, so that an index of it is written each time.
    let arguments = ["exposures", "--select", "+exposure:*"];
    let without_index = |_| {
        let _ = std::fs::remove_dir_all(scene.path(".tailwater/artifacts/.index"));
        scene.cost(&arguments)
    };
    let costs: Vec<Cost> = (0..wish.runs).map(without_index).collect();
    println!(
        "| `{}`, no index of the manifest yet | {} |",
        arguments.join(" "),
        Cost::middle(&costs)
    );
}
