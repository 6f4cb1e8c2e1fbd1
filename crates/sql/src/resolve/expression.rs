//! Expressions: which columns are read, and which queries stand inside.
//!
//! The walk keeps its own stack, so a chain of 100,000 `and` costs no depth. Only what opens a new
//! scope (a subquery, a lambda) recurses, and the parser bounds how deep those nest.

use sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArgumentList,
    FunctionArguments, Ident, JsonPathElem, LambdaFunction, ObjectName, ObjectNamePart, OneOrManyWithParens,
    OrderByExpr, Subscript, Value, WindowSpec, WindowType,
};
use tailwater_core::dialect::Dialect;

use super::ledger::ColumnId;
use super::pseudo;
use super::scope::Scope;
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    /// Reads an expression and adds the columns that its value comes from to `into`.
    pub(super) fn read(&mut self, root: &'a Expr, scope: &Scope<'_, 'a>, into: &mut Vec<ColumnId>) {
        match root {
            Expr::Identifier(name) => return self.column(&[name], scope, into),
            Expr::Value(_) => return,
            _ => {}
        }
        let mut pending: Vec<&'a Expr> = Vec::with_capacity(16);
        pending.push(root);
        while let Some(expression) = pending.pop() {
            self.step(expression, scope, into, &mut pending);
        }
    }

    /// Reads an expression whose value goes nowhere, such as a condition.
    pub(super) fn read_only(&mut self, root: &'a Expr, scope: &Scope<'_, 'a>) {
        let mut unused = std::mem::take(&mut self.unused);
        self.read(root, scope, &mut unused);
        unused.clear();
        self.unused = unused;
    }

    /// Handles one node: its own columns now, its operands later.
    fn step(
        &mut self,
        expression: &'a Expr,
        scope: &Scope<'_, 'a>,
        into: &mut Vec<ColumnId>,
        pending: &mut Vec<&'a Expr>,
    ) {
        match expression {
            Expr::Identifier(name) => self.column(&[name], scope, into),
            Expr::CompoundIdentifier(parts) => self.compound(parts, scope, into),
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.field_access(root, access_chain, scope, into, pending);
            }
            Expr::JsonAccess { value, path } => {
                for element in &path.path {
                    if let JsonPathElem::Bracket { key } | JsonPathElem::ColonBracket { key } = element {
                        pending.push(key);
                    }
                }
                pending.push(value);
            }
            Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Nested(inner)
            | Expr::OuterJoin(inner)
            | Expr::Prior(inner)
            | Expr::IsJson { expr: inner, .. }
            | Expr::IsNormalized { expr: inner, .. }
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::Cast { expr: inner, .. }
            | Expr::Extract { expr: inner, .. }
            | Expr::Ceil { expr: inner, .. }
            | Expr::Floor { expr: inner, .. }
            | Expr::Collate { expr: inner, .. }
            | Expr::Named { expr: inner, .. }
            | Expr::Prefixed { value: inner, .. } => pending.push(inner),
            Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::BinaryOp { left, right, .. }
            | Expr::AnyOp { left, right, .. }
            | Expr::AllOp { left, right, .. }
            | Expr::AtTimeZone {
                timestamp: left,
                time_zone: right,
            }
            | Expr::Position {
                expr: left,
                r#in: right,
            }
            | Expr::InUnnest {
                expr: left,
                array_expr: right,
                ..
            }
            | Expr::RLike {
                expr: left,
                pattern: right,
                ..
            } => pending.extend([&**right, &**left]),
            Expr::InList { expr, list, .. } => {
                pending.extend(list);
                pending.push(expr);
            }
            Expr::InSubquery { expr, subquery, .. } => {
                pending.push(expr);
                self.subquery(subquery, scope, into);
            }
            Expr::Subquery(subquery) => self.subquery(subquery, scope, into),
            Expr::Exists { subquery, .. } => {
                self.query(subquery, Some(scope));
            }
            Expr::Between { expr, low, high, .. } => pending.extend([&**high, &**low, &**expr]),
            Expr::Like {
                expr,
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                expr,
                pattern,
                escape_char,
                ..
            }
            | Expr::SimilarTo {
                expr,
                pattern,
                escape_char,
                ..
            } => {
                pending.extend(escape_char.as_deref());
                pending.extend([&**pattern, &**expr]);
            }
            Expr::Convert { expr, styles, .. } => {
                pending.extend(styles);
                pending.push(expr);
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                pending.extend(substring_for.as_deref());
                pending.extend(substring_from.as_deref());
                pending.push(expr);
            }
            Expr::Trim {
                trim_what,
                expr,
                trim_characters,
                ..
            } => {
                pending.extend(trim_characters.iter().flatten());
                pending.extend(trim_what.as_deref());
                pending.push(expr);
            }
            Expr::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                pending.extend(overlay_for.as_deref());
                pending.extend([&**overlay_from, &**overlay_what, &**expr]);
            }
            Expr::Function(function) => self.function(function, scope, into, pending),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                pending.extend(else_result.as_deref());
                for branch in conditions {
                    pending.extend([&branch.result, &branch.condition]);
                }
                pending.extend(operand.as_deref());
            }
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                pending.extend(sets.iter().flatten());
            }
            Expr::Tuple(values) | Expr::Struct { values, .. } => pending.extend(values),
            Expr::Dictionary(fields) => pending.extend(fields.iter().map(|field| &*field.value)),
            Expr::Map(map) => {
                for entry in &map.entries {
                    pending.extend([&*entry.value, &*entry.key]);
                }
            }
            Expr::Array(array) => pending.extend(&array.elem),
            Expr::Interval(interval) => pending.push(&interval.value),
            Expr::MatchAgainst { columns, .. } => {
                for column in columns {
                    self.compound_name(column, scope, into);
                }
            }
            Expr::Lambda(lambda) => self.lambda(lambda, scope, into),
            Expr::MemberOf(member) => pending.extend([&*member.array, &*member.value]),
            Expr::Value(_) | Expr::TypedString(_) | Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {}
        }
    }

    fn compound(&mut self, parts: &'a [Ident], scope: &Scope<'_, 'a>, into: &mut Vec<ColumnId>) {
        let parts: Vec<&Ident> = parts.iter().collect();
        self.column(&parts, scope, into);
    }

    /// A column that the tree holds as the name of an object.
    pub(super) fn compound_name(
        &mut self,
        name: &'a ObjectName,
        scope: &Scope<'_, 'a>,
        into: &mut Vec<ColumnId>,
    ) {
        let parts: Vec<&Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        self.column(&parts, scope, into);
    }

    /// `a.b[0].c`: the column is `a.b`, the rest are fields of it.
    fn field_access(
        &mut self,
        root: &'a Expr,
        chain: &'a [AccessExpr],
        scope: &Scope<'_, 'a>,
        into: &mut Vec<ColumnId>,
        pending: &mut Vec<&'a Expr>,
    ) {
        let mut parts: Vec<&Ident> = match root {
            Expr::Identifier(name) => vec![name],
            Expr::CompoundIdentifier(names) => names.iter().collect(),
            _ => {
                pending.push(root);
                Vec::new()
            }
        };
        let mut is_name = !parts.is_empty();
        for access in chain {
            match access {
                AccessExpr::Dot(Expr::Identifier(field)) => {
                    if is_name {
                        parts.push(field);
                    }
                }
                AccessExpr::Dot(Expr::Function(function)) => {
                    is_name = false;
                    self.function(function, scope, into, pending);
                }
                AccessExpr::Dot(_) => is_name = false,
                AccessExpr::Subscript(subscript) => {
                    is_name = false;
                    match subscript {
                        Subscript::Index { index } => pending.push(index),
                        Subscript::Slice {
                            lower_bound,
                            upper_bound,
                            stride,
                        } => pending.extend([lower_bound, upper_bound, stride].into_iter().flatten()),
                    }
                }
            }
        }
        if !parts.is_empty() {
            self.column(&parts, scope, into);
        }
    }

    /// A query inside an expression: all its result is part of the value.
    fn subquery(
        &mut self,
        query: &'a sqlparser::ast::Query,
        scope: &Scope<'_, 'a>,
        into: &mut Vec<ColumnId>,
    ) {
        let shape = self.query(query, Some(scope));
        self.shape_row(&shape, into);
    }

    fn lambda(&mut self, lambda: &'a LambdaFunction, scope: &Scope<'_, 'a>, into: &mut Vec<ColumnId>) {
        if let (OneOrManyWithParens::One(name), Expr::Value(_)) = (&lambda.params, &*lambda.body) {
            // `document -> '$.path'` is no lambda.
            self.column(&[&name.name], scope, into);
            return;
        }
        let mut inner = Scope::within(Some(scope));
        match &lambda.params {
            OneOrManyWithParens::One(parameter) => inner.locals.push(self.key(&parameter.name)),
            OneOrManyWithParens::Many(parameters) => {
                for parameter in parameters {
                    inner.locals.push(self.key(&parameter.name));
                }
            }
        }
        self.read(&lambda.body, &inner, into);
    }

    fn function(
        &mut self,
        function: &'a Function,
        scope: &Scope<'_, 'a>,
        into: &mut Vec<ColumnId>,
        pending: &mut Vec<&'a Expr>,
    ) {
        self.arguments(&function.parameters, "", scope, into, pending);
        let name = match function.name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => name.value.as_str(),
            _ => "",
        };
        if name.eq_ignore_ascii_case("table")
            && let FunctionArguments::List(list) = &function.args
            && self.table_argument(list, scope)
        {
            return;
        }
        self.arguments(&function.args, name, scope, into, pending);
        pending.extend(function.filter.as_deref());
        pending.extend(function.within_group.iter().map(|order| &order.expr));
        if let Some(WindowType::WindowSpec(window)) = &function.over {
            push_window(window, pending);
        }
    }

    fn arguments(
        &mut self,
        arguments: &'a FunctionArguments,
        function: &str,
        scope: &Scope<'_, 'a>,
        into: &mut Vec<ColumnId>,
        pending: &mut Vec<&'a Expr>,
    ) {
        match arguments {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => self.subquery(query, scope, into),
            FunctionArguments::List(list) => {
                let unit = self.time_unit(function, &list.args);
                for (position, argument) in list.args.iter().enumerate() {
                    if unit != Some(position) {
                        pending.extend(argument_expression(argument));
                    }
                }
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(orders) => {
                            pending.extend(orders.iter().map(|order| &order.expr));
                        }
                        FunctionArgumentClause::Where(condition) => pending.push(condition),
                        FunctionArgumentClause::Limit(limit) => pending.push(limit),
                        FunctionArgumentClause::Having(bound) => pending.push(&bound.1),
                        _ => {}
                    }
                }
            }
        }
    }

    /// `TABLE(orders)` as an argument of a table function hands a relation over, not a column.
    fn table_argument(&mut self, list: &'a FunctionArgumentList, scope: &Scope<'_, 'a>) -> bool {
        let [argument] = list.args.as_slice() else {
            return false;
        };
        let parts: Vec<&'a Ident> = match argument_expression(argument) {
            Some(Expr::Identifier(name)) => vec![name],
            Some(Expr::CompoundIdentifier(names)) => names.iter().collect(),
            _ => return false,
        };
        self.relation(&parts, scope);
        true
    }

    /// The position of an argument that is the bare name of a unit of time.
    fn time_unit(&self, function: &str, arguments: &[FunctionArg]) -> Option<usize> {
        if function.is_empty() || !pseudo::takes_time_units(function) {
            return None;
        }
        let is_unit = |position: usize| match arguments.get(position).and_then(argument_expression) {
            Some(Expr::Identifier(word)) => word.quote_style.is_none() && pseudo::is_time_unit(&word.value),
            Some(Expr::Function(call)) => matches!(
                call.name.0.as_slice(),
                [ObjectNamePart::Identifier(word)] if word.value.eq_ignore_ascii_case("week")
            ),
            _ => false,
        };
        let last = arguments.len().checked_sub(1)?;
        if self.dialect != Dialect::BigQuery && last > 0 && is_unit(0) {
            return Some(0);
        }
        (last > 0 && is_unit(last)).then_some(last)
    }

    /// The name in a string or a dotted expression that a function turns into a relation's name:
    /// Snowflake's `IDENTIFIER('db.orders')` and `TABLE('db.orders')`.
    pub(super) fn literal_text(expression: &Expr) -> Option<&str> {
        match expression {
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text)
                | Value::DoubleQuotedString(text)
                | Value::NationalStringLiteral(text) => Some(text),
                _ => None,
            },
            Expr::Nested(inner) => Self::literal_text(inner),
            _ => None,
        }
    }

    /// Reads the expressions of an ORDER BY whose values go nowhere.
    pub(super) fn read_order(&mut self, orders: &'a [OrderByExpr], scope: &Scope<'_, 'a>) {
        for order in orders {
            self.read_only(&order.expr, scope);
        }
    }

    /// Reads a named window.
    pub(super) fn read_window(&mut self, window: &'a WindowSpec, scope: &Scope<'_, 'a>) {
        let mut pending = Vec::new();
        push_window(window, &mut pending);
        for expression in pending {
            self.read_only(expression, scope);
        }
    }
}

fn push_window<'a>(window: &'a WindowSpec, pending: &mut Vec<&'a Expr>) {
    pending.extend(window.order_by.iter().map(|order| &order.expr));
    pending.extend(&window.partition_by);
}

/// The expression of a function's argument; `None` for wildcards.
pub(super) fn argument_expression(argument: &FunctionArg) -> Option<&Expr> {
    let (FunctionArg::Unnamed(value)
    | FunctionArg::Named { arg: value, .. }
    | FunctionArg::ExprNamed { arg: value, .. }) = argument;
    match value {
        FunctionArgExpr::Expr(expression) => Some(expression),
        _ => None,
    }
}
