//! Data sources and their fields.

use std::collections::HashSet;

use super::super::{CustomSql, Datasource, Extract, Field, FieldKind, Freshness, Kind, Published, Ref};
use super::builder::{Builder, freshness, next_index, reference};
use crate::error::Error;
use crate::site_file::{self, TablesReported};

/// Where a data source lives.
pub(super) enum Home {
    Workbook(u32),
    Published(Box<Published>),
}

impl Builder {
    pub(super) fn add_published_datasources(&mut self, file: &site_file::Site) -> Result<(), Error> {
        for entry in &file.datasources {
            let subject = format!("data source `{}`", entry.name);
            let project = self.project(&subject, entry.project.as_ref())?;
            let owner = self.user(&subject, entry.owner.as_deref())?;
            let audience = self.audience(&subject, &entry.hidden_from)?;
            let tags = self.tags(&entry.tags);
            let schedule = self.schedule(entry.schedule.as_ref());
            let content_url = self.content_url("datasource", &entry.name, entry.content_url.as_deref());
            let published = Published {
                project,
                owner,
                description: entry.description.clone(),
                content_url,
                tags,
                certified: entry.certified,
                certification_note: String::new(),
                bridge: entry.bridge,
                audience,
                refresh: entry.refresh.clone(),
                schedule,
            };
            let luid = self.luid(&subject, entry.luid.as_deref())?;
            let path = format!("{project}\u{0}{}", entry.name);
            let times = freshness(entry.created_at, entry.updated_at);
            let home = Home::Published(Box::new(published));
            let index = self.add_datasource(&subject, home, &path, luid, &entry.body(), times)?;
            let key = entry.key.clone().unwrap_or_else(|| entry.name.clone());
            if self.datasources.insert(key, index).is_some() {
                return Err(self.wrong(subject, "is there twice; give one of them a `key`"));
            }
        }
        Ok(())
    }

    pub(super) fn add_datasource(
        &mut self,
        subject: &str,
        home: Home,
        path: &str,
        luid: Option<uuid::Uuid>,
        entry: &site_file::Datasource,
        times: Freshness,
    ) -> Result<u32, Error> {
        let connection = entry
            .connection
            .as_deref()
            .map(|key| self.connection(subject, key))
            .transpose()?;
        let parent = match &entry.published {
            None => None,
            Some(key) => Some(self.datasources.get(key).copied().ok_or_else(|| {
                self.wrong(subject, format!("no published data source has the key `{key}`"))
            })?),
        };
        if parent.is_some() && !(entry.tables.is_empty() && entry.custom_sql.is_empty() && !entry.extract) {
            return Err(self.wrong(
                subject,
                "a data source that stands on a published one has no tables, custom SQL or extract of its own",
            ));
        }
        let index = next_index(&self.site.datasources);
        let identity = self.naming.identify("datasource", path, luid);
        let tables = self.table_list(subject, connection, &entry.tables)?;
        let mut virtual_tables = Vec::new();
        for name in &entry.virtual_tables {
            let table = self.virtual_tables.get(name).copied();
            virtual_tables
                .push(table.ok_or_else(|| self.wrong(subject, format!("no virtual table is `{name}`")))?);
        }
        let mut queries = Vec::new();
        for query in &entry.custom_sql {
            queries.push(self.add_custom_sql(subject, index, connection, path, query)?);
        }

        let (workbook, published) = match home {
            Home::Workbook(workbook) => (Some(workbook), None),
            Home::Published(published) => (None, Some(published)),
        };
        let name = entry
            .name
            .clone()
            .unwrap_or_else(|| self.made_name(parent, &tables, &queries));
        self.site.datasources.push(Datasource {
            identity,
            name,
            workbook,
            published,
            parent,
            children: Vec::new(),
            connections: Vec::new(),
            tables,
            queries,
            virtual_tables,
            fields: Vec::new(),
            extract: entry.extract.then(|| Extract {
                refreshed_at: entry.extract_refreshed_at.map(|instant| instant.0),
                incremental_at: entry.extract_incremental_at.map(|instant| instant.0),
            }),
            freshness: times,
            lists_tables: matches!(
                entry.tables_reported,
                TablesReported::Everywhere | TablesReported::ListsOnly
            ),
            walks_columns: entry.tables_reported == TablesReported::Everywhere,
        });
        if let Some(parent) = parent {
            self.site.datasources[parent as usize].children.push(index);
        }
        self.add_connection_uses(index, connection, path);
        self.add_fields(subject, index, path, entry)?;
        Ok(index)
    }

