//! What jobs say of refreshing by their variables, for those who look at a policy and build nothing.
//!
//! A run of a job hears its own job alone. Whoever asks what holds for a dashboard gets the most eager job that
//! builds its environment: that is how often a refresh may follow.

use std::collections::BTreeMap;

use tailwater_core::id::{EnvironmentName, JobName, ProjectName};
use tailwater_core::job::Job;
use tailwater_core::refresh::{PolicyLayer, PolicyPart, PolicyPlace};

use super::book::PolicyBook;
use super::variables::DbtVariables;
use crate::error::Error;
use crate::workspace::Workspace;

/// What jobs say, by the environment that they build.
pub(super) type JobParts = BTreeMap<(ProjectName, EnvironmentName), BTreeMap<JobName, PolicyPart>>;

impl Workspace {
    /// The same as [`Workspace::policy_book`], with what every job says of the environment that it builds: for
    /// showing what holds, where no run is under way whose job would be the only one that counts.
    pub async fn policy_overview(&self, variables: DbtVariables) -> Result<PolicyBook, Error> {
        let mut book = self.policy_book(variables).await?;
        for job in self.job_definitions().await? {
            book.add_job(&job);
        }
        Ok(book)
    }
}

/// What a job's own variables and its `refresh` say; nothing where it refreshes nothing.
pub(super) fn part_of(job: &Job) -> PolicyPart {
    if job.refresh == Some(false) {
        return PolicyPart::default();
    }
    let mut variables = DbtVariables::read(|name| job.variables.get(name).cloned());
    if job.refresh == Some(true) {
        variables.active = variables.active.or(Some(true));
    }
    variables.part()
}

/// The layers of an environment's jobs: a job that refreshes wins over one that says not to, then the shortest
/// interval of those that refresh, or of all where none says so.
pub(super) fn layers(jobs: &BTreeMap<JobName, PolicyPart>) -> Vec<PolicyLayer> {
    let said = |part: PolicyPart, job: &JobName| PolicyLayer {
        place: PolicyPlace::Job { job: job.clone() },
        part,
    };
    let mut layers = Vec::new();
    let enabled = jobs
        .iter()
        .filter_map(|(name, part)| Some((part.enabled?, name)))
        .max_by_key(|(is_on, _)| *is_on);
    if let Some((is_on, name)) = enabled {
        let part = PolicyPart {
            enabled: Some(is_on),
            ..PolicyPart::default()
        };
        layers.push(said(part, name));
    }
    let is_on = enabled.is_some_and(|(is_on, _)| is_on);
    let interval = jobs
        .iter()
        .filter(|(_, part)| !is_on || part.enabled == Some(true))
        .filter_map(|(name, part)| Some((part.interval_minutes?, name)))
        .min_by_key(|(minutes, _)| *minutes);
    if let Some((minutes, name)) = interval {
        let part = PolicyPart {
            interval_minutes: Some(minutes),
            ..PolicyPart::default()
        };
        layers.push(said(part, name));
    }
    layers
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_core::refresh::EffectivePolicy;

    use super::*;

    fn part(enabled: Option<bool>, interval_minutes: Option<u32>) -> PolicyPart {
        PolicyPart {
            enabled,
            interval_minutes,
            ..PolicyPart::default()
        }
    }

    #[rstest]
    #[case::none(&[], (false, 1440))]
    #[case::silent(&[part(None, None)], (false, 1440))]
    #[case::one(&[part(Some(true), Some(60))], (true, 60))]
    #[case::the_shortest(&[part(Some(true), Some(60)), part(Some(true), Some(30))], (true, 30))]
    #[case::an_interval_of_one_that_is_off(&[part(Some(true), Some(60)), part(Some(false), Some(5))], (true, 60))]
    #[case::an_interval_alone(&[part(None, Some(5))], (false, 5))]
    #[case::off(&[part(Some(false), None)], (false, 1440))]
    fn the_most_eager_job_is_shown(#[case] parts: &[PolicyPart], #[case] expected: (bool, u32)) {
        let jobs = parts
            .iter()
            .enumerate()
            .map(|(at, part)| (JobName::from(format!("job{at}").as_str()), part.clone()))
            .collect();
        let policy = EffectivePolicy::of_layers(&layers(&jobs)).policy;
        assert_eq!((policy.enabled, policy.interval_minutes), expected);
    }
}
