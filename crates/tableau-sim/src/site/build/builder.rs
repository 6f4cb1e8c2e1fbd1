//! The state of a build, and its order: people, projects, tables, data sources, workbooks.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeZone as _, Utc};
use uuid::Uuid;

use super::super::{Freshness, Kind, Naming, Ref, Site};
use crate::error::Error;
use crate::site_file::{self, Instant};

/// A site under construction, with the names by which entries of the file refer to each other.
pub(super) struct Builder {
    pub(super) site: Site,
    pub(super) naming: Naming,
    pub(super) users: HashMap<String, u32>,
    pub(super) projects: HashMap<Vec<String>, u32>,
    pub(super) connections: HashMap<String, u32>,
    pub(super) connection_entries: Vec<site_file::Connection>,
    pub(super) databases: HashMap<(u32, String), u32>,
    pub(super) tables: HashMap<TableKey, u32>,
    pub(super) table_keys: HashMap<String, u32>,
    pub(super) virtual_tables: HashMap<String, u32>,
    pub(super) datasources: HashMap<String, u32>,
    pub(super) content_urls: HashMap<String, u32>,
    pub(super) workbook_names: HashSet<(Option<u32>, u32, String)>,
}

/// What makes a table the same table: connection, database, schema, name.
pub(super) type TableKey = (u32, String, Option<String>, String);

/// Builds the site that the file describes; `ordinal` counts the server's sites from 1.
///
/// # Errors
/// [`Error::SiteFileMeaning`] when the file contradicts itself or refers to what is not there.
pub(crate) fn build(file: &site_file::Site, ordinal: u32) -> Result<Site, Error> {
    let mut builder = Builder::new(file, ordinal)?;
    builder.add_people(file)?;
    builder.add_projects(file)?;
    builder.add_catalog(file)?;
    builder.add_published_datasources(file)?;
    builder.add_workbooks(file)?;
    Ok(builder.finish())
}

impl Builder {
    fn new(file: &site_file::Site, ordinal: u32) -> Result<Self, Error> {
        let mut naming = Naming::new(&file.content_url);
        let luid = parse_luid(file.luid.as_deref()).map_err(|reason| Error::SiteFileMeaning {
            site: file.content_url.clone(),
            subject: "the site".to_owned(),
            reason,
        })?;
        let name = file.name.clone().unwrap_or_else(|| {
            if file.content_url.is_empty() {
                "Default".to_owned()
            } else {
                file.content_url.clone()
            }
        });
        let site = Site {
            identity: naming.identify("site", "", luid),
            ordinal,
            content_url: file.content_url.clone(),
            name,
            derived_permissions: file.derived_permissions,
            run_now: file.run_now,
            users: Vec::new(),
            tokens: Vec::new(),
            connected_apps: Vec::new(),
            projects: Vec::new(),
            connections: Vec::new(),
            databases: Vec::new(),
            tables: Vec::new(),
            queries: Vec::new(),
            virtual_connections: Vec::new(),
            virtual_tables: Vec::new(),
            datasources: Vec::new(),
            workbooks: Vec::new(),
            views: Vec::new(),
            columns: Vec::new(),
            fields: Vec::new(),
            parameters: Vec::new(),
            tags: Vec::new(),
            labels: Vec::new(),
            by_luid: HashMap::new(),
            by_id: HashMap::new(),
            tag_numbers: HashMap::new(),
            downstream: super::super::lineage::Downstream::default(),
        };
        Ok(Self {
            site,
            naming,
            users: HashMap::new(),
            projects: HashMap::new(),
            connections: HashMap::new(),
            connection_entries: Vec::new(),
            databases: HashMap::new(),
            tables: HashMap::new(),
            table_keys: HashMap::new(),
            virtual_tables: HashMap::new(),
            datasources: HashMap::new(),
            content_urls: HashMap::new(),
            workbook_names: HashSet::new(),
        })
    }

    fn finish(self) -> Site {
        let mut site = self.site;
        for kind in Kind::ALL {
            for object in site.all(kind) {
                let identity = site.identity(object);
                site.by_luid.insert(identity.luid, object);
                site.by_id.insert(identity.id, object);
            }
        }
        site.index_lineage();
        site
    }

    /// The error that names the entry at fault.
    pub(super) fn wrong(&self, subject: impl Into<String>, reason: impl Into<String>) -> Error {
        Error::SiteFileMeaning {
            site: self.site.content_url.clone(),
            subject: subject.into(),
            reason: reason.into(),
        }
    }

    /// The LUID as written, or none.
    pub(super) fn luid(&self, subject: &str, written: Option<&str>) -> Result<Option<Uuid>, Error> {
        parse_luid(written).map_err(|reason| self.wrong(subject, reason))
    }

    /// The numbers of tags.
    pub(super) fn tags(&mut self, names: &[String]) -> Vec<u32> {
        names.iter().map(|name| self.site.intern_tag(name)).collect()
    }

    /// A URL name that nothing else of that kind has, made from a display name.
    pub(super) fn content_url(&mut self, kind: &str, name: &str, written: Option<&str>) -> String {
        let base = written.map_or_else(|| url_name(name), str::to_owned);
        let times = self.content_urls.entry(format!("{kind}/{base}")).or_default();
        *times += 1;
        // Tableau appends a long number to the second of a name.
        if *times == 1 {
            base
        } else {
            format!("{base}_{}", 17_078_880_698_360_u64 + u64::from(*times))
        }
    }
}

