//! Dotted table names as the site file writes them.

/// Splits `database.schema.table` at its dots; parts in brackets may hold dots themselves.
///
/// None when a bracket is not closed or a part is empty.
pub(super) fn split(name: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = name;
    loop {
        let (part, after) = if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']')?;
            (&inner[..end], &inner[end + 1..])
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            (&rest[..end], &rest[end..])
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part.to_owned());
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_part_and_brackets_hold_together() {
        assert_eq!(split("a.b.c").unwrap(), ["a", "b", "c"]);
        assert_eq!(split("[odd.schema].orders").unwrap(), ["odd.schema", "orders"]);
        assert_eq!(split("My Sheet").unwrap(), ["My Sheet"]);
    }

    #[test]
    fn broken_names_are_refused() {
        for name in ["", "a.", ".a", "[a", "[a]b", "a..b"] {
            assert!(split(name).is_none(), "{name}");
        }
    }
}
