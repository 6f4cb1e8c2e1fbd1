//! Statements: what each kind reads, what it writes, and what later statements see of it.
//!
//! The target of a statement is not upstream. A relation that the text itself creates is not
//! upstream either: reading it later means reading what it was made from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use sqlparser::ast::{
    Assignment, AssignmentTarget, BeginEndStatements, ConditionalStatementBlock, ConditionalStatements,
    CopySource, CreateTable, CreateView, DeclareAssignment, Delete, Expr, FromTable, FunctionArguments,
    Ident, Insert, Merge, MergeAction, MergeInsertKind, MergeUpdateKind, ObjectName, ObjectNamePart,
    OnConflictAction, OnInsert, Set, SetExpr, Statement, TableFactor, TableObject, TableWithJoins, Update,
    UpdateTableFromKind,
};
use tailwater_core::dialect::Dialect;

use crate::name::{Defaults, Folding, Part, split_quoted_path};
use crate::request::Request;
use crate::scan::Scan;
use crate::upstream::{ColumnRef, Note, OutputColumn};

use super::expression::argument_expression;
use super::ledger::{ColumnId, Findings, Ledger};
use super::scope::{Binding, Bound, Scope};
use super::shape::{Item, Name, Open, ResultColumn, Shape};

/// The most column references that an answer carries.
const MAX_OUTPUT_REFERENCES: usize = 50_000;

/// Resolves the statements of one text, in order.
pub(crate) struct Resolver<'r, 'a> {
    pub(super) dialect: Dialect,
    pub(super) folding: Folding,
    pub(super) defaults: Defaults<'r>,
    pub(super) ledger: Ledger<'r>,
    /// The CTEs in sight, innermost last, by folded name.
    visible: HashMap<Cow<'a, str>, Vec<Rc<Shape<'a>>>>,
    /// The folded names of `visible` in the order in which they were opened.
    pub(super) ctes: Vec<Cow<'a, str>>,
    /// Branches of recursive CTEs that are resolved already, by address.
    pub(super) anchors: HashMap<*const SetExpr, Rc<Shape<'a>>>,
    /// Relations that earlier statements of the text made, by folded full name.
    pub(super) created: HashMap<String, Rc<Shape<'a>>>,
    /// The result of the last statement that has one.
    result: Option<Rc<Shape<'a>>>,
    /// Kept for its memory.
    pub(super) unused: Vec<ColumnId>,
}

impl<'r, 'a> Resolver<'r, 'a> {
    pub(crate) fn new(request: &Request<'r>) -> Self {
        Self {
            dialect: request.dialect,
            folding: Folding::of(request.dialect),
            defaults: Defaults::new(request.dialect, request.default_database, request.default_schema),
            ledger: Ledger::new(request.known_columns),
            visible: HashMap::new(),
            ctes: Vec::new(),
            anchors: HashMap::new(),
            created: HashMap::new(),
            result: None,
            unused: Vec::new(),
        }
    }

    /// Reads one statement of the text.
    pub(crate) fn read_statement(&mut self, statement: &'a Statement) {
        if let Some(shape) = self.statement(statement, None) {
            self.result = Some(shape);
        }
    }

    /// Keeps notes of an earlier stage.
    pub(crate) fn take_notes(&mut self, notes: &[Note]) {
        for note in notes {
            self.ledger.note(|| note.clone());
        }
    }

    /// Enters what the scan of a statement found.
    pub(crate) fn read_scan(&mut self, position: usize, scan: &Scan) {
        for found in &scan.reads {
            let parts: Vec<Part<'_>> = found
                .parts
                .iter()
                .map(|(text, quoted)| Part {
                    text,
                    quoted: *quoted,
                })
                .collect();
            if let [only] = parts.as_slice()
                && super::pseudo::is_pseudo_table(self.dialect, only.text)
            {
                continue;
            }
            self.upstream_table(&parts);
        }
        if let Some(created) = &scan.creates {
            let parts: Vec<Part<'_>> = created
                .parts
                .iter()
                .map(|(text, quoted)| Part {
                    text,
                    quoted: *quoted,
                })
                .collect();
            let key = self.relation_key(&parts);
            let nothing = self.ledger.nothing();
            self.created.insert(key, Rc::new(Shape::value(nothing)));
        }
        if scan.is_query {
            self.result = None;
            self.ledger
                .note(|| Note::StatementScanned { statement: position });
        }
    }

