//! PIVOT, UNPIVOT and MATCH_RECOGNIZE: relations that take columns away and add others.

use std::borrow::Cow;
use std::rc::Rc;

use sqlparser::ast::{
    Expr, ExprWithAlias, Ident, PivotValueSource, RowsPerMatch, TableAlias, TableFactor, Value,
};

use tailwater_core::dialect::Dialect;

use super::projection::drop_columns;
use super::scope::{Binding, Bound, Scope};
use super::shape::{Item, Name, ResultColumn, Shape, Sources};
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    pub(super) fn pivot_factor(&mut self, factor: &'a TableFactor, scope: &mut Scope<'_, 'a>) {
        match factor {
            TableFactor::Pivot {
                table,
                aggregate_functions,
                value_column,
                value_source,
                default_on_null,
                alias,
            } => {
                let mut inner = Scope::within(Some(scope));
                self.factor(table, &mut inner);
                if let Some(default) = default_on_null {
                    self.read_only(default, &inner);
                }
                let items = self.pivoted(&inner, aggregate_functions, value_column, value_source);
                self.bind_pivot(items, alias.as_ref(), inner.bindings, scope);
            }
            TableFactor::Unpivot {
                table,
                value,
                name,
                columns,
                alias,
                ..
            } => {
                let mut inner = Scope::within(Some(scope));
                self.factor(table, &mut inner);
                let items = self.unpivoted(&inner, value, name, columns);
                self.bind_pivot(items, alias.as_ref(), inner.bindings, scope);
            }
            _ => {}
        }
    }

    /// What is left of the input, then one column for each value and aggregate.
    pub(super) fn pivoted(
        &mut self,
        input: &Scope<'_, 'a>,
        aggregates: &'a [ExprWithAlias],
        value_columns: &'a [Expr],
        values: &'a PivotValueSource,
    ) -> Vec<Item<'a>> {
        let mut used: Vec<Cow<'a, str>> = Vec::new();
        let mut aggregated: Vec<(Option<Name<'a>>, Sources)> = Vec::new();
        for aggregate in aggregates {
            self.used_columns(&aggregate.expr, &mut used);
            let sources = self.value_of(&aggregate.expr, input);
            let name = aggregate.alias.as_ref().map(|alias| self.name(alias));
            aggregated.push((name, sources));
        }
        for column in value_columns {
            self.used_columns(column, &mut used);
            self.read_only(column, input);
        }
        let mut items = Vec::new();
        self.expand_star(input, &mut items);
        drop_columns(&mut items, &used);

        let mut all = Vec::new();
        for (_, sources) in &aggregated {
            self.ledger.collect(sources, &mut all);
        }
        match values {
            PivotValueSource::List(list) => {
                for value in list {
                    let label = match &value.alias {
                        Some(alias) => Some(self.name(alias)),
                        None => self.value_name(&value.expr),
                    };
                    for (name, sources) in &aggregated {
                        let name =
                            combined_name(self.dialect, label.as_ref(), name.as_ref(), aggregated.len());
                        items.push(Item::Column(ResultColumn {
                            name,
                            sources: Rc::clone(sources),
                        }));
                    }
                }
            }
            PivotValueSource::Any(orders) => {
                for order in orders {
                    self.read_only(&order.expr, input);
                }
                let sources = self.ledger.sources(&mut all);
                items.extend(Shape::value(sources).items);
            }
            PivotValueSource::Subquery(query) => {
                self.query(query, Some(input));
                let sources = self.ledger.sources(&mut all);
                items.extend(Shape::value(sources).items);
            }
        }
        items
    }

    fn unpivoted(
        &mut self,
        input: &Scope<'_, 'a>,
        value: &'a Expr,
        name: &'a Ident,
        columns: &'a [ExprWithAlias],
    ) -> Vec<Item<'a>> {
        let mut used = Vec::new();
        let mut collected = Vec::new();
        for column in columns {
            self.used_columns(&column.expr, &mut used);
            self.read(&column.expr, input, &mut collected);
        }
        let sources = self.ledger.sources(&mut collected);
        let mut items = Vec::new();
        self.expand_star(input, &mut items);
        drop_columns(&mut items, &used);
        let mut values = Vec::new();
        names_of(value, &mut values);
        let name = Item::Column(self.result_column(name, self.ledger.nothing()));
        let values = values
            .into_iter()
            .map(|value| Item::Column(self.result_column(value, Rc::clone(&sources))));
        // BigQuery and SQL Server put the values first.
        if matches!(self.dialect, Dialect::BigQuery | Dialect::SqlServer) {
            items.extend(values);
            items.push(name);
        } else {
            items.push(name);
            items.extend(values);
        }
        items
    }

    fn bind_pivot(
        &mut self,
        items: Vec<Item<'a>>,
        alias: Option<&'a TableAlias>,
        input: Vec<Binding<'a>>,
        scope: &mut Scope<'_, 'a>,
    ) {
        let shape = Rc::new(Shape::new(items));
        if let Some(alias) = alias {
            match self.renamed_pivot(&shape, alias) {
                Some(shape) => scope.bindings.push(Binding {
                    names: vec![self.key(&alias.name)],
                    aliased: true,
                    qualified_only: false,
                    of: Bound::Shape(shape),
                }),
                None => self.bind(shape, Some(alias), scope),
            }
            return;
        }
        // Without an alias the result still answers to the name of its input.
        let names = input
            .into_iter()
            .next()
            .map(|binding| binding.names)
            .unwrap_or_default();
        scope.bindings.push(Binding {
            names,
            aliased: false,
            qualified_only: false,
            of: Bound::Shape(shape),
        });
    }

    /// `pivot (…) as p(id, jan)` over a table whose columns are unknown: the pivoted columns are the
    /// last ones. Those before them are columns of the input, which such a list restates.
    fn renamed_pivot(&mut self, shape: &Shape<'a>, alias: &'a TableAlias) -> Option<Rc<Shape<'a>>> {
        let [Item::Star(star), pivoted @ ..] = shape.items.as_slice() else {
            return None;
        };
        let made: Option<Vec<&ResultColumn<'a>>> = pivoted
            .iter()
            .map(|item| match item {
                Item::Column(column) => Some(column),
                Item::Star(_) => None,
            })
            .collect();
        let made = made.filter(|made| !made.is_empty() && made.len() <= alias.columns.len())?;
        let kept = alias.columns.len() - made.len();
        let mut items = Vec::with_capacity(alias.columns.len());
        for (position, column) in alias.columns.iter().enumerate() {
            let sources = if let Some(of) = position.checked_sub(kept) {
                Rc::clone(&made[of].sources)
            } else {
                let key = self.key(&column.name);
                let mut collected = Vec::new();
                self.read_from_open(&star.of, &key, &column.name.value, &mut collected);
                self.ledger.sources(&mut collected)
            };
            items.push(Item::Column(self.result_column(&column.name, sources)));
        }
        Some(Rc::new(Shape::new(items)))
    }

    pub(super) fn match_recognize(&mut self, factor: &'a TableFactor, scope: &mut Scope<'_, 'a>) {
        let TableFactor::MatchRecognize {
            table,
            partition_by,
            order_by,
            measures,
            rows_per_match,
            symbols,
            alias,
            ..
        } = factor
        else {
            return;
        };
        let mut input = Scope::within(Some(scope));
        self.factor(table, &mut input);
        let mut partitions = Vec::new();
        for expression in partition_by {
            let sources = self.value_of(expression, &input);
            let name = match expression {
                Expr::Identifier(name) => Some(self.name(name)),
                Expr::CompoundIdentifier(parts) => parts.last().map(|name| self.name(name)),
                _ => None,
            };
            partitions.push(Item::Column(ResultColumn { name, sources }));
        }
        self.read_order(order_by, &input);
        let mut items = Vec::new();
        match rows_per_match {
            Some(RowsPerMatch::AllRows(_)) => self.expand_star(&input, &mut items),
            _ => items.append(&mut partitions),
        }
        // In MEASURES and DEFINE a symbol of the pattern qualifies the columns of its rows.
        if let [only] = input.bindings.as_slice() {
            let of = only.of.clone();
            for symbol in symbols {
                let names = vec![self.key(&symbol.symbol)];
                input.bindings.push(Binding {
                    names,
                    aliased: false,
                    qualified_only: true,
                    of: of.clone(),
                });
            }
        }
        for symbol in symbols {
            self.read_only(&symbol.definition, &input);
        }
        for measure in measures {
            let sources = self.value_of(&measure.expr, &input);
            items.push(Item::Column(self.result_column(&measure.alias, sources)));
        }
        self.bind(Rc::new(Shape::new(items)), alias.as_ref(), scope);
    }

    /// The folded names of the columns that an expression of a PIVOT uses up.
    fn used_columns(&self, expression: &'a Expr, into: &mut Vec<Cow<'a, str>>) {
        let mut names = Vec::new();
        names_of(expression, &mut names);
        into.extend(names.into_iter().map(|name| self.key(name)));
    }

    /// The name that a pivoted value gives its column.
    fn value_name(&self, value: &'a Expr) -> Option<Name<'a>> {
        match value {
            Expr::Identifier(name) => Some(self.name(name)),
            Expr::Value(value) => {
                let text: Cow<'a, str> = match &value.value {
                    Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Cow::Borrowed(text),
                    other => Cow::Owned(other.to_string()),
                };
                let key = Cow::Owned(self.folding.name(&text, true).into_owned());
                Some(Name { text, key })
            }
            _ => None,
        }
    }
}

