//! The one signed-in session of a token, shared by everything in this process that needs it.
//!
//! A second sign-in with a token ends the session of the first. So in the whole deployment one process at a time
//! signs in, under the [lease](crate::lease) on the token, and within it syncs, refreshes and checks share what the
//! first of them opened:
//!
//! ```text
//! enter ─▶ open here? ─▶ share it ────────────────────────────┐
//!             │ no                                            ├─▶ Session ─▶ leave ─▶ the last one signs out
//!             └▶ take the lease, or wait in line for it ─▶ open ┘
//! ```
//!
//! Who waits for another process's lease leaves a wish beside it. Whoever holds the lease sees the wish, keeps
//! nothing open that is not in use, and takes the lease again only after the one who wished. A session that will
//! be needed again in a moment may linger, as long as nobody wishes for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use tailwater_bi::Connector;
use tailwater_core::credential::CredentialName;
use tailwater_store::{Lease, LeaseOutcome, Store};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::integration::Integration;
use crate::lease::{HEARTBEAT, LIFETIME, is_dead_here};
use crate::workspace::Workspace;

/// How often it is looked whether somebody wishes for the lease.
const TICK: Duration = Duration::from_millis(500);
/// How often it is tried again to get the lease.
const RETRY: Duration = Duration::from_millis(150);
/// How long a wish holds without being renewed.
const WISH: Duration = Duration::from_secs(3);
/// A server that does not answer keeps nobody waiting for longer than this.
const LONGEST_SIGN_OUT: Duration = Duration::from_secs(5);
/// How long a session of this process that is about to close is waited for at least.
const LONGEST_CLOSING: Duration = Duration::from_secs(6);

/// For what a session is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Reading a whole site, which may take minutes; one at a time.
    Sync,
    /// A few calls.
    Calls,
    /// A connector of the caller's own signs in, and out: nothing may be shared with it.
    Alone,
}

/// The sessions that are open in this process, by the key of their lease.
#[derive(Debug, Default)]
pub(crate) struct SessionPool {
    places: Mutex<HashMap<String, Arc<Place>>>,
    /// What is being opened just now, and for what.
    opening: Mutex<HashMap<String, Use>>,
}

/// The right to open a session: one in this process at a time.
struct Opening<'pool> {
    pool: &'pool SessionPool,
    key: &'pool str,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        held(&self.pool.opening).remove(self.key);
    }
}

/// An open session.
struct Place {
    connector: Option<Arc<dyn Connector>>,
    /// Tells whether the secret is still the same.
    fingerprint: Vec<u8>,
    state: Mutex<State>,
    changed: Notify,
    /// The lease was lost: nothing more may be done with the session.
    lost: CancellationToken,
    /// The session is over and the lease given back.
    closed: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    users: usize,
    is_syncing: bool,
    is_alone: bool,
    is_wished_for: bool,
    is_closing: bool,
    lingers_until: Option<Instant>,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Place")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Place {
    /// Waits until the session is over. Whoever comes meanwhile closes it instead.
    async fn signed_out(&self) {
        while held(&self.state).users == 0 {
            tokio::select! {
                () = self.closed.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }
}

/// What asking for a session in this process came to.
enum Joined {
    /// It is there.
    Yes(Session),
    /// There is one, but not for this use now.
    NotNow { is_syncing: bool },
    /// There is none.
    None,
}

impl SessionPool {
    fn places(&self) -> MutexGuard<'_, HashMap<String, Arc<Place>>> {
        held(&self.places)
    }

    /// Signs out of every site that nobody in this process works with now, though it may be needed again.
    pub(crate) async fn end_lingering(&self) {
        let places: Vec<Arc<Place>> = self.places().values().cloned().collect();
        for place in &places {
            held(&place.state).lingers_until = None;
            place.changed.notify_one();
        }
        for place in places {
            place.signed_out().await;
        }
    }

    /// The right to open; or for what somebody is opening already.
    fn begin<'pool>(&'pool self, key: &'pool str, how: Use) -> Result<Opening<'pool>, Use> {
        let mut opening = held(&self.opening);
        if let Some(other) = opening.get(key) {
            return Err(*other);
        }
        opening.insert(key.to_owned(), how);
        Ok(Opening { pool: self, key })
    }

    fn join(&self, key: &str, how: Use, fingerprint: &[u8]) -> Joined {
        let Some(place) = self.places().get(key).cloned() else {
            return Joined::None;
        };
        let mut state = held(&place.state);
        let is_syncing = state.is_syncing;
        let may_join = match how {
            Use::Alone => false,
            Use::Sync => !is_syncing,
            // Somebody elsewhere waits: only a sync, which keeps the session anyway, is shared any more.
            Use::Calls => !state.is_wished_for || is_syncing,
        };
        if !may_join || state.is_closing || state.is_alone || place.fingerprint != fingerprint {
            return Joined::NotNow {
                is_syncing: is_syncing && how == Use::Sync,
            };
        }
        state.users += 1;
        state.is_syncing |= how == Use::Sync;
        drop(state);
        Joined::Yes(Session {
            place,
            how,
            is_left: false,
        })
    }
}

/// A session in use.
#[derive(Debug)]
pub(crate) struct Session {
    place: Arc<Place>,
    how: Use,
    is_left: bool,
}

impl Session {
    /// The connector that is signed in, or signs in with its first call. `None` for [`Use::Alone`].
    pub(crate) fn connector(&self) -> Option<&Arc<dyn Connector>> {
        self.place.connector.as_ref()
    }

