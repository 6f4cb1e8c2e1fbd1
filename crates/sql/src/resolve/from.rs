//! FROM: what the names in it stand for.

use std::borrow::Cow;
use std::rc::Rc;

use sqlparser::ast::{
    Expr, FunctionArg, Ident, Join, JoinConstraint, JoinOperator, JsonTableColumn, LateralView, ObjectName,
    ObjectNamePart, TableAlias, TableAliasColumnDef, TableFactor, TableFunctionArgs, TableVersion,
    TableWithJoins,
};
use tailwater_core::dialect::Dialect;

use crate::name::{Part, TableName, split_quoted_path};
use crate::template::PLACEHOLDER;
use crate::upstream::Note;

use super::expression::argument_expression;
use super::ledger::TableId;
use super::pseudo;
use super::scope::{Binding, Bound, Merged, Scope};
use super::shape::{Item, Name, Open, ResultColumn, Shape, Sources, Star};
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

    /// ClickHouse's `ARRAY JOIN tags AS tag`: a column of what stands left of it, unrolled.
    fn array_join(&mut self, relation: &'a TableFactor, scope: &mut Scope<'_, 'a>) {
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
            let columns = view
                .lateral_col_alias
                .iter()
                .map(|name| Item::Column(self.result_column(name, Rc::clone(&sources))))
                .collect();
            Shape::new(columns)
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

    /// `UNNEST(a, b) WITH ORDINALITY AS t(x, y, n)`: `x` comes from `a`, `y` from `b`, `n` from
    /// nothing. One array may fill several columns: a map, an array of rows.
    fn unnest(
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

    /// A name in FROM: a CTE, an array of a relation beside it, a relation made earlier in the
    /// text, or an upstream table.
    fn named(&mut self, name: &'a ObjectName, alias: Option<&'a TableAlias>, scope: &mut Scope<'_, 'a>) {
        if let Some(path) = file_path(name) {
            self.ledger.note(|| Note::FileRead {
                path: path.to_owned(),
            });
            let nothing = self.ledger.nothing();
            self.bind_value(nothing, alias, scope);
            return;
        }
        let mut idents = Vec::with_capacity(name.0.len());
        for part in &name.0 {
            match part {
                ObjectNamePart::Identifier(ident) => idents.push(ident),
                ObjectNamePart::Function(function) => {
                    self.dynamic_name(&function.args, alias, scope);
                    return;
                }
            }
        }
        let of = match self.array_of_neighbour(&idents, scope) {
            Some(sources) => {
                self.bind_value(sources, alias, scope);
                return;
            }
            None => self.relation(&idents, scope),
        };
        let names = match (alias, of.as_ref()) {
            (None, Some(_)) => self.full_keys(&idents),
            _ => Vec::new(),
        };
        match of {
            Some(Bound::Table(table)) => self.bind_table(table, names, alias, scope),
            Some(Bound::Shape(shape)) => match alias {
                Some(_) => self.bind(shape, alias, scope),
                None => scope.bindings.push(Binding {
                    names,
                    aliased: false,
                    qualified_only: false,
                    of: Bound::Shape(shape),
                }),
            },
            None => {
                let nothing = self.ledger.nothing();
                self.bind_value(nothing, alias, scope);
            }
        }
    }

    /// The folded parts of a name with the defaults in front, by which columns can be qualified.
    fn full_keys(&self, idents: &[&'a Ident]) -> Vec<Cow<'a, str>> {
        let prefix = self.defaults.prefix(idents.len());
        prefix
            .into_iter()
            .flatten()
            .map(|part| Cow::Owned(self.folding.name(part, false).into_owned()))
            .chain(
                self.parts_of(idents)
                    .into_iter()
                    .map(|part| self.folding.name(part.text, part.quoted)),
            )
            .collect()
    }

    /// What a name of these parts stands for; `None` for the engine's own row sources and for
    /// tables of an earlier session.
    pub(super) fn relation(&mut self, idents: &[&'a Ident], _scope: &Scope<'_, 'a>) -> Option<Bound<'a>> {
        if let [only] = idents {
            let key = self.key(only);
            if let Some(shape) = self.find_cte(&key) {
                return Some(Bound::Shape(shape));
            }
            if pseudo::is_pseudo_table(self.dialect, &only.value) {
                return None;
            }
        }
        let mut parts: Vec<Part<'a>> = Vec::with_capacity(4);
        for ident in idents {
            let part = Part {
                text: &ident.value,
                quoted: ident.quote_style.is_some(),
            };
            if self.dialect == Dialect::BigQuery && part.text.contains('.') {
                split_quoted_path(part.text, &mut parts);
            } else {
                parts.push(part);
            }
        }
        self.upstream_table(&parts)
    }

    /// The table of these parts with the defaults in front, entered in the ledger.
    pub(super) fn upstream_table(&mut self, parts: &[Part<'_>]) -> Option<Bound<'a>> {
        if parts.iter().any(|part| part.text == PLACEHOLDER) {
            return self.templated_table(parts);
        }
        let last = parts.last()?;
        if last.text.starts_with('@') || (last.text.is_empty() && parts.len() == 1) {
            return None;
        }
        let key = self.relation_key(parts);
        if let Some(shape) = self.created.get(&key) {
            return Some(Bound::Shape(Rc::clone(shape)));
        }
        if last.text.starts_with('#')
            && matches!(
                self.dialect,
                Dialect::SqlServer | Dialect::Redshift | Dialect::Generic
            )
        {
            self.ledger.note(|| Note::TemporaryTable {
                name: last.text.to_owned(),
            });
            return None;
        }
        let folding = self.folding;
        let defaults = self.defaults;
        let table = self.ledger.table(
            &key,
            || {
                let prefix = defaults.prefix(parts.len());
                TableName::new(prefix.into_iter().flatten().chain(parts.iter().map(|part| {
                    if part.text.is_empty() {
                        defaults.omitted_schema()
                    } else {
                        part.text
                    }
                })))
            },
            |text| folding.name(text, false).into_owned(),
        );
        Some(Bound::Table(table))
    }

    /// A name of which a template would fill in a part: what the text itself says of it.
    fn templated_table(&mut self, parts: &[Part<'_>]) -> Option<Bound<'a>> {
        let kept = parts
            .iter()
            .rev()
            .take_while(|part| part.text != PLACEHOLDER)
            .count();
        if kept == 0 {
            return None;
        }
        self.upstream_table(&parts[parts.len() - kept..])
    }

    /// The folded name by which a relation is recognised, with the defaults in front.
    pub(super) fn relation_key(&self, parts: &[Part<'_>]) -> String {
        let mut key = String::with_capacity(48);
        for prefix in self.defaults.prefix(parts.len()).into_iter().flatten() {
            key.push_str(&self.folding.relation(prefix, false));
            key.push('\u{1}');
        }
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                key.push('\u{1}');
            }
            if part.text.is_empty() {
                key.push_str(&self.folding.relation(self.defaults.omitted_schema(), false));
            } else {
                key.push_str(&self.folding.relation(part.text, part.quoted));
            }
        }
        key
    }

    /// `from orders o, o.items`: BigQuery, Redshift, Impala and their kin unroll an array so.
    fn array_of_neighbour(&mut self, idents: &[&'a Ident], scope: &Scope<'_, 'a>) -> Option<Sources> {
        let unrolls = matches!(
            self.dialect,
            Dialect::BigQuery | Dialect::Redshift | Dialect::Spark | Dialect::Databricks | Dialect::Generic
        );
        if !unrolls || idents.len() < 2 {
            return None;
        }
        let keys: Vec<Cow<'a, str>> = idents.iter().map(|ident| self.key(ident)).collect();
        let mut level = Some(scope);
        while let Some(here) = level {
            let neighbour = super::column::best_qualifier(here.bindings(), &keys);
            if neighbour.is_some_and(|(_, used)| used < keys.len()) {
                let mut collected = Vec::new();
                self.column(idents, scope, &mut collected);
                return Some(self.ledger.sources(&mut collected));
            }
            level = here.parent;
        }
        None
    }

    /// `IDENTIFIER('db.orders')`: the name is in a string, or computed.
    fn dynamic_name(
        &mut self,
        args: &'a [FunctionArg],
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        let text = match args {
            [argument] => argument_expression(argument).and_then(Self::literal_text),
            _ => None,
        };
        self.text_name(text, alias, scope, || {
            args.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        });
    }

    fn text_name(
        &mut self,
        text: Option<&'a str>,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
        expression: impl FnOnce() -> String,
    ) {
        let parts: Vec<Part<'a>> = text
            .into_iter()
            .flat_map(|text| text.split('.'))
            .map(|part| {
                let bare = part.trim_matches(['"', '`']);
                Part {
                    text: bare,
                    quoted: bare.len() != part.len(),
                }
            })
            .collect();
        if parts.is_empty()
            || parts
                .iter()
                .any(|part| part.text.is_empty() || part.text.starts_with('@'))
        {
            self.ledger.note(|| Note::DynamicName {
                expression: crate::text::clipped(&expression(), 80),
            });
            let nothing = self.ledger.nothing();
            self.bind_value(nothing, alias, scope);
            return;
        }
        if let Some(Bound::Table(table)) = self.upstream_table(&parts) {
            let names = parts
                .iter()
                .map(|part| self.folding.name(part.text, part.quoted))
                .collect();
            self.bind_table(table, names, alias, scope);
        }
    }

    /// `TABLE(…)` in FROM: a table function's rows, or in Snowflake a name in a string.
    fn table_expression(&mut self, expr: &'a Expr, alias: Option<&'a TableAlias>, scope: &mut Scope<'_, 'a>) {
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

    fn table_function(
        &mut self,
        name: &'a ObjectName,
        args: &'a TableFunctionArgs,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        self.function_rows(name, &args.args, alias, scope);
    }

    fn function_rows(
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

    /// Snowflake's FLATTEN has fixed columns, all made from its input.
    fn bind_flatten(&mut self, sources: &Sources, alias: Option<&'a TableAlias>, scope: &mut Scope<'_, 'a>) {
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

    fn read_arguments(
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

    fn json_columns(&mut self, columns: &'a [JsonTableColumn], sources: &Sources, into: &mut Vec<Item<'a>>) {
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

    /// Binds an upstream table.
    fn bind_table(
        &mut self,
        table: TableId,
        names: Vec<Cow<'a, str>>,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
        let Some(alias) = alias else {
            scope.bindings.push(Binding {
                names,
                aliased: false,
                qualified_only: false,
                of: Bound::Table(table),
            });
            return;
        };
        if !alias.columns.is_empty() {
            let shape = self.table_shape(table);
            self.bind(shape, Some(alias), scope);
            return;
        }
        scope.bindings.push(Binding {
            names: vec![self.key(&alias.name)],
            aliased: true,
            qualified_only: false,
            of: Bound::Table(table),
        });
    }

    /// The shape of an upstream table: its known columns, or a `*`.
    pub(super) fn table_shape(&mut self, table: TableId) -> Rc<Shape<'a>> {
        let Some(known) = self.ledger.known_columns(table) else {
            return Rc::new(Shape::new(vec![Item::Star(Star {
                of: Open::Tables(Rc::from([table])),
                except: Rc::default(),
            })]));
        };
        let items = known
            .iter()
            .map(|column| {
                let id = self.ledger.column(table, &column.key, &column.text);
                Item::Column(ResultColumn {
                    name: Some(Name {
                        text: Cow::Owned(column.text.clone()),
                        key: Cow::Owned(column.key.clone()),
                    }),
                    sources: Rc::from([id]),
                })
            })
            .collect();
        Rc::new(Shape::new(items))
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
    fn bind_value(&mut self, sources: Sources, alias: Option<&'a TableAlias>, scope: &mut Scope<'_, 'a>) {
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

fn hides_right_side(operator: &JoinOperator) -> bool {
    matches!(
        operator,
        JoinOperator::Semi(_) | JoinOperator::LeftSemi(_) | JoinOperator::Anti(_) | JoinOperator::LeftAnti(_)
    )
}

fn is_named(name: &ObjectName, function: &str) -> bool {
    matches!(
        name.0.last(),
        Some(ObjectNamePart::Identifier(last)) if last.value.eq_ignore_ascii_case(function)
    )
}

/// The path of a file or a stage that is read in place of a relation: `'events.parquet'` in
/// DuckDB, `@stage/path` in Snowflake, `` delta.`/mnt/events` `` in Spark.
fn file_path(name: &ObjectName) -> Option<&str> {
    let parts = &name.0;
    let first = parts.first()?.as_ident()?;
    if first.value.starts_with('@') || (first.quote_style == Some('\'')) {
        return Some(&first.value);
    }
    let last = parts.last()?.as_ident()?;
    (parts.len() == 2 && last.quote_style.is_some() && last.value.contains('/'))
        .then_some(last.value.as_str())
}
