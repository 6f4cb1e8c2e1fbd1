//! Which of the packages in a manifest is the root project.

use std::collections::BTreeMap;
use std::fmt::Write;

use md5::{Digest, Md5};

use crate::manifest::document::Head;

/// What is known of a package after all its entries were read.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct PackageFacts {
    /// How many entries it declares.
    pub entries: usize,
    /// Up to dbt 1.3: the directory it lies in.
    pub root_path: Option<String>,
}

/// The root project's name. `metadata.project_name` says it since dbt 1.6. Before, `project_id` is the MD5 of
/// it. Failing both, installed packages lie in a directory inside the root project's, and at
/// last the package with the most entries is taken.
pub(crate) fn root_package(head: &Head, packages: &BTreeMap<String, PackageFacts>) -> String {
    if let Some(name) = &head.project_name.0 {
        return name.clone();
    }
    if let Some(id) = &head.project_id.0
        && let Some(name) = packages
            .keys()
            .find(|name| md5_of(name) == id.to_ascii_lowercase())
    {
        return name.clone();
    }
    let is_inside = |path: &str, root: &str| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.starts_with(['/', '\\']))
    };
    let holder_of_all = packages.iter().find(|(_, facts)| {
        facts.root_path.as_deref().is_some_and(|root| {
            packages.len() > 1
                && packages
                    .values()
                    .filter_map(|other| other.root_path.as_deref())
                    .all(|other| other == root || is_inside(other, root))
        })
    });
    holder_of_all
        .or_else(|| packages.iter().rev().max_by_key(|(_, facts)| facts.entries))
        .map(|(name, _)| name.clone())
        .unwrap_or_default()
}

fn md5_of(text: &str) -> String {
    Md5::digest(text.as_bytes())
        .iter()
        .fold(String::with_capacity(32), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lenient::Text;

    fn packages(entries: &[(&str, usize, Option<&str>)]) -> BTreeMap<String, PackageFacts> {
        entries
            .iter()
            .map(|&(name, entries, root_path)| {
                let root_path = root_path.map(str::to_owned);
                (name.to_owned(), PackageFacts { entries, root_path })
            })
            .collect()
    }

    #[test]
    fn the_project_name_is_believed() {
        let head = Head {
            project_name: Text(Some("shop".to_owned())),
            ..Head::default()
        };
        assert_eq!(root_package(&head, &packages(&[("big", 9, None)])), "shop");
    }

    #[test]
    fn the_project_id_is_the_md5_of_the_name() {
        let head = Head {
            project_id: Text(Some("06e5b98c2db46f8a72cc4f66410e9b3b".to_owned())),
            ..Head::default()
        };
        let packages = packages(&[("dbt_utils", 99, None), ("jaffle_shop", 1, None)]);
        assert_eq!(root_package(&head, &packages), "jaffle_shop");
    }

    #[test]
    fn installed_packages_lie_inside_the_root_project() {
        let packages = packages(&[
            ("fivetran", 80, Some("/app/dbt_packages/fivetran")),
            ("shop", 3, Some("/app")),
        ]);
        assert_eq!(root_package(&Head::default(), &packages), "shop");
    }

    #[test]
    fn else_the_package_with_most_entries_is_taken() {
        let packages = packages(&[("a", 1, None), ("b", 5, None), ("c", 5, None)]);
        assert_eq!(root_package(&Head::default(), &packages), "b");
        assert_eq!(root_package(&Head::default(), &BTreeMap::new()), "");
    }
}
