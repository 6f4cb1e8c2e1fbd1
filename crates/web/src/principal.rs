//! Who asks.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tailwater_engine::account::{Actor, Role};

use crate::error::Error;

/// Who asks, found by the [guard](crate::guard) before any handler runs.
#[derive(Debug, Clone)]
pub struct Principal {
    /// As whom changes are recorded.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
    /// The name to show.
    pub name: String,
    /// How they proved it.
    pub proof: Proof,
}

/// How somebody proved who they are.
#[derive(Debug, Clone)]
pub enum Proof {
    /// By the cookie of a session. Its forms carry the session's token.
    Session {
        /// The session.
        id: tailwater_engine::account::SessionId,
        /// What forms of the session must carry.
        csrf_token: String,
    },
    /// By an API token in the request's header, which no other site can make a browser send.
    Token,
    /// By being on this machine, when the server was started for that.
    Local {
        /// What forms must carry.
        csrf_token: String,
    },
}

impl Principal {
    /// What this principal's forms must carry; `None` where another site could not send them anyway.
    pub fn csrf_token(&self) -> Option<&str> {
        match &self.proof {
            Proof::Session { csrf_token, .. } | Proof::Local { csrf_token } => Some(csrf_token),
            Proof::Token => None,
        }
    }

    /// Whether the role is at least this one.
    pub fn may(&self, role: Role) -> bool {
        self.role >= role
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Error::not_signed_in)
    }
}
