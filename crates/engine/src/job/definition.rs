//! Definitions of jobs: from the file, read-only, or from the store.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tailwater_core::id::JobName;
use tailwater_core::job::{Job, JobProblem, check_secret, check_variable_name, find_loop};

use super::error::JobError;
use crate::account::secret::{digest, draw};
use crate::account::{Actor, AuditEvent};
use crate::error::Error;
use crate::settings::DeclaredIn;
use crate::workspace::{Workspace, check_name};

/// A job with where it was declared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobEntry {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// Where it was declared.
    pub declared_in: DeclaredIn,
    /// Whether a webhook sets it off.
    pub has_webhook: bool,
    /// Where the values of its secret variables are.
    pub secret_states: Vec<JobSecretState>,
}

/// Where the value of a secret variable is. Never the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobSecretState {
    /// The variable.
    pub name: String,
    /// Whether a value is stored, sealed; otherwise it is taken from the environment of the process that runs it.
    pub is_stored: bool,
}

impl Workspace {
    /// Every job, by name. One declared in the file wins over one of the same name in the store.
    pub async fn jobs(&self) -> Result<Vec<JobEntry>, Error> {
        let mut jobs: BTreeMap<JobName, (Job, DeclaredIn)> = BTreeMap::new();
        for job in self.store().jobs().await? {
            jobs.insert(job.name.clone(), (job, DeclaredIn::Store));
        }
        for job in &self.settings().jobs {
            jobs.insert(job.name.clone(), (job.clone(), DeclaredIn::File));
        }
        let webhooks = self.store().jobs_with_webhook().await?;
        let mut entries = Vec::with_capacity(jobs.len());
        for (name, (job, declared_in)) in jobs {
            let stored = if job.secrets.is_empty() {
                Vec::new()
            } else {
                self.store().job_secret_names(&name).await?
            };
            let state = |name: &String| JobSecretState {
                name: name.clone(),
                is_stored: stored.contains(name),
            };
            entries.push(JobEntry {
                has_webhook: webhooks.contains(&name),
                secret_states: job.secrets.iter().map(state).collect(),
                job,
                declared_in,
            });
        }
        Ok(entries)
    }

    /// The definitions alone, which is what rules ask for.
    pub(crate) async fn job_definitions(&self) -> Result<Vec<Job>, Error> {
        let mut jobs = self.settings().jobs.clone();
        let stored = self.store().jobs().await?;
        jobs.extend(stored.into_iter().filter(|job| !self.is_declared(&job.name)));
        Ok(jobs)
    }

    /// Looks a job up.
    pub async fn find_job(&self, name: &JobName) -> Result<JobEntry, Error> {
        let entry = self
            .jobs()
            .await?
            .into_iter()
            .find(|entry| entry.job.name == *name);
        entry.ok_or_else(|| JobError::Unknown { name: name.clone() }.into())
    }

    /// Adds a job.
    pub async fn add_job(&self, job: &Job, actor: &Actor) -> Result<JobEntry, Error> {
        if self
            .job_definitions()
            .await?
            .iter()
            .any(|known| known.name == job.name)
        {
            return Err(JobError::Exists {
                name: job.name.clone(),
            }
            .into());
        }
        self.put_job(job, actor, "job.add").await
    }

    /// Changes a job: what is given replaces the whole definition.
    pub async fn set_job(&self, job: &Job, actor: &Actor) -> Result<JobEntry, Error> {
        self.writable_job(&job.name).await?;
        self.put_job(job, actor, "job.change").await
    }

    async fn put_job(&self, job: &Job, actor: &Actor, action: &'static str) -> Result<JobEntry, Error> {
        self.check_job(job).await?;
        let steps: Vec<&str> = job.steps.iter().map(tailwater_core::job::Step::text).collect();
        let event = AuditEvent::new(action, job.name.as_str(), steps.join("; "));
        self.store().put_job(job, &self.audit_entry(actor, event)).await?;
        self.find_job(&job.name).await
    }

    /// Forgets a job with its secrets; its runs stay until they are old.
    pub async fn remove_job(&self, name: &JobName, actor: &Actor) -> Result<(), Error> {
        self.writable_job(name).await?;
        let event = AuditEvent::new("job.remove", name.as_str(), "");
        self.store()
            .remove_job(name, &self.audit_entry(actor, event))
            .await?;
        Ok(())
    }

    /// Pauses a job, or lets it go on. While paused, neither its schedule nor another job sets it off.
    pub async fn pause_job(&self, name: &JobName, is_paused: bool, actor: &Actor) -> Result<JobEntry, Error> {
        let entry = self.writable_job(name).await?;
        let job = Job {
            paused: is_paused,
            ..entry.job
        };
        let action = if is_paused { "job.pause" } else { "job.resume" };
        self.put_job(&job, actor, action).await
    }

