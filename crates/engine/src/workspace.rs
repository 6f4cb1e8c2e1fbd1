//! The workspace: settings and store together, where every use case begins.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::{ExposeSecret, SecretString};
use tailwater_core::clock::Clock;
use tailwater_store::{SealingKey, Store, StoreUrl};
use tokio::sync::Notify;

use crate::account::{SignInLimit, TileKeyCell};
use crate::archive::ArchiveCell;
use crate::artifact_cache::ArtifactCache;
use crate::catalog::CatalogCache;
use crate::error::Error;
use crate::lease::holder_name;
use crate::manifest_index::ManifestIndexes;
use crate::policy::check_settings;
use crate::session::SessionPool;
use crate::settings::Settings;

/// Counts the workspaces of this process.
static WORKSPACES: AtomicU64 = AtomicU64::new(1);

/// What opening a workspace needs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory at which relative paths of the settings start.
    pub root: Utf8PathBuf,
    /// What `tailwater.toml` and the environment say.
    pub settings: Settings,
    /// The sealing key's text, from `TAILWATER_KEY`; wins over the key file.
    pub key: Option<SecretString>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Settings and store, opened.
#[derive(Debug)]
pub struct Workspace {
    root: Utf8PathBuf,
    settings: Settings,
    key: Option<SecretString>,
    clock: Arc<dyn Clock>,
    store: Store,
    sign_in_limit: SignInLimit,
    tile_key: TileKeyCell,
    artifacts: Arc<ArtifactCache>,
    catalog_cache: CatalogCache,
    archive: ArchiveCell,
    sessions: Arc<SessionPool>,
    /// Who this is, to others who share the store.
    holder: String,
    /// Wakes who sends refreshes.
    refreshes_asked: Arc<Notify>,
    refreshes_cancelled: Arc<Notify>,
}

