//! Refreshing extracts: Update Workbook Now, Update Data Source Now, and the jobs that come of them.
//!
//! ```text
//! POST …/refresh ─▶ 202 job                     Started
//!                   409093                      AlreadyQueued: the answer names no job
//!                   4xx with a code             Refused, 429: Throttled
//!                   5xx, cut off, no answer     Unanswered: look it up among the jobs, never send it again
//! ```
//!
//! The call is not repeated by any policy. One exception is safe: a dead session (401002) proves that the call
//! was not accepted, so that it is sent once more with a new session, when it is cleared once more.
//!
//! A job is over when it has `completedAt`; only then its `finishCode` is read: 0 done, 1 failed, 2 cancelled,
//! 3 done by Tableau Bridge, which shows 0 while Bridge is still at work.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::json;
use tailwater_core::refresh::TargetKind;

use super::assemble::last_refresh;
use super::fault::Fault;
use super::graph;
use super::metadata::{Metadata, Reply as MetadataReply};
use super::query::{PUBLISHED_DATES, Query, WORKBOOK_DATES};
use super::session::Gate;
use super::skew::Skew;
use super::tree::{Body, Node, read_body};
use super::version::ApiVersion;
use crate::error::{Error, tame};
use crate::http::{Answer, reason_phrase};
use crate::refresh::{
    CancelAnswer, Clearance, FoundJobs, JobAnswer, JobEnd, JobOutcome, Refusal, RefusalKind, Start,
    TargetRef, ToolJob,
};
use crate::retry::{parse_http_date, parse_retry_after, parse_wait_in_words};

/// The first version in which Tableau's own client asks for incremental refreshes (2025.1).
const FIRST_WITH_INCREMENTAL: ApiVersion = ApiVersion::new(3, 25);
/// Pages of the job list that are read at most.
const MOST_PAGES: usize = 10;
const PAGE_SIZE: usize = 100;
/// Jobs that are looked at one by one at most, to see what they refresh.
const MOST_LOOKED_AT: usize = 40;

/// Asks for a refresh.
pub(crate) async fn start_refresh(
    gate: &Gate,
    target: &TargetRef,
    incremental: bool,
    clearance: &mut dyn Clearance,
) -> Result<Start, Error> {
    // Whatever goes wrong here went wrong before the call.
    let session = gate.session().await?;
    let is_incremental = incremental && session.version >= FIRST_WITH_INCREMENTAL;
    let body = if is_incremental {
        r#"<tsRequest><extractRefresh incremental="true"/></tsRequest>"#
    } else {
        "<tsRequest/>"
    };
    let (what, collection) = match target.kind {
        TargetKind::Workbook => ("Update Workbook Now", "workbooks"),
        TargetKind::DataSource => ("Update Data Source Now", "datasources"),
    };
    let path = [collection, &target.id, "refresh"];
    let answer = match gate.post_cleared(what, &path, body, clearance).await {
        Ok(Some(answer)) => answer,
        Ok(None) => return Ok(Start::Withheld),
        Err(
            error @ (Error::TimedOut { .. }
            | Error::Interrupted { .. }
            | Error::TooLarge { .. }
            | Error::Malformed { .. }),
        ) => return Ok(Start::Unanswered(error)),
        Err(error) => return Err(error),
    };
    Ok(read_start(&answer, what, &gate.host(), gate.skew()))
}

