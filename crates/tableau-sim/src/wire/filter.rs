//! Filter expressions: `field:op:value,field2:op:value` (Tableau REST 3.29, "Filtering and sorting").

use super::{Fault, Scalar};

/// A field that a list can be filtered by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilterField {
    /// The name in the expression.
    pub(crate) name: &'static str,
    /// The operators allowed on it.
    pub(crate) operators: &'static [&'static str],
}

/// Field equality and lists of values.
pub(crate) const EQUALITY: &[&str] = &["eq", "in"];
/// Comparison, as on instants and counts.
pub(crate) const COMPARISON: &[&str] = &["eq", "gt", "gte", "lt", "lte"];

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    field: &'static str,
    operator: String,
    values: Vec<String>,
}

/// All conditions of a request, which must hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    conditions: Vec<Condition>,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// 400065 when it names a field that is not among those given, or is malformed.
    pub(crate) fn parse(expression: Option<&str>, fields: &'static [FilterField]) -> Result<Self, Fault> {
        let mut conditions: Vec<Condition> = Vec::new();
        for part in split_outside_brackets(expression.unwrap_or_default()) {
            let mut pieces = part.splitn(3, ':');
            let (Some(name), Some(operator), Some(value)) = (pieces.next(), pieces.next(), pieces.next())
            else {
                return Err(Fault::bad_request(
                    400_065,
                    format!("The filter expression '{part}' is not valid."),
                ));
            };
            let Some(field) = fields.iter().find(|field| field.name == name) else {
                return Err(Fault::bad_request(
                    400_065,
                    format!(
                        "The filter query contains a key which is not recognized for this api version. ({name})"
                    ),
                ));
            };
            if !field.operators.contains(&operator) {
                return Err(Fault::bad_request(
                    400_065,
                    format!("The filter operator '{operator}' is not valid for the key '{name}'."),
                ));
            }
            let values = if operator == "in" {
                let list = value
                    .strip_prefix('[')
                    .and_then(|rest| rest.strip_suffix(']'))
                    .ok_or_else(|| {
                        Fault::bad_request(400_065, format!("The list '{value}' must stand in brackets."))
                    })?;
                list.split(',').map(str::to_owned).collect()
            } else {
                vec![value.to_owned()]
            };
            // A field given twice: the last one wins.
            conditions.retain(|condition| condition.field != field.name);
            conditions.push(Condition {
                field: field.name,
                operator: operator.to_owned(),
                values,
            });
        }
        Ok(Self { conditions })
    }

    /// Whether a row passes; `value` gives the values of a field, several for tags.
    pub(crate) fn accepts(&self, mut value: impl FnMut(&str) -> Vec<Scalar>) -> bool {
        self.conditions.iter().all(|condition| {
            let found = value(condition.field);
            found.iter().any(|scalar| condition.holds(scalar))
        })
    }
}

impl Condition {
    fn holds(&self, scalar: &Scalar) -> bool {
        let text = scalar.to_text();
        let first = self.values.first().map_or("", String::as_str);
        let ordering = match (scalar, first.parse::<u64>()) {
            (Scalar::Number(left), Ok(right)) => left.cmp(&right),
            _ => text.as_str().cmp(first),
        };
        match self.operator.as_str() {
            "eq" => text == first,
            "in" => self.values.contains(&text),
            "gt" => ordering.is_gt(),
            "gte" => ordering.is_ge(),
            "lt" => ordering.is_lt(),
            "lte" => ordering.is_le(),
            "has" | "like" => text.contains(first),
            "cieq" => text.eq_ignore_ascii_case(first),
            _ => false,
        }
    }
}

fn split_outside_brackets(expression: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0u32, 0usize);
    for (position, character) in expression.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&expression[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    parts.push(&expression[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[FilterField] = &[
        FilterField {
            name: "name",
            operators: EQUALITY,
        },
        FilterField {
            name: "updatedAt",
            operators: COMPARISON,
        },
    ];

    fn accepts(expression: &str, name: &str, updated_at: &str) -> bool {
        let filter = Filter::parse(Some(expression), FIELDS).unwrap();
        filter.accepts(|field| {
            vec![if field == "name" {
                name.into()
            } else {
                updated_at.into()
            }]
        })
    }

    #[test]
    fn conditions_hold_together() {
        let expression = "name:in:[A,B],updatedAt:gt:2025-01-01T00:00:00Z";
        assert!(accepts(expression, "A", "2025-01-02T00:00:00Z"));
        assert!(!accepts(expression, "C", "2025-01-02T00:00:00Z"));
        assert!(!accepts(expression, "A", "2024-12-31T00:00:00Z"));
    }

    #[test]
    fn the_last_condition_on_a_field_wins() {
        assert!(accepts("name:eq:A,name:eq:B", "B", ""));
        assert!(!accepts("name:eq:A,name:eq:B", "A", ""));
    }

    #[test]
    fn unknown_fields_and_operators_are_400065() {
        for expression in ["projectId:eq:1", "name:gt:1", "name:eq", "name:in:A"] {
            assert_eq!(
                Filter::parse(Some(expression), FIELDS).unwrap_err().code,
                400_065,
                "{expression}"
            );
        }
    }
}