impl Workspace {
    /// Checks the settings and opens the store, making it where there is none.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let Options {
            root,
            settings,
            key,
            clock,
        } = options;
        check_names(&settings)?;
        crate::job::check_declared(&settings.jobs)?;
        check_settings(&settings.refresh)?;
        let url = store_url(&settings, &root)?;
        let store = Store::open(&url, Arc::clone(&clock)).await?;
        // No project has a name that begins with a point.
        let indexes = ManifestIndexes::new(root.join(&settings.artifacts.dir).join(".index"));
        Ok(Self {
            root,
            settings,
            key,
            sign_in_limit: SignInLimit::new(&clock),
            tile_key: TileKeyCell::default(),
            clock,
            store,
            artifacts: Arc::new(ArtifactCache::new(indexes)),
            catalog_cache: CatalogCache::default(),
            archive: ArchiveCell::default(),
            sessions: Arc::default(),
            holder: holder_name(WORKSPACES.fetch_add(1, Ordering::Relaxed)),
            refreshes_asked: Arc::default(),
            refreshes_cancelled: Arc::default(),
        })
    }

    /// What `tailwater.toml` and the environment say.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The store.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The artifacts that were read.
    pub(crate) const fn artifacts(&self) -> &Arc<ArtifactCache> {
        &self.artifacts
    }

    /// What catalogs were made of last.
    pub(crate) const fn catalog_cache(&self) -> &CatalogCache {
        &self.catalog_cache
    }

    /// The storage of logs and artifacts, once it was opened.
    pub(crate) const fn archive_cell(&self) -> &ArchiveCell {
        &self.archive
    }

    /// The sessions with BI sites that are open.
    pub(crate) const fn sessions(&self) -> &Arc<SessionPool> {
        &self.sessions
    }

    /// Who this is, to others who share the store, in words for people.
    pub(crate) fn holder(&self) -> String {
        self.holder.clone()
    }

    /// Wakes who sends refreshes.
    pub(crate) const fn refreshes_asked(&self) -> &Arc<Notify> {
        &self.refreshes_asked
    }

    /// Wakes who works at refreshes: somebody wants one cancelled.
    pub(crate) const fn refreshes_cancelled(&self) -> &Arc<Notify> {
        &self.refreshes_cancelled
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Counts attempts to sign in.
    pub(crate) const fn sign_in_limit(&self) -> &SignInLimit {
        &self.sign_in_limit
    }

    /// The key of tiles, once it was read.
    pub(crate) const fn tile_key_cell(&self) -> &TileKeyCell {
        &self.tile_key
    }

    /// A path of the settings, made absolute or relative to the working directory.
    pub fn path(&self, path: &Utf8Path) -> Utf8PathBuf {
        self.root.join(path)
    }

    /// The text of the keys that the environment gives; `None` when they are in the key file.
    pub(crate) const fn key_text(&self) -> Option<&SecretString> {
        self.key.as_ref()
    }

    /// The key that seals secrets: from the environment, else from the key file, which is made on first use.
    pub fn sealing_key(&self) -> Result<SealingKey, Error> {
        let key = match &self.key {
            Some(text) => SealingKey::from_text(text.expose_secret())?,
            None => SealingKey::load_or_create(&self.path(&self.settings.security.key_file))?,
        };
        Ok(key)
    }

    /// Closes the store in good order.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// The store's address, with a relative path of a SQLite file starting at the root.
pub fn store_url(settings: &Settings, root: &Utf8Path) -> Result<StoreUrl, Error> {
    let url: StoreUrl = settings.store.url.parse()?;
    Ok(match url.path() {
        Some(path) => StoreUrl::sqlite(root.join(path)),
        None => url,
    })
}

/// Refuses names declared twice and names that are no names.
fn check_names(settings: &Settings) -> Result<(), Error> {
    let projects = settings
        .projects
        .iter()
        .map(|project| ("project", project.name.as_str()));
    let integrations = settings
        .integrations
        .iter()
        .map(|integration| ("integration", integration.name.as_str()));
    for project in &settings.projects {
        let mut names = std::collections::BTreeSet::new();
        for environment in &project.environments {
            check_name("an environment", environment.name.as_str())?;
            if !names.insert(&environment.name) {
                return Err(Error::DeclaredTwice {
                    what: "environment",
                    name: format!("{}.{}", project.name, environment.name),
                });
            }
        }
        let production = project
            .environments
            .iter()
            .filter(|environment| environment.production);
        if production.count() > 1 {
            return Err(Error::DeclaredTwice {
                what: "the production of project",
                name: project.name.to_string(),
            });
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for (what, name) in projects.chain(integrations) {
        match what {
            "project" => check_name("a project", name)?,
            _ => check_integration_name(name)?,
        }
        if !seen.insert((what, name)) {
            return Err(Error::DeclaredTwice {
                what,
                name: name.to_owned(),
            });
        }
    }
    Ok(())
}

/// Names appear in commands, addresses and file names, so they are kept plain.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), Error> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let is_good = name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_plain);
    if is_good {
        Ok(())
    } else {
        Err(Error::BadName {
            what,
            name: name.to_owned(),
        })
    }
}

/// The same of an integration's name, which may not be a word of its pages' addresses: `/integrations/new`
/// makes one.
pub(crate) fn check_integration_name(name: &str) -> Result<(), Error> {
    check_name("an integration", name)?;
    if name == "new" {
        return Err(Error::ReservedName {
            what: "an integration",
            name: name.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_plain() {
        for good in ["main", "shop-2", "a.b_c"] {
            assert!(check_name("a project", good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "a b", "../x", "é", &"x".repeat(65)] {
            assert!(check_name("a project", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_word_of_the_addresses_is_no_name_of_an_integration() {
        assert!(check_integration_name("newer").is_ok());
        let error = check_integration_name("new").unwrap_err();
        assert!(matches!(error, Error::ReservedName { .. }), "{error:?}");
    }

    #[test]
    fn a_relative_store_starts_at_the_root() {
        let url = store_url(&Settings::default(), Utf8Path::new("/srv/tw")).unwrap();
        assert_eq!(url.path(), Some(Utf8Path::new("/srv/tw/.tailwater/tailwater.db")));
    }
}