    /// Everything found.
    pub(crate) fn finish(mut self) -> Findings {
        let columns = self.output();
        let (tables, notes) = self.ledger.finish();
        Findings {
            tables,
            columns,
            notes,
        }
    }

    fn output(&mut self) -> Vec<OutputColumn> {
        let Some(shape) = self.result.take() else {
            return Vec::new();
        };
        let mut left = MAX_OUTPUT_REFERENCES;
        let mut columns = Vec::with_capacity(shape.items.len());
        for item in &shape.items {
            match item {
                Item::Column(column) => {
                    let name = column
                        .name
                        .as_ref()
                        .map_or_else(String::new, |name| name.text.to_string());
                    let sources = self.references(&column.sources, &mut left);
                    columns.push(OutputColumn { name, sources });
                }
                Item::Star(star) => {
                    let mut collected = Vec::new();
                    self.star_row(&star.of, &mut collected);
                    let sources = self.references(&collected, &mut left);
                    if let Open::Tables(_) = star.of {
                        for source in &sources {
                            columns.push(OutputColumn {
                                name: "*".to_owned(),
                                sources: vec![source.clone()],
                            });
                        }
                    } else {
                        columns.push(OutputColumn {
                            name: "*".to_owned(),
                            sources,
                        });
                    }
                }
            }
        }
        columns
    }

    fn references(&mut self, ids: &[ColumnId], left: &mut usize) -> Vec<ColumnRef> {
        if ids.len() > *left {
            self.ledger.note(|| Note::LineageCutShort);
            return Vec::new();
        }
        *left -= ids.len();
        let mut references: Vec<ColumnRef> = ids.iter().map(|&id| self.ledger.reference(id)).collect();
        references.sort_unstable();
        references
    }

