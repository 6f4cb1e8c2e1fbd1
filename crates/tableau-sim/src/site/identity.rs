//! Identifiers: LUIDs for REST, other UUIDs for the Metadata API, small numbers for browser addresses.

use std::collections::HashMap;

use uuid::Uuid;

/// The three names by which Tableau knows one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// REST's `id`, the Metadata API's `luid`.
    pub(crate) luid: Uuid,
    /// The Metadata API's `id`.
    pub(crate) id: Uuid,
    /// The number in browser addresses.
    pub(crate) number: u32,
}

/// Hands out identifiers that are the same on each start, since they are made from names.
#[derive(Debug)]
pub(crate) struct Naming {
    space: Uuid,
    next_number: u32,
    seen: HashMap<Uuid, u32>,
}

impl Naming {
    /// Names within the site of that content URL.
    pub(crate) fn new(site: &str) -> Self {
        let root = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"tailwater-tableau-sim");
        Self {
            space: Uuid::new_v5(&root, site.as_bytes()),
            next_number: 1_001,
            seen: HashMap::new(),
        }
    }

    /// The identity of the object called `name` of a kind; `luid` replaces the made one.
    pub(crate) fn identify(&mut self, kind: &str, name: &str, luid: Option<Uuid>) -> Identity {
        let made = Uuid::new_v5(&self.space, format!("{kind}\u{0}{name}").as_bytes());
        // Two things of one name, such as two sheets called alike, are told apart by their order.
        let times = self.seen.entry(made).or_default();
        *times += 1;
        let made = if *times == 1 {
            made
        } else {
            Uuid::new_v5(&made, times.to_string().as_bytes())
        };
        let number = self.next_number;
        self.next_number += 1;
        Identity {
            luid: luid.unwrap_or(made),
            id: Uuid::new_v5(&made, b"metadata"),
            number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_the_same_identifiers_on_each_start() {
        let first = Naming::new("acme").identify("workbook", "Sales/Orders", None);
        let second = Naming::new("acme").identify("workbook", "Sales/Orders", None);
        assert_eq!(first, second);
        assert_ne!(first.luid, first.id);
        assert_ne!(
            first.luid,
            Naming::new("other")
                .identify("workbook", "Sales/Orders", None)
                .luid
        );
    }

    #[test]
    fn equal_names_are_told_apart() {
        let mut naming = Naming::new("acme");
        let first = naming.identify("sheet", "Orders/Sheet 1", None);
        let second = naming.identify("sheet", "Orders/Sheet 1", None);
        assert_ne!(first.luid, second.luid);
        assert_ne!(first.number, second.number);
    }
}
