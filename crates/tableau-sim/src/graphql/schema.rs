//! The schema, and what of it older servers knew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

use crate::error::Error;
use crate::rest::Version;

const SDL: &str = include_str!("../../schema/tableau-metadata.graphql");

/// What makes a schema differ: the server's version, and members that a switch takes away.
type Variant = (Version, Vec<String>);

/// The schema of each server version asked for so far.
#[derive(Debug)]
pub(crate) struct SchemaSet {
    newest: Arc<Valid<Schema>>,
    older: Mutex<HashMap<Variant, Arc<Valid<Schema>>>>,
}

impl SchemaSet {
    /// Reads the schema.
    ///
    /// # Errors
    /// [`Error::Schema`] when it is not valid.
    pub(crate) fn new() -> Result<Self, Error> {
        let newest =
            Schema::parse_and_validate(SDL, "tableau-metadata.graphql").map_err(|invalid| Error::Schema {
                reason: invalid.errors.to_string(),
            })?;
        Ok(Self {
            newest: Arc::new(newest),
            older: Mutex::new(HashMap::new()),
        })
    }

    /// The schema as a server of that REST version knows it, without the members named in `dropped`
    /// (`Workbook.projectLuid`).
    pub(crate) fn of(&self, version: Version, dropped: &[String]) -> Arc<Valid<Schema>> {
        if version >= NEWEST_GATE && dropped.is_empty() {
            return Arc::clone(&self.newest);
        }
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = older.entry((version, dropped.to_vec()));
        Arc::clone(entry.or_insert_with(|| {
            let mut schema = Schema::clone(&self.newest);
            for gate in GATES.iter().filter(|gate| version < gate.since) {
                gate.close(&mut schema);
            }
            for member in dropped {
                if let Some((type_name, member)) = member.split_once('.') {
                    drop_members(&mut schema, |name, found| name == type_name && found == member);
                }
            }
            // What is left need not be valid on its own, since whole families of fields are gone: fields
            // are only ever taken away, from interfaces and their types alike.
            Arc::new(Valid::assume_valid(schema))
        }))
    }
}

/// Schema members that came with some version.
struct Gate {
    since: Version,
    /// Says for a type's name and a member's name whether the gate holds it.
    holds: fn(&str, &str) -> bool,
}

impl Gate {
    fn close(&self, schema: &mut Schema) {
        drop_members(schema, self.holds);
    }
}

const NEWEST_GATE: Version = (3, 19);

const GATES: &[Gate] = &[
    // Virtual connections: 2022.1.
    Gate {
        since: (3, 15),
        holds: |_, member| member.to_ascii_lowercase().contains("virtualconnection"),
    },
    // projectLuid: Cloud June 2022, Server 2022.3.
    Gate {
        since: (3, 17),
        holds: |_, member| matches!(member, "projectLuid" | "projectLuidWithin" | "PROJECT_LUID"),
    },
    // Labels: 2023.1.
    Gate {
        since: (3, 19),
        holds: |_, member| {
            matches!(
                member,
                "labels" | "labelsConnection" | "upstreamLabels" | "upstreamLabelsConnection"
            )
        },
    },
];

fn drop_members(schema: &mut Schema, holds: impl Fn(&str, &str) -> bool) {
    for (type_name, definition) in &mut schema.types {
        match definition {
            ExtendedType::Object(object) => {
                object
                    .make_mut()
                    .fields
                    .retain(|member, _| !holds(type_name, member));
            }
            ExtendedType::Interface(interface) => {
                interface
                    .make_mut()
                    .fields
                    .retain(|member, _| !holds(type_name, member));
            }
            ExtendedType::InputObject(input) => {
                input
                    .make_mut()
                    .fields
                    .retain(|member, _| !holds(type_name, member));
            }
            ExtendedType::Enum(values) => {
                values
                    .make_mut()
                    .values
                    .retain(|member, _| !holds(type_name, member));
            }
            ExtendedType::Scalar(_) | ExtendedType::Union(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(schema: &Schema, type_name: &str, field: &str) -> bool {
        schema.type_field(type_name, field).is_ok()
    }

    #[test]
    fn the_built_in_schema_is_valid() {
        let newest = SchemaSet::new().unwrap().of((3, 25), &[]);
        assert!(knows(&newest, "Workbook", "projectLuid") && knows(&newest, "Query", "labels"));
    }

    #[test]
    fn older_servers_know_less() {
        let set = SchemaSet::new().unwrap();
        let old = set.of((3, 16), &[]);
        assert!(!knows(&old, "Workbook", "projectLuid") && knows(&old, "Workbook", "projectName"));
        assert!(knows(&old, "Workbook", "upstreamVirtualConnections"));
        let ancient = set.of((3, 6), &["Workbook.uri".to_owned()]);
        assert!(
            !knows(&ancient, "Workbook", "upstreamVirtualConnections") && !knows(&ancient, "Workbook", "uri")
        );
    }
}
