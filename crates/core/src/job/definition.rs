//! A job: what is run where, with what around it, and when.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::step::{Step, StepProblem};
use super::trigger::AfterJob;
use crate::calendar::{Calendar, CalendarError};
use crate::id::{EnvironmentName, JobName, ProjectName};

/// A job has so many steps at most.
pub const MOST_STEPS: usize = 50;
/// A run is tried again so many times at most.
pub const MOST_RETRIES: u8 = 10;
/// The longest time limit: a week.
pub const LONGEST_TIME_LIMIT_MINUTES: u32 = 7 * 24 * 60;
/// A secret has so many characters at least: what is shorter stands in ordinary words too, and masking it
/// would spoil the log while its gaps told what it is.
pub const SHORTEST_SECRET: usize = 8;

/// What runs dbt again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its name, unique in the installation.
    pub name: JobName,
    /// The project whose artifacts it makes, by its name in Tailwater.
    pub project: ProjectName,
    /// The environment they belong to; production when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentName>,
    /// The directory with `dbt_project.yml`, on each machine that runs the job.
    pub directory: String,
    /// The directory with `profiles.yml`; where dbt looks by itself when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles_dir: Option<String>,
    /// The program that is dbt, with words before dbt's own arguments, such as `["uv", "run", "dbt"]`.
    #[serde(default = "dbt", skip_serializing_if = "is_dbt")]
    pub program: Vec<String>,
    /// What is run, one after the other; a step that fails ends the run.
    pub steps: Vec<Step>,
    /// Variables of the environment, beside those of the server.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// The names of variables whose values are kept sealed and never shown.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub secrets: BTreeSet<String>,
    /// dbt's `--target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// dbt's `--threads`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<u16>,
    /// When it runs by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<JobSchedule>,
    /// The jobs after whose runs it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<AfterJob>,
    /// How long a run may take, in minutes, from its start; then it is ended.
    #[serde(default = "a_day", skip_serializing_if = "is_a_day")]
    pub time_limit_minutes: u32,
    /// How often a run that failed is tried again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u8,
    /// How long is waited before that, in seconds.
    #[serde(default = "a_minute", skip_serializing_if = "is_a_minute")]
    pub retry_delay_seconds: u32,
    /// What becomes of a run whose machine died.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when_lost: WhenLost,
    /// Whether extracts are refreshed as their nodes are built; what the policy says when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<bool>,
    /// While paused, neither its schedule nor another job sets it off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub paused: bool,
}

/// When a job runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSchedule {
    /// A cron pattern of five fields, such as `0 6,18 * * 1-5`.
    pub cron: String,
    /// The IANA name of the time zone in which it is meant.
    #[serde(default = "utc")]
    pub time_zone: String,
}

/// What becomes of a run whose machine died in the middle of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenLost {
    /// It is tried again while retries are left, as a run that failed; else it ends there.
    #[default]
    Retry,
    /// It is always tried again once at least, even without retries.
    RunAgain,
    /// It ends there.
    End,
}

