//! All that was said of refreshing, loaded once for any number of targets.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use tailwater_core::exposure::Exposure;
use tailwater_core::id::{AssetId, CollectionId, EnvironmentName, IntegrationName, NodeId, ProjectName};
use tailwater_core::inventory::Inventory;
use tailwater_core::job::Job;
use tailwater_core::refresh::{
    EffectivePolicy, Policy, PolicyLayer, PolicyPart, PolicyPlace, PolicyScope, Target, TargetId, targets,
};
use tailwater_core::selection::join_path;

use super::error::PolicyError;
use super::job::JobParts;
use super::variables::DbtVariables;
use crate::catalog::{IntegrationInput, pick};
use crate::error::Error;
use crate::settings::{PolicySettings, RefreshSettings};
use crate::workspace::Workspace;

/// All that was said of refreshing.
#[derive(Debug, Clone, Default)]
pub struct PolicyBook {
    variables: PolicyPart,
    defaults: PolicyPart,
    scopes: BTreeMap<PolicyScope, Said>,
    /// Collections that the file names by path: the integration and the path.
    paths: Vec<(IntegrationName, String, PolicyPart)>,
    /// Exposures that the file names by name: the name.
    names: Vec<(String, PolicyPart)>,
    /// Each project's production.
    production: BTreeMap<ProjectName, EnvironmentName>,
    /// What jobs say, where the book is for showing.
    jobs: JobParts,
    /// The environment whose build is followed; of other projects their production counts.
    asked: Option<(ProjectName, EnvironmentName)>,
}

/// What was said of one scope.
#[derive(Debug, Clone, Default)]
struct Said {
    in_file: PolicyPart,
    in_store: PolicyPart,
}

/// What was said of one scope, for a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyEntry {
    /// Who says it, as a key: `[refresh]`, `variables`, or the scope.
    pub of: String,
    /// The place.
    pub place: PolicyPlace,
    /// What was said.
    pub part: PolicyPart,
}

impl Workspace {
    /// Loads all that was said of refreshing, with what dbt's variables say.
    pub async fn policy_book(&self, variables: DbtVariables) -> Result<PolicyBook, Error> {
        let mut book = PolicyBook {
            variables: variables.part(),
            ..PolicyBook::default()
        };
        let RefreshSettings {
            defaults, policies, ..
        } = &self.settings().refresh;
        book.defaults = defaults.clone();
        for entry in self.projects().await? {
            let environments = self.environments(&entry).await?;
            if let Some(production) = pick(&environments, None) {
                book.production.insert(entry.name, production.name.clone());
            }
        }
        for settings in policies {
            book.add_declared(settings);
        }
        for (scope, part) in self.store().load_policies().await? {
            book.scopes.entry(scope).or_default().in_store = part;
        }
        Ok(book)
    }
}

impl PolicyBook {
    /// Takes the environment for which it is asked; without it each project's production counts.
    #[must_use]
    pub fn for_environment(mut self, project: &ProjectName, environment: &EnvironmentName) -> Self {
        self.asked = Some((project.clone(), environment.clone()));
        self
    }

    /// Whether anything could be refreshed at all.
    pub fn enables_anything(&self) -> bool {
        let parts = self
            .scopes
            .values()
            .flat_map(|said| [&said.in_file, &said.in_store])
            .chain(self.paths.iter().map(|(_, _, part)| part))
            .chain(self.names.iter().map(|(_, part)| part))
            .chain(self.jobs.values().flat_map(BTreeMap::values))
            .chain([&self.variables, &self.defaults]);
        parts.into_iter().any(|part| part.enabled == Some(true))
    }

    /// All that was said, the widest first.
    pub fn entries(&self) -> Vec<PolicyEntry> {
        let mut entries = Vec::new();
        let mut add = |of: String, place: PolicyPlace, part: &PolicyPart| {
            if !part.is_empty() {
                entries.push(PolicyEntry {
                    of,
                    place,
                    part: part.clone(),
                });
            }
        };
        add("variables".to_owned(), PolicyPlace::Variables, &self.variables);
        for (job, part) in self.jobs.values().flatten() {
            let place = PolicyPlace::Job { job: job.clone() };
            add(format!("job/{job}"), place, part);
        }
        add("[refresh]".to_owned(), PolicyPlace::Defaults, &self.defaults);
        for (scope, said) in &self.scopes {
            for (in_file, part) in [(true, &said.in_file), (false, &said.in_store)] {
                let place = PolicyPlace::Scope {
                    scope: scope.clone(),
                    in_file,
                };
                add(scope.to_string(), place, part);
            }
        }
        for (integration, path, part) in &self.paths {
            let scope = PolicyScope::Collection {
                integration: integration.clone(),
                collection: path.as_str().into(),
            };
            let of = scope.to_string();
            add(of, PolicyPlace::Scope { scope, in_file: true }, part);
        }
        for (name, part) in &self.names {
            let scope = PolicyScope::Exposure {
                exposure: name.as_str().into(),
            };
            let of = scope.to_string();
            add(of, PolicyPlace::Scope { scope, in_file: true }, part);
        }
        entries
    }

