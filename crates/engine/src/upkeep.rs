//! Looking after the store and its key: checking, bringing up to date, moving to another engine, another key.
//!
//! These begin at the address rather than at an open [`Workspace`], since opening one already brings a store up
//! to date; only changing the key needs one.

use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use secrecy::ExposeSecret;
use serde::Serialize;
use tailwater_bi::{Progress, Step};
use tailwater_core::clock::Clock;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_store::{
    CopyStep, Error as StoreError, Lease, LeaseOutcome, SealingKey, Store, StoreCopied, StoreHealth,
    StoreLook, StoreProblem, StoreUrl,
};

use crate::account::{Actor, AuditEvent};
use crate::error::Error;
use crate::lease::is_dead_here;
use crate::workspace::{Options, Workspace, store_url};

/// What the lease is on under which the key is changed.
const KEY_LEASE: &str = "sealing key";
/// How long a change of the key may take.
const KEY_LIFETIME: Duration = Duration::from_mins(2);

/// What went wrong while looking after the store.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The key stands in an environment variable, which nobody can change from inside.
    #[error("the key comes from `TAILWATER_KEY`, which holds no earlier key")]
    KeyFromEnvironment,
    /// Somebody else is changing the key.
    #[error("{holder} is changing the key")]
    KeyBusy {
        /// Who.
        holder: String,
    },
}

impl Diagnostic for UpkeepError {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyFromEnvironment => "TW-KEY-ENVIRONMENT",
            Self::KeyBusy { .. } => "TW-KEY-BUSY",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::KeyFromEnvironment => {
                    "make a new key with `head -c 32 /dev/urandom | base64`, set `TAILWATER_KEY` to \"NEW OLD\" for \
                     every process and restart them, run `tailwater key rotate` once, then take OLD out"
                }
                Self::KeyBusy { .. } => "wait for it to end, then try again",
            }
            .to_owned(),
        )
    }
}

/// What checking a store found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreCheck {
    /// Where it is, without a password.
    pub location: String,
    /// The version of its schema; 0 where there is no store.
    pub schema_version: i64,
    /// The version that this Tailwater works with.
    pub known_version: i64,
    /// How it is; `None` when it could not be opened.
    pub health: Option<StoreHealth>,
    /// How many sealed values it holds.
    pub sealed_values: usize,
    /// What is wrong; empty when all is well.
    pub problems: Vec<StoreProblem>,
}

/// What bringing a store up to date did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreMigrated {
    /// The store as it was found.
    #[serde(flatten)]
    pub look: StoreLook,
    /// Whether it is up to date now.
    pub is_migrated: bool,
}

/// A store that was copied into another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreMoved {
    /// Where it was.
    pub from: String,
    /// Where it is now too.
    pub to: String,
    /// Who worked with the source while it was copied: what they did since is not in the copy.
    pub source_in_use_by: Vec<String>,
    /// What was copied.
    #[serde(flatten)]
    pub copied: StoreCopied,
}

/// A key that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRotated {
    /// The key file; `None` when the key comes from the environment.
    pub file: Option<Utf8PathBuf>,
    /// How many values were sealed anew.
    pub sealed_anew: u64,
    /// Whether this finished an earlier change that had been interrupted.
    pub is_resumed: bool,
}

/// Looks a store over without changing it: schema, rows, references, and whether every sealed value opens.
///
/// # Errors
/// When it cannot be reached. What is wrong with what is there is a problem, not an error.
pub async fn check_store(options: &Options) -> Result<StoreCheck, Error> {
    let url = store_url(&options.settings, &options.root)?;
    let mut check = StoreCheck {
        location: url.to_string(),
        schema_version: 0,
        known_version: 0,
        health: None,
        sealed_values: 0,
        problems: Vec::new(),
    };
    let looked = match Store::look(&url).await {
        Ok(look) => {
            check.schema_version = look.found;
            check.known_version = look.known;
            look.require_up_to_date()
        }
        Err(error) => Err(error),
    };
    let opened = match looked {
        Ok(()) => Store::open(&url, Arc::clone(&options.clock)).await,
        Err(error) => Err(error),
    };
    let store = match opened {
        Ok(store) => store,
        Err(error) if tells_of_content(&error) => {
            check.problems.push(StoreProblem::new(&error));
            return Ok(check);
        }
        Err(error) => return Err(error.into()),
    };
    let found = examine(&store, options, &mut check).await;
    store.close().await;
    found?;
    Ok(check)
}

async fn examine(store: &Store, options: &Options, check: &mut StoreCheck) -> Result<(), Error> {
    check.problems = store.examine().await?;
    if !check.problems.is_empty() {
        // What is broken cannot be counted or opened with any certainty.
        check.health = store.check().await.ok();
        check.sealed_values = store.count_sealed().await.unwrap_or_default();
        return Ok(());
    }
    check.health = Some(store.check().await?);
    check.sealed_values = store.count_sealed().await?;
    if check.sealed_values > 0 {
        let key = match &options.key {
            Some(text) => SealingKey::from_text(text.expose_secret()),
            None => SealingKey::load(&options.root.join(&options.settings.security.key_file)),
        };
        match key {
            Ok(key) => check.problems.extend(store.examine_sealed(&key).await?),
            Err(error) => check.problems.push(StoreProblem::new(&error)),
        }
    }
    Ok(())
}