/// The name of the column for a value and an aggregate. Sources: "PIVOT" in the references of
/// BigQuery (`aggregate_value`), Oracle, Redshift, Teradata and `DuckDB` (`value_aggregate` when the
/// aggregate has an alias), Spark (the same, when there are several aggregates).
fn combined_name<'a>(
    dialect: Dialect,
    value: Option<&Name<'a>>,
    aggregate: Option<&Name<'a>>,
    aggregates: usize,
) -> Option<Name<'a>> {
    let value = value?;
    let always = matches!(
        dialect,
        Dialect::BigQuery | Dialect::Oracle | Dialect::Redshift | Dialect::DuckDb | Dialect::Teradata
    );
    let Some(aggregate) = aggregate.filter(|_| always || aggregates > 1) else {
        return Some(value.clone());
    };
    let (first, second) = if dialect == Dialect::BigQuery {
        (aggregate, value)
    } else {
        (value, aggregate)
    };
    Some(Name {
        text: Cow::Owned(format!("{}_{}", first.text, second.text)),
        key: Cow::Owned(format!("{}_{}", first.key, second.key)),
    })
}

/// The column names in a simple expression: a name, a list of names, or a call on them.
fn names_of<'a>(expression: &'a Expr, into: &mut Vec<&'a Ident>) {
    match expression {
        Expr::Identifier(name) => into.push(name),
        Expr::CompoundIdentifier(parts) => into.extend(parts.last()),
        Expr::Tuple(values) => {
            for value in values {
                names_of(value, into);
            }
        }
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => names_of(inner, into),
        Expr::Function(function) => {
            if let sqlparser::ast::FunctionArguments::List(list) = &function.args {
                for argument in &list.args {
                    if let Some(expression) = super::expression::argument_expression(argument) {
                        names_of(expression, into);
                    }
                }
            }
        }
        _ => {}
    }
}
