//! The packages of the workspace and what they depend on, reduced to what the rules ask.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::semver::Version;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// It becomes part of what is shipped, or of what builds it.
    Shipped,
    /// For tests, examples and benchmarks alone.
    Development,
}

/// A package in one version.
#[derive(Debug, Clone)]
pub struct Package {
    pub name: String,
    pub version: Version,
    /// The licence expression of its manifest.
    pub licence: Option<String>,
    pub is_member: bool,
}

/// Packages and their dependencies. Indices refer to `packages`.
#[derive(Debug, Default)]
pub struct Graph {
    packages: Vec<Package>,
    edges: BTreeMap<usize, BTreeSet<(usize, Purpose)>>,
}

impl Graph {
    /// The workspace that this test belongs to, with the dependencies of the machine it runs on.
    ///
    /// Those of other platforms are left out: a build does not download them, and this must work offline.
    pub fn of_this_workspace() -> Self {
        Self::from(&metadata(&host_platform()))
    }

    /// All packages.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// The packages of the workspace itself.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_member)
    }

    /// Direct dependencies of the package at that index.
    pub fn dependencies_of(&self, index: usize) -> impl Iterator<Item = (usize, Purpose)> {
        self.edges.get(&index).into_iter().flatten().copied()
    }

    /// Every package that is shipped: members, and all that they depend on other than for development.
    pub fn shipped(&self) -> Vec<&Package> {
        let mut seen: BTreeSet<usize> = self.indices_of_members().collect();
        let mut open: Vec<usize> = seen.iter().copied().collect();
        while let Some(index) = open.pop() {
            for (dependency, purpose) in self.dependencies_of(index) {
                if purpose == Purpose::Shipped && seen.insert(dependency) {
                    open.push(dependency);
                }
            }
        }
        seen.into_iter().map(|index| &self.packages[index]).collect()
    }

    /// The indices of the workspace's own packages.
    pub fn indices_of_members(&self) -> impl Iterator<Item = usize> {
        (0..self.packages.len()).filter(|index| self.packages[*index].is_member)
    }

    /// Adds a package and says at which index.
    pub fn add(&mut self, package: Package) -> usize {
        self.packages.push(package);
        self.packages.len() - 1
    }

    /// Adds a dependency.
    pub fn connect(&mut self, from: usize, to: usize, purpose: Purpose) {
        self.edges.entry(from).or_default().insert((to, purpose));
    }
}

impl From<&Metadata> for Graph {
    fn from(metadata: &Metadata) -> Self {
        let mut graph = Self::default();
        let mut indices: BTreeMap<&PackageId, usize> = BTreeMap::new();
        for package in &metadata.packages {
            let index = graph.add(Package {
                name: package.name.to_string(),
                version: package.version.clone(),
                licence: package.license.clone(),
                is_member: metadata.workspace_members.contains(&package.id),
            });
            indices.insert(&package.id, index);
        }
        for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
            for dependency in &node.deps {
                for kind in &dependency.dep_kinds {
                    let purpose = match kind.kind {
                        DependencyKind::Development => Purpose::Development,
                        _ => Purpose::Shipped,
                    };
                    graph.connect(indices[&node.id], indices[&dependency.pkg], purpose);
                }
            }
        }
        graph
    }
}

#[expect(
    clippy::expect_used,
    reason = "a test can not go on without the workspace's metadata"
)]
fn metadata(platform: &str) -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .other_options(["--locked".to_owned(), format!("--filter-platform={platform}")])
        .exec()
        .expect("cargo metadata must work where cargo test does")
}

#[expect(
    clippy::expect_used,
    reason = "a test can not go on without the compiler's answer"
)]
fn host_platform() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("-vV")
        .output()
        .expect("rustc must be there where cargo is");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc -vV must name its host")
        .to_owned()
}

#[cfg(test)]
pub mod made_up {
    //! Graphs written down in a line or two, for the rules' own tests.

    use super::{Graph, Package, Purpose, Version};

    impl Graph {
        /// A package `name version` under the licence; members are those that begin with `tailwater`.
        pub fn with(mut self, name: &str, version: &str, licence: Option<&str>) -> Self {
            self.add(Package {
                name: name.to_owned(),
                version: Version::parse(version).unwrap(),
                licence: licence.map(str::to_owned),
                is_member: name.starts_with("tailwater"),
            });
            self
        }

        /// `from` depends on `to`; packages that are not there yet come into being, under MIT.
        pub fn edge(mut self, from: &str, to: &str, purpose: Purpose) -> Self {
            let from = self.at(from);
            let to = self.at(to);
            self.connect(from, to, purpose);
            self
        }

        /// A dependency that is shipped.
        pub fn ships(self, from: &str, to: &str) -> Self {
            self.edge(from, to, Purpose::Shipped)
        }

        /// A dependency for development.
        pub fn develops_with(self, from: &str, to: &str) -> Self {
            self.edge(from, to, Purpose::Development)
        }

        fn at(&mut self, name: &str) -> usize {
            if let Some(index) = self.packages().iter().position(|package| package.name == name) {
                return index;
            }
            *self = std::mem::take(self).with(name, "1.0.0", Some("MIT"));
            self.packages().len() - 1
        }
    }
}