/// Why a job is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobProblem {
    /// It has no step.
    #[error("it has no step")]
    NoSteps,
    /// It has too many.
    #[error("it has more than {MOST_STEPS} steps")]
    TooManySteps,
    /// A step is none.
    #[error("the step `{step}` cannot be run: {problem}")]
    Step {
        /// The step, shortened.
        step: String,
        /// Why.
        problem: StepProblem,
    },
    /// A directory, program or target that is none.
    #[error("{what} {reason}")]
    Text {
        /// Which field.
        what: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// Its times are none.
    #[error("its schedule cannot be read: {0}")]
    Schedule(#[from] CalendarError),
    /// A number out of its bounds.
    #[error("{what} must be from {least} to {most}")]
    Number {
        /// Which field.
        what: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A variable's name is none, or is not for jobs to set.
    #[error("the variable `{name}` cannot be set: {reason}")]
    Variable {
        /// Its name, shortened.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A secret that could not be hidden.
    #[error("the secret `{name}` cannot be kept: {reason}")]
    Secret {
        /// Its name.
        name: String,
        /// Why; never its value.
        reason: &'static str,
    },
    /// Jobs that set one another off for ever.
    #[error("jobs would set one another off for ever: {}", names(.0))]
    Loop(
        /// The jobs, the first again at the end.
        Vec<JobName>,
    ),
}

fn names(jobs: &[JobName]) -> String {
    let names: Vec<&str> = jobs.iter().map(JobName::as_str).collect();
    names.join(" → ")
}

impl Job {
    /// Checks everything that can be checked without looking at a machine or at other jobs.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), JobProblem> {
        if self.steps.is_empty() {
            return Err(JobProblem::NoSteps);
        }
        if self.steps.len() > MOST_STEPS {
            return Err(JobProblem::TooManySteps);
        }
        let texts = [
            ("the directory", Some(&self.directory)),
            ("the directory of profiles", self.profiles_dir.as_ref()),
            ("the target", self.target.as_ref()),
            ("the program", self.program.first()),
        ];
        for (what, text) in texts {
            let Some(text) = text else { continue };
            if text.trim().is_empty() {
                return Err(JobProblem::Text {
                    what,
                    reason: "is empty",
                });
            }
            if text.chars().any(char::is_control) {
                return Err(JobProblem::Text {
                    what,
                    reason: "has a control character in it",
                });
            }
        }
        if self.program.is_empty() || self.program.iter().any(|word| word.contains('\0')) {
            return Err(JobProblem::Text {
                what: "the program",
                reason: "is not said",
            });
        }
        if self
            .target
            .as_deref()
            .is_some_and(|target| target.starts_with('-'))
        {
            return Err(JobProblem::Text {
                what: "the target",
                reason: "begins with a dash",
            });
        }
        let numbers = [
            (
                "the number of threads",
                self.threads.map_or(1, u32::from),
                1,
                1_000,
            ),
            (
                "the time limit in minutes",
                self.time_limit_minutes,
                1,
                LONGEST_TIME_LIMIT_MINUTES,
            ),
            (
                "the number of retries",
                u32::from(self.retries),
                0,
                u32::from(MOST_RETRIES),
            ),
            (
                "the delay before a retry in seconds",
                self.retry_delay_seconds,
                0,
                24 * 60 * 60,
            ),
        ];
        for (what, number, least, most) in numbers {
            if number < least || number > most {
                return Err(JobProblem::Number { what, least, most });
            }
        }
        for (name, value) in &self.variables {
            check_variable_name(name)?;
            if value.contains('\0') {
                return Err(variable(name, "its value has a NUL character in it"));
            }
            if self.secrets.contains(name) {
                return Err(variable(name, "it is among the secret ones too"));
            }
        }
        for name in &self.secrets {
            check_variable_name(name)?;
        }
        self.calendar()?;
        Ok(())
    }

    /// Its set times; `None` when it has none.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn calendar(&self) -> Result<Option<Calendar>, CalendarError> {
        self.schedule
            .as_ref()
            .map(|schedule| Calendar::new(&schedule.cron, &schedule.time_zone))
            .transpose()
    }

    /// How long a run may take.
    pub fn time_limit(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.time_limit_minutes))
    }

    /// How long is waited before a run is tried again.
    pub fn retry_delay(&self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.retry_delay_seconds))
    }
}

/// Whether a name can be that of a variable which a job sets.
///
/// # Errors
/// When it is none, or one that the run sets itself.
pub fn check_variable_name(name: &str) -> Result<(), JobProblem> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_name = name.len() <= 200
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(is_plain);
    if !is_name {
        return Err(variable(name, "a name is letters, digits and `_`"));
    }
    match name {
        "DBT_TARGET_PATH"
        | "DBT_LOG_PATH"
        | "DBT_LOG_FORMAT"
        | "DBT_LOG_FORMAT_FILE"
        | "DBT_PROJECT_DIR"
        | "DBT_PROFILES_DIR"
        | "DBT_ENGINE_TARGET_PATH"
        | "DBT_ENGINE_LOG_PATH" => Err(variable(name, "each run sets it itself")),
        _ => Ok(()),
    }
}