fn read_start(answer: &Answer, what: &str, host: &str, skew: Skew) -> Start {
    let tree = match read_body(answer) {
        Body::Tree(tree) => Some(tree),
        _ => None,
    };
    let fault = tree.as_ref().and_then(Fault::read);
    if answer.is_success() && fault.is_none() {
        let job = tree.as_ref().map(|tree| Node::new(tree).member("job"));
        if let Some(id) = job.and_then(|job| job.text("id")) {
            return Start::Started {
                job: id,
                created_at: job
                    .and_then(|job| job.instant("createdAt"))
                    .map(|at| skew.ours(at)),
            };
        }
        return Start::Unanswered(Error::Malformed {
            what: what.to_owned(),
            reason: format!("{host} took it, but its answer names no job"),
        });
    }
    let code = fault
        .as_ref()
        .map_or_else(|| answer.status.to_string(), |fault| fault.code.clone());
    let message = fault
        .as_ref()
        .map_or_else(|| reason_phrase(answer.status).to_owned(), words);
    if answer.status == 429 || code.starts_with("429") {
        return Start::Throttled {
            retry_after: asked_to_wait(answer, &message),
            message,
        };
    }
    if code == "409093" {
        return Start::AlreadyQueued { message };
    }
    if answer.status >= 500 || answer.status == 408 || answer.is_success() || code.starts_with('5') {
        return Start::Unanswered(Error::Server {
            what: what.to_owned(),
            host: host.to_owned(),
            status: answer.status,
            detail: message,
        });
    }
    let kind = kind_of(&code);
    let hint = hint_for(kind).map(str::to_owned);
    Start::Refused(Refusal {
        kind,
        code,
        message,
        hint,
    })
}

/// What Tableau's code says about why (Tableau REST API, "Handling errors").
fn kind_of(code: &str) -> RefusalKind {
    match code {
        "409090" | "403104" => RefusalKind::NoExtract,
        "409082" | "403157" => RefusalKind::Disabled,
        "404" => RefusalKind::Other,
        _ if code.starts_with("404") => RefusalKind::Gone,
        _ if code.starts_with("403") || code.starts_with("401") => RefusalKind::Forbidden,
        _ => RefusalKind::Other,
    }
}

const fn hint_for(kind: RefusalKind) -> Option<&'static str> {
    match kind {
        RefusalKind::NoExtract => Some(
            "It asks the warehouse each time, so there is nothing to refresh. The next sync takes notice of it.",
        ),
        RefusalKind::Forbidden => Some(
            "Refreshing needs an administrator of the site, the owner, or a project leader. Give the token's user \
             one of these.",
        ),
        RefusalKind::Gone => {
            Some("It was deleted, or hidden from the token's user. The next sync takes notice of it.")
        }
        RefusalKind::Disabled => {
            Some("An administrator of the site turns \"Run Now\" on under Settings, General.")
        }
        RefusalKind::Other => None,
    }
}

/// Summary and detail as one text.
fn words(fault: &Fault) -> String {
    match (fault.summary.is_empty(), fault.detail.is_empty()) {
        (_, true) => fault.summary.clone(),
        (true, false) => fault.detail.clone(),
        (false, false) => format!("{}: {}", fault.summary, fault.detail),
    }
}

/// How long a throttled call is to wait: by header, or by the minutes that stand in the text alone, as in
/// `Please retry after 29 minutes.`
fn asked_to_wait(answer: &Answer, message: &str) -> Option<Duration> {
    let by_header = answer.header("retry-after").and_then(|value| {
        match answer.header("date").and_then(parse_http_date) {
            Some(now) => parse_retry_after(value, now),
            None => value.trim().parse().ok().map(Duration::from_secs),
        }
    });
    let wait = by_header.or_else(|| parse_wait_in_words(message))?;
    Some(wait.min(Duration::from_hours(24)))
}

/// How a job stands.
pub(crate) async fn fetch_job(gate: &Gate, job: &str) -> Result<JobAnswer, Error> {
    match gate.get("Query Job", &["jobs", job], &[]).await {
        Ok(tree) => {
            let node = Node::new(&tree).member("job");
            read_job(node, gate.skew())
                .map(JobAnswer::Known)
                .ok_or_else(|| Error::Malformed {
                    what: "Query Job".to_owned(),
                    reason: "the answer holds no job".to_owned(),
                })
        }
        Err(Error::Tableau { code, .. }) if code == "404018" => Ok(JobAnswer::Unknown),
        Err(Error::Tableau {
            code,
            summary,
            detail,
            ..
        }) if code.starts_with("403") => Ok(JobAnswer::Hidden {
            message: words(&Fault {
                code,
                summary,
                detail,
            }),
        }),
        // A connected app on a server that knows no scope for jobs.
        Err(error @ Error::ScopeMissing { .. }) => Ok(JobAnswer::Hidden {
            message: error.to_string(),
        }),
        Err(error) => Err(error),
    }
}

