//! The names that exposures were given.
//!
//! A name is given out once in a project, for the life of its asset and after it: links, documents and
//! `dbt ls --select exposure:NAME` go on meaning the same dashboard.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tailwater_core::id::{AssetId, IntegrationName, ProjectName};

use crate::database::{Transaction, search_key};
use crate::error::{Error, Result};
use crate::store::Store;

/// The name that an asset's exposure has in a project. Kept for the life of the asset, and after it, so
/// that no other exposure takes it over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExposureName {
    /// The integration that imported the asset.
    pub integration: IntegrationName,
    /// The asset.
    pub asset: AssetId,
    /// The project in which the name is unique.
    pub project: ProjectName,
    /// The name.
    pub name: String,
}

/// Names by asset and project.
pub(crate) type Names<'a> = BTreeMap<(&'a str, &'a str), &'a ExposureName>;

impl Store {
    /// Every name that was given out, sorted.
    pub async fn load_names(&self) -> Result<Vec<ExposureName>> {
        let sql = "select integration, asset, project, name from exposure_name \
                   order by integration, asset, project";
        let rows = self.db.fetch("read the names of exposures", sql, vec![]).await?;
        rows.iter()
            .map(|row| {
                Ok(ExposureName {
                    integration: row.text(0)?.into(),
                    asset: row.text(1)?.into(),
                    project: row.text(2)?.into(),
                    name: row.text(3)?,
                })
            })
            .collect()
    }
}

/// Writes the names that are new or different; answers how many they are.
pub(crate) async fn land(
    transaction: &mut Transaction<'_>,
    integration: &str,
    names: &Names<'_>,
) -> Result<usize> {
    let sql = "select asset, project, name from exposure_name where integration = $1";
    let mut stored: HashMap<(String, String), String> = HashMap::new();
    for row in transaction.fetch(sql, vec![integration.into()]).await? {
        stored.insert((row.text(0)?, row.text(1)?), row.text(2)?);
    }
    let wanted: Vec<&ExposureName> = names
        .iter()
        .filter(|((asset, project), name)| {
            stored.get(&((*asset).to_owned(), (*project).to_owned())) != Some(&name.name)
        })
        .map(|(_, name)| *name)
        .collect();
    refuse_taken(transaction, integration, &wanted).await?;
    let mut rows = Vec::new();
    for name in &wanted {
        rows.push([
            integration.into(),
            name.asset.as_str().into(),
            name.project.as_str().into(),
            name.name.as_str().into(),
            search_key(&name.name).into(),
        ]);
    }
    transaction
        .insert(
            "insert into exposure_name (integration, asset, project, name, name_key)",
            "on conflict (integration, asset, project) \
             do update set name = excluded.name, name_key = excluded.name_key",
            rows,
        )
        .await?;
    Ok(wanted.len())
}

/// Whether the index over the names refused one that another transaction has just given out.
pub(crate) fn is_taken_meanwhile(error: &Error) -> bool {
    matches!(error, Error::Failed { source: sqlx::Error::Database(source), .. } if source.is_unique_violation())
}

/// Refuses names that another asset has. The index over the names would refuse them too, but does not say
/// which it was.
pub(crate) async fn refuse_taken(
    transaction: &mut Transaction<'_>,
    own_integration: &str,
    wanted: &[&ExposureName],
) -> Result<()> {
    let mut by_project: BTreeMap<&str, BTreeMap<String, &ExposureName>> = BTreeMap::new();
    for name in wanted {
        let of_project = by_project.entry(name.project.as_str()).or_default();
        if let Some(other) = of_project.insert(search_key(&name.name), name) {
            return Err(taken(other));
        }
    }
    for (project, names) in by_project {
        let keys = names.keys().map(|key| key.as_str().into()).collect();
        let sql = "select integration, asset, name_key from exposure_name where project = $1 and name_key in";
        for row in transaction.fetch_in(sql, &[project.into()], keys).await? {
            let (integration, asset, key) = (row.text(0)?, row.text(1)?, row.text(2)?);
            let Some(name) = names.get(&key) else { continue };
            if (integration.as_str(), asset.as_str()) != (own_integration, name.asset.as_str()) {
                return Err(taken(name));
            }
        }
    }
    Ok(())
}

fn taken(name: &ExposureName) -> Error {
    Error::NameTaken {
        project: name.project.clone(),
        name: name.name.clone(),
        asset: name.asset.clone(),
    }
}
