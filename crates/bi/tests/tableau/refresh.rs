//! Refreshing against a Tableau that behaves, and one that does not.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use tailwater_bi::{
    CancelAnswer, Clearance, Connector, Error, ExtractRefresher, FoundJobs, JobAnswer, JobOutcome,
    RefusalKind, Start, TableauConnector, TargetRef, ToolJob,
};
use tailwater_core::refresh::TargetKind;
use tailwater_tableau_sim::{Options, Running, Simulator, SiteFile};
use tokio::time::Instant;

use crate::support::{HEAD, connect, connect_with, settings};

const SITE: &str = r#"
[[site.datasource]]
name = "Model"
connection = "warehouse"
tables = ["MARTS.MODEL"]
extract = true
bridge = true
luid = "00000000-0000-0000-0000-0000000000d1"
refresh = { seconds = 20, queued_seconds = 10 }

[[site.workbook]]
name = "Sales"
project = "P"
luid = "00000000-0000-0000-0000-0000000000a1"
datasources = [{ connection = "warehouse", tables = ["M.A"], extract = true }]
refresh = { seconds = 20, queued_seconds = 10, outcome = "failed", notes = "java.lang.RuntimeException: Login failed" }

[[site.workbook]]
name = "Live"
project = "P"
luid = "00000000-0000-0000-0000-0000000000a2"
datasources = [{ connection = "warehouse", tables = ["M.B"] }]
"#;

/// Clears the call so many times.
struct Cleared(usize);

#[async_trait]
impl Clearance for Cleared {
    async fn clear(&mut self) -> Option<Instant> {
        self.0 = self.0.checked_sub(1)?;
        Some(Instant::now() + Duration::from_mins(2))
    }
}

/// Clears the call for so long.
struct ClearedFor(Duration);

#[async_trait]
impl Clearance for ClearedFor {
    async fn clear(&mut self) -> Option<Instant> {
        Some(Instant::now() + self.0)
    }
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 4, 5, 6, 7).unwrap()
}

async fn site() -> Running {
    let file = SiteFile::from_toml(&format!("{HEAD}\n{SITE}")).expect("the site file is right");
    let options = Options {
        clock_stands_at: Some(now()),
        ..Options::default()
    };
    Simulator::start(file, options)
        .await
        .expect("the simulator starts")
}

fn target(kind: TargetKind, name: &str, last: &str) -> TargetRef {
    TargetRef {
        kind,
        id: format!("00000000-0000-0000-0000-0000000000{last}"),
        name: name.to_owned(),
    }
}

fn sales() -> TargetRef {
    target(TargetKind::Workbook, "Sales", "a1")
}

fn model() -> TargetRef {
    target(TargetKind::DataSource, "Model", "d1")
}

async fn started(connector: &TableauConnector, target: &TargetRef) -> String {
    match connector
        .start_refresh(target, false, &mut Cleared(usize::MAX))
        .await
        .unwrap()
    {
        Start::Started { job, .. } => job,
        other => panic!("{other:?}"),
    }
}

