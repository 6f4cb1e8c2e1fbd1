//! The select list: names, stars, and where each result column comes from.

use std::borrow::Cow;
use std::rc::Rc;

use sqlparser::ast::{
    AccessExpr, ExcludeSelectItem, Expr, Ident, JsonPathElem, ObjectName, ObjectNamePart, RenameSelectItem,
    Select, SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};
use tailwater_core::dialect::Dialect;

use super::scope::{AliasRule, Binding, Bound, Scope};
use super::shape::{Item, Name, Open, ResultColumn, Shape, Star};
use super::statement::Resolver;

impl<'a> Resolver<'_, 'a> {
    /// The shape of a SELECT's result.
    pub(super) fn projection(&mut self, select: &'a Select, scope: &Scope<'_, 'a>) -> Rc<Shape<'a>> {
        let mut items = Vec::with_capacity(select.projection.len());
        if select.projection.is_empty() && !select.from.is_empty() {
            // DuckDB's `from orders`.
            self.expand_star(scope, &mut items);
        } else {
            self.select_list(&select.projection, scope, &mut items);
        }
        if let Some(exclude) = &select.exclude {
            let keys = self.excluded(exclude);
            drop_columns(&mut items, &keys);
        }
        Rc::new(Shape::new(items))
    }

    /// Resolves the items of a select list in order, each seeing the aliases before it where the
    /// dialect has that.
    pub(super) fn select_list(
        &mut self,
        list: &'a [SelectItem],
        scope: &Scope<'_, 'a>,
        items: &mut Vec<Item<'a>>,
    ) {
        let sees_aliases = aliases_reach_select_list(self.dialect);
        let mut aliases: Vec<ResultColumn<'a>> = Vec::new();
        for item in list {
            if aliases.is_empty() {
                self.select_item(item, scope, items);
            } else {
                self.select_item(item, &scope.with_aliases(&aliases, AliasRule::WhenUnknown), items);
            }
            if sees_aliases
                && matches!(item, SelectItem::ExprWithAlias { .. })
                && let Some(Item::Column(column)) = items.last()
            {
                aliases.push(column.clone());
            }
        }
    }

    fn select_item(&mut self, item: &'a SelectItem, scope: &Scope<'_, 'a>, items: &mut Vec<Item<'a>>) {
        match item {
            SelectItem::UnnamedExpr(expression) => {
                let sources = self.value_of(expression, scope);
                let name = result_name(expression).map(|name| self.name(name));
                items.push(Item::Column(ResultColumn { name, sources }));
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let sources = self.value_of(expr, scope);
                items.push(Item::Column(self.result_column(alias, sources)));
            }
            SelectItem::ExprWithAliases { expr, aliases } => {
                let sources = self.value_of(expr, scope);
                for alias in aliases {
                    items.push(Item::Column(self.result_column(alias, Rc::clone(&sources))));
                }
            }
            SelectItem::Wildcard(options) => {
                let start = items.len();
                self.expand_star(scope, items);
                self.star_options(options, start, scope, items);
            }
            SelectItem::QualifiedWildcard(kind, options) => {
                let start = items.len();
                match kind {
                    SelectItemQualifiedWildcardKind::ObjectName(name) => {
                        self.qualified_star(name, scope, items);
                    }
                    SelectItemQualifiedWildcardKind::Expr(expression) => {
                        let sources = self.value_of(expression, scope);
                        items.extend(Shape::value(sources).items);
                    }
                }
                self.star_options(options, start, scope, items);
            }
        }
    }

    /// `*`: everything that the FROM clause binds, columns of a USING once.
    pub(super) fn expand_star(&mut self, scope: &Scope<'_, 'a>, items: &mut Vec<Item<'a>>) {
        for (position, binding) in scope.bindings().iter().enumerate() {
            if binding.qualified_only {
                continue;
            }
            let start = items.len();
            self.expand_binding(binding, items);
            for merged in scope.merged() {
                if merged.owners.first() == Some(&position) {
                    self.merge_star_column(merged.owners.as_slice(), &merged.key, scope, start, items);
                } else if merged.owners.contains(&position) {
                    let mut own = items.split_off(start);
                    drop_columns(&mut own, std::slice::from_ref(&merged.key));
                    items.append(&mut own);
                }
            }
        }
    }

    /// Gives the first copy of a USING column the sources of all of them.
    fn merge_star_column(
        &mut self,
        owners: &[usize],
        key: &str,
        scope: &Scope<'_, 'a>,
        start: usize,
        items: &mut [Item<'a>],
    ) {
        for item in &mut items[start..] {
            if let Item::Column(column) = item
                && let Some(name) = &column.name
                && name.key == key
            {
                let text = name.text.clone();
                let mut collected = Vec::new();
                for &owner in owners {
                    self.read_from_binding(&scope.bindings()[owner], key, &text, &mut collected);
                }
                column.sources = self.ledger.sources(&mut collected);
            }
        }
    }

    fn expand_binding(&mut self, binding: &Binding<'a>, items: &mut Vec<Item<'a>>) {
        match &binding.of {
            Bound::Table(table) => {
                let shape = self.table_shape(*table);
                items.extend(shape.items.iter().cloned());
            }
            Bound::Shape(shape) => {
                self.ledger.charge(shape.items.len());
                if self.ledger.is_spent() {
                    return;
                }
                // A row of an unnested array shows under the array's own alias.
                if let (
                    [
                        Item::Star(Star {
                            of: Open::Value(sources),
                            ..
                        }),
                    ],
                    Some(name),
                    true,
                ) = (shape.items.as_slice(), binding.names.last(), binding.aliased)
                {
                    items.push(Item::Column(ResultColumn {
                        name: Some(Name {
                            text: name.clone(),
                            key: name.clone(),
                        }),
                        sources: Rc::clone(sources),
                    }));
                    return;
                }
                items.extend(shape.items.iter().cloned());
            }
        }
    }

    fn qualified_star(&mut self, name: &'a ObjectName, scope: &Scope<'_, 'a>, items: &mut Vec<Item<'a>>) {
        let idents: Vec<&'a Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        let keys: Vec<Cow<'a, str>> = idents.iter().map(|ident| self.key(ident)).collect();
        let mut level = Some(scope);
        while let Some(here) = level {
            if let Some((binding, used)) = super::column::best_qualifier(here.bindings(), &keys) {
                if used == keys.len() {
                    self.expand_binding(binding, items);
                } else {
                    // `o.address.*`: the fields of a column.
                    let mut collected = Vec::new();
                    self.column(&idents, scope, &mut collected);
                    let sources = self.ledger.sources(&mut collected);
                    items.extend(Shape::value(sources).items);
                }
                return;
            }
            level = here.parent;
        }
        let mut collected = Vec::new();
        self.column(&idents, scope, &mut collected);
        let sources = self.ledger.sources(&mut collected);
        items.extend(Shape::value(sources).items);
    }

    /// EXCEPT, EXCLUDE, REPLACE, RENAME and ILIKE after a star that filled `items[start..]`.
    fn star_options(
        &mut self,
        options: &'a WildcardAdditionalOptions,
        start: usize,
        scope: &Scope<'_, 'a>,
        items: &mut Vec<Item<'a>>,
    ) {
        let mut dropped: Vec<Cow<'a, str>> = Vec::new();
        if let Some(exclude) = &options.opt_exclude {
            dropped.extend(self.excluded(exclude));
        }
        if let Some(except) = &options.opt_except {
            dropped.push(self.key(&except.first_element));
            dropped.extend(except.additional_elements.iter().map(|name| self.key(name)));
        }
        let mut own = items.split_off(start);
        if !dropped.is_empty() {
            drop_columns(&mut own, &dropped);
        }
        if let Some(replace) = &options.opt_replace {
            for element in &replace.items {
                let sources = self.value_of(&element.expr, scope);
                let column = self.result_column(&element.column_name, sources);
                let key = self.key(&element.column_name);
                replace_column(&mut own, key, column);
            }
        }
        let renames: &[_] = match &options.opt_rename {
            Some(RenameSelectItem::Single(rename)) => std::slice::from_ref(rename),
            Some(RenameSelectItem::Multiple(renames)) => renames,
            None => &[],
        };
        for rename in renames {
            let mut collected = Vec::new();
            self.column(&[&rename.ident], scope, &mut collected);
            let sources = self.ledger.sources(&mut collected);
            let column = self.result_column(&rename.alias, sources);
            let key = self.key(&rename.ident);
            replace_column(&mut own, key, column);
        }
        items.append(&mut own);
    }

    fn excluded(&self, exclude: &'a ExcludeSelectItem) -> Vec<Cow<'a, str>> {
        let names: &[ObjectName] = match exclude {
            ExcludeSelectItem::Single(name) => std::slice::from_ref(name),
            ExcludeSelectItem::Multiple(names) => names,
        };
        names
            .iter()
            .filter_map(|name| name.0.last().and_then(ObjectNamePart::as_ident))
            .map(|name| self.key(name))
            .collect()
    }
}

/// Puts `column` where `key` stood, or after a `*` that may hold it.
fn replace_column<'a>(items: &mut Vec<Item<'a>>, key: Cow<'a, str>, column: ResultColumn<'a>) {
    let place = items.iter().position(
        |item| matches!(item, Item::Column(ResultColumn { name: Some(name), .. }) if name.key == *key),
    );
    if let Some(place) = place {
        items[place] = Item::Column(column);
    } else {
        drop_columns(items, &[key]);
        items.push(Item::Column(column));
    }
}

/// Takes columns out of a result, also out of the stars that may hold them.
pub(super) fn drop_columns<'a>(items: &mut Vec<Item<'a>>, keys: &[Cow<'a, str>]) {
    items.retain(|item| match item {
        Item::Column(column) => !column
            .name
            .as_ref()
            .is_some_and(|name| keys.iter().any(|key| super::column::same_column(&name.key, key))),
        Item::Star(_) => true,
    });
    for item in items {
        if let Item::Star(star) = item {
            star.except = star.except.iter().chain(keys).cloned().collect();
        }
    }
}

/// The name that a warehouse gives to an expression without an alias, where all agree on it.
fn result_name(expression: &Expr) -> Option<&Ident> {
    match expression {
        Expr::Identifier(name) | Expr::Named { name, .. } => Some(name),
        Expr::CompoundIdentifier(parts) => parts.last(),
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(AccessExpr::Dot(Expr::Identifier(field))) => Some(field),
            _ => None,
        },
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::Collate { expr: inner, .. } => {
            result_name(inner)
        }
        Expr::JsonAccess { value, path } => match path.path.last() {
            Some(JsonPathElem::Dot { .. }) | None => None,
            Some(_) => result_name(value),
        },
        _ => None,
    }
}

/// Whether an item of the select list can use the aliases before it.
fn aliases_reach_select_list(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::Snowflake
            | Dialect::Redshift
            | Dialect::Databricks
            | Dialect::Spark
            | Dialect::ClickHouse
            | Dialect::DuckDb
            | Dialect::Teradata
    )
}