/// The object number that the next element of a vector gets.
pub(super) fn next_index<T>(vector: &[T]) -> u32 {
    u32::try_from(vector.len()).unwrap_or(u32::MAX)
}

/// A reference to an object of a kind.
pub(super) fn reference(kind: Kind, index: u32) -> Ref {
    Ref::new(kind, index)
}

/// The name as Tableau writes it in addresses: letters, digits and underscores.
pub(super) fn url_name(name: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        .collect();
    if kept.is_empty() {
        "Untitled".to_owned()
    } else {
        kept
    }
}

/// The times of an asset, with their defaults.
pub(super) fn freshness(created_at: Option<Instant>, updated_at: Option<Instant>) -> Freshness {
    let created_at = created_at
        .or(updated_at)
        .map_or_else(founding, |instant| instant.0);
    Freshness {
        created_at,
        updated_at: updated_at.map_or(created_at, |instant| instant.0),
    }
}

/// The day on which everything without a date was made: 2025-01-01.
fn founding() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0)
        .single()
        .unwrap_or_default()
}

fn parse_luid(written: Option<&str>) -> Result<Option<Uuid>, String> {
    written
        .map(|text| Uuid::try_parse(text).map_err(|_| format!("`{text}` is not a LUID (a UUID)")))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site_file::SiteFile;

    const HEAD: &str =
        "[[site]]\n[[site.user]]\nname = \"ada\"\n[[site.connection]]\nkey = \"w\"\nclass = \"postgres\"\n";

    fn built(rest: &str) -> Result<Site, String> {
        let file = SiteFile::from_toml(&format!("{HEAD}{rest}")).unwrap();
        build(&file.sites[0], 1).map_err(|error| error.to_string())
    }

    #[test]
    fn references_to_nothing_are_named() {
        for (entry, reason) in [
            ("name = \"A\"\nowner = \"eve\"", "no user is called `eve`"),
            (
                "name = \"A\"\ndatasources = [{ connection = \"x\", tables = [\"t\"] }]",
                "no connection has the key `x`",
            ),
            (
                "name = \"A\"\ndatasources = [{ published = \"x\" }]",
                "no published data source has the key `x`",
            ),
            (
                "name = \"A\"\ndatasources = [{ tables = [\"t\"] }]",
                "is on no connection",
            ),
            (
                "name = \"A\"\ndatasources = [{ connection = \"w\", tables = [\"a..b\"] }]",
                "is not a table's name",
            ),
            (
                "name = \"A\"\nsheets = [{ name = \"S\", fields = [\"f\"] }]",
                "uses no known field `f`",
            ),
            (
                "name = \"A\"\ndashboards = [{ name = \"D\", sheets = [\"T\"] }]",
                "shows no sheet `T`",
            ),
            (
                "name = \"A\"\nhidden_from = [\"Everyone\"]",
                "neither a user nor a site role",
            ),
            ("name = \"A\"\nluid = \"7\"", "is not a LUID"),
            (
                "name = \"A\"\ndatasources = [{ connection = \"w\", tables = [{ name = \"t\", columns = [{ name = \"c\", remote_type = \"TEXT\" }] }] }]",
                "not a remote type",
            ),
            (
                "name = \"A\"\npersonal_space = true\nproject = \"P\"",
                "both in a project and in a personal space",
            ),
            (
                "name = \"A\"\n[[site.workbook]]\nname = \"A\"",
                "two workbooks of that name",
            ),
        ] {
            let message = built(&format!("[[site.workbook]]\n{entry}\n")).unwrap_err();
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn the_same_table_is_one_object_wherever_it_is_named() {
        let site = built(
            "[[site.table]]\nkey = \"o\"\nconnection = \"w\"\nschema = \"public\"\nname = \"orders\"\ncolumns = [\"a\", \"b\"]\n\
             [[site.workbook]]\nname = \"A\"\ndatasources = [{ connection = \"w\", tables = [\"o\", \"public.orders\"] }]\n\
             [[site.workbook]]\nname = \"B\"\ndatasources = [{ connection = \"w\", tables = [\"public.orders\"] }]\n",
        )
        .unwrap();
        assert_eq!(
            (site.tables.len(), site.columns.len(), site.fields.len()),
            (1, 2, 4)
        );
    }

    #[test]
    fn equal_workbook_names_in_two_projects_get_different_addresses() {
        let site = built(
            "[[site.workbook]]\nname = \"A b\"\nproject = \"P\"\n[[site.workbook]]\nname = \"A b\"\nproject = \"Q/P\"\n",
        )
        .unwrap();
        assert_eq!(site.workbooks[0].content_url, "Ab");
        assert_ne!(site.workbooks[0].content_url, site.workbooks[1].content_url);
        assert_ne!(site.workbooks[0].identity.luid, site.workbooks[1].identity.luid);
        assert_eq!(site.project_path(site.workbooks[1].project.unwrap()), ["Q", "P"]);
    }
}