/// Reads a job as Query Job gives it, with its instants by our clock.
fn read_job(node: Node<'_>, skew: Skew) -> Option<ToolJob> {
    let instant = |name: &str| node.instant(name).map(|at| skew.ours(at));
    let id = node.text("id")?;
    let refresh = node.member("extractRefreshJob");
    let target = |name: &str, kind: TargetKind| Some((kind, refresh.member(name).text("id")?));
    let target =
        target("workbook", TargetKind::Workbook).or_else(|| target("datasource", TargetKind::DataSource));
    // Without `completedAt` a code says nothing: Bridge shows 0 while it is at work, other jobs 1.
    let end = instant("completedAt").map(|at| JobEnd {
        at,
        how: match node.text("finishCode").as_deref() {
            Some("0" | "3") => JobOutcome::Succeeded,
            Some("1") => JobOutcome::Failed,
            Some("2") => JobOutcome::Cancelled,
            _ => JobOutcome::Unclear,
        },
    });
    Some(ToolJob {
        id,
        target,
        created_at: instant("createdAt"),
        started_at: instant("startedAt"),
        end,
        message: notes(refresh).or_else(|| notes(node)),
    })
}

/// What Tableau notes about a job: `notes`, and for some kinds `statusNotes`.
fn notes(node: Node<'_>) -> Option<String> {
    let mut told = Vec::new();
    told.extend(node.text("notes"));
    for note in node.list("statusNotes", "statusNote") {
        told.extend(note.text("text").or_else(|| note.text("value")));
    }
    let text = tame(&told.join("; "));
    (!text.is_empty()).then_some(text)
}

/// The jobs that refresh a target. The list names no ids of what is refreshed, and names repeat, so that jobs
/// that may fit are looked at one by one: those with the target's name first, others only when none of these fits.
pub(crate) async fn find_jobs(
    gate: &Gate,
    target: &TargetRef,
    since: DateTime<Utc>,
) -> Result<FoundJobs, Error> {
    let JobList {
        jobs: listed,
        is_whole,
    } = match list_jobs(gate, since).await {
        Ok(listed) => listed,
        Err(Error::Tableau {
            code,
            summary,
            detail,
            ..
        }) if code.starts_with("403") => {
            return Ok(FoundJobs::Hidden {
                message: words(&Fault {
                    code,
                    summary,
                    detail,
                }),
            });
        }
        Err(error @ Error::ScopeMissing { .. }) => {
            return Ok(FoundJobs::Hidden {
                message: error.to_string(),
            });
        }
        Err(error) => return Err(error),
    };
    let (named, others): (Vec<_>, Vec<_>) = listed
        .into_iter()
        .partition(|job| job.title.as_deref() == Some(target.name.as_str()));
    let mut jobs = look_at(gate, target, &named).await?;
    if jobs.is_empty() {
        // It may have been renamed since the last sync.
        jobs = look_at(gate, target, &others).await?;
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created_at));
    Ok(FoundJobs::Listed { jobs, is_whole })
}

async fn look_at(gate: &Gate, target: &TargetRef, listed: &[ListedJob]) -> Result<Vec<ToolJob>, Error> {
    let mut found = Vec::new();
    for job in listed.iter().take(MOST_LOOKED_AT) {
        if let JobAnswer::Known(job) = fetch_job(gate, &job.id).await?
            && job
                .target
                .as_ref()
                .is_some_and(|(kind, id)| *kind == target.kind && id.eq_ignore_ascii_case(&target.id))
        {
            found.push(job);
        }
    }
    Ok(found)
}

/// A row of the job list.
struct ListedJob {
    id: String,
    title: Option<String>,
}

/// The job list, as far as it was told.
struct JobList {
    jobs: Vec<ListedJob>,
    is_whole: bool,
}