    /// Works until the lease is lost.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            done = work => done,
            () = self.place.lost.cancelled() => Err(lost().into()),
        }
    }

    /// Gives the session back. It stays open for `linger` unless somebody elsewhere wishes for it; without that,
    /// the last one to leave waits until it is signed out.
    pub(crate) async fn leave(mut self, linger: Duration) {
        let is_last = self.let_go(linger);
        if is_last && linger.is_zero() {
            self.place.signed_out().await;
        }
    }

    fn let_go(&mut self, linger: Duration) -> bool {
        if self.is_left {
            return false;
        }
        self.is_left = true;
        let mut state = held(&self.place.state);
        state.users = state.users.saturating_sub(1);
        if self.how == Use::Sync {
            state.is_syncing = false;
        }
        let until = Instant::now() + linger;
        state.lingers_until = Some(state.lingers_until.map_or(until, |known| known.max(until)));
        let is_last = state.users == 0;
        if is_last && linger.is_zero() {
            state.lingers_until = None;
        }
        drop(state);
        self.place.changed.notify_one();
        is_last
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.let_go(Duration::ZERO);
    }
}

fn lost() -> tailwater_store::Error {
    tailwater_store::Error::LeaseLost {
        key: "the token of the integration".to_owned(),
    }
}

impl Workspace {
    /// A session with the integration's site: one that is open here, or a new one. Waits for up to `patience` while
    /// another process works with the token.
    ///
    /// # Errors
    /// [`Error::Busy`] when the token is in use elsewhere, or a sync is asked for while one runs.
    pub(crate) async fn enter(
        &self,
        integration: &Integration,
        how: Use,
        patience: Duration,
    ) -> Result<Session, Error> {
        let (secret, fingerprint) = if how == Use::Alone {
            (None, Vec::new())
        } else {
            let secret = self.load_secret(&integration.name, &integration.secret).await?;
            let fingerprint = Sha256::digest(secret.expose_secret()).to_vec();
            (Some(secret), fingerprint)
        };
        let key = lease_key(integration);
        let started = Instant::now();
        let mut wish = None;
        let outcome = loop {
            let opening = self.sessions().begin(&key, how);
            let busy = match (&opening, self.sessions().join(&key, how, &fingerprint)) {
                (_, Joined::Yes(session)) => break Ok(session),
                (_, Joined::NotNow { is_syncing }) => Busy {
                    holder: self.holder(),
                    until: None,
                    longest: if is_syncing {
                        Duration::ZERO
                    } else {
                        patience.max(LONGEST_CLOSING)
                    },
                },
                (Err(other), Joined::None) => Busy {
                    holder: self.holder(),
                    until: None,
                    longest: if (*other, how) == (Use::Sync, Use::Sync) {
                        Duration::ZERO
                    } else {
                        patience.max(LONGEST_CLOSING)
                    },
                },
                (Ok(_), Joined::None) => match self.try_lease(&key).await? {
                    Ok(lease) => {
                        let connector = match &secret {
                            Some(secret) => match self.connector_for(integration, secret.clone()) {
                                Ok(connector) => Some(Arc::from(connector)),
                                Err(error) => {
                                    self.store().release_lease(lease).await?;
                                    break Err(error);
                                }
                            },
                            None => None,
                        };
                        break Ok(self.open_session(key.clone(), lease, connector, fingerprint, how));
                    }
                    Err((holder, until)) if holder == self.holder() => Busy {
                        holder,
                        until: Some(until),
                        longest: patience.max(LONGEST_CLOSING),
                    },
                    Err((holder, until)) => {
                        if !patience.is_zero() {
                            self.wish(&key, &mut wish).await?;
                        }
                        Busy {
                            holder,
                            until: Some(until),
                            longest: patience,
                        }
                    }
                },
            };
            if started.elapsed() >= busy.longest {
                break Err(Error::Busy {
                    name: integration.name.clone(),
                    holder: busy.holder,
                    until: busy.until.unwrap_or_else(|| self.clock().now()),
                });
            }
            drop(opening);
            tokio::time::sleep(RETRY).await;
        };
        if let Some(wish) = wish {
            self.store().release_lease(wish).await?;
        }
        outcome
    }

