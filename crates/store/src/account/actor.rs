//! Who does something.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::id::{ApiTokenId, UserId};
use super::role::Role;

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A signed-in person.
    User {
        /// Whose account it is.
        id: UserId,
        /// The sign-in name.
        name: String,
        /// What the person may do.
        role: Role,
    },
    /// A program with a token.
    Token {
        /// The token's id.
        id: ApiTokenId,
        /// The token's name.
        name: String,
        /// What the program may do.
        role: Role,
    },
    /// Whoever may run commands beside the store, and could change the store itself.
    CommandLine,
    /// Tailwater of its own accord, such as at a set time.
    System,
    /// Anybody at a page that was served without sign-in (`--insecure-local`).
    Local,
}

impl Actor {
    /// Who it is, for people: a sign-in name, `token ci`, `command line`, `Tailwater`, `local user`.
    pub fn title(&self) -> Cow<'_, str> {
        match self {
            Self::User { name, .. } => Cow::Borrowed(name),
            Self::Token { name, .. } => Cow::Owned(format!("token {name}")),
            Self::CommandLine => Cow::Borrowed("command line"),
            Self::System => Cow::Borrowed("Tailwater"),
            Self::Local => Cow::Borrowed("local user"),
        }
    }

    /// What it may do.
    pub const fn role(&self) -> Role {
        match self {
            Self::User { role, .. } | Self::Token { role, .. } => *role,
            Self::CommandLine | Self::System | Self::Local => Role::Admin,
        }
    }

    /// The user's id, when it is a signed-in person.
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The word for its kind in JSON and in the store.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Token { .. } => "token",
            Self::CommandLine => "command_line",
            Self::System => "system",
            Self::Local => "local",
        }
    }
}
