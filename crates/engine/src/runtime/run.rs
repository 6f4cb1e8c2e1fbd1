//! Running syncs in the background.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tailwater_core::id::IntegrationName;
use tailwater_store::{SyncCause, SyncId, SyncRecord};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::check::Checks;
use super::live::{LiveState, LiveSync, Teller};
use crate::error::Error;
use crate::integration::selection_digest;
use crate::sync::{SyncOptions, SyncRequest};
use crate::workspace::Workspace;

/// So many syncs that are over can still be watched.
const MOST_KEPT: usize = 100;

/// Who is told when something landed.
type Landed = dyn Fn(&IntegrationName) + Send + Sync;

/// The background work of a serving process. Clones are the same one.
#[derive(Clone)]
pub struct Runtime {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) workspace: Arc<Workspace>,
    landed: Box<Landed>,
    runs: Mutex<Runs>,
    pub(super) checks: Mutex<Checks>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    /// Wakes the clockwork before its time.
    pub(super) nudge: Notify,
}

#[derive(Default)]
struct Runs {
    known: HashMap<SyncId, Run>,
    /// Those that are over, oldest first.
    over: VecDeque<SyncId>,
    current: HashMap<IntegrationName, SyncId>,
    waiting: HashMap<IntegrationName, SyncId>,
}

