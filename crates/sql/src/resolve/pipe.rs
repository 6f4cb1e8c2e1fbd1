//! BigQuery's pipe syntax: `from orders |> where … |> aggregate …`.

use std::borrow::Cow;
use std::rc::Rc;

use sqlparser::ast::{Assignment, AssignmentTarget, FunctionArguments, ObjectNamePart, PipeOperator};

use super::expression::argument_expression;
use super::projection::drop_columns;
use super::scope::{Binding, Bound, Scope};
use super::shape::{Item, ResultColumn, Shape};
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    /// Sends a result through pipe operators.
    pub(super) fn pipes(
        &mut self,
        operators: &'a [PipeOperator],
        start: Rc<Shape<'a>>,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rc<Shape<'a>> {
        let mut shape = start;
        let mut names: Vec<Cow<'a, str>> = Vec::new();
        for operator in operators {
            let mut scope = Scope::within(parent);
            scope.bindings.push(Binding {
                aliased: !names.is_empty(),
                qualified_only: false,
                names: names.clone(),
                of: Bound::Shape(Rc::clone(&shape)),
            });
            if let PipeOperator::As { alias } = operator {
                names = vec![self.key(alias)];
                continue;
            }
            shape = self.pipe(operator, shape, &mut scope, parent);
        }
        shape
    }

    fn pipe(
        &mut self,
        operator: &'a PipeOperator,
        shape: Rc<Shape<'a>>,
        scope: &mut Scope<'_, 'a>,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rc<Shape<'a>> {
        match operator {
            PipeOperator::Where { expr } | PipeOperator::Limit { expr, .. } => {
                self.read_only(expr, scope);
                shape
            }
            PipeOperator::OrderBy { exprs } => {
                self.read_order(exprs, scope);
                shape
            }
            PipeOperator::Select { exprs } => {
                let mut items = Vec::new();
                self.select_list(exprs, scope, &mut items);
                Rc::new(Shape::new(items))
            }
            PipeOperator::Extend { exprs } => {
                let mut items = shape.items.clone();
                self.select_list(exprs, scope, &mut items);
                Rc::new(Shape::new(items))
            }
            PipeOperator::Set { assignments } => {
                let mut items = shape.items.clone();
                for assignment in assignments {
                    self.set_column(assignment, scope, &mut items);
                }
                Rc::new(Shape::new(items))
            }
            PipeOperator::Drop { columns } => {
                let keys: Vec<Cow<'a, str>> = columns.iter().map(|column| self.key(column)).collect();
                let mut items = shape.items.clone();
                drop_columns(&mut items, &keys);
                Rc::new(Shape::new(items))
            }
            PipeOperator::Rename { mappings } => {
                let mut items = shape.items.clone();
                for mapping in mappings {
                    let mut collected = Vec::new();
                    self.column(&[&mapping.ident], scope, &mut collected);
                    let sources = self.ledger.sources(&mut collected);
                    let key = self.key(&mapping.ident);
                    drop_columns(&mut items, &[key]);
                    items.push(Item::Column(self.result_column(&mapping.alias, sources)));
                }
                Rc::new(Shape::new(items))
            }
            PipeOperator::Aggregate {
                full_table_exprs,
                group_by_expr,
            } => {
                let mut items = Vec::new();
                for expression in group_by_expr.iter().chain(full_table_exprs) {
                    let value = &expression.expr;
                    let sources = self.value_of(&value.expr, scope);
                    let name = match (&value.alias, &value.expr) {
                        (Some(alias), _) | (None, sqlparser::ast::Expr::Identifier(alias)) => {
                            Some(self.name(alias))
                        }
                        (None, sqlparser::ast::Expr::CompoundIdentifier(parts)) => {
                            parts.last().map(|name| self.name(name))
                        }
                        _ => None,
                    };
                    items.push(Item::Column(ResultColumn { name, sources }));
                }
                Rc::new(Shape::new(items))
            }
            PipeOperator::Union { queries, .. } | PipeOperator::Intersect { queries, .. } => {
                let mut shapes = vec![shape];
                for query in queries {
                    shapes.push(self.query(query, parent));
                }
                self.union(&shapes, false)
            }
            PipeOperator::Except { queries, .. } => {
                for query in queries {
                    self.query(query, parent);
                }
                shape
            }
            PipeOperator::Join(join) => {
                self.join(join, 0, scope);
                let mut items = Vec::new();
                self.expand_star(scope, &mut items);
                Rc::new(Shape::new(items))
            }
            PipeOperator::Call { function, .. } => {
                if let FunctionArguments::List(list) = &function.args {
                    for expression in list.args.iter().filter_map(argument_expression) {
                        self.read_only(expression, scope);
                    }
                }
                let mut collected = Vec::new();
                self.shape_row(&shape, &mut collected);
                let sources = self.ledger.sources(&mut collected);
                Rc::new(Shape::value(sources))
            }
            PipeOperator::Pivot { .. } | PipeOperator::Unpivot { .. } => {
                let mut collected = Vec::new();
                self.shape_row(&shape, &mut collected);
                let sources = self.ledger.sources(&mut collected);
                Rc::new(Shape::value(sources))
            }
            PipeOperator::As { .. } | PipeOperator::TableSample { .. } => shape,
        }
    }

    fn set_column(&mut self, assignment: &'a Assignment, scope: &Scope<'_, 'a>, items: &mut Vec<Item<'a>>) {
        let sources = self.value_of(&assignment.value, scope);
        let AssignmentTarget::ColumnName(target) = &assignment.target else {
            return;
        };
        let Some(name) = target.0.last().and_then(ObjectNamePart::as_ident) else {
            return;
        };
        let key = self.key(name);
        drop_columns(items, &[key]);
        items.push(Item::Column(self.result_column(name, sources)));
    }
}
