//! Running a run in hand: its steps one after the other, with signs of life, a log, and an end.
//!
//! ```text
//!                 ┌─ sign of life every 5 s ──▶ cancelled? lost? ─┐
//! claim ─▶ steps ─┼─ time limit ──────────────────────────────────┼─▶ dbt is asked to stop
//!                 ├─ the process is told to stop ─────────────────┘
//!                 └─ output ─▶ mask ─▶ log;  nodes ─▶ store;  artifacts ─▶ mask ─▶ archive, ingest
//! ```

mod end;
mod request;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use camino::Utf8PathBuf;
use secrecy::{ExposeSecret as _, SecretString};
use tailwater_core::diagnostic::{Diagnostic as _, with_causes};
use tailwater_core::job::{JobRun, JobRunMode, JobRunState, Mask, NodeRunSummary, Step, StepRun, StepState};
use tailwater_core::refresh::outcome_words;
use tailwater_store::{JobRunClaim, JobRunSign};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::request::{absolute, builds, load_secrets};
use super::error::JobError;
use super::log::LogWriter;
use super::queue::artifact_key;
use super::step::{StepEnd, StepHeard, StepRequest, StepRunner};
use super::{HEARTBEAT, LIFETIME};
use crate::error::Error;
use crate::workspace::Workspace;

pub(super) use self::end::end_lost;

/// dbt's files that are kept of each step.
const ARTIFACTS: [&str; 4] = [
    "manifest.json",
    "run_results.json",
    "sources.json",
    "catalog.json",
];
/// How often the log and the nodes are written while dbt runs.
const FLUSH: Duration = Duration::from_secs(1);
/// The longest message of a node that is kept, in characters.
const LONGEST_MESSAGE: usize = 2_000;

/// Why a run is to end before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Halt {
    Cancelled { by: String },
    TimedOut,
    Stopping,
    Lost,
}

/// A run in hand, under way.
struct Going<'a> {
    workspace: &'a Workspace,
    claim: &'a JobRunClaim,
    run: JobRun,
    log: LogWriter,
    mask: Mask,
    nodes: Vec<NodeRunSummary>,
    work: Utf8PathBuf,
    halt: CancellationToken,
}

/// Runs what is in hand to its end; answers how it ended, or `None` when somebody else has ended it.
pub(super) async fn run_claim(
    workspace: &Workspace,
    claim: &JobRunClaim,
    runner: &dyn StepRunner,
    stopping: &CancellationToken,
) -> Result<Option<JobRunState>, Error> {
    let secrets = load_secrets(workspace, &claim.run.definition).await;
    let mask = match &secrets {
        Ok(secrets) => Mask::new(secrets.values().map(SecretString::expose_secret)),
        Err(_) => Mask::default(),
    };
    let work = absolute(workspace.artifacts_directory())
        .join("work")
        .join(claim.run.id.as_str());
    let mut going = Going {
        workspace,
        claim,
        run: claim.run.clone(),
        log: LogWriter::new(claim.run.id.clone(), mask.clone()),
        mask,
        nodes: Vec::new(),
        work,
        halt: CancellationToken::new(),
    };
    let watched = going.halt.clone();
    let worked = {
        let watching = watch(workspace, claim, stopping, &watched);
        let working = async {
            match secrets {
                Ok(secrets) => going.work(runner, &secrets).await,
                Err(error) => Err(error),
            }
        };
        tokio::pin!(watching, working);
        // The watch goes on until the work has ended: it is what keeps the run in hand.
        let mut halted = None;
        loop {
            tokio::select! {
                worked = &mut working => break (worked, halted),
                why = &mut watching, if halted.is_none() => {
                    watched.cancel();
                    halted = Some(why);
                }
                // dbt may take a while to stop; until then the run stays in hand.
                () = breathe(workspace, claim), if halted.is_some() => {}
            }
        }
    };
    let (worked, halted) = worked;
    let _ = tokio::fs::remove_dir_all(&going.work).await;
    if halted == Some(Halt::Lost) {
        tracing::warn!(run = %claim.run.id, "the run was taken over: this process gave no sign of life for too long");
        return Ok(None);
    }
    going.end(worked, halted).await
}

