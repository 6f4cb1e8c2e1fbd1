//! What can be watched of a sync while it runs, and shortly after.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_bi::{Progress, Step};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::IntegrationName;
use tailwater_store::{SyncCause, SyncId, SyncOutcome};
use tokio::sync::watch;

use crate::error::Error;
use crate::progress::{Stage, SyncProgress};
use crate::workspace::Workspace;

/// The longest log that is kept of a sync.
const MOST_LINES: usize = 200;

/// A sync that runs, waits, or ended a short while ago.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveSync {
    /// Its id; in the history it has the same.
    pub id: SyncId,
    /// The integration.
    pub integration: IntegrationName,
    /// What set it off.
    pub cause: SyncCause,
    /// Who asked for it, in words for people.
    pub by: Option<String>,
    /// When it was asked for.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// How it stands.
    pub state: LiveState,
    /// Its stages, in order.
    pub stages: Vec<LiveStage>,
    /// What happened, in words, oldest first.
    pub log: Vec<LogLine>,
}

/// How a watched sync stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum LiveState {
    /// It waits for the one that runs.
    Waiting,
    /// It runs.
    Running,
    /// It landed.
    Done {
        /// How it ended.
        outcome: SyncOutcome,
    },
    /// It failed.
    Failed {
        /// The error's stable code.
        code: &'static str,
        /// What failed, on what, and why.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// Somebody stopped it; nothing was changed.
    Stopped,
    /// Another process reads the same site.
    Elsewhere {
        /// Who, in words.
        holder: String,
        /// Until when at the latest, unless it gives another sign of life.
        until: DateTime<Utc>,
        /// What to do next.
        hint: Option<String>,
    },
    /// Another process had done it already.
    Needless,
}

impl LiveState {
    /// Whether nothing more will happen.
    pub const fn is_over(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// One stage of a watched sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveStage {
    /// The stage.
    pub stage: Stage,
    /// How it stands.
    pub state: StageState,
    /// How many items are done in the part that is being read.
    pub done: usize,
    /// How many there are, where that is known.
    pub total: Option<usize>,
    /// What the stage found in all, once it is done.
    pub count: Option<usize>,
}

/// How one stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// Its turn has not come.
    Waiting,
    /// Its turn.
    Running,
    /// Over.
    Done,
    /// It was here that the sync failed or was stopped.
    Broken,
}

/// One line of a watched sync's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: String,
}

impl LiveSync {
    /// A sync that nothing has happened to yet.
    pub(super) fn new(
        id: SyncId,
        integration: IntegrationName,
        cause: SyncCause,
        by: Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let stage = |stage| LiveStage {
            stage,
            state: StageState::Waiting,
            done: 0,
            total: None,
            count: None,
        };
        Self {
            id,
            integration,
            cause,
            by,
            started_at: now,
            finished_at: None,
            state: LiveState::Waiting,
            stages: Stage::ALL.map(stage).into(),
            log: Vec::new(),
        }
    }

    fn say(&mut self, at: DateTime<Utc>, text: impl Into<String>) {
        if self.log.len() < MOST_LINES {
            let text = text.into();
            self.log.push(LogLine { at, text });
        }
    }

    /// Begins.
    pub(super) fn begin(&mut self, now: DateTime<Utc>) {
        self.state = LiveState::Running;
        self.stages[0].state = StageState::Running;
        self.say(now, "Started");
    }

    /// A step of the connector.
    fn step(&mut self, step: Step, now: DateTime<Utc>) {
        let stage = Stage::of_phase(step.phase);
        // The first answer to anything means that the server let us in.
        if stage > Stage::SignedIn && self.stages[0].state == StageState::Running {
            self.stages[0].state = StageState::Done;
            self.say(now, "Signed in");
        }
        for live in &mut self.stages {
            if live.stage == stage && live.state != StageState::Done {
                live.state = StageState::Running;
                (live.done, live.total) = (step.done, step.total);
            }
        }
        if step.total == Some(step.done) {
            self.say(now, format!("Read {} {}", step.done, step.phase));
        }
    }

