//! Leaf fields: names, identifiers, times, flags.

use apollo_compiler::ast::Type;
use apollo_compiler::response::JsonValue;
use chrono::{DateTime, Utc};

use super::context::Context;
use super::object::Object;
use crate::site::{Extract, FieldKind, Freshness, Kind, Site};
use crate::wire::timestamp;

/// Fields that are null on objects the user may not see; identifiers survive.
const HIDDEN_FIELDS: &[&str] = &[
    "name",
    "fullName",
    "schema",
    "description",
    "displayName",
    "path",
    "projectName",
    "projectLuid",
    "projectVizportalUrlId",
    "containerName",
    "hostName",
    "service",
    "filePath",
    "connectorUrl",
    "requestUrl",
    "fullyQualifiedName",
    "formula",
    "query",
];

/// The value of a leaf field; none when the object's type has no such leaf here.
pub(super) fn value(object: Object<'_>, field: &str) -> Option<JsonValue> {
    let site = object.context.site;
    let identity = site.identity(object.node);
    match field {
        "id" => return Some(text(identity.id)),
        "vizportalId" | "vizportalUrlId" => return Some(text(identity.number)),
        "luid" => return Some(luid(object)),
        _ => {}
    }
    if HIDDEN_FIELDS.contains(&field) && object.is_hidden() {
        return Some(JsonValue::Null);
    }
    let at = object.node.at();
    match object.node.kind {
        Kind::Workbook => workbook(object.context, object.node.index, field),
        Kind::View => view(site, at, field),
        Kind::Datasource => datasource(object, at, field),
        Kind::Table => table(object, at, field),
        Kind::CustomSql => custom_sql(site, at, field),
        Kind::Database => database(object, at, field),
        Kind::VirtualConnection => virtual_connection(object, at, field),
        Kind::VirtualTable => virtual_table(object, at, field),
        Kind::Column => column(object, at, field),
        Kind::Field => data_field(site, at, field),
        Kind::User => user(object, at, field),
        Kind::Label => label(site, at, field),
        Kind::Site => match field {
            "name" => Some(text(&site.name)),
            "uri" => Some(text(format!("sites/{}", site.ordinal))),
            _ => None,
        },
        Kind::Tag => (field == "name").then(|| text(&site.tags[at].name)),
        Kind::Parameter => match field {
            "name" => Some(text(&site.parameters[at].name)),
            "parentName" => Some(text(&site.workbooks[site.parameters[at].workbook as usize].name)),
            _ => None,
        },
        Kind::Project => None,
    }
}

/// What a leaf of that type is when there is nothing to say: null, or the emptiest value.
pub(super) fn fallback(declared: &Type) -> JsonValue {
    match declared {
        Type::NonNullNamed(name) => match name.as_str() {
            "Boolean" => JsonValue::Bool(false),
            "Int" => JsonValue::from(0),
            "RemoteType" => text("EMPTY"),
            _ => text(""),
        },
        Type::NonNullList(_) => JsonValue::Array(Vec::new()),
        Type::Named(_) | Type::List(_) => JsonValue::Null,
    }
}

/// Hidden sheets have the empty text.
fn luid(object: Object<'_>) -> JsonValue {
    let site = object.context.site;
    if object.node.kind == Kind::View && site.views[object.node.at()].hidden {
        return text("");
    }
    text(site.identity(object.node).luid)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers hand over what they just made or borrowed"
)]
fn text(value: impl ToString) -> JsonValue {
    JsonValue::String(value.to_string().into())
}

fn optional(value: Option<impl ToString>) -> JsonValue {
    value.map_or(JsonValue::Null, text)
}

fn instant(value: DateTime<Utc>) -> JsonValue {
    text(timestamp(value))
}

fn flag(value: bool) -> JsonValue {
    JsonValue::Bool(value)
}

fn times(freshness: Freshness, field: &str) -> Option<JsonValue> {
    match field {
        "createdAt" => Some(instant(freshness.created_at)),
        "updatedAt" => Some(instant(freshness.updated_at)),
        _ => None,
    }
}

fn workbook(context: &Context<'_>, index: u32, field: &str) -> Option<JsonValue> {
    let site = context.site;
    let workbook = &site.workbooks[index as usize];
    let project = workbook.project.map(|project| &site.projects[project as usize]);
    let value = match field {
        "name" => text(&workbook.name),
        "description" => text(&workbook.description),
        "uri" => text(format!(
            "sites/{}/workbooks/{}",
            site.ordinal, workbook.identity.number
        )),
        "containsUnsupportedCustomSql" => {
            let mut datasources = workbook.datasources.iter();
            flag(datasources.any(|&datasource| has_unsupported_sql(site, datasource)))
        }
        "projectName" => optional(project.map(|project| &project.name)),
        "projectLuid" => optional(project.map(|project| project.identity.luid)),
        "projectVizportalUrlId" => optional(project.map(|project| project.identity.number)),
        "containerType" => text(if project.is_some() {
            "Project"
        } else {
            "PersonalSpace"
        }),
        "containerName" => text(project.map_or("Personal Space", |project| project.name.as_str())),
        _ => return times(workbook.freshness, field),
    };
    Some(value)
}

