//! The store itself: opening and closing.

use std::fmt;
use std::sync::Arc;

use tailwater_core::clock::Clock;

use crate::database::{Db, postgres, sqlite};
use crate::error::{Error, Result};
use crate::url::{Place, StoreUrl};

/// An open store. Clones share its connections.
///
/// Its methods stand in the file of their subject: projects, integrations, secrets, inventory, exposures,
/// landing, syncs, leases, health.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Store {
    /// Opens the store at the address: makes it when it is missing, and migrates it when it is older.
    ///
    /// # Errors
    /// When it cannot be reached, written or signed in to, is no store, or was written by a newer Tailwater;
    /// then nothing in it is changed.
    pub async fn open(url: &StoreUrl, clock: Arc<dyn Clock>) -> Result<Self> {
        let location = url.to_string();
        let db = match url.place() {
            Place::Memory => sqlite::open_memory(location).await?,
            Place::File(path) => sqlite::open_file(path, location).await?,
            Place::Postgres { address, .. } => postgres::open(address, location).await?,
        };
        Ok(Self { db, clock })
    }

    /// Gives all connections back. A store that is dropped without it loses nothing.
    pub async fn close(self) {
        self.db.close().await;
    }

    /// Where the store is, without a password.
    pub fn location(&self) -> &str {
        &self.db.location
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Store({})", self.db.location)
    }
}

/// Refuses names that cannot be keys in both engines.
pub(crate) fn check_name(name: &str, of: &'static str) -> Result<()> {
    const LONGEST: usize = 200;
    let reason = if name.trim().is_empty() {
        "it is empty"
    } else if name.len() > LONGEST {
        "it is longer than 200 bytes"
    } else {
        return Ok(());
    };
    Err(Error::BadName {
        name: name.chars().take(40).collect(),
        of,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::SecretString;
    use tailwater_core::clock::SystemClock;
    use tailwater_core::selection::Selection;

    use super::*;
    use crate::{
        AuditEntry, AuditFilter, IntegrationRecord, Landing, Lease, OneTimeLink, ProjectRecord, SealingKey,
        SessionEntry, SyncRecord, User,
    };

    /// Never runs. It compiles only while every future of the store can move between threads, which a
    /// closure held over an `await` is enough to end.
    #[expect(clippy::too_many_arguments, dead_code, reason = "only its types matter")]
    fn every_future_is_send(
        url: &StoreUrl,
        store: &Store,
        key: &SealingKey,
        secret: &SecretString,
        project: &ProjectRecord,
        integration: &IntegrationRecord,
        landing: &Landing,
        record: &SyncRecord,
        lease: &Lease,
        (user, session, audit): (&User, &SessionEntry, &AuditEntry),
        link: &OneTimeLink,
    ) {
        const fn is_send<T: Send>(_: &T) {}
        let name = &integration.name;
        is_send(&Store::open(url, Arc::new(SystemClock)));
        is_send(&store.clone().close());
        is_send(&store.check());
        is_send(&store.projects());
        is_send(&store.put_project(project));
        is_send(&store.remove_project(&project.name));
        is_send(&store.integrations());
        is_send(&store.find_integration(name));
        is_send(&store.put_integration(integration));
        is_send(&store.remove_integration(name));
        is_send(&store.set_selection(name, &Selection::default()));
        is_send(&store.set_mapping(name, &[]));
        is_send(&store.put_secret(name, secret, key));
        is_send(&store.find_secret(name, key));
        is_send(&store.load_inventory(name));
        is_send(&store.load_exposures(None));
        is_send(&store.load_gone_exposures());
        is_send(&store.find_exposure_of(name, &"asset".into()));
        is_send(&store.load_exposures_on(&"model".into()));
        is_send(&store.find_exposures("text"));
        is_send(&store.load_names());
        is_send(&store.load_curations(None));
        is_send(&store.curate(name, &"asset".into(), &[], audit));
        is_send(&store.curation_revision());
        is_send(&store.land_sync(landing));
        is_send(&store.record_failed_sync(record));
        is_send(&store.syncs(None, 1));
        is_send(&store.editions(name));
        is_send(&store.changes_between(name, 0, 1));
        is_send(&store.acquire_lease("key", "holder", Duration::ZERO));
        is_send(&store.renew_lease(lease, Duration::ZERO));
        is_send(&store.release_lease(lease.clone()));
        is_send(&store.break_lease("key", "holder"));
        is_send(&store.users());
        is_send(&store.add_user(user, "hash", audit));
        is_send(&store.remove_user("ada", audit));
        is_send(&store.set_user_password("ada", "hash", None, audit));
        is_send(&store.add_session(user.id, session, "digest", audit));
        is_send(&store.find_session("digest"));
        is_send(&store.end_sessions_of(user.id, None, audit));
        is_send(&store.api_tokens());
        is_send(&store.find_api_token("digest"));
        is_send(&store.add_link(link, "digest", audit));
        is_send(&store.redeem_invitation("digest", user, "hash", (session, "digest"), audit));
        is_send(&store.redeem_reset("digest", user.id, "hash", (session, "digest"), audit));
        is_send(&store.audit_log(&AuditFilter::default(), 1));
        is_send(&store.put_sealed_setting("name", secret, key, true));
    }
}
