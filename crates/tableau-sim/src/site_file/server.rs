//! The top of the site file: the server and its sites.

use serde::{Deserialize, Serialize};

use super::{
    ConnectedApp, Connection, Person, Project, PublishedDatasource, Table, Token, VirtualConnection, Workbook,
};
use crate::switch::Switches;

/// A whole site file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteFile {
    /// The server itself.
    #[serde(default)]
    pub server: Server,
    /// Misbehaviour from the start; see [`Switches`].
    #[serde(default)]
    pub switches: Switches,
    /// The sites; at least one.
    #[serde(default, rename = "site")]
    pub sites: Vec<Site>,
}

/// What the server says about itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// The product version, such as `2025.1.2`.
    pub product_version: String,
    /// The build, such as `20251.25.0413.1022`.
    pub build: String,
    /// The newest REST version it answers, such as `3.25`.
    pub rest_version: String,
    /// Tableau Server or Tableau Cloud.
    pub hosting: Hosting,
    /// What addresses of pages (`webpageUrl`) begin with, such as `https://tableau.acme.example`; the
    /// address that the request came to when left out.
    pub public_url: Option<String>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            product_version: "2025.1.2".to_owned(),
            build: "20251.25.0413.1022".to_owned(),
            rest_version: "3.25".to_owned(),
            hosting: Hosting::Server,
            public_url: None,
        }
    }
}

/// Who runs it. On Cloud a site must be named at sign-in, sessions last half as long, and schedules have no
/// names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hosting {
    /// Tableau Server.
    #[default]
    Server,
    /// Tableau Cloud.
    Cloud,
}

/// One site and all it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The name in addresses; empty for the default site.
    #[serde(default)]
    pub content_url: String,
    /// The display name; the content URL, or `Default`, when left out.
    pub name: Option<String>,
    /// The LUID; made from the content URL when left out.
    pub luid: Option<String>,
    /// Whether users who see a workbook may also see the tables under it. When `false`, everyone but
    /// administrators gets null names for all tables and databases.
    #[serde(default = "yes")]
    pub derived_permissions: bool,
    /// Whether "run now" is allowed.
    #[serde(default = "yes")]
    pub run_now: bool,
    /// Users; the first owns what names no owner.
    #[serde(default, rename = "user")]
    pub users: Vec<Person>,
    /// Personal access tokens.
    #[serde(default, rename = "token")]
    pub tokens: Vec<Token>,
    /// Connected apps.
    #[serde(default, rename = "connected_app")]
    pub connected_apps: Vec<ConnectedApp>,
    /// Projects.
    #[serde(default, rename = "project")]
    pub projects: Vec<Project>,
    /// Connections.
    #[serde(default, rename = "connection")]
    pub connections: Vec<Connection>,
    /// Tables of which there is more to say than their name.
    #[serde(default, rename = "table")]
    pub tables: Vec<Table>,
    /// Virtual connections.
    #[serde(default, rename = "virtual_connection")]
    pub virtual_connections: Vec<VirtualConnection>,
    /// Published data sources.
    #[serde(default, rename = "datasource")]
    pub datasources: Vec<PublishedDatasource>,
    /// Workbooks.
    #[serde(default, rename = "workbook")]
    pub workbooks: Vec<Workbook>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            content_url: String::new(),
            name: None,
            luid: None,
            derived_permissions: yes(),
            run_now: yes(),
            users: Vec::new(),
            tokens: Vec::new(),
            connected_apps: Vec::new(),
            projects: Vec::new(),
            connections: Vec::new(),
            tables: Vec::new(),
            virtual_connections: Vec::new(),
            datasources: Vec::new(),
            workbooks: Vec::new(),
        }
    }
}

fn yes() -> bool {
    true
}
