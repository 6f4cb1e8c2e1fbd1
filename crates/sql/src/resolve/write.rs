//! Statements that write: what they read, under the names of what they write.
//!
//! A target is bound by its name so that its columns mean something, but does not enter the
//! ledger.

use std::rc::Rc;

use sqlparser::ast::{
    Assignment, AssignmentTarget, CreateTable, CreateView, Delete, Expr, FromTable, Ident, Insert, Merge,
    MergeAction, MergeInsertKind, MergeUpdateKind, ObjectName, ObjectNamePart, OnConflictAction, OnInsert,
    Statement, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};
use tailwater_core::dialect::Dialect;

use super::scope::{Binding, Bound, Scope};
use super::shape::{Item, ResultColumn, Shape};
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    pub(super) fn insert(
        &mut self,
        insert: &'a Insert,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Option<Rc<Shape<'a>>> {
        let mut shape = insert.source.as_ref().map(|source| self.query(source, parent));
        let mut target = Scope::within(parent);
        if let TableObject::TableName(name) = &insert.table {
            self.bind_target(
                name,
                insert.table_alias.as_ref().map(|alias| &alias.alias),
                &mut target,
            );
        }
        target.is_lenient = true;
        if !insert.assignments.is_empty() {
            shape = Some(self.assigned(&insert.assignments, &target));
        }
        match &insert.on {
            Some(OnInsert::DuplicateKeyUpdate(assignments)) => {
                self.assigned(assignments, &target);
            }
            Some(OnInsert::OnConflict(conflict)) => {
                if let OnConflictAction::DoUpdate(update) = &conflict.action {
                    self.assigned(&update.assignments, &target);
                    if let Some(condition) = &update.selection {
                        self.read_only(condition, &target);
                    }
                }
            }
            _ => {}
        }
        for clause in &insert.multi_table_when_clauses {
            let mut scope = Scope::within(parent);
            scope.is_lenient = true;
            if let Some(shape) = &shape {
                scope.bindings.push(Binding {
                    names: Vec::new(),
                    aliased: false,
                    qualified_only: false,
                    of: Bound::Shape(Rc::clone(shape)),
                });
            }
            self.read_only(&clause.condition, &scope);
        }
        self.insert_into_created(insert, shape.as_ref());
        let shape = shape?;
        let names: Vec<&'a Ident> = insert
            .columns
            .iter()
            .filter_map(|column| column.0.last().and_then(ObjectNamePart::as_ident))
            .collect();
        Some(self.named_as(shape, &names))
    }

    /// What an INSERT adds to a relation that the text made itself.
    pub(super) fn insert_into_created(&mut self, insert: &'a Insert, shape: Option<&Rc<Shape<'a>>>) {
        let (TableObject::TableName(name), Some(shape)) = (&insert.table, shape) else {
            return;
        };
        let key = self.object_key(name);
        let Some(before) = self.created.get(&key).map(Rc::clone) else {
            return;
        };
        let added = if insert.columns.is_empty() {
            self.union(&[before, Rc::clone(shape)], false)
        } else {
            let names: Vec<&'a Ident> = insert
                .columns
                .iter()
                .filter_map(|column| column.0.last().and_then(ObjectNamePart::as_ident))
                .collect();
            let named = self.named_as(Rc::clone(shape), &names);
            self.union(&[before, named], true)
        };
        self.created.insert(key, added);
    }

    /// The same columns under the names of the target.
    pub(super) fn named_as(&mut self, shape: Rc<Shape<'a>>, names: &[&'a Ident]) -> Rc<Shape<'a>> {
        if names.is_empty() || !shape.is_closed() {
            return shape;
        }
        let items = shape
            .columns()
            .enumerate()
            .map(|(position, column)| {
                Item::Column(ResultColumn {
                    name: match names.get(position) {
                        Some(name) => Some(self.name(name)),
                        None => column.name.clone(),
                    },
                    sources: Rc::clone(&column.sources),
                })
            })
            .collect();
        Rc::new(Shape::new(items))
    }

    /// Resolves `column = value` pairs; the shape has the assigned columns.
    pub(super) fn assigned(&mut self, assignments: &'a [Assignment], scope: &Scope<'_, 'a>) -> Rc<Shape<'a>> {
        let mut items = Vec::with_capacity(assignments.len());
        for assignment in assignments {
            let sources = self.value_of(&assignment.value, scope);
            let targets: &[ObjectName] = match &assignment.target {
                AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
                AssignmentTarget::Tuple(names) => names,
            };
            for target in targets {
                if let Some(name) = target.0.last().and_then(ObjectNamePart::as_ident) {
                    items.push(Item::Column(self.result_column(name, Rc::clone(&sources))));
                }
            }
        }
        Rc::new(Shape::new(items))
    }

    /// Binds the target of a statement by name, without entering it as upstream: a shape without
    /// sources that has any column.
    pub(super) fn bind_target(
        &mut self,
        name: &'a ObjectName,
        alias: Option<&'a Ident>,
        scope: &mut Scope<'_, 'a>,
    ) {
        let names = match alias {
            Some(alias) => vec![self.key(alias)],
            None => name
                .0
                .iter()
                .filter_map(ObjectNamePart::as_ident)
                .map(|ident| self.key(ident))
                .collect(),
        };
        let nothing = self.ledger.nothing();
        scope.bindings.push(Binding {
            names,
            aliased: false,
            qualified_only: false,
            of: Bound::Shape(Rc::new(Shape::value(nothing))),
        });
    }

    pub(super) fn update(&mut self, update: &'a Update, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
        let mut scope = Scope::within(parent);
        scope.is_lenient = true;
        let sources: &[TableWithJoins] = match &update.from {
            Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => from,
            None => &[],
        };
        // `update o set … from orders o`: the target is named by an alias of the FROM clause.
        let target_in_from = self.is_alias_in(&update.table.relation, sources);
        if !target_in_from {
            self.target_with_joins(&update.table, &mut scope);
        }
        let targets: Vec<&'a ObjectName> = table_name(&update.table.relation).into_iter().collect();
        self.bind_around_targets(&targets, sources, &mut scope);
        let shape = self.assigned(&update.assignments, &scope);
        if let Some(condition) = &update.selection {
            self.read_only(condition, &scope);
        }
        shape
    }

    /// Binds a target and what is joined to it, which is read.
    pub(super) fn target_with_joins(&mut self, target: &'a TableWithJoins, scope: &mut Scope<'_, 'a>) {
        match &target.relation {
            TableFactor::Table { name, alias, .. } => {
                self.bind_target(name, alias.as_ref().map(|alias| &alias.name), scope);
            }
            other => self.factor(other, scope),
        }
        for join in &target.joins {
            self.join(join, 0, scope);
        }
    }

    /// Binds a FROM clause in which targets may stand again, under their aliases.
    pub(super) fn bind_around_targets(
        &mut self,
        targets: &[&'a ObjectName],
        from: &'a [TableWithJoins],
        scope: &mut Scope<'_, 'a>,
    ) {
        for item in from {
            let first = scope.bindings.len();
            match self.as_target(&item.relation, targets) {
                Some((name, alias)) => self.bind_target(name, alias, scope),
                None => self.factor(&item.relation, scope),
            }
            for join in &item.joins {
                match self.as_target(&join.relation, targets) {
                    Some((name, alias)) => {
                        self.bind_target(name, alias, scope);
                        if let Some(condition) = join_condition(join) {
                            self.read_only(condition, scope);
                        }
                    }
                    None => self.join(join, first, scope),
                }
            }
        }
    }

    /// The name and the alias of an item of FROM that is one of the targets.
    pub(super) fn as_target(
        &self,
        item: &'a TableFactor,
        targets: &[&'a ObjectName],
    ) -> Option<(&'a ObjectName, Option<&'a Ident>)> {
        let TableFactor::Table { name, alias, .. } = item else {
            return None;
        };
        targets
            .iter()
            .any(|target| self.is_target(item, target))
            .then(|| (name, alias.as_ref().map(|alias| &alias.name)))
    }

    /// Whether an item of FROM is the target itself: its alias, or its name.
    pub(super) fn is_target(&self, item: &'a TableFactor, target: &'a ObjectName) -> bool {
        let TableFactor::Table { name, alias, .. } = item else {
            return false;
        };
        if let (Some(alias), [ObjectNamePart::Identifier(only)]) = (alias, target.0.as_slice())
            && self.key(&alias.name) == self.key(only)
        {
            return true;
        }
        // Elsewhere a target that stands in FROM again is read: `update t … from t as before`.
        let names_target_again = matches!(
            self.dialect,
            Dialect::SqlServer | Dialect::Teradata | Dialect::MySql | Dialect::Generic
        );
        names_target_again && self.object_key(name) == self.object_key(target)
    }

    pub(super) fn is_alias_in(&self, target: &'a TableFactor, from: &'a [TableWithJoins]) -> bool {
        table_name(target).is_some_and(|target| {
            from.iter().any(|item| {
                self.is_target(&item.relation, target)
                    || item
                        .joins
                        .iter()
                        .any(|join| self.is_target(&join.relation, target))
            })
        })
    }

    pub(super) fn delete(&mut self, delete: &'a Delete, parent: Option<&Scope<'_, 'a>>) {
        let mut scope = Scope::within(parent);
        scope.is_lenient = true;
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        if delete.tables.is_empty() {
            for item in from {
                self.target_with_joins(item, &mut scope);
            }
        } else {
            // `delete o from orders o join …`: the targets are named before FROM.
            let targets: Vec<&'a ObjectName> = delete.tables.iter().collect();
            self.bind_around_targets(&targets, from, &mut scope);
        }
        if let Some(using) = &delete.using {
            self.from(using, &mut scope);
        }
        if let Some(condition) = &delete.selection {
            self.read_only(condition, &scope);
        }
    }

    /// The rows that a DELETE or an UPDATE hands on by RETURNING: those of its target, which is read thereby.
    pub(super) fn returned(
        &mut self,
        statement: &'a Statement,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Option<Rc<Shape<'a>>> {
        let mut scope = Scope::within(parent);
        scope.is_lenient = true;
        let list = match statement {
            Statement::Delete(delete) => {
                let list = delete.returning.as_ref()?;
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
                self.from(from, &mut scope);
                if let Some(using) = &delete.using {
                    self.from(using, &mut scope);
                }
                list
            }
            Statement::Update(update) => {
                let list = update.returning.as_ref()?;
                self.factor(&update.table.relation, &mut scope);
                if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) =
                    &update.from
                {
                    self.from(from, &mut scope);
                }
                list
            }
            _ => return None,
        };
        let mut items = Vec::with_capacity(list.len());
        self.select_list(list, &scope, &mut items);
        Some(Rc::new(Shape::new(items)))
    }

    pub(super) fn merge(&mut self, merge: &'a Merge, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
        let mut scope = Scope::within(parent);
        scope.is_lenient = true;
        match &merge.table {
            TableFactor::Table { name, alias, .. } => {
                self.bind_target(name, alias.as_ref().map(|alias| &alias.name), &mut scope);
            }
            other => self.factor(other, &mut scope),
        }
        let source_at = scope.bindings.len();
        self.factor(&merge.source, &mut scope);
        self.read_only(&merge.on, &scope);
        let mut shapes = Vec::new();
        for clause in &merge.clauses {
            if let Some(predicate) = &clause.predicate {
                self.read_only(predicate, &scope);
            }
            match &clause.action {
                MergeAction::Insert(insert) => {
                    let names: Vec<&'a Ident> = insert
                        .columns
                        .iter()
                        .filter_map(|column| column.0.last().and_then(ObjectNamePart::as_ident))
                        .collect();
                    let shape = match &insert.kind {
                        MergeInsertKind::Values(values) => self.values(values, Some(&scope)),
                        MergeInsertKind::Row | MergeInsertKind::Wildcard => {
                            self.source_row(&scope, source_at)
                        }
                    };
                    shapes.push(self.named_as(shape, &names));
                }
                MergeAction::Update(update) => match &update.kind {
                    MergeUpdateKind::Set(assignments) => shapes.push(self.assigned(assignments, &scope)),
                    MergeUpdateKind::Wildcard => shapes.push(self.source_row(&scope, source_at)),
                },
                MergeAction::Delete { .. } | MergeAction::DoNothing { .. } => {}
            }
        }
        self.union(&shapes, true)
    }

    pub(super) fn source_row(&mut self, scope: &Scope<'_, 'a>, source_at: usize) -> Rc<Shape<'a>> {
        let mut source = Scope::within(None);
        for binding in &scope.bindings[source_at..] {
            source.bindings.push(Binding {
                names: binding.names.clone(),
                aliased: binding.aliased,
                qualified_only: false,
                of: binding.of.clone(),
            });
        }
        let mut items = Vec::new();
        self.expand_star(&source, &mut items);
        Rc::new(Shape::new(items))
    }

    pub(super) fn create_table(
        &mut self,
        create: &'a CreateTable,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Option<Rc<Shape<'a>>> {
        if let Some(query) = &create.query {
            let shape = self.query(query, parent);
            let names: Vec<&'a Ident> = create.columns.iter().map(|column| &column.name).collect();
            let shape = self.named_as(shape, &names);
            self.create(&create.name, Rc::clone(&shape));
            return Some(shape);
        }
        if let Some(source) = &create.clone {
            let shape = self.copied_table(source, &[]);
            self.create(&create.name, Rc::clone(&shape));
            return Some(shape);
        }
        if !create.columns.is_empty() {
            let items = create
                .columns
                .iter()
                .map(|column| Item::Column(self.result_column(&column.name, self.ledger.nothing())))
                .collect();
            self.create(&create.name, Rc::new(Shape::new(items)));
        } else if create.temporary || create.like.is_some() {
            let nothing = self.ledger.nothing();
            self.create(&create.name, Rc::new(Shape::value(nothing)));
        }
        None
    }

    pub(super) fn create_view(
        &mut self,
        create: &'a CreateView,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Rc<Shape<'a>> {
        let shape = self.query(&create.query, parent);
        let names: Vec<&'a Ident> = create.columns.iter().map(|column| &column.name).collect();
        let shape = self.named_as(shape, &names);
        self.create(&create.name, Rc::clone(&shape));
        shape
    }

    /// Keeps what a statement made for the statements after it.
    pub(super) fn create(&mut self, name: &'a ObjectName, shape: Rc<Shape<'a>>) {
        let key = self.object_key(name);
        self.created.insert(key, shape);
    }

    /// `select … into x`: a new relation, unless the target is a variable.
    pub(super) fn select_into(&mut self, target: &'a Expr, shape: &Rc<Shape<'a>>) {
        let idents: Vec<&'a Ident> = match target {
            Expr::Identifier(name) => vec![name],
            Expr::CompoundIdentifier(names) => names.iter().collect(),
            _ => return,
        };
        let has_tables = matches!(
            self.dialect,
            Dialect::SqlServer | Dialect::Postgres | Dialect::Redshift | Dialect::Generic
        );
        if has_tables {
            let parts = self.parts_of(&idents);
            let key = self.relation_key(&parts);
            self.created.insert(key, Rc::clone(shape));
        }
    }

    pub(super) fn copied_table(&mut self, name: &'a ObjectName, columns: &'a [Ident]) -> Rc<Shape<'a>> {
        let idents: Vec<&'a Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        let bound = self.relation(&idents, &Scope::within(None));
        let Some(bound) = bound else {
            return Rc::new(Shape::default());
        };
        let mut scope = Scope::within(None);
        scope.bindings.push(Binding {
            names: Vec::new(),
            aliased: false,
            qualified_only: false,
            of: bound,
        });
        let mut items = Vec::new();
        if columns.is_empty() {
            self.expand_star(&scope, &mut items);
        }
        for column in columns {
            let mut collected = Vec::new();
            self.column(&[column], &scope, &mut collected);
            let sources = self.ledger.sources(&mut collected);
            items.push(Item::Column(self.result_column(column, sources)));
        }
        Rc::new(Shape::new(items))
    }
}

fn table_name(factor: &TableFactor) -> Option<&ObjectName> {
    match factor {
        TableFactor::Table { name, .. } => Some(name),
        _ => None,
    }
}

fn join_condition(join: &sqlparser::ast::Join) -> Option<&Expr> {
    use sqlparser::ast::{JoinConstraint, JoinOperator};
    match &join.join_operator {
        JoinOperator::Join(JoinConstraint::On(condition))
        | JoinOperator::Inner(JoinConstraint::On(condition))
        | JoinOperator::Left(JoinConstraint::On(condition))
        | JoinOperator::LeftOuter(JoinConstraint::On(condition))
        | JoinOperator::Right(JoinConstraint::On(condition))
        | JoinOperator::RightOuter(JoinConstraint::On(condition))
        | JoinOperator::FullOuter(JoinConstraint::On(condition)) => Some(condition),
        _ => None,
    }
}