struct Run {
    watched: watch::Sender<LiveSync>,
    cancel: CancellationToken,
    /// The digest of the selection when it was asked for.
    selection: String,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Runtime")
            .field("workspace", &self.shared.workspace)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Begins to work. `landed` is called after each landing, also of what was only resolved anew, and must
    /// return at once.
    pub fn new(workspace: Arc<Workspace>, landed: impl Fn(&IntegrationName) + Send + Sync + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                workspace,
                landed: Box::new(landed),
                runs: Mutex::default(),
                checks: Mutex::default(),
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
                nudge: Notify::new(),
            }),
        }
    }

    /// The workspace that it works in.
    pub fn workspace(&self) -> &Arc<Workspace> {
        &self.shared.workspace
    }

    /// Starts a sync in the background, or joins the one that runs; says which one to watch.
    pub async fn start_sync(
        &self,
        name: &IntegrationName,
        cause: SyncCause,
        by: Option<&str>,
    ) -> Result<SyncId, Error> {
        let integration = self.workspace().find_integration(name).await?;
        let selection = selection_digest(&self.workspace().selection(&integration).await?);
        let now = self.workspace().clock().now();
        let mut runs = self.runs();
        if let Some(waiting) = runs.waiting.get(name) {
            return Ok(*waiting);
        }
        let current = runs.current.get(name).copied();
        let is_joined = current
            .and_then(|id| runs.known.get(&id))
            .is_some_and(|run| run.selection == selection);
        if let (Some(id), true) = (current, is_joined) {
            return Ok(id);
        }
        let id = SyncId::new(now);
        let live = LiveSync::new(id, name.clone(), cause, by.map(str::to_owned), now);
        let run = Run {
            watched: watch::Sender::new(live),
            cancel: self.shared.stop.child_token(),
            selection,
        };
        runs.known.insert(id, run);
        if current.is_some() {
            runs.waiting.insert(name.clone(), id);
        } else {
            runs.current.insert(name.clone(), id);
            drop(runs);
            self.spawn(id);
        }
        Ok(id)
    }

    /// How a sync stands that runs, waits, or ended a short while ago in this process.
    pub fn snapshot(&self, id: SyncId) -> Option<LiveSync> {
        let runs = self.runs();
        runs.known.get(&id).map(|run| run.watched.borrow().clone())
    }

    /// Watches a sync. The receiver hears of every step until the sync is over.
    pub fn subscribe(&self, id: SyncId) -> Option<watch::Receiver<LiveSync>> {
        self.runs().known.get(&id).map(|run| run.watched.subscribe())
    }

    /// The sync of an integration that runs in this process.
    pub fn running(&self, name: &IntegrationName) -> Option<LiveSync> {
        let runs = self.runs();
        let run = runs.known.get(runs.current.get(name)?)?;
        Some(run.watched.borrow().clone())
    }

    /// Waits until a sync is over; `None` when it is not known here.
    pub async fn wait_for(&self, id: SyncId) -> Option<LiveSync> {
        let mut watched = self.subscribe(id)?;
        let over = watched.wait_for(|live| live.state.is_over()).await.ok()?;
        Some(over.clone())
    }

    /// Stops a sync before it lands; says whether there was one to stop.
    pub fn cancel(&self, id: SyncId) -> bool {
        let mut runs = self.runs();
        let Some(run) = runs.known.get(&id) else {
            return false;
        };
        if run.watched.borrow().state.is_over() {
            return false;
        }
        run.cancel.cancel();
        // One that waits would otherwise begin only to end.
        if runs.waiting.values().any(|waiting| *waiting == id) {
            let now = self.workspace().clock().now();
            run.watched.send_modify(|live| live.end(LiveState::Stopped, now));
            runs.waiting.retain(|_, waiting| *waiting != id);
            runs.bury(id);
        }
        true
    }

    /// A sync of the history.
    pub async fn find_sync(&self, id: SyncId) -> Result<Option<SyncRecord>, Error> {
        Ok(self.workspace().store().find_sync(id).await?)
    }

    /// Resolves what the last sync left anew and tells who wants to know. Says how many exposures say
    /// something else now; `None` when the integration was never synced.
    pub async fn reresolve(&self, name: &IntegrationName) -> Result<Option<usize>, Error> {
        let changed = self.workspace().reresolve(name).await?;
        (self.shared.landed)(name);
        Ok(changed)
    }

    /// Looks at once whether something is due, for instance because the selection has changed.
    pub fn nudge(&self) {
        self.shared.nudge.notify_one();
    }

    /// Stops everything before it lands and waits until all is in order: sessions ended, leases given back.
    pub async fn shut_down(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        // Nothing is awaited and nothing can fail half-way while the lock is held.
        self.shared.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self, id: SyncId) {
        let runtime = self.clone();
        self.shared.tasks.spawn(async move {
            let mut next = Some(id);
            while let Some(id) = next {
                // A bug in a sync ends that sync and no other.
                let run = runtime.clone();
                let ended = tokio::spawn(async move { run.run(id).await }).await;
                next = runtime.finish(id, ended.ok());
            }
        });
    }

    /// Runs one sync and says how it ended.
    async fn run(&self, id: SyncId) -> LiveState {
        let found = self
            .runs()
            .known
            .get(&id)
            .map(|run| (run.watched.clone(), run.cancel.clone()));
        let Some((watched, cancel)) = found else {
            return LiveState::Stopped;
        };
        let workspace = self.workspace();
        let now = workspace.clock().now();
        watched.send_modify(|live| live.begin(now));
        let (name, cause, by) = {
            let live = watched.borrow();
            (live.integration.clone(), live.cause, live.by.clone())
        };
        let request = SyncRequest {
            id: Some(id),
            options: SyncOptions::default(),
            cause,
            by,
            only_if_due: cause.is_automatic(),
        };
        let teller = Teller {
            workspace,
            watched: &watched,
        };
        match workspace.sync_as(&name, &request, &teller, &cancel).await {
            Ok(Some(report)) => {
                (self.shared.landed)(&name);
                LiveState::Done {
                    outcome: report.outcome,
                }
            }
            Ok(None) => LiveState::Needless,
            Err(error) => LiveState::of_error(&error),
        }
    }

    /// Notes how a sync ended; answers the one that waited behind it.
    fn finish(&self, id: SyncId, ended: Option<LiveState>) -> Option<SyncId> {
        let now = self.workspace().clock().now();
        let ended = ended.unwrap_or_else(|| LiveState::Failed {
            code: "TW-SYNC-BROKEN",
            message: "the sync broke off: this is a fault of Tailwater".to_owned(),
            hint: Some("report it with the server's log".to_owned()),
        });
        let mut runs = self.runs();
        let name = runs.known.get(&id).map(|run| {
            let name = run.watched.borrow().integration.clone();
            run.watched.send_modify(|live| live.end(ended, now));
            name
        })?;
        runs.current.remove(&name);
        runs.bury(id);
        let next = runs.waiting.remove(&name);
        if let Some(next) = next {
            runs.current.insert(name, next);
        }
        drop(runs);
        self.nudge();
        next
    }
}

impl Runs {
    /// Keeps one that is over for a while.
    fn bury(&mut self, id: SyncId) {
        self.over.push_back(id);
        while self.over.len() > MOST_KEPT {
            if let Some(oldest) = self.over.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}
