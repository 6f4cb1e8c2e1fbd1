//! Environments: where a project's artifacts come from. One of them is production.

use camino::Utf8PathBuf;
use serde::Serialize;
use tailwater_core::id::{EnvironmentName, ProjectName};

use crate::settings::DeclaredIn;

/// The environment that a project has without being told.
pub const DEFAULT_ENVIRONMENT: &str = "production";

/// An environment of a project, such as production or staging: one target of dbt, with its own artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// The project.
    pub project: ProjectName,
    /// Its name.
    pub name: EnvironmentName,
    /// Whether it is the one that integrations resolve against and that pages show unless told otherwise.
    pub is_production: bool,
    /// The manifest or the target directory that is watched; `None` where artifacts are handed over.
    pub path: Option<Utf8PathBuf>,
    /// Where it was declared.
    pub declared_in: DeclaredIn,
}
