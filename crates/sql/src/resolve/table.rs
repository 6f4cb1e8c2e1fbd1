//! Names of relations: what a name in FROM stands for, and how it is recognised.
//!
//! A CTE in sight wins, then an array of a relation beside it, a relation that the text made
//! earlier, and last an upstream table, which enters the ledger.

use std::borrow::Cow;
use std::rc::Rc;

use sqlparser::ast::{FunctionArg, Ident, ObjectName, ObjectNamePart, TableAlias};
use tailwater_core::dialect::Dialect;

use crate::name::{Part, TableName, split_quoted_path};
use crate::template::PLACEHOLDER;
use crate::upstream::Note;

use super::expression::argument_expression;
use super::from::file_path;
use super::ledger::TableId;
use super::pseudo;
use super::scope::{Binding, Bound, Scope};
use super::shape::{Item, Name, Open, ResultColumn, Shape, Sources, Star};
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    /// A name in FROM: a CTE, an array of a relation beside it, a relation made earlier in the
    /// text, or an upstream table.
    pub(super) fn named(
        &mut self,
        name: &'a ObjectName,
        alias: Option<&'a TableAlias>,
        scope: &mut Scope<'_, 'a>,
    ) {
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
    pub(super) fn full_keys(&self, idents: &[&'a Ident]) -> Vec<Cow<'a, str>> {
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
    pub(super) fn templated_table(&mut self, parts: &[Part<'_>]) -> Option<Bound<'a>> {
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
    pub(super) fn array_of_neighbour(
        &mut self,
        idents: &[&'a Ident],
        scope: &Scope<'_, 'a>,
    ) -> Option<Sources> {
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
    pub(super) fn dynamic_name(
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

    pub(super) fn text_name(
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

    /// Binds an upstream table.
    pub(super) fn bind_table(
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
}
