//! The work of a process that runs jobs: slots, the clockwork, signs of life.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::job::JobRunState;
use tailwater_store::WorkerRecord;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::run::{end_lost, run_claim};
use super::step::StepRunner;
use super::{HEARTBEAT, LIFETIME};
use crate::error::Error;
use crate::workspace::Workspace;

/// The longest time between two looks into the queue, and at the clock.
const LONGEST_REST: Duration = Duration::from_secs(15);
/// How often the queue is looked into for what another node put there.
const LOOK: Duration = Duration::from_secs(1);

/// How a process runs jobs.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// How many runs at once; with 0 the process only keeps the clock and watches over others.
    pub slots: u32,
    /// How long runs under way may go on after the process was told to stop, before dbt is interrupted.
    pub patience: Duration,
}

/// The work of a process that runs jobs. Clones are the same one.
#[derive(Clone)]
pub struct JobRuntime {
    shared: Arc<Shared>,
}

struct Shared {
    workspace: Arc<Workspace>,
    runner: Arc<dyn StepRunner>,
    options: WorkerOptions,
    id: String,
    name: String,
    started_at: DateTime<Utc>,
    running: AtomicU32,
    tasks: TaskTracker,
    /// No new runs.
    closing: CancellationToken,
    /// Runs under way are to end.
    stopping: CancellationToken,
    nudge: Notify,
}

impl fmt::Debug for JobRuntime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JobRuntime({})", self.shared.name)
    }
}

impl JobRuntime {
    /// A runtime that has not begun: its steps can be taken one by one.
    pub fn new(workspace: Arc<Workspace>, runner: Arc<dyn StepRunner>, options: WorkerOptions) -> Self {
        let started_at = workspace.clock().now();
        let name = workspace.holder();
        Self {
            shared: Arc::new(Shared {
                workspace,
                runner,
                options,
                id: uuid::Uuid::new_v4().to_string(),
                name,
                started_at,
                running: AtomicU32::new(0),
                tasks: TaskTracker::new(),
                closing: CancellationToken::new(),
                stopping: CancellationToken::new(),
                nudge: Notify::new(),
            }),
        }
    }

    /// Begins to work in the background, until [`Self::shut_down`].
    pub fn start(&self) {
        let runtime = self.clone();
        self.shared.tasks.spawn(async move { runtime.take_runs().await });
        let runtime = self.clone();
        self.shared.tasks.spawn(async move { runtime.keep_time().await });
        let runtime = self.clone();
        self.shared.tasks.spawn(async move { runtime.live().await });
    }

    /// How many runs are under way here.
    pub fn running(&self) -> u32 {
        self.shared.running.load(Ordering::Relaxed)
    }

    /// Looks into the queue at once.
    pub fn nudge(&self) {
        self.shared.nudge.notify_one();
    }

    /// Takes nothing new, lets runs under way go on for a while, then interrupts dbt and leaves them to other
    /// nodes; waits until all is in order.
    pub async fn shut_down(&self) {
        let shared = &self.shared;
        shared.closing.cancel();
        shared.tasks.close();
        if tokio::time::timeout(shared.options.patience, shared.tasks.wait())
            .await
            .is_err()
        {
            shared.stopping.cancel();
            shared.tasks.wait().await;
        }
        if let Err(error) = shared.workspace.store().remove_worker(&shared.id).await {
            tracing::warn!(%error, "this worker could not be taken out");
        }
    }

    /// Takes one run and runs it to its end; `None` when none may start, or somebody else ended it.
    pub async fn work_once(&self) -> Result<Option<JobRunState>, Error> {
        let shared = &self.shared;
        let claim = shared
            .workspace
            .store()
            .claim_job_run(&shared.name, LIFETIME)
            .await?;
        let Some(claim) = claim else { return Ok(None) };
        run_claim(&shared.workspace, &claim, &*shared.runner, &shared.stopping).await
    }

    /// Answers set times and ends lost runs, once; answers when the next time comes.
    pub async fn keep_time_once(&self) -> Result<Option<DateTime<Utc>>, Error> {
        let workspace = &self.shared.workspace;
        if !end_lost(workspace).await?.is_empty() {
            self.nudge();
        }
        let (queued, next) = workspace.answer_due_jobs().await?;
        if !queued.is_empty() {
            self.nudge();
        }
        Ok(next)
    }

    async fn take_runs(&self) {
        let shared = &self.shared;
        while !shared.closing.is_cancelled() {
            while self.running() < shared.options.slots && !shared.closing.is_cancelled() {
                match shared
                    .workspace
                    .store()
                    .claim_job_run(&shared.name, LIFETIME)
                    .await
                {
                    Ok(Some(claim)) => self.spawn(claim),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(%error, code = error.code(), "the queue of jobs could not be looked into");
                        break;
                    }
                }
            }
            tokio::select! {
                () = shared.closing.cancelled() => return,
                () = shared.nudge.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    fn spawn(&self, claim: tailwater_store::JobRunClaim) {
        let shared = Arc::clone(&self.shared);
        shared.running.fetch_add(1, Ordering::Relaxed);
        tracing::info!(run = %claim.run.id, job = %claim.run.job, "run started");
        self.shared.tasks.spawn(async move {
            // A bug in a run ends that run and no other; without signs of life it is found lost.
            let work = tokio::spawn({
                let shared = Arc::clone(&shared);
                async move {
                    let id = claim.run.id.clone();
                    let ended = run_claim(&shared.workspace, &claim, &*shared.runner, &shared.stopping).await;
                    match ended {
                        Ok(Some(state)) => tracing::info!(run = %id, state = state.name(), "run ended"),
                        Ok(None) => {}
                        Err(error) => {
                            tracing::error!(run = %id, %error, code = error.code(), "run broke off");
                        }
                    }
                }
            });
            let _ = work.await;
            shared.running.fetch_sub(1, Ordering::Relaxed);
            shared.nudge.notify_one();
        });
    }

    async fn keep_time(&self) {
        let shared = &self.shared;
        loop {
            let rest = match self.keep_time_once().await {
                Ok(next) => {
                    let now = shared.workspace.clock().now();
                    next.and_then(|next| (next - now).to_std().ok())
                        .map_or(LONGEST_REST, |rest| {
                            rest.clamp(Duration::from_millis(200), LONGEST_REST)
                        })
                }
                Err(error) => {
                    tracing::warn!(%error, code = error.code(), "what is due could not be looked up");
                    LONGEST_REST
                }
            };
            // Lost runs are looked for as often as signs of life are given.
            tokio::select! {
                () = shared.closing.cancelled() => return,
                () = tokio::time::sleep(rest.min(HEARTBEAT)) => {}
            }
        }
    }

    async fn live(&self) {
        let shared = &self.shared;
        loop {
            let worker = WorkerRecord {
                id: shared.id.clone(),
                name: shared.name.clone(),
                slots: shared.options.slots,
                running: self.running(),
                started_at: shared.started_at,
                seen_at: shared.workspace.clock().now(),
                is_stopping: shared.closing.is_cancelled(),
            };
            if let Err(error) = shared.workspace.store().put_worker(&worker).await {
                tracing::warn!(%error, "no sign of life of this worker could be given");
            }
            tokio::select! {
                () = shared.closing.cancelled() => return,
                () = tokio::time::sleep(HEARTBEAT) => {}
            }
        }
    }
}