/// Gives signs of life until there is a reason to end.
async fn watch(
    workspace: &Workspace,
    claim: &JobRunClaim,
    stopping: &CancellationToken,
    over: &CancellationToken,
) -> Halt {
    let started = claim.run.started_at.unwrap_or(claim.run.queued_at);
    let limit = started.checked_add_signed(claim.run.definition.time_limit());
    let mut silent_since = workspace.clock().now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(HEARTBEAT.min(Duration::from_secs(1))) => {}
            () = stopping.cancelled() => return Halt::Stopping,
            () = over.cancelled() => return Halt::Lost,
        }
        let now = workspace.clock().now();
        match workspace.store().renew_job_run(claim, LIFETIME).await {
            Ok(JobRunSign::InHand {
                cancel_asked_by: None,
            }) => silent_since = now,
            Ok(JobRunSign::InHand {
                cancel_asked_by: Some(by),
            }) => return Halt::Cancelled { by },
            Ok(JobRunSign::Lost) => return Halt::Lost,
            Err(error) => {
                tracing::warn!(run = %claim.run.id, %error, code = error.code(), "no sign of life could be given");
                // By now another node may run it: two must not.
                if (now - silent_since)
                    .to_std()
                    .is_ok_and(|silence| silence >= LIFETIME)
                {
                    return Halt::Lost;
                }
            }
        }
        if limit.is_some_and(|limit| limit <= now) {
            return Halt::TimedOut;
        }
    }
}

/// Does something while a step goes on. A step that stood still meanwhile could hold the very connection to the store
/// that this waits for.
async fn beside<R: Future, T>(
    running: &mut Pin<&mut R>,
    ended: &mut Option<R::Output>,
    work: impl Future<Output = T>,
) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            end = running.as_mut(), if ended.is_none() => *ended = Some(end),
        }
    }
}

/// Gives one sign of life after a while.
async fn breathe(workspace: &Workspace, claim: &JobRunClaim) {
    tokio::time::sleep(HEARTBEAT).await;
    if let Err(error) = workspace.store().renew_job_run(claim, LIFETIME).await {
        tracing::warn!(run = %claim.run.id, %error, "no sign of life could be given");
    }
}

