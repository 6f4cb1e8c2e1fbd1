//! Checks of connections that can be watched line by line.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_bi::{Check, CheckState, Progress, Step};
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::IntegrationName;
use tailwater_store::DraftId;

use super::run::Runtime;
use crate::error::Error;

/// What is checked; there is at most one check of it at a time.
pub type CheckId = Subject;

/// So many checks can be looked at after they ended.
const MOST_KEPT: usize = 100;

/// What a check is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A connection that is being described.
    Draft(DraftId),
    /// An integration.
    Integration(IntegrationName),
}

/// A check that runs or is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveCheck {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The lines that are known, in order once it is over.
    pub lines: Vec<CheckLine>,
    /// Whether no more lines will come.
    pub is_over: bool,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// What was tried, such as `sign-in`; stable.
    pub name: String,
    /// How it went.
    pub state: CheckState,
    /// What was found, in plain words.
    pub detail: String,
    /// What mends it, when something is amiss.
    pub remedy: Option<String>,
}

impl LiveCheck {
    /// Whether it is over and nothing failed.
    pub fn is_passed(&self) -> bool {
        self.is_over && !self.has_failed()
    }

    /// Whether a line failed.
    pub fn has_failed(&self) -> bool {
        self.lines.iter().any(|line| line.state == CheckState::Failed)
    }
}

impl From<&Check> for CheckLine {
    fn from(check: &Check) -> Self {
        Self {
            name: check.name.to_owned(),
            state: check.state,
            detail: check.detail.clone(),
            remedy: check.remedy.clone(),
        }
    }
}

/// The checks that are known, and their order.
#[derive(Debug, Default)]
pub(super) struct Checks {
    known: HashMap<Subject, Arc<Mutex<LiveCheck>>>,
    order: VecDeque<Subject>,
}

/// Writes lines down as they come.
struct Scribe(Arc<Mutex<LiveCheck>>);

impl Progress for Scribe {
    fn report(&self, _: Step) {}

    fn line(&self, check: &Check) {
        held(&self.0).lines.push(check.into());
    }
}

impl Runtime {
    /// Checks a connection in the background; one that is being checked already is not checked twice.
    pub fn start_check(&self, subject: Subject) {
        let started_at = self.workspace().clock().now();
        let live = Arc::new(Mutex::new(LiveCheck {
            started_at,
            lines: Vec::new(),
            is_over: false,
        }));
        {
            let mut checks = held(&self.shared.checks);
            let running = checks.known.get(&subject);
            if running.is_some_and(|running| !held(running).is_over) {
                return;
            }
            checks.order.retain(|known| *known != subject);
            checks.order.push_back(subject.clone());
            checks.known.insert(subject.clone(), Arc::clone(&live));
            while checks.order.len() > MOST_KEPT {
                if let Some(oldest) = checks.order.pop_front() {
                    checks.known.remove(&oldest);
                }
            }
        }
        let runtime = self.clone();
        self.shared.tasks.spawn(async move {
            let run = {
                let (runtime, scribe) = (runtime.clone(), Scribe(Arc::clone(&live)));
                tokio::spawn(async move { runtime.check(&subject, &scribe).await })
            };
            let lines = match run.await {
                Ok(Ok(checks)) => Some(checks.iter().map(CheckLine::from).collect()),
                Ok(Err(error)) => Some(vec![failed(&error)]),
                // A bug; the lines that came before it stand.
                Err(_) => None,
            };
            let mut live = held(&live);
            if let Some(lines) = lines {
                live.lines = lines;
            }
            live.is_over = true;
        });
    }

    /// How a check stands; `None` when there was none.
    pub fn check_state(&self, subject: &Subject) -> Option<LiveCheck> {
        let live = held(&self.shared.checks).known.get(subject).cloned()?;
        let state = held(&live).clone();
        Some(state)
    }

    /// Forgets a check, because what it was of has changed.
    pub fn forget_check(&self, subject: &Subject) {
        let mut checks = held(&self.shared.checks);
        checks.order.retain(|known| known != subject);
        checks.known.remove(subject);
    }

    async fn check(&self, subject: &Subject, scribe: &Scribe) -> Result<Vec<Check>, Error> {
        let work = async {
            match subject {
                Subject::Draft(id) => self.workspace().check_draft(*id, scribe).await,
                Subject::Integration(name) => self.workspace().check_integration(name, scribe).await,
            }
        };
        tokio::select! {
            checks = work => checks,
            () = self.shared.stop.cancelled() => Err(Error::Cancelled),
        }
    }
}

/// The line of a check that could not even begin.
fn failed(error: &Error) -> CheckLine {
    CheckLine {
        name: "connection".to_owned(),
        state: CheckState::Failed,
        detail: error.to_string(),
        remedy: error.hint(),
    }
}

/// Nothing is awaited and nothing fails while such a lock is held.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
