//! What ran, as OpenLineage events: runs of jobs, invocations of dbt with their nodes, refreshes.
//!
//! ```text
//! run of a job          job/NAME                        its own id
//!  └▶ invocation        dbt/PROJECT/ENVIRONMENT         dbt's own id
//!      └▶ node, test    dbt/PROJECT/ENVIRONMENT/NODE    follows from the invocation's and the node's
//!  └▶ refresh           refresh/TARGET                  its own id
//! ```
//!
//! Every event is told under a name that follows from its run, and the outbox takes each name once. So it does not
//! matter who tells first, the process that runs dbt or the one that finds the record later, nor how often a look is
//! repeated after a crash: START and end of a run are told once each, under the same id.

mod dataset;
mod gather;
mod invocation;
mod job;
mod refresh;
mod tell;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tailwater_bi::outgoing::open_lineage::{LineageEvent, LineageJob, LineageState};
use tailwater_core::id::{EnvironmentName, JobName, JobRunId, ProjectName};
use uuid::Uuid;

pub(super) use gather::{Gathered, gather};
pub(super) use tell::deliveries;
pub(crate) use tell::{InvocationEnd, ToldInvocation};

/// Under which names of ours follow from names of others. Drawn once; never changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x7c1d_86f3_52a9_4b0e_9d34_1e6a_b8f0_52c7);

/// So many events of nodes are sent as one delivery.
const MOST_TOGETHER: usize = 100;

/// Events that are told once, and the name under which they are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// The name.
    pub key: String,
    /// In order.
    pub events: Vec<Value>,
}

impl Told {
    /// That a run began.
    fn start(event: &LineageEvent) -> Self {
        let state = LineageState::Start;
        let event = LineageEvent {
            state,
            error: None,
            ..event.clone()
        };
        Self {
            key: format!("{} start", event.run),
            events: vec![event.to_json()],
        }
    }

    /// How it ended. Whoever tells first is right: a run ends once.
    fn end(event: &LineageEvent) -> Self {
        Self {
            key: format!("{} end", event.run),
            events: vec![event.to_json()],
        }
    }

    /// Both, with the moments at which they were.
    fn both(began: DateTime<Utc>, end: &LineageEvent) -> [Self; 2] {
        let start = LineageEvent {
            at: began,
            ..end.clone()
        };
        let end = LineageEvent {
            at: end.at.max(began),
            ..end.clone()
        };
        [Self::start(&start), Self::end(&end)]
    }
}

/// A run and the job that it is of.
type Parent = (String, LineageJob);

/// An invocation of dbt as a run. dbt's own id is the run's, so that other tools that know it agree; where it is no
/// UUID, one follows from it.
fn invocation_id(project: &ProjectName, environment: &EnvironmentName, invocation: &str) -> String {
    match Uuid::parse_str(invocation) {
        Ok(id) if !id.is_nil() && !id.is_max() => id.to_string(),
        _ => derived(&format!("invocation\n{project}\n{environment}\n{invocation}")),
    }
}

/// A UUID that follows from a text.
fn derived(text: &str) -> String {
    Uuid::new_v5(&NAMESPACE, text.as_bytes()).to_string()
}

/// dbt in an environment of a project, as what runs again and again.
fn dbt_job(namespace: &str, project: &ProjectName, environment: &EnvironmentName) -> LineageJob {
    LineageJob {
        namespace: namespace.to_owned(),
        name: format!("dbt/{project}/{environment}"),
        integration: "DBT",
        kind: "JOB",
    }
}

/// A run of a job as the parent of what it sets off.
fn job_parent(namespace: &str, job: &JobName, run: &JobRunId) -> Parent {
    let job = LineageJob {
        namespace: namespace.to_owned(),
        name: format!("job/{job}"),
        integration: "TAILWATER",
        kind: "JOB",
    };
    (run_id("job run", run.as_str()), job)
}

/// An id of ours as the id of a run: it is a UUID already, or one follows from it.
fn run_id(what: &str, id: &str) -> String {
    Uuid::parse_str(id).map_or_else(|_| derived(&format!("{what}\n{id}")), |id| id.to_string())
}

/// So long before an instant; the instant itself where that makes no sense.
fn before(at: DateTime<Utc>, seconds: f64) -> DateTime<Utc> {
    std::time::Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|length| TimeDelta::from_std(length).ok())
        .and_then(|length| at.checked_sub_signed(length))
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_what_they_name() {
        let id = |environment: &str, invocation: &str| {
            invocation_id(&"shop".into(), &environment.into(), invocation)
        };
        let own = "0198C0DE-0000-7000-8000-000000000001";
        assert_eq!(id("production", own), own.to_lowercase());
        assert_eq!(id("production", "run 1"), id("production", "run 1"));
        assert_ne!(id("production", "run 1"), id("staging", "run 1"));
        for odd in ["", "run 1", "00000000-0000-0000-0000-000000000000", "\u{0}"] {
            let run = Uuid::parse_str(&id("production", odd)).unwrap();
            assert!(!run.is_nil());
        }
    }

    #[test]
    fn no_length_of_a_run_leads_out_of_time() {
        let at: DateTime<Utc> = "2026-01-10T06:00:00Z".parse().unwrap();
        assert_eq!(before(at, 60.0), at - TimeDelta::minutes(1));
        for odd in [f64::NAN, f64::INFINITY, -1.0, f64::MAX, 1e18] {
            assert_eq!(before(at, odd), at);
        }
    }
}
