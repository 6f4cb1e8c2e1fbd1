//! Cursors: base64 of a small JSON object that says after which row the next page begins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::selection::Rank;

/// Where a page ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cursor {
    /// The Connection's type.
    pub(super) list: String,
    pub(super) site: u32,
    pub(super) order: String,
    pub(super) rank: Rank,
}

impl Cursor {
    /// The opaque text.
    pub(super) fn encode(&self) -> String {
        let value = serde_json::to_value(&self.rank.value).unwrap_or(Value::Null);
        let content = json!({
            "type": self.list,
            "scope": format!("sites/{}", self.site),
            "sortOrderValue": {"lastId": self.rank.id.to_string(), "order": self.order, "value": value},
        });
        STANDARD.encode(content.to_string())
    }

    /// Reads a cursor; none when the text is not one.
    pub(super) fn decode(text: &str) -> Option<Self> {
        let content: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
        let sort = content.get("sortOrderValue")?;
        Some(Self {
            list: content.get("type")?.as_str()?.to_owned(),
            site: content
                .get("scope")?
                .as_str()?
                .strip_prefix("sites/")?
                .parse()
                .ok()?,
            order: sort.get("order")?.as_str()?.to_owned(),
            rank: Rank {
                value: serde_json::from_value(sort.get("value")?.clone()).ok()?,
                id: Uuid::try_parse(sort.get("lastId")?.as_str()?).ok()?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor {
            list: "WorkbooksConnection".to_owned(),
            site: 2,
            order: "name:asc".to_owned(),
            rank: Rank {
                value: "A \"b\"".into(),
                id: Uuid::from_u128(7),
            },
        };
        assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
    }

    #[test]
    fn anything_else_is_foreign() {
        for text in ["", "x", "e30=", "bnVsbA=="] {
            assert_eq!(Cursor::decode(text), None, "{text}");
        }
    }
}
