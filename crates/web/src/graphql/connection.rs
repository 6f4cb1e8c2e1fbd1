//! Pages of nodes.

use std::borrow::Cow;

use async_graphql::{OutputType, SimpleObject, TypeName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tailwater_engine::catalog::Catalog;

use super::limit::{LARGEST_PAGE, USUAL_PAGE};

/// Where a page stands among all.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether there are nodes after it.
    has_next_page: bool,
    /// Whether there are nodes before it.
    has_previous_page: bool,
    /// The cursor of its first node.
    start_cursor: Option<String>,
    /// The cursor of its last node: `after` of the next page.
    end_cursor: Option<String>,
}

/// A node and its place.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name_type)]
pub struct Edge<T: OutputType> {
    /// Its place; opaque.
    cursor: String,
    /// The node.
    node: T,
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// A page of nodes, sorted by `uniqueId`.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name_type)]
pub struct Connection<T: OutputType> {
    /// The nodes with their places.
    edges: Vec<Edge<T>>,
    /// Where the page stands.
    page_info: PageInfo,
    /// How many nodes there are on all pages.
    total_count: usize,
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// Which page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub first: Option<i32>,
    pub after: Option<String>,
}

impl Page {
    /// Cuts the page out of rows that are sorted by the text that `key` finds, unique among them.
    pub fn cut<R, T: OutputType>(
        &self,
        rows: &[R],
        key: impl Fn(&R) -> String,
        mut show: impl FnMut(&R) -> T,
    ) -> async_graphql::Result<Connection<T>> {
        let first = match self.first {
            None => USUAL_PAGE,
            Some(first) => usize::try_from(first)
                .ok()
                .filter(|first| *first <= LARGEST_PAGE)
                .ok_or_else(|| {
                    let message = format!("`first` is {first}, and may be 0 to {LARGEST_PAGE}");
                    refuse("TW-GRAPHQL-PAGE", message, "ask for the next page with `after`")
                })?,
        };
        let after = self.after.as_deref().map(decode).transpose()?;
        let start = after.map_or(0, |after| rows.partition_point(|row| key(row) <= after));
        let piece = &rows[start..rows.len().min(start + first)];
        let edges: Vec<Edge<T>> = piece
            .iter()
            .map(|row| Edge {
                cursor: URL_SAFE_NO_PAD.encode(key(row)),
                node: show(row),
            })
            .collect();
        Ok(Connection {
            page_info: PageInfo {
                has_next_page: start + edges.len() < rows.len(),
                has_previous_page: start > 0,
                start_cursor: edges.first().map(|edge| edge.cursor.clone()),
                end_cursor: edges.last().map(|edge| edge.cursor.clone()),
            },
            edges,
            total_count: rows.len(),
        })
    }

    /// Cuts the page out of positions of the catalog, which are in the order of ids.
    pub fn cut_positions<T: OutputType>(
        &self,
        catalog: &Catalog,
        positions: &[usize],
        mut show: impl FnMut(usize) -> T,
    ) -> async_graphql::Result<Connection<T>> {
        let id = |position: &usize| {
            let ids = catalog.graph().ids();
            ids.get(*position).map(ToString::to_string).unwrap_or_default()
        };
        self.cut(positions, id, |&position| show(position))
    }
}

fn decode(cursor: &str) -> async_graphql::Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            refuse(
                "TW-GRAPHQL-CURSOR",
                "`after` is no cursor of ours",
                "hand `endCursor` back as it came",
            )
        })
}

/// An error with a code and advice.
pub fn refuse(code: &'static str, message: impl Into<String>, hint: &str) -> async_graphql::Error {
    use async_graphql::ErrorExtensions as _;
    async_graphql::Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code);
        extensions.set("hint", hint);
    })
}

/// An error of the web in GraphQL's shape.
pub fn from_web(error: &crate::error::Error) -> async_graphql::Error {
    use async_graphql::ErrorExtensions as _;
    async_graphql::Error::new(error.message.clone()).extend_with(|_, extensions| {
        extensions.set("code", error.code);
        if let Some(hint) = &error.hint {
            extensions.set("hint", hint.clone());
        }
        if let Some(position) = error.position {
            extensions.set("position", position);
        }
    })
}
