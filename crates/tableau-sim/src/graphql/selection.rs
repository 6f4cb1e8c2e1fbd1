//! From all members of a list to those asked for: type, index, permissions, filter, order.

use std::cmp::Ordering;

use apollo_compiler::resolvers::ResolveInfo;
use apollo_compiler::response::{JsonMap, JsonValue};
use uuid::Uuid;

use super::context::Context;
use super::notice::Notice;
use super::object::{Object, type_name};
use super::{leaf, list};
use crate::site::Ref;

/// Attributes on which a filter drops rows the user may not see, and warns that it did.
const SENSITIVE: &[&str] = &[
    "name",
    "projectName",
    "fullName",
    "schema",
    "containerName",
    "path",
    "hostName",
    "text",
];

/// What of a list is asked for, in order.
pub(super) struct Chosen {
    pub(super) rows: Vec<Ref>,
    pub(super) order: Order,
}

/// The order of a list: by a leaf or a count, and then by id, so that it is total.
#[derive(Debug, Clone)]
pub(super) struct Order {
    field: OrderField,
    pub(super) descending: bool,
}

#[derive(Debug, Clone)]
enum OrderField {
    Id,
    Leaf(String),
    Count(String),
}

/// Where a row stands in the order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rank {
    pub(super) value: JsonValue,
    pub(super) id: Uuid,
}

/// Picks the rows of a list field.
pub(super) fn choose(
    context: &Context<'_>,
    info: &ResolveInfo<'_>,
    members: Vec<Ref>,
    declared: &str,
) -> Chosen {
    let arguments = info.arguments();
    let filter = arguments.get("filter").and_then(JsonValue::as_object);
    let order = Order::of(arguments);
    let only_visible = arguments.get("permissionMode").and_then(JsonValue::as_str) == Some("FILTER_RESULTS");
    let fits = |object: Ref| {
        let concrete = type_name(context.site, object);
        concrete == declared
            || info
                .schema()
                .get_object(concrete)
                .is_some_and(|found| found.implements_interfaces.contains(declared))
    };
    let is_sensitive = filter.is_some_and(|filter| {
        filter
            .keys()
            .any(|key| SENSITIVE.contains(&key.as_str().trim_end_matches("Within")))
    });
    let mut dropped_hidden = false;
    let mut rows: Vec<Ref> = members
        .into_iter()
        .filter(|&row| fits(row) && context.is_indexed(row))
        .filter(|&row| {
            if !only_visible && !is_sensitive {
                return true;
            }
            let shown = context.site.shows(row, context.user);
            dropped_hidden |= !shown && !only_visible;
            shown
        })
        .filter(|&row| filter.is_none_or(|filter| passes(context, row, filter)))
        .collect();
    if dropped_hidden || (is_sensitive && context.switches.permissions_mode_switched) {
        context.warn(Notice::warning(
            "PERMISSIONS_MODE_SWITCHED",
            "One or more of the attributes used in your filter contain sensitive data so your results have been \
             automatically filtered to contain only the results you have permissions to see",
        ));
    }
    order.sort(context, &mut rows);
    Chosen { rows, order }
}

/// Whether a row has the values that a filter asks for; all its members must hold.
fn passes(context: &Context<'_>, row: Ref, filter: &JsonMap) -> bool {
    let object = Object {
        context,
        node: row,
        behind_hidden: false,
    };
    filter.iter().all(|(key, wanted)| {
        let key = key.as_str();
        if wanted.is_null() {
            return true;
        }
        if key == "text" {
            let needle = wanted.as_str().unwrap_or_default().to_lowercase();
            let found = ["name", "description", "fullName"].map(|field| leaf::value(object, field));
            let mut texts = found.iter().flatten().filter_map(JsonValue::as_str);
            return texts.any(|text| text.to_lowercase().contains(&needle));
        }
        let value_of = |field: &str| leaf::value(object, field).unwrap_or(JsonValue::Null);
        match (key.strip_suffix("Within"), wanted.as_array()) {
            (Some(field), Some(list)) => list.contains(&value_of(field)),
            (Some(field), None) => *wanted == value_of(field),
            (None, _) => *wanted == value_of(key),
        }
    })
}

impl Order {
    fn of(arguments: &JsonMap) -> Self {
        let order = arguments.get("orderBy").and_then(JsonValue::as_object);
        let name = order
            .and_then(|order| order.get("field"))
            .and_then(JsonValue::as_str);
        let direction = order
            .and_then(|order| order.get("direction"))
            .and_then(JsonValue::as_str);
        let field = match name {
            None | Some("ID") => OrderField::Id,
            Some(name) => match name.strip_suffix("_COUNT") {
                Some(counted) => OrderField::Count(camel_case(counted)),
                None => OrderField::Leaf(camel_case(name)),
            },
        };
        Self {
            field,
            descending: direction == Some("DESC"),
        }
    }

    /// A name for the order, so that a cursor of another order is known as foreign.
    pub(super) fn name(&self) -> String {
        let field = match &self.field {
            OrderField::Id => "id",
            OrderField::Leaf(field) | OrderField::Count(field) => field,
        };
        format!("{field}:{}", if self.descending { "desc" } else { "asc" })
    }

    /// Where a row stands.
    pub(super) fn rank(&self, context: &Context<'_>, row: Ref) -> Rank {
        let object = Object {
            context,
            node: row,
            behind_hidden: false,
        };
        let value = match &self.field {
            OrderField::Id => JsonValue::Null,
            OrderField::Leaf(field) => leaf::value(object, field).unwrap_or(JsonValue::Null),
            OrderField::Count(field) if field == "owner" => JsonValue::from(1),
            OrderField::Count(field) => {
                let members = list::of_object(context.site, row, field).into_iter();
                let count = members.filter(|&member| context.is_indexed(member)).count();
                JsonValue::from(u32::try_from(count).unwrap_or(u32::MAX))
            }
        };
        Rank {
            value,
            id: context.site.identity(row).id,
        }
    }

    /// How two places compare in this order.
    pub(super) fn compare(&self, left: &Rank, right: &Rank) -> Ordering {
        let ordering = compare_values(&left.value, &right.value).then(left.id.cmp(&right.id));
        if self.descending {
            ordering.reverse()
        } else {
            ordering
        }
    }

    fn sort(&self, context: &Context<'_>, rows: &mut Vec<Ref>) {
        let mut ranked: Vec<(Rank, Ref)> = rows.drain(..).map(|row| (self.rank(context, row), row)).collect();
        ranked.sort_by(|(left, _), (right, _)| self.compare(left, right));
        rows.extend(ranked.into_iter().map(|(_, row)| row));
    }
}

fn compare_values(left: &JsonValue, right: &JsonValue) -> Ordering {
    match (left, right) {
        (JsonValue::Number(left), JsonValue::Number(right)) => left.as_u64().cmp(&right.as_u64()),
        (JsonValue::Bool(left), JsonValue::Bool(right)) => left.cmp(right),
        (left, right) => left.as_str().cmp(&right.as_str()),
    }
}

/// `PROJECT_NAME` as `projectName`.
fn camel_case(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut upper_next = false;
    for character in name.chars() {
        if character == '_' {
            upper_next = true;
        } else if upper_next {
            text.push(character);
            upper_next = false;
        } else {
            text.extend(character.to_lowercase());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_names_become_field_names() {
        assert_eq!(camel_case("PROJECT_NAME"), "projectName");
        assert_eq!(camel_case("ID"), "id");
        assert_eq!(camel_case("EMBEDDED_DATASOURCES"), "embeddedDatasources");
    }
}
