//! Workbooks and the sheets, dashboards and stories in them.

use serde::{Deserialize, Serialize};

use super::{Datasource, FieldEntry, Instant, ProjectPath, Refresh, Schedule, shorthand::shorthand};

/// A workbook.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workbook {
    /// The name.
    pub name: String,
    /// The project; `Default` when left out.
    pub project: Option<ProjectPath>,
    /// It lies in its owner's personal space instead of a project.
    #[serde(default)]
    pub personal_space: bool,
    /// The owner's user name; the first user of the site when left out.
    pub owner: Option<String>,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The URL name; made from the name, with a number when taken.
    pub content_url: Option<String>,
    /// When it was published; 2025-01-01 when left out.
    pub created_at: Option<Instant>,
    /// When it last changed; `created_at` when left out.
    pub updated_at: Option<Instant>,
    /// Size in megabytes.
    #[serde(default = "one_megabyte")]
    pub size: u32,
    /// Worksheets; one called `Sheet 1` when left out.
    #[serde(default, alias = "sheet")]
    pub sheets: Vec<SheetEntry>,
    /// Dashboards.
    #[serde(default, alias = "dashboard")]
    pub dashboards: Vec<DashboardEntry>,
    /// Stories; known to REST alone.
    #[serde(default, alias = "story")]
    pub stories: Vec<DashboardEntry>,
    /// Embedded data sources.
    #[serde(default, alias = "datasource")]
    pub datasources: Vec<Datasource>,
    /// Names of its parameters.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// Roles and user names who can not see it.
    #[serde(default)]
    pub hidden_from: Vec<String>,
    /// How a refresh of its extracts goes.
    #[serde(default)]
    pub refresh: Refresh,
    /// Its refresh schedule.
    pub schedule: Option<Schedule>,
    /// Whether the Metadata API knows it; `false` for one just published.
    #[serde(default = "yes")]
    pub indexed: bool,
    /// The Metadata API still knows it while REST has deleted it.
    #[serde(default)]
    pub stale: bool,
    /// List fields of the Metadata API that get one null element for this workbook, such as
    /// `upstreamTables`.
    #[serde(default)]
    pub null_elements: Vec<String>,
    /// The LUID; made from project and name when left out.
    pub luid: Option<String>,
    /// The small number in browser addresses; counted when left out.
    pub vizportal_url_id: Option<u32>,
}

impl Workbook {
    /// A workbook of that name with every default.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            project: None,
            personal_space: false,
            owner: None,
            description: String::new(),
            tags: Vec::new(),
            content_url: None,
            created_at: None,
            updated_at: None,
            size: one_megabyte(),
            sheets: Vec::new(),
            dashboards: Vec::new(),
            stories: Vec::new(),
            datasources: Vec::new(),
            parameters: Vec::new(),
            hidden_from: Vec::new(),
            refresh: Refresh::default(),
            schedule: None,
            indexed: yes(),
            stale: false,
            null_elements: Vec::new(),
            luid: None,
            vizportal_url_id: None,
        }
    }
}

fn one_megabyte() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// A sheet in a list: its name, or a description.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum SheetEntry {
    /// A visible sheet that uses every field of every data source.
    Name(String),
    /// All there is to say about it.
    Described(Sheet),
}

shorthand!(SheetEntry, Sheet, "a sheet's name or a table that describes it");

impl SheetEntry {
    /// The entry spelled out.
    pub fn sheet(&self) -> Sheet {
        match self {
            Self::Name(name) => Sheet {
                name: name.clone(),
                ..Sheet::default()
            },
            Self::Described(sheet) => sheet.clone(),
        }
    }
}

/// A worksheet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The name.
    pub name: String,
    /// Hidden sheets have neither LUID nor address, and REST does not list them.
    #[serde(default)]
    pub hidden: bool,
    /// How often it was looked at.
    #[serde(default)]
    pub usage: u64,
    /// Names of the embedded data sources it uses; all when left out.
    pub datasources: Option<Vec<String>>,
    /// The fields it uses; every field of its data sources when left out.
    pub fields: Option<Vec<FieldEntry>>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A dashboard or story in a list: its name, or a description.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum DashboardEntry {
    /// One that shows every sheet.
    Name(String),
    /// All there is to say about it.
    Described(Dashboard),
}

shorthand!(
    DashboardEntry,
    Dashboard,
    "a dashboard's name or a table that describes it"
);

impl DashboardEntry {
    /// The entry spelled out.
    pub fn dashboard(&self) -> Dashboard {
        match self {
            Self::Name(name) => Dashboard {
                name: name.clone(),
                ..Dashboard::default()
            },
            Self::Described(dashboard) => dashboard.clone(),
        }
    }
}

/// A dashboard or a story.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// The name.
    pub name: String,
    /// Names of the sheets on it; all when left out.
    pub sheets: Option<Vec<String>>,
    /// Hidden dashboards have neither LUID nor address, and REST does not list them.
    #[serde(default)]
    pub hidden: bool,
    /// How often it was looked at.
    #[serde(default)]
    pub usage: u64,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
}
