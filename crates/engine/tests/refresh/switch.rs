//! One refresh under every switch of the simulator: how it ends, how often it is asked for, how many jobs come of it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use tailwater_core::refresh::RefreshOutcome::{self, Failed, Queued, Succeeded, TimedOut};
use tailwater_core::refresh::RefreshRecord;
use tailwater_engine::refresh::{Refresher, Tuning};
use tokio_util::sync::CancellationToken;

use crate::stage::{Bench, Engine, ask, site, tuning};
use crate::switches;

/// What is set, and what comes of it.
struct Case {
    name: &'static str,
    /// Switches by name, with their values.
    set: &'static [(&'static str, &'static str)],
    outcome: RefreshOutcome,
    code: Option<&'static str>,
    calls: usize,
    jobs: usize,
}

const fn case(
    name: &'static str,
    set: &'static [(&'static str, &'static str)],
    outcome: RefreshOutcome,
    code: Option<&'static str>,
    calls: usize,
    jobs: usize,
) -> Case {
    Case {
        name,
        set,
        outcome,
        code,
        calls,
        jobs,
    }
}

const HIDDEN: Option<&str> = Some("TW-REFRESH-JOBS-HIDDEN");
const UNKNOWN: Option<&str> = Some("TW-REFRESH-UNKNOWN");

