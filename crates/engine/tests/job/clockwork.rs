//! What time does to runs, by a clock that is set: time-outs, delays, lost runs, set times, and summer time.

use std::collections::VecDeque;

use rstest::rstest;
use tailwater_core::job::{JobRun, WhenLost};
use tokio::sync::Notify;

use super::*;

/// Ends its steps with the codes that it was told, or hangs until it is stopped.
#[derive(Debug, Default)]
struct Told {
    codes: Mutex<VecDeque<i32>>,
    hangs: bool,
    begun: Notify,
}

impl Told {
    fn ending(codes: &[i32]) -> Arc<Self> {
        Arc::new(Self {
            codes: Mutex::new(codes.iter().copied().collect()),
            ..Self::default()
        })
    }

    fn hanging() -> Arc<Self> {
        Arc::new(Self {
            hangs: true,
            ..Self::default()
        })
    }
}

impl StepRunner for Told {
    fn run_step<'a>(
        &'a self,
        _: &'a Workspace,
        _: StepRequest,
        heard: mpsc::UnboundedSender<StepHeard>,
        halt: CancellationToken,
    ) -> BoxFuture<'a, Result<StepEnd, tailwater_engine::Error>> {
        Box::pin(async move {
            self.begun.notify_one();
            if self.hangs {
                halt.cancelled().await;
            }
            drop(heard);
            let told = self.codes.lock().expect("codes").pop_front();
            let exit_code = told.unwrap_or(if self.hangs { 143 } else { 0 });
            Ok(StepEnd {
                exit_code,
                words: format!("ended with code {exit_code}"),
                problems: Vec::new(),
            })
        })
    }
}

impl Bench {
    async fn found(&self, id: &JobRunId) -> JobRun {
        self.workspace.find_job_run(id).await.expect("a run")
    }

