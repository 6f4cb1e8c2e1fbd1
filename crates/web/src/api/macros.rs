//! `/api/v1/macros`

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use tailwater_core::project::Macro;
use utoipa::{IntoParams, ToSchema};

use super::paging::{Paged, Piece};
use super::read::Parameters;
use crate::context::Context;
use crate::error::Error;

/// A macro.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MacroShape {
    /// dbt's `unique_id`.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// The package that declares it.
    pub package_name: String,
    /// Its file, relative to the package's root.
    pub file_path: String,
    /// Free text. Untrusted.
    pub description: Option<String>,
    /// The arguments that its authors describe, in order.
    pub arguments: Vec<MacroArgumentShape>,
}

/// An argument of a macro.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MacroArgumentShape {
    /// Its name.
    pub name: String,
    /// What it may be, in its authors' words. Untrusted.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it is for. Untrusted.
    pub description: Option<String>,
}

/// Which macros.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// A part of the name, in any case.
    pub q: Option<String>,
    /// The package.
    pub package: Option<String>,
}

/// Lists the macros of every package, dbt's own among them.
#[utoipa::path(get, path = "/api/v1/macros", tag = "resources", params(Filter, Piece),
    responses((status = 200, body = Paged<MacroShape>), (status = 400, description = "a parameter makes no sense")))]
pub async fn list(
    context: Context,
    Parameters(filter): Parameters<Filter>,
    Parameters(piece): Parameters<Piece>,
) -> Result<Json<Paged<MacroShape>>, Error> {
    let catalog = context.catalog()?;
    let part = filter.q.unwrap_or_default().to_lowercase();
    let package = filter.package.filter(|package| !package.is_empty());
    let mut chosen: Vec<&Macro> = catalog
        .macros()
        .filter(|known| package.as_ref().is_none_or(|package| known.package == *package))
        .filter(|known| known.name.to_lowercase().contains(&part))
        .collect();
    chosen.sort_by(|left, right| left.unique_id.cmp(&right.unique_id));
    chosen.dedup_by(|left, right| left.unique_id == right.unique_id);
    Ok(Json(piece.cut(
        &chosen,
        |known| known.unique_id.as_str(),
        |known| shape(known),
    )?))
}

/// One macro.
#[utoipa::path(get, path = "/api/v1/macros/{id}", tag = "resources",
    params(("id" = String, Path, description = "dbt's `unique_id`")),
    responses((status = 200, body = MacroShape), (status = 404, description = "there is no such macro")))]
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Json<MacroShape>, Error> {
    let catalog = context.catalog()?;
    let known = catalog.find_macro(&id);
    Ok(Json(shape(known.ok_or_else(|| Error::not_found("macro", &id))?)))
}

fn shape(known: &Macro) -> MacroShape {
    let arguments = known.arguments.iter();
    let arguments = arguments.map(|argument| MacroArgumentShape {
        name: argument.name.clone(),
        kind: argument.kind.clone(),
        description: argument.description.clone(),
    });
    MacroShape {
        unique_id: known.unique_id.to_string(),
        name: known.name.clone(),
        package_name: known.package.clone(),
        file_path: known.path.clone(),
        description: known.description.clone(),
        arguments: arguments.collect(),
    }
}
