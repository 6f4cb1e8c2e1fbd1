//! The loop of a serving or working process: the one that holds the lease looks and sends.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_store::{Lease, LeaseOutcome};
use tokio_util::sync::CancellationToken;

use super::error::SignalError;
use super::look::Looked;
use crate::catalog::Catalog;
use crate::error::Error;
use crate::hub::CatalogHub;
use crate::workspace::Workspace;

/// What only one process of a deployment does.
const KEY: &str = "signals";
/// How long the lease outlives its last sign of life: a node that dies is noticed within this time.
pub(super) const LIFETIME: Duration = Duration::from_secs(30);
/// How often it is looked whether something has changed; gives the sign of life too.
const TICK: Duration = Duration::from_secs(5);
/// At most so many deliveries are tried before the next look.
const MOST_ROUNDS: usize = 50;

/// Where the newest catalog comes from.
#[derive(Debug, Clone)]
pub enum CatalogSource {
    /// A serving process has it.
    Hub(Arc<CatalogHub>),
    /// A process without pages builds it when something has changed.
    Own,
}

/// Looks for signals and sends them.
pub struct Signals {
    workspace: Arc<Workspace>,
    source: CatalogSource,
    lease: Option<Lease>,
    /// What was looked at last.
    seen: Option<Seen>,
    /// When old alarms and deliveries were last forgotten.
    tidied_at: Option<DateTime<Utc>>,
}

struct Seen {
    /// The store's revision, or the catalog's fingerprint.
    mark: String,
    look_again_at: Option<DateTime<Utc>>,
    catalog: Arc<Catalog>,
}

impl Workspace {
    /// Brings the warnings in BI tools up to date. What cannot be done now is tried again at the next look.
    async fn warn_in_tools(&self, catalog: &Catalog) {
        for integration in catalog.integrations() {
            let name = &integration.integration().name;
            match self.update_warnings(name, catalog, false).await {
                Ok(report) => {
                    for line in &report.skipped {
                        tracing::debug!(integration = %name, content = line.content, reason = line.text, "no warning");
                    }
                }
                Err(error) => {
                    tracing::warn!(integration = %name, %error, code = error.code(), "warnings were not brought up to date");
                }
            }
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signals").finish_non_exhaustive()
    }
}

impl Signals {
    /// Sets it up. Nothing happens yet.
    pub fn new(workspace: Arc<Workspace>, source: CatalogSource) -> Self {
        Self {
            workspace,
            source,
            lease: None,
            seen: None,
            tidied_at: None,
        }
    }

    /// Looks and sends until it is told to stop, then lets go of the lease.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                turned = self.turn() => {
                    if let Err(error) = turned {
                        // The next turn asks for the lease anew.
                        self.lease = None;
                        tracing::warn!(%error, code = error.code(), "signals could not be looked for");
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(TICK) => {}
            }
        }
        self.let_go().await;
    }

    /// One turn: takes or keeps the lease, looks when something may have changed, sends what is due. Answers what was
    /// found; `None` when another process does it, or when nothing has changed.
    pub async fn turn(&mut self) -> Result<Option<Looked>, Error> {
        let Some(lease) = self.take_lease().await? else {
            return Ok(None);
        };
        let looked = self.look(&lease).await?;
        for _ in 0..MOST_ROUNDS {
            if self.workspace.deliver_signals(&lease).await? == 0 {
                break;
            }
        }
        self.tidy().await?;
        Ok(looked)
    }

    /// Lets another process take over at once.
    pub async fn let_go(&mut self) {
        if let Some(lease) = self.lease.take()
            && let Err(error) = self.workspace.store().release_lease(lease).await
        {
            tracing::debug!(%error, "the lease on signals ends by itself");
        }
    }

    /// Looks and sends once, as a command does.
    ///
    /// # Errors
    /// [`SignalError::Busy`] when another process does it.
    pub async fn once(mut self) -> Result<Looked, Error> {
        let turned = self.turn().await;
        let held = self.lease.is_some();
        self.let_go().await;
        match turned? {
            Some(looked) => Ok(looked),
            None if held => Ok(Looked::default()),
            None => {
                let holder = "a server or worker".to_owned();
                Err(SignalError::Busy { holder }.into())
            }
        }
    }

    async fn take_lease(&mut self) -> Result<Option<Lease>, Error> {
        let store = self.workspace.store();
        let held = match self.lease.take() {
            Some(lease) => store.renew_lease(&lease, LIFETIME).await.ok(),
            None => None,
        };
        let lease = match held {
            Some(lease) => lease,
            None => match store
                .acquire_lease(KEY, &self.workspace.holder(), LIFETIME)
                .await?
            {
                LeaseOutcome::Acquired(lease) => lease,
                LeaseOutcome::HeldBy { .. } => return Ok(None),
            },
        };
        self.lease = Some(lease.clone());
        Ok(Some(lease))
    }

    async fn look(&mut self, lease: &Lease) -> Result<Option<Looked>, Error> {
        let now = self.workspace.clock().now();
        let (catalog, mark) = self.newest().await?;
        // Deadlines pass without anything happening: a look a minute sees them.
        let is_due = self
            .seen
            .as_ref()
            .is_none_or(|seen| seen.mark != mark || seen.look_again_at.is_some_and(|again| again <= now));
        if !is_due {
            return Ok(None);
        }
        let mut looked = self.workspace.look_for_signals(lease, &catalog).await?;
        while looked.has_more {
            let more = self.workspace.look_for_signals(lease, &catalog).await?;
            looked.deliveries += more.deliveries;
            looked.notices.extend(more.notices);
            looked.has_more = more.has_more;
        }
        self.workspace.warn_in_tools(&catalog).await;
        let in_a_minute = now + TimeDelta::minutes(1);
        let again = looked
            .look_again_at
            .map_or(in_a_minute, |again| again.min(in_a_minute));
        self.seen = Some(Seen {
            mark,
            look_again_at: Some(again),
            catalog,
        });
        Ok(Some(looked))
    }

    /// The newest catalog, and what names its state and that of the refreshes.
    async fn newest(&self) -> Result<(Arc<Catalog>, String), Error> {
        match &self.source {
            CatalogSource::Hub(hub) => {
                let catalog = hub.current(None);
                let refreshes = self.workspace.store().refresh_revision().await?;
                let mark = format!("{} {refreshes}", catalog.fingerprint());
                Ok((catalog, mark))
            }
            CatalogSource::Own => {
                // What dbt left at watched paths; a hub does the same before it builds.
                self.workspace.record_watched_runs().await?;
                let mark = self.workspace.store().revision().await?.mark;
                match &self.seen {
                    Some(seen) if seen.mark == mark => Ok((Arc::clone(&seen.catalog), mark)),
                    _ => Ok((Arc::new(self.workspace.catalog().await?), mark)),
                }
            }
        }
    }

    /// Forgets what is over for long, about once an hour.
    async fn tidy(&mut self) -> Result<(), Error> {
        let now = self.workspace.clock().now();
        if self.tidied_at.is_some_and(|at| now - at < TimeDelta::hours(1)) {
            return Ok(());
        }
        self.tidied_at = Some(now);
        let before = now - TimeDelta::days(self.workspace.settings().signals.keep_days.into());
        self.workspace.store().forget_alarms(before).await?;
        self.workspace.store().forget_deliveries(before).await?;
        Ok(())
    }
}
