//! Labels: data quality warnings, certifications and others, put on assets over REST.

use chrono::{DateTime, Utc};

use super::{Identity, Ref};

/// Which type of the Metadata API a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LabelKind {
    Warning,
    Certification,
    Generic,
}

/// A label on an asset.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) identity: Identity,
    pub(crate) kind: LabelKind,
    pub(crate) asset: Ref,
    /// The label's value, such as `warning`; for data quality warnings also their `type` in lower case.
    pub(crate) value: String,
    pub(crate) category: String,
    pub(crate) message: String,
    pub(crate) active: bool,
    pub(crate) elevated: bool,
    pub(crate) author: u32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    /// Deleted labels keep their place, since others are found by index.
    pub(crate) removed: bool,
}
