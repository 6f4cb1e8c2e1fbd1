//! Projects, workbooks and views.

use super::{Audience, Freshness, Identity, Ref, RefreshPlan, Schedule};

/// A project.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) identity: Identity,
    pub(crate) name: String,
    pub(crate) parent: Option<u32>,
    pub(crate) description: String,
    pub(crate) owner: u32,
    pub(crate) content_permissions: String,
    pub(crate) audience: Audience,
    pub(crate) freshness: Freshness,
}

/// A workbook.
#[derive(Debug, Clone)]
pub(crate) struct Workbook {
    pub(crate) identity: Identity,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) content_url: String,
    /// None in a personal space.
    pub(crate) project: Option<u32>,
    pub(crate) owner: u32,
    /// Indices into the site's tags.
    pub(crate) tags: Vec<u32>,
    pub(crate) freshness: Freshness,
    pub(crate) size: u32,
    /// Sheets, dashboards and stories.
    pub(crate) views: Vec<u32>,
    pub(crate) datasources: Vec<u32>,
    pub(crate) parameters: Vec<u32>,
    pub(crate) audience: Audience,
    pub(crate) refresh: RefreshPlan,
    pub(crate) schedule: Option<Schedule>,
    /// Known to the Metadata API.
    pub(crate) in_index: bool,
    /// Known to REST.
    pub(crate) in_rest: bool,
    pub(crate) null_elements: Vec<String>,
}

/// What a view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Sheet,
    Dashboard,
    /// The Metadata API has no stories.
    Story,
}

impl ViewKind {
    /// REST's `sheetType`.
    pub(crate) fn as_rest(self) -> &'static str {
        match self {
            Self::Sheet => "view",
            Self::Dashboard => "dashboard",
            Self::Story => "story",
        }
    }
}

/// A sheet, dashboard or story.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) identity: Identity,
    pub(crate) kind: ViewKind,
    pub(crate) workbook: u32,
    pub(crate) name: String,
    /// The name in addresses, after the workbook's.
    pub(crate) url_name: String,
    pub(crate) hidden: bool,
    pub(crate) usage: u64,
    pub(crate) tags: Vec<u32>,
    /// Place among the workbook's views.
    pub(crate) position: u32,
    /// Sheets: the fields in use.
    pub(crate) fields: Vec<u32>,
    /// Sheets that use all there is: the tables, which may have no column and so no field.
    pub(crate) tables: Vec<Ref>,
    /// Sheets: the embedded data sources in use.
    pub(crate) datasources: Vec<u32>,
    /// Dashboards and stories: the sheets on them.
    pub(crate) sheets: Vec<u32>,
}