async fn list_jobs(gate: &Gate, since: DateTime<Utc>) -> Result<JobList, Error> {
    // What its clock shows is known by its answers.
    gate.session().await?;
    let since = gate.skew().theirs(since);
    let filter = format!(
        "jobType:in:[refresh_extracts,increment_extracts],createdAt:gte:{}",
        since.format("%Y-%m-%dT%H:%M:%SZ")
    );
    let mut jobs: Vec<ListedJob> = Vec::new();
    let (mut told, mut is_at_end) = (0, false);
    for number in 1..=MOST_PAGES {
        let query = [
            ("filter".to_owned(), filter.clone()),
            ("sort".to_owned(), "createdAt:desc".to_owned()),
            ("pageSize".to_owned(), PAGE_SIZE.to_string()),
            ("pageNumber".to_owned(), number.to_string()),
        ];
        let page = match gate.get("Query Jobs", &["jobs"], &query).await {
            Ok(tree) => tree,
            // A page past the end of a list that fills its last page.
            Err(Error::Tableau { code, .. }) if code == "400006" && number > 1 => {
                is_at_end = true;
                break;
            }
            Err(error) => return Err(error),
        };
        let node = Node::new(&page);
        let rows = node.list("backgroundJobs", "backgroundJob");
        let length = rows.len();
        for row in rows {
            if let Some(id) = row.text("id").filter(|id| jobs.iter().all(|job| job.id != *id)) {
                jobs.push(ListedJob {
                    id,
                    title: row.text("title"),
                });
            }
        }
        let total = node.member("pagination").number("totalAvailable");
        let is_last = match total {
            Some(total) => (number * PAGE_SIZE) as u64 >= total,
            None => length < PAGE_SIZE,
        };
        told = told.max(total.unwrap_or_default());
        if is_last || length == 0 {
            is_at_end = true;
            break;
        }
    }
    Ok(JobList {
        // A page that came empty or twice leaves fewer than were counted.
        is_whole: is_at_end && jobs.len() as u64 >= told,
        jobs,
    })
}

/// Asks Tableau to cancel a job.
pub(crate) async fn cancel_job(gate: &Gate, job: &str) -> Result<CancelAnswer, Error> {
    let answer = gate.put("Cancel Job", &["jobs", job]).await?;
    if answer.is_success() {
        return Ok(CancelAnswer::Asked);
    }
    let fault = match read_body(&answer) {
        Body::Tree(tree) => Fault::read(&tree),
        _ => None,
    };
    match fault {
        Some(fault) if matches!(fault.code.as_str(), "403091" | "404018") => Ok(CancelAnswer::Over),
        Some(fault) if answer.status < 500 && answer.status != 429 => Ok(CancelAnswer::Refused {
            message: words(&fault),
        }),
        fault => Err(Error::Server {
            what: "Cancel Job".to_owned(),
            host: gate.host(),
            status: answer.status,
            detail: fault
                .as_ref()
                .map_or_else(|| reason_phrase(answer.status).to_owned(), words),
        }),
    }
}

/// When the extract of a target was last refreshed, by the Metadata API; of several the oldest; by our clock.
pub(crate) async fn fetch_extract_time(
    gate: &Gate,
    target: &TargetRef,
) -> Result<Option<DateTime<Utc>>, Error> {
    let told = match target.kind {
        TargetKind::Workbook => {
            let workbook: Option<graph::Workbook> = fetch_dates(gate, WORKBOOK_DATES, target).await?;
            workbook.and_then(|workbook| oldest_extract(&workbook))
        }
        TargetKind::DataSource => {
            let source: Option<graph::DataSource> = fetch_dates(gate, PUBLISHED_DATES, target).await?;
            source.as_ref().and_then(last_refresh)
        }
    };
    Ok(told.map(|at| gate.skew().ours(at)))
}

/// The one object of a query for dates that was asked for; `None` when Tableau's index does not know it.
async fn fetch_dates<T: DeserializeOwned>(
    gate: &Gate,
    query: Query,
    target: &TargetRef,
) -> Result<Option<T>, Error> {
    let metadata = Metadata::new(gate);
    let variables = json!({"first": 1, "ids": [target.id]});
    Ok(match metadata.ask::<graph::Data<T>>(query, &variables).await? {
        MetadataReply::Whole(data) | MetadataReply::Flawed(data, _) => {
            data.page.and_then(|page| page.nodes.items.into_iter().next())
        }
        MetadataReply::TooBig(..) => None,
    })
}