    fn made_name(&self, parent: Option<u32>, tables: &[u32], queries: &[u32]) -> String {
        if let Some(parent) = parent {
            return self.site.datasources[parent as usize].name.clone();
        }
        let first = tables.first().map(|&table| {
            let table = &self.site.tables[table as usize];
            let database = &self.site.databases[table.database as usize];
            format!(
                "{} ({})",
                table.name,
                database.name.as_deref().unwrap_or_default()
            )
        });
        first
            .or_else(|| {
                queries
                    .first()
                    .map(|&query| self.site.queries[query as usize].name.clone())
            })
            .unwrap_or_else(|| "Data source".to_owned())
    }

    fn add_custom_sql(
        &mut self,
        subject: &str,
        datasource: u32,
        connection: Option<u32>,
        path: &str,
        entry: &site_file::CustomSql,
    ) -> Result<u32, Error> {
        let connection = match &entry.connection {
            Some(key) => self.connection(subject, key)?,
            None => {
                connection.ok_or_else(|| self.wrong(subject, "custom SQL needs a connection; give one"))?
            }
        };
        if !entry.supported && !entry.tables.is_empty() {
            return Err(self.wrong(subject, "custom SQL that is not `supported` has no `tables`"));
        }
        let tables = self.table_list(subject, Some(connection), &entry.tables)?;
        let database_name = self.connection_entries[connection as usize].database.clone();
        let database = self.database(connection, &database_name);
        let index = next_index(&self.site.queries);
        let path = format!("{path}\u{0}{}", entry.name);
        let identity = self.naming.identify("custom sql", &path, None);
        let owner = reference(Kind::CustomSql, index);
        let columns = self.columns(subject, owner, &path, entry.columns.as_deref(), &tables)?;
        self.site.queries.push(CustomSql {
            identity,
            datasource,
            name: entry.name.clone(),
            query: entry.query.clone(),
            supported: entry.supported,
            database,
            tables,
            columns,
        });
        self.site.databases[database as usize].queries.push(index);
        Ok(index)
    }

    /// REST lists one connection for each that the data source's tables and queries live on.
    fn add_connection_uses(&mut self, index: u32, connection: Option<u32>, path: &str) {
        let datasource = &self.site.datasources[index as usize];
        let databases = datasource
            .tables
            .iter()
            .map(|&table| self.site.tables[table as usize].database)
            .chain(
                datasource
                    .queries
                    .iter()
                    .map(|&query| self.site.queries[query as usize].database),
            );
        let mut used: Vec<u32> = connection.into_iter().collect();
        for database in databases {
            let connection = self.site.databases[database as usize].connection;
            if !used.contains(&connection) {
                used.push(connection);
            }
        }
        for connection in used {
            let key = &self.connection_entries[connection as usize].key;
            let identity = self
                .naming
                .identify("connection", &format!("{path}\u{0}{key}"), None);
            self.site.datasources[index as usize]
                .connections
                .push((identity, connection));
        }
    }

