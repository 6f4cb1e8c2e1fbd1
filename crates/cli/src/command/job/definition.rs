//! The arguments that say what a job is, for adding one and for changing it.

use tailwater_core::id::{EnvironmentName, JobName, ProjectName};
use tailwater_core::job::{AfterJob, CompletionOn, Job, JobSchedule, Step, WhenLost};

use crate::error::Error;

/// What a job is.
#[derive(Debug, clap::Args)]
pub struct Definition {
    /// A dbt command, in quotes; several times for several steps [default: "dbt build"]
    #[arg(long = "step", value_name = "COMMAND")]
    steps: Vec<String>,

    /// The environment that it builds [default: the project's production]
    #[arg(long, value_name = "NAME")]
    environment: Option<EnvironmentName>,

    /// The directory with `profiles.yml`
    #[arg(long, value_name = "DIRECTORY")]
    profiles_dir: Option<String>,

    /// The program that is dbt, with words in front of it, such as "uv run dbt" [default: dbt]
    #[arg(long, value_name = "WORDS")]
    program: Option<String>,

    /// A variable of the environment; several times for several
    #[arg(long = "env", value_name = "NAME=VALUE")]
    variables: Vec<String>,

    /// dbt's `--target`
    #[arg(long, value_name = "NAME")]
    target: Option<String>,

    /// dbt's `--threads`
    #[arg(long, value_name = "NUMBER")]
    threads: Option<u16>,

    /// When it runs by itself: a cron pattern of five fields
    #[arg(long, value_name = "PATTERN")]
    cron: Option<String>,

    /// The time zone of the pattern [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "cron")]
    time_zone: Option<String>,

    /// The job after whose runs it runs: after success, or `NAME:any` after any end; several times for several
    #[arg(long = "after", value_name = "JOB[:any]")]
    after: Vec<String>,

    /// How long a run may take, in minutes [default: 1440]
    #[arg(long, value_name = "MINUTES")]
    time_limit: Option<u32>,

    /// How often a run that failed is tried again [default: 0]
    #[arg(long, value_name = "NUMBER")]
    retries: Option<u8>,

    /// How long is waited before that, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS")]
    retry_delay: Option<u32>,

    /// What becomes of a run whose machine died: retry, run_again or end [default: retry]
    #[arg(long, value_name = "WORD", value_parser = ["retry", "run_again", "end"])]
    when_lost: Option<String>,

    /// Whether extracts are refreshed as their nodes are built [default: what the policy says]
    #[arg(long, value_name = "BOOL")]
    refresh: Option<bool>,
}

/// A new job with nothing but what it must have.
pub fn blank(name: JobName, project: ProjectName, directory: String) -> Job {
    Job {
        name,
        project,
        environment: None,
        directory,
        profiles_dir: None,
        program: vec!["dbt".to_owned()],
        steps: Vec::new(),
        variables: std::collections::BTreeMap::new(),
        secrets: std::collections::BTreeSet::new(),
        target: None,
        threads: None,
        schedule: None,
        after: Vec::new(),
        time_limit_minutes: 1440,
        retries: 0,
        retry_delay_seconds: 60,
        when_lost: WhenLost::Retry,
        refresh: None,
        paused: false,
    }
}

impl Definition {
    /// Puts what was said in place of what the job has.
    pub fn apply(&self, job: &mut Job) -> Result<(), Error> {
        if !self.steps.is_empty() {
            job.steps = self
                .steps
                .iter()
                .map(|text| step(text))
                .collect::<Result<_, _>>()?;
        }
        if job.steps.is_empty() {
            job.steps.push(step("dbt build")?);
        }
        if let Some(words) = &self.program {
            job.program = words.split_whitespace().map(str::to_owned).collect();
        }
        for text in &self.variables {
            let (name, value) = text.split_once('=').ok_or_else(|| {
                usage(
                    format!("`{text}` sets no variable"),
                    "write `--env NAME=VALUE`; secrets go by `tailwater job secret`",
                )
            })?;
            job.variables.insert(name.to_owned(), value.to_owned());
        }
        if let Some(cron) = &self.cron {
            job.schedule = (!cron.is_empty()).then(|| JobSchedule {
                cron: cron.clone(),
                time_zone: self.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            });
        }
        if !self.after.is_empty() {
            job.after = self.after.iter().map(|text| after(text)).collect();
        }
        if let Some(word) = &self.when_lost {
            job.when_lost = match word.as_str() {
                "run_again" => WhenLost::RunAgain,
                "end" => WhenLost::End,
                _ => WhenLost::Retry,
            };
        }
        job.environment = self.environment.clone().or(job.environment.take());
        job.profiles_dir = self.profiles_dir.clone().or(job.profiles_dir.take());
        job.target = self.target.clone().or(job.target.take());
        job.threads = self.threads.or(job.threads);
        job.time_limit_minutes = self.time_limit.unwrap_or(job.time_limit_minutes);
        job.retries = self.retries.unwrap_or(job.retries);
        job.retry_delay_seconds = self.retry_delay.unwrap_or(job.retry_delay_seconds);
        job.refresh = self.refresh.or(job.refresh);
        Ok(())
    }
}

fn step(text: &str) -> Result<Step, Error> {
    Step::parse(text).map_err(|problem| {
        usage(
            format!("`{text}` cannot be a step: {problem}"),
            "write one dbt command, such as `--step \"dbt build --select tag:nightly\"`",
        )
    })
}

fn after(text: &str) -> AfterJob {
    match text.strip_suffix(":any") {
        Some(name) => AfterJob {
            job: name.into(),
            on: CompletionOn::Any,
        },
        None => AfterJob {
            job: text.strip_suffix(":success").unwrap_or(text).into(),
            on: CompletionOn::Success,
        },
    }
}

fn usage(message: String, hint: &str) -> Error {
    Error::Usage {
        message,
        hint: hint.to_owned(),
    }
}
