//! Days of fifty jobs an hour by a clock that is set: how long they take, and what the process holds in memory.
//!
//! `cargo bench -p tailwater-engine --bench day`. Everything about a run is real but dbt: the set time, the queue, the store,
//! the log, what follows the end, what is forgotten. The steps say a little and end well. The figures stand in
//! `docs/performance.md`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints what it measured"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use serde_json::json;
use tailwater_core::clock::Clock;
use tailwater_core::job::Job;
use tailwater_engine::account::Actor;
use tailwater_engine::job::{JobRuntime, StepEnd, StepHeard, StepRequest, StepRunner, WorkerOptions};
use tailwater_engine::settings::Settings;
use tailwater_engine::workspace::{Options, Workspace};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const JOBS: usize = 50;
const DAYS: usize = 4;

#[derive(Debug)]
struct SetClock(Mutex<DateTime<Utc>>);

impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Says a hundred lines, and ends well.
#[derive(Debug)]
struct Quick;

impl StepRunner for Quick {
    fn run_step<'a>(
        &'a self,
        _: &'a Workspace,
        _: StepRequest,
        heard: mpsc::UnboundedSender<StepHeard>,
        _: CancellationToken,
    ) -> BoxFuture<'a, Result<StepEnd, tailwater_engine::Error>> {
        Box::pin(async move {
            for _ in 0..100 {
                let line = b"06:00:00  1 of 1 OK created sql table model main.orders\n";
                let _ = heard.send(StepHeard::Output(line.to_vec()));
            }
            Ok(StepEnd {
                exit_code: 0,
                words: String::new(),
                problems: Vec::new(),
            })
        })
    }
}

/// What the process holds in memory now, in MB.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1_024.0
}

async fn pass_days() {
    let directory = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
    let start: DateTime<Utc> = "2026-01-15T00:00:30Z".parse().unwrap();
    let clock = Arc::new(SetClock(Mutex::new(start)));
    let mut settings = Settings::default();
    settings.runs.keep = 10;
    let options = Options {
        root: root.clone(),
        settings,
        key: None,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
    };
    let workspace = Arc::new(Workspace::open(options).await.unwrap());
    workspace.add_project_without_path("shop".into()).await.unwrap();
    for number in 0..JOBS {
        let job = json!({
            "name": format!("job{number}"), "project": "shop", "directory": root, "steps": ["dbt build"],
            "schedule": { "cron": format!("{number} * * * *"), "time_zone": "Europe/Berlin" },
        });
        let job: Job = serde_json::from_value(job).unwrap();
        workspace.add_job(&job, &Actor::CommandLine).await.unwrap();
    }
    let options = WorkerOptions {
        slots: 2,
        patience: Duration::ZERO,
    };
    let runtime = JobRuntime::new(Arc::clone(&workspace), Arc::new(Quick), options);
    runtime.keep_time_once().await.unwrap();
    println!("at the start: {:.1} MB", resident());
    for day in 1..=DAYS {
        let began = Instant::now();
        let mut runs = 0;
        for _ in 0..24 * 6 {
            *clock.0.lock().unwrap() += TimeDelta::minutes(10);
            runtime.keep_time_once().await.unwrap();
            while runtime.work_once().await.unwrap().is_some() {
                runs += 1;
            }
        }
        println!(
            "day {day}: {runs} runs in {:.1?}, {:.1} MB",
            began.elapsed(),
            resident()
        );
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(pass_days());
}
