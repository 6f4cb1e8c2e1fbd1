//! Lists that are read piece by piece.
//!
//! A cursor is the last id that was given out, so nothing is read twice or left out when a sync lands between two
//! pieces. It is opaque: clients hand it back as they got it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::Error;

/// How many items an answer has when the request does not say.
const USUAL: usize = 100;
/// How many it has at most.
const MOST: usize = 500;

/// Which piece of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Piece {
    /// How many items, 1 to 500; 100 when left out.
    pub limit: Option<usize>,
    /// `next_cursor` of the piece before.
    pub cursor: Option<String>,
}

/// A piece of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// What asks for the next piece; null at the end.
    pub next_cursor: Option<String>,
    /// How many there are in all pieces.
    pub total: usize,
}

/// The number of items that a request asks for.
pub fn limit_of(limit: Option<usize>) -> Result<u32, Error> {
    let limit = limit.unwrap_or(USUAL);
    match u32::try_from(limit) {
        Ok(few) if (1..=MOST).contains(&limit) => Ok(few),
        _ => Err(Error::bad_request(format!("`limit` is {limit}")).with_hint("give 1 to 500")),
    }
}

impl Piece {
    /// Cuts the piece out of rows that are sorted by the text that `key` finds, unique among them, and shows its rows.
    pub fn cut<R, T>(
        &self,
        rows: &[R],
        key: impl Fn(&R) -> &str,
        show: impl FnMut(&R) -> T,
    ) -> Result<Paged<T>, Error> {
        let limit = self.limit.unwrap_or(USUAL);
        if limit == 0 || limit > MOST {
            return Err(Error::bad_request(format!("`limit` is {limit}")).with_hint("give 1 to 500"));
        }
        let after = self.cursor.as_deref().map(decode).transpose()?;
        let start = after.map_or(0, |after| rows.partition_point(|row| key(row) <= after.as_str()));
        let piece = &rows[start..rows.len().min(start + limit)];
        let is_last = start + piece.len() == rows.len();
        let next_cursor = piece
            .last()
            .filter(|_| !is_last)
            .map(|row| URL_SAFE_NO_PAD.encode(key(row)));
        Ok(Paged {
            items: piece.iter().map(show).collect(),
            next_cursor,
            total: rows.len(),
        })
    }
}

fn decode(cursor: &str) -> Result<String, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            Error::bad_request("`cursor` is none of ours").with_hint("hand `next_cursor` back as it came")
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_and_foreign_cursors_are_refused() {
        let piece = |limit, cursor: Option<&str>| Piece {
            limit,
            cursor: cursor.map(str::to_owned),
        };
        for bad in [
            piece(Some(0), None),
            piece(Some(501), None),
            piece(None, Some("%%")),
        ] {
            assert!(bad.cut(&["a"], |row| row, |row| *row).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_comes_between_two_pieces_shifts_nothing() {
        let first = Piece {
            limit: Some(2),
            cursor: None,
        };
        let answer = first.cut(&["a", "c", "e"], |row| row, |row| *row).unwrap();
        assert_eq!(answer.items, ["a", "c"]);
        let second = Piece {
            limit: Some(2),
            cursor: answer.next_cursor,
        };
        let answer = second.cut(&["a", "b", "d", "e"], |row| row, |row| *row).unwrap();
        assert_eq!(answer.items, ["d", "e"]);
        assert_eq!(answer.next_cursor, None);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole(rows in prop::collection::btree_set("[a-zé.]{1,6}", 0..40), limit in 1_usize..7) {
            let rows: Vec<String> = rows.into_iter().collect();
            let mut read = Vec::new();
            let mut cursor = None;
            loop {
                let piece = Piece { limit: Some(limit), cursor };
                let answer = piece.cut(&rows, String::as_str, Clone::clone).unwrap();
                prop_assert_eq!(answer.total, rows.len());
                read.extend(answer.items);
                cursor = answer.next_cursor;
                if cursor.is_none() { break; }
            }
            prop_assert_eq!(read, rows);
        }
    }
}
