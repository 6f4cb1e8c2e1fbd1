//! Projects: the tree of folders.

use serde::{Deserialize, Serialize};

use super::Instant;

/// Where a project stands: `"Finance/Monthly"`, or `["Finance", "P/L"]` when a name holds a slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ProjectPath {
    /// Names joined by slashes.
    Joined(String),
    /// The names one by one.
    Listed(Vec<String>),
}

impl ProjectPath {
    /// The names from the root down.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Joined(text) => text.split('/').map(|name| name.trim().to_owned()).collect(),
            Self::Listed(names) => names.clone(),
        }
    }
}

impl From<&str> for ProjectPath {
    fn from(text: &str) -> Self {
        Self::Joined(text.to_owned())
    }
}

/// A project. Projects that are only named by content or by a deeper path are made by themselves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The place in the tree, with the project's own name last.
    pub path: ProjectPath,
    /// The description; empty when left out.
    #[serde(default)]
    pub description: String,
    /// The owner's user name; the first user of the site when left out.
    pub owner: Option<String>,
    /// `ManagedByOwner`, `LockedToProject` or `LockedToProjectWithoutNested`.
    #[serde(default = "managed_by_owner")]
    pub content_permissions: String,
    /// Roles and user names for whom the project is absent from lists. Content inside stays visible unless
    /// it is hidden too.
    #[serde(default)]
    pub hidden_from: Vec<String>,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// When it last changed; `created_at` when left out.
    pub updated_at: Option<Instant>,
    /// The LUID; made from the path when left out.
    pub luid: Option<String>,
}

fn managed_by_owner() -> String {
    "ManagedByOwner".to_owned()
}
