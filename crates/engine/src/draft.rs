//! Drafts: a connection that is being described step by step, and can be come back to.
//!
//! ```text
//! begin ─▶ change (address, token, secret) ─▶ check ─▶ collections ─▶ choose ─▶ finish: an integration
//! ```
//!
//! The secret is sealed in the store as soon as it is given and never leaves again: what is shown of it is its
//! [mark](SecretMark). A draft that nobody touched for a week is forgotten.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tailwater_bi::{Check, Progress};
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::id::{IntegrationName, ProjectName};
use tailwater_core::inventory::Inventory;
use tailwater_core::selection::Selection;
use tailwater_store::{DraftId, DraftRecord};

use crate::connection::SecretMark;
use crate::error::Error;
use crate::http::HttpSettings;
use crate::integration::{Integration, NewIntegration, split_site};
use crate::schedule::ScheduleSettings;
use crate::secret::SecretPlace;
use crate::settings::{DeclaredIn, Kind};
use crate::workspace::{Workspace, check_integration_name};

/// For how many days a draft is kept that nobody touches.
pub const DRAFT_DAYS: i64 = 7;

/// A connection that is being described. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// Its id, drawn at random.
    pub id: DraftId,
    /// What was said so far.
    pub said: Said,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What was said of a connection so far. Everything may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// The BI tool.
    pub kind: Kind,
    /// The integration's name in Tailwater.
    pub name: String,
    /// The address as it was given.
    pub address: String,
    /// The server's address, by what was given.
    pub server: String,
    /// The site's name in addresses; empty for the default site.
    pub site: String,
    /// The token's name.
    pub token_name: String,
    /// The connected app that is signed in with in place of a token.
    pub connected_app: Option<ConnectedApp>,
    /// The mark of the secret, once it is given.
    pub secret: Option<SecretMark>,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// The dbt projects that feed it; all when empty.
    pub projects: Vec<ProjectName>,
    /// The collections to import, once chosen.
    pub collections: Selection,
    /// Who began it, in words for people.
    pub by: String,
}

/// What is to be said anew of a draft. What is `None` stays.
#[derive(Debug, Default)]
pub struct DraftChange {
    /// The integration's name in Tailwater; empty takes the one that the site suggests.
    pub name: Option<String>,
    /// The server's address, or any address of the site copied from the browser.
    pub address: Option<String>,
    /// The site's name, where the address does not tell it.
    pub site: Option<String>,
    /// With what it signs in.
    pub credential: Option<CredentialName>,
    /// The secret of that.
    pub secret: Option<SecretString>,
    /// Whether plain http to another machine is allowed.
    pub allow_http: Option<bool>,
    /// The dbt projects that feed it.
    pub projects: Option<Vec<ProjectName>>,
    /// The collections to import.
    pub collections: Option<Selection>,
}

impl Said {
    /// What is still missing before the connection can be tried; `None` when nothing is.
    pub fn missing(&self) -> Option<&'static str> {
        if self.server.is_empty() {
            return Some("the server's address");
        }
        let credential = self.credential();
        credential.missing().or(match (&self.secret, credential) {
            (Some(_), _) => None,
            (None, CredentialName::Token(_)) => Some("the token's secret"),
            (None, CredentialName::ConnectedApp(_)) => Some("the connected app's secret"),
        })
    }

    /// With what it signs in.
    pub fn credential(&self) -> CredentialName {
        match &self.connected_app {
            Some(app) => CredentialName::ConnectedApp(app.clone()),
            None => CredentialName::Token(self.token_name.clone()),
        }
    }

    /// The draft in the shape of an integration.
    fn to_integration(&self, secret: SecretPlace) -> Integration {
        Integration {
            name: IntegrationName::new(&*self.name),
            kind: self.kind,
            server: self.server.clone(),
            site: self.site.clone(),
            credential: self.credential(),
            secret,
            allow_http: self.allow_http,
            projects: self.projects.clone(),
            collections: self.collections.clone(),
            mapping: Vec::new(),
            declared_in: DeclaredIn::Store,
            schedule: None::<ScheduleSettings>,
            http: HttpSettings::default(),
        }
    }
}

