//! Extract refreshes and their jobs.

use chrono::TimeDelta;
use uuid::Uuid;

use super::call::{Call, Reply, SignedIn};
use super::{datasource, workbook};
use crate::job::Job;
use crate::site::{Kind, Ref, Site};
use crate::wire::{COMPARISON, Element, Fault, Filter, FilterField, Scalar, SortKey};

const FILTERS: &[FilterField] = &[
    FilterField {
        name: "jobType",
        operators: &["eq", "in"],
    },
    FilterField {
        name: "status",
        operators: &["eq", "in"],
    },
    FilterField {
        name: "progress",
        operators: COMPARISON,
    },
    FilterField {
        name: "createdAt",
        operators: COMPARISON,
    },
    FilterField {
        name: "startedAt",
        operators: COMPARISON,
    },
    FilterField {
        name: "completedAt",
        operators: COMPARISON,
    },
    FilterField {
        name: "priority",
        operators: COMPARISON,
    },
    FilterField {
        name: "title",
        operators: &["eq", "in", "has"],
    },
    FilterField {
        name: "subtitle",
        operators: &["eq", "in", "has"],
    },
    FilterField {
        name: "args",
        operators: &["has"],
    },
    FilterField {
        name: "notes",
        operators: &["has"],
    },
];
const SORTS: &[&str] = &[
    "jobType",
    "status",
    "progress",
    "createdAt",
    "startedAt",
    "completedAt",
    "priority",
    "title",
];

/// `POST …/workbooks/{workbook}/refresh` → 202.
pub(super) fn refresh_workbook(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = workbook::find(call, session)?;
    workbook::require_control(session, session.site.workbooks[index as usize].owner, 403_076)?;
    start(call, Ref::new(Kind::Workbook, index), 202)
}

/// `POST …/datasources/{datasource}/refresh` → 202.
pub(super) fn refresh_datasource(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = datasource::find(session, call.part(0))?;
    let owner = session.site.datasources[index as usize]
        .published
        .as_ref()
        .map_or(0, |published| published.owner);
    workbook::require_control(session, owner, 403_077)?;
    start(call, Ref::new(Kind::Datasource, index), 202)
}

/// Starts a refresh of a workbook or published data source. The body must be valid, even when it says nothing.
pub(super) fn start(call: &Call<'_>, target: Ref, status: u16) -> Result<Reply, Fault> {
    let session = call.session()?;
    let body = call.body()?;
    let incremental = body
        .child("extractRefresh")
        .and_then(|refresh| refresh.attribute("incremental"))
        == Some("true");
    let site = &session.site;
    let (name, has_extract, bridge, plan) = describe(site, target);
    if !site.run_now || call.switches.run_now_disabled {
        return Err(Fault::conflict(
            409_082,
            "Running extract refreshes on demand is disabled for this site.",
        ));
    }
    if !has_extract {
        let kind = if target.kind == Kind::Workbook {
            "workbook"
        } else {
            "datasource"
        };
        return Err(Fault::conflict(
            409_090,
            format!("Extract operation for the {kind} '{name}' is not allowed."),
        ));
    }
    let job = Job {
        luid: Uuid::new_v4(),
        target,
        target_luid: site.identity(target).luid,
        target_name: name.clone(),
        incremental,
        bridge,
        plan,
        created_at: call.now,
        cancelled_at: None,
        begun: false,
        settled: false,
    };
    let mut state = call.world.state();
    let hosted = state
        .sites
        .get_mut(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    if hosted
        .jobs
        .iter()
        .any(|other| other.target == target && !other.status(call.now).is_over())
    {
        return Err(Fault::conflict(
            409_093,
            format!("Job for '{name}' is already queued. Not queuing a duplicate."),
        ));
    }
    let an_hour_ago = call.now - TimeDelta::hours(1);
    hosted.refreshes.retain(|&at| at > an_hour_ago);
    if let Some(limit) = call.switches.refreshes_per_hour
        && hosted.refreshes.len() >= limit as usize
    {
        let free_at = hosted
            .refreshes
            .front()
            .map_or(call.now, |&first| first + TimeDelta::hours(1));
        let minutes = ((free_at - call.now).num_seconds() + 59) / 60;
        return Err(Fault::new(
            429_000,
            "Too Many Requests",
            format!(
                "Too many requests for 'api.rest.refresh_extracts'. Please retry after {minutes} minutes."
            ),
        ));
    }
    hosted.refreshes.push_back(call.now);
    let element = started(&job);
    hosted.jobs.push(job);
    Ok(Reply::new(status, [element]))
}

/// Name, whether there is an extract, whether Bridge refreshes it, and how a refresh goes.
fn describe(site: &Site, target: Ref) -> (String, bool, bool, crate::site::RefreshPlan) {
    if target.kind == Kind::Workbook {
        let workbook = &site.workbooks[target.at()];
        let mut datasources = workbook.datasources.iter();
        let has_extract = datasources.any(|&index| site.datasources[index as usize].extract.is_some());
        return (
            workbook.name.clone(),
            has_extract,
            false,
            workbook.refresh.clone(),
        );
    }
    let datasource = &site.datasources[target.at()];
    let published = datasource.published.as_ref();
    (
        datasource.name.clone(),
        datasource.extract.is_some(),
        published.is_some_and(|published| published.bridge),
        published
            .map(|published| published.refresh.clone())
            .unwrap_or_default(),
    )
}

fn target_element(job: &Job) -> Element {
    let name = if job.target.kind == Kind::Workbook {
        "workbook"
    } else {
        "datasource"
    };
    Element::new(name)
        .with("id", job.target_luid)
        .with("name", &job.target_name)
}

/// The job as the call that started it answers.
fn started(job: &Job) -> Element {
    Element::new("job")
        .with("id", job.luid)
        .with("mode", "Asynchronous")
        .with("type", "RefreshExtract")
        .with("createdAt", job.created_at)
        .child(Element::new("extractRefreshJob").child(target_element(job)))
}

/// `GET …/jobs/{job}`.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let job = find(call, session)?;
    let now = call.now;
    let completed_at = job.completed_at(now);
    let notes = (completed_at.is_some() && !job.plan.notes.is_empty())
        .then(|| Element::new("notes").text(&job.plan.notes));
    let element = Element::new("job")
        .with("id", job.luid)
        .with("mode", "Asynchronous")
        .with("type", "RefreshExtract")
        .with("progress", job.progress(now).to_string())
        .with("createdAt", job.created_at)
        .with_some("startedAt", job.started_at(now))
        .with_some("updatedAt", completed_at)
        .with_some("completedAt", completed_at)
        .with_some("finishCode", job.finish_code(now).map(|code| code.to_string()))
        .child(
            Element::new("extractRefreshJob")
                .child(target_element(&job))
                .child_some(notes),
        );
    Ok(Reply::ok(element))
}