    /// Folds the name of a column, an alias or a CTE.
    pub(super) fn key(&self, name: &'a Ident) -> Cow<'a, str> {
        self.folding.name(&name.value, name.quote_style.is_some())
    }

    pub(super) fn name(&self, name: &'a Ident) -> Name<'a> {
        Name {
            text: Cow::Borrowed(&name.value),
            key: self.key(name),
        }
    }

    /// Makes a CTE visible until [`Self::close_ctes`].
    pub(super) fn open_cte(&mut self, key: Cow<'a, str>, shape: Rc<Shape<'a>>) {
        self.visible.entry(key.clone()).or_default().push(shape);
        self.ctes.push(key);
    }

    /// Closes all CTEs but the first `count`.
    pub(super) fn close_ctes(&mut self, count: usize) {
        while self.ctes.len() > count {
            if let Some(key) = self.ctes.pop()
                && let Some(shapes) = self.visible.get_mut(&key)
            {
                shapes.pop();
            }
        }
    }

    pub(super) fn find_cte(&self, key: &str) -> Option<Rc<Shape<'a>>> {
        if self.ctes.is_empty() {
            return None;
        }
        self.visible
            .get(key)
            .and_then(|shapes| shapes.last())
            .map(Rc::clone)
    }

    /// Resolves one statement. The shape is that of its result, or of what it writes; `None` for
    /// a statement that has neither.
    pub(super) fn statement(
        &mut self,
        statement: &'a Statement,
        parent: Option<&Scope<'_, 'a>>,
    ) -> Option<Rc<Shape<'a>>> {
        match statement {
            Statement::Query(query)
            | Statement::AlterView { query, .. }
            | Statement::Directory { source: query, .. }
            | Statement::Unload {
                query: Some(query), ..
            } => Some(self.query(query, parent)),
            Statement::Insert(insert) => self.insert(insert, parent),
            Statement::Update(update) => Some(self.update(update, parent)),
            Statement::Delete(delete) => {
                self.delete(delete, parent);
                None
            }
            Statement::Merge(merge) => Some(self.merge(merge, parent)),
            Statement::CreateTable(create) => self.create_table(create, parent),
            Statement::CreateView(create) => Some(self.create_view(create, parent)),
            Statement::Cache {
                table_name,
                query: Some(query),
                ..
            } => {
                let shape = self.query(query, parent);
                self.create(table_name, Rc::clone(&shape));
                Some(shape)
            }
            Statement::Explain { statement, .. } | Statement::Prepare { statement, .. } => {
                self.statement(statement, parent)
            }
            Statement::Copy { source, to: true, .. } => match source {
                CopySource::Query(query) => Some(self.query(query, parent)),
                CopySource::Table { table_name, columns } => Some(self.copied_table(table_name, columns)),
            },
            Statement::CopyIntoSnowflake {
                from_obj, from_query, ..
            } => match (from_query, from_obj) {
                (Some(query), _) => Some(self.query(query, parent)),
                (None, Some(name)) if is_relation(name) => Some(self.copied_table(name, &[])),
                _ => None,
            },
            Statement::ExportData(export) => Some(self.query(&export.query, parent)),
            Statement::Declare { stmts } => {
                for declaration in stmts {
                    if let Some(query) = &declaration.for_query {
                        self.query(query, parent);
                    }
                    if let Some(
                        DeclareAssignment::Expr(value)
                        | DeclareAssignment::Default(value)
                        | DeclareAssignment::DuckAssignment(value)
                        | DeclareAssignment::For(value)
                        | DeclareAssignment::MsSqlAssignment(value),
                    ) = &declaration.assignment
                    {
                        self.outside(value);
                    }
                }
                None
            }
            Statement::Set(set) => {
                match set {
                    Set::SingleAssignment { values, .. } | Set::ParenthesizedAssignments { values, .. } => {
                        for value in values {
                            self.outside(value);
                        }
                    }
                    Set::MultipleAssignments { assignments } => {
                        for assignment in assignments {
                            self.outside(&assignment.value);
                        }
                    }
                    _ => {}
                }
                None
            }
            Statement::If(branches) => {
                let rest = branches.elseif_blocks.iter().chain(&branches.else_block);
                let mut last = self.block(&branches.if_block);
                for block in rest {
                    last = self.block(block).or(last);
                }
                last
            }
            Statement::Case(branches) => {
                let mut last = None;
                for block in branches.when_blocks.iter().chain(&branches.else_block) {
                    last = self.block(block).or(last);
                }
                last
            }
            Statement::While(repeated) => self.block(&repeated.while_block),
            Statement::StartTransaction { statements, .. } => self.statements(statements),
            Statement::CreateProcedure { body, .. } => self.body(body),
            Statement::Call(function) => {
                if let FunctionArguments::List(list) = &function.args {
                    for argument in list.args.iter().filter_map(argument_expression) {
                        self.outside(argument);
                    }
                }
                None
            }
            Statement::Assert { condition, .. } => {
                self.outside(condition);
                None
            }
            _ => None,
        }
    }

