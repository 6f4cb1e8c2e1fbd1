//! `POST /exposures/{id}/…`: what people say of an exposure. Each goes back to its page.

use axum::Form;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tailwater_core::curation::{CurationError, Field};
use tailwater_core::id::NodeId;
use tailwater_engine::curation::{CurateError, Edit};

use super::subject::{Subject, catalog};
use crate::context::Context;
use crate::error::Error;
use crate::principal::Principal;

/// The fields of the form, each as the reader left it.
pub type Fields = Vec<(String, String)>;

/// `POST /exposures/{id}/curate`: gives what differs from what is shown.
pub async fn fields(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let edits = edits(&subject, &fields).map_err(refused)?;
    if !edits.is_empty() {
        let workspace = context.app.workspace();
        workspace.curate(&catalog, &id, &edits, &principal.actor).await?;
    }
    back(&context, &id).await
}

/// A box that says what it said before changes nothing; one that says what the BI tool says gives the field back.
fn edits(subject: &Subject<'_>, fields: &[(String, String)]) -> Result<Vec<Edit>, CurationError> {
    let mut edits = Vec::new();
    for field in Field::ALL {
        let Some((_, text)) = fields.iter().find(|(name, _)| name == field.name()) else {
            continue;
        };
        // Forms send lines as the network does.
        let text = text.replace("\r\n", "\n");
        let shown = field.value_in(subject.exposure);
        // What stands there now need not be what may be given: a label of the BI tool's has no limit.
        if text.trim() == shown.to_text().trim() {
            continue;
        }
        let value = field.read(&text)?;
        let mark = subject.exposure.curated.get(&field);
        edits.push(if mark.is_some_and(|mark| mark.was == value) {
            Edit::Clear(field)
        } else {
            Edit::Give(field, value)
        });
    }
    Ok(edits)
}

fn refused(error: CurationError) -> Error {
    tailwater_engine::Error::from(CurateError::from(error)).into()
}

/// The form.
#[derive(Debug, Deserialize)]
pub struct Clear {
    field: String,
}

/// `POST /exposures/{id}/clear`: shows again what the BI tool says.
pub async fn clear(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    Form(form): Form<Clear>,
) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let edit = Edit::Clear(Field::from_name(&form.field).map_err(refused)?);
    let workspace = context.app.workspace();
    workspace.curate(&catalog, &id, &[edit], &principal.actor).await?;
    back(&context, &id).await
}

/// The form.
#[derive(Debug, Deserialize)]
pub struct Standing {
    node: String,
    table: Option<String>,
    note: Option<String>,
}

/// `POST /exposures/{id}/link`
pub async fn link(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    Form(form): Form<Standing>,
) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let (table, note) = (form.table.as_deref(), form.note.as_deref());
    let workspace = context.app.workspace();
    workspace
        .link(&catalog, &id, &form.node, table, note, &principal.actor)
        .await?;
    back(&context, &id).await
}

/// `POST /exposures/{id}/unlink`
pub async fn unlink(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    Form(form): Form<Standing>,
) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let workspace = context.app.workspace();
    workspace
        .unlink(&catalog, &id, &form.node, form.note.as_deref(), &principal.actor)
        .await?;
    back(&context, &id).await
}

/// The form.
#[derive(Debug, Deserialize)]
pub struct LeaveOut {
    note: Option<String>,
}

/// `POST /exposures/{id}/leave-out`
pub async fn leave_out(
    context: Context,
    principal: Principal,
    Path(id): Path<String>,
    Form(form): Form<LeaveOut>,
) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let workspace = context.app.workspace();
    workspace
        .leave_out(&catalog, &id, form.note.as_deref(), &principal.actor)
        .await?;
    back(&context, &id).await
}

/// To the exposure's page, which shows what was said.
async fn back(context: &Context, id: &str) -> Result<Response, Error> {
    context.app.curated().await?;
    let address = context.links.exposure(&NodeId::from(id)).to_string();
    Ok(Redirect::to(&address).into_response())
}
