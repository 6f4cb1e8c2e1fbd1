//! Where an exposure is to be written: a dbt project, with what can be referred to from there.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::Serialize;

use super::scalar::{as_jinja, quoted};
use super::version::DbtVersion;
use crate::id::NodeId;
use crate::project::{Node, Project, ResourceType};

/// A dbt project as the place of exposures.
#[derive(Debug, Clone)]
pub struct Place<'p> {
    project: Option<&'p Project>,
    dbt: DbtVersion,
    /// The packages that declare a source of this name and table.
    sources: HashMap<(&'p str, &'p str), Vec<&'p str>>,
    restricted: BTreeSet<String>,
}

/// Why an exposure in a project's YAML cannot depend on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReferable {
    /// The manifest does not hold it, whether another project has it or nobody.
    NotInManifest,
    /// The project switches it off.
    Disabled,
    /// A private model, which dbt lets only its own group refer to; exposures have none.
    Private,
    /// A model of a package that lets others refer to its public models alone.
    Restricted,
    /// A source of a package whose name and table another package uses too: `source()` cannot say which is meant.
    Shadowed,
    /// Exposures depend on models, seeds, snapshots, sources and metrics alone.
    OfThisKind,
}

impl fmt::Display for NotReferable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotInManifest => "not in the project's manifest",
            Self::Disabled => "disabled in the project",
            Self::Private => "private: dbt lets no exposure refer to it",
            Self::Restricted => "not public, and its package restricts access",
            Self::Shadowed => "several packages have a source of this name, and source() cannot say which",
            Self::OfThisKind => "dbt lets no exposure depend on a node of this kind",
        })
    }
}

impl<'p> Place<'p> {
    /// The project as its manifest shows it. Takes time in proportion to its nodes.
    pub fn of(project: &'p Project) -> Self {
        let mut sources: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
        for node in project.nodes() {
            if let Some(source) = node.source_name.as_deref() {
                sources
                    .entry((source, &node.name))
                    .or_default()
                    .push(&node.package);
            }
        }
        Self {
            project: Some(project),
            dbt: DbtVersion::parse(&project.metadata.dbt_version),
            sources,
            restricted: BTreeSet::new(),
        }
    }

    /// Names the packages whose `dbt_project.yml` says `restrict-access: true`, which no manifest tells.
    pub fn with_restricted(mut self, packages: impl IntoIterator<Item = String>) -> Self {
        self.restricted.extend(packages);
        self
    }

    /// A project whose manifest is not there: nothing can be referred to.
    pub fn unknown() -> Self {
        Self {
            project: None,
            dbt: DbtVersion::TODAY,
            sources: HashMap::new(),
            restricted: BTreeSet::new(),
        }
    }

    /// The version of dbt that reads it.
    pub const fn dbt(&self) -> DbtVersion {
        self.dbt
    }

    /// How dbt refers to a node from here, as an item of `depends_on` in YAML.
    ///
    /// # Errors
    /// Says why it cannot. A reference that dbt cannot resolve keeps the whole project from parsing.
    pub fn reference(&self, id: &NodeId) -> Result<String, NotReferable> {
        let project = self.project.ok_or(NotReferable::NotInManifest)?;
        let Some(node) = project.find(id.as_str()) else {
            let is_disabled = project.disabled().iter().any(|node| node.unique_id == *id);
            return Err(if is_disabled {
                NotReferable::Disabled
            } else {
                NotReferable::NotInManifest
            });
        };
        let call = self.call(node, &project.metadata.package)?;
        // Plain while it is plain: dbt's own documentation writes it so.
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-.()', =".contains(character);
        Ok(if call.chars().all(is_plain) {
            call
        } else {
            quoted(&call)
        })
    }

    fn call(&self, node: &Node, package: &str) -> Result<String, NotReferable> {
        let mut arguments = Vec::new();
        let is_foreign = node.package != package;
        let function = match node.resource_type {
            ResourceType::Source => {
                let source = node.source_name.as_deref().ok_or(NotReferable::OfThisKind)?;
                // dbt looks in the root project first, then anywhere.
                let packages = self.sources.get(&(source, node.name.as_str()));
                if is_foreign && packages.is_some_and(|packages| packages.len() > 1) {
                    return Err(NotReferable::Shadowed);
                }
                arguments.push(as_jinja(source));
                arguments.push(as_jinja(&node.name));
                "source"
            }
            ResourceType::Model if node.access.as_deref() == Some("private") => {
                return Err(NotReferable::Private);
            }
            ResourceType::Model
                if is_foreign
                    && node.access.as_deref() != Some("public")
                    && self.restricted.contains(&node.package) =>
            {
                return Err(NotReferable::Restricted);
            }
            ResourceType::Metric | ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot => {
                if is_foreign {
                    arguments.push(as_jinja(&node.package));
                }
                arguments.push(as_jinja(&node.name));
                if let Some(version) = &node.version {
                    arguments.push(format!("v={}", version_literal(version)));
                }
                if node.resource_type == ResourceType::Metric {
                    "metric"
                } else {
                    "ref"
                }
            }
            _ => return Err(NotReferable::OfThisKind),
        };
        Ok(format!("{function}({})", arguments.join(", ")))
    }
}

