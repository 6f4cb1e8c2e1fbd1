//! What has been found so far: upstream tables, their columns, notes, and the work done.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::name::TableName;
use crate::request::KnownColumns;
use crate::upstream::{ColumnRef, Note, TableUse, Upstream};

use super::shape::Sources;

/// An upstream table, by its position in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TableId(u32);

/// A column of an upstream table, by its position in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ColumnId(u32);

/// The most source references that one text may collect while columns are traced. Real queries
/// stay below a few thousand; only products of wide unions and deep expressions reach it.
const TRACE_BUDGET: usize = 4_000_000;

/// The name of the column that stands for all columns of an open table.
const ALL: &str = "*";

/// Everything that is left of a text at the end.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Sorted by folded name.
    pub(crate) tables: Vec<TableUse>,
    /// Of the last statement that has a result.
    pub(crate) columns: Vec<crate::upstream::OutputColumn>,
    /// In order of appearance.
    pub(crate) notes: Vec<Note>,
}

#[derive(Debug)]
struct Table {
    name: TableName,
    /// The folded name, for order.
    key: String,
    /// Folded name of a column to its id.
    columns: HashMap<Box<str>, ColumnId>,
    known: Option<Rc<[KnownColumn]>>,
    all_columns: bool,
}

/// A column that somebody knows a relation to have.
#[derive(Debug)]
pub(super) struct KnownColumn {
    pub(super) text: String,
    /// Folded as if it were written without quotes.
    pub(super) key: String,
}

#[derive(Debug)]
struct Column {
    table: TableId,
    text: Box<str>,
}

/// Collects tables, columns and notes; hands out ids for them.
pub(super) struct Ledger<'r> {
    tables: Vec<Table>,
    by_key: HashMap<String, TableId>,
    columns: Vec<Column>,
    notes: Vec<Note>,
    noted: HashSet<Note>,
    known: Option<&'r dyn KnownColumns>,
    /// Source references still to be spent.
    budget: usize,
    nothing: Sources,
}

impl<'r> Ledger<'r> {
    pub(super) fn new(known: Option<&'r dyn KnownColumns>) -> Self {
        Self {
            tables: Vec::new(),
            by_key: HashMap::new(),
            columns: Vec::new(),
            notes: Vec::new(),
            noted: HashSet::new(),
            known,
            budget: TRACE_BUDGET,
            nothing: Rc::from([]),
        }
    }

    /// The table of this folded name, entered with `name` when it is new.
    pub(super) fn table(
        &mut self,
        key: &str,
        name: impl FnOnce() -> TableName,
        fold_column: impl Fn(&str) -> String,
    ) -> TableId {
        if let Some(&id) = self.by_key.get(key) {
            return id;
        }
        let name = name();
        let known = self
            .known
            .and_then(|known| known.columns_of(&name))
            .map(|columns| {
                columns
                    .into_iter()
                    .map(|text| KnownColumn {
                        key: fold_column(&text),
                        text,
                    })
                    .collect()
            });
        let id = TableId(u32::try_from(self.tables.len()).unwrap_or(u32::MAX));
        self.tables.push(Table {
            name,
            key: key.to_owned(),
            columns: HashMap::new(),
            known,
            all_columns: false,
        });
        self.by_key.insert(key.to_owned(), id);
        id
    }

    pub(super) fn known_columns(&self, table: TableId) -> Option<Rc<[KnownColumn]>> {
        self.tables[table.0 as usize].known.clone()
    }

    /// The column of `table` with this folded name, entered as read when it is new.
    pub(super) fn column(&mut self, table: TableId, key: &str, text: &str) -> ColumnId {
        let columns = &mut self.tables[table.0 as usize].columns;
        if let Some(&id) = columns.get(key) {
            return id;
        }
        let id = ColumnId(u32::try_from(self.columns.len()).unwrap_or(u32::MAX));
        columns.insert(key.into(), id);
        self.columns.push(Column {
            table,
            text: text.into(),
        });
        id
    }

    /// The column of `table` with this folded name, if it was read before.
    pub(super) fn find_column(&self, table: TableId, key: &str) -> Option<ColumnId> {
        self.tables[table.0 as usize].columns.get(key).copied()
    }

    /// The column that stands for all columns of an open table.
    pub(super) fn all_columns(&mut self, table: TableId) -> ColumnId {
        self.tables[table.0 as usize].all_columns = true;
        self.column(table, ALL, ALL)
    }

    /// No sources at all.
    pub(super) fn nothing(&self) -> Sources {
        Rc::clone(&self.nothing)
    }

    /// Turns collected ids into sources: sorted, each once, paid from the budget.
    pub(super) fn sources(&mut self, collected: &mut Vec<ColumnId>) -> Sources {
        if collected.is_empty() {
            return self.nothing();
        }
        if self.budget < collected.len() {
            self.note(|| Note::LineageCutShort);
            collected.clear();
            return self.nothing();
        }
        self.budget -= collected.len();
        if collected.len() > 1 {
            collected.sort_unstable();
            collected.dedup();
        }
        let sources = Rc::from(collected.as_slice());
        collected.clear();
        sources
    }

    /// Adds `sources` to what is being collected, as far as the budget allows.
    pub(super) fn collect(&mut self, sources: &[ColumnId], into: &mut Vec<ColumnId>) {
        if self.budget < sources.len() {
            self.note(|| Note::LineageCutShort);
            return;
        }
        // One reference is free: it costs no more than the token that named it.
        self.budget -= sources.len().saturating_sub(1);
        into.extend_from_slice(sources);
    }

    /// Pays for `count` references that are copied elsewhere.
    pub(super) fn charge(&mut self, count: usize) {
        self.budget = self.budget.saturating_sub(count);
    }

    /// Whether nothing more can be traced.
    pub(super) fn is_spent(&self) -> bool {
        self.budget == 0
    }

    /// Keeps a note, once, up to the limit.
    pub(super) fn note(&mut self, note: impl FnOnce() -> Note) {
        if self.notes.len() >= Upstream::MAX_NOTES {
            return;
        }
        let note = note();
        if self.noted.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    /// A reference that can leave the crate.
    pub(super) fn reference(&self, column: ColumnId) -> ColumnRef {
        let column = &self.columns[column.0 as usize];
        ColumnRef {
            table: self.tables[column.table.0 as usize].name.clone(),
            column: column.text.to_string(),
        }
    }

    /// The tables in the order of their folded names, and the notes.
    pub(super) fn finish(self) -> (Vec<TableUse>, Vec<Note>) {
        let columns = self.columns;
        let mut tables = self.tables;
        tables.sort_by(|left, right| left.key.cmp(&right.key));
        let tables = tables
            .into_iter()
            .map(|table| {
                let mut names: Vec<String> = table
                    .columns
                    .iter()
                    .filter(|(key, _)| key.as_ref() != ALL)
                    .map(|(_, id)| columns[id.0 as usize].text.to_string())
                    .collect();
                names.sort_unstable();
                TableUse {
                    wildcard: table.name.table().ends_with('*'),
                    name: table.name,
                    columns: names,
                    all_columns: table.all_columns,
                }
            })
            .collect();
        (tables, self.notes)
    }
}
