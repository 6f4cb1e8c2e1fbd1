//! Users and their tokens.

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