/// A number where it is one. dbt takes a number zero for none, and a leading zero is no number.
fn version_literal(version: &str) -> String {
    let is_number = version.chars().all(|character| character.is_ascii_digit())
        && !version.starts_with('0')
        && !version.is_empty();
    if is_number {
        version.to_owned()
    } else {
        as_jinja(version)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::project::ProjectMetadata;

    fn node(kind: ResourceType, package: &str, name: &str) -> Node {
        Node {
            unique_id: NodeId::new(format!("{}.{package}.{name}", kind.name())),
            resource_type: kind,
            package: package.to_owned(),
            name: name.to_owned(),
            source_name: (kind == ResourceType::Source).then(|| "raw".to_owned()),
            ..Node::default()
        }
    }

    fn project() -> Project {
        let metadata = ProjectMetadata {
            package: "p".to_owned(),
            ..ProjectMetadata::default()
        };
        let nodes = vec![
            node(ResourceType::Model, "p", "fct"),
            node(ResourceType::Model, "other", "fct"),
            node(ResourceType::Model, "p", "it's\n{{ x }}"),
            Node {
                version: Some("2".to_owned()),
                ..node(ResourceType::Model, "p", "dim2")
            },
            Node {
                version: Some("0".to_owned()),
                ..node(ResourceType::Model, "other", "dim0")
            },
            Node {
                access: Some("private".to_owned()),
                ..node(ResourceType::Model, "p", "secret")
            },
            node(ResourceType::Source, "p", "orders"),
            node(ResourceType::Source, "other", "orders"),
            node(ResourceType::Source, "other", "clicks"),
            node(ResourceType::Metric, "other", "revenue"),
            node(ResourceType::Test, "p", "not_null"),
        ];
        let disabled = vec![node(ResourceType::Model, "p", "off")];
        Project::new("shop".into(), metadata, nodes, disabled)
    }

    #[rstest]
    #[case("model.p.fct", "ref('fct')")]
    #[case("model.other.fct", "ref('other', 'fct')")]
    #[case("model.p.dim2", "ref('dim2', v=2)")]
    #[case("model.other.dim0", "ref('other', 'dim0', v='0')")]
    #[case("source.p.orders", "source('raw', 'orders')")]
    #[case("source.other.clicks", "source('raw', 'clicks')")]
    #[case("metric.other.revenue", "metric('other', 'revenue')")]
    #[case("model.p.it's\n{{ x }}", r#""ref('it\\'s\\n{{ '{{' }} x }}')""#)]
    fn nodes_are_referred_to_as_dbt_does(#[case] id: &str, #[case] expected: &str) {
        assert_eq!(
            Place::of(&project()).reference(&id.into()).as_deref(),
            Ok(expected)
        );
    }

    #[rstest]
    #[case("model.p.gone", NotReferable::NotInManifest)]
    #[case("model.p.off", NotReferable::Disabled)]
    #[case("model.p.secret", NotReferable::Private)]
    #[case("source.other.orders", NotReferable::Shadowed)]
    #[case("test.p.not_null", NotReferable::OfThisKind)]
    fn what_dbt_could_not_resolve_is_not_referred_to(#[case] id: &str, #[case] reason: NotReferable) {
        assert_eq!(Place::of(&project()).reference(&id.into()), Err(reason));
    }

    #[test]
    fn a_package_may_restrict_access() {
        let project = project();
        let place = Place::of(&project).with_restricted(["other".to_owned(), "p".to_owned()]);
        let restricted = Err(NotReferable::Restricted);
        assert_eq!(place.reference(&"model.other.fct".into()), restricted);
        assert_eq!(
            place.reference(&"model.p.fct".into()).as_deref(),
            Ok("ref('fct')")
        );
    }

    #[test]
    fn without_a_manifest_nothing_is_referred_to() {
        let reason = NotReferable::NotInManifest;
        assert_eq!(Place::unknown().reference(&"model.p.fct".into()), Err(reason));
    }
}
