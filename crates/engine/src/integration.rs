//! Integrations: one site of one BI tool each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tailwater_bi::{Check, Connector, Credential, Progress, TableauSettings};
use tailwater_core::credential::CredentialName;
use tailwater_core::id::{IntegrationName, ProjectName};
use tailwater_core::inventory::Inventory;
use tailwater_core::mapping::MappingRule;
use tailwater_core::selection::Selection;
use tailwater_store::{IntegrationRecord, Origin, SyncRecord, Way};

use crate::error::Error;
use crate::http::HttpSettings;
use crate::ingest::hexadecimal;
use crate::schedule::ScheduleSettings;
use crate::secret::SecretPlace;
use crate::session::{Session, Use};
use crate::settings::{DeclaredIn, IntegrationSettings, Kind};
use crate::workspace::{Workspace, check_integration_name};

/// One site of one BI tool, as declared or registered. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Integration {
    /// Its name in Tailwater.
    pub name: IntegrationName,
    /// The BI tool.
    pub kind: Kind,
    /// The server's address.
    pub server: String,
    /// The site's name in addresses; empty for the default site.
    pub site: String,
    /// With what it signs in: `token_name`, or `connected_app`.
    #[serde(flatten)]
    pub credential: CredentialName,
    /// Where the secret of that is kept.
    pub secret: SecretPlace,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// The dbt projects that feed it; all when empty.
    pub projects: Vec<ProjectName>,
    /// The collections to import.
    pub collections: Selection,
    /// Rules that rewrite the site's names.
    pub mapping: Vec<MappingRule>,
    /// Where it was declared.
    pub declared_in: DeclaredIn,
    /// When it is synced, where the file says another time for it than for all others.
    #[serde(skip)]
    pub schedule: Option<ScheduleSettings>,
    /// The way to it, where another is said than to all others.
    #[serde(skip)]
    pub http: HttpSettings,
}

/// An integration to register.
#[derive(Debug)]
pub struct NewIntegration {
    /// Its name in Tailwater.
    pub name: IntegrationName,
    /// The server's address, or any address of the site copied from the browser.
    pub server: String,
    /// The site's name; `None` takes it from the address.
    pub site: Option<String>,
    /// With what it signs in.
    pub credential: CredentialName,
    /// The secret of that.
    pub secret: SecretString,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// The dbt projects that feed it; all when empty.
    pub projects: Vec<ProjectName>,
    /// The way to it, where it is another than to all. Of this the file of authorities, the proxy and its exceptions are
    /// kept; not the proxy's user and password.
    pub http: HttpSettings,
}

/// An integration with what its last syncs came to.
#[derive(Debug, Clone, Serialize)]
pub struct IntegrationState {
    /// The integration.
    #[serde(flatten)]
    pub integration: Integration,
    /// Its last syncs, newest first.
    pub syncs: Vec<SyncRecord>,
}

impl Workspace {
    /// Every integration that is declared or registered, sorted by name; the file wins over the store.
    pub async fn integrations(&self) -> Result<Vec<Integration>, Error> {
        let mut integrations = BTreeMap::new();
        for record in self.store().integrations().await? {
            // What a file declared stays in the store as the parent of its syncs, but only the file speaks for it.
            if record.origin == Origin::Command {
                integrations.insert(record.name.clone(), from_record(record));
            }
        }
        for declared in &self.settings().integrations {
            integrations.insert(declared.name.clone(), from_settings(declared)?);
        }
        Ok(integrations.into_values().collect())
    }

    /// Looks an integration up by name.
    pub async fn find_integration(&self, name: &IntegrationName) -> Result<Integration, Error> {
        let integrations = self.integrations().await?;
        let known = integrations
            .iter()
            .map(|integration| integration.name.clone())
            .collect();
        integrations
            .into_iter()
            .find(|integration| integration.name == *name)
            .ok_or_else(|| Error::UnknownIntegration {
                name: name.clone(),
                known,
            })
    }

    /// Registers a Tableau site and seals its secret. Nothing is contacted.
    pub async fn add_tableau(&self, new: NewIntegration) -> Result<Integration, Error> {
        self.add_integration(new, Selection::default()).await
    }

    /// Registers a Tableau site with the collections to import, and seals its secret. Nothing is contacted.
    pub async fn add_integration(
        &self,
        new: NewIntegration,
        selection: Selection,
    ) -> Result<Integration, Error> {
        check_integration_name(new.name.as_str())?;
        if self
            .integrations()
            .await?
            .iter()
            .any(|known| known.name == new.name)
        {
            return Err(Error::AlreadyExists {
                what: "integration",
                name: new.name.to_string(),
            });
        }
        for project in &new.projects {
            self.find_project(project).await?;
        }
        if let Some(missing) = new.credential.missing() {
            return Err(Error::CredentialIncomplete { missing });
        }
        let (server, site) = split_site(&new.server, new.site.as_deref())?;
        let key = self.sealing_key()?;
        let now = self.clock().now();
        let record = IntegrationRecord {
            name: new.name.clone(),
            kind: Kind::Tableau.name().to_owned(),
            server,
            site,
            credential: new.credential,
            allow_http: new.allow_http,
            projects: new.projects,
            selection,
            mapping: Vec::new(),
            created_at: now,
            updated_at: now,
            origin: Origin::Command,
            way: new.http.to_way(),
        };
        self.connector_for(&from_record(record.clone()), new.secret.clone())?;
        self.store().put_integration(&record).await?;
        self.store().put_secret(&new.name, &new.secret, &key).await?;
        self.note_secret(&new.name, &new.secret).await?;
        Ok(from_record(record))
    }

