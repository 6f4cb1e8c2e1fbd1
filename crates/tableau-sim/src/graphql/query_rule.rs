//! Tableau's own rules about valid queries.

use std::collections::HashSet;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::{JsonMap, JsonValue};

use super::notice::Notice;

/// Root lists that users who do not administer the site must filter.
const FILTER_REQUIRED: &[&str] = &[
    "fields",
    "columns",
    "columnFields",
    "calculatedFields",
    "datasourceFields",
];

/// "Shortcut" fields, which walk the lineage, allow no fragment inside a fragment.
pub(super) fn nested_fragment(document: &ExecutableDocument, operation: &Operation) -> Option<Notice> {
    let found = search(document, &operation.selection_set, None, &mut HashSet::new());
    found.then(|| {
        Notice::error(
            "INVALID_ARGUMENT",
            "Can't use nested fragments for shortcut query",
        )
    })
}

/// `depth` counts the fragments since the last shortcut; none outside of one.
fn search<'a>(
    document: &'a ExecutableDocument,
    selections: &'a SelectionSet,
    depth: Option<u32>,
    visited: &mut HashSet<(&'a str, Option<u32>)>,
) -> bool {
    selections.selections.iter().any(|selection| match selection {
        Selection::Field(field) => {
            let depth = depth.or_else(|| is_shortcut(field).then_some(0));
            search(document, &field.selection_set, depth, visited)
        }
        Selection::InlineFragment(inline) => match depth.map(|depth| depth + 1) {
            Some(2..) => true,
            deeper => search(document, &inline.selection_set, deeper, visited),
        },
        Selection::FragmentSpread(spread) => match depth.map(|depth| depth + 1) {
            Some(2..) => true,
            deeper => document
                .fragments
                .get(&spread.fragment_name)
                .is_some_and(|fragment| {
                    visited.insert((fragment.name.as_str(), deeper))
                        && search(document, &fragment.selection_set, deeper, visited)
                }),
        },
    })
}

fn is_shortcut(field: &Field) -> bool {
    field.name.starts_with("upstream") || field.name.starts_with("downstream")
}

/// A root list of fields or columns without a filter.
pub(super) fn missing_filter(
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &JsonMap,
) -> Option<Notice> {
    let mut fields = operation.root_fields(document);
    let field = fields.find(|field| {
        let base = field.name.strip_suffix("Connection").unwrap_or(&field.name);
        FILTER_REQUIRED.contains(&base) && !has_filter(field, variables)
    })?;
    Some(Notice::error(
        "FILTER_REQUIRED",
        format!("A filter is required to query '{}'.", field.name),
    ))
}

fn has_filter(field: &Field, variables: &JsonMap) -> bool {
    use apollo_compiler::ast::Value;
    match field.specified_argument_by_name("filter").map(AsRef::as_ref) {
        None | Some(Value::Null) => false,
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Variable(name)) => variables
            .get(name.as_str())
            .and_then(JsonValue::as_object)
            .is_some_and(|filter| !filter.is_empty()),
        Some(_) => true,
    }
}
