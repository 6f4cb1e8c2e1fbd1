//! A list of anything as a page, as CSV and as JSON: the same rows, filtered and sorted once.
//!
//! ```text
//! rows ─▶ sort (?sort=name&desc=1) ─▶ page (?page=2&size=100) ─▶ table
//!                                 └▶ ?format=csv | json: all of them
//! ```

use std::collections::HashMap;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::Error;
use crate::view::number::grouped;

/// How many rows a page has when the address does not say.
const USUAL_SIZE: usize = 100;
/// How many it has at most.
const LARGEST_SIZE: usize = 1000;

/// The files that a list can be had as: the word in the address, and its title.
pub const FORMATS: [(&str, &str); 2] = [("csv", "CSV"), ("json", "JSON")];

type Text<'a, T> = Box<dyn Fn(&T) -> String + 'a>;
type Cell<'a, T> = Box<dyn Fn(&T) -> Markup + 'a>;
type Head<'a, T> = Box<dyn Fn(&T, usize) -> Markup + 'a>;
/// Puts rows in order, asking the key of each once.
type Order<'a, T> = Box<dyn Fn(&mut [T]) + 'a>;

/// A column.
pub struct Column<'a, T> {
    key: &'static str,
    title: &'static str,
    text: Text<'a, T>,
    cell: Option<Cell<'a, T>>,
    order: Option<Order<'a, T>>,
    is_number: bool,
    is_in_files_only: bool,
}

/// What rows of one group have in common, and what is shown above them.
struct Grouping<'a, T> {
    key: Text<'a, T>,
    head: Head<'a, T>,
}

impl<'a, T> Column<'a, T> {
    /// A column with the text of its cells, which CSV and JSON show, and by which it is sorted.
    pub fn new(key: &'static str, title: &'static str, text: impl Fn(&T) -> String + 'a) -> Self {
        Self {
            key,
            title,
            text: Box::new(text),
            cell: None,
            order: None,
            is_number: false,
            is_in_files_only: false,
        }
    }

    /// Leaves the column out of the page: only CSV and JSON have it.
    pub fn in_files_only(self) -> Self {
        Self {
            is_in_files_only: true,
            ..self
        }
    }

    /// Shows more than the text on the page, such as a link.
    pub fn shown(mut self, cell: impl Fn(&T) -> Markup + 'a) -> Self {
        self.cell = Some(Box::new(cell));
        self
    }

    /// Sorts by something else than the text.
    pub fn sorted_by<K: Ord>(mut self, key: impl Fn(&T) -> K + 'a) -> Self {
        self.order = Some(Box::new(move |rows: &mut [T]| rows.sort_by_cached_key(&key)));
        self
    }

    /// A column of numbers: at the right, sorted by `key`.
    pub fn number<K: Ord>(self, key: impl Fn(&T) -> K + 'a) -> Self {
        Self {
            is_number: true,
            ..self.sorted_by(key)
        }
    }
}

/// A list under construction.
pub struct List<'a, T> {
    context: &'a Context,
    name: &'static str,
    columns: Vec<Column<'a, T>>,
    rows: Vec<T>,
    empty: Markup,
    grouping: Option<Grouping<'a, T>>,
}

impl<'a, T> List<'a, T> {
    /// A list named for files, such as `exposures`; `empty` says why there is nothing, and what to do.
    pub fn new(context: &'a Context, name: &'static str, rows: Vec<T>, empty: Markup) -> Self {
        Self {
            context,
            name,
            columns: Vec::new(),
            rows,
            empty,
            grouping: None,
        }
    }

    /// Puts rows with the same key together, under a head that is made of one of them and their number. Groups stand
    /// in the order of their keys, rows in the order of the list.
    pub fn grouped_by(
        mut self,
        key: impl Fn(&T) -> String + 'a,
        head: impl Fn(&T, usize) -> Markup + 'a,
    ) -> Self {
        self.grouping = Some(Grouping {
            key: Box::new(key),
            head: Box::new(head),
        });
        self
    }

    /// Adds a column.
    pub fn column(mut self, column: Column<'a, T>) -> Self {
        self.columns.push(column);
        self
    }

    /// The rows as a file when the address asks for one; the page around them else.
    pub fn respond(mut self, page: impl FnOnce(Markup) -> Markup) -> Result<Response, Error> {
        self.sort();
        self.group();
        match self.context.parameter("format").as_deref() {
            None | Some("" | "html") => Ok(page(self.table()).into_response()),
            Some("csv") => self.csv(),
            Some("json") => Ok(self.json()),
            Some(other) => Err(Error::bad_request(format!("there is no format `{other}`"))
                .with_hint("the formats are `html`, `csv` and `json`")),
        }
    }

    /// The table of the page that the address asks for.
    pub fn table(&self) -> Markup {
        if self.rows.is_empty() {
            return self.empty.clone();
        }
        let size = self.number("size").unwrap_or(USUAL_SIZE).clamp(1, LARGEST_SIZE);
        let pages = self.rows.len().div_ceil(size);
        let page = self.number("page").unwrap_or(1).clamp(1, pages);
        let shown = self.rows.iter().skip((page - 1) * size).take(size);
        let columns: Vec<_> = self
            .columns
            .iter()
            .filter(|column| !column.is_in_files_only)
            .collect();
        let counts = self.group_counts();
        let mut last_key = None;
        let mut head_of = |row: &T| {
            let grouping = self.grouping.as_ref()?;
            let key = (grouping.key)(row);
            if last_key.as_ref() == Some(&key) {
                return None;
            }
            let count = counts.get(&key).copied().unwrap_or_default();
            last_key = Some(key);
            Some((grouping.head)(row, count))
        };
        html! {
            div.scroll tabindex="0" role="region" aria-label=(self.name) {
                table.list {
                    thead { tr { @for column in &columns { (self.head(column)) } } }
                    tbody { @for row in shown {
                        @if let Some(head) = head_of(row) {
                            tr.group { th colspan=(columns.len()) scope="rowgroup" { (head) } }
                        }
                        tr { @for column in &columns {
                            td class=[column.is_number.then_some("number")] {
                                @match &column.cell { Some(cell) => (cell(row)), None => ((column.text)(row)) }
                            }
                        } }
                    } }
                }
            }
            (self.foot(page, pages))
        }
    }

