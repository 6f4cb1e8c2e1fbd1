//! What commands that ask about exposures share: the catalog, and a word about projects that it lacks.

use std::time::Instant;

use tailwater_engine::Workspace;
use tailwater_engine::catalog::Catalog;

use crate::error::{Error, Outcome};
use crate::logging;
use crate::printer::Printer;
use crate::report::Report;

/// Puts the catalog together; projects that cannot be read are told of and make the command's outcome.
pub async fn open(workspace: &Workspace, printer: &Printer) -> Result<(Catalog, Outcome), Error> {
    logging::projects(workspace).await?;
    let began = Instant::now();
    let catalog = workspace.catalog().await?;
    let duration_ms = logging::milliseconds_since(began);
    tracing::info!(duration_ms, "exposures and dbt projects read");
    for (project, error) in catalog.unreadable() {
        let report = Report::new(error);
        printer.warn(&format!(
            "project `{}` is left out: {} [{}]",
            project.name(),
            report.message,
            report.code
        ));
    }
    let outcome = Outcome::with_failures(catalog.unreadable().next().is_some());
    Ok((catalog, outcome))
}
