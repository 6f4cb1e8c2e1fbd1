//! Policies of `tailwater.toml` that apply to nothing, because nobody has the name.

use std::fmt;

use serde::Serialize;
use tailwater_core::selection::join_path;

use crate::catalog::{Catalog, CatalogIntegration, CatalogProject};
use crate::explain::nearest;
use crate::settings::{PolicySettings, RefreshSettings};

/// How many known names are proposed.
const MOST_NAMES: usize = 5;

/// A policy that applies to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnheardPolicy {
    /// To what it should apply, such as "integration `main`, collection `Finanse`".
    pub of: String,
    /// What is not known, such as "the integration `main` has no collection `Finanse`".
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for UnheardPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, problem, .. } = self;
        write!(
            formatter,
            "`[[refresh.policy]]` of {of} applies to nothing: {problem}"
        )
    }
}

/// The policies that apply to nothing, in the file's order. What cannot be known yet is not told: collections and
/// exposures of an integration before its first sync, exposures while a project cannot be read.
pub fn unheard(settings: &RefreshSettings, catalog: &Catalog) -> Vec<UnheardPolicy> {
    let problems = settings.policies.iter().filter_map(|policy| {
        let (problem, hint) = problem(policy, catalog)?;
        let of = policy.title();
        Some(UnheardPolicy { of, problem, hint })
    });
    problems.collect()
}

fn problem(policy: &PolicySettings, catalog: &Catalog) -> Option<(String, String)> {
    if let Some(name) = &policy.project {
        let known = || {
            catalog
                .projects()
                .iter()
                .map(|project| project.name().to_string())
        };
        let Some(project) = catalog
            .projects()
            .iter()
            .find(|project| project.name() == name.as_str())
        else {
            return Some((
                format!("there is no project `{name}`"),
                hint(name.as_str(), known(), "tailwater project list"),
            ));
        };
        let wanted = policy.environment.as_ref()?;
        let known = || {
            let environments = CatalogProject::environments(project);
            environments
                .iter()
                .map(|environment| environment.name.to_string())
        };
        return (!known().any(|known| known == wanted.as_str())).then(|| {
            (
                format!("the project `{name}` has no environment `{wanted}`"),
                hint(wanted.as_str(), known(), "tailwater environment list"),
            )
        });
    }
    if let Some(name) = &policy.integration {
        let known = || {
            catalog
                .integrations()
                .iter()
                .map(|integration| integration.name().to_owned())
        };
        let Some(integration) = catalog.integration(name.as_str()) else {
            return Some((
                format!("there is no integration `{name}`"),
                hint(name.as_str(), known(), "tailwater integration list"),
            ));
        };
        let wanted = policy.collection.as_ref()?;
        return collection_problem(integration, wanted);
    }
    let wanted = policy.exposure.as_ref()?;
    let is_whole = catalog.unreadable().next().is_none()
        && catalog
            .integrations()
            .iter()
            .all(|integration| integration.synced_at().is_some());
    let is_heard = catalog.exposures().iter().any(|exposure| {
        exposure.unique_id.as_str() == wanted || exposure.name == *wanted || exposure.label == *wanted
    });
    (is_whole && !is_heard).then(|| {
        let known = catalog
            .exposures()
            .iter()
            .flat_map(|exposure| [exposure.name.clone(), exposure.label.clone()]);
        (
            format!("there is no exposure `{wanted}`, by `unique_id`, name or label"),
            hint(wanted, known, "tailwater exposures"),
        )
    })
}

fn collection_problem(integration: &CatalogIntegration, wanted: &str) -> Option<(String, String)> {
    integration.synced_at()?;
    let collections = &integration.inventory().collections;
    let paths = || collections.values().map(|known| join_path(&known.path));
    let is_heard = collections.keys().any(|id| id.as_str() == wanted) || paths().any(|path| path == wanted);
    (!is_heard).then(|| {
        let name = integration.name();
        (
            format!("the integration `{name}` has no collection `{wanted}`"),
            hint(wanted, paths(), &format!("tailwater collections {name}")),
        )
    })
}

/// The nearest names, or a few of those there are; and where all of them stand.
fn hint(wanted: &str, known: impl Iterator<Item = String> + Clone, command: &str) -> String {
    let quoted = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let near = nearest(wanted, known.clone(), 1);
    let known: Vec<String> = known.take(MOST_NAMES + 1).collect();
    match (&near[..], &known[..]) {
        ([near, ..], _) => format!("did you mean `{near}`? `{command}` lists what there is"),
        ([], []) => format!("there is none yet; see `{command}`"),
        ([], known) if known.len() <= MOST_NAMES => format!("known: {}", quoted(known)),
        ([], _) => format!("`{command}` lists what there is"),
    }
}