    fn head(&self, column: &Column<'_, T>) -> Markup {
        let (sorted, is_descending) = self.sorting();
        let is_sorted = sorted.as_deref() == Some(column.key);
        let order = is_sorted.then_some(if is_descending { "descending" } else { "ascending" });
        let descending = if is_sorted && !is_descending {
            Some("1")
        } else {
            None
        };
        let address = self.address(&[("sort", Some(column.key)), ("desc", descending), ("page", None)]);
        html! {
            th class=[column.is_number.then_some("number")] scope="col" aria-sort=[order] {
                a href=(address) { (column.title) @if is_sorted { span.order aria-hidden="true" { @if is_descending { " ↓" } @else { " ↑" } } } }
            }
        }
    }

    fn foot(&self, page: usize, pages: usize) -> Markup {
        let to = |page: usize| self.address(&[("page", Some(&page.to_string()))]);
        html! {
            nav.pages aria-label="Pages" {
                span { (grouped(self.rows.len() as u64)) " in all" }
                @if pages > 1 {
                    @if page > 1 { a rel="prev" href=(to(page - 1)) { "Previous" } }
                    span { "page " (page) " of " (pages) }
                    @if page < pages { a rel="next" href=(to(page + 1)) { "Next" } }
                }
                span.formats {
                    a href=(self.address(&[("format", Some("csv"))])) { "CSV" } " "
                    a href=(self.address(&[("format", Some("json"))])) { "JSON" }
                }
            }
        }
    }

    /// The present address with some parameters changed.
    fn address(&self, changes: &[(&str, Option<&str>)]) -> String {
        let uri = &self.context.uri;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let present = uri.query().unwrap_or_default().as_bytes();
        for (name, value) in url::form_urlencoded::parse(present) {
            if !changes.iter().any(|(changed, _)| *changed == name) {
                query.append_pair(&name, &value);
            }
        }
        for (name, value) in changes {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() {
            uri.path().to_owned()
        } else {
            format!("{}?{query}", uri.path())
        }
    }

    fn sorting(&self) -> (Option<String>, bool) {
        (
            self.context.parameter("sort"),
            self.context.parameter("desc").as_deref() == Some("1"),
        )
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.context.parameter(name)?.parse().ok()
    }

    /// By the column that the address names; as given without one, so that the maker's own order holds.
    fn sort(&mut self) {
        let (Some(key), is_descending) = self.sorting() else {
            return;
        };
        let Some(column) = self.columns.iter().find(|column| column.key == key) else {
            return;
        };
        match &column.order {
            Some(order) => order(&mut self.rows),
            None => self
                .rows
                .sort_by_cached_key(|row| (column.text)(row).to_lowercase()),
        }
        if is_descending {
            self.rows.reverse();
        }
    }

    /// After [`Self::sort`], which holds within each group.
    fn group(&mut self) {
        if let Some(grouping) = &self.grouping {
            self.rows.sort_by_cached_key(|row| (grouping.key)(row));
        }
    }

    fn group_counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        if let Some(grouping) = &self.grouping {
            for row in &self.rows {
                *counts.entry((grouping.key)(row)).or_insert(0) += 1;
            }
        }
        counts
    }

    fn csv(&self) -> Result<Response, Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |_| Error::internal();
        writer
            .write_record(self.columns.iter().map(|column| column.key))
            .map_err(failed)?;
        for row in &self.rows {
            let cells = self.columns.iter().map(|column| harmless((column.text)(row)));
            writer.write_record(cells).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|_| Error::internal())?;
        let name = format!("attachment; filename=\"{}.csv\"", self.name);
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (CONTENT_DISPOSITION, name),
        ];
        Ok((headers, bytes).into_response())
    }

    fn json(&self) -> Response {
        let row = |row: &T| {
            let cells = self.columns.iter();
            let cells = cells.map(|column| (column.key.to_owned(), Value::String((column.text)(row))));
            Value::Object(cells.collect::<Map<_, _>>())
        };
        axum::Json(self.rows.iter().map(row).collect::<Vec<_>>()).into_response()
    }
}

/// Whether the address asks for a file in place of a page.
pub fn is_file(context: &Context) -> bool {
    let format = context.parameter("format");
    format.is_some_and(|format| !matches!(format.as_str(), "" | "html"))
}

/// A cell that a spreadsheet does not take for a formula (OWASP, CSV injection).
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        format!("'{text}")
    } else {
        text
    }
}

impl<T> std::fmt::Debug for List<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "List({}, {} rows)", self.name, self.rows.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_meets_no_formula() {
        assert_eq!(harmless("=cmd|'/c calc'!A0".to_owned()), "'=cmd|'/c calc'!A0");
        assert_eq!(harmless("-12.5".to_owned()), "-12.5");
        assert_eq!(harmless("orders".to_owned()), "orders");
    }
}