    /// All runs of all jobs, the oldest first.
    async fn runs(&self) -> Vec<JobRun> {
        let runs = self.workspace.job_runs(&JobRunQuery::default()).await;
        let mut runs = runs.expect("runs").runs;
        runs.reverse();
        runs
    }
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_ended() {
    let clock = FastClock::at("2025-07-01T00:00:00Z");
    let bench = Bench::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let job = Job {
        time_limit_minutes: 5,
        ..bench.job("nightly", &["dbt build", "dbt docs generate"])
    };
    bench.add(&job).await;
    let id = bench.ask("nightly").await;
    let runner = Told::hanging();
    let runtime = bench.runtime(Arc::clone(&runner) as Arc<dyn StepRunner>);
    let passing = async {
        runner.begun.notified().await;
        clock.advance(TimeDelta::seconds(299));
        // It is looked every second.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(bench.found(&id).await.state, JobRunState::Running);
        clock.advance(TimeDelta::seconds(1));
    };
    let (ended, ()) = tokio::join!(runtime.work_once(), passing);
    assert_eq!(ended.expect("a store"), Some(JobRunState::TimedOut));
    let run = bench.found(&id).await;
    assert_eq!(
        run.message.as_deref(),
        Some("it took longer than its time limit of 5 minutes")
    );
    assert_eq!(run.ended_at, Some(clock.now()));
    let steps: Vec<StepState> = run.steps.iter().map(|step| step.state).collect();
    assert_eq!(steps, [StepState::Cancelled, StepState::Skipped]);
    assert!(run.next_attempt.is_none());
}

#[tokio::test]
async fn what_failed_is_tried_again_after_its_delay_and_no_sooner() {
    let clock = FastClock::at("2025-07-01T00:00:00Z");
    let bench = Bench::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let job = Job {
        retries: 2,
        retry_delay_seconds: 120,
        ..bench.job("nightly", &["dbt build"])
    };
    bench.add(&job).await;
    let mut id = bench.ask("nightly").await;
    let runtime = bench.runtime(Told::ending(&[1, 1, 1]));
    for attempt in 1..=2 {
        assert_eq!(
            runtime.work_once().await.expect("a store"),
            Some(JobRunState::Failed)
        );
        id = bench.found(&id).await.next_attempt.expect("another try");
        let next = bench.found(&id).await;
        assert_eq!(
            (next.attempt, next.not_before),
            (attempt + 1, clock.now() + TimeDelta::minutes(2))
        );
        clock.advance(TimeDelta::seconds(119));
        assert_eq!(runtime.work_once().await.expect("a store"), None);
        clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(
        runtime.work_once().await.expect("a store"),
        Some(JobRunState::Failed)
    );
    assert!(
        bench.found(&id).await.next_attempt.is_none(),
        "two retries, and no more"
    );
    clock.advance(TimeDelta::days(1));
    assert_eq!(runtime.work_once().await.expect("a store"), None);
}

/// A run whose process died is found after 30 seconds; whether it begins anew is the job's affair.
#[rstest]
#[case::ends_there(WhenLost::End, 3, false)]
#[case::no_retry_left(WhenLost::Retry, 0, false)]
#[case::as_one_that_failed(WhenLost::Retry, 1, true)]
#[case::in_any_case(WhenLost::RunAgain, 0, true)]
#[tokio::test]
async fn a_run_whose_process_died(#[case] when_lost: WhenLost, #[case] retries: u8, #[case] is_again: bool) {
    let clock = FastClock::at("2025-07-01T00:00:00Z");
    let bench = Bench::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let job = Job {
        when_lost,
        retries,
        ..bench.job("nightly", &["dbt build"])
    };
    bench.add(&job).await;
    let after = Job {
        after: vec![AfterJob {
            job: "nightly".into(),
            on: CompletionOn::Any,
        }],
        ..bench.job("report", &["dbt test"])
    };
    bench.add(&after).await;
    let id = bench.ask("nightly").await;
    let runner = Told::hanging();
    let doomed = bench.runtime(Arc::clone(&runner) as Arc<dyn StepRunner>);
    let ended = tokio::select! {
        ended = doomed.work_once() => Some(ended),
        // Dropped in the middle, as when a process dies.
        () = runner.begun.notified() => None,
    };
    assert!(ended.is_none(), "{ended:?}");
    let heir = bench.runtime(Told::ending(&[0]));
    clock.advance(TimeDelta::seconds(29));
    heir.keep_time_once().await.expect("a clock");
    assert_eq!(bench.found(&id).await.state, JobRunState::Running);
    clock.advance(TimeDelta::seconds(2));
    heir.keep_time_once().await.expect("a clock");
    let lost = bench.found(&id).await;
    assert_eq!(lost.state, JobRunState::Lost);
    let message = lost.message.expect("a message");
    assert!(message.contains("no sign of life for 30 seconds"), "{message}");
    assert_eq!(lost.next_attempt.is_some(), is_again);
    // What is tried again has not ended yet, so that it sets nothing off.
    let names: Vec<String> = bench.runs().await.iter().map(|run| run.job.to_string()).collect();
    assert_eq!(names, ["nightly", if is_again { "nightly" } else { "report" }]);
    assert_eq!(
        heir.work_once().await.expect("a store"),
        Some(JobRunState::Succeeded)
    );
}

#[tokio::test]
async fn a_newer_set_time_replaces_what_still_waits_and_nothing_that_somebody_asked_for() {
    let clock = FastClock::at("2025-07-01T00:00:30Z");
    let bench = Bench::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let hourly = Job {
        schedule: Some(JobSchedule {
            cron: "0 * * * *".to_owned(),
            time_zone: "UTC".to_owned(),
        }),
        ..bench.job("hourly", &["dbt build"])
    };
    bench.add(&hourly).await;
    let runtime = bench.runtime(Told::ending(&[]));
    runtime.keep_time_once().await.expect("a clock");
    let by_hand = bench.ask("hourly").await;
    for _ in 0..3 {
        clock.advance(TimeDelta::hours(1));
        runtime.keep_time_once().await.expect("a clock");
        // Any node may look at the clock, and looks often.
        runtime.keep_time_once().await.expect("a clock");
    }
    let runs = bench.runs().await;
    let states: Vec<JobRunState> = runs.iter().map(|run| run.state).collect();
    let (replaced, queued) = (JobRunState::Replaced, JobRunState::Queued);
    assert_eq!(states, [queued, replaced, replaced, queued]);
    assert_eq!(runs[0].id, by_hand);
    let message = runs[1].message.as_deref().expect("a message");
    assert!(
        message.contains("still waiting when the next set time came"),
        "{message}"
    );
    // After a pause of a day the newest of the set times that passed is answered, not all of them.
    clock.advance(TimeDelta::days(1));
    runtime.keep_time_once().await.expect("a clock");
    assert_eq!(bench.runs().await.len(), 5);
    while runtime.work_once().await.expect("a store").is_some() {}
    let done = bench
        .runs()
        .await
        .iter()
        .filter(|run| run.state == JobRunState::Succeeded)
        .count();
    assert_eq!(done, 2);
}

#[tokio::test]
async fn a_paused_job_answers_neither_its_time_nor_another_job() {
    let clock = FastClock::at("2025-07-01T00:00:30Z");
    let bench = Bench::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    bench.add(&bench.job("first", &["dbt build"])).await;
    let paused = Job {
        paused: true,
        schedule: Some(JobSchedule {
            cron: "*/5 * * * *".to_owned(),
            time_zone: "UTC".to_owned(),
        }),
        after: vec![AfterJob {
            job: "first".into(),
            on: CompletionOn::Success,
        }],
        ..bench.job("second", &["dbt test"])
    };
    bench.add(&paused).await;
    bench.ask("first").await;
    let runtime = bench.runtime(Told::ending(&[]));
    assert_eq!(
        runtime.work_once().await.expect("a store"),
        Some(JobRunState::Succeeded)
    );
    clock.advance(TimeDelta::hours(1));
    runtime.keep_time_once().await.expect("a clock");
    assert_eq!(bench.runs().await.len(), 1);
    // Whoever asks for it gets it.
    bench.ask("second").await;
    assert_eq!(
        runtime.work_once().await.expect("a store"),
        Some(JobRunState::Succeeded)
    );
}

/// The set times that a running scheduler answers while the clocks of Berlin are set: once a day at half past two, and once an
/// hour. In March there is no half past two, in October there are two.
#[rstest]
#[case::forward("2025-03-29T12:00:00Z", 48, &["2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z"])]
#[case::back("2025-10-25T12:00:00Z", 48, &["2025-10-26T00:30:00Z", "2025-10-27T01:30:00Z"])]
#[tokio::test]
async fn the_clocks_are_set(#[case] from: &str, #[case] hours: i64, #[case] expected: &[&str]) {
    let clock = FastClock::at(from);
    let bench = Bench::new(Arc::clone(&clock) as Arc<dyn Clock>).await;
    for (name, cron) in [("daily", "30 2 * * *"), ("hourly", "0 * * * *")] {
        let job = Job {
            schedule: Some(JobSchedule {
                cron: cron.to_owned(),
                time_zone: "Europe/Berlin".to_owned(),
            }),
            ..bench.job(name, &["dbt build"])
        };
        bench.add(&job).await;
    }
    let runtime = bench.runtime(Told::ending(&[]));
    runtime.keep_time_once().await.expect("a clock");
    for _ in 0..hours * 4 {
        clock.advance(TimeDelta::minutes(15));
        runtime.keep_time_once().await.expect("a clock");
        while runtime.work_once().await.expect("a store").is_some() {}
    }
    let mut slots = Vec::new();
    let mut hourly = Vec::new();
    for run in bench.runs().await {
        assert_eq!(run.state, JobRunState::Succeeded);
        let JobRunCause::Scheduled { slot } = run.cause else {
            continue;
        };
        if run.job.as_str() == "daily" {
            slots.push(slot);
        } else {
            hourly.push(slot);
        }
    }
    let expected: Vec<DateTime<Utc>> = expected
        .iter()
        .map(|text| text.parse().expect("an instant"))
        .collect();
    assert_eq!(slots, expected);
    // An hour is an hour, whatever the clocks on the wall show.
    assert_eq!(i64::try_from(hourly.len()).expect("a number"), hours);
    let each_hour = |pair: &[DateTime<Utc>]| pair[1] - pair[0] == TimeDelta::hours(1);
    assert!(hourly.windows(2).all(each_hour), "{hourly:?}");
}
