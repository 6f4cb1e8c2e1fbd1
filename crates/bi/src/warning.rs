//! Warnings that a BI tool shows on its own content.

use async_trait::async_trait;

use crate::error::Error;

/// Every warning of ours ends so: what does not is somebody else's, and is left alone.
pub const MARKER: &str = "[set by Tailwater]";

/// Something that a warning can stand on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Content {
    /// What it is.
    pub kind: ContentKind,
    /// The tool's id (Tableau: the LUID).
    pub id: String,
}

/// What a warning can stand on. A workbook cannot carry one; it shows those of what it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentKind {
    /// A published data source.
    DataSource,
    /// A table.
    Table,
}

impl ContentKind {
    /// The tool's word, which is the store's too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataSource => "datasource",
            Self::Table => "table",
        }
    }

    /// Reads the word that [`Self::name`] gives.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::DataSource, Self::Table]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A warning as the tool shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentWarning {
    /// The tool's id of it.
    pub id: String,
    /// What it says. Untrusted.
    pub message: String,
}

impl ContentWarning {
    /// Whether it is one of ours.
    pub fn is_ours(&self) -> bool {
        self.message.trim_end().ends_with(MARKER)
    }
}

/// Puts warnings on content and takes them back.
#[async_trait]
pub trait Warner: Send + Sync {
    /// The warnings on a piece of content, of whomever.
    async fn fetch_warnings(&self, content: &Content) -> Result<Vec<ContentWarning>, Error>;

    /// Puts a warning on it, or changes the one of ours that is there; answers its id. The marker is added.
    async fn put_warning(&self, content: &Content, message: &str) -> Result<String, Error>;

    /// Takes back those of ours that are on it, and no others; says how many there were.
    async fn take_warning_back(&self, content: &Content) -> Result<usize, Error>;
}
