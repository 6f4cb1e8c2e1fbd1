//! What a method and its value ask of a node, read once.

use super::error::SelectorProblem;
use super::fqn::FqnPattern;
use super::glob::Glob;
use super::method::{Method, nearest};
use super::path::PathPattern;
use crate::project::{ResourceType, TestKind};

/// A method with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Fqn(FqnPattern),
    Tag(Glob),
    Group(Glob),
    Access(String),
    Source {
        package: Glob,
        source: Glob,
        table: Glob,
    },
    Path(PathPattern),
    File(Glob),
    /// The root project's own package.
    PackageThis,
    Package(Glob),
    Config {
        keys: Vec<String>,
        value: String,
    },
    TestName(Glob),
    TestType(&'static [TestKind]),
    ResourceType(Option<ResourceType>),
    State(StateClass),
    /// Kinds that are found by package and name.
    Named {
        kind: ResourceType,
        package: Glob,
        name: Glob,
    },
    Result(String),
    /// Whether the value is `fresher`, the only one that dbt finds anything by.
    SourceStatus {
        is_fresher: bool,
    },
    Version(VersionClass),
}

/// Values of `state:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateClass {
    New,
    Old,
    /// `modified`, `unmodified` and their kinds.
    Contents,
}

/// Values of `version:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionClass {
    Latest,
    Prerelease,
    Old,
    None,
}

const TEST_TYPES: [&str; 5] = ["generic", "singular", "unit", "data", "schema"];
const VERSION_CLASSES: [&str; 4] = ["latest", "prerelease", "old", "none"];
const STATE_CLASSES: [&str; 10] = [
    "new",
    "old",
    "modified",
    "unmodified",
    "modified.body",
    "modified.configs",
    "modified.persisted_descriptions",
    "modified.relation",
    "modified.macros",
    "modified.contract",
];
/// Types that dbt knows and that no node in a manifest's graph has.
const TYPES_WITHOUT_NODES: [&str; 6] = ["rpc", "doc", "macro", "group", "fixture", "sql operation"];

impl Condition {
    /// Reads a value. `arguments` are what stands behind the method's dots: the keys of `config.meta.owner:`.
    pub fn new(method: Method, arguments: &[&str], value: &str) -> Result<Self, SelectorProblem> {
        let unknown = |expected: &[&'static str]| SelectorProblem::UnknownValue {
            method,
            value: value.to_owned(),
            expected: expected.to_vec(),
            nearest: nearest(value, expected),
        };
        Ok(match method {
            Method::Fqn => Self::Fqn(FqnPattern::new(value)),
            Method::Tag => Self::Tag(Glob::new(value)),
            Method::Group => Self::Group(Glob::new(value)),
            Method::Access => Self::Access(value.to_owned()),
            Method::Source => source(value)?,
            Method::Path => Self::Path(PathPattern::new(value).ok_or(SelectorProblem::AbsolutePath)?),
            Method::File => Self::File(Glob::new(value)),
            Method::Package if value == "this" => Self::PackageThis,
            Method::Package => Self::Package(Glob::new(value)),
            Method::Config => Self::Config {
                keys: arguments.iter().map(|&key| key.to_owned()).collect(),
                value: value.to_owned(),
            },
            Method::TestName => Self::TestName(Glob::new(value)),
            Method::TestType => Self::TestType(match value {
                "generic" | "schema" => &[TestKind::Generic],
                "singular" => &[TestKind::Singular],
                "data" => &[TestKind::Generic, TestKind::Singular],
                "unit" => &[TestKind::Unit],
                _ => return Err(unknown(&TEST_TYPES)),
            }),
            Method::ResourceType => match ResourceType::from_name(value) {
                Some(kind) => Self::ResourceType(Some(kind)),
                None if TYPES_WITHOUT_NODES.contains(&value) => Self::ResourceType(None),
                None => return Err(unknown(&ResourceType::ALL.map(ResourceType::name))),
            },
            Method::State => Self::State(match value {
                "new" => StateClass::New,
                "old" => StateClass::Old,
                _ if STATE_CLASSES.contains(&value) => StateClass::Contents,
                _ => return Err(unknown(&STATE_CLASSES)),
            }),
            Method::Exposure => named(method, ResourceType::Exposure, value)?,
            Method::Metric => named(method, ResourceType::Metric, value)?,
            Method::SemanticModel => named(method, ResourceType::SemanticModel, value)?,
            Method::SavedQuery => named(method, ResourceType::SavedQuery, value)?,
            Method::UnitTest => named(method, ResourceType::UnitTest, value)?,
            Method::Result => Self::Result(value.to_owned()),
            Method::SourceStatus => Self::SourceStatus {
                is_fresher: value == "fresher",
            },
            Method::Version => Self::Version(match value {
                "latest" => VersionClass::Latest,
                "prerelease" => VersionClass::Prerelease,
                "old" => VersionClass::Old,
                "none" => VersionClass::None,
                _ => return Err(unknown(&VERSION_CLASSES)),
            }),
        })
    }
}

/// `source`, `source.table` or `package.source.table`.
fn source(value: &str) -> Result<Condition, SelectorProblem> {
    let parts: Vec<&str> = value.split('.').collect();
    let (package, source, table) = match parts[..] {
        [source] => ("*", source, "*"),
        [source, table] => ("*", source, table),
        [package, source, table] => (package, source, table),
        _ => {
            return Err(SelectorProblem::TooManyParts {
                method: Method::Source,
                form: "package.source.table",
            });
        }
    };
    Ok(Condition::Source {
        package: Glob::new(package),
        source: Glob::new(source),
        table: Glob::new(table),
    })
}

/// `name` or `package.name`.
fn named(method: Method, kind: ResourceType, value: &str) -> Result<Condition, SelectorProblem> {
    let parts: Vec<&str> = value.split('.').collect();
    let (package, name) = match parts[..] {
        [name] => ("*", name),
        [package, name] => (package, name),
        _ => {
            return Err(SelectorProblem::TooManyParts {
                method,
                form: "package.name",
            });
        }
    };
    Ok(Condition::Named {
        kind,
        package: Glob::new(package),
        name: Glob::new(name),
    })
}
