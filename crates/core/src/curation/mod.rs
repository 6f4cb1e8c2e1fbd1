//! Curation: what people say of an automatic exposure, beside what the BI tool says.
//!
//! It is kept apart from what a sync found and applied where exposures are read, so that a sync never
//! overwrites it, a change shows at once, and taking it back restores what the tool says now.
//!
//! ```text
//! what the last sync landed ─▶ apply(Curation) ─▶ join with manual exposures ─▶ pages, exports
//!                                    ▲
//!   presence: left out, brought in   │  by whom, when, why
//!   fields: label, owner, tags, …    │
//!   links: made or undone by hand ───┘
//! ```
//!
//! | rule | |
//! | --- | --- |
//! | a field's override | wins over the BI tool; what the tool says stands beside it as `was` |
//! | an owner's name by hand | sets the tool's e-mail address aside, which is another person's, unless one is given too |
//! | a link by hand | stands beside the tool's evidence, and alone where there is none |
//! | a link undone by hand | is shown as such, with the evidence that was set aside |
//! | a link by hand to a node that dbt no longer has | is shown as a gap, not as a link |
//! | left out | is no exposure, but listed as left out |
//! | a manual twin | is joined afterwards: the YAML's own words and links win over curation, which says so |
//!
//! The name and the `unique_id` are never curated: other people's selectors stand on them.

mod apply;
mod error;
mod value;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use apply::{KnownNode, apply, restore};
pub use error::CurationError;
pub use value::{Field, FieldValue, LONGEST_NOTE, MATURITIES, TYPES, checked_note, checked_table};

use crate::exposure::Evidence;
use crate::gap::Gap;
use crate::id::NodeId;

/// Everything that people said of one asset's exposure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curation {
    /// Whether the asset is imported at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Presence>,
    /// What stands in place of what the tool says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<Field, Override>,
    /// Nodes linked and unlinked by hand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<NodeId, HandLink>,
}

/// Whether an asset is imported, whatever the selected collections say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// In or out.
    pub choice: Choice,
    /// Whether it was brought in alone before it was left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_brought_in: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it was called then: an asset that is left out is not read any more.
    pub known_as: KnownAs,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Not imported, though its collection is selected.
    LeftOut,
    /// Imported, though its collection is not selected.
    BroughtIn,
}

/// An asset as people recognise it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAs {
    /// The exposure's `unique_id`, once it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<NodeId>,
    /// The name for people.
    pub label: String,
    /// Names of its collections from the top, joined by `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection_path: Option<String>,
    /// Where a person opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A field's value by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The value.
    pub value: FieldValue,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a person said of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandLink {
    /// Whether the exposure stands on the node; else it does not, whatever the tool says.
    pub is_linked: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The table without a link that the node stands for; its gap is settled by the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

/// One thing that changes. Changes of different things may be made in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Whether the asset is imported; `None` leaves it to the selected collections.
    Presence(Option<Presence>),
    /// A field; `None` gives it back to the tool.
    Field(Field, Option<Override>),
    /// A link; `None` gives it back to the tool.
    Link(NodeId, Option<HandLink>),
}

impl Curation {
    /// Makes a change.
    pub fn change(&mut self, change: Change) {
        match change {
            Change::Presence(presence) => self.presence = presence,
            Change::Field(field, Some(value)) => {
                self.fields.insert(field, value);
            }
            Change::Field(field, None) => {
                self.fields.remove(&field);
            }
            Change::Link(node, Some(link)) => {
                self.links.insert(node, link);
            }
            Change::Link(node, None) => {
                self.links.remove(&node);
            }
        }
    }

    /// Whether nobody said anything.
    pub fn is_empty(&self) -> bool {
        self.presence.is_none() && self.fields.is_empty() && self.links.is_empty()
    }

    /// Whether the asset is left out.
    pub fn is_left_out(&self) -> bool {
        self.choice() == Some(Choice::LeftOut)
    }

    /// Whether the asset is imported although its collection need not be selected.
    pub fn is_brought_in(&self) -> bool {
        self.choice() == Some(Choice::BroughtIn)
    }

    fn choice(&self) -> Option<Choice> {
        self.presence.as_ref().map(|presence| presence.choice)
    }
}

/// That a field of an exposure was given by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CuratedMark {
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What the BI tool says now, and what stands there again once the override is cleared.
    pub was: FieldValue,
    /// Of an owner's name: the address that the BI tool has of the owner whom it names, which is not shown beside
    /// another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_set_aside: Option<String>,
    /// Whether the YAML of the manual exposure of the same dashboard says something else, which is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overruled: bool,
}

/// A link that was undone by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlinked {
    /// The node.
    pub node: NodeId,
    /// Who undid it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What says that the exposure stands on it all the same; empty when nothing does any more.
    pub evidence: Vec<Evidence>,
    /// Whether the YAML of the manual exposure of the same dashboard declares the link, which is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overruled: bool,
}

/// A gap that somebody closed with a link by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The node that the table stands for.
    pub node: NodeId,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The gap as it would be without.
    pub gap: Gap,
}

/// Who vouches for a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hand {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}