async fn job(connector: &TableauConnector, id: &str) -> ToolJob {
    match connector.fetch_job(id).await.unwrap() {
        JobAnswer::Known(job) => job,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refresh_is_started_watched_and_found() {
    let running = site().await;
    let connector = connect(&running);
    let id = started(&connector, &sales()).await;
    assert!(matches!(
        connector.start_refresh(&sales(), false, &mut Cleared(usize::MAX)).await.unwrap(),
        Start::AlreadyQueued { message } if message.contains("already queued")
    ));
    assert_eq!(job(&connector, &id).await.end, None);
    let found = connector.find_jobs(&sales(), now()).await.unwrap();
    let FoundJobs::Listed { jobs, is_whole: true } = found else {
        panic!("the list is hidden");
    };
    assert_eq!(jobs.len(), 1);
    assert_eq!(
        (jobs[0].id.as_str(), jobs[0].created_at),
        (id.as_str(), Some(now()))
    );
    let later = now() + TimeDelta::seconds(1);
    assert!(
        matches!(connector.find_jobs(&sales(), later).await.unwrap(), FoundJobs::Listed { jobs, .. } if jobs.is_empty())
    );
    // Another target's job of the same name is not taken for this one's.
    let twin = TargetRef {
        id: model().id,
        kind: TargetKind::DataSource,
        ..sales()
    };
    assert!(
        matches!(connector.find_jobs(&twin, now()).await.unwrap(), FoundJobs::Listed { jobs, .. } if jobs.is_empty())
    );
    // Renamed since the last sync.
    let renamed = TargetRef {
        name: "Old name".to_owned(),
        ..sales()
    };
    assert!(
        matches!(connector.find_jobs(&renamed, now()).await.unwrap(), FoundJobs::Listed { jobs, .. } if jobs.len() == 1)
    );

    running.clock().advance(TimeDelta::seconds(30));
    let over = job(&connector, &id).await;
    let end = over.end.unwrap();
    assert_eq!(
        (end.how, end.at),
        (JobOutcome::Failed, now() + TimeDelta::seconds(30))
    );
    assert_eq!(
        over.message.as_deref(),
        Some("java.lang.RuntimeException: Login failed")
    );
    assert_eq!(
        connector.fetch_job("no-such-job").await.unwrap(),
        JobAnswer::Unknown
    );
}

#[tokio::test]
async fn bridge_is_done_at_its_own_end() {
    let running = site().await;
    let connector = connect(&running);
    let id = started(&connector, &model()).await;
    running.clock().advance(TimeDelta::seconds(25));
    assert_eq!(job(&connector, &id).await.end, None);
    running.clock().advance(TimeDelta::seconds(5));
    assert_eq!(job(&connector, &id).await.end.unwrap().how, JobOutcome::Succeeded);
    let time = connector.fetch_extract_time(&model()).await.unwrap();
    assert_eq!(time, Some(now() + TimeDelta::seconds(30)));
}

#[tokio::test]
async fn what_may_have_come_through_is_said_and_not_repeated() {
    for change in [
        (|switches| switches.refresh_answer_lost_times = 1) as fn(&mut tailwater_tableau_sim::Switches),
        |switches| switches.refresh_error_after_times = 1,
        |switches| {
            switches.refresh_error_after_times = 1;
            switches.server_error_status = 503;
            switches.retry_after_seconds = Some(100_000);
        },
        |switches| switches.server_error_times = 1,
    ] {
        let running = site().await;
        let connector = connect(&running);
        // Signed in before, so that the switch strikes the call itself.
        connector.find_jobs(&sales(), now()).await.unwrap();
        running.set_switches(change);
        let start = connector
            .start_refresh(&sales(), false, &mut Cleared(usize::MAX))
            .await
            .unwrap();
        assert!(matches!(start, Start::Unanswered(_)), "{start:?}");
        assert_eq!(running.refresh_calls()[&sales().id], 1);
    }
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for_for_ever() {
    let running = site().await;
    let mut settings = settings(
        running.base_url(),
        "acme",
        "tailwater",
        crate::support::TOKEN_SECRET,
    );
    settings.limits.total_timeout = Duration::from_millis(300);
    let connector = connect_with(settings);
    connector.find_jobs(&sales(), now()).await.unwrap();
    running.set_switches(|switches| switches.refresh_delay_milliseconds = 5_000);
    let start = connector
        .start_refresh(&sales(), false, &mut Cleared(usize::MAX))
        .await
        .unwrap();
    assert!(
        matches!(start, Start::Unanswered(Error::TimedOut { .. })),
        "{start:?}"
    );
    assert_eq!(running.refresh_jobs()[&sales().id], 1);
}

#[tokio::test]
async fn a_stolen_session_is_renewed_and_the_call_sent_once_more() {
    let running = site().await;
    let connector = connect(&running);
    connector.find_jobs(&sales(), now()).await.unwrap();
    running.set_switches(|switches| switches.session_stolen_times = 1);
    started(&connector, &sales()).await;
    assert_eq!(running.refresh_calls()[&sales().id], 1);
    assert_eq!(running.count("/auth/signin"), 2);
}

/// Between a refused call and its repetition a new sign-in takes its time: whether the call may still go out is asked anew.
#[tokio::test]
async fn what_is_not_cleared_is_not_sent_and_neither_is_its_repetition() {
    let running = site().await;
    let connector = connect(&running);
    let start = connector.start_refresh(&sales(), false, &mut Cleared(0)).await;
    assert_eq!(start.unwrap(), Start::Withheld);
    assert_eq!(running.count("/refresh"), 0);
    assert_eq!(
        running.count("/auth/signin"),
        1,
        "all is ready before it is asked"
    );
    running.set_switches(|switches| switches.session_stolen_times = 1);
    let start = connector.start_refresh(&sales(), false, &mut Cleared(1)).await;
    assert_eq!(start.unwrap(), Start::Withheld);
    assert_eq!((running.count("/refresh"), running.count("/auth/signin")), (1, 2));
    assert!(running.refresh_jobs().is_empty());
}

#[tokio::test]
async fn a_call_is_broken_off_when_its_time_is_over() {
    let running = site().await;
    let connector = connect(&running);
    running.set_switches(|switches| switches.refresh_delay_milliseconds = 60_000);
    let mut clearance = ClearedFor(Duration::from_millis(300));
    let start = connector
        .start_refresh(&sales(), false, &mut clearance)
        .await
        .unwrap();
    assert!(
        matches!(start, Start::Unanswered(Error::TimedOut { .. })),
        "{start:?}"
    );
    let start = connector
        .start_refresh(&model(), false, &mut ClearedFor(Duration::ZERO))
        .await
        .unwrap();
    assert!(
        matches!(start, Start::Unanswered(Error::TimedOut { .. })),
        "{start:?}"
    );
    assert_eq!(
        running.refresh_calls().get(&model().id),
        None,
        "it was not even begun"
    );
}

#[tokio::test]
async fn an_unreachable_server_was_surely_not_asked() {
    let running = site().await;
    let connector = connect(&running);
    running.stop().await;
    let error = connector
        .start_refresh(&sales(), false, &mut Cleared(usize::MAX))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn refusals_say_why() {
    let running = site().await;
    let connector = connect(&running);
    let kind = async |target: &TargetRef| match connector
        .start_refresh(target, false, &mut Cleared(usize::MAX))
        .await
        .unwrap()
    {
        Start::Refused(refusal) => (refusal.kind, refusal.code),
        other => panic!("{other:?}"),
    };
    let live = target(TargetKind::Workbook, "Live", "a2");
    assert_eq!(kind(&live).await, (RefusalKind::NoExtract, "409090".to_owned()));
    let gone = target(TargetKind::Workbook, "Gone", "a9");
    assert_eq!(kind(&gone).await, (RefusalKind::Gone, "404006".to_owned()));
    let gone = target(TargetKind::DataSource, "Gone", "d9");
    assert_eq!(kind(&gone).await, (RefusalKind::Gone, "404004".to_owned()));
    running.set_switches(|switches| switches.run_now_disabled = true);
    assert_eq!(kind(&sales()).await, (RefusalKind::Disabled, "409082".to_owned()));
}

#[tokio::test]
async fn who_may_not_refresh_is_told_so_and_sees_no_jobs() {
    let running = site().await;
    let viewer = connect_with(settings(running.base_url(), "acme", "viewer", "viewer-secret"));
    let Start::Refused(refusal) = viewer
        .start_refresh(&sales(), false, &mut Cleared(usize::MAX))
        .await
        .unwrap()
    else {
        panic!("a viewer refreshed");
    };
    assert_eq!(
        (refusal.kind, refusal.code.as_str()),
        (RefusalKind::Forbidden, "403076")
    );
    assert!(refusal.hint.unwrap().contains("administrator"));
    assert!(matches!(
        viewer.find_jobs(&sales(), now()).await.unwrap(),
        FoundJobs::Hidden { .. }
    ));

    let connector = connect(&running);
    let id = started(&connector, &sales()).await;
    running.set_switches(|switches| switches.jobs_hidden = true);
    assert!(matches!(
        connector.fetch_job(&id).await.unwrap(),
        JobAnswer::Hidden { .. }
    ));
}

#[tokio::test]
async fn a_site_that_takes_no_more_names_the_minutes() {
    let running = site().await;
    let connector = connect(&running);
    running.set_switches(|switches| switches.refreshes_per_hour = Some(1));
    started(&connector, &sales()).await;
    running.clock().advance(TimeDelta::minutes(31));
    let Start::Throttled { retry_after, message } = connector
        .start_refresh(&model(), false, &mut Cleared(usize::MAX))
        .await
        .unwrap()
    else {
        panic!("not throttled");
    };
    assert_eq!(retry_after, Some(Duration::from_mins(29)));
    assert!(message.contains("29 minutes"), "{message}");
}

#[tokio::test]
async fn cancelling_is_asked_for_once_it_runs() {
    let running = site().await;
    let connector = connect(&running);
    let id = started(&connector, &sales()).await;
    assert_eq!(connector.cancel_job(&id).await.unwrap(), CancelAnswer::Asked);
    running.clock().advance(TimeDelta::seconds(1));
    assert_eq!(job(&connector, &id).await.end.unwrap().how, JobOutcome::Cancelled);
    assert_eq!(connector.cancel_job(&id).await.unwrap(), CancelAnswer::Over);
    connector.sign_out().await;
}

#[tokio::test]
async fn new_rows_alone_are_asked_for_where_the_server_can() {
    for (version, job_type) in [("3.25", "increment_extracts"), ("3.24", "refresh_extracts")] {
        let running = site().await;
        running.set_switches(|switches| switches.rest_version = Some(version.to_owned()));
        let connector = connect(&running);
        connector
            .start_refresh(&sales(), true, &mut Cleared(usize::MAX))
            .await
            .unwrap();
        assert_eq!(running.refresh_kinds()[&sales().id], [job_type]);
    }
}