    fn statements(&mut self, statements: &'a [Statement]) -> Option<Rc<Shape<'a>>> {
        let mut last = None;
        for statement in statements {
            last = self.statement(statement, None).or(last);
        }
        last
    }

    fn block(&mut self, block: &'a ConditionalStatementBlock) -> Option<Rc<Shape<'a>>> {
        if let Some(condition) = &block.condition {
            self.outside(condition);
        }
        self.body(&block.conditional_statements)
    }

    fn body(&mut self, body: &'a ConditionalStatements) -> Option<Rc<Shape<'a>>> {
        match body {
            ConditionalStatements::Sequence { statements }
            | ConditionalStatements::BeginEnd(BeginEndStatements { statements, .. }) => {
                self.statements(statements)
            }
        }
    }

    /// Reads an expression that stands in no query.
    fn outside(&mut self, expression: &'a Expr) {
        let mut scope = Scope::within(None);
        scope.is_lenient = true;
        self.read_only(expression, &scope);
    }

    fn insert(&mut self, insert: &'a Insert, parent: Option<&Scope<'_, 'a>>) -> Option<Rc<Shape<'a>>> {
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
    fn insert_into_created(&mut self, insert: &'a Insert, shape: Option<&Rc<Shape<'a>>>) {
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
    fn named_as(&mut self, shape: Rc<Shape<'a>>, names: &[&'a Ident]) -> Rc<Shape<'a>> {
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
    fn assigned(&mut self, assignments: &'a [Assignment], scope: &Scope<'_, 'a>) -> Rc<Shape<'a>> {
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
    fn bind_target(&mut self, name: &'a ObjectName, alias: Option<&'a Ident>, scope: &mut Scope<'_, 'a>) {
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

    fn update(&mut self, update: &'a Update, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
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
    fn target_with_joins(&mut self, target: &'a TableWithJoins, scope: &mut Scope<'_, 'a>) {
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
    fn bind_around_targets(
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
    fn as_target(
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
    fn is_target(&self, item: &'a TableFactor, target: &'a ObjectName) -> bool {
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

    fn is_alias_in(&self, target: &'a TableFactor, from: &'a [TableWithJoins]) -> bool {
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

    fn delete(&mut self, delete: &'a Delete, parent: Option<&Scope<'_, 'a>>) {
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

    fn merge(&mut self, merge: &'a Merge, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
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

    fn source_row(&mut self, scope: &Scope<'_, 'a>, source_at: usize) -> Rc<Shape<'a>> {
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

    fn create_table(
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

    fn create_view(&mut self, create: &'a CreateView, parent: Option<&Scope<'_, 'a>>) -> Rc<Shape<'a>> {
        let shape = self.query(&create.query, parent);
        let names: Vec<&'a Ident> = create.columns.iter().map(|column| &column.name).collect();
        let shape = self.named_as(shape, &names);
        self.create(&create.name, Rc::clone(&shape));
        shape
    }

    /// Keeps what a statement made for the statements after it.
    fn create(&mut self, name: &'a ObjectName, shape: Rc<Shape<'a>>) {
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

    fn copied_table(&mut self, name: &'a ObjectName, columns: &'a [Ident]) -> Rc<Shape<'a>> {
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

    /// `TABLE orders` as a query.
    pub(super) fn table_command(&mut self, names: &[&'a str]) -> Rc<Shape<'a>> {
        let parts: Vec<Part<'a>> = names.iter().map(|text| Part { text, quoted: false }).collect();
        let cte = match parts.as_slice() {
            [only] => self.find_cte(&self.folding.name(only.text, false)),
            _ => None,
        };
        if let Some(shape) = cte {
            return shape;
        }
        match self.upstream_table(&parts) {
            Some(Bound::Table(table)) => self.table_shape(table),
            Some(Bound::Shape(shape)) => shape,
            None => Rc::new(Shape::default()),
        }
    }

    pub(super) fn parts_of(&self, idents: &[&'a Ident]) -> Vec<Part<'a>> {
        let mut parts = Vec::with_capacity(4);
        for ident in idents {
            if self.dialect == Dialect::BigQuery && ident.value.contains('.') {
                split_quoted_path(&ident.value, &mut parts);
            } else {
                parts.push(Part {
                    text: &ident.value,
                    quoted: ident.quote_style.is_some(),
                });
            }
        }
        parts
    }

    fn object_key(&self, name: &'a ObjectName) -> String {
        let idents: Vec<&'a Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        self.relation_key(&self.parts_of(&idents))
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

/// Whether the source of a COPY is a relation, not a stage.
fn is_relation(name: &ObjectName) -> bool {
    name.0
        .first()
        .and_then(ObjectNamePart::as_ident)
        .is_some_and(|first| !first.value.starts_with('@') && first.quote_style != Some('\''))
}
