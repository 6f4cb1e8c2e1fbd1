//! How a node ended each time that is known.

use tailwater_core::id::NodeId;
use tailwater_store::NodeRun;

use super::model::Catalog;
use crate::error::Error;
use crate::workspace::Workspace;

impl Workspace {
    /// How a node of a catalog ended in the invocations that touched it, newest first, in the environment that the
    /// catalog shows. Empty for what is not there.
    pub async fn node_runs(&self, catalog: &Catalog, id: &str, limit: u32) -> Result<Vec<NodeRun>, Error> {
        let Some(project) = catalog.project_of(id) else {
            return Ok(Vec::new());
        };
        let environment = &project.environment().name;
        let node = NodeId::from(id);
        let runs = self
            .store()
            .node_runs(&project.entry().name, environment, &node, limit);
        Ok(runs.await?)
    }
}
