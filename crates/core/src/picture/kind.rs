//! The kinds of what is drawn.

use crate::project::ResourceType;

/// What a vertex stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// dbt's resource types.
    Resource(ResourceType),
    /// A data source of the BI tool.
    DataSource,
    /// A dashboard or story inside a workbook.
    Dashboard,
    /// A sheet inside a workbook.
    Sheet,
    /// Several resources that belong together.
    Group,
    /// Several resources between others.
    Pill,
}

impl Kind {
    /// Every kind that is drawn, in the order of [`super::Picture::kinds`].
    pub const ALL: [Self; 17] = [
        Self::Resource(ResourceType::Source),
        Self::Resource(ResourceType::Seed),
        Self::Resource(ResourceType::Model),
        Self::Resource(ResourceType::Snapshot),
        Self::Resource(ResourceType::Metric),
        Self::Resource(ResourceType::SemanticModel),
        Self::Resource(ResourceType::SavedQuery),
        Self::Resource(ResourceType::Exposure),
        Self::Resource(ResourceType::Test),
        Self::Resource(ResourceType::UnitTest),
        Self::Resource(ResourceType::Analysis),
        Self::Resource(ResourceType::Function),
        Self::DataSource,
        Self::Dashboard,
        Self::Sheet,
        Self::Group,
        Self::Pill,
    ];

    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resource(kind) => kind.name(),
            Self::DataSource => "data_source",
            Self::Dashboard => "dashboard",
            Self::Sheet => "sheet",
            Self::Group => "group",
            Self::Pill => "pill",
        }
    }

    /// The name of its colour.
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Resource(ResourceType::UnitTest | ResourceType::Analysis) => "test",
            Self::Resource(ResourceType::Function) => "model",
            _ => self.name(),
        }
    }

    /// The word for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Resource(kind) => match kind {
                ResourceType::Model => "Model",
                ResourceType::Source => "Source",
                ResourceType::Seed => "Seed",
                ResourceType::Snapshot => "Snapshot",
                ResourceType::Test => "Test",
                ResourceType::UnitTest => "Unit test",
                ResourceType::Analysis => "Analysis",
                ResourceType::Operation | ResourceType::SqlOperation => "Operation",
                ResourceType::Function => "Function",
                ResourceType::Metric => "Metric",
                ResourceType::SemanticModel => "Semantic model",
                ResourceType::SavedQuery => "Saved query",
                ResourceType::Exposure => "Exposure",
            },
            Self::DataSource => "Data source",
            Self::Dashboard => "Dashboard",
            Self::Sheet => "Sheet",
            Self::Group => "Group",
            Self::Pill => "Several",
        }
    }

    /// Where pages of this kind stand, with a slash at both ends; `None` for kinds without pages.
    pub const fn path(self) -> Option<&'static str> {
        Some(match self {
            Self::Resource(kind) => match kind {
                ResourceType::Model => "/models/",
                ResourceType::Source => "/sources/",
                ResourceType::Seed => "/seeds/",
                ResourceType::Snapshot => "/snapshots/",
                ResourceType::Test | ResourceType::UnitTest => "/tests/",
                ResourceType::Metric => "/metrics/",
                ResourceType::SemanticModel => "/semantic-models/",
                ResourceType::SavedQuery => "/saved-queries/",
                ResourceType::Exposure => "/exposures/",
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The place in [`Self::ALL`]; kinds that are never drawn have that of a model.
    pub(super) fn index(self) -> usize {
        Self::ALL.iter().position(|&kind| kind == self).unwrap_or(2)
    }

    /// Whether it is a dashboard of dbt's, or stands behind one.
    pub(super) const fn is_of_bi_tool(self) -> bool {
        matches!(
            self,
            Self::Resource(ResourceType::Exposure) | Self::DataSource | Self::Dashboard | Self::Sheet
        )
    }
}
