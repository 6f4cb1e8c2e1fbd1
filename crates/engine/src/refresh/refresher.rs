//! The one who sends refreshes: claims what is queued, works at each, and gives signs of life.
//!
//! All of it is one future. Dropping it is like the death of the process: what was in hand is taken over by
//! somebody else once its claim has run out.

use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use serde::Serialize;
use tailwater_core::id::IntegrationName;
use tailwater_core::refresh::{RefreshId, RefreshOutcome, RefreshRecord};
use tailwater_store::{ClaimRequest, RefreshClaim, SignOfLife};
use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::code;
use super::tuning::Tuning;
use super::work::{Stop, Work};
use crate::error::Error;
use crate::integration::Integration;
use crate::lease::is_dead_here;
use crate::workspace::Workspace;

/// So many changes can wait for a slow listener.
const MOST_UNHEARD: usize = 1_024;
/// How often old refreshes are forgotten.
const CLEANING: Duration = Duration::from_hours(1);

/// Until when to drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The tool has taken it, or it is over.
    Sent,
    /// It is over.
    Over,
}

/// Counts for a monitoring system, of this process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RefreshMetrics {
    /// Refreshes in hand.
    pub in_hand: usize,
    /// How many came to each end since the process began, by the word of the outcome.
    pub ended: BTreeMap<&'static str, u64>,
    /// How many calls were made to ask for a refresh.
    pub sent: u64,
}

/// Sends refreshes and watches them. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Refresher {
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

/// What every refresh in hand shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) workspace: Arc<Workspace>,
    pub(super) tuning: Tuning,
    pub(super) stop: CancellationToken,
    heard: broadcast::Sender<RefreshRecord>,
    hands: Mutex<HashMap<RefreshId, Hand>>,
    cancels: Notify,
    /// There is room for another.
    freed: Notify,
    in_hand: AtomicUsize,
    sent: AtomicU64,
    ended: Mutex<BTreeMap<&'static str, u64>>,
}

/// What is known from outside of a refresh in hand.
#[derive(Debug)]
struct Hand {
    claim: RefreshClaim,
    lost: CancellationToken,
    cancelled_by: Option<String>,
}

impl Shared {
    pub(super) fn tell(&self, record: &RefreshRecord) {
        if record.outcome.is_over() {
            *held(&self.ended).entry(record.outcome.name()).or_default() += 1;
        }
        // Nobody may be listening.
        let _ = self.heard.send(record.clone());
    }

    /// Counts a call.
    pub(super) fn count_sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cancelled_by(&self, id: &RefreshId) -> Option<String> {
        held(&self.hands).get(id)?.cancelled_by.clone()
    }

    /// Waits until somebody wants a refresh cancelled.
    pub(super) async fn wants_cancel(&self, id: &RefreshId) {
        loop {
            let told = self.cancels.notified();
            if self.cancelled_by(id).is_some() {
                return;
            }
            told.await;
        }
    }

    /// Puts a refresh out of hand.
    async fn lay_down(&self, claim: RefreshClaim, done: Result<(), Stop>) {
        self.forget(&claim);
        self.in_hand.fetch_sub(1, Ordering::Relaxed);
        match done {
            // In the queue again, it is anybody's.
            Ok(()) | Err(Stop::ShuttingDown) => self.release(&[&claim]).await,
            Err(Stop::Lost) => {}
            Err(Stop::Failed(error)) => {
                tracing::error!(refresh = %claim.record.id, %error, "the work at a refresh failed; somebody goes on when the claim has run out");
            }
        }
        self.freed.notify_one();
    }

    /// Forgets a claim, unless its refresh was taken in hand anew, by this very process.
    fn forget(&self, claim: &RefreshClaim) {
        let mut hands = held(&self.hands);
        let id = &claim.record.id;
        if hands.get(id).is_some_and(|hand| hand.claim.is_same(claim)) {
            hands.remove(id);
        }
    }

    async fn release(&self, claims: &[&RefreshClaim]) {
        if let Err(error) = self.workspace.store().release_refreshes(claims).await {
            tracing::warn!(%error, "refreshes could not be let go of; they are taken over when the claims have run out");
        }
    }