/// Refuses everybody when jobs are hidden.
fn require_visible(call: &Call<'_>) -> Result<(), Fault> {
    if call.switches.jobs_hidden {
        return Err(Fault::forbidden(
            403_004,
            "The user is not permitted to query jobs.",
        ));
    }
    Ok(())
}

/// The job of the path; jobs of others are for administrators.
fn find(call: &Call<'_>, session: &SignedIn) -> Result<Job, Fault> {
    require_visible(call)?;
    let name = call.part(0);
    let state = call.world.state();
    let hosted = state
        .sites
        .get(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    let job = hosted
        .jobs
        .iter()
        .find(|job| job.luid.to_string().eq_ignore_ascii_case(name))
        .cloned();
    drop(state);
    let job = job.ok_or_else(|| Fault::not_found(404_018, "Job", name))?;
    let owner = match job.target.kind {
        Kind::Workbook => session.site.workbooks[job.target.at()].owner,
        _ => session.site.datasources[job.target.at()]
            .published
            .as_ref()
            .map_or(0, |published| published.owner),
    };
    workbook::require_control(session, owner, 403_004)?;
    Ok(job)
}

/// `PUT …/jobs/{job}` without a body: asks for cancellation.
pub(super) fn cancel(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let job = find(call, session)?;
    if job.status(call.now).is_over() {
        return Err(Fault::forbidden(403_091, "The job has already finished."));
    }
    let mut state = call.world.state();
    let hosted = state
        .sites
        .get_mut(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    for other in hosted.jobs.iter_mut().filter(|other| other.luid == job.luid) {
        // Cancelling takes a moment: the job is still seen at work in the same instant.
        other.cancelled_at = Some(call.now + TimeDelta::milliseconds(1));
    }
    Ok(Reply {
        status: 200,
        ..Reply::no_content()
    })
}

/// `GET …/jobs`, for administrators; other words than for a single job.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    call.require_administrator()?;
    require_visible(call)?;
    let seen_from = call.now - TimeDelta::seconds(i64::from(call.switches.job_list_lag_seconds));
    let session = call.session()?;
    let filter = Filter::parse(call.query.get("filter"), FILTERS)?;
    let sort = SortKey::parse(call.query.get("sort"), SORTS)?;
    let state = call.world.state();
    let hosted = state
        .sites
        .get(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    let mut rows: Vec<Job> = hosted
        .jobs
        .iter()
        .filter(|job| job.created_at <= seen_from)
        .filter(|job| filter.accepts(|field| value(call, job, field).into_iter().collect()))
        .cloned()
        .collect();
    drop(state);
    SortKey::sort(&sort, &mut rows, |job, field| value(call, job, field));
    let (pagination, rows) = call.page()?.cut(rows)?;
    let rows = rows.iter().map(|job| {
        Element::new("backgroundJob")
            .with("id", job.luid)
            .with("status", job.status(call.now).as_str())
            .with("createdAt", job.created_at)
            .with_some("startedAt", job.started_at(call.now))
            .with_some("endedAt", job.completed_at(call.now))
            .with("priority", "50")
            .with("jobType", job_type(job))
            .with("title", &job.target_name)
            .with("subtitle", subtitle(job))
    });
    Ok(Reply::page(pagination, Element::list("backgroundJobs", rows)))
}

fn job_type(job: &Job) -> &'static str {
    if job.incremental {
        "increment_extracts"
    } else {
        "refresh_extracts"
    }
}

fn subtitle(job: &Job) -> &'static str {
    if job.target.kind == Kind::Workbook {
        "Workbook"
    } else {
        "Datasource"
    }
}

fn value(call: &Call<'_>, job: &Job, field: &str) -> Option<Scalar> {
    let now = call.now;
    match field {
        "jobType" => Some(job_type(job).into()),
        "status" => Some(job.status(now).as_str().into()),
        "progress" => Some(u32::from(job.progress(now)).into()),
        "createdAt" => Some(job.created_at.into()),
        "startedAt" => job.started_at(now).map(Into::into),
        "completedAt" => job.completed_at(now).map(Into::into),
        "priority" => Some(50u32.into()),
        "title" => Some((&job.target_name).into()),
        "subtitle" => Some(subtitle(job).into()),
        "args" => Some(job.target_luid.into()),
        "notes" => job.completed_at(now).map(|_| (&job.plan.notes).into()),
        _ => None,
    }
}
