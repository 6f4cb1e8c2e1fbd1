//! The loop of a serving or working process: the one that holds the lease looks and sends.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::id::IntegrationName;
use tailwater_store::{Lease, LeaseOutcome};
use tokio::task::JoinHandle;
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
    refusals: Refusals,
    /// When old alarms and deliveries were last forgotten.
    tidied_at: Option<DateTime<Utc>>,
}

struct Seen {
    /// The store's revision, or the catalog's fingerprint.
    mark: String,
    look_again_at: Option<DateTime<Utc>>,
    catalog: Arc<Catalog>,
}

/// The channels that are being sent to.
#[derive(Default)]
struct Sending {
    going: HashMap<String, JoinHandle<()>>,
}

impl Sending {
    /// Begins to send to each channel for which something is due and that is not being sent to. Without the lease nothing
    /// goes on.
    async fn go_on(&mut self, workspace: &Arc<Workspace>, lease: Option<&Lease>) -> Result<(), Error> {
        let Some(lease) = lease else {
            self.stop();
            return Ok(());
        };
        self.going.retain(|_, going| !going.is_finished());
        for channel in workspace.due_channels().await? {
            if self.going.contains_key(&channel) {
                continue;
            }
            let (workspace, lease, name) = (Arc::clone(workspace), lease.clone(), channel.clone());
            let going = tokio::spawn(async move {
                if let Err(error) = workspace.drain_channel(&name, &lease).await {
                    tracing::warn!(channel = name, %error, code = error.code(), "signals could not be sent");
                }
            });
            self.going.insert(channel, going);
        }
        Ok(())
    }

    /// What is on its way is sent again, under the same id, by whoever goes on.
    fn stop(&mut self) {
        for (_, going) in self.going.drain() {
            going.abort();
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What BI tools refused of warnings: told once, and not asked again at every look.
#[derive(Debug, Default)]
struct Refusals {
    refused: BTreeMap<IntegrationName, Refusal>,
}

#[derive(Debug)]
struct Refusal {
    code: &'static str,
    not_before: Option<DateTime<Utc>>,
}

impl Refusals {
    /// Brings the warnings in BI tools up to date. What cannot be done now is tried again: what nobody has mended in a
    /// moment, such as a missing licence, in an hour, everything else at the next look.
    async fn warn_in_tools(&mut self, workspace: &Workspace, catalog: &Catalog) {
        let now = workspace.clock().now();
        for integration in catalog.integrations() {
            let name = &integration.integration().name;
            let refusal = self.refused.get(name);
            if refusal.is_some_and(|refusal| refusal.not_before.is_some_and(|at| now < at)) {
                continue;
            }
            match workspace.update_warnings(name, catalog, false).await {
                Ok(report) => {
                    self.refused.remove(name);
                    for line in &report.skipped {
                        tracing::debug!(integration = %name, content = line.content, reason = line.text, "no warning");
                    }
                }
                Err(error) => {
                    let code = error.code();
                    if refusal.is_none_or(|refusal| refusal.code != code) {
                        let hint = error.hint().unwrap_or_default();
                        tracing::warn!(integration = %name, %error, code, hint, "warnings were not brought up to date");
                    }
                    let is_lasting = matches!(error, Error::Signal(SignalError::NoDataManagement { .. }));
                    let not_before = is_lasting.then(|| now + TimeDelta::hours(1));
                    self.refused.insert(name.clone(), Refusal { code, not_before });
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
            refusals: Refusals::default(),
            tidied_at: None,
        }
    }

    /// Looks and sends until it is told to stop, then lets go of the lease. Each channel is sent to beside the looks: one
    /// that answers slowly keeps neither them nor other channels waiting.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut sending = Sending::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                turned = self.look_turn() => {
                    let sent = match turned {
                        Ok(_) => sending.go_on(&self.workspace, self.lease.as_ref()).await,
                        Err(error) => Err(error),
                    };
                    if let Err(error) = sent {
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
        sending.stop();
        self.let_go().await;
    }

    /// One turn: takes or keeps the lease, looks when something may have changed, sends what is due. Answers what was
    /// found; `None` when another process does it, or when nothing has changed.
    pub async fn turn(&mut self) -> Result<Option<Looked>, Error> {
        let looked = self.look_turn().await?;
        if let Some(lease) = &self.lease {
            self.workspace.deliver_signals(lease).await?;
        }
        Ok(looked)
    }

    async fn look_turn(&mut self) -> Result<Option<Looked>, Error> {
        let Some(lease) = self.take_lease().await? else {
            return Ok(None);
        };
        let looked = self.look(&lease).await?;
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
        self.refusals.warn_in_tools(&self.workspace, &catalog).await;
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
                let moved = self.moved().await?;
                let mark = format!("{} {moved}", catalog.fingerprint());
                Ok((catalog, mark))
            }
            CatalogSource::Own => {
                // What dbt left at watched paths; a hub does the same before it builds.
                self.workspace.record_watched_runs().await?;
                let mark = self.workspace.store().revision().await?.mark;
                let mark = format!("{mark} {}", self.moved().await?);
                match &self.seen {
                    Some(seen) if seen.mark == mark => Ok((Arc::clone(&seen.catalog), mark)),
                    _ => Ok((Arc::new(self.workspace.catalog().await?), mark)),
                }
            }
        }
    }

    /// Names what has happened that catalogs do not show, or show later.
    async fn moved(&self) -> Result<String, Error> {
        let store = self.workspace.store();
        Ok(format!(
            "{} {} {}",
            store.refresh_revision().await?,
            store.job_revision().await?,
            store.artifact_revision().await?
        ))
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