    /// What was said of a scope by command or on a page.
    pub fn stored(&self, scope: &PolicyScope) -> PolicyPart {
        self.scopes
            .get(scope)
            .map(|said| said.in_store.clone())
            .unwrap_or_default()
    }

    /// What the file says of a scope.
    pub fn declared(&self, scope: &PolicyScope) -> PolicyPart {
        self.scopes
            .get(scope)
            .map(|said| said.in_file.clone())
            .unwrap_or_default()
    }

    /// What holds for one exposure, with who said each value.
    pub fn of_exposure(&self, exposure: &Exposure, inventory: &Inventory) -> EffectivePolicy {
        EffectivePolicy::of_layers(&self.layers(exposure, inventory))
    }

    /// What holds for a target, with who said each value. A target that no exposure shows has the defaults.
    pub fn of_target<'e>(
        &self,
        target: &Target,
        find: impl Fn(&NodeId) -> Option<&'e Exposure>,
        inventory: &Inventory,
    ) -> EffectivePolicy {
        let several: Vec<(NodeId, EffectivePolicy)> = target
            .exposures
            .iter()
            .filter_map(|id| Some((id.clone(), self.of_exposure(find(id)?, inventory))))
            .collect();
        EffectivePolicy::joined(&several)
    }

    /// What holds for every target of the integrations, as they were landed; nothing where nothing is enabled.
    pub(crate) fn of_landed(&self, integrations: &[IntegrationInput]) -> BTreeMap<TargetId, Policy> {
        let mut policies = BTreeMap::new();
        if !self.enables_anything() {
            return policies;
        }
        for input in integrations {
            let inventory = &input.stored.inventory;
            let exposures = || input.exposures.iter().map(|row| &row.exposure);
            let by_id: HashMap<&NodeId, &Exposure> = exposures()
                .map(|exposure| (&exposure.unique_id, exposure))
                .collect();
            for target in targets(&input.integration.name, inventory, exposures()) {
                let effective = self.of_target(&target, |id| by_id.get(id).copied(), inventory);
                policies.insert(target.id, effective.policy);
            }
        }
        policies
    }

    fn add_declared(&mut self, settings: &PolicySettings) {
        let part = &settings.part;
        match settings {
            PolicySettings {
                exposure: Some(exposure),
                ..
            } => {
                // A `unique_id` has two dots; a name has none.
                if exposure.starts_with("exposure.") {
                    let exposure = NodeId::new(exposure.clone());
                    self.declare(PolicyScope::Exposure { exposure }, part);
                } else {
                    self.names.push((exposure.clone(), part.clone()));
                }
            }
            PolicySettings {
                integration: Some(integration),
                collection: Some(path),
                ..
            } => self.paths.push((integration.clone(), path.clone(), part.clone())),
            PolicySettings {
                integration: Some(integration),
                ..
            } => {
                let integration = integration.clone();
                self.declare(PolicyScope::Integration { integration }, part);
            }
            PolicySettings {
                project: Some(project),
                environment,
                ..
            } => {
                let production = || self.production.get(project).cloned();
                let environment = environment.clone().or_else(production);
                if let Some(environment) = environment {
                    let project = project.clone();
                    let scope = PolicyScope::Environment { project, environment };
                    self.declare(scope, part);
                }
            }
            PolicySettings { .. } => {}
        }
    }

    /// Adds what a job says of the environment that it builds.
    pub(super) fn add_job(&mut self, job: &Job) {
        let production = || self.production.get(&job.project).cloned();
        if let Some(environment) = job.environment.clone().or_else(production) {
            let built = (job.project.clone(), environment);
            let said = self.jobs.entry(built).or_default();
            said.insert(job.name.clone(), super::job::part_of(job));
        }
    }

    fn declare(&mut self, scope: PolicyScope, part: &PolicyPart) {
        let said = &mut self.scopes.entry(scope).or_default().in_file;
        *said = part.or(said);
    }

    /// What was said that an exposure hears, the widest first.
    fn layers(&self, exposure: &Exposure, inventory: &Inventory) -> Vec<PolicyLayer> {
        let mut layers = Vec::new();
        let mut add = |place: PolicyPlace, part: &PolicyPart| {
            if !part.is_empty() {
                layers.push(PolicyLayer {
                    place,
                    part: part.clone(),
                });
            }
        };
        add(PolicyPlace::Variables, &self.variables);
        let environment = self.environment_of(exposure);
        let jobs = environment.as_ref().and_then(|built| self.jobs.get(built));
        for layer in jobs.map(super::job::layers).unwrap_or_default() {
            add(layer.place, &layer.part);
        }
        add(PolicyPlace::Defaults, &self.defaults);
        let mut add_scope = |scope: PolicyScope, named: &[&PolicyPart]| {
            let said = self.scopes.get(&scope);
            if let Some(said) = said {
                let place = PolicyPlace::Scope {
                    scope: scope.clone(),
                    in_file: false,
                };
                add(place, &said.in_store);
            }
            let declared = said.map(|said| &said.in_file);
            for part in declared.into_iter().chain(named.iter().copied()) {
                let place = PolicyPlace::Scope {
                    scope: scope.clone(),
                    in_file: true,
                };
                add(place, part);
            }
        };
        if let Some((project, environment)) = environment {
            let scope = PolicyScope::Environment { project, environment };
            add_scope(scope, &[]);
        }
        if let Some(integration) = &exposure.integration {
            let scope = PolicyScope::Integration {
                integration: integration.clone(),
            };
            add_scope(scope, &[]);
            for collection in chain(exposure, inventory) {
                let path = inventory
                    .collections
                    .get(&collection)
                    .map(|known| join_path(&known.path));
                let named: Vec<&PolicyPart> = self
                    .paths
                    .iter()
                    .filter(|(of, wanted, _)| {
                        of == integration && (wanted == collection.as_str() || Some(wanted) == path.as_ref())
                    })
                    .map(|(_, _, part)| part)
                    .collect();
                let scope = PolicyScope::Collection {
                    integration: integration.clone(),
                    collection,
                };
                add_scope(scope, &named);
            }
        }
        let named: Vec<&PolicyPart> = self
            .names
            .iter()
            .filter(|(name, _)| *name == exposure.name || *name == exposure.label)
            .map(|(_, part)| part)
            .collect();
        let scope = PolicyScope::Exposure {
            exposure: exposure.unique_id.clone(),
        };
        add_scope(scope, &named);
        layers
    }

    /// The environment whose policy an exposure hears: the one that is asked for, when the exposure's project or
    /// what it stands on has to do with it; else its project's production.
    fn environment_of(&self, exposure: &Exposure) -> Option<(ProjectName, EnvironmentName)> {
        if let Some(asked) = &self.asked {
            return Some(asked.clone());
        }
        let production = self.production.get(&exposure.project)?;
        Some((exposure.project.clone(), production.clone()))
    }
}