    /// Forgets an integration with everything that it brought.
    pub async fn remove_integration(&self, name: &IntegrationName) -> Result<(), Error> {
        self.writable_integration(name).await?;
        self.store().remove_integration(name).await?;
        Ok(())
    }

    /// An integration with its last syncs.
    pub async fn integration_state(
        &self,
        name: &IntegrationName,
        syncs: u32,
    ) -> Result<IntegrationState, Error> {
        let integration = self.find_integration(name).await?;
        let syncs = self.store().syncs(Some(name), syncs).await?;
        Ok(IntegrationState { integration, syncs })
    }

    /// Tries everything that a sync of the integration needs, line by line.
    pub async fn check_integration(
        &self,
        name: &IntegrationName,
        progress: &dyn Progress,
    ) -> Result<Vec<Check>, Error> {
        let integration = self.find_integration(name).await?;
        let session = self.enter(&integration, Use::Calls, Duration::ZERO).await?;
        let connector = connector_of(&session)?;
        let work = async {
            let checks = connector.check(progress).await;
            self.note_token(name, connector.token_expires_at().await).await;
            Ok(checks)
        };
        let done = session.run(work).await;
        session.leave(Duration::ZERO).await;
        done
    }

    /// Tries everything with a connector, under the lease on its token.
    pub(crate) async fn check_with(
        &self,
        integration: &Integration,
        connector: &dyn Connector,
        progress: &dyn Progress,
    ) -> Result<Vec<Check>, Error> {
        let work = async {
            let checks = connector.check(progress).await;
            self.note_token(&integration.name, connector.token_expires_at().await)
                .await;
            connector.sign_out().await;
            Ok(checks)
        };
        self.under_lease(integration, work).await
    }

    /// The tree of collections that the token's user can see.
    pub async fn collections(&self, name: &IntegrationName) -> Result<Inventory, Error> {
        let integration = self.find_integration(name).await?;
        let session = self.enter(&integration, Use::Calls, Duration::ZERO).await?;
        let connector = connector_of(&session)?;
        let listing = session
            .run(async { Ok(connector.fetch_collections().await?) })
            .await;
        session.leave(Duration::ZERO).await;
        listing
    }

    /// The tree of collections by a connector, under the lease on its token.
    pub(crate) async fn collections_with(
        &self,
        integration: &Integration,
        connector: &dyn Connector,
    ) -> Result<Inventory, Error> {
        let work = async {
            let listing = connector.fetch_collections().await;
            connector.sign_out().await;
            Ok(listing?)
        };
        self.under_lease(integration, work).await
    }

    /// Adds patterns to the selection; answers the whole selection and whether it changed. A pattern that
    /// chooses nothing is refused, so that a misspelt name is noticed.
    pub async fn select_collections(
        &self,
        name: &IntegrationName,
        patterns: &[String],
    ) -> Result<(Selection, bool), Error> {
        let integration = self.writable_integration(name).await?;
        let listing = self.collections(name).await?;
        let unknown = Selection::new(patterns).without_match(&listing);
        if let Some(pattern) = unknown.first() {
            let paths = listing
                .collections
                .values()
                .map(|collection| tailwater_core::selection::join_path(&collection.path));
            let nearest = crate::explain::nearest(pattern, paths, 1).pop();
            return Err(Error::UnknownCollection {
                name: name.clone(),
                pattern: pattern.clone(),
                nearest,
            });
        }
        let mut selection = integration.collections;
        let mut is_changed = false;
        for pattern in patterns {
            is_changed |= selection.insert(pattern.clone());
        }
        self.store().set_selection(name, &selection).await?;
        Ok((selection, is_changed))
    }

    /// Takes patterns out of the selection.
    pub async fn unselect_collections(
        &self,
        name: &IntegrationName,
        patterns: &[String],
    ) -> Result<Selection, Error> {
        let mut selection = self.writable_integration(name).await?.collections;
        for pattern in patterns {
            if !selection.remove(pattern) {
                let selected = selection.patterns().to_vec();
                return Err(Error::NotSelected {
                    name: name.clone(),
                    pattern: pattern.clone(),
                    selected,
                });
            }
        }
        self.store().set_selection(name, &selection).await?;
        Ok(selection)
    }

    /// Adds a mapping rule behind the others.
    pub async fn add_mapping(
        &self,
        name: &IntegrationName,
        rule: MappingRule,
    ) -> Result<Vec<MappingRule>, Error> {
        let mut mapping = self.writable_integration(name).await?.mapping;
        if !mapping.contains(&rule) {
            mapping.push(rule);
        }
        self.store().set_mapping(name, &mapping).await?;
        Ok(mapping)
    }

