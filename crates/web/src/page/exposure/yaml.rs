//! `/exposures/{id}/yaml`: the exposure as dbt's YAML, to copy into the project.

use axum::extract::Path;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use maud::html;
use tailwater_core::exposure_yaml::{Place, to_yaml};

use super::subject::{Subject, Tab, catalog};
use crate::context::Context;
use crate::error::Error;

/// `GET /exposures/{id}/yaml`; `?format=yml` is the file alone.
pub async fn get(context: Context, Path(id): Path<String>) -> Result<Response, Error> {
    let catalog = catalog(&context)?;
    let subject = Subject::find(&context, &catalog, &id)?;
    let mut manifests = subject.catalog.manifests();
    let place = manifests
        .find(|project| project.name == subject.exposure.project)
        .map_or_else(Place::unknown, Place::of);
    let yaml = to_yaml(subject.exposure, &place);
    if context.parameter("format").as_deref() == Some("yml") {
        // A name is of dbt's alphabet; what a manifest says otherwise does not get into a header.
        let is_plain = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        let name: String = subject.exposure.name.chars().filter(is_plain).take(100).collect();
        let headers = [
            (CONTENT_TYPE, "application/yaml; charset=utf-8".to_owned()),
            (
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}.yml\""),
            ),
        ];
        return Ok((headers, yaml).into_response());
    }
    let file = subject.address(Tab::Yaml).query("format", "yml");
    Ok(subject
        .page(
            Tab::Yaml,
            &html! {
                section.card {
                    div.row.spread {
                        h2 { "For the project's YAML" }
                        span.row {
                            button type="button" data-copy-from="yaml" { "Copy" }
                            a.button href=(file) { "Download" }
                        }
                    }
                    p { "Put it into any YAML file under the project's model paths and dbt owns the exposure: its words then win over those of the BI tool. "
                        @if subject.exposure.workbook.is_some() {
                            code { "meta.tailwater.id" } " keeps the two known as one dashboard."
                        }
                    }
                    pre #yaml tabindex="0" { code { (yaml) } }
                }
            },
        )
        .into_response())
}
