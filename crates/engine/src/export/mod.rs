//! Keeping exposures as YAML in a dbt project: `tailwater export`.
//!
//! ```text
//! catalog ─▶ automatic exposures ──┐
//! project's YAML files ─▶ survey ──┼─▶ names kept ─▶ plan: one file per integration and top collection ─▶ diff, write
//!                                  └─▶ manual twins without an id ─▶ adopt: the id put in ────────────────┘
//! ```
//!
//! What holds, whatever the BI tool calls its things:
//!
//! - **Only automatic exposures.** A dashboard that people declare in a file of their own, told by its id, its
//!   address or its mark, is not written a second time. A file without our head is never rewritten.
//! - **Names stay.** A name in a generated file is the exposure's name, also when the store is new.
//! - **Files stay.** A file belongs to a collection's id, which its head names; a renamed collection keeps it.
//! - **Nothing goes by accident.** What is stale stays, and while the last sync did not list everything, so does
//!   what it did not see.
//! - **Never a broken project.** What dbt could not resolve stands in a comment.
//! - **All or nothing, file by file.** A file is written beside and then renamed over.

mod adopt;
mod change;
mod error;
mod group;
mod names;
mod plan;
mod survey;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use tailwater_core::exposure::{Exposure, Mode};
use tailwater_core::exposure_yaml::{NotReferable, Place};
use tailwater_core::id::{AssetId, IntegrationName, NodeId, ProjectName};
use tailwater_core::inventory::Notice;
use tailwater_core::project::Project;

pub use change::{ExportedFile, FileChange};
pub use error::ExportError;

use self::group::{Automatic, automatic};
use self::names::{NameInput, names_in_files};
use self::plan::{Plan, PlanInput};
use self::survey::Survey;
use crate::catalog::{Catalog, blocking};
use crate::error::Error;
use crate::workspace::Workspace;

/// What to export, and where to.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// The directory of the generated files, made where it is missing.
    pub directory: Utf8PathBuf,
    /// The project; found by the directory's `dbt_project.yml`, or the only one, when it is not named.
    pub project: Option<ProjectName>,
    /// The integrations; all when none is named.
    pub integrations: Vec<IntegrationName>,
    /// Whether manual exposures that are told by their address alone get their asset's id.
    pub adopts: bool,
    /// Do everything but write, and say what would be written.
    pub is_dry_run: bool,
}

/// What an export came to.
#[derive(Debug, Clone, Serialize)]
pub struct ExportReport {
    /// The directory, as it was given.
    pub directory: Utf8PathBuf,
    /// The project's name in Tailwater.
    pub project: ProjectName,
    /// dbt's root package.
    pub package: String,
    /// The version of dbt that the text is for.
    pub dbt_version: String,
    /// Whether nothing was written because nothing should be.
    pub dry_run: bool,
    /// Whether every file is already as it should be.
    pub up_to_date: bool,
    /// How many exposures the generated files hold.
    pub exposures: usize,
    /// Exposures that the project declares in files of its own, and that are not written again for that.
    pub kept_by_hand: BTreeSet<NodeId>,
    /// Every file that is looked after, sorted by path.
    pub files: Vec<ExportedFile>,
    /// Exposures that have the name of the YAML from now on.
    pub renamed: Vec<Renamed>,
    /// Nodes that an exposure stands on and that its YAML does not name.
    pub left_out: Vec<LeftOutNode>,
    /// Manual exposures that were to get an id, and why they did not.
    pub refused: Vec<RefusedEdit>,
    /// What the reader should know, sorted.
    pub notices: BTreeSet<Notice>,
}

/// An exposure that got the name under which generated YAML has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Renamed {
    /// The integration.
    pub integration: IntegrationName,
    /// The asset.
    pub asset: AssetId,
    /// The name that the store had.
    pub from: String,
    /// The name that it has in the YAML.
    pub to: String,
}

/// A node that an exposure's YAML does not name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOutNode {
    /// The exposure.
    pub exposure: NodeId,
    /// The node.
    pub node: NodeId,
    /// Why not.
    pub reason: NotReferable,
}

/// A file that could not be given an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RefusedEdit {
    /// The exposure.
    pub exposure: NodeId,
    /// The file.
    pub path: Utf8PathBuf,
    /// Why not.
    pub reason: String,
    /// The lines to put into the exposure by hand.
    pub lines: String,
}

impl Workspace {
    /// Writes the automatic exposures of a project as YAML into a directory of it, or says what it would write.
    pub async fn export(&self, request: &ExportRequest) -> Result<ExportReport, Error> {
        for name in &request.integrations {
            self.find_integration(name).await?;
        }
        let survey = {
            let directory = request.directory.clone();
            blocking(move || Survey::of(&directory)).await??
        };
        let survey = Arc::new(survey);
        let mut catalog = Arc::new(self.catalog().await?);
        let renamed = {
            let project = chosen_project(&catalog, request, &survey)?;
            self.names_to_adopt(&catalog, project, request, &survey).await?
        };
        if !request.is_dry_run && !renamed.is_empty() {
            // The store has the names first, so that files and catalog never disagree for longer than this takes.
            let mut by_integration: BTreeMap<&IntegrationName, BTreeMap<AssetId, String>> = BTreeMap::new();
            for one in &renamed {
                by_integration
                    .entry(&one.integration)
                    .or_default()
                    .insert(one.asset.clone(), one.to.clone());
            }
            for (integration, names) in by_integration {
                self.reresolve_under(integration, &names).await?;
            }
            catalog = Arc::new(self.catalog().await?);
        }
        let request = request.clone();
        blocking(move || carry_out(&catalog, &request, &survey, renamed)).await?
    }

