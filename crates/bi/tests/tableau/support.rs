//! What the tests share: a simulator with a site, and a connector to it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeZone, Utc};
use secrecy::SecretString;
use tailwater_bi::{Connector, Credential, Error, NoProgress, TableauConnector, TableauSettings, tableau};
use tailwater_core::clock::FixedClock;
use tailwater_core::id::IntegrationName;
use tailwater_core::inventory::{Asset, Inventory};
use tailwater_core::selection::Selection;
use tailwater_tableau_sim::{Options, Running, Simulator, SiteFile};

pub const TOKEN_SECRET: &str = "tailwater-secret-7f3a9c";

/// The head of every site: an administrator's token `tailwater`, a viewer's token `viewer`, a warehouse.
pub const HEAD: &str = r#"
[[site]]
content_url = "acme"
derived_permissions = false

[[site.user]]
name = "ada@acme.example"
full_name = "Ada Admin"
email = "ada@acme.example"
role = "SiteAdministratorExplorer"

[[site.user]]
name = "vera"
full_name = "Vera Viewer"
role = "Viewer"

[[site.token]]
name = "tailwater"
secret = "tailwater-secret-7f3a9c"
user = "ada@acme.example"

[[site.token]]
name = "viewer"
secret = "viewer-secret"
user = "vera"

[[site.connection]]
key = "warehouse"
class = "snowflake"
server = "ab12345.snowflakecomputing.com"
database = "ANALYTICS"
full_name = "database-schema-table"
"#;

/// Starts a simulator with [`HEAD`] and the given rest of a site file.
pub async fn start(rest: &str) -> Running {
    start_file(&format!("{HEAD}\n{rest}")).await
}

pub async fn start_file(text: &str) -> Running {
    let file = SiteFile::from_toml(text).expect("the site file is right");
    Simulator::start(file, Options::default())
        .await
        .expect("the simulator starts")
}

/// Settings without waits between attempts.
pub fn settings(server: &str, site: &str, token: &str, secret: &str) -> TableauSettings {
    let credential = Credential::PersonalAccessToken {
        name: token.to_owned(),
        secret: SecretString::from(secret),
    };
    let mut settings = TableauSettings::new(IntegrationName::from("test"), server, site, credential);
    settings.limits.backoff.first = Duration::from_millis(1);
    settings.limits.total_timeout = Duration::from_secs(20);
    settings.limits.calls_per_second = std::num::NonZeroU32::MAX;
    settings
}

pub fn connect(running: &Running) -> TableauConnector {
    connect_on(
        running,
        settings(running.base_url(), "acme", "tailwater", TOKEN_SECRET),
    )
}

/// A connector whose clock shows what the simulator's does.
pub fn connect_on(running: &Running, settings: TableauSettings) -> TableauConnector {
    tableau(settings, running.shared_clock()).expect("the settings are right")
}

pub fn connect_with(settings: TableauSettings) -> TableauConnector {
    let now = Utc.with_ymd_and_hms(2026, 3, 4, 5, 6, 7).unwrap();
    tableau(settings, Arc::new(FixedClock(now))).expect("the settings are right")
}

pub async fn fetch(connector: &TableauConnector) -> Result<Inventory, Error> {
    connector
        .fetch_inventory(&Selection::new(["**"]), &NoProgress)
        .await
}

/// Everything of the site, with the administrator's token.
pub async fn fetch_all(running: &Running) -> Inventory {
    fetch(&connect(running)).await.expect("the site is read")
}

pub fn asset<'a>(inventory: &'a Inventory, name: &str) -> &'a Asset {
    let mut named = inventory.assets.values().filter(|asset| asset.name == name);
    let asset = named.next().unwrap_or_else(|| panic!("no workbook {name:?}"));
    assert!(named.next().is_none(), "several workbooks {name:?}");
    asset
}

/// `via name` of every table under an asset: its own list, its data sources and their parents.
pub fn tables(inventory: &Inventory, asset: &Asset) -> Vec<String> {
    let mut sources: Vec<_> = asset.data_sources.iter().collect();
    let mut uses: Vec<_> = asset.tables.iter().collect();
    while let Some(id) = sources.pop() {
        let source = &inventory.data_sources[id];
        uses.extend(&source.tables);
        sources.extend(&source.parents);
    }
    let mut told: Vec<String> = uses
        .into_iter()
        .map(|used| {
            let table = &inventory.tables[&used.table];
            let name = table.full_name.as_deref().or(table.name.as_deref());
            format!("{:?} {}", used.via, name.unwrap_or("(hidden)"))
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

pub fn notice_codes(inventory: &Inventory) -> Vec<&str> {
    let mut codes: Vec<&str> = inventory
        .notices
        .iter()
        .map(|notice| notice.code.as_str())
        .collect();
    codes.dedup();
    codes
}