    fn add_fields(
        &mut self,
        subject: &str,
        index: u32,
        path: &str,
        entry: &site_file::Datasource,
    ) -> Result<(), Error> {
        if let Some(parent) = self.site.datasources[index as usize].parent {
            for remote in self.site.datasources[parent as usize].fields.clone() {
                let name = self.site.fields[remote as usize].name.clone();
                self.add_field(index, path, name, FieldKind::Remote, Vec::new(), vec![remote]);
            }
        } else {
            let hides_columns = matches!(
                entry.tables_reported,
                TablesReported::ListsOnly | TablesReported::Nowhere
            );
            let mut taken: HashSet<String> = HashSet::new();
            for (table_name, column) in self.connected_columns(index) {
                let name = self.site.columns[column as usize].name.clone();
                let name = if taken.contains(&name) {
                    format!("{name} ({table_name})")
                } else {
                    name
                };
                taken.insert(name.clone());
                let columns = if hides_columns { Vec::new() } else { vec![column] };
                self.add_field(index, path, name, FieldKind::Column, columns, Vec::new());
            }
        }
        for calculation in &entry.calculations {
            let mut fields = Vec::new();
            for name in &calculation.uses {
                fields.push(self.field_called(index, name).ok_or_else(|| {
                    self.wrong(
                        subject,
                        format!(
                            "the calculation `{}` uses no known field `{name}`",
                            calculation.name
                        ),
                    )
                })?);
            }
            let kind = FieldKind::Calculated {
                formula: calculation.formula.clone(),
            };
            self.add_field(index, path, calculation.name.clone(), kind, Vec::new(), fields);
        }
        Ok(())
    }

    fn add_field(
        &mut self,
        datasource: u32,
        path: &str,
        name: String,
        kind: FieldKind,
        columns: Vec<u32>,
        fields: Vec<u32>,
    ) {
        let index = next_index(&self.site.fields);
        let identity = self.naming.identify("field", &format!("{path}\u{0}{name}"), None);
        self.site.fields.push(Field {
            identity,
            kind,
            datasource,
            name,
            columns,
            fields,
        });
        self.site.datasources[datasource as usize].fields.push(index);
    }

    /// Every column a data source connects to, with the name of its table.
    fn connected_columns(&self, datasource: u32) -> Vec<(String, u32)> {
        let site = &self.site;
        let datasource = &site.datasources[datasource as usize];
        let tables = datasource
            .tables
            .iter()
            .map(|&table| &site.tables[table as usize]);
        let queries = datasource
            .queries
            .iter()
            .map(|&query| &site.queries[query as usize]);
        let virtual_tables = datasource
            .virtual_tables
            .iter()
            .map(|&table| &site.virtual_tables[table as usize]);
        tables
            .map(|table| (&table.name, &table.columns))
            .chain(queries.map(|query| (&query.name, &query.columns)))
            .chain(virtual_tables.map(|table| (&table.name, &table.columns)))
            .flat_map(|(name, columns)| columns.iter().map(|&column| (name.clone(), column)))
            .collect()
    }

    /// The field of a data source that a sheet or calculation names: by its own name or as `table.column`.
    pub(super) fn field_called(&self, datasource: u32, name: &str) -> Option<u32> {
        let site = &self.site;
        let fields = &site.datasources[datasource as usize].fields;
        let by_name = fields
            .iter()
            .copied()
            .find(|&field| site.fields[field as usize].name == name);
        by_name.or_else(|| {
            fields.iter().copied().find(|&field| {
                let mut base = &site.fields[field as usize];
                while let (FieldKind::Remote, Some(&remote)) = (&base.kind, base.fields.first()) {
                    base = &site.fields[remote as usize];
                }
                base.columns.first().is_some_and(|&column| {
                    let column = &site.columns[column as usize];
                    format!("{}.{}", self.owner_name(column.owner), column.name) == name
                })
            })
        })
    }

    fn owner_name(&self, owner: Ref) -> &str {
        match owner.kind {
            Kind::Table => &self.site.tables[owner.at()].name,
            Kind::CustomSql => &self.site.queries[owner.at()].name,
            Kind::VirtualTable => &self.site.virtual_tables[owner.at()].name,
            _ => "",
        }
    }
}