fn view(site: &Site, at: usize, field: &str) -> Option<JsonValue> {
    let view = &site.views[at];
    let workbook = &site.workbooks[view.workbook as usize];
    let value = match field {
        "name" => text(&view.name),
        "documentViewId" => text(view.identity.id),
        "path" if view.hidden => text(""),
        "path" => text(format!("{}/{}", workbook.content_url, view.url_name)),
        "index" => JsonValue::from(view.position + 1),
        _ => return times(workbook.freshness, field),
    };
    Some(value)
}

/// Whether a data source, or the published one it stands on, holds SQL that Tableau could not parse.
fn has_unsupported_sql(site: &Site, index: u32) -> bool {
    let datasource = &site.datasources[index as usize];
    datasource
        .queries
        .iter()
        .any(|&query| !site.queries[query as usize].supported)
        || datasource
            .parent
            .is_some_and(|parent| has_unsupported_sql(site, parent))
}

fn datasource(object: Object<'_>, at: usize, field: &str) -> Option<JsonValue> {
    let site = object.context.site;
    let datasource = &site.datasources[at];
    let extract: Option<&Extract> = datasource.extract.as_ref();
    let value = match field {
        "name" => text(&datasource.name),
        "hasUserReference" => flag(false),
        "hasExtracts" => flag(extract.is_some()),
        "extractLastRefreshTime" => optional(extract.and_then(|extract| extract.refreshed_at).map(timestamp)),
        "extractLastIncrementalUpdateTime" => {
            optional(extract.and_then(|extract| extract.incremental_at).map(timestamp))
        }
        "extractLastUpdateTime" => optional(extract.and_then(Extract::updated_at).map(timestamp)),
        "containsUnsupportedCustomSql" => flag(has_unsupported_sql(site, object.node.index)),
        "createdAt" | "updatedAt" => return times(datasource.freshness, field),
        _ => {
            let published = datasource.published.as_ref()?;
            let project = &site.projects[published.project as usize];
            match field {
                "uri" => text(format!(
                    "sites/{}/datasources/{}",
                    site.ordinal, datasource.identity.number
                )),
                "description" => text(&published.description),
                "projectName" | "containerName" => text(&project.name),
                "projectVizportalUrlId" => text(project.identity.number),
                "containerType" => text("Project"),
                "isCertified" => flag(published.certified),
                "certifierDisplayName" => {
                    let certifier = &site.users[published.owner as usize].full_name;
                    optional(published.certified.then_some(certifier))
                }
                "certificationNote" => text(&published.certification_note),
                "hasActiveWarning" => has_active_warning(object),
                _ => return None,
            }
        }
    };
    Some(value)
}

fn has_active_warning(object: Object<'_>) -> JsonValue {
    let site = object.context.site;
    let active = site.labels_on(object.node).any(|label| {
        let label = &site.labels[label as usize];
        label.active && label.kind == crate::site::LabelKind::Warning
    });
    flag(active)
}

fn table(object: Object<'_>, at: usize, field: &str) -> Option<JsonValue> {
    let site = object.context.site;
    let table = &site.tables[at];
    let connection = &site.connections[site.databases[table.database as usize].connection as usize];
    let value = match field {
        "name" => text(&table.name),
        "schema" => optional(table.schema.as_ref()),
        "fullName" => text(&table.full_name),
        "description" => text(&table.description),
        "connectionType" => text(&connection.class),
        "isEmbedded" => flag(table.embedded),
        "tableType" => text("DATABASETABLE"),
        "isCertified" => flag(table.certified),
        "certificationNote" => text(&table.certification_note),
        "hasActiveWarning" => has_active_warning(object),
        _ => return None,
    };
    Some(value)
}

fn custom_sql(site: &Site, at: usize, field: &str) -> Option<JsonValue> {
    let query = &site.queries[at];
    let connection = &site.connections[site.databases[query.database as usize].connection as usize];
    let value = match field {
        "name" => text(&query.name),
        "query" => text(&query.query),
        "isUnsupportedCustomSql" => flag(!query.supported),
        "isEmbedded" => flag(false),
        "connectionType" => text(&connection.class),
        _ => return None,
    };
    Some(value)
}