impl Workspace {
    /// Begins a draft.
    pub async fn begin_draft(&self, kind: Kind, by: &str) -> Result<Draft, Error> {
        let now = self.clock().now();
        self.store()
            .remove_drafts_before(now - TimeDelta::days(DRAFT_DAYS))
            .await?;
        let draft = Draft {
            id: DraftId::draw(),
            said: Said {
                kind,
                by: by.to_owned(),
                ..Said::default()
            },
            updated_at: now,
        };
        self.put_draft(&draft).await?;
        Ok(draft)
    }

    /// The draft of the given id.
    pub async fn find_draft(&self, id: DraftId) -> Result<Draft, Error> {
        let record = self.store().find_draft(id).await?.ok_or(Error::UnknownDraft)?;
        from_record(&record).ok_or(Error::UnknownDraft)
    }

    /// Every draft that is still kept, the last changed first.
    pub async fn drafts(&self) -> Result<Vec<Draft>, Error> {
        let oldest = self.clock().now() - TimeDelta::days(DRAFT_DAYS);
        let records = self.store().drafts().await?;
        let kept = records.iter().filter(|record| record.updated_at >= oldest);
        Ok(kept.filter_map(from_record).collect())
    }

    /// Says something anew of a draft. A secret that was given for another server is forgotten, so that no
    /// other server gets to see it.
    ///
    /// # Errors
    /// When the address or the name is none, the name is taken, or a project is not known; then nothing is
    /// changed.
    pub async fn change_draft(&self, id: DraftId, change: DraftChange) -> Result<Draft, Error> {
        let mut draft = self.find_draft(id).await?;
        let said = &mut draft.said;
        let server_before = said.server.clone();
        if let Some(address) = &change.address {
            let site = change
                .site
                .as_deref()
                .map(str::trim)
                .filter(|site| !site.is_empty());
            let (server, site) = split_site(address, site)?;
            (said.server, said.site) = (server, site);
            address.trim().clone_into(&mut said.address);
        }
        let kind_before = said.credential().kind_in_words();
        match change.credential {
            None => {}
            Some(CredentialName::Token(name)) => {
                name.trim().clone_into(&mut said.token_name);
                said.connected_app = None;
            }
            Some(CredentialName::ConnectedApp(app)) => {
                said.connected_app = Some(ConnectedApp {
                    client_id: app.client_id.trim().to_owned(),
                    secret_id: app.secret_id.trim().to_owned(),
                    user: app.user.trim().to_owned(),
                });
            }
        }
        if let Some(allow_http) = change.allow_http {
            said.allow_http = allow_http;
        }
        if let Some(projects) = change.projects {
            for project in &projects {
                self.find_project(project).await?;
            }
            said.projects = projects;
        }
        if let Some(collections) = change.collections {
            said.collections = collections;
        }
        if let Some(name) = &change.name {
            let taken = self.integrations().await?;
            // `new` is the address of the wizard.
            let is_taken = |name: &str| taken.iter().any(|known| known.name.as_str() == name);
            // `new` is no name for one: see `check_integration_name`.
            let is_unfit = |name: &str| name == "new" || is_taken(name);
            said.name = if name.trim().is_empty() {
                suggested_name(&said.server, &said.site, is_unfit)
            } else {
                name.trim().to_owned()
            };
            check_integration_name(&said.name)?;
            if is_taken(&said.name) {
                return Err(Error::AlreadyExists {
                    what: "integration",
                    name: said.name.clone(),
                });
            }
        }
        let key = self.sealing_key()?;
        let now = self.clock().now();
        let is_other_server = said.server != server_before && !server_before.is_empty();
        // A token's secret is of no use to a connected app, nor the other way round.
        let is_other_kind = said.credential().kind_in_words() != kind_before;
        if (is_other_server || is_other_kind) && change.secret.is_none() && said.secret.take().is_some() {
            self.store().put_draft_secret(id, None, &key).await?;
        }
        if let Some(secret) = &change.secret {
            said.secret = Some(SecretMark::of(secret, now));
            self.store().put_draft_secret(id, Some(secret), &key).await?;
        }
        draft.updated_at = now;
        self.put_draft(&draft).await?;
        Ok(draft)
    }

