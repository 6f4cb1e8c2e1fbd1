//! The shape of a query's result: its columns and where each comes from.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::ledger::{ColumnId, TableId};

/// The upstream columns that a value is computed from: sorted, each once.
pub(super) type Sources = Rc<[ColumnId]>;

/// Shapes with more columns than this are looked up through an index.
const INDEXED_FROM: usize = 12;

/// A name as written and as compared.
#[derive(Debug, Clone)]
pub(super) struct Name<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) key: Cow<'a, str>,
}

/// A column of a result.
#[derive(Debug, Clone)]
pub(super) struct ResultColumn<'a> {
    /// `None` for an expression that the statement gives no name.
    pub(super) name: Option<Name<'a>>,
    pub(super) sources: Sources,
}

/// The columns of one or several open tables, passed on through a `*`.
#[derive(Debug, Clone)]
pub(super) struct Star<'a> {
    pub(super) of: Open,
    /// The folded names of columns that are not passed on.
    pub(super) except: Rc<[Cow<'a, str>]>,
}

/// Something that may have any column.
#[derive(Debug, Clone)]
pub(super) enum Open {
    /// A column of this name belongs to every one of these tables (the branches of a union).
    Tables(Rc<[TableId]>),
    /// A value with fields of its own, such as an unnested array: any field of it comes from
    /// these columns.
    Value(Sources),
}

/// One position of a result.
#[derive(Debug, Clone)]
pub(super) enum Item<'a> {
    Column(ResultColumn<'a>),
    Star(Star<'a>),
}

/// The columns of a query's result in their order.
#[derive(Debug, Default)]
pub(super) struct Shape<'a> {
    pub(super) items: Vec<Item<'a>>,
    index: OnceCell<HashMap<Cow<'a, str>, usize>>,
}

/// What a shape knows about a name.
#[derive(Debug)]
pub(super) enum Found<'s> {
    /// It has the column.
    Column(&'s Sources),
    /// It may have it.
    Open(&'s Open),
    /// Two or more parts of it may have it.
    Ambiguous,
    Absent,
}

impl<'a> Shape<'a> {
    pub(super) fn new(items: Vec<Item<'a>>) -> Self {
        Self {
            items,
            index: OnceCell::new(),
        }
    }

    /// A shape of which any name is a part of `sources`.
    pub(super) fn value(sources: Sources) -> Self {
        Self::new(vec![Item::Star(Star {
            of: Open::Value(sources),
            except: Rc::default(),
        })])
    }

    /// Whether nothing but the listed columns can be in it.
    pub(super) fn is_closed(&self) -> bool {
        self.items.iter().all(|item| matches!(item, Item::Column(_)))
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = &ResultColumn<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Column(column) => Some(column),
            Item::Star(_) => None,
        })
    }

    fn column(&self, key: &str) -> Option<&ResultColumn<'a>> {
        let has_name = |column: &ResultColumn<'_>| column.name.as_ref().is_some_and(|name| name.key == key);
        if self.items.len() < INDEXED_FROM {
            return self.columns().find(|column| has_name(column));
        }
        let index = self.index.get_or_init(|| {
            let mut index = HashMap::with_capacity(self.items.len());
            for (position, item) in self.items.iter().enumerate() {
                if let Item::Column(ResultColumn { name: Some(name), .. }) = item {
                    index.entry(name.key.clone()).or_insert(position);
                }
            }
            index
        });
        match index.get(key).map(|&position| &self.items[position]) {
            Some(Item::Column(column)) => Some(column),
            _ => None,
        }
    }

    /// Looks for a column by its folded name. A column that is listed wins over a `*` that may
    /// hold it: the text is taken to be valid, so the `*` does not hold it too.
    pub(super) fn find(&self, key: &str) -> Found<'_> {
        if let Some(column) = self.column(key) {
            return Found::Column(&column.sources);
        }
        let mut found = Found::Absent;
        for item in &self.items {
            if let Item::Star(star) = item
                && !star.except.iter().any(|name| name == key)
            {
                found = match found {
                    Found::Absent => Found::Open(&star.of),
                    _ => return Found::Ambiguous,
                };
            }
        }
        found
    }
}
