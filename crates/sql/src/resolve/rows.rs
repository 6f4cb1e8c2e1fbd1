//! Rows that are made, not stored: table functions, unrolled arrays, documents; and how a result
//! gets its alias and the names of its columns.

use std::borrow::Cow;
use std::rc::Rc;

use sqlparser::ast::{
    Expr, FunctionArg, Ident, JsonTableColumn, LateralView, ObjectName, ObjectNamePart, TableAlias,
    TableAliasColumnDef, TableFactor, TableFunctionArgs,
};

use tailwater_core::dialect::Dialect;

use crate::name::Part;

use super::expression::argument_expression;
use super::from::is_named;
use super::scope::{Binding, Bound, Scope};
use super::shape::{Item, Name, Open, ResultColumn, Shape, Sources, Star};
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    /// ClickHouse's `ARRAY JOIN tags AS tag`: a column of what stands left of it, unrolled.
    pub(super) fn array_join(&mut self, relation: &'a TableFactor, scope: &mut Scope<'_, 'a>) {
        let TableFactor::Table {
            name, alias, args, ..
        } = relation
        else {
            self.factor(relation, scope);
            return;
        };
        let mut collected = Vec::new();
        match args {
            Some(args) => self.read_arguments(args, scope, &mut collected),
            None => self.compound_name(name, scope, &mut collected),
        }
        let sources = self.ledger.sources(&mut collected);
        if let Some(alias) = alias {
            let column = self.result_column(&alias.name, sources);
            scope.bindings.push(Binding {
                names: Vec::new(),
                aliased: false,
                qualified_only: false,
                of: Bound::Shape(Rc::new(Shape::new(vec![Item::Column(column)]))),
            });
        }
    }

    /// Hive's `LATERAL VIEW explode(items) exploded AS item`.
    pub(super) fn lateral_view(&mut self, view: &'a LateralView, scope: &mut Scope<'_, 'a>) {
        let mut collected = Vec::new();
        self.read(&view.lateral_view, scope, &mut collected);
        let sources = self.ledger.sources(&mut collected);
        let shape = if view.lateral_col_alias.is_empty() {
            Shape::value(sources)
        } else {
            let counts = view.lateral_col_alias.len() > 1
                && matches!(&view.lateral_view, Expr::Function(function)
                    if is_named(&function.name, "posexplode") || is_named(&function.name, "posexplode_outer"));
            let columns = view.lateral_col_alias.iter().enumerate().map(|(position, name)| {
                // The position is counted, not read.
                let is_position = counts && position == 0;
                let sources = if is_position {
                    self.ledger.nothing()
                } else {
                    Rc::clone(&sources)
                };
                Item::Column(self.result_column(name, sources))
            });
            Shape::new(columns.collect())
        };
        let names = view
            .lateral_view_name
            .0
            .last()
            .and_then(ObjectNamePart::as_ident)
            .map(|name| self.key(name));
        scope.bindings.push(Binding {
            names: names.into_iter().collect(),
            aliased: false,
            qualified_only: false,
            of: Bound::Shape(Rc::new(shape)),
        });
    }

    /// `UNNEST(a, b) WITH ORDINALITY AS t(x, y, n)`: `x` comes from `a`, `y` from `b`, `n` from
    /// nothing. One array may fill several columns: a map, an array of rows.
    pub(super) fn unnest(
        &mut self,
        arrays: &'a [Expr],
        alias: Option<&'a TableAlias>,
        with_ordinality: bool,
        scope: &mut Scope<'_, 'a>,
    ) {
        let of_each: Vec<Sources> = arrays.iter().map(|array| self.value_of(array, scope)).collect();
        let mut collected = Vec::new();
        for sources in &of_each {
            self.ledger.collect(sources, &mut collected);
        }
        let all = self.ledger.sources(&mut collected);
        let columns = alias.map_or(&[][..], |alias| &alias.columns);
        if columns.is_empty() {
            self.bind_value(all, alias, scope);
            return;
        }
        let elements = columns.len() - usize::from(with_ordinality);
        let items = columns
            .iter()
            .enumerate()
            .map(|(position, column)| {
                let sources = if position >= elements {
                    self.ledger.nothing()
                } else if elements == of_each.len() {
                    Rc::clone(&of_each[position])
                } else {
                    Rc::clone(&all)
                };
                Item::Column(self.result_column(&column.name, sources))
            })
            .collect();
        let names = alias.map(|alias| self.key(&alias.name));
        scope.bindings.push(Binding {
            names: names.into_iter().collect(),
            aliased: true,
            qualified_only: false,
            of: Bound::Shape(Rc::new(Shape::new(items))),
        });
    }

    /// `TABLE(…)` in FROM: a table function's rows, or in Snowflake a name in a string.
    pub(super) fn table_expression(
        &mut self,
        expr: &'a Expr,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        if let Some(text) = Self::literal_text(expr) {
            self.text_name(Some(text), alias, scope, || text.to_owned());
            return;
        }
        if let Expr::Function(function) = expr
            && is_named(&function.name, "flatten")
        {
            let sources = self.value_of(expr, scope);
            self.bind_flatten(&sources, alias, scope);
            return;
        }
        let sources = self.value_of(expr, scope);
        self.bind_value(sources, alias, scope);
    }

    pub(super) fn table_function(
        &mut self,
        name: &'a ObjectName,
        args: &'a TableFunctionArgs,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        self.function_rows(name, &args.args, alias, scope);
    }

    pub(super) fn function_rows(
        &mut self,
        name: &'a ObjectName,
        args: &'a [FunctionArg],
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        if is_named(name, "identifier") {
            self.dynamic_name(args, alias, scope);
            return;
        }
        if self.table_of_function(name, args, alias, scope) {
            return;
        }
        let mut collected = Vec::new();
        // Bare words among the arguments may be formats or names of tables elsewhere.
        let mut inner = Scope::within(Some(scope));
        inner.is_lenient = true;
        for argument in args {
            if let Some(expression) = argument_expression(argument) {
                self.read(expression, &inner, &mut collected);
            }
        }
        let sources = self.ledger.sources(&mut collected);
        if is_named(name, "flatten") {
            self.bind_flatten(&sources, alias, scope);
            return;
        }
        if alias.is_some() {
            self.bind_value(sources, alias, scope);
            return;
        }
        let names = name
            .0
            .last()
            .and_then(ObjectNamePart::as_ident)
            .map(|name| self.key(name));
        scope.bindings.push(Binding {
            names: names.into_iter().collect(),
            aliased: true,
            qualified_only: false,
            of: Bound::Shape(Rc::new(Shape::value(sources))),
        });
    }

    /// Functions whose rows are those of a relation that their arguments name, unlike `remote(…)`,
    /// whose relation is on another server. Sources: `ClickHouse`, "cluster"; Databricks, `table_changes`; `DuckDB`, `query_table`.
    fn table_of_function(
        &mut self,
        name: &'a ObjectName,
        args: &'a [FunctionArg],
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) -> bool {
        let after = match self.dialect {
            Dialect::ClickHouse
                if ["cluster", "clusterAllReplicas"]
                    .iter()
                    .any(|function| is_named(name, function)) =>
            {
                1
            }
            Dialect::Databricks | Dialect::Spark if is_named(name, "table_changes") => 0,
            Dialect::DuckDb if is_named(name, "query_table") => 0,
            _ => return false,
        };
        let named = args.get(after).and_then(argument_expression);
        let mut parts: Vec<Part<'a>> = match named {
            Some(Expr::Identifier(name)) => vec![part_of(name)],
            Some(Expr::CompoundIdentifier(names)) => names.iter().map(part_of).collect(),
            Some(expression) => match Self::literal_text(expression) {
                Some(text) => text.split('.').map(unquoted).collect(),
                None => return false,
            },
            None => return false,
        };
        // `cluster('c', 'db', 'table')`
        if self.dialect == Dialect::ClickHouse && parts.len() == 1 {
            match args.get(after + 1).and_then(argument_expression) {
                Some(Expr::Identifier(name)) => parts.push(part_of(name)),
                Some(expression) => parts.extend(Self::literal_text(expression).map(unquoted)),
                None => {}
            }
        }
        if parts.iter().any(|part| part.text.is_empty()) {
            return false;
        }
        if let Some(Bound::Table(table)) = self.upstream_table(&parts) {
            self.bind_table(table, Vec::new(), alias, scope);
            return true;
        }
        false
    }

    /// Snowflake's FLATTEN has fixed columns, all made from its input.
    pub(super) fn bind_flatten(
        &mut self,
        sources: &Sources,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        let items = ["seq", "key", "path", "index", "value", "this"]
            .map(|name| {
                let mut column = self.named_column(name);
                column.sources = Rc::clone(sources);
                Item::Column(column)
            })
            .into_iter()
            .collect();
        self.bind(Rc::new(Shape::new(items)), alias, scope);
    }

    pub(super) fn read_arguments(
        &mut self,
        args: &'a TableFunctionArgs,
        scope: &Scope<'_, 'a>,
        into: &mut Vec<super::ledger::ColumnId>,
    ) {
        for argument in &args.args {
            if let Some(expression) = argument_expression(argument) {
                self.read(expression, scope, into);
            }
        }
    }

    pub(super) fn json_columns(
        &mut self,
        columns: &'a [JsonTableColumn],
        sources: &Sources,
        into: &mut Vec<Item<'a>>,
    ) {
        for column in columns {
            match column {
                JsonTableColumn::Named(named) => {
                    into.push(Item::Column(self.result_column(&named.name, Rc::clone(sources))));
                }
                JsonTableColumn::ForOrdinality(name) => {
                    into.push(Item::Column(self.result_column(name, self.ledger.nothing())));
                }
                JsonTableColumn::Nested(nested) => self.json_columns(&nested.columns, sources, into),
            }
        }
    }

    /// Binds the result of a query.
    pub(super) fn bind(
        &mut self,
        shape: Rc<Shape<'a>>,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        let (names, shape) = match alias {
            Some(alias) => (
                vec![self.key(&alias.name)],
                self.rename_columns(shape, &alias.columns),
            ),
            None => (Vec::new(), shape),
        };
        scope.bindings.push(Binding {
            aliased: alias.is_some(),
            qualified_only: false,
            names,
            of: Bound::Shape(shape),
        });
    }

    /// Binds rows whose every column comes from the same sources.
    pub(super) fn bind_value(
        &mut self,
        sources: Sources,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        let shape = match alias {
            Some(alias) if !alias.columns.is_empty() => {
                let columns = alias
                    .columns
                    .iter()
                    .map(|column| Item::Column(self.result_column(&column.name, Rc::clone(&sources))));
                Shape::new(columns.collect())
            }
            _ => Shape::value(sources),
        };
        let mut names: Vec<Cow<'a, str>> = Vec::new();
        if let Some(alias) = alias {
            names.push(self.key(&alias.name));
            if let Some(at) = &alias.at {
                let position = self.result_column(at, self.ledger.nothing());
                scope.bindings.push(Binding {
                    names: Vec::new(),
                    aliased: false,
                    qualified_only: false,
                    of: Bound::Shape(Rc::new(Shape::new(vec![Item::Column(position)]))),
                });
            }
        }
        scope.bindings.push(Binding {
            names,
            aliased: alias.is_some(),
            qualified_only: false,
            of: Bound::Shape(Rc::new(shape)),
        });
    }

    /// Gives the columns of a shape other names: `as t(a, b)`.
    pub(super) fn rename_columns(
        &mut self,
        shape: Rc<Shape<'a>>,
        columns: &'a [TableAliasColumnDef],
    ) -> Rc<Shape<'a>> {
        if columns.is_empty() {
            return shape;
        }
        let mut sources_of = Vec::with_capacity(columns.len());
        if shape.is_closed() {
            sources_of.extend(shape.columns().map(|column| Rc::clone(&column.sources)));
        } else if shape.items.len() == 1
            && let [
                Item::Star(Star {
                    of: Open::Value(sources),
                    ..
                }),
            ] = shape.items.as_slice()
        {
            sources_of.resize(columns.len(), Rc::clone(sources));
        }
        sources_of.resize(columns.len().max(sources_of.len()), self.ledger.nothing());
        let mut items: Vec<Item<'a>> = columns
            .iter()
            .zip(&sources_of)
            .map(|(column, sources)| Item::Column(self.result_column(&column.name, Rc::clone(sources))))
            .collect();
        if shape.is_closed() {
            items.extend(shape.items.iter().skip(columns.len()).cloned());
        }
        Rc::new(Shape::new(items))
    }

    pub(super) fn result_column(&self, name: &'a Ident, sources: Sources) -> ResultColumn<'a> {
        ResultColumn {
            name: Some(self.name(name)),
            sources,
        }
    }

    /// A column that the engine names, without sources.
    pub(super) fn named_column(&self, name: &'static str) -> ResultColumn<'a> {
        ResultColumn {
            name: Some(Name {
                text: Cow::Borrowed(name),
                key: self.folding.name(name, false),
            }),
            sources: self.ledger.nothing(),
        }
    }
}

const fn unquoted(text: &str) -> Part<'_> {
    Part { text, quoted: false }
}

fn part_of(name: &Ident) -> Part<'_> {
    Part {
        text: &name.value,
        quoted: name.quote_style.is_some(),
    }
}