/// Whether an error tells of what is there, rather than of the way there.
const fn tells_of_content(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Missing { .. }
            | StoreError::Older { .. }
            | StoreError::Newer { .. }
            | StoreError::NotAStore { .. }
            | StoreError::Damaged { .. }
            | StoreError::Encoding { .. }
    )
}

/// Brings a store up to date, or makes it; with `is_dry_run` only says what would be done.
pub async fn migrate_store(options: &Options, is_dry_run: bool) -> Result<StoreMigrated, Error> {
    let url = store_url(&options.settings, &options.root)?;
    let look = Store::look(&url).await?;
    let is_needed = look.found < look.known;
    if look.found > look.known {
        look.require_up_to_date()?;
    }
    if is_needed && !is_dry_run {
        Store::open(&url, Arc::clone(&options.clock)).await?.close().await;
    }
    Ok(StoreMigrated {
        is_migrated: !is_needed || !is_dry_run,
        look,
    })
}

/// Copies everything from one store into another one, which is made or brought up to date first. The source is
/// only read.
pub async fn copy_store(
    from: &StoreUrl,
    to: &StoreUrl,
    replace: bool,
    clock: &Arc<dyn Clock>,
    progress: &dyn Progress,
) -> Result<StoreMoved, Error> {
    Store::look(from).await?.require_up_to_date()?;
    if is_same(from, to) {
        return Err(StoreError::SameStore {
            location: to.to_string(),
        }
        .into());
    }
    let source = Store::open(from, Arc::clone(clock)).await?;
    let target = match Store::open(to, Arc::clone(clock)).await {
        Ok(target) => target,
        Err(error) => {
            source.close().await;
            return Err(error.into());
        }
    };
    let heard = |step: CopyStep| {
        let (phase, done, total) = match step {
            CopyStep::Written { done, total } => ("rows written", done, total),
            CopyStep::Compared { done, total } => ("rows compared", done, total),
        };
        progress.report(Step {
            phase,
            done: usize::try_from(done).unwrap_or(usize::MAX),
            total: usize::try_from(total).ok(),
        });
    };
    let copied = source.copy_to(&target, replace, &heard).await;
    let in_use_by = source.in_use_by().await;
    source.close().await;
    target.close().await;
    Ok(StoreMoved {
        from: from.to_string(),
        to: to.to_string(),
        source_in_use_by: in_use_by?,
        copied: copied?,
    })
}

/// Whether two addresses are certainly one store. Two ways to write a database's address are not recognised; then
/// the store is not empty, and with `--replace` it is replaced by itself.
fn is_same(from: &StoreUrl, to: &StoreUrl) -> bool {
    let real = |url: &StoreUrl| url.path().and_then(|path| path.canonicalize_utf8().ok());
    from == to || real(from).is_some_and(|path| Some(path) == real(to))
}

impl Workspace {
    /// Draws another key and seals everything anew with it. Where the key comes from the environment, everything
    /// is sealed with the first of its keys.
    ///
    /// # Errors
    /// When somebody else is at it, or a value does not open: nothing is then changed.
    pub async fn rotate_key(&self, actor: &Actor) -> Result<KeyRotated, Error> {
        let lease = self.key_lease().await?;
        let rotated = self.rotate_under_lease(actor).await;
        self.store().release_lease(lease).await?;
        rotated
    }

    async fn rotate_under_lease(&self, actor: &Actor) -> Result<KeyRotated, Error> {
        let store = self.store();
        let act = |place: &str| self.audit_entry(actor, AuditEvent::new("key.rotate", place, ""));
        if let Some(text) = self.key_text() {
            let key = SealingKey::from_text(text.expose_secret())?;
            if !key.has_earlier() {
                return Err(UpkeepError::KeyFromEnvironment.into());
            }
            let sealed_anew = store.seal_anew(&key, &act("environment")).await?;
            store.require_opens(&key.without_earlier()).await?;
            return Ok(KeyRotated {
                file: None,
                sealed_anew,
                is_resumed: false,
            });
        }
        let path = self.path(&self.settings().security.key_file);
        if store.count_sealed().await? == 0 {
            // The first key of all may not have been needed yet.
            SealingKey::load_or_create(&path)?;
        }
        // Before anything is touched.
        store.require_opens(&SealingKey::load(&path)?).await?;
        let (key, is_resumed) = SealingKey::begin_change(&path)?;
        let sealed_anew = store.seal_anew(&key, &act("file")).await?;
        store.require_opens(&key.without_earlier()).await?;
        key.end_change(&path)?;
        Ok(KeyRotated {
            file: Some(path),
            sealed_anew,
            is_resumed,
        })
    }

    async fn key_lease(&self) -> Result<Lease, Error> {
        let myself = self.holder();
        loop {
            let asked = self.store().acquire_lease(KEY_LEASE, &myself, KEY_LIFETIME);
            match asked.await? {
                LeaseOutcome::Acquired(lease) => return Ok(lease),
                LeaseOutcome::HeldBy { holder, .. } if is_dead_here(&holder) => {
                    self.store().break_lease(KEY_LEASE, &holder).await?;
                }
                LeaseOutcome::HeldBy { holder, .. } => return Err(UpkeepError::KeyBusy { holder }.into()),
            }
        }
    }
}