    /// Gives signs of life for everything in hand, for ever.
    async fn live(&self) -> Error {
        let mut failed_since: Option<Instant> = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.tuning.heartbeat) => {}
                () = self.workspace.refreshes_cancelled().notified() => {}
            }
            let claims: Vec<RefreshClaim> = held(&self.hands)
                .values()
                .map(|hand| hand.claim.clone())
                .collect();
            if claims.is_empty() {
                continue;
            }
            let borrowed: Vec<&RefreshClaim> = claims.iter().collect();
            let signs = match self
                .workspace
                .store()
                .renew_refreshes(&borrowed, self.tuning.lifetime)
                .await
            {
                Ok(signs) => signs,
                // Until the claims have run out there is still hope.
                Err(error) => {
                    let since = *failed_since.get_or_insert_with(Instant::now);
                    if since.elapsed() + self.tuning.heartbeat.saturating_mul(2) >= self.tuning.lifetime {
                        return error.into();
                    }
                    tracing::warn!(%error, "no sign of life could be given for the refreshes in hand");
                    continue;
                }
            };
            failed_since = None;
            let mut hands = held(&self.hands);
            for (claim, sign) in claims.iter().zip(signs) {
                let hand = hands.get_mut(&claim.record.id);
                let Some(hand) = hand.filter(|hand| hand.claim.is_same(claim)) else {
                    continue;
                };
                match sign {
                    SignOfLife::Lost => hand.lost.cancel(),
                    SignOfLife::Held { cancelled_by } => hand.cancelled_by = cancelled_by,
                }
            }
            drop(hands);
            self.cancels.notify_waiters();
        }
    }
}

type Running = BoxFuture<'static, ()>;

impl Refresher {
    /// One that works in a workspace until it is told to stop, at the pace that the settings say. Nothing begins yet.
    pub fn new(workspace: Arc<Workspace>, stop: CancellationToken) -> Self {
        let tuning = Tuning::of(&workspace.settings().refresh);
        Self::with_tuning(workspace, stop, tuning)
    }

