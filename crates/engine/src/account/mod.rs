//! Who may do what: people, their sessions, tokens for programs, one-time links, the audit log, and the
//! signatures of health tiles.
//!
//! ```text
//! name + password ─▶ limit ─▶ argon2 ─▶ Session ─┐
//! twt_… token ─────▶ digest ─▶ ApiToken ─────────┼─▶ Actor ─▶ Actor::require(role) ─▶ use case + audit row
//! command line, --insecure-local ────────────────┘
//! ```
//!
//! Three rules hold throughout. A secret is shown once, when it is made; the store holds its digest. What
//! somebody may do is read from the account at each request, never from the session. Whatever changes an
//! account is refused here to those who may not, whoever calls, and is written to the audit log in the same
//! transaction.

mod audit;
mod error;
mod limit;
mod link;
mod password;
mod permission;
pub(crate) mod secret;
mod session;
mod tile;
mod token;
mod user;

pub use audit::{AuditEvent, AuditQuery};
pub use error::AccountError;
pub use link::{INVITE_HOURS, SET_UP_HOURS};
pub use password::{LONGEST_PASSWORD, SHORTEST_PASSWORD};
pub use permission::Permission;
pub use session::{Client, IDLE_DAYS, LONGEST_DAYS, NewSession, Session};
pub use tailwater_store::{
    Actor, ApiToken, ApiTokenId, AuditCursor, AuditEntry, AuditId, AuditPage, LinkPurpose, OneTimeLink, Role,
    SessionEntry, SessionId, User, UserId,
};
pub use token::{NewApiToken, TOKEN_PREFIX};
pub use user::NewUser;

pub(crate) use limit::SignInLimit;
pub(crate) use tile::TileKeyCell;
