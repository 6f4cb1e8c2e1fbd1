//! Fields the schema does not know, reported as Tableau's graphql-java does.
//!
//! `apollo-compiler` finds them too, but in other words; clients tell an old server by these.

use apollo_compiler::Schema;
use apollo_compiler::ast::{Definition, Document, OperationType, Selection};

use super::notice::Notice;

/// One notice for each unknown field, in the order of the text.
pub(super) fn find(schema: &Schema, document: &Document) -> Vec<Notice> {
    let mut notices = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                let root = match operation.operation_type {
                    OperationType::Query => schema.schema_definition.query.as_ref(),
                    OperationType::Mutation => schema.schema_definition.mutation.as_ref(),
                    OperationType::Subscription => schema.schema_definition.subscription.as_ref(),
                };
                if let Some(root) = root {
                    search(
                        schema,
                        root,
                        &operation.selection_set,
                        &mut Vec::new(),
                        &mut notices,
                    );
                }
            }
            Definition::FragmentDefinition(fragment) => {
                let mut path = vec![fragment.name.to_string()];
                search(
                    schema,
                    &fragment.type_condition,
                    &fragment.selection_set,
                    &mut path,
                    &mut notices,
                );
            }
            _ => {}
        }
    }
    notices
}

fn search(
    schema: &Schema,
    type_name: &str,
    selections: &[Selection],
    path: &mut Vec<String>,
    notices: &mut Vec<Notice>,
) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                path.push(field.name.to_string());
                match schema.type_field(type_name, &field.name) {
                    Ok(found) => {
                        search(
                            schema,
                            found.ty.inner_named_type(),
                            &field.selection_set,
                            path,
                            notices,
                        );
                    }
                    Err(_) if schema.types.contains_key(type_name) => {
                        notices.push(Notice::bare(format!(
                            "Validation error of type FieldUndefined: Field '{}' in type '{type_name}' is undefined @ '{}'",
                            field.name,
                            path.join("/"),
                        )));
                    }
                    Err(_) => {}
                }
                path.pop();
            }
            Selection::InlineFragment(inline) => {
                let inner = inline
                    .type_condition
                    .as_ref()
                    .map_or(type_name, |name| name.as_str());
                search(schema, inner, &inline.selection_set, path, notices);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}
