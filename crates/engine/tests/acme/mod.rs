//! The simulated site `acme`, and the workspace whose settings declare it: the stage of several suites.

use std::fmt::Write as _;

use camino::Utf8Path;
use tailwater_engine::settings::{IntegrationSettings, Kind, ProjectSettings};
use tailwater_tableau_sim::{Options, Running, Simulator, SiteFile};

/// The secret of the site's token.
pub const SECRET: &str = "the-secret-of-the-token";

/// Where the workspace keeps its state.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A workbook of the site.
pub struct Workbook<'a> {
    /// Tells its LUID from others'.
    pub number: usize,
    /// The day of January 2025 on which it was published.
    pub day: usize,
    pub project: &'a str,
    pub name: &'a str,
    /// The table that it stands on, with its database.
    pub table: &'a str,
}

/// The LUID of the workbook with this number.
pub fn luid(number: impl std::fmt::Display) -> String {
    format!("0000000{number}-0000-4000-8000-000000000000")
}

/// A server with the site: two projects, `Sales` and `Finance`, and the workbooks.
pub async fn start<'a>(workbooks: impl IntoIterator<Item = Workbook<'a>>) -> Running {
    let file = site_file(workbooks, "SiteAdministratorExplorer");
    Simulator::start(file, Options::default())
        .await
        .expect("a simulator")
}

/// The site, with the role of the token's user.
pub fn site_file<'a>(workbooks: impl IntoIterator<Item = Workbook<'a>>, role: &str) -> SiteFile {
    let mut text = format!(
        r#"
        [[site]]
        content_url = "acme"
        [[site.user]]
        name = "ada@acme.example"
        full_name = "Ada Admin"
        email = "ada@acme.example"
        role = "{role}"
        [[site.token]]
        name = "tailwater"
        secret = "{SECRET}"
        user = "ada@acme.example"
        [[site.project]]
        path = "Sales"
        [[site.project]]
        path = "Finance"
        "#
    );
    for database in ["shop", "prod"] {
        let _ = write!(
            text,
            r#"
            [[site.connection]]
            key = "{database}"
            class = "genericjdbc"
            server = "warehouse"
            database = "{database}"
            "#
        );
    }
    for workbook in workbooks {
        let Workbook {
            number,
            day,
            project,
            name,
            table,
        } = workbook;
        let (database, table) = table.split_once('.').expect("a database");
        let _ = write!(
            text,
            r#"
            [[site.workbook]]
            luid = "{luid}"
            name = "{name}"
            project = "{project}"
            owner = "ada@acme.example"
            created_at = 2025-01-0{day}T00:00:00Z
            sheets = ["Sheet 1"]
            [[site.workbook.datasource]]
            name = "{name} data"
            connection = "{database}"
            tables = ["{table}"]
            "#,
            luid = luid(number),
        );
    }
    SiteFile::from_toml(&text).expect("a site file")
}

/// The site as the settings declare it, with its project `Sales`; its secret is in the file `secret`.
pub fn integration(simulator: &Running) -> IntegrationSettings {
    IntegrationSettings {
        name: "main".into(),
        kind: Kind::Tableau,
        server: simulator.base_url().to_owned(),
        site: Some("acme".to_owned()),
        token_name: Some("tailwater".to_owned()),
        connected_app: None,
        http: tailwater_engine::settings::HttpSettings::default(),
        token_secret_env: None,
        token_secret_file: Some("secret".into()),
        allow_http: false,
        collections: vec!["Sales/**".to_owned()],
        projects: vec![],
        mapping: vec![],
        schedule: None,
    }
}

/// The demo's dbt project as the settings declare it, by the path of its manifest.
pub fn project(manifest: &Utf8Path) -> ProjectSettings {
    ProjectSettings {
        environments: Vec::new(),
        name: "shop".into(),
        manifest: Some(manifest.to_owned()),
        target_dir: None,
    }
}
