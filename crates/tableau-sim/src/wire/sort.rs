//! Sort expressions: `name:asc,updatedAt:desc`.

use std::cmp::Ordering;

use super::{Fault, Scalar};

/// One key of a sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortKey {
    field: &'static str,
    descending: bool,
}

impl SortKey {
    /// Reads an expression.
    ///
    /// # Errors
    /// 400065 when it names a field that is not among those given, or another direction.
    pub(crate) fn parse(
        expression: Option<&str>,
        fields: &'static [&'static str],
    ) -> Result<Vec<Self>, Fault> {
        let mut keys = Vec::new();
        for part in expression
            .unwrap_or_default()
            .split(',')
            .filter(|part| !part.is_empty())
        {
            let (name, direction) = part.split_once(':').unwrap_or((part, "asc"));
            let field = fields.iter().find(|field| **field == name);
            match (field, direction) {
                (Some(field), "asc") => keys.push(Self {
                    field,
                    descending: false,
                }),
                (Some(field), "desc") => keys.push(Self {
                    field,
                    descending: true,
                }),
                _ => {
                    return Err(Fault::bad_request(
                        400_065,
                        format!("The sort expression '{part}' is not recognized for this api version."),
                    ));
                }
            }
        }
        Ok(keys)
    }

    /// Sorts rows by the keys; rows that are equal in all keep their order.
    pub(crate) fn sort<T>(keys: &[Self], rows: &mut [T], value: impl Fn(&T, &str) -> Option<Scalar>) {
        if keys.is_empty() {
            return;
        }
        rows.sort_by(|left, right| {
            for key in keys {
                let ordering = match (value(left, key.field), value(right, key.field)) {
                    (Some(Scalar::Number(left)), Some(Scalar::Number(right))) => left.cmp(&right),
                    (left, right) => left
                        .map(|scalar| scalar.to_text())
                        .cmp(&right.map(|scalar| scalar.to_text())),
                };
                if ordering != Ordering::Equal {
                    return if key.descending {
                        ordering.reverse()
                    } else {
                        ordering
                    };
                }
            }
            Ordering::Equal
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_apply_in_their_order() {
        let keys = SortKey::parse(Some("a:desc,b:asc"), &["a", "b"]).unwrap();
        let mut rows = vec![(1u64, "x"), (2, "z"), (2, "y")];
        SortKey::sort(&keys, &mut rows, |row, field| {
            Some(if field == "a" { row.0.into() } else { row.1.into() })
        });
        assert_eq!(rows, [(2, "y"), (2, "z"), (1, "x")]);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert_eq!(
            SortKey::parse(Some("size:up"), &["size"]).unwrap_err().code,
            400_065
        );
        assert_eq!(
            SortKey::parse(Some("other:asc"), &["size"]).unwrap_err().code,
            400_065
        );
    }
}