    /// The same, with other times.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a token is a handle, which its maker gives away"
    )]
    pub fn with_tuning(workspace: Arc<Workspace>, stop: CancellationToken, tuning: Tuning) -> Self {
        Self {
            shared: Arc::new(Shared {
                workspace,
                tuning,
                stop: stop.child_token(),
                heard: broadcast::channel(MOST_UNHEARD).0,
                hands: Mutex::default(),
                cancels: Notify::new(),
                freed: Notify::new(),
                in_hand: AtomicUsize::new(0),
                sent: AtomicU64::new(0),
                ended: Mutex::default(),
            }),
            tasks: TaskTracker::new(),
        }
    }

    /// Begins to work in the background, until it is told to stop.
    pub fn start(&self) {
        let refresher = self.clone();
        self.tasks.spawn(async move {
            while !refresher.shared.stop.is_cancelled() {
                // A bug ends this round and nothing else.
                let round = AssertUnwindSafe(refresher.run()).catch_unwind().await;
                if let Ok(Err(error)) = &round {
                    tracing::error!(%error, "sending refreshes failed; beginning again");
                } else if round.is_err() {
                    tracing::error!("sending refreshes broke off: this is a fault of Tailwater");
                }
                tokio::select! {
                    () = tokio::time::sleep(refresher.shared.tuning.idle_poll) => {}
                    () = refresher.shared.stop.cancelled() => {}
                }
            }
        });
    }

    /// Tells it to stop, and waits until everything in hand is let go of: calls under way are answered first, jobs that
    /// run go on in the tool and are watched by the next process. No session stays open that nobody uses.
    pub async fn shut_down(&self) {
        self.shared.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.shared.workspace.sessions().end_lingering().await;
    }

    /// Hears of every change that this one makes. A listener that is too slow misses some; the store has all.
    pub fn subscribe(&self) -> broadcast::Receiver<RefreshRecord> {
        self.shared.heard.subscribe()
    }

    /// Counts for a monitoring system.
    pub fn metrics(&self) -> RefreshMetrics {
        RefreshMetrics {
            in_hand: self.shared.in_hand.load(Ordering::Relaxed),
            ended: held(&self.shared.ended).clone(),
            sent: self.shared.sent.load(Ordering::Relaxed),
        }
    }

    /// Works until these refreshes have come as far as asked, and answers them as they stand then. Works at others on
    /// the way, as any process does. What is still in hand then is let go of; this one does no more. When it is told to
    /// stop before, they are answered as they stand.
    pub async fn drain(&self, ids: &[RefreshId], until: Until) -> Result<Vec<RefreshRecord>, Error> {
        let mut run = std::pin::pin!(self.run());
        let done = tokio::select! {
            worked = &mut run => match worked {
                Ok(()) => self.look(ids).await,
                Err(error) => Err(error),
            },
            done = self.wait_for(ids, until) => {
                self.shared.stop.cancel();
                run.await.and(done)
            }
        };
        self.shared.workspace.sessions().end_lingering().await;
        done
    }

    /// Waits until these refreshes have come as far as asked, whoever works at them.
    pub async fn wait_for(&self, ids: &[RefreshId], until: Until) -> Result<Vec<RefreshRecord>, Error> {
        const LONGEST: Duration = Duration::from_secs(1);
        let mut heard = self.subscribe();
        loop {
            let found = self.look(ids).await?;
            let is_there = |record: &RefreshRecord| match until {
                Until::Over => record.outcome.is_over(),
                Until::Sent => !matches!(record.outcome, RefreshOutcome::Queued | RefreshOutcome::Sending),
            };
            if found.iter().all(is_there) {
                return Ok(found);
            }
            let wait = self.shared.tuning.idle_poll.min(LONGEST);
            tokio::select! {
                // Whatever it says, the store is looked at again.
                _ = heard.recv() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn look(&self, ids: &[RefreshId]) -> Result<Vec<RefreshRecord>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.shared.workspace.store().find_refresh(id).await?);
        }
        Ok(found)
    }

    /// Works until it is told to stop.
    ///
    /// # Errors
    /// When the store fails for longer than claims hold.
    pub async fn run(&self) -> Result<(), Error> {
        let worked = tokio::select! {
            worked = self.work() => worked,
            error = self.shared.live() => Err(error),
        };
        self.let_go().await;
        worked
    }

    async fn work(&self) -> Result<(), Error> {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::try_join!(self.take_all(sender), self.work_at(receiver)).map(|_| ())
    }

    /// Claims, until it is told to stop.
    async fn take_all(&self, sender: mpsc::UnboundedSender<Running>) -> Result<(), Error> {
        let shared = &self.shared;
        let mut cleaned: Option<Instant> = None;
        while !shared.stop.is_cancelled() {
            if cleaned.is_none_or(|at| at.elapsed() >= CLEANING) {
                cleaned = Some(Instant::now());
                self.forget_old().await;
            }
            let room = shared
                .tuning
                .most_in_hand
                .saturating_sub(shared.in_hand.load(Ordering::Relaxed));
            let (taken, next) = self.claim(room).await?;
            for running in taken {
                // The other side ends after this one.
                let _ = sender.send(running);
            }
            tokio::select! {
                () = tokio::time::sleep(next.min(shared.tuning.idle_poll)) => {}
                () = shared.workspace.refreshes_asked().notified() => {}
                () = shared.freed.notified() => {}
                () = shared.stop.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Works at all that is in hand. Nothing else is awaited here: whoever holds a connection of the store goes on.
    async fn work_at(&self, mut receiver: mpsc::UnboundedReceiver<Running>) -> Result<(), Error> {
        let mut works: FuturesUnordered<Running> = FuturesUnordered::new();
        let mut is_open = true;
        while is_open || !works.is_empty() {
            tokio::select! {
                taken = receiver.recv(), if is_open => match taken {
                    Some(running) => works.push(running),
                    None => is_open = false,
                },
                Some(()) = works.next(), if !works.is_empty() => {}
            }
        }
        Ok(())
    }

    /// Takes in hand what there is; answers after how long there may be more.
    async fn claim(&self, room: usize) -> Result<(Vec<Running>, Duration), Error> {
        let shared = &self.shared;
        let mut taken = Vec::new();
        if room == 0 {
            return Ok((taken, shared.tuning.idle_poll));
        }
        let store = shared.workspace.store();
        for holder in store.refresh_holders().await? {
            if is_dead_here(&holder) {
                store.release_refreshes_of(&holder).await?;
            }
        }
        let holder = shared.workspace.holder();
        let claimed = store
            .claim_refreshes(&ClaimRequest {
                holder: &holder,
                lifetime: shared.tuning.lifetime,
                most: room,
            })
            .await?;
        if !claimed.claims.is_empty() {
            let integrations = self.integrations().await?;
            for claim in claimed.claims {
                taken.extend(self.take(claim, &integrations).await?);
            }
        }
        let now = shared.workspace.clock().now();
        let next = claimed.next_at.map_or(shared.tuning.idle_poll, |at| {
            (at - now).to_std().unwrap_or_default()
        });
        Ok((taken, next.max(Duration::from_millis(20))))
    }

    async fn take(
        &self,
        mut claim: RefreshClaim,
        integrations: &BTreeMap<IntegrationName, Integration>,
    ) -> Result<Option<Running>, Error> {
        let shared = &self.shared;
        let name = &claim.record.target.integration;
        let Some(integration) = integrations.get(name).cloned() else {
            let message = format!("no integration is called `{name}` any more");
            claim.record.outcome = RefreshOutcome::Failed;
            claim.record.code = Some(code::NO_INTEGRATION.to_owned());
            claim.record.message = Some(message);
            claim.record.finished_at = Some(shared.workspace.clock().now());
            match shared
                .workspace
                .store()
                .note_refresh(&mut claim, shared.tuning.lifetime)
                .await
            {
                Ok(_) => shared.tell(&claim.record),
                Err(tailwater_store::Error::LeaseLost { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            return Ok(None);
        };
        let lost = CancellationToken::new();
        let before = held(&shared.hands).insert(
            claim.record.id.clone(),
            Hand {
                claim: claim.clone(),
                lost: lost.clone(),
                cancelled_by: claim.cancelled_by.clone(),
            },
        );
        // A process that stood still for longer than a claim lives finds its own work abandoned.
        if let Some(before) = before {
            before.lost.cancel();
        }
        shared.in_hand.fetch_add(1, Ordering::Relaxed);
        let spare = claim.clone();
        let work = Work {
            shared: Arc::clone(shared),
            claim,
            integration,
            lost,
        };
        let shared = Arc::clone(shared);
        let running = async move {
            let run = AssertUnwindSafe(work.run()).catch_unwind().await;
            let (claim, done) = run.unwrap_or_else(|_| {
                tracing::error!(refresh = %spare.record.id, "the work at a refresh broke off: this is a fault of Tailwater");
                // It is taken up again when the claim has run out.
                (spare, Err(Stop::Lost))
            });
            shared.lay_down(claim, done).await;
        };
        Ok(Some(running.boxed()))
    }

    async fn integrations(&self) -> Result<BTreeMap<IntegrationName, Integration>, Error> {
        let integrations = self.shared.workspace.integrations().await?;
        Ok(integrations
            .into_iter()
            .map(|integration| (integration.name.clone(), integration))
            .collect())
    }

    /// Lets go of everything in hand.
    async fn let_go(&self) {
        let hands: Vec<Hand> = held(&self.shared.hands).drain().map(|(_, hand)| hand).collect();
        self.shared.in_hand.store(0, Ordering::Relaxed);
        let claims: Vec<&RefreshClaim> = hands.iter().map(|hand| &hand.claim).collect();
        if !claims.is_empty() {
            self.shared.release(&claims).await;
        }
    }

    /// Forgets refreshes that are older than is to be kept.
    async fn forget_old(&self) {
        let workspace = &self.shared.workspace;
        let days = workspace.settings().history.keep_refresh_days;
        let before = workspace.clock().now() - TimeDelta::days(i64::from(days.max(1)));
        match workspace.store().forget_refreshes(before).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "forgot old refreshes"),
            Err(error) => tracing::warn!(%error, "old refreshes could not be forgotten"),
        }
    }
}

/// Nothing is awaited and nothing fails while such a lock is held.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