/// The collections in which an exposure's workbook stands, from the top down.
fn chain(exposure: &Exposure, inventory: &Inventory) -> Vec<CollectionId> {
    let luid = exposure.workbook.as_ref().map(|workbook| workbook.luid.as_str());
    let asset = luid.and_then(|luid| inventory.assets.get(&AssetId::from(luid)));
    let mut next = asset.and_then(|asset| asset.collection.clone());
    let mut chain = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(id) = next {
        if !seen.insert(id.clone()) {
            break;
        }
        next = inventory
            .collections
            .get(&id)
            .and_then(|collection| collection.parent.clone());
        chain.push(id);
    }
    chain.reverse();
    chain
}

/// Checks what the file says, as far as it can be without the store.
pub(crate) fn check_settings(settings: &RefreshSettings) -> Result<(), Error> {
    let invalid = |of: &str, problem: String| PolicyError::Invalid {
        of: of.to_owned(),
        problem,
    };
    if let Some(problem) = settings.problem().or_else(|| settings.defaults.problem()) {
        return Err(invalid("`[refresh]`", problem).into());
    }
    let mut seen = BTreeSet::new();
    for policy in &settings.policies {
        let of = policy.title();
        if let Some(problem) = policy.problem().or_else(|| policy.part.problem()) {
            return Err(invalid(&of, problem).into());
        }
        if !seen.insert(of.clone()) {
            return Err(PolicyError::Twice { scope: of }.into());
        }
    }
    Ok(())
}
