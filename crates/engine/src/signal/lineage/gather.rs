//! What has happened since the last look, as events.

use std::collections::HashMap;

use tailwater_core::id::{JobName, JobRunId, ProjectName};
use tailwater_core::refresh::RefreshRecord;

use super::{Parent, Told, dbt_job, invocation, invocation_id, job, job_parent, refresh};
use crate::catalog::Catalog;
use crate::error::Error;
use crate::workspace::Workspace;

/// Up to which change of refreshes, of runs of jobs and of invocations was looked.
const REFRESHES: &str = "refresh";
const JOB_RUNS: &str = "job_run";
const INVOCATIONS: &str = "invocation";
/// So many changes of refreshes and of runs of jobs are turned into events at once.
const MOST_CHANGES: u32 = 500;
/// And so many invocations: each may have thousands of nodes.
const MOST_INVOCATIONS: u32 = 5;

/// What a look found.
#[derive(Debug, Default)]
pub(in crate::signal) struct Gathered {
    /// What is to be told.
    pub told: Vec<Told>,
    /// Up to where was looked.
    pub cursors: Vec<(&'static str, i64)>,
    /// Whether there is more.
    pub has_more: bool,
}

/// How far one kind of change was looked at.
enum Since {
    /// From here on.
    Change(i64),
    /// Nothing has changed, or nobody wants to know.
    Nothing,
}

/// Gathers what has happened. Where nobody wants to know, it is only noted that it was looked.
pub(in crate::signal) async fn gather(
    workspace: &Workspace,
    catalog: &Catalog,
    is_wanted: bool,
) -> Result<Gathered, Error> {
    let store = workspace.store();
    let mut gathered = Gathered::default();
    let mut names = Names {
        workspace,
        jobs: HashMap::new(),
    };
    // Artifacts are read after runs of jobs, so that whoever sees a step's end sees what it left; and told before, since
    // they know more of that end.
    let mut of_runs = Vec::new();
    let newest = store.job_revision().await?;
    if let Since::Change(seen) = since(workspace, JOB_RUNS, newest, is_wanted, &mut gathered).await? {
        let changes = store.job_runs_since(seen, MOST_CHANGES).await?;
        gathered.has_more |= changes.len() == MOST_CHANGES as usize;
        gathered
            .cursors
            .extend(changes.last().map(|(_, change)| (JOB_RUNS, *change)));
        for (run, _) in &changes {
            let environment = workspace
                .find_environment(&run.project, run.environment.as_ref())
                .await;
            // A project that is no longer known is nobody's any more.
            if let Ok(environment) = environment {
                let settings = &workspace.settings().signals;
                of_runs.extend(job::events(run, &environment.name, settings));
            }
        }
    }
    let newest = store.artifact_revision().await?;
    gather_invocations(&mut names, newest, is_wanted, &mut gathered).await?;
    gathered.told.extend(of_runs);
    let newest = store.refresh_revision().await?;
    if let Since::Change(seen) = since(workspace, REFRESHES, newest, is_wanted, &mut gathered).await? {
        let changes = store.refreshes_since(seen, MOST_CHANGES).await?;
        gathered.has_more |= changes.len() == MOST_CHANGES as usize;
        gathered
            .cursors
            .extend(changes.last().map(|(change, _)| (REFRESHES, *change)));
        for (_, record) in &changes {
            let parent = names.parent_of(record).await?;
            let settings = &workspace.settings().signals;
            gathered
                .told
                .extend(refresh::events(record, parent, catalog, settings));
        }
    }
    Ok(gathered)
}

/// Where to begin. What happened before the first look is history, and so is what happens while nobody wants to know.
async fn since(
    workspace: &Workspace,
    name: &'static str,
    newest: i64,
    is_wanted: bool,
    gathered: &mut Gathered,
) -> Result<Since, Error> {
    Ok(match workspace.store().signal_cursor(name).await? {
        Some(seen) if seen == newest => Since::Nothing,
        Some(seen) if is_wanted => Since::Change(seen),
        _ => {
            gathered.cursors.push((name, newest));
            Since::Nothing
        }
    })
}

async fn gather_invocations(
    names: &mut Names<'_>,
    newest: i64,
    is_wanted: bool,
    gathered: &mut Gathered,
) -> Result<(), Error> {
    let workspace = names.workspace;
    let Since::Change(seen) = since(workspace, INVOCATIONS, newest, is_wanted, gathered).await? else {
        return Ok(());
    };
    let runs = workspace.store().runs_since(seen, MOST_INVOCATIONS).await?;
    let is_full = runs.len() >= MOST_INVOCATIONS as usize;
    gathered.has_more |= is_full;
    let upto = match runs.last() {
        Some((change, _)) if is_full => *change,
        // Artifacts change without invocations too.
        _ => newest,
    };
    gathered.cursors.push((INVOCATIONS, upto));
    for (_, record) in &runs {
        let Some((record, results)) = workspace.store().find_run(&record.id).await? else {
            continue;
        };
        let environment = workspace
            .find_environment(&record.project, Some(&record.environment))
            .await;
        let Ok(environment) = environment else { continue };
        // By the manifest of its own environment, which may lie elsewhere in the warehouse.
        let artifacts = workspace.load_artifacts(&environment).await?;
        let parent = match &record.job_run {
            Some(run) => names.parent(run).await?,
            None => None,
        };
        gathered.told.extend(invocation::events(
            &record,
            &results,
            parent,
            artifacts.project.as_deref(),
            &workspace.settings().signals,
        ));
    }
    Ok(())
}

/// The names of the jobs whose runs are parents, looked up once each.
struct Names<'a> {
    workspace: &'a Workspace,
    jobs: HashMap<JobRunId, Option<JobName>>,
}

impl Names<'_> {
    async fn parent(&mut self, run: &JobRunId) -> Result<Option<Parent>, Error> {
        if !self.jobs.contains_key(run) {
            let found = self.workspace.store().find_job_run(run).await?;
            self.jobs.insert(run.clone(), found.map(|found| found.job));
        }
        let name = self.jobs.get(run).and_then(Option::as_ref);
        let namespace = &self.workspace.settings().signals.lineage_namespace;
        Ok(name.map(|job| job_parent(namespace, job, run)))
    }

    /// What set a refresh off: the run of a job, else the invocation.
    async fn parent_of(&mut self, record: &RefreshRecord) -> Result<Option<Parent>, Error> {
        let origin = &record.origin;
        if let Some(run) = &origin.job_run
            && let Some(parent) = self.parent(&JobRunId::new(run.clone())).await?
        {
            return Ok(Some(parent));
        }
        let (Some(project), Some(invocation)) = (&origin.project, &origin.invocation_id) else {
            return Ok(None);
        };
        self.invocation(project, origin.environment.as_ref(), invocation)
            .await
    }

    async fn invocation(
        &self,
        project: &ProjectName,
        environment: Option<&tailwater_core::id::EnvironmentName>,
        invocation: &str,
    ) -> Result<Option<Parent>, Error> {
        let Ok(environment) = self.workspace.find_environment(project, environment).await else {
            return Ok(None);
        };
        let namespace = &self.workspace.settings().signals.lineage_namespace;
        Ok(Some((
            invocation_id(project, &environment.name, invocation),
            dbt_job(namespace, project, &environment.name),
        )))
    }
}
