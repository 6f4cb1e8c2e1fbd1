//! Tables for people: no borders, columns two blanks apart, cells broken where the width demands it.

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, presets};

use crate::document::{self, Style};
use crate::escape;

/// A cell: text of one meaning.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    style: Style,
    is_number: bool,
}

impl Cell {
    /// Running text.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: escape::to_line(text.as_ref()).into_owned(),
            ..Self::default()
        }
    }

    /// A number, which stands at the right.
    pub fn number(number: usize) -> Self {
        Self {
            text: number.to_string(),
            is_number: true,
            ..Self::default()
        }
    }

    /// Several texts, one below the other.
    pub fn lines(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let lines: Vec<String> = texts
            .into_iter()
            .map(|text| escape::to_line(text.as_ref()).into_owned())
            .collect();
        Self {
            text: lines.join("\n"),
            ..Self::default()
        }
    }

    /// Running text that ends in an ellipsis when it is wider than the given number of columns.
    pub fn clipped(text: impl AsRef<str>, width: usize) -> Self {
        Self::new(document::clipped(text.as_ref(), width))
    }

    /// The same text with a meaning.
    pub const fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    fn render(&self) -> comfy_table::Cell {
        let cell = comfy_table::Cell::new(&self.text);
        let cell = if self.is_number {
            cell.set_alignment(CellAlignment::Right)
        } else {
            cell
        };
        match self.style {
            Style::Plain => cell,
            Style::Strong => cell.add_attribute(Attribute::Bold),
            Style::Faint => cell.add_attribute(Attribute::Dim),
            Style::Good => cell.fg(Color::DarkGreen),
            Style::Warning => cell.fg(Color::DarkYellow),
            Style::Bad => cell.fg(Color::DarkRed),
            Style::Literal => cell.fg(Color::DarkCyan),
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Rows of cells under titles.
#[derive(Debug, Clone)]
pub struct Table {
    titles: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    indent: u16,
    is_unbroken: bool,
}

impl Table {
    /// A table with the given titles, one for each column; without a title row when all are empty.
    pub fn new(titles: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            titles: titles.into_iter().collect(),
            rows: Vec::new(),
            indent: 0,
            is_unbroken: false,
        }
    }

    /// Blanks in front of every row.
    pub const fn indent(mut self, blanks: u16) -> Self {
        self.indent = blanks;
        self
    }

    /// Lets rows run over the width instead of breaking cells: for identifiers that people copy.
    pub const fn unbroken(mut self) -> Self {
        self.is_unbroken = true;
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Appends the table's text, a line break behind every row.
    pub(crate) fn write(&self, text: &mut String, width: usize, is_coloured: bool) {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(presets::NOTHING)
            .set_content_arrangement(if self.is_unbroken {
                ContentArrangement::Disabled
            } else {
                ContentArrangement::Dynamic
            })
            .set_width(u16::try_from(width).unwrap_or(u16::MAX));
        if is_coloured {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if self.titles.iter().any(|title| !title.is_empty()) {
            let is_number = |column: usize| {
                self.rows
                    .iter()
                    .any(|row| row.get(column).is_some_and(|cell| cell.is_number))
            };
            let titles = self.titles.iter().enumerate().map(|(column, title)| {
                let cell = Cell {
                    is_number: is_number(column),
                    ..Cell::new(title)
                };
                cell.styled(Style::Strong).render()
            });
            table.set_header(titles.collect::<Vec<_>>());
        }
        for row in &self.rows {
            table.add_row(row.iter().map(Cell::render).collect::<Vec<_>>());
        }
        for (position, column) in table.column_iter_mut().enumerate() {
            let left = if position == 0 { self.indent } else { 2 };
            column.set_padding((left, 0));
        }
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table, width: usize, is_coloured: bool) -> String {
        let mut text = String::new();
        table.write(&mut text, width, is_coloured);
        text
    }

    #[test]
    fn columns_stand_two_blanks_apart_and_numbers_at_the_right() {
        let mut table = Table::new(["NAME", "NODES"]);
        table.row([Cell::new("orders"), Cell::number(7)]);
        table.row([Cell::new("a longer name"), Cell::number(12)]);
        insta::assert_snapshot!(text(&table, 80, false), @r"
        NAME           NODES
        orders             7
        a longer name     12
        ");
    }

    #[test]
    fn cells_break_where_the_width_demands_it() {
        let mut table = Table::new(["", ""]).indent(2);
        table.row([Cell::new("key"), Cell::new("some words that do not fit")]);
        insta::assert_snapshot!(text(&table, 22, false), @"
          key  some words that
               do not fit
        ");
    }

    #[test]
    fn strangers_do_not_colour_cells() {
        let mut table = Table::new([""]);
        table.row([Cell::new("\u{1b}[31mred\nline")]);
        assert_eq!(text(&table, 80, true), "red line\n");
    }
}
