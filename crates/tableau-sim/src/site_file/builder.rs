//! Making site files in code, for tests.

use super::{
    Connection, Datasource, NameParts, Person, Site, SiteFile, SiteRole, TableEntry, Token, Workbook,
};

/// The token that [`SiteBuilder`] puts on its site.
pub const BUILDER_TOKEN: (&str, &str) = ("tailwater", "tailwater-secret");

/// A site with an administrator `ada@acme.example`, the token [`BUILDER_TOKEN`] and a Snowflake connection
/// `warehouse` with the database `ANALYTICS`; a test adds what it is about.
#[derive(Debug, Clone)]
pub struct SiteBuilder {
    site: Site,
}

impl SiteBuilder {
    /// The site of that content URL.
    pub fn new(content_url: &str) -> Self {
        let mut site = Site {
            content_url: content_url.to_owned(),
            ..Site::default()
        };
        site.users.push(Person {
            name: "ada@acme.example".to_owned(),
            full_name: Some("Ada Admin".to_owned()),
            email: Some("ada@acme.example".to_owned()),
            role: SiteRole::SiteAdministratorExplorer,
            password: None,
            luid: None,
        });
        site.tokens.push(Token {
            name: BUILDER_TOKEN.0.to_owned(),
            secret: BUILDER_TOKEN.1.to_owned(),
            user: "ada@acme.example".to_owned(),
            expires_at: None,
        });
        site.connections.push(Connection {
            key: "warehouse".to_owned(),
            class: "snowflake".to_owned(),
            server: "ab12345.snowflakecomputing.com".to_owned(),
            port: None,
            user: "SVC_TABLEAU".to_owned(),
            database: "ANALYTICS".to_owned(),
            display_name: None,
            database_name_is_null: false,
            database_is_null: false,
            full_name: NameParts::DatabaseSchemaTable,
        });
        Self { site }
    }

    /// Adds a workbook with one live embedded data source over tables of the connection `warehouse`, named
    /// as in a site file: `MARTS.ORDERS`.
    #[must_use]
    pub fn workbook(self, project: &str, name: &str, tables: &[&str]) -> Self {
        let datasource = Datasource {
            connection: Some("warehouse".to_owned()),
            tables: tables.iter().map(|&table| TableEntry::from(table)).collect(),
            ..Datasource::default()
        };
        self.change(|site| {
            site.workbooks.push(Workbook {
                project: Some(project.into()),
                datasources: vec![datasource],
                ..Workbook::named(name)
            });
        })
    }

    /// Adds so many workbooks `Workbook 00001` and so on, spread over ten projects and a hundred tables.
    #[must_use]
    pub fn workbooks(mut self, count: usize) -> Self {
        for number in 0..count {
            let (project, name) = (
                format!("Team {}", number % 10),
                format!("Workbook {:05}", number + 1),
            );
            self = self.workbook(&project, &name, &[&format!("MARTS.TABLE_{:03}", number % 100)]);
        }
        self
    }

    /// Adds a user with a token of the user's name and the secret `NAME-secret`.
    #[must_use]
    pub fn user(self, name: &str, role: SiteRole) -> Self {
        let person = Person {
            name: name.to_owned(),
            full_name: None,
            email: None,
            role,
            password: None,
            luid: None,
        };
        let token = Token {
            name: name.to_owned(),
            secret: format!("{name}-secret"),
            user: name.to_owned(),
            expires_at: None,
        };
        self.change(|site| {
            site.users.push(person);
            site.tokens.push(token);
        })
    }

    /// Changes whatever else there is to change.
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&mut Site)) -> Self {
        change(&mut self.site);
        self
    }

    /// A site file with this one site.
    pub fn build(self) -> SiteFile {
        SiteFile {
            sites: vec![self.site],
            ..SiteFile::default()
        }
    }
}