fn oldest_extract(workbook: &graph::Workbook) -> Option<DateTime<Utc>> {
    let sources = &workbook.embedded_datasources.items;
    let extracts = sources.iter().filter(|source| source.has_extracts != Some(false));
    extracts.filter_map(last_refresh).min()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use reqwest::header::HeaderMap;
    use rstest::rstest;

    use super::super::tree::parse_instant;
    use super::*;

    /// Of clocks that agree.
    fn same() -> Skew {
        Skew::of(TimeDelta::zero())
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn start(status: u16, body: &str) -> Start {
        read_start(
            &answer(status, body),
            "Update Workbook Now",
            "bi.acme.com",
            same(),
        )
    }

    fn fault(code: &str, detail: &str) -> String {
        format!(r#"{{"error":{{"code":"{code}","summary":"Sum","detail":"{detail}"}}}}"#)
    }

    #[rstest]
    #[case(r#"{"job":{"id":"bb1a","mode":"Asynchronous","createdAt":"2025-03-04T05:06:07Z"}}"#)]
    #[case(r#"<tsResponse xmlns="http://tableau.com/api"><job id="bb1a" mode="Asynchronous" type="RefreshExtract" createdAt="2025-03-04T05:06:07Z"><extractRefreshJob><workbook id="9df3" name="Sales"/></extractRefreshJob></job></tsResponse>"#)]
    #[case(r#"{"job":[{"id":"bb1a","createdAt":"2025-03-04T05:06:07.000Z"}]}"#)]
    fn a_job_is_read_in_its_forms(#[case] body: &str) {
        let expected = Start::Started {
            job: "bb1a".to_owned(),
            created_at: parse_instant("2025-03-04T05:06:07Z"),
        };
        assert_eq!(start(202, body), expected);
    }

    #[rstest]
    #[case(409, "409090", RefusalKind::NoExtract)]
    #[case(403, "403104", RefusalKind::NoExtract)]
    #[case(409, "409082", RefusalKind::Disabled)]
    #[case(403, "403076", RefusalKind::Forbidden)]
    #[case(403, "403077", RefusalKind::Forbidden)]
    #[case(403, "403004", RefusalKind::Forbidden)]
    #[case(404, "404006", RefusalKind::Gone)]
    #[case(404, "404004", RefusalKind::Gone)]
    #[case(400, "400000", RefusalKind::Other)]
    fn refusals_have_their_kind(#[case] status: u16, #[case] code: &str, #[case] kind: RefusalKind) {
        let Start::Refused(refusal) = start(status, &fault(code, "No.")) else {
            panic!("{code}");
        };
        assert_eq!((refusal.kind, refusal.code.as_str()), (kind, code));
        assert_eq!(refusal.message, "Sum: No.");
    }

    #[rstest]
    #[case(500, "")]
    #[case(503, "<html><body>Down</body></html>")]
    #[case(408, "")]
    #[case(202, "")]
    #[case(202, "{}")]
    #[case(200, "<html>hello</html>")]
    fn what_may_have_come_through_is_unanswered(#[case] status: u16, #[case] body: &str) {
        assert!(
            matches!(start(status, body), Start::Unanswered(_)),
            "{status} {body}"
        );
    }

    #[test]
    fn a_page_of_a_proxy_is_a_refusal_and_no_deletion() {
        let Start::Refused(refusal) = start(404, "<html>not found</html>") else {
            panic!("refused");
        };
        assert_eq!(refusal.kind, RefusalKind::Other);
    }

    #[test]
    fn a_duplicate_is_no_failure() {
        let body = fault(
            "409093",
            "Job for 'X' is already queued. Not queuing a duplicate.",
        );
        assert!(
            matches!(start(409, &body), Start::AlreadyQueued { message } if message.contains("already queued"))
        );
    }

    #[rstest]
    #[case("Too many requests for 'api.rest.refresh_extracts'. Please retry after 29 minutes.", Some(29 * 60))]
    #[case("Please retry after 1 minute.", Some(60))]
    #[case("retry after 30 seconds", Some(30))]
    #[case("Please retry after 99999999999999999 hours.", None)]
    #[case("Please retry after 999999 hours.", Some(24 * 60 * 60))]
    #[case("Slow down.", None)]
    fn minutes_stand_in_the_text(#[case] detail: &str, #[case] seconds: Option<u64>) {
        let Start::Throttled { retry_after, .. } = start(429, &fault("429000", detail)) else {
            panic!("throttled");
        };
        assert_eq!(retry_after, seconds.map(Duration::from_secs));
    }

    fn job(text: &str) -> ToolJob {
        let Body::Tree(tree) = read_body(&answer(200, text)) else {
            panic!("{text}");
        };
        read_job(Node::new(&tree).member("job"), same()).unwrap()
    }

    #[test]
    fn only_a_job_with_its_completion_is_over() {
        let running = job(
            r#"{"job":{"id":"1","finishCode":"0","progress":"0","extractRefreshJob":{"datasource":{"id":"d1"}}}}"#,
        );
        assert_eq!(running.end, None);
        assert_eq!(running.target, Some((TargetKind::DataSource, "d1".to_owned())));
        let publishing = job(r#"{"job":{"id":"1","finishCode":1}}"#);
        assert_eq!(publishing.end, None);
        let how = |code: &str| {
            let text =
                format!(r#"{{"job":{{"id":"1","completedAt":"2025-03-04T05:08:00Z","finishCode":{code}}}}}"#);
            job(&text).end.unwrap().how
        };
        assert_eq!(how("0"), JobOutcome::Succeeded);
        assert_eq!(how("\"3\""), JobOutcome::Succeeded);
        assert_eq!(how("\"1\""), JobOutcome::Failed);
        assert_eq!(how("2"), JobOutcome::Cancelled);
        assert_eq!(how("7"), JobOutcome::Unclear);
        assert_eq!(how("null"), JobOutcome::Unclear);
    }

    #[rstest]
    #[case(r#"<tsResponse xmlns="http://tableau.com/api"><job id="1"><extractRefreshJob><workbook id="w"/><notes>java.lang.RuntimeException: Login failed</notes></extractRefreshJob></job></tsResponse>"#)]
    #[case(r#"{"job":{"id":"1","extractRefreshJob":{"notes":"java.lang.RuntimeException: Login failed"}}}"#)]
    #[case(r#"{"job":{"id":"1","notes":"java.lang.RuntimeException: Login failed"}}"#)]
    #[case(r#"{"job":{"id":"1","statusNotes":{"statusNote":[{"type":"x","value":"3","text":"java.lang.RuntimeException: Login failed"}]}}}"#)]
    #[case(r#"{"job":{"id":"1","statusNotes":{"statusNote":{"text":"java.lang.RuntimeException: Login failed"}}}}"#)]
    fn notes_are_found_wherever_they_stand(#[case] text: &str) {
        let message = job(text).message;
        assert_eq!(
            message.as_deref(),
            Some("java.lang.RuntimeException: Login failed")
        );
    }

    #[test]
    fn of_several_extracts_the_oldest_counts() {
        let workbook = json!({"id": "1", "embeddedDatasources": [
            {"hasExtracts": true, "extractLastRefreshTime": "2026-01-02T00:00:00Z"},
            {"hasExtracts": true, "extractLastRefreshTime": "2026-01-01T00:00:00Z", "extractLastUpdateTime": "2026-01-03T00:00:00Z"},
            {"hasExtracts": false, "extractLastRefreshTime": "2025-01-01T00:00:00Z"},
        ]});
        let workbook = serde_json::from_value(workbook).unwrap();
        assert_eq!(oldest_extract(&workbook), parse_instant("2026-01-02T00:00:00Z"));
        assert_eq!(oldest_extract(&graph::Workbook::default()), None);
    }
}
