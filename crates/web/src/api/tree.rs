//! `/api/v1/trees/{tree}`: folders to browse, one level an answer.

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use tailwater_engine::catalog::{Catalog, Folder};
use utoipa::{IntoParams, ToSchema};

use super::resource::{Neighbour, neighbour};
use crate::context::Context;
use crate::error::Error;

/// A folder with what stands in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FolderShape {
    /// The names of the folders that lead here, from the top.
    pub path: Vec<String>,
    /// How many resources are in it and below.
    pub count: usize,
    /// The folders in it, by name.
    pub folders: Vec<FolderRow>,
    /// The resources in it, by name.
    pub resources: Vec<Neighbour>,
}

/// A folder in a folder.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FolderRow {
    /// Its name; empty where a relation has no database or schema. Untrusted.
    pub name: String,
    /// How many resources are in it and below.
    pub count: usize,
}

/// Which folder.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Place {
    /// A folder's name. Once for each step from the top: `?in=shop&in=models`. The top when left out.
    #[serde(rename = "in")]
    pub within: Option<Vec<String>>,
}

/// One level of a tree: `files` (package, folders), `database` (database, schema), or a BI tool such as `tableau`
/// (integration, collections).
#[utoipa::path(get, path = "/api/v1/trees/{tree}", tag = "catalog",
    params(("tree" = String, Path, description = "`files`, `database` or a BI tool"), Place),
    responses((status = 200, body = FolderShape), (status = 404, description = "there is no such tree or folder")))]
pub async fn get(context: Context, Path(tree): Path<String>) -> Result<Json<FolderShape>, Error> {
    let catalog = context.catalog()?;
    let query = context.uri.query().unwrap_or_default();
    let path: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "in")
        .map(|(_, value)| value.into_owned())
        .collect();
    let root = match tree.as_str() {
        "files" => Some(catalog.file_tree()),
        "database" => Some(catalog.database_tree()),
        tool => catalog.tool_tree(tool),
    };
    let root = root.ok_or_else(|| Error::not_found("tree", &tree))?;
    let folder = root.find(path.iter().map(String::as_str));
    let folder = folder.ok_or_else(|| Error::not_found("folder", &path.join(" / ")))?;
    Ok(Json(shape(&catalog, path, folder)))
}

fn shape(catalog: &Catalog, path: Vec<String>, folder: &Folder) -> FolderShape {
    let rows = folder.folders.iter().map(|below| FolderRow {
        name: below.name.clone(),
        count: below.count,
    });
    let resources = folder.resources.iter().filter_map(|id| catalog.node(id.as_str()));
    FolderShape {
        path,
        count: folder.count,
        folders: rows.collect(),
        resources: resources.map(neighbour).collect(),
    }
}