impl Going<'_> {
    /// Runs the steps; answers why it failed, when it did.
    async fn work(
        &mut self,
        runner: &dyn StepRunner,
        secrets: &BTreeMap<String, SecretString>,
    ) -> Result<Option<String>, Error> {
        let steps = self.prepare().await?;
        self.run.steps = steps.iter().map(|(text, _)| StepRun::waiting(text)).collect();
        self.note().await?;
        // What earlier steps built is in the history by then, and so are their tests.
        let building = steps.iter().rposition(|(_, step)| builds(step));
        for (index, (text, step)) in steps.iter().enumerate() {
            if self.halt.is_cancelled() {
                return Ok(None);
            }
            self.begin_step(index, text).await?;
            let request = self.request(step, secrets, Some(index) == building);
            let ended = self.run_step(runner, request, index).await;
            let kept = self.keep_artifacts(index).await;
            let failure = self.end_step(index, ended);
            if let Err(error) = &kept {
                self.log.line(&format!(
                    "the artifacts could not be kept: {}",
                    with_causes(error)
                ));
            }
            self.note().await?;
            if let Some(failure) = failure {
                return Ok(Some(format!("`{text}` {failure}")));
            }
            if self.halt.is_cancelled() {
                return Ok(None);
            }
            if let Err(error) = kept {
                return Ok(Some(format!(
                    "the artifacts of `{text}` could not be kept: {}",
                    with_causes(&error)
                )));
            }
        }
        Ok(None)
    }

    /// The steps of this run, and what an earlier run left for the first of them.
    async fn prepare(&mut self) -> Result<Vec<(String, Step)>, Error> {
        let target = self.work.join("target");
        let unusable = |path: &Utf8PathBuf, source| JobError::Work {
            path: path.clone(),
            source,
        };
        // What a process left that died in the middle.
        let _ = tokio::fs::remove_dir_all(&self.work).await;
        tokio::fs::create_dir_all(&target)
            .await
            .map_err(|source| unusable(&target, source))?;
        let all = &self.run.definition.steps;
        let whole = |step: &Step| (step.text().to_owned(), step.clone());
        let (of, failed) = match &self.run.mode {
            JobRunMode::Whole => return Ok(all.iter().map(whole).collect()),
            JobRunMode::FromFailed { of, step } => (of.clone(), *step),
        };
        let earlier = self.workspace.find_job_run(&of).await?;
        let offset = match earlier.mode {
            JobRunMode::Whole => 0,
            JobRunMode::FromFailed { step, .. } => step,
        };
        let archive = self.workspace.archive()?;
        for file in ["manifest.json", "run_results.json"] {
            let key = artifact_key(&of, failed - offset.min(failed), file);
            let is_there = archive.fetch_file(&key, &target.join(file)).await?;
            if !is_there {
                return Err(JobError::RunState {
                    id: of,
                    reason: "left no results that `dbt retry` could begin at",
                }
                .into());
            }
        }
        let retry = Step::parse("dbt retry").map_err(|problem| JobError::Invalid {
            name: self.run.job.clone(),
            problem: Box::new(tailwater_core::job::JobProblem::Step {
                step: "dbt retry".to_owned(),
                problem,
            }),
        })?;
        let mut steps = vec![whole(&retry)];
        steps.extend(all.iter().skip(failed + 1).map(whole));
        Ok(steps)
    }

    async fn begin_step(&mut self, index: usize, text: &str) -> Result<(), Error> {
        let now = self.workspace.clock().now();
        let time = now.format("%Y-%m-%d %H:%M:%S UTC");
        let log_offset = self.log.len();
        self.log.line(&format!("{text}   ({time})"));
        if let Some(step) = self.run.steps.get_mut(index) {
            step.state = StepState::Running;
            step.started_at = Some(now);
            step.log_offset = log_offset;
        }
        self.note().await
    }

    /// Runs one step and hears it, writing now and then what was heard.
    async fn run_step(
        &mut self,
        runner: &dyn StepRunner,
        request: StepRequest,
        index: usize,
    ) -> Result<StepEnd, Error> {
        let (say, mut heard) = mpsc::unbounded_channel();
        let running = runner.run_step(self.workspace, request, say, self.halt.clone());
        tokio::pin!(running);
        let mut ended = None;
        let mut flush = tokio::time::interval(FLUSH);
        flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_changed = false;
        loop {
            tokio::select! {
                one = heard.recv() => match one {
                    Some(one) => {
                        is_changed = true;
                        if self.hear(one, index) {
                            beside(&mut running, &mut ended, self.write_down(false)).await?;
                        }
                    }
                    // Everything was heard; only then does the end count.
                    None => match ended {
                        Some(ended) => return ended,
                        None => return running.await,
                    },
                },
                done = &mut running, if ended.is_none() => ended = Some(done),
                _ = flush.tick(), if is_changed => {
                    is_changed = false;
                    beside(&mut running, &mut ended, self.write_down(true)).await?;
                }
            }
        }
    }

    /// Takes what was heard; says whether much is gathered.
    fn hear(&mut self, heard: StepHeard, step: usize) -> bool {
        match heard {
            StepHeard::Output(bytes) => return self.log.push(&bytes),
            StepHeard::Invocation(id) => {
                if let Some(step) = self.run.steps.get_mut(step) {
                    step.invocation_id = Some(id);
                }
            }
            StepHeard::Asked(record) => {
                let now = self.workspace.clock().now();
                let line = format!("{}: {}", record.name, outcome_words(&record, now));
                self.log.line(&line);
            }
            StepHeard::NodeStarted { unique_id, at } => self.nodes.push(NodeRunSummary {
                unique_id,
                step,
                status: None,
                started_at: at,
                ended_at: None,
                seconds: None,
                message: None,
            }),
            StepHeard::NodeEnded(result) => {
                self.run.nodes.add(&result.status);
                let message = result.message.as_deref().map(|text| {
                    let short: String = text.chars().take(LONGEST_MESSAGE).collect();
                    self.mask.text(&short).into_owned()
                });
                self.nodes.push(NodeRunSummary {
                    unique_id: result.unique_id,
                    step,
                    status: Some(result.status),
                    started_at: result.started_at,
                    ended_at: result.completed_at,
                    seconds: Some(result.execution_seconds),
                    message,
                });
            }
        }
        false
    }

    /// Writes log and nodes. A log that cannot be written ends no build: it is tried again with the next piece.
    async fn write_down(&mut self, with_nodes: bool) -> Result<(), Error> {
        match self.workspace.archive() {
            Ok(archive) => {
                if let Err(error) = self.log.flush(archive).await {
                    tracing::warn!(run = %self.run.id, %error, "the log could not be written");
                }
            }
            Err(error) => return Err(error.into()),
        }
        if with_nodes { self.note().await } else { Ok(()) }
    }

    /// Writes how the run stands, with the nodes since the last time.
    async fn note(&mut self) -> Result<(), Error> {
        self.run.log_bytes = self.log.len();
        let nodes = std::mem::take(&mut self.nodes);
        let is_in_hand = self
            .workspace
            .store()
            .note_job_run(self.claim, &self.run, &nodes)
            .await?;
        if !is_in_hand {
            // The watch finds out too; dbt is not kept running until then.
            self.halt.cancel();
        }
        Ok(())
    }

    fn end_step(&mut self, index: usize, ended: Result<StepEnd, Error>) -> Option<String> {
        let now = self.workspace.clock().now();
        for problem in ended.iter().flat_map(|end| &end.problems) {
            self.log.line(problem);
        }
        let (state, exit_code, words) = match ended {
            Ok(end) if end.exit_code == 0 => (StepState::Succeeded, Some(0), None),
            Ok(end) if self.halt.is_cancelled() => (StepState::Cancelled, Some(end.exit_code), None),
            Ok(end) => (StepState::Failed, Some(end.exit_code), Some(end.words)),
            Err(error) => (
                StepState::Failed,
                None,
                Some(format!("could not be run: {}", with_causes(&error))),
            ),
        };
        let words = words.map(|words| self.mask.text(&words).into_owned());
        if let Some(words) = &words {
            self.log.line(words);
        }
        if let Some(step) = self.run.steps.get_mut(index) {
            step.state = state;
            step.ended_at = Some(now);
            step.exit_code = exit_code;
            step.message.clone_from(&words);
        }
        words
    }

    /// Keeps what the step wrote with the run, secrets hidden in it.
    async fn keep_artifacts(&mut self, index: usize) -> Result<(), Error> {
        let target = self.work.join("target");
        let landing = self.work.join(format!("landing-{index}"));
        let archive = self.workspace.archive()?;
        for file in ARTIFACTS {
            let from = target.join(file);
            if !from.is_file() {
                continue;
            }
            let to = landing.join(file);
            crate::archive::copy_masked(&from, &to, &self.mask)
                .await
                .map_err(|source| JobError::Work {
                    path: to.clone(),
                    source,
                })?;
            archive
                .put_file(&artifact_key(&self.run.id, index, file), &to)
                .await?;
        }
        Ok(())
    }
}