    /// Takes a mapping rule out by its number, from 1.
    pub async fn remove_mapping(
        &self,
        name: &IntegrationName,
        number: usize,
    ) -> Result<Vec<MappingRule>, Error> {
        let mut mapping = self.writable_integration(name).await?.mapping;
        if number == 0 || number > mapping.len() {
            return Err(Error::UnknownRule {
                name: name.clone(),
                number,
            });
        }
        mapping.remove(number - 1);
        self.store().set_mapping(name, &mapping).await?;
        Ok(mapping)
    }

    /// Makes sure that the store has a row to hang syncs and exposures on, also for what only the file declares.
    pub(crate) async fn ensure_parent(&self, integration: &Integration) -> Result<(), Error> {
        if self.store().find_integration(&integration.name).await?.is_some() {
            return Ok(());
        }
        let now = self.clock().now();
        let record = IntegrationRecord {
            name: integration.name.clone(),
            kind: integration.kind.name().to_owned(),
            server: integration.server.clone(),
            site: integration.site.clone(),
            credential: integration.credential.clone(),
            allow_http: integration.allow_http,
            projects: integration.projects.clone(),
            selection: integration.collections.clone(),
            mapping: integration.mapping.clone(),
            created_at: now,
            updated_at: now,
            origin: Origin::File,
            way: Way::default(),
        };
        self.store().put_integration(&record).await?;
        Ok(())
    }

    pub(crate) async fn writable_integration(&self, name: &IntegrationName) -> Result<Integration, Error> {
        let integration = self.find_integration(name).await?;
        if integration.declared_in == DeclaredIn::File {
            return Err(Error::DeclaredInFile {
                what: "integration",
                name: name.to_string(),
            });
        }
        Ok(integration)
    }

    /// A connector to the integration's site, not signed in yet.
    pub(crate) fn connector_for(
        &self,
        integration: &Integration,
        secret: SecretString,
    ) -> Result<Box<dyn Connector>, Error> {
        match integration.kind {
            Kind::Tableau => {
                let credential = Credential::new(integration.credential.clone(), secret);
                let name = integration.name.clone();
                let mut settings =
                    TableauSettings::new(name, &integration.server, &integration.site, credential);
                settings.allow_http = integration.allow_http;
                let http = integration.http.over(&self.settings().http);
                http.apply(&mut settings, |file| self.path(file));
                Ok(Box::new(tailwater_bi::tableau(
                    settings,
                    Arc::clone(self.clock()),
                )?))
            }
        }
    }
}

/// The connector of a session.
pub(crate) fn connector_of(session: &Session) -> Result<Arc<dyn Connector>, Error> {
    session.connector().cloned().ok_or(Error::Cancelled)
}

/// A digest of what is to be imported, whatever the order; empty when nothing is. What is left out by hand
/// shows at once and needs no sync, so it is no part of it.
pub(crate) fn selection_digest(selection: &Selection) -> String {
    let mut patterns: Vec<&str> = selection.patterns().iter().map(String::as_str).collect();
    patterns.sort_unstable();
    // No pattern is empty, so what follows an empty one is known for assets.
    if selection.has_brought_in() {
        patterns.push("");
        patterns.extend(selection.brought_in().map(AsRef::as_ref));
    }
    if patterns.is_empty() {
        return String::new();
    }
    let hash = Sha256::digest(patterns.join("\0").as_bytes());
    hexadecimal(&hash[..8])
}

/// The server and the site behind an address and, where given, the site's name.
pub(crate) fn split_site(address: &str, site: Option<&str>) -> Result<(String, String), Error> {
    let split = tailwater_bi::split_address(address)?;
    let site = site.map(str::to_owned).or(split.site).unwrap_or_default();
    Ok((split.server, site))
}

fn from_record(record: IntegrationRecord) -> Integration {
    Integration {
        name: record.name,
        kind: Kind::Tableau,
        server: record.server,
        site: record.site,
        credential: record.credential,
        secret: SecretPlace::Store,
        allow_http: record.allow_http,
        projects: record.projects,
        collections: record.selection,
        mapping: record.mapping,
        declared_in: DeclaredIn::Store,
        schedule: None,
        http: HttpSettings::from_way(record.way),
    }
}

fn from_settings(declared: &IntegrationSettings) -> Result<Integration, Error> {
    let (server, site) = split_site(&declared.server, declared.site.as_deref())?;
    let (credential, variable, file) = declared.sign_in()?;
    let secret = match (variable, file) {
        (Some(variable), _) => SecretPlace::Environment {
            variable: variable.to_owned(),
        },
        (None, Some(path)) => SecretPlace::File {
            path: path.to_owned(),
        },
        (None, None) => SecretPlace::Store,
    };
    Ok(Integration {
        name: declared.name.clone(),
        kind: declared.kind,
        server,
        site,
        credential,
        secret,
        allow_http: declared.allow_http,
        projects: declared.projects.clone(),
        collections: Selection::new(&declared.collections),
        mapping: declared.mapping.clone(),
        declared_in: DeclaredIn::File,
        schedule: declared.schedule.clone(),
        http: declared.http.clone(),
    })
}
