//! What a Tableau connector needs to know.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::id::IntegrationName;
use url::Url;

use crate::http::Limits;

/// One site of one Tableau server, and how to get in. Its `Debug` shows neither secret nor proxy.
#[derive(Clone)]
pub struct TableauSettings {
    /// The integration's name.
    pub integration: IntegrationName,
    /// The server's address: scheme, host, port and path prefix.
    pub server: String,
    /// The site's name in addresses, in its exact case; empty for the default site.
    pub site: String,
    /// What proves who is asking.
    pub credential: Credential,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// A PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// A proxy for every call; without it the usual environment variables count, and calls to this
    /// machine go out directly.
    pub proxy: Option<Url>,
    /// Hosts that are called without that proxy, with commas between, as in `NO_PROXY`.
    pub no_proxy: Option<String>,
    /// Times, sizes and repeats.
    pub limits: Limits,
}

impl TableauSettings {
    /// Settings with the usual limits, the system's authorities and no proxy of its own.
    pub fn new(integration: IntegrationName, server: &str, site: &str, credential: Credential) -> Self {
        Self {
            integration,
            server: server.to_owned(),
            site: site.to_owned(),
            credential,
            allow_http: false,
            ca_file: None,
            proxy: None,
            no_proxy: None,
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for TableauSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TableauSettings")
            .field("integration", &self.integration)
            .field("server", &self.server)
            .field("site", &self.site)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

/// What proves who is asking. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A personal access token (Tableau REST API 3.6 and later). One token has one session.
    PersonalAccessToken {
        /// The token's name.
        name: String,
        /// Its secret, as Tableau showed it once.
        secret: SecretString,
    },
    /// A connected app with direct trust (REST API 3.16 on Tableau Cloud, 3.17 on Tableau Server). It may have
    /// several sessions at once.
    ConnectedApp {
        /// The app, and as whom it signs in.
        app: ConnectedApp,
        /// The value of the secret that the app names.
        secret: SecretString,
    },
}

impl Credential {
    /// The credential of that name, with its secret.
    pub fn new(name: CredentialName, secret: SecretString) -> Self {
        match name {
            CredentialName::Token(name) => Self::PersonalAccessToken { name, secret },
            CredentialName::ConnectedApp(app) => Self::ConnectedApp { app, secret },
        }
    }

    /// By what people know it; not secret.
    pub fn name(&self) -> CredentialName {
        match self {
            Self::PersonalAccessToken { name, .. } => CredentialName::Token(name.clone()),
            Self::ConnectedApp { app, .. } => CredentialName::ConnectedApp(app.clone()),
        }
    }

    pub(crate) const fn secret(&self) -> &SecretString {
        match self {
            Self::PersonalAccessToken { secret, .. } | Self::ConnectedApp { secret, .. } => secret,
        }
    }
}
