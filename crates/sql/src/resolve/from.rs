//! FROM: what the names in it stand for.

use std::borrow::Cow;
use std::rc::Rc;

use sqlparser::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, TableFactor, TableVersion,
    TableWithJoins,
};

use super::scope::{Binding, Bound, Merged, Scope};
use super::shape::{Item, Shape, Sources};
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    /// Binds everything of a FROM clause in `scope`, left to right.
    pub(super) fn from(&mut self, from: &'a [TableWithJoins], scope: &mut Scope<'_, 'a>) {
        for item in from {
            self.table_with_joins(item, scope);
        }
    }

    pub(super) fn table_with_joins(&mut self, item: &'a TableWithJoins, scope: &mut Scope<'_, 'a>) {
        let first = scope.bindings.len();
        self.factor(&item.relation, scope);
        for join in &item.joins {
            self.join(join, first, scope);
        }
    }

    /// Binds the right side of a join; `first` is where the left side of it begins.
    pub(super) fn join(&mut self, join: &'a Join, first: usize, scope: &mut Scope<'_, 'a>) {
        let right = scope.bindings.len();
        let constraint = match &join.join_operator {
            JoinOperator::ArrayJoin | JoinOperator::LeftArrayJoin | JoinOperator::InnerArrayJoin => {
                self.array_join(&join.relation, scope);
                return;
            }
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::CrossJoin(constraint)
            | JoinOperator::Semi(constraint)
            | JoinOperator::LeftSemi(constraint)
            | JoinOperator::RightSemi(constraint)
            | JoinOperator::Anti(constraint)
            | JoinOperator::LeftAnti(constraint)
            | JoinOperator::RightAnti(constraint)
            | JoinOperator::StraightJoin(constraint) => {
                self.factor(&join.relation, scope);
                constraint
            }
            JoinOperator::AsOf {
                match_condition,
                constraint,
            } => {
                self.factor(&join.relation, scope);
                self.read_only(match_condition, scope);
                constraint
            }
            JoinOperator::CrossApply | JoinOperator::OuterApply => {
                self.factor(&join.relation, scope);
                return;
            }
        };
        match constraint {
            JoinConstraint::On(condition) => self.read_only(condition, scope),
            JoinConstraint::Using(columns) => {
                for column in columns {
                    if let Some(name) = column.0.last().and_then(ObjectNamePart::as_ident) {
                        self.merge_column(name, first, right, scope);
                    }
                }
            }
            JoinConstraint::Natural => self.natural(first, right, scope),
            JoinConstraint::None => {}
        }
        if hides_right_side(&join.join_operator) {
            // A semi join's right side is only looked at in its condition.
            scope.bindings.truncate(right);
            for merged in &mut scope.merged {
                merged.owners.retain(|&owner| owner < right);
            }
        }
    }

    /// `using (id)`: from here on `id` means the column of both sides.
    fn merge_column(&mut self, name: &'a Ident, first: usize, right: usize, scope: &mut Scope<'_, 'a>) {
        let key = self.key(name);
        let known = scope
            .merged
            .iter()
            .position(|merged| merged.key == key && merged.owners.iter().any(|&owner| owner >= first));
        let mut owners = match known {
            Some(position) => scope.merged.swap_remove(position).owners,
            None => self.owners(&key, first, right, scope),
        };
        owners.extend(self.owners(&key, right, scope.bindings.len(), scope));
        let mut unused = Vec::new();
        for &owner in &owners {
            self.read_from_binding(&scope.bindings[owner], &key, &name.value, &mut unused);
        }
        scope.merged.push(Merged { key, owners });
    }

    /// Which of a range of bindings holds a column that a USING names: one that is known to have
    /// it, else the only open one, else all that could.
    fn owners(&self, key: &str, from: usize, to: usize, scope: &Scope<'_, 'a>) -> Vec<usize> {
        let range = &scope.bindings[from..to];
        let known: Vec<usize> = (from..to)
            .zip(range)
            .filter(|(_, binding)| self.has_column(binding, key))
            .map(|(position, _)| position)
            .collect();
        if !known.is_empty() {
            return known;
        }
        let open: Vec<usize> = (from..to)
            .zip(range)
            .filter(|(_, binding)| self.may_have_column(binding, key))
            .map(|(position, _)| position)
            .collect();
        // Several open tables on one side: the leftmost is the one that USING chains start from.
        open.into_iter().take(1).collect()
    }

    /// NATURAL: the columns that both sides are known to have.
    fn natural(&mut self, first: usize, right: usize, scope: &mut Scope<'_, 'a>) {
        let mut shared: Vec<(Cow<'a, str>, String, usize, usize)> = Vec::new();
        for left in first..right {
            for (key, text) in self.known_names(&scope.bindings[left]) {
                for other in right..scope.bindings.len() {
                    if self.has_column(&scope.bindings[other], &key) {
                        shared.push((Cow::Owned(key.clone()), text.clone(), left, other));
                    }
                }
            }
        }
        for (key, text, left, other) in shared {
            if scope.merged.iter().any(|merged| merged.key == key) {
                continue;
            }
            let owners = vec![left, other];
            let mut unused = Vec::new();
            for &owner in &owners {
                self.read_from_binding(&scope.bindings[owner], &key, &text, &mut unused);
            }
            scope.merged.push(Merged { key, owners });
        }
    }

    /// Binds one item of a FROM clause.
    pub(super) fn factor(&mut self, factor: &'a TableFactor, scope: &mut Scope<'_, 'a>) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                version,
                ..
            } => {
                if let Some(version) = version {
                    self.version(version, scope);
                }
                match args {
                    Some(args) => self.table_function(name, args, alias.as_ref(), scope),
                    None => self.named(name, alias.as_ref(), scope),
                }
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let shape = self.query(subquery, Some(scope));
                self.bind(shape, alias.as_ref(), scope);
            }
            TableFactor::TableFunction { expr, alias } => self.table_expression(expr, alias.as_ref(), scope),
            TableFactor::Function {
                name, args, alias, ..
            } => {
                self.function_rows(name, args, alias.as_ref(), scope);
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset,
                with_offset_alias,
                with_ordinality,
            } => {
                self.unnest(array_exprs, alias.as_ref(), *with_ordinality, scope);
                if *with_offset {
                    let offset = match with_offset_alias {
                        Some(alias) => self.result_column(alias, self.ledger.nothing()),
                        None => self.named_column("offset"),
                    };
                    scope.bindings.push(Binding {
                        names: Vec::new(),
                        aliased: false,
                        qualified_only: false,
                        of: Bound::Shape(Rc::new(Shape::new(vec![Item::Column(offset)]))),
                    });
                }
            }
            TableFactor::JsonTable {
                json_expr,
                columns,
                alias,
                ..
            } => {
                let sources = self.value_of(json_expr, scope);
                let mut items = Vec::new();
                self.json_columns(columns, &sources, &mut items);
                self.bind(Rc::new(Shape::new(items)), alias.as_ref(), scope);
            }
            TableFactor::OpenJsonTable {
                json_expr,
                columns,
                alias,
                ..
            } => {
                let sources = self.value_of(json_expr, scope);
                let shape = if columns.is_empty() {
                    Shape::value(sources)
                } else {
                    let items = columns
                        .iter()
                        .map(|column| Item::Column(self.result_column(&column.name, Rc::clone(&sources))));
                    Shape::new(items.collect())
                };
                self.bind(Rc::new(shape), alias.as_ref(), scope);
            }
            TableFactor::XmlTable {
                row_expression,
                passing,
                columns,
                alias,
                ..
            } => {
                let mut collected = Vec::new();
                self.read(row_expression, scope, &mut collected);
                for argument in &passing.arguments {
                    self.read(&argument.expr, scope, &mut collected);
                }
                let sources = self.ledger.sources(&mut collected);
                let items = columns
                    .iter()
                    .map(|column| Item::Column(self.result_column(&column.name, Rc::clone(&sources))))
                    .collect();
                self.bind(Rc::new(Shape::new(items)), alias.as_ref(), scope);
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => match alias {
                None => self.table_with_joins(table_with_joins, scope),
                Some(alias) => {
                    let mut inner = Scope::within(Some(scope));
                    self.table_with_joins(table_with_joins, &mut inner);
                    let mut items = Vec::new();
                    self.expand_star(&inner, &mut items);
                    let shape = Rc::new(Shape::new(items));
                    self.bind(shape, Some(alias), scope);
                }
            },
            TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => self.pivot_factor(factor, scope),
            TableFactor::UnpivotExpr {
                expression,
                value_alias,
                attribute_alias,
            } => {
                let sources = self.value_of(expression, scope);
                let mut items = vec![Item::Column(self.result_column(value_alias, Rc::clone(&sources)))];
                if let Some(attribute) = attribute_alias {
                    items.push(Item::Column(self.result_column(attribute, sources)));
                }
                self.bind(Rc::new(Shape::new(items)), None, scope);
            }
            TableFactor::MatchRecognize { .. } => self.match_recognize(factor, scope),
            TableFactor::SemanticView {
                name,
                where_clause,
                alias,
                ..
            } => {
                self.named(name, alias.as_ref(), scope);
                if let Some(condition) = where_clause {
                    self.read_only(condition, scope);
                }
            }
        }
    }

    fn version(&mut self, version: &'a TableVersion, scope: &Scope<'_, 'a>) {
        let mut outside = Scope::within(Some(scope));
        outside.is_lenient = true;
        match version {
            TableVersion::ForSystemTimeAsOf(at)
            | TableVersion::TimestampAsOf(at)
            | TableVersion::VersionAsOf(at) => {
                self.read_only(at, &outside);
            }
            // `AT (TIMESTAMP => …)`: arguments are keywords and constants.
            TableVersion::Function(_) | TableVersion::Changes { .. } => {}
        }
    }

    pub(super) fn value_of(&mut self, expression: &'a Expr, scope: &Scope<'_, 'a>) -> Sources {
        let mut collected = Vec::new();
        self.read(expression, scope, &mut collected);
        self.ledger.sources(&mut collected)
    }

    /// Whether a binding is known to have a column.
    fn has_column(&self, binding: &Binding<'a>, key: &str) -> bool {
        matches!(self.ask(binding, key), super::column::Answer::Known)
    }

    fn may_have_column(&self, binding: &Binding<'a>, key: &str) -> bool {
        !binding.qualified_only && !matches!(self.ask(binding, key), super::column::Answer::Absent)
    }

    /// The folded and the written names of the columns that a binding is known to have.
    fn known_names(&self, binding: &Binding<'a>) -> Vec<(String, String)> {
        match &binding.of {
            Bound::Table(table) => self
                .ledger
                .known_columns(*table)
                .iter()
                .flat_map(|known| known.iter())
                .map(|column| (column.key.clone(), column.text.clone()))
                .collect(),
            Bound::Shape(shape) => shape
                .columns()
                .filter_map(|column| column.name.as_ref())
                .map(|name| (name.key.to_string(), name.text.to_string()))
                .collect(),
        }
    }
}

