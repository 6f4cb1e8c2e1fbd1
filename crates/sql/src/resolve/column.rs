//! Which column a name means.
//!
//! The text is taken to be valid: a warehouse has accepted it. So a name that one relation is
//! known to have is not also a column of the open table beside it, and a name that nothing is
//! known to have belongs to the only open table in sight. Where two open tables could own it,
//! it is given to neither, and a note says so.

use std::borrow::Cow;

use sqlparser::ast::Ident;
use tailwater_core::dialect::Dialect;

use crate::upstream::Note;

use super::ledger::{ColumnId, TableId};
use super::pseudo;
use super::scope::{AliasRule, Binding, Bound, Scope};
use super::shape::{Found, Open, Shape, Sources};
use super::statement::Resolver;

/// The outcome of a search in one scope.
enum Hit {
    /// Found; the sources are collected.
    Done,
    /// More than one candidate.
    Ambiguous,
    /// Not in this scope.
    Absent,
}

/// What one binding says about a name.
pub(super) enum Answer {
    Known,
    Open,
    Ambiguous,
    Absent,
}

impl<'a> Resolver<'_, 'a> {
    /// Reads the column that `parts` name and adds its sources to `into`.
    pub(super) fn column(&mut self, parts: &[&'a Ident], scope: &Scope<'_, 'a>, into: &mut Vec<ColumnId>) {
        match parts {
            [] => {}
            [only] => self.unqualified(only, scope, into),
            _ => self.qualified(parts, scope, into),
        }
    }

    fn qualified(&mut self, parts: &[&'a Ident], scope: &Scope<'_, 'a>, into: &mut Vec<ColumnId>) {
        let keys: Vec<Cow<'a, str>> = parts.iter().map(|part| self.key(part)).collect();
        let mut level = Some(scope);
        while let Some(here) = level {
            if here.locals.contains(&keys[0]) {
                return;
            }
            if let Some((binding, used)) = best_qualifier(here.bindings(), &keys) {
                let Some(column) = parts.get(used) else {
                    // The whole name is a relation: its row.
                    self.row(binding, into);
                    return;
                };
                let is_property =
                    column.quote_style.is_none() && pseudo::is_row_property(self.dialect, &column.value);
                if !is_property {
                    self.read_from_binding(binding, &keys[used], &column.value, into);
                }
                return;
            }
            level = here.parent;
        }
        if let Some((binding, used)) = longer_qualifier(scope, &keys) {
            self.read_from_binding(binding, &keys[used], &parts[used].value, into);
        } else if has_struct_columns(self.dialect) {
            // `payload.user.id`: a field of a column.
            self.unqualified(parts[0], scope, into);
        } else if !pseudo::is_pseudo_row(self.dialect, &parts[0].value) && !lenient(scope) {
            self.ledger.note(|| Note::UnknownColumn {
                column: dotted(parts),
            });
        }
    }

    fn unqualified(&mut self, name: &'a Ident, scope: &Scope<'_, 'a>, into: &mut Vec<ColumnId>) {
        if name.quote_style.is_none() && pseudo::is_pseudo_column(self.dialect, &name.value) {
            return;
        }
        let key = self.key(name);
        if self.dialect == Dialect::ClickHouse
            && let Some(shape) = self.find_cte(&key)
        {
            // `with (select max(v) from t) as m`: a scalar that is used like a column.
            self.shape_row(&shape, into);
            return;
        }
        let mut level = Some(scope);
        while let Some(here) = level {
            if here.locals.contains(&key) {
                return;
            }
            match self.in_scope(&key, name, here, into) {
                Hit::Done => return,
                Hit::Ambiguous => {
                    self.ledger.note(|| Note::AmbiguousColumn {
                        column: name.value.clone(),
                    });
                    return;
                }
                Hit::Absent => level = here.parent,
            }
        }
        if !lenient(scope) {
            self.ledger.note(|| Note::UnknownColumn {
                column: name.value.clone(),
            });
        }
    }

    fn in_scope(
        &mut self,
        key: &str,
        name: &'a Ident,
        here: &Scope<'_, 'a>,
        into: &mut Vec<ColumnId>,
    ) -> Hit {
        if let Some(merged) = here.merged().iter().find(|merged| merged.key == key) {
            for &owner in &merged.owners {
                self.read_from_binding(&here.bindings()[owner], key, &name.value, into);
            }
            return Hit::Done;
        }
        let alias = here.aliases.and_then(|(columns, rule)| {
            let column = columns
                .iter()
                .rev()
                .find(|column| column.name.as_ref().is_some_and(|name| name.key == key))?;
            Some((column, rule))
        });
        if let Some((column, AliasRule::Always)) = alias {
            self.ledger.collect(&column.sources, into);
            return Hit::Done;
        }

        let mut known: Option<usize> = None;
        let mut open: Option<usize> = None;
        let mut opaque: Option<usize> = None;
        let mut open_count = 0;
        for (position, binding) in here.bindings().iter().enumerate() {
            if binding.qualified_only {
                continue;
            }
            match self.ask(binding, key) {
                Answer::Known if known.is_some() => return Hit::Ambiguous,
                Answer::Known => known = Some(position),
                Answer::Open if is_opaque(binding) => opaque = opaque.or(Some(position)),
                Answer::Open => {
                    open = Some(position);
                    open_count += 1;
                }
                Answer::Ambiguous => open_count += 2,
                Answer::Absent => {}
            }
        }
        if let Some(position) = known {
            self.read_from_binding(&here.bindings()[position], key, &name.value, into);
            return Hit::Done;
        }
        if let Some((column, AliasRule::WhenUnknown)) = alias {
            let own_column = (open_count == 1 && self.dialect != Dialect::ClickHouse)
                .then_some(open)
                .flatten()
                .filter(|&position| self.is_computed_from(&column.sources, &here.bindings()[position], key));
            match own_column {
                Some(position) => self.read_from_binding(&here.bindings()[position], key, &name.value, into),
                None => self.ledger.collect(&column.sources, into),
            }
            return Hit::Done;
        }
        // `select o from orders as o` is the row, and so is the element of an unnested array.
        if let Some(binding) = here
            .bindings()
            .iter()
            .find(|binding| binding.aliased && binding.names.last().is_some_and(|name| name == key))
        {
            self.row(binding, into);
            return Hit::Done;
        }
        match (open_count, open.or(opaque)) {
            (0 | 1, Some(position)) => {
                self.read_from_binding(&here.bindings()[position], key, &name.value, into);
                Hit::Done
            }
            (0, None) => Hit::Absent,
            _ => Hit::Ambiguous,
        }
    }

    pub(super) fn ask(&self, binding: &Binding<'a>, key: &str) -> Answer {
        match &binding.of {
            Bound::Table(table) => match self.ledger.known_columns(*table) {
                None => Answer::Open,
                Some(known) => {
                    if known.iter().any(|column| same_column(&column.key, key)) {
                        Answer::Known
                    } else {
                        Answer::Absent
                    }
                }
            },
            Bound::Shape(shape) => match shape.find(key) {
                Found::Column(_) => Answer::Known,
                Found::Open(Open::Tables(tables)) => match &tables[..] {
                    [table] => self.ask_table(*table, key),
                    _ => Answer::Open,
                },
                Found::Open(Open::Value(_)) => Answer::Open,
                Found::Ambiguous => Answer::Ambiguous,
                Found::Absent => Answer::Absent,
            },
        }
    }

    fn ask_table(&self, table: TableId, key: &str) -> Answer {
        match self.ledger.known_columns(table) {
            None => Answer::Open,
            Some(known) if known.iter().any(|column| same_column(&column.key, key)) => Answer::Known,
            Some(_) => Answer::Absent,
        }
    }

    /// Reads the column `key` of one relation.
    pub(super) fn read_from_binding(
        &mut self,
        binding: &Binding<'a>,
        key: &str,
        text: &str,
        into: &mut Vec<ColumnId>,
    ) {
        match &binding.of {
            Bound::Table(table) => into.push(self.table_column(*table, key, text)),
            Bound::Shape(shape) => self.read_from_shape(shape, key, text, into),
        }
    }

    fn read_from_shape(&mut self, shape: &Shape<'a>, key: &str, text: &str, into: &mut Vec<ColumnId>) {
        match shape.find(key) {
            Found::Column(sources) => self.ledger.collect(sources, into),
            Found::Open(open) => self.read_from_open(open, key, text, into),
            Found::Ambiguous => self.ledger.note(|| Note::AmbiguousColumn {
                column: text.to_owned(),
            }),
            Found::Absent => self.ledger.note(|| Note::UnknownColumn {
                column: text.to_owned(),
            }),
        }
    }

    /// Reads a column through a `*`.
    pub(super) fn read_from_open(&mut self, open: &Open, key: &str, text: &str, into: &mut Vec<ColumnId>) {
        match open {
            Open::Tables(tables) => {
                for &table in tables.iter() {
                    let column = self.table_column(table, key, text);
                    into.push(column);
                }
            }
            Open::Value(sources) => self.ledger.collect(sources, into),
        }
    }

    /// Reads a column of an upstream table, spelled as the known columns spell it.
    pub(super) fn table_column(&mut self, table: TableId, key: &str, text: &str) -> ColumnId {
        if let Some(known) = self.ledger.known_columns(table)
            && let Some(column) = known
                .iter()
                .find(|column| column.key == key)
                .or_else(|| known.iter().find(|column| same_column(&column.key, key)))
        {
            return self.ledger.column(table, &column.key, &column.text);
        }
        self.ledger.column(table, key, text)
    }

    /// Reads a whole row of a relation.
    pub(super) fn row(&mut self, binding: &Binding<'a>, into: &mut Vec<ColumnId>) {
        match &binding.of {
            Bound::Table(table) => self.table_row(*table, into),
            Bound::Shape(shape) => self.shape_row(shape, into),
        }
    }

    fn table_row(&mut self, table: TableId, into: &mut Vec<ColumnId>) {
        match self.ledger.known_columns(table) {
            None => into.push(self.ledger.all_columns(table)),
            Some(known) => {
                for column in known.iter() {
                    into.push(self.ledger.column(table, &column.key, &column.text));
                }
            }
        }
    }

    /// All sources of a shape.
    pub(super) fn shape_row(&mut self, shape: &Shape<'a>, into: &mut Vec<ColumnId>) {
        for item in &shape.items {
            match item {
                super::shape::Item::Column(column) => self.ledger.collect(&column.sources, into),
                super::shape::Item::Star(star) => self.star_row(&star.of, into),
            }
        }
    }

    /// All sources behind a `*`.
    pub(super) fn star_row(&mut self, open: &Open, into: &mut Vec<ColumnId>) {
        match open {
            Open::Tables(tables) => {
                for &table in tables.iter() {
                    into.push(self.ledger.all_columns(table));
                }
            }
            Open::Value(sources) => self.ledger.collect(sources, into),
        }
    }

    /// Whether `sources` hold the column `key` of the open table behind `binding`, which proves
    /// that the table has such a column.
    fn is_computed_from(&self, sources: &Sources, binding: &Binding<'a>, key: &str) -> bool {
        let tables: &[TableId] = match &binding.of {
            Bound::Table(table) => std::slice::from_ref(table),
            Bound::Shape(shape) => match shape.find(key) {
                Found::Open(Open::Tables(tables)) => tables,
                _ => &[],
            },
        };
        tables.iter().any(|&table| {
            self.ledger
                .find_column(table, key)
                .is_some_and(|column| sources.binary_search(&column).is_ok())
        })
    }
}

/// The binding that the longest prefix of `keys` names, and how many parts that took.
///
/// A binding of several parts (`db.schema.table` without an alias) answers to each of its tails.
/// Of equal prefixes the later binding is not preferred: names in one FROM are unique.
pub(super) fn best_qualifier<'b, 'a>(
    bindings: &'b [Binding<'a>],
    keys: &[Cow<'a, str>],
) -> Option<(&'b Binding<'a>, usize)> {
    let mut best: Option<(&Binding<'a>, usize)> = None;
    for binding in bindings {
        let names = &binding.names;
        for used in 1..=names.len().min(keys.len()) {
            if names[names.len() - used..] == keys[..used] && best.is_none_or(|(_, longest)| used > longest) {
                best = Some((binding, used));
            }
        }
    }
    best
}

/// The binding that more of `keys` name than its own name has parts: `public.orders.id` over
/// `from orders`. Only a table without an alias can be called so.
fn longer_qualifier<'s, 'a>(
    scope: &'s Scope<'_, 'a>,
    keys: &[Cow<'a, str>],
) -> Option<(&'s Binding<'a>, usize)> {
    let mut level = Some(scope);
    while let Some(here) = level {
        for used in 2..keys.len() {
            let found = here.bindings().iter().find(|binding| {
                !binding.aliased
                    && matches!(binding.of, Bound::Table(_))
                    && binding.names.len() < used
                    && keys[..used].ends_with(&binding.names)
                    && !binding.names.is_empty()
            });
            if let Some(binding) = found {
                return Some((binding, used));
            }
        }
        level = here.parent;
    }
    None
}

/// Whether two folded names of columns are the same to a warehouse whose catalog may spell them
/// in another case than the text.
pub(super) fn same_column(known: &str, key: &str) -> bool {
    known == key || known.eq_ignore_ascii_case(key)
}

fn is_opaque(binding: &Binding<'_>) -> bool {
    matches!(&binding.of, Bound::Shape(shape) if shape.items.iter().all(|item| matches!(
        item,
        super::shape::Item::Star(super::shape::Star { of: Open::Value(_), .. })
    )))
}

/// Whether a dot after a column can reach into it.
fn has_struct_columns(dialect: Dialect) -> bool {
    !matches!(
        dialect,
        Dialect::Postgres | Dialect::SqlServer | Dialect::MySql | Dialect::Sqlite | Dialect::Teradata
    )
}

fn lenient(scope: &Scope<'_, '_>) -> bool {
    let mut level = Some(scope);
    while let Some(here) = level {
        if here.is_lenient {
            return true;
        }
        level = here.parent;
    }
    false
}

fn dotted(parts: &[&Ident]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&part.value);
    }
    text
}
