//! The audit log: who changed what, and when.

use tailwater_store::AuditFilter;

use super::{Actor, AuditCursor, AuditEntry, AuditId, AuditPage};
use crate::error::Error;
use crate::workspace::Workspace;

/// The most acts on one page of the log.
const LARGEST_PAGE: u32 = 1_000;

/// An act to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// What was done: subject and verb, such as `integration.add`.
    pub action: &'static str,
    /// On what.
    pub subject: String,
    /// What else there is to say, for people; may be empty. Never a secret.
    pub detail: String,
}

impl AuditEvent {
    /// An act.
    pub fn new(action: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            action,
            subject: subject.into(),
            detail: detail.into(),
        }
    }
}

/// Which acts to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only acts before where an earlier page ended.
    pub before: Option<AuditCursor>,
    /// How many at most; 1,000 are the most.
    pub limit: u32,
    /// Only acts of whoever has this name or title, in any case.
    pub actor: Option<String>,
    /// Only this action, or all that begin so, such as `integration.`.
    pub action: Option<String>,
}

impl Default for AuditQuery {
    fn default() -> Self {
        Self {
            before: None,
            limit: 100,
            actor: None,
            action: None,
        }
    }
}

impl Workspace {
    /// Writes an act down. For what changes an account there is no need: that writes its own.
    pub async fn record_audit(&self, actor: &Actor, event: AuditEvent) -> Result<(), Error> {
        let entry = self.audit_entry(actor, event);
        Ok(self.store().record_audit(&entry).await?)
    }

    /// A page of the log, the newest first.
    pub async fn audit_log(&self, query: AuditQuery) -> Result<AuditPage, Error> {
        let limit = query.limit.clamp(1, LARGEST_PAGE);
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let filter = AuditFilter {
            before: query.before,
            actor: given(query.actor),
            action: given(query.action),
        };
        Ok(self.store().audit_log(&filter, limit).await?)
    }

    pub(crate) fn audit_entry(&self, actor: &Actor, event: AuditEvent) -> AuditEntry {
        let at = self.now();
        AuditEntry {
            id: AuditId::new(at),
            at,
            actor: actor.clone(),
            action: event.action.to_owned(),
            subject: event.subject,
            detail: event.detail,
        }
    }
}