    /// Tries everything that a sync of the drafted connection would need, line by line.
    pub async fn check_draft(&self, id: DraftId, progress: &dyn Progress) -> Result<Vec<Check>, Error> {
        let (integration, secret) = self.drafted(id).await?;
        let connector = self.connector_for(&integration, secret)?;
        self.check_with(&integration, connector.as_ref(), progress).await
    }

    /// The tree of collections that the drafted connection's token can see.
    pub async fn collections_of_draft(&self, id: DraftId) -> Result<Inventory, Error> {
        let (integration, secret) = self.drafted(id).await?;
        let connector = self.connector_for(&integration, secret)?;
        self.collections_with(&integration, connector.as_ref()).await
    }

    /// Makes the draft an integration, with its collections, and forgets the draft.
    pub async fn finish_draft(&self, id: DraftId) -> Result<Integration, Error> {
        let said = self.find_draft(id).await?.said;
        let (_, secret) = self.drafted(id).await?;
        if said.name.is_empty() {
            return Err(Error::DraftIncomplete {
                missing: "the integration's name",
            });
        }
        if said.collections.is_empty() {
            return Err(Error::DraftIncomplete {
                missing: "what to import",
            });
        }
        let new = NewIntegration {
            credential: said.credential(),
            name: IntegrationName::new(said.name),
            server: said.server,
            site: Some(said.site),
            secret,
            allow_http: said.allow_http,
            projects: said.projects,
            http: HttpSettings::default(),
        };
        let integration = self.add_integration(new, said.collections).await?;
        self.store().remove_draft(id).await?;
        Ok(integration)
    }

    /// Forgets a draft.
    pub async fn discard_draft(&self, id: DraftId) -> Result<(), Error> {
        self.store().remove_draft(id).await?;
        Ok(())
    }

    /// The draft in the shape of an integration, with its secret.
    async fn drafted(&self, id: DraftId) -> Result<(Integration, SecretString), Error> {
        let said = self.find_draft(id).await?.said;
        if let Some(missing) = said.missing() {
            return Err(Error::DraftIncomplete { missing });
        }
        let key = self.sealing_key()?;
        let secret = self.store().find_draft_secret(id, &key).await?;
        let secret = secret.ok_or(Error::DraftIncomplete {
            missing: "the secret",
        })?;
        Ok((said.to_integration(SecretPlace::Store), secret))
    }

    async fn put_draft(&self, draft: &Draft) -> Result<(), Error> {
        let body = serde_json::to_string(&draft.said).unwrap_or_default();
        let record = DraftRecord {
            id: draft.id,
            body,
            updated_at: draft.updated_at,
        };
        Ok(self.store().put_draft(&record).await?)
    }
}

/// `None` for what a newer version wrote in a form that is not known here.
fn from_record(record: &DraftRecord) -> Option<Draft> {
    Some(Draft {
        id: record.id,
        said: serde_json::from_str(&record.body).ok()?,
        updated_at: record.updated_at,
    })
}

/// A name made of the site's, else of the server's, that nobody has yet.
fn suggested_name(server: &str, site: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let host = server.split("://").nth(1).unwrap_or(server);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let base = if site.is_empty() { host } else { site };
    let plain = |letter: char| {
        let is_plain = letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if is_plain {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let base: String = base.chars().map(plain).take(50).collect();
    let base = base.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let base = if base.is_empty() { "tableau" } else { base };
    if !is_taken(base) {
        return base.to_owned();
    }
    let numbered = (2..).map(|number: u32| format!("{base}-{number}"));
    numbered
        .into_iter()
        .find(|name| !is_taken(name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://bi.acme.com", "Shop Data", "shop-data")]
    #[case("https://bi.acme.com:8443/tab", "", "bi.acme.com")]
    #[case("https://bi.acme.com", "main", "main-3")]
    #[case("https://bi.acme.com", "データ", "tableau")]
    fn a_site_suggests_a_name(#[case] server: &str, #[case] site: &str, #[case] expected: &str) {
        let is_taken = |name: &str| ["main", "main-2"].contains(&name);
        let name = suggested_name(server, site, is_taken);
        assert_eq!(name, expected);
        assert!(check_integration_name(&name).is_ok());
    }
}
