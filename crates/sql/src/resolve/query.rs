//! Queries: WITH, set operations, and the clauses around a SELECT.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use sqlparser::ast::{
    ConnectByKind, Cte, Distinct, GroupByExpr, GroupByWithModifier, LimitClause, NamedWindowExpr, OrderBy,
    OrderByKind, Query, Select, SetExpr, SetOperator, SetQuantifier, Statement, TopQuantity, Values, With,
};
use tailwater_core::dialect::Dialect;

use crate::rule::recursion_needs_no_mark;

use super::scope::{AliasRule, Scope};
use super::shape::{Item, Name, Open, ResultColumn, Shape, Star};
use super::statement::Resolver;

/// How much stack a level of nesting may use before the rest moves to a new piece of it.
const STACK_RED_ZONE: usize = 128 * 1024;
const STACK_PIECE: usize = 2 * 1024 * 1024;

impl<'a> Resolver<'_, 'a> {
    /// Resolves a query inside `parent` to the shape of its result.
    pub(super) fn query(&mut self, query: &'a Query, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
        stacker::maybe_grow(STACK_RED_ZONE, STACK_PIECE, || self.query_here(query, parent))
    }

    fn query_here(&mut self, query: &'a Query, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
        let opened = self.ctes.len();
        if let Some(with) = &query.with {
            self.with(with, parent);
        }
        let mut shape = match &*query.body {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref(), parent),
            body => {
                let shape = self.set_expression(body, parent);
                if let Some(order) = &query.order_by {
                    self.order_of_result(order, &shape, parent);
                }
                shape
            }
        };
        self.limits(query, parent);
        if !query.pipe_operators.is_empty() {
            shape = self.pipes(&query.pipe_operators, shape, parent);
        }
        self.close_ctes(opened);
        shape
    }

    /// ORDER BY of a set operation: it sees the columns of the result.
    fn order_of_result(&mut self, order: &'a OrderBy, shape: &Shape<'a>, parent: Option<&Scope<'_, 'a>>) {
        let OrderByKind::Expressions(orders) = &order.kind else {
            return;
        };
        let columns: Vec<ResultColumn<'a>> = shape.columns().cloned().collect();
        let mut scope = Scope::within(parent);
        scope.aliases = Some((&columns, AliasRule::Always));
        scope.is_lenient = true;
        self.read_order(orders, &scope);
    }

    fn limits(&mut self, query: &'a Query, parent: Option<&Scope<'_, 'a>>) {
        let mut scope = Scope::within(parent);
        scope.is_lenient = true;
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                for expression in limit.iter().chain(offset.as_ref().map(|offset| &offset.value)) {
                    self.read_only(expression, &scope);
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.read_only(offset, &scope);
                self.read_only(limit, &scope);
            }
            None => {}
        }
        if let Some(quantity) = query.fetch.as_ref().and_then(|fetch| fetch.quantity.as_ref()) {
            self.read_only(quantity, &scope);
        }
    }

    /// Defines the CTEs of a WITH, each visible to the later ones and to the query.
    pub(super) fn with(&mut self, with: &'a With, parent: Option<&Scope<'_, 'a>>) {
        // In `with recursive a as (select * from b), b as (…)` `a` reads the later `b`.
        if with.recursive {
            for cte in with.cte_tables.iter().skip(1) {
                let key = self.key(&cte.alias.name);
                self.open_cte(key, Rc::new(Shape::default()));
            }
        }
        for cte in &with.cte_tables {
            let shape = self.cte(cte, with.recursive, parent);
            let shape = self.rename_columns(shape, &cte.alias.columns);
            let key = self.key(&cte.alias.name);
            self.open_cte(key, shape);
        }
    }

    /// The shape of one CTE. A CTE that reads itself is resolved with the shape of its first
    /// branch in place of itself.
    fn cte(
        &mut self,
        cte: &'a Cte,
        is_marked_recursive: bool,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rc<Shape<'a>> {
        let may_recurse = is_marked_recursive || recursion_needs_no_mark(self.dialect);
        let query = &*cte.query;
        let (
            true,
            SetExpr::SetOperation {
                left,
                op: SetOperator::Union,
                ..
            },
        ) = (may_recurse, &*query.body)
        else {
            if is_marked_recursive {
                let opened = self.ctes.len();
                let key = self.key(&cte.alias.name);
                self.open_cte(key, Rc::new(Shape::default()));
                let shape = self.query(query, parent);
                self.close_ctes(opened);
                return shape;
            }
            return self.query(query, parent);
        };
        let opened = self.ctes.len();
        if let Some(with) = &query.with {
            self.with(with, parent);
        }
        let mut leftmost = &**left;
        while let SetExpr::SetOperation { left, .. } = leftmost {
            leftmost = left;
        }
        // The first branch is resolved twice, once for its shape and once in its place; what it
        // reads is entered once either way.
        let anchor = self.set_expression(leftmost, parent);
        let anchor = self.rename_columns(anchor, &cte.alias.columns);
        self.anchors
            .insert(std::ptr::from_ref(leftmost), Rc::clone(&anchor));
        let key = self.key(&cte.alias.name);
        self.open_cte(key, anchor);
        let shape = self.set_expression(&query.body, parent);
        self.anchors.remove(&std::ptr::from_ref(leftmost));
        self.limits(query, parent);
        self.close_ctes(opened);
        shape
    }

    /// Resolves the body of a query. A chain of set operations is walked, not descended.
    pub(super) fn set_expression(
        &mut self,
        body: &'a SetExpr,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rc<Shape<'a>> {
        if let Some(shape) = self.anchors.get(&std::ptr::from_ref(body)) {
            return Rc::clone(shape);
        }
        match body {
            SetExpr::Select(select) => self.select(select, None, parent),
            SetExpr::Query(query) => self.query(query, parent),
            SetExpr::SetOperation { .. } => self.set_operations(body, parent),
            SetExpr::Values(values) => self.values(values, parent),
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => self.data_modification(statement, parent),
            SetExpr::Table(table) => {
                let mut parts = Vec::new();
                parts.extend(table.schema_name.as_deref());
                parts.extend(table.table_name.as_deref());
                self.table_command(&parts)
            }
        }
    }

    fn data_modification(
        &mut self,
        statement: &'a Statement,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rc<Shape<'a>> {
        let written = self.statement(statement, parent);
        self.returned(statement, parent).or(written).unwrap_or_default()
    }

    fn set_operations(&mut self, body: &'a SetExpr, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
        // The chain leans left: ((a union b) union c). Collect it from the right, then reverse.
        let mut branches: Vec<(&'a SetExpr, Option<(SetOperator, SetQuantifier)>)> = Vec::new();
        let mut spine = body;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } = spine
        {
            branches.push((&**right, Some((*op, *set_quantifier))));
            spine = &**left;
        }
        branches.push((spine, None));
        branches.reverse();

        let mut shapes: Vec<Rc<Shape<'a>>> = Vec::with_capacity(branches.len().min(64));
        let mut by_name = false;
        for (branch, operation) in branches {
            let shape = self.set_expression(branch, parent);
            match operation {
                // What EXCEPT takes away contributes no value.
                Some((SetOperator::Except | SetOperator::Minus, _)) => {}
                Some((_, quantifier)) => {
                    by_name |= matches!(
                        quantifier,
                        SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName
                    );
                    shapes.push(shape);
                }
                None => shapes.push(shape),
            }
        }
        self.union(&shapes, by_name)
    }

    /// The shape of a union: by position where all columns are known, by name where some are not.
    pub(super) fn union(&mut self, shapes: &[Rc<Shape<'a>>], by_name: bool) -> Rc<Shape<'a>> {
        let [first, rest @ ..] = shapes else {
            return Rc::new(Shape::default());
        };
        if rest.is_empty() {
            return Rc::clone(first);
        }
        if !by_name && shapes.iter().all(|shape| shape.is_closed()) {
            let mut collected: Vec<Vec<_>> = Vec::new();
            let mut names: Vec<Option<Name<'a>>> = Vec::new();
            for column in first.columns() {
                names.push(column.name.clone());
                collected.push(column.sources.to_vec());
            }
            for shape in rest {
                for (position, column) in shape.columns().enumerate().take(collected.len()) {
                    let into = &mut collected[position];
                    self.ledger.collect(&column.sources, into);
                }
            }
            let items = names
                .into_iter()
                .zip(collected)
                .map(|(name, mut sources)| {
                    Item::Column(ResultColumn {
                        name,
                        sources: self.ledger.sources(&mut sources),
                    })
                })
                .collect();
            return Rc::new(Shape::new(items));
        }
        self.union_by_name(shapes)
    }

    fn union_by_name(&mut self, shapes: &[Rc<Shape<'a>>]) -> Rc<Shape<'a>> {
        let mut positions: HashMap<Cow<'a, str>, usize> = HashMap::new();
        let mut columns: Vec<(Option<Name<'a>>, Vec<_>)> = Vec::new();
        let mut tables = Vec::new();
        let mut values = Vec::new();
        let mut has_star = false;
        let mut except: Option<Rc<[Cow<'a, str>]>> = None;
        for shape in shapes {
            for item in &shape.items {
                match item {
                    Item::Column(column) => {
                        let position = match &column.name {
                            Some(name) => *positions.entry(name.key.clone()).or_insert(columns.len()),
                            None => columns.len(),
                        };
                        if position == columns.len() {
                            columns.push((column.name.clone(), Vec::new()));
                        }
                        let into = &mut columns[position].1;
                        self.ledger.collect(&column.sources, into);
                    }
                    Item::Star(star) => {
                        has_star = true;
                        except = Some(match except {
                            Some(_) => Rc::default(),
                            None => Rc::clone(&star.except),
                        });
                        match &star.of {
                            Open::Tables(of) => {
                                self.ledger.charge(of.len());
                                tables.extend_from_slice(of);
                            }
                            Open::Value(sources) => self.ledger.collect(sources, &mut values),
                        }
                    }
                }
            }
        }
        let mut items: Vec<Item<'a>> = columns
            .into_iter()
            .map(|(name, mut sources)| {
                Item::Column(ResultColumn {
                    name,
                    sources: self.ledger.sources(&mut sources),
                })
            })
            .collect();
        if has_star {
            tables.sort_unstable();
            tables.dedup();
            let of = if tables.is_empty() {
                Open::Value(self.ledger.sources(&mut values))
            } else {
                Open::Tables(tables.into())
            };
            items.push(Item::Star(Star {
                of,
                except: except.unwrap_or_default(),
            }));
        }
        Rc::new(Shape::new(items))
    }

    /// `VALUES (1, 'a'), (2, 'b')`: columns named by position, as the engines do.
    pub(super) fn values(&mut self, values: &'a Values, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
        let scope = Scope::within(parent);
        let width = values.rows.first().map_or(0, |row| row.content.len());
        let mut collected: Vec<Vec<_>> = vec![Vec::new(); width];
        let mut beyond = Vec::new();
        for row in &values.rows {
            for (position, expression) in row.content.iter().enumerate() {
                let into = collected.get_mut(position).unwrap_or(&mut beyond);
                self.read(expression, &scope, into);
            }
        }
        let items = collected
            .into_iter()
            .enumerate()
            .map(|(position, mut sources)| {
                let text = match self.dialect {
                    Dialect::DuckDb => format!("col{position}"),
                    Dialect::Databricks | Dialect::Spark => format!("col{}", position + 1),
                    Dialect::MySql => format!("column_{position}"),
                    _ => format!("column{}", position + 1),
                };
                let key = Cow::Owned(self.folding.name(&text, false).into_owned());
                Item::Column(ResultColumn {
                    name: Some(Name {
                        text: Cow::Owned(text),
                        key,
                    }),
                    sources: self.ledger.sources(&mut sources),
                })
            })
            .collect();
        Rc::new(Shape::new(items))
    }

    /// Resolves one SELECT with the ORDER BY that follows it.
    fn select(
        &mut self,
        select: &'a Select,
        order: Option<&'a OrderBy>,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rc<Shape<'a>> {
        let mut scope = Scope::within(parent);
        self.from(&select.from, &mut scope);
        for view in &select.lateral_views {
            self.lateral_view(view, &mut scope);
        }

        let shape = self.projection(select, &scope);

        let columns: Vec<ResultColumn<'a>> = if self.may_use_aliases(select, order) {
            shape.columns().cloned().collect()
        } else {
            Vec::new()
        };
        self.filters(select, &scope, &columns);
        if let Some(OrderBy {
            kind: OrderByKind::Expressions(orders),
            ..
        }) = order
        {
            self.read_order(orders, &scope.with_aliases(&columns, AliasRule::Always));
        }
        if let Some(into) = &select.into {
            for target in &into.targets {
                self.select_into(target, &shape);
            }
        }
        shape
    }

    fn may_use_aliases(&self, select: &Select, order: Option<&OrderBy>) -> bool {
        order.is_some()
            || select.having.is_some()
            || select.qualify.is_some()
            || matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if !keys.is_empty())
            || aliases_reach_where(self.dialect)
    }

    /// Reads everything of a SELECT that chooses rows.
    fn filters(&mut self, select: &'a Select, rows: &Scope<'_, 'a>, columns: &[ResultColumn<'a>]) {
        let with_aliases = rows.with_aliases(columns, AliasRule::WhenUnknown);
        let scope = if aliases_reach_where(self.dialect) {
            &with_aliases
        } else {
            rows
        };
        for condition in select.prewhere.iter().chain(&select.selection) {
            self.read_only(condition, scope);
        }
        for clause in &select.connect_by {
            match clause {
                ConnectByKind::ConnectBy { relationships, .. } => {
                    for relationship in relationships {
                        self.read_only(relationship, scope);
                    }
                }
                ConnectByKind::StartWith { condition, .. } => self.read_only(condition, scope),
            }
        }
        if let Some(Distinct::On(keys)) = &select.distinct {
            for key in keys {
                self.read_only(key, scope);
            }
        }
        if let Some(top) = &select.top
            && let Some(TopQuantity::Expr(quantity)) = &top.quantity
        {
            self.read_only(quantity, scope);
        }
        let scope = &with_aliases;
        let modifiers = match &select.group_by {
            GroupByExpr::All(modifiers) => modifiers,
            GroupByExpr::Expressions(keys, modifiers) => {
                for key in keys {
                    self.read_only(key, scope);
                }
                modifiers
            }
        };
        for modifier in modifiers {
            if let GroupByWithModifier::GroupingSets(sets) = modifier {
                self.read_only(sets, scope);
            }
        }
        for expression in select.cluster_by.iter().chain(&select.distribute_by) {
            self.read_only(expression, scope);
        }
        self.read_order(&select.sort_by, scope);
        for window in &select.named_window {
            if let NamedWindowExpr::WindowSpec(window) = &window.1 {
                self.read_window(window, scope);
            }
        }
        for condition in select.having.iter().chain(&select.qualify) {
            self.read_only(condition, scope);
        }
    }
}

/// Whether WHERE can use an alias of the select list.
fn aliases_reach_where(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::Snowflake | Dialect::ClickHouse | Dialect::Teradata | Dialect::DuckDb | Dialect::Sqlite
    )
}
