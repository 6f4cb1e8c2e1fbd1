//! Integrations: one site of one BI tool each.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::credential::{ConnectedApp, CredentialName};
use tailwater_core::id::{IntegrationName, ProjectName};
use tailwater_core::mapping::MappingRule;
use tailwater_core::selection::Selection;

use crate::database::{Row, Value, to_json};
use crate::error::{Error, Result};
use crate::store::{Store, check_name};

/// An integration without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationRecord {
    /// Its name in this installation.
    pub name: IntegrationName,
    /// The BI tool, such as `tableau`.
    pub kind: String,
    /// The server's address.
    pub server: String,
    /// The site's name in addresses; empty for the default site.
    pub site: String,
    /// With what it signs in.
    #[serde(flatten)]
    pub credential: CredentialName,
    /// Whether plain HTTP is allowed beyond loopback.
    pub allow_http: bool,
    /// The dbt projects that it stands on.
    pub projects: Vec<ProjectName>,
    /// The collections that it imports. Empty when it comes from the file.
    pub selection: Selection,
    /// The rules that rewrite names before comparing. Empty when it comes from the file.
    pub mapping: Vec<MappingRule>,
    /// When it was first stored, to the microsecond.
    pub created_at: DateTime<Utc>,
    /// When it was last changed, to the microsecond.
    pub updated_at: DateTime<Utc>,
    /// Who declares it.
    pub origin: Origin,
    /// The way to it, where it is another than to all. Empty when it comes from the file.
    #[serde(default)]
    pub way: Way,
}

/// The way to a BI site: of that what is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Way {
    /// The path of a PEM file with certificate authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
    /// The address of a proxy, without user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Hosts that are called without that proxy, with commas between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
}

/// Who declares an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A command: the store is where it lives.
    Command,
    /// `tailwater.toml`: the store holds it only so that its syncs and exposures have a parent.
    File,
}

impl Origin {
    const fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::File => "file",
        }
    }
}

impl Store {
    /// Every integration, by name.
    pub async fn integrations(&self) -> Result<Vec<IntegrationRecord>> {
        let sql = "select name, kind, server, site, token_name, allow_http, projects, selection, mapping, \
                   created_at, updated_at, origin, connected_app, way from integration order by name";
        let rows = self.db.fetch("read the integrations", sql, vec![]).await?;
        rows.iter().map(read).collect()
    }

    /// The integration of the given name.
    pub async fn find_integration(&self, name: &IntegrationName) -> Result<Option<IntegrationRecord>> {
        let sql = "select name, kind, server, site, token_name, allow_http, projects, selection, mapping, \
                   created_at, updated_at, origin, connected_app, way from integration where name = $1";
        let rows = self
            .db
            .fetch("read the integration", sql, vec![name.as_str().into()])
            .await?;
        rows.first().map(read).transpose()
    }

    /// Stores an integration, or replaces the one of the same name; its secret, what its syncs left and
    /// its `created_at` stay. Of one that comes from the file, selection, mapping and
    /// way are not stored.
    pub async fn put_integration(&self, record: &IntegrationRecord) -> Result<()> {
        const ACTION: &str = "store the integration";
        check_name(record.name.as_str(), "an integration")?;
        let is_editable = record.origin == Origin::Command;
        let no_selection = Selection::default();
        let (selection, mapping) = if is_editable {
            (&record.selection, record.mapping.as_slice())
        } else {
            (&no_selection, [].as_slice())
        };
        let sql = "insert into integration (name, kind, server, site, token_name, allow_http, projects, \
                   selection, mapping, created_at, updated_at, origin, connected_app, way) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
                   on conflict (name) do update set kind = excluded.kind, server = excluded.server, \
                   site = excluded.site, token_name = excluded.token_name, allow_http = excluded.allow_http, \
                   projects = excluded.projects, selection = excluded.selection, \
                   mapping = excluded.mapping, updated_at = excluded.updated_at, origin = excluded.origin, \
                   connected_app = excluded.connected_app, way = excluded.way";
        let app = record.credential.connected_app();
        let app = app.map(|app| to_json(ACTION, app)).transpose()?;
        let way = Some(&record.way).filter(|way| is_editable && **way != Way::default());
        let way = way.map(|way| to_json(ACTION, way)).transpose()?;
        let values = vec![
            record.name.as_str().into(),
            record.kind.as_str().into(),
            record.server.as_str().into(),
            record.site.as_str().into(),
            record.credential.token_name().unwrap_or_default().into(),
            record.allow_http.into(),
            to_json(ACTION, &record.projects)?.into(),
            to_json(ACTION, selection)?.into(),
            to_json(ACTION, &mapping)?.into(),
            record.created_at.into(),
            record.updated_at.into(),
            record.origin.name().into(),
            app.into(),
            way.into(),
        ];
        self.db.execute(ACTION, sql, values).await?;
        Ok(())
    }

    /// Forgets an integration with everything of it: secret, inventory, exposures, their names, history.
    /// Says whether it was there.
    pub async fn remove_integration(&self, name: &IntegrationName) -> Result<bool> {
        let sql = "delete from integration where name = $1";
        let removed = self
            .db
            .execute("remove the integration", sql, vec![name.as_str().into()])
            .await?;
        Ok(removed > 0)
    }

    /// Replaces the selection of an integration that was added by command.
    pub async fn set_selection(&self, name: &IntegrationName, selection: &Selection) -> Result<()> {
        const ACTION: &str = "store the selection";
        let sql = "update integration set selection = $2, updated_at = $3 \
                   where name = $1 and origin = 'command'";
        let selection = to_json(ACTION, selection)?;
        self.edit(ACTION, sql, name, selection).await
    }

    /// Replaces the mapping rules of an integration that was added by command.
    pub async fn set_mapping(&self, name: &IntegrationName, mapping: &[MappingRule]) -> Result<()> {
        const ACTION: &str = "store the mapping rules";
        let sql = "update integration set mapping = $2, updated_at = $3 \
                   where name = $1 and origin = 'command'";
        let mapping = to_json(ACTION, &mapping)?;
        self.edit(ACTION, sql, name, mapping).await
    }

    async fn edit(
        &self,
        action: &'static str,
        sql: &'static str,
        name: &IntegrationName,
        value: String,
    ) -> Result<()> {
        let values: Vec<Value> = vec![name.as_str().into(), value.into(), self.clock.now().into()];
        if self.db.execute(action, sql, values).await? > 0 {
            return Ok(());
        }
        let name = name.clone();
        Err(match self.find_integration(&name).await? {
            Some(_) => Error::FromFile { name },
            None => Error::UnknownIntegration { name },
        })
    }
}

fn read(row: &Row<'_>) -> Result<IntegrationRecord> {
    let origin = match row.text(11)?.as_str() {
        "command" => Origin::Command,
        "file" => Origin::File,
        other => return Err(row.damaged(format!("`{other}` is no origin"))),
    };
    let app: Option<ConnectedApp> = row.optional_json(12)?;
    let token_name = row.text(4)?;
    Ok(IntegrationRecord {
        name: row.text(0)?.into(),
        kind: row.text(1)?,
        server: row.text(2)?,
        site: row.text(3)?,
        credential: app.map_or(CredentialName::Token(token_name), CredentialName::ConnectedApp),
        allow_http: row.claim(5)?,
        projects: row.json(6)?,
        selection: row.json(7)?,
        mapping: row.json(8)?,
        created_at: row.instant(9)?,
        updated_at: row.instant(10)?,
        origin,
        way: row.optional_json::<Way>(13)?.unwrap_or_default(),
    })
}
