//! What sets a job off beside its schedule: the end of a run of another job.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::definition::Job;
use super::run::JobRunState;
use crate::id::JobName;

/// After which job, and which end of its runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterJob {
    /// The other job.
    pub job: JobName,
    /// Which end counts.
    #[serde(default)]
    pub on: CompletionOn,
}

/// Which end of a run sets another job off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompletionOn {
    /// Success alone.
    #[default]
    Success,
    /// Success, failure or the end of its time; not when a person cancelled it or a newer run replaced it.
    Any,
}

impl CompletionOn {
    /// Whether a run that ended so counts.
    pub const fn counts(self, state: JobRunState) -> bool {
        match self {
            Self::Success => matches!(state, JobRunState::Succeeded),
            Self::Any => matches!(
                state,
                JobRunState::Succeeded | JobRunState::Failed | JobRunState::TimedOut | JobRunState::Lost
            ),
        }
    }
}

/// Jobs that set one another off for ever, in order, the first of them again at the end; `None` when there
/// are none such.
pub fn find_loop<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> Option<Vec<JobName>> {
    let before: BTreeMap<&JobName, Vec<&JobName>> = jobs
        .into_iter()
        .map(|job| (&job.name, job.after.iter().map(|after| &after.job).collect()))
        .collect();
    let mut done = BTreeSet::new();
    for start in before.keys() {
        // Depth first without recursion: the path, and for each job on it which of its triggers comes next.
        let mut path: Vec<(&JobName, usize)> = vec![(start, 0)];
        while let Some((job, next)) = path.last_mut() {
            let job = *job;
            let Some(other) = before.get(job).and_then(|others| others.get(*next)).copied() else {
                done.insert(job);
                path.pop();
                continue;
            };
            *next += 1;
            if let Some(at) = path.iter().position(|(on_path, _)| *on_path == other) {
                // Triggers point backwards: the job named sets off the one that names it.
                let mut names: Vec<JobName> =
                    path[at..].iter().rev().map(|(name, _)| (*name).clone()).collect();
                names.insert(0, other.clone());
                return Some(names);
            }
            if !done.contains(other) {
                path.push((other, 0));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::job::definition::tests::job;

    /// `b:a` reads "b after a".
    fn jobs(text: &str) -> Vec<Job> {
        let after = |other: &str| AfterJob {
            job: other.into(),
            on: CompletionOn::Success,
        };
        text.split(' ')
            .filter_map(|one| one.split_once(':'))
            .map(|(name, before)| Job {
                after: before
                    .split(',')
                    .filter(|name| !name.is_empty())
                    .map(after)
                    .collect(),
                ..job(name)
            })
            .collect()
    }

    #[rstest]
    #[case("a: b:a c:a,b", None)]
    #[case("a:a", Some("a a"))]
    #[case("a:c b:a c:b", Some("a b c a"))]
    #[case("a: b:a,c c:b", Some("b c b"))]
    #[case("a:unknown", None)]
    fn loops_are_found(#[case] text: &str, #[case] expected: Option<&str>) {
        let found = find_loop(&jobs(text)).map(|names| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            names.join(" ")
        });
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let jobs: Vec<Job> = (0..2_000)
            .map(|number| Job {
                after: vec![AfterJob {
                    job: format!("job{}", number + 1).into(),
                    on: CompletionOn::Any,
                }],
                ..job(&format!("job{number}"))
            })
            .collect();
        assert_eq!(find_loop(&jobs), None);
    }
}
