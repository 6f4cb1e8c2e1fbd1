//! The site itself: its objects and the indices over them.

use std::collections::HashMap;

use uuid::Uuid;

use super::lineage::Downstream;
use super::{
    Column, ConnectedApp, Connection, CustomSql, Database, Datasource, Field, Identity, Kind, Label, Naming,
    PersonalToken, Project, Ref, Table, User, View, ViewKind, VirtualConnection, VirtualTable, Workbook,
};

/// A parameter of a workbook.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) identity: Identity,
    pub(crate) name: String,
    pub(crate) workbook: u32,
}

/// A tag, shared by all that carries it.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) identity: Identity,
    pub(crate) name: String,
}

/// One site of the server.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) identity: Identity,
    /// The number in `sites/1` of cursors and `uri`s.
    pub(crate) ordinal: u32,
    pub(crate) content_url: String,
    pub(crate) name: String,
    pub(crate) derived_permissions: bool,
    pub(crate) run_now: bool,
    pub(crate) users: Vec<User>,
    pub(crate) tokens: Vec<PersonalToken>,
    pub(crate) connected_apps: Vec<ConnectedApp>,
    pub(crate) projects: Vec<Project>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) databases: Vec<Database>,
    pub(crate) tables: Vec<Table>,
    pub(crate) queries: Vec<CustomSql>,
    pub(crate) virtual_connections: Vec<VirtualConnection>,
    pub(crate) virtual_tables: Vec<VirtualTable>,
    pub(crate) datasources: Vec<Datasource>,
    pub(crate) workbooks: Vec<Workbook>,
    pub(crate) views: Vec<View>,
    pub(crate) columns: Vec<Column>,
    pub(crate) fields: Vec<Field>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) labels: Vec<Label>,
    pub(crate) by_luid: HashMap<Uuid, Ref>,
    pub(crate) by_id: HashMap<Uuid, Ref>,
    pub(crate) tag_numbers: HashMap<String, u32>,
    pub(crate) downstream: Downstream,
}

