//! Statements: what each kind reads, what it writes, and what later statements see of it.
//!
//! The target of a statement is not upstream. A relation that the text itself creates is not
//! upstream either: reading it later means reading what it was made from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use sqlparser::ast::{
    BeginEndStatements, ConditionalStatementBlock, ConditionalStatements, CopySource, DeclareAssignment,
    Expr, FunctionArguments, Ident, ObjectName, ObjectNamePart, Set, SetExpr, Statement,
};
use tailwater_core::dialect::Dialect;

use crate::name::{Defaults, Folding, Part, split_quoted_path};
use crate::request::Request;
use crate::scan::Scan;
use crate::upstream::{ColumnRef, Note, OutputColumn};

use super::expression::argument_expression;
use super::ledger::{ColumnId, Findings, Ledger};
use super::scope::{Bound, Scope};
use super::shape::{Item, Name, Open, Shape};

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
            match parts.as_slice() {
                [only] if super::pseudo::is_pseudo_table(self.dialect, only.text) => continue,
                [format, path] if path.quoted && super::from::is_file_of(format.text, path.text) => continue,
                _ => {}
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
        let mut text = name.value.as_str();
        // Snowflake and Oracle name a pivoted column after its value with the quotes: `"'JAN'"`.
        if name.quote_style == Some('"')
            && matches!(self.dialect, Dialect::Snowflake | Dialect::Oracle)
            && let Some(value) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''))
        {
            text = value;
        }
        self.folding.name(text, name.quote_style.is_some())
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

    pub(super) fn object_key(&self, name: &'a ObjectName) -> String {
        let idents: Vec<&'a Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        self.relation_key(&self.parts_of(&idents))
    }
}

/// Whether the source of a COPY is a relation, not a stage.
fn is_relation(name: &ObjectName) -> bool {
    name.0
        .first()
        .and_then(ObjectNamePart::as_ident)
        .is_some_and(|first| !first.value.starts_with('@') && first.quote_style != Some('\''))
}