    /// A stage is over.
    fn reached(&mut self, stage: Stage, count: usize, now: DateTime<Utc>) {
        for live in &mut self.stages {
            if live.stage <= stage {
                live.state = StageState::Done;
            } else if live.state == StageState::Waiting {
                live.state = StageState::Running;
                break;
            }
        }
        if let Some(live) = self.stages.iter_mut().find(|live| live.stage == stage) {
            live.count = Some(count);
        }
        self.say(now, stage.title(Some(count)));
    }

    /// The end, whatever it is.
    pub(super) fn end(&mut self, state: LiveState, now: DateTime<Utc>) {
        let is_whole = matches!(state, LiveState::Done { .. });
        for live in &mut self.stages {
            if live.state == StageState::Running {
                live.state = if is_whole {
                    StageState::Done
                } else {
                    StageState::Broken
                };
            }
        }
        let text = match &state {
            LiveState::Done { outcome } => format!("Ended: {}", outcome.name()),
            LiveState::Failed { message, .. } => format!("Failed: {message}"),
            LiveState::Stopped => "Stopped; nothing was changed".to_owned(),
            LiveState::Elsewhere { holder, .. } => format!("Not begun: {holder} reads the same site"),
            LiveState::Needless => "Not needed: another process had done it already".to_owned(),
            LiveState::Waiting | LiveState::Running => String::new(),
        };
        self.say(now, text);
        self.finished_at = Some(now);
        self.state = state;
    }
}

impl LiveState {
    /// The end that an error makes.
    pub(super) fn of_error(error: &Error) -> Self {
        match error {
            Error::Cancelled => Self::Stopped,
            Error::Busy { holder, until, .. } => Self::Elsewhere {
                holder: holder.clone(),
                until: *until,
                hint: error.hint(),
            },
            error => Self::Failed {
                code: error.code(),
                message: error.to_string(),
                hint: error.hint(),
            },
        }
    }
}

/// Passes what a sync tells on to those who watch it.
pub(super) struct Teller<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) watched: &'a watch::Sender<LiveSync>,
}

impl Progress for Teller<'_> {
    fn report(&self, step: Step) {
        let now = self.workspace.clock().now();
        self.watched.send_modify(|live| live.step(step, now));
    }
}

impl SyncProgress for Teller<'_> {
    fn reached(&self, stage: Stage, count: usize) {
        let now = self.workspace.clock().now();
        self.watched.send_modify(|live| live.reached(stage, count, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> LiveSync {
        let now = DateTime::UNIX_EPOCH;
        let mut live = LiveSync::new(SyncId::new(now), "main".into(), SyncCause::Asked, None, now);
        live.begin(now);
        live
    }

    fn states(live: &LiveSync) -> Vec<StageState> {
        live.stages.iter().map(|stage| stage.state).collect()
    }

    #[test]
    fn stages_follow_the_connectors_steps() {
        use StageState::{Broken, Done, Running, Waiting};
        let now = DateTime::UNIX_EPOCH;
        let mut live = live();
        assert_eq!(
            states(&live),
            [Running, Waiting, Waiting, Waiting, Waiting, Waiting]
        );
        let step = |phase, done, total| Step { phase, done, total };
        live.step(step("projects", 14, Some(14)), now);
        live.step(step("workbooks", 100, Some(212)), now);
        assert_eq!(states(&live), [Done, Running, Running, Waiting, Waiting, Waiting]);
        assert_eq!((live.stages[2].done, live.stages[2].total), (100, Some(212)));
        live.reached(Stage::Workbooks, 212, now);
        assert_eq!(states(&live), [Done, Done, Done, Running, Waiting, Waiting]);
        assert_eq!(live.stages[2].count, Some(212));
        live.end(LiveState::of_error(&Error::Cancelled), now);
        assert_eq!(states(&live), [Done, Done, Done, Broken, Waiting, Waiting]);
        assert!(live.state.is_over());
        assert_eq!(live.log.last().unwrap().text, "Stopped; nothing was changed");
    }

    #[test]
    fn the_log_does_not_grow_without_end() {
        let mut live = live();
        for _ in 0..1000 {
            live.reached(Stage::Tables, 1, DateTime::UNIX_EPOCH);
        }
        assert_eq!(live.log.len(), MOST_LINES);
    }
}
