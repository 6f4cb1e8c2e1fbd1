//! Curation: what people say of automatic exposures, kept beside what syncs land.
//!
//! ```text
//! curate, link, leave_out, … ─▶ checked by core ─▶ store, a thing a row
//!                                                     │
//! what the last sync landed ─▶ curated_exposures ◀────┘   at every reading: a change shows at once
//!                                     │
//!                 next sync ◀─ left out, brought in   (what is left out is not read any more)
//! ```
//!
//! The rules of applying it are [`tailwater_core::curation`]'s. It is allowed for integrations that a file
//! declares as well: the file says how a site is reached, not what people think of its dashboards.

mod change;
mod error;
mod site;
mod subject;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::curation::{Choice, Curation, Field, FieldValue, KnownNode, Presence, apply};
use tailwater_core::id::{AssetId, IntegrationName, NodeId};
use tailwater_core::project::Project;
use tailwater_core::selection::Selection;
use tailwater_store::{Curations, StoredExposure};

pub use error::CurateError;

use crate::error::Error;
use crate::integration::Integration;
use crate::workspace::Workspace;

/// A change of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Gives a value, which [`Field::read`] checked.
    Give(Field, FieldValue),
    /// Shows again what the BI tool says.
    Clear(Field),
    /// Gives every link made or undone by hand back to the BI tool.
    ClearLinks,
}

/// What was said of one exposure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CuratedAsset {
    /// The integration.
    pub integration: IntegrationName,
    /// The asset behind the exposure.
    pub asset: AssetId,
    /// The exposure, where the asset is or was imported.
    pub unique_id: Option<NodeId>,
    /// What the BI tool calls it.
    pub label: String,
    /// Everything that was said.
    #[serde(flatten)]
    pub curation: Curation,
}

/// An asset that somebody left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The integration.
    pub integration: IntegrationName,
    /// The asset.
    pub asset: AssetId,
    /// The exposure that it was, and is again when it is brought in.
    pub unique_id: Option<NodeId>,
    /// The name for people.
    pub label: String,
    /// Names of its collections from the top, joined by `/`.
    pub collection_path: Option<String>,
    /// Where a person opens it.
    pub url: Option<String>,
    /// Who left it out.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Stored exposures as people made them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CuratedExposures {
    /// Those that are shown, in the order given.
    pub exposures: Vec<StoredExposure>,
    /// Assets that are left out, sorted by label.
    pub left_out: Vec<LeftOut>,
}

/// Applies curation to exposures as they were landed, before they are joined with manual ones. `projects` tell
/// whether dbt still has the nodes that people linked; `is_every_project_read` says whether any is missing
/// there. What is left out is taken out, of exposures that have gone too.
pub fn curated_exposures(
    stored: impl IntoIterator<Item = StoredExposure>,
    curations: &Curations,
    projects: &[&Project],
    is_every_project_read: bool,
) -> CuratedExposures {
    let known = |id: &NodeId| {
        let found = projects.iter().find_map(|project| project.find(id.as_str()));
        match found {
            Some(node) => KnownNode::Known(node.readable_relation().map(ToString::to_string)),
            None if is_every_project_read => KnownNode::Gone,
            None => KnownNode::Unknowable,
        }
    };
    let mut curated = CuratedExposures::default();
    for ((integration, asset), curation) in curations {
        if let Some(presence) = curation.presence.as_ref().filter(|_| curation.is_left_out()) {
            curated
                .left_out
                .push(left_out(integration.clone(), asset.clone(), presence));
        }
    }
    curated.left_out.sort_by(|left, right| {
        let key = |one: &LeftOut| {
            (
                one.label.to_lowercase(),
                one.integration.clone(),
                one.asset.clone(),
            )
        };
        key(left).cmp(&key(right))
    });
    for mut row in stored {
        let key = (row.integration, row.asset);
        let curation = curations.get(&key);
        (row.integration, row.asset) = key;
        match curation {
            Some(curation) if curation.is_left_out() => {}
            Some(curation) => {
                row.exposure = apply(row.exposure, curation, known);
                curated.exposures.push(row);
            }
            None => curated.exposures.push(row),
        }
    }
    curated
}

fn left_out(integration: IntegrationName, asset: AssetId, presence: &Presence) -> LeftOut {
    let known_as = presence.known_as.clone();
    LeftOut {
        integration,
        asset,
        unique_id: known_as.unique_id,
        label: known_as.label,
        collection_path: known_as.collection_path,
        url: known_as.url,
        by: presence.by.clone(),
        at: presence.at,
        note: presence.note.clone(),
    }
}

impl Workspace {
    /// What was said of the exposures of the integrations that there are.
    pub async fn load_curations(&self) -> Result<Curations, Error> {
        let integrations = self.integrations().await?;
        let mut curations = self.store().load_curations(None).await?;
        curations.retain(|(name, _), _| integrations.iter().any(|known| known.name == *name));
        Ok(curations)
    }

    /// Everything that was said, by integration and label.
    pub async fn curations(&self) -> Result<Vec<CuratedAsset>, Error> {
        let mut curated = Vec::new();
        for ((integration, asset), curation) in self.load_curations().await? {
            curated.push(self.curated_asset(integration, asset, curation).await?);
        }
        curated.sort_by(|left, right| {
            let key = |one: &CuratedAsset| {
                (
                    one.integration.clone(),
                    one.label.to_lowercase(),
                    one.asset.clone(),
                )
            };
            key(left).cmp(&key(right))
        });
        Ok(curated)
    }

    /// A number that grows with every change of curation, by whichever process.
    pub async fn curation_revision(&self) -> Result<i64, Error> {
        Ok(self.store().curation_revision().await?)
    }

    /// The curation of one asset with the name under which it is, or was, known.
    async fn curated_asset(
        &self,
        integration: IntegrationName,
        asset: AssetId,
        curation: Curation,
    ) -> Result<CuratedAsset, Error> {
        let stored = self.store().find_exposure_of(&integration, &asset).await?;
        let known_as = curation.presence.as_ref().map(|presence| &presence.known_as);
        let (unique_id, label) = match (stored, known_as) {
            (Some(row), _) => (Some(row.exposure.unique_id), row.exposure.label),
            (None, Some(known_as)) => (known_as.unique_id.clone(), known_as.label.clone()),
            (None, None) => (None, asset.to_string()),
        };
        Ok(CuratedAsset {
            integration,
            asset,
            unique_id,
            label,
            curation,
        })
    }

    /// The selected collections together with what was brought in and left out by hand.
    pub(crate) async fn selection(&self, integration: &Integration) -> Result<Selection, Error> {
        let curations = self.store().load_curations(Some(&integration.name)).await?;
        let of = |choice: Choice| {
            curations
                .iter()
                .filter(move |(_, curation)| {
                    let presence = curation.presence.as_ref();
                    presence.is_some_and(|presence| presence.choice == choice)
                })
                .map(|((_, asset), _)| asset.clone())
        };
        Ok(integration
            .collections
            .clone()
            .with_assets(of(Choice::BroughtIn), of(Choice::LeftOut)))
    }
}

/// The imported exposure of the given `unique_id`, name, label, address or LUID.
pub(crate) fn find_any_exposure<'c>(
    catalog: &'c crate::catalog::Catalog,
    text: &str,
) -> Result<&'c tailwater_core::exposure::Exposure, CurateError> {
    Ok(subject::find_exposure(catalog, text)?.exposure)
}
