//! What a step asks of dbt: its arguments, its variables with the secret ones, and where it works.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use secrecy::{ExposeSecret as _, SecretString};
use tailwater_core::job::{Job, Step};
use tailwater_core::refresh::RefreshCause;
use tailwater_dbt::command::DbtWords;

use super::Going;
use crate::dbt_run::RefreshRequest;
use crate::error::Error;
use crate::job::error::JobError;
use crate::job::step::StepRequest;
use crate::policy::DbtVariables;
use crate::workspace::Workspace;

impl Going<'_> {
    pub(super) fn request(
        &self,
        step: &Step,
        secrets: &BTreeMap<String, SecretString>,
        is_followed: bool,
    ) -> StepRequest {
        let job = &self.run.definition;
        let directory = absolute(self.workspace.path(job.directory.as_str().into()));
        let mut environment: BTreeMap<String, SecretString> = job
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        environment.extend(secrets.iter().map(|(name, value)| (name.clone(), value.clone())));
        let mut arguments = step.arguments().to_vec();
        let is_retry = step.command() == "retry";
        // `dbt retry` takes all of these from the run that it goes on with.
        if let Some(profiles) = &job.profiles_dir {
            let path = absolute(self.workspace.path(profiles.as_str().into()));
            arguments.extend(["--profiles-dir".to_owned(), path.into_string()]);
        }
        if let Some(target) = job
            .target
            .as_ref()
            .filter(|_| !step.has_option(&["--target", "-t"]))
        {
            arguments.extend(["--target".to_owned(), target.clone()]);
        }
        let knows_threads = !matches!(
            step.command().as_str(),
            "deps" | "clean" | "debug" | "ls" | "list" | "parse" | "run-operation"
        );
        if let Some(threads) = job
            .threads
            .filter(|_| knows_threads && !step.has_option(&["--threads"]))
        {
            arguments.extend(["--threads".to_owned(), threads.to_string()]);
        }
        if is_retry {
            // Its results are those of the earlier run, which lie where this one writes.
            arguments.extend(["--state".to_owned(), self.work.join("target").into_string()]);
        }
        let find = |name: &str| match environment.get(name) {
            Some(value) => Some(value.expose_secret().to_owned()),
            None => std::env::var(name).ok(),
        };
        let mut variables = DbtVariables::read(find);
        if job.refresh == Some(true) {
            variables.active = variables.active.or(Some(true));
        }
        let refresh = (is_followed && job.refresh != Some(false)).then(|| RefreshRequest {
            cause: RefreshCause::Job,
            job_run: Some(self.run.id.to_string()),
            variables,
        });
        StepRequest {
            project: self.run.project.clone(),
            environment_name: self.run.environment.clone(),
            refresh,
            mask: self.mask.clone(),
            by: format!("job {}", self.run.job),
            job_run: self.run.id.clone(),
            program: job.program.clone(),
            arguments,
            directory,
            environment,
            target_path: self.work.join("target"),
            log_path: self.work.join("logs"),
        }
    }
}

/// Whether a step can make targets due.
pub(super) fn builds(step: &Step) -> bool {
    let subcommand = DbtWords::read(step.arguments()).subcommand;
    subcommand.is_some_and(|subcommand| subcommand.writes_run_results())
}

/// The values of a job's secret variables: those that are stored, else this process's own.
pub(super) async fn load_secrets(
    workspace: &Workspace,
    job: &Job,
) -> Result<BTreeMap<String, SecretString>, Error> {
    if job.secrets.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut stored = workspace
        .store()
        .load_job_secrets(&job.name, &workspace.sealing_key()?)
        .await?;
    let mut values = BTreeMap::new();
    for name in &job.secrets {
        let value = match stored.remove(name) {
            Some(value) => Some(value),
            None => std::env::var(name).ok().map(SecretString::from),
        };
        let value = value.ok_or_else(|| JobError::NoSecret {
            name: job.name.clone(),
            variable: name.clone(),
        })?;
        tailwater_core::job::check_secret(name, value.expose_secret()).map_err(|problem| {
            JobError::Invalid {
                name: job.name.clone(),
                problem: Box::new(problem),
            }
        })?;
        values.insert(name.clone(), value);
    }
    Ok(values)
}

/// dbt works in a directory of its own, in which a path that starts at ours would mean another place.
pub(super) fn absolute(path: Utf8PathBuf) -> Utf8PathBuf {
    camino::absolute_utf8(&path).unwrap_or(path)
}