    /// The exposures to which the directory gives other names than the store.
    async fn names_to_adopt(
        &self,
        catalog: &Catalog,
        project: &Project,
        request: &ExportRequest,
        survey: &Survey,
    ) -> Result<Vec<Renamed>, Error> {
        let stored = self.store().load_names().await?;
        Ok(names_in_files(&NameInput {
            exposures: &automatic(catalog, project, &request.integrations),
            known: &known_integrations(catalog),
            survey,
            project,
            stored: &stored,
        }))
    }
}

fn known_integrations(catalog: &Catalog) -> BTreeSet<&str> {
    catalog
        .integrations()
        .iter()
        .map(crate::catalog::CatalogIntegration::name)
        .collect()
}

/// The project whose directory this is.
fn chosen_project<'c>(
    catalog: &'c Catalog,
    request: &ExportRequest,
    survey: &Survey,
) -> Result<&'c Project, Error> {
    let manifest = |name: &ProjectName| -> Result<&'c Project, Error> {
        let known = || catalog.projects().iter().map(|project| project.name().into());
        let entry = catalog
            .project(name.as_str())
            .ok_or_else(|| Error::UnknownProject {
                name: name.clone(),
                known: known().collect(),
            })?;
        if let Some(error) = &entry.input().artifacts.unreadable {
            return Err(Error::Shared(Arc::clone(error)));
        }
        catalog
            .manifests()
            .find(|project| project.name == *name)
            .ok_or_else(|| Error::NoArtifacts {
                project: name.clone(),
            })
    };
    let package = survey
        .project
        .as_ref()
        .and_then(|project| project.file.name.as_deref());
    let fitting: Vec<&Project> = catalog
        .manifests()
        .filter(|project| package.is_some_and(|package| project.metadata.package == package))
        .collect();
    let project = match (&request.project, fitting.as_slice(), catalog.projects()) {
        (Some(name), _, _) => manifest(name)?,
        (None, [only], _) => only,
        (None, _, []) => return Err(Error::NoProjects),
        (None, _, [only]) => manifest(&only.name().into())?,
        (None, _, several) => {
            return Err(Error::SeveralProjects {
                known: several.iter().map(|project| project.name().into()).collect(),
            });
        }
    };
    match (package, &survey.project) {
        (Some(found), Some(at)) if found != project.metadata.package => Err(ExportError::OtherProject {
            directory: at.root.clone(),
            found: found.to_owned(),
            wanted: project.metadata.package.clone(),
            project: project.name.clone(),
        }
        .into()),
        _ => Ok(project),
    }
}

fn carry_out(
    catalog: &Catalog,
    request: &ExportRequest,
    survey: &Survey,
    renamed: Vec<Renamed>,
) -> Result<ExportReport, Error> {
    let project = chosen_project(catalog, request, survey)?;
    let mut exposures = automatic(catalog, project, &request.integrations);
    // In a dry run the store still has the other name.
    for one in &renamed {
        let key = (&one.integration, &one.asset);
        if let Some(found) = exposures
            .iter_mut()
            .find(|found| (found.integration, found.asset) == key)
        {
            found.name.clone_from(&one.to);
        }
    }
    let restricted = survey.project.iter().flat_map(|around| &around.restricted);
    let place = Place::of(project).with_restricted(restricted.cloned());
    let mut plan = Plan::make(&PlanInput {
        catalog,
        place: &place,
        integrations: &request.integrations,
        exposures,
        survey,
    })?;
    let declared = |exposure: &&Exposure| {
        exposure.mode == Mode::Manual
            && exposure.modes.contains(&Mode::Auto)
            && exposure.project == project.name
    };
    plan.kept_by_hand.extend(
        catalog
            .exposures()
            .iter()
            .filter(declared)
            .map(|one| one.unique_id.clone()),
    );
    let mut refused = Vec::new();
    if request.adopts {
        adopt::plan(
            catalog,
            project,
            &request.integrations,
            survey,
            &place,
            &mut plan.files,
            &mut refused,
        )?;
    }
    plan.files.sort_by(|left, right| left.path.cmp(&right.path));
    let up_to_date = plan.files.iter().all(|file| file.change == FileChange::Unchanged);
    let files = change::carry_out(plan.files, request.is_dry_run)?;
    if let Some(notice) = outside_of_models(survey) {
        plan.notices.insert(notice);
    }
    plan.left_out.sort();
    Ok(ExportReport {
        directory: request.directory.clone(),
        project: project.name.clone(),
        package: project.metadata.package.clone(),
        dbt_version: project.metadata.dbt_version.clone(),
        dry_run: request.is_dry_run,
        up_to_date,
        exposures: files
            .iter()
            .filter(|file| !file.by_hand)
            .map(|file| file.exposures)
            .sum(),
        kept_by_hand: plan.kept_by_hand,
        files,
        renamed,
        left_out: plan.left_out,
        refused,
        notices: plan.notices,
    })
}

/// dbt does not look everywhere for YAML.
fn outside_of_models(survey: &Survey) -> Option<Notice> {
    let at = survey.project.as_ref()?;
    let is_inside = |path: &String| survey.directory.starts_with(at.root.join(Utf8Path::new(path)));
    if at.file.model_paths.iter().any(is_inside) {
        return None;
    }
    Some(Notice {
        code: "TW-EXPORT-OUTSIDE-MODELS".to_owned(),
        message: format!(
            "dbt does not read the directory: the project's `model-paths` are {}",
            at.file.model_paths.join(", ")
        ),
        remedy: Some("give a directory below one of them, such as `--dir models/exposures`".to_owned()),
    })
}

/// An automatic exposure under the name that it is written with.
fn named(found: &Automatic<'_>) -> Exposure {
    Exposure {
        name: found.name.clone(),
        ..found.exposure.clone()
    }
}