impl Site {
    /// How many objects of a kind there are.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Site => 1,
            Kind::User => self.users.len(),
            Kind::Project => self.projects.len(),
            Kind::Database => self.databases.len(),
            Kind::Table => self.tables.len(),
            Kind::CustomSql => self.queries.len(),
            Kind::VirtualConnection => self.virtual_connections.len(),
            Kind::VirtualTable => self.virtual_tables.len(),
            Kind::Datasource => self.datasources.len(),
            Kind::Workbook => self.workbooks.len(),
            Kind::View => self.views.len(),
            Kind::Column => self.columns.len(),
            Kind::Field => self.fields.len(),
            Kind::Parameter => self.parameters.len(),
            Kind::Tag => self.tags.len(),
            Kind::Label => self.labels.len(),
        }
    }

    /// All objects of a kind.
    pub(crate) fn all(&self, kind: Kind) -> impl Iterator<Item = Ref> + use<> {
        let count = u32::try_from(self.count(kind)).unwrap_or(u32::MAX);
        (0..count).map(move |index| Ref::new(kind, index))
    }

    /// The identifiers of an object.
    pub(crate) fn identity(&self, object: Ref) -> Identity {
        let at = object.at();
        match object.kind {
            Kind::Site => self.identity,
            Kind::User => self.users[at].identity,
            Kind::Project => self.projects[at].identity,
            Kind::Database => self.databases[at].identity,
            Kind::Table => self.tables[at].identity,
            Kind::CustomSql => self.queries[at].identity,
            Kind::VirtualConnection => self.virtual_connections[at].identity,
            Kind::VirtualTable => self.virtual_tables[at].identity,
            Kind::Datasource => self.datasources[at].identity,
            Kind::Workbook => self.workbooks[at].identity,
            Kind::View => self.views[at].identity,
            Kind::Column => self.columns[at].identity,
            Kind::Field => self.fields[at].identity,
            Kind::Parameter => self.parameters[at].identity,
            Kind::Tag => self.tags[at].identity,
            Kind::Label => self.labels[at].identity,
        }
    }

    /// The object of that LUID, if it is of that kind.
    pub(crate) fn find(&self, kind: Kind, luid: &str) -> Option<u32> {
        let luid = Uuid::try_parse(luid).ok()?;
        self.by_luid
            .get(&luid)
            .filter(|found| found.kind == kind)
            .map(|found| found.index)
    }

    /// The names of a project's ancestors and its own, root first.
    pub(crate) fn project_path(&self, project: u32) -> Vec<&str> {
        let mut names = Vec::new();
        let mut next = Some(project);
        while let Some(index) = next {
            let project = &self.projects[index as usize];
            names.push(project.name.as_str());
            next = project.parent;
        }
        names.reverse();
        names
    }

    /// Whether the user may see the object in lists. Administrators see all that is not hidden from their
    /// own role or name.
    pub(crate) fn shows(&self, object: Ref, user: u32) -> bool {
        let viewer = &self.users[user as usize];
        let at = object.at();
        match object.kind {
            Kind::Project => self.projects[at].audience.shows_to(user, viewer),
            Kind::Workbook => {
                let workbook = &self.workbooks[at];
                let private = workbook.project.is_none() && workbook.owner != user;
                (!private || viewer.role.is_administrator()) && workbook.audience.shows_to(user, viewer)
            }
            Kind::View => self.shows(Ref::new(Kind::Workbook, self.views[at].workbook), user),
            Kind::Datasource => match (&self.datasources[at].published, self.datasources[at].workbook) {
                (Some(published), _) => published.audience.shows_to(user, viewer),
                (None, Some(workbook)) => self.shows(Ref::new(Kind::Workbook, workbook), user),
                (None, None) => true,
            },
            Kind::Table => {
                (self.derived_permissions || viewer.role.is_administrator())
                    && self.tables[at].audience.shows_to(user, viewer)
            }
            Kind::Database => {
                let database = &self.databases[at];
                (self.derived_permissions || viewer.role.is_administrator())
                    && (database.tables.is_empty()
                        || database
                            .tables
                            .iter()
                            .any(|&table| self.shows(Ref::new(Kind::Table, table), user)))
            }
            Kind::Column => self.shows(self.columns[at].owner, user),
            Kind::Field => self.shows(Ref::new(Kind::Datasource, self.fields[at].datasource), user),
            Kind::Parameter => self.shows(Ref::new(Kind::Workbook, self.parameters[at].workbook), user),
            Kind::Site
            | Kind::User
            | Kind::CustomSql
            | Kind::VirtualConnection
            | Kind::VirtualTable
            | Kind::Tag
            | Kind::Label => true,
        }
    }

    /// The tags of an object that can have some.
    pub(crate) fn tags_of(&self, object: Ref) -> &[u32] {
        let at = object.at();
        match object.kind {
            Kind::Workbook => &self.workbooks[at].tags,
            Kind::View => &self.views[at].tags,
            Kind::Table => &self.tables[at].tags,
            Kind::Database => &self.databases[at].tags,
            Kind::Column => &self.columns[at].tags,
            Kind::Datasource => self.datasources[at]
                .published
                .as_ref()
                .map_or(&[], |published| &published.tags),
            _ => &[],
        }
    }

    /// The tags of an object, to change them; none for objects that carry no tags.
    pub(crate) fn tags_of_mut(&mut self, object: Ref) -> Option<&mut Vec<u32>> {
        let at = object.at();
        match object.kind {
            Kind::Workbook => Some(&mut self.workbooks[at].tags),
            Kind::View => Some(&mut self.views[at].tags),
            Kind::Table => Some(&mut self.tables[at].tags),
            Kind::Database => Some(&mut self.databases[at].tags),
            Kind::Column => Some(&mut self.columns[at].tags),
            Kind::Datasource => self.datasources[at]
                .published
                .as_mut()
                .map(|published| &mut published.tags),
            _ => None,
        }
    }

    /// The number of a tag, made when it is new.
    pub(crate) fn intern_tag(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.tag_numbers.get(name) {
            return number;
        }
        let number = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        let identity = Naming::new(&self.content_url).identify("tag", name, None);
        self.tags.push(Tag {
            identity,
            name: name.to_owned(),
        });
        self.tag_numbers.insert(name.to_owned(), number);
        self.by_id.insert(identity.id, Ref::new(Kind::Tag, number));
        number
    }

    /// The labels on an asset that still stand.
    pub(crate) fn labels_on(&self, asset: Ref) -> impl Iterator<Item = u32> + '_ {
        (0u32..)
            .zip(&self.labels)
            .filter(move |(_, label)| label.asset == asset && !label.removed)
            .map(|(index, _)| index)
    }

    /// A workbook's sheets or dashboards.
    pub(crate) fn views_of(&self, workbook: u32, kind: ViewKind) -> impl Iterator<Item = u32> + '_ {
        let views = &self.workbooks[workbook as usize].views;
        views
            .iter()
            .copied()
            .filter(move |&view| self.views[view as usize].kind == kind)
    }
}
