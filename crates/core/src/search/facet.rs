//! Facets: closed sets of values to narrow a search by, each with how many hits it would leave.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// dbt's resource type.
    Kind,
    /// The BI tool of an exposure.
    Tool,
    /// The dbt project.
    Project,
    /// A tag.
    Tag,
    /// Who answers for it.
    Owner,
    /// Its health.
    Health,
    /// The layer of a model.
    Layer,
    /// How a model is built.
    Materialization,
    /// Who may refer to a model.
    Access,
}

impl Facet {
    /// Every facet, in the order of a page.
    pub const ALL: [Self; 9] = [
        Self::Kind,
        Self::Tool,
        Self::Project,
        Self::Tag,
        Self::Owner,
        Self::Health,
        Self::Layer,
        Self::Materialization,
        Self::Access,
    ];

    /// The word in JSON and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Tool => "tool",
            Self::Project => "project",
            Self::Tag => "tag",
            Self::Owner => "owner",
            Self::Health => "health",
            Self::Layer => "layer",
            Self::Materialization => "materialization",
            Self::Access => "access",
        }
    }

    /// Reads the word that [`Self::name`] gives.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.name() == name)
    }
}

/// The chosen values: of each facet any, of all facets together all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    chosen: BTreeMap<Facet, Vec<String>>,
}

impl Filters {
    /// Chooses one more value of a facet. An empty one chooses nothing.
    pub fn with(mut self, facet: Facet, value: impl Into<String>) -> Self {
        let value = value.into();
        let values = self.chosen.entry(facet).or_default();
        if !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
        if values.is_empty() {
            self.chosen.remove(&facet);
        }
        self
    }

    /// The chosen values of a facet.
    pub fn of(&self, facet: Facet) -> &[String] {
        self.chosen.get(&facet).map_or(&[], Vec::as_slice)
    }

    /// The facets with a choice, and what is chosen.
    pub fn iter(&self) -> impl Iterator<Item = (Facet, &[String])> {
        self.chosen
            .iter()
            .map(|(&facet, values)| (facet, values.as_slice()))
    }

    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }
}

/// A facet with the values that occur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FacetCounts {
    /// The facet.
    pub facet: Facet,
    /// Its values: the chosen ones, then those with most hits, then by name.
    pub values: Vec<FacetValue>,
    /// How many further values occur.
    pub more: usize,
}

/// A value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FacetValue {
    /// The value. Untrusted.
    pub value: String,
    /// How many hits have it, when the other facets' choices stay and this facet's is lifted.
    pub count: usize,
    /// Whether it is chosen.
    pub is_chosen: bool,
}