fn hides_right_side(operator: &JoinOperator) -> bool {
    matches!(
        operator,
        JoinOperator::Semi(_) | JoinOperator::LeftSemi(_) | JoinOperator::Anti(_) | JoinOperator::LeftAnti(_)
    )
}

pub(super) fn is_named(name: &ObjectName, function: &str) -> bool {
    matches!(
        name.0.last(),
        Some(ObjectNamePart::Identifier(last)) if last.value.eq_ignore_ascii_case(function)
    )
}

/// The path of a file or a stage that is read in place of a relation: `'events.parquet'` in
/// DuckDB, `@stage/path` in Snowflake, `` delta.`/mnt/events` `` in Spark.
pub(super) fn file_path(name: &ObjectName) -> Option<&str> {
    let parts = &name.0;
    let first = parts.first()?.as_ident()?;
    if first.value.starts_with('@') || (first.quote_style == Some('\'')) {
        return Some(&first.value);
    }
    let last = parts.last()?.as_ident()?;
    (parts.len() == 2 && last.quote_style.is_some() && is_file_of(&first.value, &last.value))
        .then_some(last.value.as_str())
}

/// Whether `` format.`path` `` is a file: the path has a slash, or an ending like the format.
pub(super) fn is_file_of(format: &str, path: &str) -> bool {
    path.contains('/')
        || path
            .rsplit_once('.')
            .is_some_and(|(_, ending)| ending.eq_ignore_ascii_case(format))
}
