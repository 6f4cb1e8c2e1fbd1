//! Runs of jobs as runs, with the invocations that are their steps.

use tailwater_bi::outgoing::open_lineage::{LineageEvent, LineageState};
use tailwater_core::id::EnvironmentName;
use tailwater_core::job::{JobRun, JobRunState, StepRun, StepState};

use super::{Told, dbt_job, invocation_id, job_parent};
use crate::signal::settings::SignalSettings;

/// What there is to tell of a run. One that never began has no events. `environment` is the one that it builds.
pub(super) fn events(run: &JobRun, environment: &EnvironmentName, settings: &SignalSettings) -> Vec<Told> {
    let Some(started_at) = run.started_at else {
        return Vec::new();
    };
    let namespace = settings.lineage_namespace.as_str();
    let parent = job_parent(namespace, &run.job, &run.id);
    let state = match run.state {
        JobRunState::Queued | JobRunState::Replaced => return Vec::new(),
        JobRunState::Running => LineageState::Start,
        JobRunState::Succeeded => LineageState::Complete,
        JobRunState::Failed | JobRunState::TimedOut => LineageState::Fail,
        JobRunState::Cancelled | JobRunState::Lost => LineageState::Abort,
    };
    let (id, job) = parent.clone();
    let event = LineageEvent {
        state,
        at: run.ended_at.unwrap_or(started_at),
        run: id,
        job,
        parent: None,
        engine: None,
        error: run.message.clone().filter(|_| state != LineageState::Complete),
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    if state == LineageState::Start {
        let event = LineageEvent {
            at: started_at,
            ..event
        };
        let mut told = vec![Told::start(&event)];
        // The process that runs dbt tells of it too, if it can.
        told.extend(run.steps.iter().filter_map(|step| {
            let [start, _] = step_events(run, step, environment, settings)?;
            Some(start)
        }));
        return told;
    }
    let [start, end] = Told::both(started_at, &event);
    let mut told = vec![start];
    // What a step built was told from its artifacts; these are the ends of those that left none.
    told.extend(run.steps.iter().flat_map(|step| {
        let both = step_events(run, step, environment, settings);
        both.into_iter().flatten()
    }));
    told.push(end);
    told
}

fn step_events(
    run: &JobRun,
    step: &StepRun,
    environment: &EnvironmentName,
    settings: &SignalSettings,
) -> Option<[Told; 2]> {
    let invocation = step.invocation_id.as_ref()?;
    let started_at = step.started_at?;
    let namespace = settings.lineage_namespace.as_str();
    let state = match step.state {
        StepState::Succeeded => LineageState::Complete,
        StepState::Failed => LineageState::Fail,
        _ => LineageState::Abort,
    };
    let event = LineageEvent {
        state,
        at: step.ended_at.or(run.ended_at).unwrap_or(started_at),
        run: invocation_id(&run.project, environment, invocation),
        job: dbt_job(namespace, &run.project, environment),
        parent: Some(job_parent(namespace, &run.job, &run.id)),
        engine: None,
        error: (state == LineageState::Fail)
            .then(|| step.message.clone().unwrap_or_else(|| "dbt failed".to_owned())),
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    Some(Told::both(started_at, &event))
}
