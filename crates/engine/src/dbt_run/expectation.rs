//! What is needed before anything can be decided while dbt runs: the manifest of this run, the plan's rules over it,
//! and which nodes are going to end. All of it is got ready beside the run, which does not wait for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::id::{NodeId, ProjectName};
use tailwater_core::project::Project;
use tailwater_dbt::command::{DbtCommand, Listing, Runs, Stop};

use super::request::{DbtRunRequest, RefreshRequest};
use crate::catalog::{Catalog, blocking};
use crate::error::Error;
use crate::refresh_plan::{PlanRequest, PreparedRefreshes};
use crate::workspace::Workspace;

/// Ready to decide.
#[derive(Debug)]
pub(super) struct Ready {
    pub prepared: PreparedRefreshes,
    /// `None` where nobody knows before the end.
    pub expected: Option<BTreeSet<NodeId>>,
}

/// Lists what a command will run, where that needs dbt. `None` when it need not be asked, or cannot say.
pub(super) async fn list(command: DbtCommand, stop: Stop) -> Option<Listing> {
    if !matches!(command.runs(), Runs::Listed(_)) {
        return None;
    }
    let scratch = match tempfile::tempdir() {
        Ok(scratch) => scratch,
        Err(error) => {
            tracing::warn!(%error, "no temporary directory for `dbt ls`: refreshes wait for the end of the build");
            return None;
        }
    };
    let directory = Utf8Path::from_path(scratch.path())?;
    let listing = command.to_listing(directory);
    match Listing::fetch(&listing, &stop).await {
        Ok(Some(listing)) => Some(listing),
        Ok(None) => {
            tracing::warn!("`dbt ls` failed: refreshes wait for the end of the build");
            None
        }
        Err(error) => {
            tracing::warn!(%error, "`dbt ls` failed: refreshes wait for the end of the build");
            None
        }
    }
}

impl Workspace {
    /// Gets ready to decide. `manifest` is the one that this run wrote; without it, the environment's counts.
    pub(super) async fn ready_to_decide(
        &self,
        request: &DbtRunRequest,
        refresh: &RefreshRequest,
        manifest: Option<Utf8PathBuf>,
        listing: Option<Listing>,
    ) -> Result<Ready, Error> {
        let mut input = self.catalog_input(request.environment.as_ref()).await?;
        let name = request.project.clone();
        let fresh = match manifest {
            Some(path) => blocking(move || load(&path, name)).await?,
            None => None,
        };
        let shown = input
            .projects
            .iter_mut()
            .find(|project| project.entry.name == request.project);
        let project = match (shown, fresh) {
            (Some(shown), Some(fresh)) => {
                shown.artifacts.project = Some(Arc::clone(&fresh));
                Some(fresh)
            }
            (Some(shown), None) => shown.artifacts.project.clone(),
            (None, fresh) => fresh,
        };
        let runs = request.command.runs();
        let expected = project.and_then(|project| runs.nodes(&project, listing.as_ref()));
        let catalog = blocking(move || Catalog::build(input)).await?;
        let prepared = self
            .prepare_refreshes_in(&catalog, &plan_request(request, refresh))
            .await?;
        Ok(Ready { prepared, expected })
    }
}

/// What is planned after a run: what stands on its project.
pub(super) fn plan_request(request: &DbtRunRequest, refresh: &RefreshRequest) -> PlanRequest {
    PlanRequest {
        project: Some(request.project.clone()),
        environment: request.environment.clone(),
        variables: refresh.variables,
        ..PlanRequest::default()
    }
}

/// A manifest that cannot be read is one that is not there: dbt is still running, and may be writing it.
fn load(path: &Utf8Path, name: ProjectName) -> Option<Arc<Project>> {
    tailwater_dbt::load_manifest(path, name)
        .map(Arc::new)
        .inspect_err(|error| tracing::debug!(%path, %error, "the manifest of the run cannot be read yet"))
        .ok()
}
