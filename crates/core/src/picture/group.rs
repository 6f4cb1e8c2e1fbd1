//! One vertex for many resources: of a folder, a schema, a project, an owner or a kind.
//!
//! A group is a path, and a group inside another a longer one: opening `models/marts` shows the models that
//! lie there and, as groups, the folders below. So that a large project comes as tens of groups and not as
//! thousands, paths are first cut to the depth at which they are few enough.

use std::collections::{BTreeMap, BTreeSet};

use super::Surroundings;
use super::kind::Kind;
use super::lens::{Lens, owner_of};
use super::query::Grouping;
use super::sketch::{Fate, Merged, Sketch, shorten};
use crate::project::{Node, ResourceType};
use crate::selector::Universe;

/// Groups are cut to a depth at which there are at most so many.
const MANY_GROUPS: usize = 250;

/// Draws groups in place of their members, but for groups that are open, groups of one, and the only node that
/// the question starts from.
pub(super) fn group(
    sketch: &mut Sketch,
    grouping: Grouping,
    open: &BTreeSet<String>,
    universe: &Universe<'_>,
    surroundings: &Surroundings<'_>,
    lens: &mut Lens,
) {
    let start_count = sketch.vertices.iter().filter(|vertex| vertex.is_start).count();
    let packages: BTreeSet<&str> = sketch
        .vertices
        .iter()
        .filter_map(|vertex| Some(universe.node(vertex.position?)?.package.as_str()))
        .collect();
    let paths: Vec<Option<Vec<String>>> = sketch
        .vertices
        .iter()
        .map(|vertex| {
            let position = vertex.position?;
            if vertex.is_start && start_count == 1 {
                return None;
            }
            let node = universe.node(position)?;
            let path = path_of(grouping, position, node, packages.len() > 1, surroundings);
            Some(path.into_iter().map(|part| part.replace('/', "∕")).collect())
        })
        .collect();
    let depth = depth(&paths);
    // The shortest path that is not open, from the depth on; `None` for what shows itself.
    let shown = |path: &Vec<String>| -> Option<String> {
        (depth.min(path.len())..=path.len())
            .map(|length| path[..length].join("/"))
            .find(|text| !open.contains(&format!("group:{}:{text}", grouping.name())))
    };
    let texts: Vec<Option<String>> = paths.iter().map(|path| path.as_ref().and_then(shown)).collect();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts.iter().flatten() {
        *sizes.entry(text).or_default() += 1;
    }
    sizes.retain(|_, size| *size > 1);
    let class: BTreeMap<&str, usize> = sizes.keys().enumerate().map(|(at, &text)| (text, at)).collect();
    let groups = sizes
        .keys()
        .map(|text| Merged {
            id: format!("group:{}:{text}", grouping.name()),
            name: shorten((*text).to_owned()),
            kind: Kind::Group,
        })
        .collect();
    let fates: Vec<Fate> = texts
        .iter()
        .map(|text| {
            let class = text.as_deref().and_then(|text| class.get(text));
            class.map_or(Fate::Stays, |&class| Fate::Joins(class))
        })
        .collect();
    sketch.merge(&fates, groups, lens);
}

/// The greatest depth at which there are few enough groups, at least 1.
fn depth(paths: &[Option<Vec<String>>]) -> usize {
    let longest = paths.iter().flatten().map(Vec::len).max().unwrap_or_default();
    let count_at = |depth: usize| {
        let cut = paths.iter().flatten().map(|path| &path[..depth.min(path.len())]);
        cut.collect::<BTreeSet<_>>().len()
    };
    // Deeper cuts never make fewer groups. Depths beyond a few are no use to anyone.
    (2..=longest.min(12))
        .take_while(|&depth| count_at(depth) <= MANY_GROUPS)
        .last()
        .unwrap_or(1)
}

fn path_of(
    grouping: Grouping,
    position: usize,
    node: &Node,
    has_packages: bool,
    surroundings: &Surroundings<'_>,
) -> Vec<String> {
    let project = || -> Option<Vec<String>> {
        let exposure = (surroundings.exposure)(position)?;
        let workbook = exposure.workbook.as_ref()?;
        let mut path = vec![exposure.integration.as_ref()?.to_string()];
        path.extend(split(&workbook.project_path));
        Some(path)
    };
    match grouping {
        Grouping::Folder => project().unwrap_or_else(|| folder(node, has_packages)),
        Grouping::Project => project().unwrap_or_else(|| vec![node.package.clone()]),
        Grouping::Schema => project().unwrap_or_else(|| {
            let relation = node.relation.as_ref().map(|relation| &relation.name);
            match relation {
                Some(name) => {
                    let parts = [name.database.as_deref(), name.schema.as_deref()];
                    vec![parts.into_iter().flatten().collect::<Vec<_>>().join(".")]
                }
                None => vec![Kind::Resource(node.resource_type).title().to_owned()],
            }
        }),
        Grouping::Owner => vec![owner_of(node).unwrap_or("no owner").to_owned()],
        Grouping::Kind => vec![Kind::Resource(node.resource_type).title().to_owned()],
    }
}

/// The folder of its file; sources by the source, since one YAML file often stands beside the models.
fn folder(node: &Node, has_packages: bool) -> Vec<String> {
    let mut path = Vec::new();
    if has_packages {
        path.push(node.package.clone());
    }
    if node.resource_type == ResourceType::Source {
        path.push("sources".to_owned());
        path.push(node.source_name.clone().unwrap_or_default());
        return path;
    }
    let (folder, _) = node.path.rsplit_once(['/', '\\']).unwrap_or(("", ""));
    path.extend(
        folder
            .split(['/', '\\'])
            .filter(|part| !part.is_empty())
            .map(str::to_owned),
    );
    if path.is_empty() {
        path.push(Kind::Resource(node.resource_type).title().to_owned());
    }
    path
}

/// The names of a BI project's path; a slash inside a name is written `\/`.
fn split(path: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek() == Some(&'/') => {
                letters.next();
                push(&mut names, '/');
            }
            '/' => names.push(String::new()),
            _ => push(&mut names, letter),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn push(names: &mut [String], letter: char) {
    if let Some(name) = names.last_mut() {
        name.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_inside_names_do_not_part_them() {
        assert_eq!(split(r"Finance/Profit \/ Loss"), ["Finance", "Profit / Loss"]);
        assert_eq!(split(""), [] as [&str; 0]);
    }

    #[test]
    fn paths_are_cut_where_groups_are_few() {
        let paths: Vec<Option<Vec<String>>> = (0..1_000)
            .map(|at| Some(vec!["models".to_owned(), format!("{}", at % 9), format!("{at}")]))
            .collect();
        assert_eq!(depth(&paths), 2);
        assert_eq!(depth(&paths[..100]), 3);
        assert_eq!(depth(&[None]), 1);
    }
}
