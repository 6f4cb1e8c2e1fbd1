//! Whether somebody may do something.

use super::{AccountError, Actor, Role};
use crate::error::Error;

/// Whether somebody may do something; the one place where roles are compared.
pub trait Permission {
    /// Refuses whoever is less than `needed`.
    ///
    /// # Errors
    /// [`AccountError::NotAllowed`].
    fn require(&self, needed: Role) -> Result<(), Error>;
}

impl Permission for Actor {
    fn require(&self, needed: Role) -> Result<(), Error> {
        if self.role() >= needed {
            return Ok(());
        }
        Err(AccountError::NotAllowed {
            who: self.title().into_owned(),
            role: self.role(),
            needed,
        }
        .into())
    }
}
