//! People and programs that may use this installation, and who changed what.
//!
//! The store keeps digests of secrets, never the secrets: of passwords an Argon2 hash, of everything that
//! is long and random (sessions, tokens, one-time links) a SHA-256. Each change of an account writes its
//! row of the audit log in the same transaction, so neither can stand without the other.

mod actor;
mod api_token;
mod audit;
mod id;
mod link;
mod role;
mod session;
mod user;

pub use actor::Actor;
pub use api_token::ApiToken;
pub(crate) use audit::insert as insert_audit;
pub use audit::{AuditCursor, AuditEntry, AuditFilter, AuditPage};
pub use id::{ApiTokenId, AuditId, SessionId, UserId};
pub use link::{LinkPurpose, OneTimeLink};
pub use role::Role;
pub use session::{SessionEntry, StoredSession};
pub use user::User;