/// Whether a value can be kept as a secret: whether it can be hidden in a log.
///
/// # Errors
/// When it is too short or has a NUL character. The error does not repeat it.
pub fn check_secret(name: &str, value: &str) -> Result<(), JobProblem> {
    let refused = |reason| {
        Err(JobProblem::Secret {
            name: name.to_owned(),
            reason,
        })
    };
    if value.contains('\0') {
        return refused("it has a NUL character in it");
    }
    if value.trim().chars().count() < SHORTEST_SECRET {
        return refused(
            "it is shorter than 8 characters, so that hiding it in logs would hide ordinary words and give it \
             away; make it a plain variable when it is no secret",
        );
    }
    Ok(())
}

fn variable(name: &str, reason: &'static str) -> JobProblem {
    JobProblem::Variable {
        name: name.chars().take(40).collect(),
        reason,
    }
}

fn dbt() -> Vec<String> {
    vec!["dbt".to_owned()]
}

fn is_dbt(program: &[String]) -> bool {
    program == ["dbt"]
}

const fn a_day() -> u32 {
    24 * 60
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_a_day(minutes: &u32) -> bool {
    *minutes == a_day()
}

const fn a_minute() -> u32 {
    60
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_a_minute(seconds: &u32) -> bool {
    *seconds == a_minute()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &u8) -> bool {
    *number == 0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn utc() -> String {
    "UTC".to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use rstest::rstest;

    use super::*;

    pub(crate) fn job(name: &str) -> Job {
        serde_json::from_value(serde_json::json!({
            "name": name,
            "project": "shop",
            "directory": "/srv/shop",
            "steps": ["dbt build"],
        }))
        .unwrap()
    }

    #[test]
    fn what_is_not_said_has_a_default_and_is_not_written() {
        let job = job("nightly");
        assert_eq!(job.check(), Ok(()));
        assert_eq!((job.time_limit_minutes, job.retries), (1440, 0));
        let json = serde_json::to_value(&job).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "name": "nightly", "project": "shop", "directory": "/srv/shop", "steps": ["dbt build"],
            })
        );
    }

    #[rstest]
    #[case(Job { steps: vec![], ..job("a") }, "no step")]
    #[case(Job { directory: " ".into(), ..job("a") }, "directory is empty")]
    #[case(Job { program: vec![], ..job("a") }, "program is not said")]
    #[case(Job { target: Some("--x".into()), ..job("a") }, "dash")]
    #[case(Job { threads: Some(0), ..job("a") }, "threads")]
    #[case(Job { time_limit_minutes: 0, ..job("a") }, "time limit")]
    #[case(Job { retries: 200, ..job("a") }, "retries")]
    #[case(Job { variables: [("A B".to_owned(), String::new())].into(), ..job("a") }, "letters, digits")]
    #[case(Job { variables: [("DBT_TARGET_PATH".to_owned(), String::new())].into(), ..job("a") }, "sets it itself")]
    #[case(Job { secrets: ["1X".to_owned()].into(), ..job("a") }, "letters, digits")]
    #[case(
        Job { schedule: Some(JobSchedule { cron: "0 0 30 2 *".into(), time_zone: "UTC".into() }), ..job("a") },
        "never comes"
    )]
    #[case(
        Job { schedule: Some(JobSchedule { cron: "0 0 * * *".into(), time_zone: "Mars/Olympus".into() }), ..job("a") },
        "time zone"
    )]
    fn what_is_no_job_is_refused(#[case] job: Job, #[case] words: &str) {
        let problem = job.check().unwrap_err().to_string();
        assert!(problem.contains(words), "{problem}");
    }

    #[rstest]
    #[case("1234567", false)]
    #[case("12345678", true)]
    #[case("  1234567   ", false)]
    #[case("12345678\0", false)]
    fn a_secret_must_be_long_enough_to_be_hidden(#[case] value: &str, #[case] is_good: bool) {
        let checked = check_secret("PASSWORD", value);
        assert_eq!(checked.is_ok(), is_good);
        if let Err(problem) = checked {
            assert!(!problem.to_string().contains("1234567"));
        }
    }

    #[test]
    fn a_step_that_is_none_is_refused_with_the_reason_when_read() {
        let json = r#"{"name":"a","project":"b","directory":"c","steps":["dbt build | tee x"]}"#;
        let error = serde_json::from_str::<Job>(json).unwrap_err().to_string();
        assert!(error.contains("each command is a step of its own"), "{error}");
    }
}
