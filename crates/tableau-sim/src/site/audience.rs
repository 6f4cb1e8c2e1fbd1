//! From whom something is hidden.

use super::User;
use crate::site_file::SiteRole;

/// The roles and users who may not see an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    pub(crate) hidden_from_roles: Vec<SiteRole>,
    pub(crate) hidden_from_users: Vec<u32>,
}

impl Audience {
    /// Whether the user, who is number `index` of the site, may see it.
    pub(crate) fn shows_to(&self, index: u32, user: &User) -> bool {
        !self.hidden_from_roles.contains(&user.role) && !self.hidden_from_users.contains(&index)
    }
}
