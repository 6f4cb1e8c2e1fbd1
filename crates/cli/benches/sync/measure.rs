//! One run of the program, alone in the figures.
//!
//! The kernel counts to a new process what its maker held in memory until it became the new program. So this
//! benchmark, which holds a whole site, starts itself anew, and that small process starts the program.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// The argument that makes this program measure another: its arguments follow.
pub const HERE: &str = "--measured-here";

/// What a run of the program costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Cost {
    /// Processor time, of the program and of the kernel for it.
    pub processor: Duration,
    /// The most memory that was resident.
    pub kilobytes: i64,
    /// How many requests the site got.
    pub requests: usize,
    /// From start to end.
    pub time: Duration,
}

impl Cost {
    /// The middle of each figure.
    pub fn middle(costs: &[Self]) -> Self {
        fn middle<T: Ord + Copy>(costs: &[Cost], figure: impl Fn(&Cost) -> T) -> T {
            let mut figures: Vec<T> = costs.iter().map(figure).collect();
            figures.sort_unstable();
            figures[figures.len() / 2]
        }
        Self {
            processor: middle(costs, |cost| cost.processor),
            kilobytes: middle(costs, |cost| cost.kilobytes),
            requests: middle(costs, |cost| cost.requests),
            time: middle(costs, |cost| cost.time),
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:.3} s | {} MB | {} | {:.3} s",
            self.processor.as_secs_f64(),
            self.kilobytes / 1_000,
            self.requests,
            self.time.as_secs_f64()
        )
    }
}

/// Runs the program with arguments in a directory.
pub fn measure(directory: &Path, arguments: &[&str]) -> Cost {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg(HERE)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?} did not end well");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The small process: runs the program and prints what it cost.
pub fn measured_here(arguments: &[String]) {
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_tailwater"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let time = began.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let microseconds =
        |time: nix::sys::time::TimeVal| u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap();
    let cost = Cost {
        processor: Duration::from_micros(microseconds(usage.user_time()) + microseconds(usage.system_time())),
        kilobytes: usage.max_rss(),
        requests: 0,
        time,
    };
    println!("{}", serde_json::to_string(&cost).unwrap());
}
