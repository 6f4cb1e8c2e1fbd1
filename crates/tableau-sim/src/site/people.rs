//! Users, their tokens, and connected apps.

use chrono::{DateTime, Utc};

use super::Identity;
use crate::site_file::SiteRole;

/// A user of the site.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) identity: Identity,
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) email: Option<String>,
    pub(crate) role: SiteRole,
    pub(crate) password: Option<String>,
    pub(crate) last_login: Option<DateTime<Utc>>,
}

/// A personal access token.
#[derive(Debug, Clone)]
pub(crate) struct PersonalToken {
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) user: u32,
    /// A year after the start when the site file says nothing.
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// A connected app.
#[derive(Debug, Clone)]
pub(crate) struct ConnectedApp {
    pub(crate) client_id: String,
    pub(crate) secret_id: String,
    pub(crate) secret: String,
    pub(crate) enabled: bool,
    /// As whom it may sign in; as everybody when empty.
    pub(crate) users: Vec<u32>,
    /// What its sessions may do; everything when empty.
    pub(crate) scopes: Vec<String>,
}