    /// Stores the value of a secret variable of a job, sealed. It is never given out again but to a run. The
    /// name is added to the job's secret variables, where the job is not declared in the file.
    ///
    /// # Errors
    /// When the value could not be hidden in logs.
    pub async fn set_job_secret(
        &self,
        name: &JobName,
        variable: &str,
        value: &SecretString,
        actor: &Actor,
    ) -> Result<(), Error> {
        let entry = self.find_job(name).await?;
        let invalid = |problem| JobError::Invalid {
            name: name.clone(),
            problem: Box::new(problem),
        };
        check_variable_name(variable).map_err(invalid)?;
        check_secret(variable, value.expose_secret()).map_err(invalid)?;
        if !entry.job.secrets.contains(variable) {
            let mut job = self.writable_job(name).await?.job;
            job.secrets.insert(variable.to_owned());
            self.check_job(&job).await?;
            let event = AuditEvent::new("job.change", name.as_str(), format!("secret variable {variable}"));
            self.store()
                .put_job(&job, &self.audit_entry(actor, event))
                .await?;
        }
        let event = AuditEvent::new("job.secret", name.as_str(), variable);
        let audit = self.audit_entry(actor, event);
        self.store()
            .put_job_secret(name, variable, value, &self.sealing_key()?, &audit)
            .await?;
        Ok(())
    }

    /// Makes a webhook for a job, in place of an earlier one: the secret of its address, shown this once.
    pub async fn make_job_webhook(&self, name: &JobName, actor: &Actor) -> Result<SecretString, Error> {
        self.find_job(name).await?;
        let secret = draw()?;
        let event = AuditEvent::new("job.webhook", name.as_str(), "made");
        let audit = self.audit_entry(actor, event);
        let digest = digest(secret.expose_secret());
        self.store().put_job_webhook(name, Some(&digest), &audit).await?;
        Ok(secret)
    }

    /// Takes a job's webhook away.
    pub async fn remove_job_webhook(&self, name: &JobName, actor: &Actor) -> Result<(), Error> {
        self.find_job(name).await?;
        let event = AuditEvent::new("job.webhook", name.as_str(), "removed");
        let audit = self.audit_entry(actor, event);
        Ok(self.store().put_job_webhook(name, None, &audit).await?)
    }

    /// The job that a webhook's secret sets off.
    pub async fn find_job_of_webhook(&self, secret: &str) -> Result<Option<JobName>, Error> {
        Ok(self.store().find_job_of_webhook(&digest(secret)).await?)
    }

    async fn writable_job(&self, name: &JobName) -> Result<JobEntry, Error> {
        let entry = self.find_job(name).await?;
        match entry.declared_in {
            DeclaredIn::File => Err(JobError::FromFile { name: name.clone() }.into()),
            DeclaredIn::Store => Ok(entry),
        }
    }

    fn is_declared(&self, name: &JobName) -> bool {
        self.settings().jobs.iter().any(|job| job.name == *name)
    }

    async fn check_job(&self, job: &Job) -> Result<(), Error> {
        check_one(job)?;
        self.find_environment(&job.project, job.environment.as_ref())
            .await?;
        let mut jobs = self.job_definitions().await?;
        jobs.retain(|known| known.name != job.name);
        jobs.push(job.clone());
        check_together(&jobs)
    }
}

/// Checks the jobs that a file declares, when it is read.
pub(crate) fn check_declared(jobs: &[Job]) -> Result<(), Error> {
    let mut names = std::collections::BTreeSet::new();
    for job in jobs {
        check_one(job)?;
        if !names.insert(&job.name) {
            return Err(Error::DeclaredTwice {
                what: "job",
                name: job.name.to_string(),
            });
        }
    }
    match find_loop(jobs) {
        Some(names) => Err(loop_of(names)),
        None => Ok(()),
    }
}

fn check_one(job: &Job) -> Result<(), Error> {
    check_name("a job", job.name.as_str())?;
    job.check().map_err(|problem| {
        JobError::Invalid {
            name: job.name.clone(),
            problem: Box::new(problem),
        }
        .into()
    })
}

fn check_together(jobs: &[Job]) -> Result<(), Error> {
    for job in jobs {
        for after in &job.after {
            if !jobs.iter().any(|other| other.name == after.job) {
                return Err(JobError::UnknownBefore {
                    name: job.name.clone(),
                    after: after.job.clone(),
                }
                .into());
            }
        }
    }
    match find_loop(jobs) {
        Some(names) => Err(loop_of(names)),
        None => Ok(()),
    }
}

fn loop_of(names: Vec<JobName>) -> Error {
    let name = names.first().cloned().unwrap_or_else(|| JobName::new(""));
    JobError::Invalid {
        name,
        problem: Box::new(JobProblem::Loop(names)),
    }
    .into()
}
