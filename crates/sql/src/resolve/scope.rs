//! What an expression can see: the relations of its FROM clause, and those around it.

use std::borrow::Cow;
use std::rc::Rc;

use super::ledger::TableId;
use super::shape::{ResultColumn, Shape};

/// One relation of a FROM clause.
#[derive(Debug)]
pub(super) struct Binding<'a> {
    /// The folded names it answers to, outermost first: one for an alias, all parts for a table
    /// without one. Empty for a derived table without an alias.
    pub(super) names: Vec<Cow<'a, str>>,
    /// Whether an alias was written, so that the name alone can mean the whole row.
    pub(super) aliased: bool,
    /// Whether only `name.column` reaches it, never a bare column: the symbols of a row pattern.
    pub(super) qualified_only: bool,
    pub(super) of: Bound<'a>,
}

/// What a binding stands for.
#[derive(Debug, Clone)]
pub(super) enum Bound<'a> {
    /// An upstream table, open or with known columns.
    Table(TableId),
    /// The result of a query.
    Shape(Rc<Shape<'a>>),
}

/// A column that a join merges: `using (id)`.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    pub(super) key: Cow<'a, str>,
    /// The positions of the bindings that hold it.
    pub(super) owners: Vec<usize>,
}

/// When an alias of the select list wins over a column of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AliasRule {
    /// Always: ORDER BY.
    Always,
    /// When no relation is known to have such a column, and the alias is not itself computed from
    /// one of that name: GROUP BY and HAVING everywhere, the rest where the dialect allows it.
    WhenUnknown,
}

/// The names that an expression can use.
#[derive(Debug, Default)]
pub(super) struct Scope<'s, 'a> {
    /// The scope around it; `None` at the outside.
    pub(super) parent: Option<&'s Scope<'s, 'a>>,
    pub(super) bindings: Vec<Binding<'a>>,
    pub(super) merged: Vec<Merged<'a>>,
    /// The scope whose bindings this one shows beside its aliases.
    seen_through: Option<&'s Scope<'s, 'a>>,
    /// Aliases of the select list that can be used here.
    pub(super) aliases: Option<(&'s [ResultColumn<'a>], AliasRule)>,
    /// The parameters of a lambda, folded.
    pub(super) locals: Vec<Cow<'a, str>>,
    /// Whether a name that nothing here has is no cause for a note.
    pub(super) is_lenient: bool,
}

impl<'s, 'a> Scope<'s, 'a> {
    /// An empty scope inside another.
    pub(super) fn within(parent: Option<&'s Scope<'s, 'a>>) -> Self {
        Self {
            parent,
            ..Self::default()
        }
    }

    /// The same names and, beside them, aliases of the select list.
    pub(super) fn with_aliases(&'s self, aliases: &'s [ResultColumn<'a>], rule: AliasRule) -> Self {
        Self {
            parent: self.parent,
            seen_through: Some(self),
            aliases: Some((aliases, rule)),
            is_lenient: self.is_lenient,
            ..Self::default()
        }
    }

    pub(super) fn bindings(&self) -> &[Binding<'a>] {
        match self.seen_through {
            Some(scope) => &scope.bindings,
            None => &self.bindings,
        }
    }

    pub(super) fn merged(&self) -> &[Merged<'a>] {
        match self.seen_through {
            Some(scope) => &scope.merged,
            None => &self.merged,
        }
    }
}
