//! What is put into the index.

use serde::{Deserialize, Serialize};

use super::facet::Facet;

/// One resource, as the search sees it. All of it is untrusted text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Its id, unique in the index. Found only when given whole.
    pub id: String,
    /// dbt's word for its kind; [`Facet::Kind`] is filled from it.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The name for people, where it differs.
    pub label: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its relation in the warehouse, dotted.
    pub relation: Option<String>,
    /// Its columns.
    pub columns: Vec<DocumentColumn>,
    /// Its tags; [`Facet::Tag`] is filled from them.
    pub tags: Vec<String>,
    /// Names and addresses of those who answer for it.
    pub owners: Vec<String>,
    /// Its code, when code is to be searched.
    pub code: Option<String>,
    /// Further values to filter by. An empty value is left out.
    pub facets: Vec<(Facet, String)>,
    /// How much it is used, such as views or dashboards downstream: of equal hits the more used comes
    /// first.
    pub usage: u32,
}

/// A column of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentColumn {
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
}

/// Where a term was found, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// In the name.
    Name,
    /// In the name for people.
    Label,
    /// In a tag.
    Tag,
    /// In the name or address of an owner.
    Owner,
    /// In the relation's name.
    Relation,
    /// In a column's name.
    Column,
    /// In the description.
    Description,
    /// In a column's description.
    ColumnDescription,
    /// In the code.
    Code,
}

impl Field {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Label => "label",
            Self::Tag => "tag",
            Self::Owner => "owner",
            Self::Relation => "relation",
            Self::Column => "column",
            Self::Description => "description",
            Self::ColumnDescription => "column_description",
            Self::Code => "code",
        }
    }

    /// Whether it is one of the names under which people know the resource.
    pub const fn is_title(self) -> bool {
        matches!(self, Self::Name | Self::Label)
    }
}

impl Document {
    /// Its fields in the order in which the index has them: best first, so that the first match in a
    /// document is its best. Columns are told by their number.
    pub(super) fn fields(&self) -> impl Iterator<Item = (Field, Option<usize>, &str)> {
        let columns = || self.columns.iter().enumerate();
        std::iter::once((Field::Name, None, self.name.as_str()))
            .chain(self.label.iter().map(|text| (Field::Label, None, text.as_str())))
            .chain(self.tags.iter().map(|text| (Field::Tag, None, text.as_str())))
            .chain(self.owners.iter().map(|text| (Field::Owner, None, text.as_str())))
            .chain(
                self.relation
                    .iter()
                    .map(|text| (Field::Relation, None, text.as_str())),
            )
            .chain(columns().map(|(at, column)| (Field::Column, Some(at), column.name.as_str())))
            .chain(
                self.description
                    .iter()
                    .map(|text| (Field::Description, None, text.as_str())),
            )
            .chain(columns().filter_map(|(at, column)| {
                Some((Field::ColumnDescription, Some(at), column.description.as_deref()?))
            }))
            .chain(self.code.iter().map(|text| (Field::Code, None, text.as_str())))
    }

    /// Which kinds come first among equal hits.
    pub(super) fn precedence(&self) -> u8 {
        match self.kind.as_str() {
            "exposure" | "model" => 0,
            "test" | "unit_test" | "macro" | "operation" | "sql_operation" | "analysis" => 2,
            _ => 1,
        }
    }
}