fn database(object: Object<'_>, at: usize, field: &str) -> Option<JsonValue> {
    let site = object.context.site;
    let database = &site.databases[at];
    let connection = &site.connections[database.connection as usize];
    let value = match field {
        "name" => optional(database.name.as_ref()),
        "description" => text(&database.description),
        "connectionType" | "extendedConnectionType" => text(&connection.class),
        "hostName" | "connectorUrl" | "requestUrl" => text(&connection.server),
        "port" => connection
            .port
            .map_or(JsonValue::Null, |port| JsonValue::from(u32::from(port))),
        "service" => text(""),
        "filePath" => text(&connection.database),
        "isEmbedded" | "isControlledPermissionsEnabled" | "isGrouped" => flag(false),
        "isCertified" => flag(database.certified),
        "hasActiveWarning" => has_active_warning(object),
        _ => return None,
    };
    Some(value)
}

fn virtual_connection(object: Object<'_>, at: usize, field: &str) -> Option<JsonValue> {
    let site = object.context.site;
    let connection = &site.virtual_connections[at];
    let project = &site.projects[connection.project as usize];
    let value = match field {
        "name" => text(&connection.name),
        "description" => text(&connection.description),
        "uri" => text(format!(
            "sites/{}/virtualconnections/{}",
            site.ordinal, connection.identity.number
        )),
        // Null since Cloud December 2022.
        "connectionType" => JsonValue::Null,
        "projectName" | "containerName" => text(&project.name),
        "projectVizportalUrlId" => text(project.identity.number),
        "containerType" => text("Project"),
        "isCertified" => flag(false),
        "hasActiveWarning" => has_active_warning(object),
        _ => return times(connection.freshness, field),
    };
    Some(value)
}

fn virtual_table(object: Object<'_>, at: usize, field: &str) -> Option<JsonValue> {
    let site = object.context.site;
    let table = &site.virtual_tables[at];
    let value = match field {
        "name" => text(&table.name),
        "description" => text(""),
        "uri" => text(format!(
            "sites/{}/virtualconnectiontables/{}",
            site.ordinal, table.identity.number
        )),
        "isEmbedded" | "isCertified" | "containsUnsupportedCustomSql" => flag(false),
        "isExtracted" => flag(table.extracted),
        "extractLastRefreshedAt" => optional(table.refreshed_at.map(timestamp)),
        "extractLastRefreshType" => optional(table.refreshed_at.map(|_| "FULL")),
        "hasActiveWarning" => has_active_warning(object),
        _ => return None,
    };
    Some(value)
}

fn column(object: Object<'_>, at: usize, field: &str) -> Option<JsonValue> {
    let column = &object.context.site.columns[at];
    let value = match field {
        "name" | "displayName" => text(&column.name),
        "description" => text(&column.description),
        "remoteType" => text(&column.remote_type),
        "isNullable" => flag(true),
        "hasActiveWarning" => has_active_warning(object),
        _ => return None,
    };
    Some(value)
}

fn data_field(site: &Site, at: usize, field: &str) -> Option<JsonValue> {
    let found = &site.fields[at];
    let value = match field {
        "name" => text(&found.name),
        "fullyQualifiedName" => text(format!(
            "[{}].[{}]",
            site.datasources[found.datasource as usize].name, found.name
        )),
        "description" | "folderName" => JsonValue::Null,
        "isHidden" | "isAutoGenerated" | "hasUserReference" | "hasOther" => flag(false),
        "formula" => match &found.kind {
            FieldKind::Calculated { formula } => text(formula),
            FieldKind::Column | FieldKind::Remote => JsonValue::Null,
        },
        "role" => text("DIMENSION"),
        "dataCategory" => text("NOMINAL"),
        "dataType" => text("STRING"),
        _ => return None,
    };
    Some(value)
}

fn user(object: Object<'_>, at: usize, field: &str) -> Option<JsonValue> {
    let site = object.context.site;
    let user = &site.users[at];
    // Others' addresses are for administrators.
    let may_see_address = object.context.is_administrator() || object.context.user == object.node.index;
    let value = match field {
        "name" => text(&user.full_name),
        "username" => text(&user.name),
        "email" => optional(user.email.as_ref().filter(|_| may_see_address)),
        "domain" => text("local"),
        "uri" => text(format!("sites/{}/users/{}", site.ordinal, user.identity.number)),
        _ => return None,
    };
    Some(value)
}

fn label(site: &Site, at: usize, field: &str) -> Option<JsonValue> {
    let label = &site.labels[at];
    let value = match field {
        "value" => text(&label.value),
        // The Metadata API writes categories in upper case.
        "category" => text(label.category.to_uppercase()),
        "warningType" => text(label.value.to_uppercase()),
        "message" => text(&label.message),
        "isActive" => flag(label.active),
        "isElevated" | "isSevere" => flag(label.elevated),
        "authorDisplayName" => text(&site.users[label.author as usize].full_name),
        "createdAt" => instant(label.created_at),
        "updatedAt" => instant(label.updated_at),
        _ => return None,
    };
    Some(value)
}