/// Where the Metadata API has a part, the jobs are hidden and the answer is lost, so that the extract's date alone, which
/// that API tells, can say that the refresh came through.
const CASES: &[Case] = &[
    case("nothing", &[], Succeeded, None, 1, 1),
    // ---- the call and its answer ----
    case(
        "the answer is lost",
        &[("refresh_answer_lost_times", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "an error after it was taken",
        &[("refresh_error_after_times", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a gateway's error after it was taken",
        &[("refresh_error_after_times", "1"), ("server_error_status", "503")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "an answer later than is waited for",
        &[("refresh_delay_milliseconds", "3000")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a job that is listed late",
        &[("refresh_answer_lost_times", "1"), ("job_list_lag_seconds", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a session that ends under it",
        &[("session_stolen_times", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a session that always ends under it",
        &[("session_stolen_times", "100")],
        Failed,
        Some("TW-TABLEAU-SESSION-STOLEN"),
        0,
        0,
    ),
    case(
        "refreshes on demand are off",
        &[("run_now_disabled", "true")],
        Failed,
        Some("TW-REFRESH-DISABLED"),
        1,
        0,
    ),
    // ---- limits ----
    case(
        "no more this hour",
        &[("refreshes_per_hour", "0")],
        Queued,
        Some("TW-REFRESH-THROTTLED"),
        1,
        0,
    ),
    case(
        "throttled for a second",
        &[("throttled_times", "1"), ("retry_after_seconds", "1")],
        Succeeded,
        None,
        2,
        1,
    ),
    case(
        "throttled without a time in the header",
        &[("throttled_times", "1")],
        Queued,
        Some("TW-REFRESH-THROTTLED"),
        1,
        0,
    ),
    case(
        "throttled for long, in words alone",
        &[("throttled_times", "1"), ("throttled_minutes", "29")],
        Queued,
        Some("TW-REFRESH-THROTTLED"),
        1,
        0,
    ),
    case(
        "webhooks are delivered, which nobody registered",
        &[("webhooks_to", "http://127.0.0.1:9"), ("webhook_copies", "2")],
        Succeeded,
        None,
        1,
        1,
    ),
    // ---- jobs that cannot be seen ----
    case(
        "jobs are hidden",
        &[("jobs_hidden", "true")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "jobs are hidden and the answer is lost",
        &[("jobs_hidden", "true"), ("refresh_answer_lost_times", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "pages of jobs are smaller than asked for",
        &[("page_size_max", "50"), ("refresh_answer_lost_times", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    // ---- the server and the way to it ----
    case(
        "an error on the way in",
        &[("server_error_times", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a gateway's error on the way in",
        &[("server_error_times", "1"), ("server_error_status", "502")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "an answer is cut on the way in",
        &[("cut_answer_times", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "an answer is reset on the way in",
        &[("reset_answer_times", "2")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a job's answer is reset",
        &[("reset_answer_times", "2"), ("faults_on", "/jobs/")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a session that ends under a call",
        &[("session_lost_times", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case("slow", &[("delay_milliseconds", "60")], Succeeded, None, 1, 1),
    case(
        "slow byte by byte",
        &[("drip_milliseconds", "1"), ("faults_on", "/jobs")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "an answer without an end",
        &[("endless_answer_times", "1"), ("faults_on", "signin")],
        Failed,
        Some("TW-HTTP-TOO-LARGE"),
        0,
        0,
    ),
    case(
        "pointed to another host",
        &[("redirect_to", "http://localhost:9")],
        Failed,
        Some("TW-HTTP-REDIRECT"),
        0,
        0,
    ),
    case(
        "pointed to another path, with the method",
        &[("redirect_to", "/moved"), ("redirect_status", "307")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "nothing listens",
        &[("connection_refused", "true")],
        Failed,
        Some("TW-HTTP-UNREACHABLE"),
        0,
        0,
    ),
    case(
        "a clock that is behind",
        &[("clock_skew_seconds", "-18000"), LOST],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "a clock that is ahead",
        &[("clock_skew_seconds", "18000"), LOST],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "the page of jobs comes again and again",
        &[("repeated_page", "2"), ("total_drift", "300"), LOST],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "the page of jobs is missing",
        &[("missing_page", "1"), LOST],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "lists in any order",
        &[("unstable_order", "true"), ("refresh_answer_lost_times", "1")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "not Tableau",
        &[("not_tableau", "true")],
        Failed,
        Some("TW-TABLEAU-NOT-TABLEAU"),
        0,
        0,
    ),
    case(
        "not Tableau, and nothing there",
        &[("not_tableau", "true"), ("not_tableau_status", "404")],
        Failed,
        Some("TW-TABLEAU-NOT-TABLEAU"),
        0,
        0,
    ),
    case(
        "an old version",
        &[("rest_version", "3.6")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "too old a version",
        &[("rest_version", "2.8")],
        Failed,
        Some("TW-TABLEAU-TOO-OLD"),
        0,
        0,
    ),
    // ---- the Metadata API ----
    case(
        "no Metadata API, which nobody needs",
        &[("metadata", "not-found")],
        Succeeded,
        None,
        1,
        1,
    ),
    case(
        "the Metadata API alone could tell",
        &[LOST, DARK, ("metadata", "not-found")],
        TimedOut,
        UNKNOWN,
        1,
        1,
    ),
    case(
        "it is off",
        &[LOST, DARK, ("metadata", "feature-disabled")],
        TimedOut,
        UNKNOWN,
        1,
        1,
    ),
    case(
        "it lists nothing of the workbook",
        &[
            LOST,
            DARK,
            ("backfill_percent", "0"),
            ("backfill_running", "true"),
        ],
        TimedOut,
        UNKNOWN,
        1,
        1,
    ),
    case(
        "it knows only one of the dates",
        &[
            LOST,
            DARK,
            (
                "unknown_fields",
                r#"["Datasource.extractLastRefreshTime", "EmbeddedDatasource.extractLastRefreshTime"]"#,
            ),
        ],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it is late",
        &[LOST, DARK, ("index_lag_seconds", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it is being filled",
        &[LOST, DARK, ("backfill_running", "true")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "too many queries",
        &[LOST, DARK, ("rate_exceeded_times", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it fails once",
        &[LOST, DARK, ("unexpected_error_times", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it refuses the session once",
        &[LOST, DARK, ("sporadic_unauthorized_times", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it cuts what is large",
        &[LOST, DARK, ("node_limit", "1")],
        TimedOut,
        UNKNOWN,
        1,
        1,
    ),
    case(
        "it cuts to nothing",
        &[LOST, DARK, ("node_limit", "1"), ("node_limit_nulls_out", "true")],
        TimedOut,
        UNKNOWN,
        1,
        1,
    ),
    case(
        "it has no time for pages",
        &[LOST, DARK, ("time_limit_page", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "its cursors stand still",
        &[LOST, DARK, ("cursor", "stands-still")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it has small pages",
        &[LOST, DARK, ("metadata_page_size_max", "1")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it cuts in silence",
        &[LOST, DARK, ("nested_page_cut_is_silent", "true")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "its permissions changed",
        &[LOST, DARK, ("permissions_mode_switched", "true")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
    case(
        "it answers long lists of ids with nothing",
        &[LOST, DARK, ("empty_body_from_ids", "2")],
        Succeeded,
        HIDDEN,
        1,
        1,
    ),
];

const LOST: (&str, &str) = ("refresh_answer_lost_times", "1");
const DARK: (&str, &str) = ("jobs_hidden", "true");

/// One refresh under a case; its end, or its rest in the queue, with the calls and jobs.
async fn play(case: &Case) -> (RefreshRecord, usize, usize) {
    // Dates are told in whole seconds: a job that takes two ends surely after it was asked for.
    let simulator = site(1, 2).await;
    let bench = Bench::new(&simulator, Engine::Sqlite);
    let workspace = bench.open().await;
    simulator.set_switches(|switches| {
        for (name, value) in case.set {
            switches.set(&format!("{name}={value}")).expect("a switch");
        }
    });
    let ids = ask(&workspace, [0]).await;
    let times = Tuning {
        first_retry: Duration::from_millis(50),
        // Where the date will never tell, it is not waited for as long.
        longest_doubt: if case.outcome == TimedOut {
            Duration::from_secs(5)
        } else {
            Duration::from_secs(40)
        },
        ..tuning()
    };
    let refresher = Refresher::with_tuning(Arc::clone(&workspace), CancellationToken::new(), times);
    refresher.start();
    let settled = async {
        loop {
            let found = workspace.store().find_refresh(&ids[0]).await.expect("a store");
            let record = found.expect("a row");
            let rests = case.outcome == Queued && record.outcome == Queued && record.code.is_some();
            if record.outcome.is_over() || rests {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_mins(2), settled).await;
    let record = if let Ok(record) = settled {
        record
    } else {
        let found = workspace.store().find_refresh(&ids[0]).await.expect("a store");
        found.expect("a row")
    };
    refresher.shut_down().await;
    let calls = simulator.refresh_calls().values().sum();
    let jobs = simulator.refresh_jobs().values().sum();
    (record, calls, jobs)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_switch_ends_as_the_table_says() {
    let wrong: Vec<String> = futures::stream::iter(CASES)
        .map(async |case| {
            let (record, calls, jobs) = play(case).await;
            let told = (record.outcome, record.code.as_deref(), calls, jobs);
            let expected = (case.outcome, case.code, case.calls, case.jobs);
            (told != expected).then(|| {
                format!(
                    "{}: expected {expected:?}, but {told:?}: {}",
                    case.name,
                    record.message.as_deref().unwrap_or_default()
                )
            })
        })
        .buffer_unordered(8)
        .filter_map(async |wrong| wrong)
        .collect()
        .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_switch_is_in_the_table() {
    switches::assert_all_are_in(CASES.iter().flat_map(|case| case.set));
}