    /// The lease on the token, or who holds it; also who waits in front.
    async fn try_lease(&self, key: &str) -> Result<Result<Lease, (String, DateTime<Utc>)>, Error> {
        let store = self.store();
        let mine = self.holder();
        if let Some((holder, until)) = store.find_lease(&wish_key(key)).await?
            && holder != mine
            && !is_dead_here(&holder)
        {
            return Ok(Err((holder, until)));
        }
        let (other, until) = match store.acquire_lease(key, &mine, LIFETIME).await? {
            LeaseOutcome::Acquired(lease) => return Ok(Ok(lease)),
            LeaseOutcome::HeldBy { holder, until } => (holder, until),
        };
        if is_dead_here(&other) {
            store.break_lease(key, &other).await?;
            if let LeaseOutcome::Acquired(lease) = store.acquire_lease(key, &mine, LIFETIME).await? {
                return Ok(Ok(lease));
            }
        }
        Ok(Err((other, until)))
    }

    /// Says that the lease is waited for.
    async fn wish(&self, key: &str, wish: &mut Option<Lease>) -> Result<(), Error> {
        let store = self.store();
        let renewed = match wish.take() {
            Some(known) => store.renew_lease(&known, WISH).await.ok(),
            None => None,
        };
        *wish = match renewed {
            Some(renewed) => Some(renewed),
            None => match store.acquire_lease(&wish_key(key), &self.holder(), WISH).await? {
                LeaseOutcome::Acquired(lease) => Some(lease),
                LeaseOutcome::HeldBy { .. } => None,
            },
        };
        Ok(())
    }

    fn open_session(
        &self,
        key: String,
        lease: Lease,
        connector: Option<Arc<dyn Connector>>,
        fingerprint: Vec<u8>,
        how: Use,
    ) -> Session {
        let place = Arc::new(Place {
            connector,
            fingerprint,
            state: Mutex::new(State {
                users: 1,
                is_syncing: how == Use::Sync,
                is_alone: how == Use::Alone,
                ..State::default()
            }),
            changed: Notify::new(),
            lost: CancellationToken::new(),
            closed: CancellationToken::new(),
        });
        self.sessions().places().insert(key.clone(), Arc::clone(&place));
        let keeper = Keeper {
            store: self.store().clone(),
            pool: Arc::clone(self.sessions()),
            place: Arc::clone(&place),
            key,
            holder: self.holder(),
        };
        tokio::spawn(keeper.keep(lease));
        Session {
            place,
            how,
            is_left: false,
        }
    }
}

/// Why there is no session yet.
struct Busy {
    holder: String,
    until: Option<DateTime<Utc>>,
    /// How long that is put up with.
    longest: Duration,
}

/// Keeps the lease alive while the session is open, and closes both.
struct Keeper {
    store: Store,
    pool: Arc<SessionPool>,
    place: Arc<Place>,
    key: String,
    holder: String,
}

impl Keeper {
    async fn keep(self, mut lease: Lease) {
        let mut renewed = Instant::now();
        let mut looked = Instant::now();
        loop {
            tokio::select! {
                () = self.place.changed.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            if self.may_close() {
                break;
            }
            if looked.elapsed() >= TICK {
                looked = Instant::now();
                self.look_for_wish().await;
            }
            if renewed.elapsed() >= HEARTBEAT {
                match self.store.renew_lease(&lease, LIFETIME).await {
                    Ok(next) => {
                        lease = next;
                        renewed = Instant::now();
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the lease on the token was lost");
                        self.place.lost.cancel();
                        self.pool.places().remove(&self.key);
                        self.place.closed.cancel();
                        return;
                    }
                }
            }
        }
        if let Some(connector) = &self.place.connector
            && tokio::time::timeout(LONGEST_SIGN_OUT, connector.sign_out())
                .await
                .is_err()
        {
            tracing::info!("the session was left open: the server did not answer in time");
        }
        if let Err(error) = self.store.release_lease(lease).await {
            tracing::warn!(%error, "the lease on the token was not given back; it ends by itself");
        }
        self.pool.places().remove(&self.key);
        self.place.closed.cancel();
    }

    /// Whether nobody uses the session, nor will in a moment.
    fn may_close(&self) -> bool {
        let mut state = held(&self.place.state);
        let lingers = !state.is_wished_for && state.lingers_until.is_some_and(|until| until > Instant::now());
        state.is_closing = state.users == 0 && !lingers;
        state.is_closing
    }

    async fn look_for_wish(&self) {
        let wish = self.store.find_lease(&wish_key(&self.key)).await.ok().flatten();
        let is_wished_for = wish.is_some_and(|(holder, _)| holder != self.holder);
        held(&self.place.state).is_wished_for = is_wished_for;
    }
}

/// Two integrations may use one token: it is the token that has one session. A connected app may have several, so there
/// the lease keeps apart only what works on the same integration.
pub(crate) fn lease_key(integration: &Integration) -> String {
    let Integration {
        name,
        server,
        site,
        credential,
        ..
    } = integration;
    match credential {
        CredentialName::Token(token) => format!("token:{server} {site} {token}"),
        CredentialName::ConnectedApp(app) => format!("app:{server} {site} {} {name}", app.client_id),
    }
}

fn wish_key(key: &str) -> String {
    format!("wish:{key}")
}

/// Nothing is awaited and nothing fails while such a lock is held.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
