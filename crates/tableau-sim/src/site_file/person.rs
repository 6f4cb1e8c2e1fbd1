//! Users of a site, and what programs sign in with: personal access tokens and connected apps.

use serde::{Deserialize, Serialize};

use super::Instant;

/// A user of the site.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The user name, often an e-mail address; other entries refer to the user by it.
    pub name: String,
    /// The name to show; the user name when left out.
    pub full_name: Option<String>,
    /// The e-mail address, when Tableau knows one.
    pub email: Option<String>,
    /// What the user may do on this site.
    #[serde(default)]
    pub role: SiteRole,
    /// The password, for sign-in by user name; no such sign-in when left out.
    pub password: Option<String>,
    /// The LUID; made from the name when left out.
    pub luid: Option<String>,
}

/// Site roles (Tableau REST 3.29, "siteRole").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SiteRole {
    /// Administers the whole server.
    ServerAdministrator,
    /// Administers the site, and may publish.
    SiteAdministratorCreator,
    /// Administers the site.
    #[default]
    SiteAdministratorExplorer,
    /// Publishes with new connections.
    Creator,
    /// Publishes from existing data sources.
    ExplorerCanPublish,
    /// Looks and edits.
    Explorer,
    /// Looks.
    Viewer,
    /// Owns things but can not sign in.
    Unlicensed,
}

impl SiteRole {
    /// The spelling on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServerAdministrator => "ServerAdministrator",
            Self::SiteAdministratorCreator => "SiteAdministratorCreator",
            Self::SiteAdministratorExplorer => "SiteAdministratorExplorer",
            Self::Creator => "Creator",
            Self::ExplorerCanPublish => "ExplorerCanPublish",
            Self::Explorer => "Explorer",
            Self::Viewer => "Viewer",
            Self::Unlicensed => "Unlicensed",
        }
    }

    /// Whether the role administers the site: it sees all content and complete Metadata API results.
    pub fn is_administrator(self) -> bool {
        matches!(
            self,
            Self::ServerAdministrator | Self::SiteAdministratorCreator | Self::SiteAdministratorExplorer
        )
    }
}

/// A personal access token. The secret is a made-up value of a test site, so it is kept as plain text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The token's name.
    pub name: String,
    /// The token's secret.
    pub secret: String,
    /// The user who made it, by user name.
    pub user: String,
    /// When it ends; a year after the clock's start when left out.
    pub expires_at: Option<Instant>,
}

/// A connected app with direct trust. The secret is a made-up value of a test site, so it is kept as plain text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectedApp {
    /// The app's client id.
    pub client_id: String,
    /// The id of its secret.
    pub secret_id: String,
    /// The secret's value.
    pub secret: String,
    /// Whether the app is switched on.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// As whom it may sign in, by user name; as everybody when empty.
    #[serde(default)]
    pub users: Vec<String>,
    /// Scopes that its sessions may have, such as `tableau:content:read`; all when empty.
    #[serde(default)]
    pub scopes: Vec<String>,
}

fn yes() -> bool {
    true
}
