//! Data quality warnings in the BI tool: put on what a failed test looks at, taken back when it passes.
//!
//! Off unless an integration is named in `[signals] quality_warnings`. What is ours is known twice, by the store's
//! row and by the marker in the message; what is somebody else's is never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use tailwater_bi::warning::{Content, ContentKind, ContentWarning, Warner};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_core::health::tested_nodes;
use tailwater_core::id::{DataSourceId, IntegrationName};
use tailwater_core::inventory::Table;
use tailwater_core::project::{Node, ResourceType, Severity};
use tailwater_core::run::RunStatus;
use tailwater_store::WarningRecord;

use crate::catalog::{Catalog, CatalogIntegration};
use crate::error::Error;
use crate::integration::connector_of;
use crate::session::Use;
use crate::workspace::Workspace;

/// How long another process's use of the token is waited for; less than the lease on signals lives.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is done, or would be, with the warnings of one integration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WarningReport {
    /// The integration.
    pub integration: String,
    /// Warnings that are put, each with what it stands on and what it says.
    pub put: Vec<WarningLine>,
    /// Warnings that are taken back.
    pub taken_back: Vec<WarningLine>,
    /// What is left alone, and why.
    pub skipped: Vec<WarningLine>,
    /// Whether nothing was done.
    pub is_dry_run: bool,
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WarningLine {
    /// `datasource` or `table`.
    pub content_kind: String,
    /// The tool's id.
    pub content: String,
    /// Its name. Untrusted.
    pub name: String,
    /// What the warning says, or why there is none.
    pub text: String,
}

/// What should carry a warning: name and text by content.
type Wanted = BTreeMap<Content, (String, String)>;

impl Workspace {
    /// Puts and takes back the warnings of an integration, or only says what it would do.
    pub async fn update_warnings(
        &self,
        name: &IntegrationName,
        catalog: &Catalog,
        is_dry_run: bool,
    ) -> Result<WarningReport, Error> {
        let integration = self.find_integration(name).await?;
        let mut report = WarningReport {
            integration: name.to_string(),
            is_dry_run,
            ..WarningReport::default()
        };
        let Some(site) = catalog.integration(name.as_str()) else {
            return Ok(report);
        };
        // Switched off, ours are taken back.
        let is_on = self.settings().signals.quality_warnings.contains(name);
        let wanted = if is_on || is_dry_run {
            wanted(catalog, site, &mut report.skipped)
        } else {
            Wanted::new()
        };
        let stored = self.store().warnings(name).await?;
        let is_known = |content: &Content, text: &str| {
            stored
                .iter()
                .any(|held| stands_on(held, content) && held.tool_id.is_some() && held.body == text)
        };
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(content, (_, text))| !is_known(content, text))
            .collect();
        // What cannot be read now may still be wrong.
        let is_all_read = catalog.unreadable().next().is_none();
        let extra: Vec<_> = stored
            .iter()
            .filter(|_| is_all_read || !is_on)
            .filter_map(|held| {
                let kind = ContentKind::from_name(&held.content_kind)?;
                let content = Content {
                    kind,
                    id: held.content.clone(),
                };
                (!wanted.contains_key(&content)).then_some((content, held))
            })
            .collect();
        if missing.is_empty() && extra.is_empty() {
            return Ok(report);
        }
        if is_dry_run {
            let put = missing
                .into_iter()
                .map(|(content, (name, text))| line(content, name, text));
            report.put.extend(put);
            let back = extra.iter().map(|(content, held)| line(content, "", &held.body));
            report.taken_back.extend(back);
            return Ok(report);
        }
        // Shares the session that syncs and refreshes of this process use.
        let session = self.enter(&integration, Use::Calls, PATIENCE).await?;
        let connector = connector_of(&session)?;
        let work = async {
            match connector.warner() {
                None => Ok(()),
                Some(warner) => {
                    self.apply(warner, name, &stored, &missing, &extra, &mut report)
                        .await
                }
            }
        };
        let done = session.run(work).await;
        session.leave(Duration::ZERO).await;
        done?;
        Ok(report)
    }

    async fn apply(
        &self,
        warner: &dyn Warner,
        name: &IntegrationName,
        stored: &[WarningRecord],
        missing: &[(&Content, &(String, String))],
        extra: &[(Content, &WarningRecord)],
        report: &mut WarningReport,
    ) -> Result<(), Error> {
        for (content, held) in extra {
            match warner.take_warning_back(content).await {
                Ok(_) => {}
                // The content, or the warning, is no longer there.
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(licensed(error)),
            }
            self.store()
                .remove_warning(name, content.kind.name(), &content.id)
                .await?;
            report.taken_back.push(line(content, "", &held.body));
        }
        // What one piece of content refuses says nothing of the next.
        let mut refused: Option<tailwater_bi::Error> = None;
        for (content, (title, text)) in missing {
            let others = match warner.fetch_warnings(content).await {
                Ok(all) => !all.iter().all(ContentWarning::is_ours),
                Err(error) => {
                    let Some(reason) = skip_reason(&error) else {
                        return Err(licensed(error));
                    };
                    report.skipped.push(line(content, title, &reason));
                    if is_forbidden(&error) {
                        refused = Some(error);
                    }
                    continue;
                }
            };
            if others {
                let reason = "somebody else's warning is on it, which is left alone";
                report.skipped.push(line(content, title, reason));
                continue;
            }
            let record = |tool_id| WarningRecord {
                integration: name.clone(),
                content_kind: content.kind.name().to_owned(),
                content: content.id.clone(),
                tool_id,
                updated_at: self.clock().now(),
                body: text.clone(),
            };
            // Known before it is there: after a crash it is found again, and taken back when its time comes.
            self.store().put_warning(&record(None)).await?;
            match warner.put_warning(content, text).await {
                Ok(id) => {
                    self.store().put_warning(&record(Some(id))).await?;
                    report.put.push(line(content, title, text));
                }
                Err(error) => {
                    // Perhaps the tool took it, and the answer was lost: the row stays.
                    let Some(reason) = skip_reason(&error) else {
                        return Err(licensed(error));
                    };
                    // What stood there before may still stand.
                    match stored.iter().find(|held| stands_on(held, content)) {
                        Some(held) => self.store().put_warning(held).await?,
                        None => {
                            self.store()
                                .remove_warning(name, content.kind.name(), &content.id)
                                .await?;
                        }
                    }
                    report.skipped.push(line(content, title, &reason));
                    if is_forbidden(&error) {
                        refused = Some(error);
                    }
                }
            }
        }
        match refused {
            // All was refused: it is not the content.
            Some(error) if report.put.is_empty() && report.taken_back.is_empty() => Err(licensed(error)),
            _ => Ok(()),
        }
    }
}

fn stands_on(held: &WarningRecord, content: &Content) -> bool {
    held.content_kind == content.kind.name() && held.content == content.id
}

/// The tables and published data sources that a failed test of error severity looks at.
fn wanted(catalog: &Catalog, site: &CatalogIntegration, skipped: &mut Vec<WarningLine>) -> Wanted {
    let mut failed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let tests = catalog
        .nodes_of(ResourceType::Test)
        .chain(catalog.nodes_of(ResourceType::UnitTest));
    for test in tests {
        let result = catalog
            .state(test.unique_id.as_str())
            .and_then(|state| state.test.as_ref());
        let is_failed = result.is_some_and(|result| {
            matches!(
                result.status,
                RunStatus::Fail | RunStatus::Error | RunStatus::RuntimeError
            )
        });
        let is_warning = test
            .test
            .as_ref()
            .is_some_and(|test| test.severity == Severity::Warn);
        if is_failed && !is_warning {
            for node in tested_nodes(test) {
                failed.entry(node.as_str()).or_default().insert(&test.name);
            }
        }
    }
    let mut wanted: BTreeMap<Content, (String, BTreeSet<&str>)> = BTreeMap::new();
    for exposure in catalog.exposures_of(Some(site.name())) {
        for link in &exposure.links {
            let Some(tests) = failed.get(link.node.as_str()) else {
                continue;
            };
            for source in link
                .evidence
                .iter()
                .filter_map(|evidence| evidence.data_source.as_ref())
            {
                let found = if source.is_published {
                    let held = site.inventory().data_sources.get(&source.id);
                    let luid = held.and_then(|held| held.luid.clone());
                    vec![(
                        Content {
                            kind: ContentKind::DataSource,
                            id: luid.unwrap_or_else(|| source.id.to_string()),
                        },
                        source.name.clone(),
                    )]
                } else {
                    tables(site, &source.id, catalog.node(link.node.as_str()), skipped)
                };
                for (content, name) in found {
                    let entry = wanted.entry(content).or_insert_with(|| (name, BTreeSet::new()));
                    entry.1.extend(tests);
                }
            }
        }
    }
    skipped.sort();
    skipped.dedup();
    wanted
        .into_iter()
        .map(|(content, (name, tests))| {
            let tests: Vec<&str> = tests.into_iter().collect();
            let text = match tests.as_slice() {
                [one] => format!("dbt test {one} failed"),
                several => format!("dbt tests {} failed", several.join(", ")),
            };
            (content, (name, text))
        })
        .collect()
}

/// The tables of an embedded data source that are the node's relation.
fn tables(
    site: &CatalogIntegration,
    source: &DataSourceId,
    node: Option<&Node>,
    skipped: &mut Vec<WarningLine>,
) -> Vec<(Content, String)> {
    let inventory = site.inventory();
    let relation = node
        .and_then(|node| node.relation.as_ref())
        .map(|relation| &relation.name);
    let (Some(relation), Some(source)) = (relation, inventory.data_sources.get(source)) else {
        return Vec::new();
    };
    let is_same = |table: &Table| {
        let name = table.name.as_deref().unwrap_or_default();
        let schema = (table.schema.as_deref(), relation.schema.as_deref());
        let is_other_schema =
            matches!(schema, (Some(one), Some(other)) if !one.is_empty() && !one.eq_ignore_ascii_case(other));
        name.eq_ignore_ascii_case(&relation.name) && !is_other_schema
    };
    let mut found = Vec::new();
    for used in &source.tables {
        let Some(table) = inventory.tables.get(&used.table).filter(|table| is_same(table)) else {
            continue;
        };
        let name = table.name.clone().unwrap_or_default();
        match &table.luid {
            Some(id) => found.push((
                Content {
                    kind: ContentKind::Table,
                    id: id.clone(),
                },
                name,
            )),
            None => skipped.push(WarningLine {
                content_kind: ContentKind::Table.name().to_owned(),
                content: used.table.to_string(),
                name,
                text: "the BI tool tells no id by which a warning could be put on it".to_owned(),
            }),
        }
    }
    found
}

fn line(content: &Content, name: &str, text: &str) -> WarningLine {
    WarningLine {
        content_kind: content.kind.name().to_owned(),
        content: content.id.clone(),
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// Tableau's code of an error.
fn code_of(error: &tailwater_bi::Error) -> Option<&str> {
    match error {
        tailwater_bi::Error::Tableau { code, .. } => Some(code),
        _ => None,
    }
}

fn is_gone(error: &tailwater_bi::Error) -> bool {
    matches!(
        code_of(error),
        Some("404029" | "404030" | "404031" | "404032" | "404004")
    )
}

/// Why this content alone cannot carry a warning; `None` when the fault is not the content's.
fn skip_reason(error: &tailwater_bi::Error) -> Option<String> {
    match code_of(error)? {
        "403112" | "403113" => {
            Some("it is embedded in a workbook, where Tableau takes no warnings".to_owned())
        }
        "403004" => Some("the token's user may not put warnings on it".to_owned()),
        _ if is_gone(error) => Some("it is no longer there".to_owned()),
        _ => None,
    }
}

fn is_forbidden(error: &tailwater_bi::Error) -> bool {
    code_of(error) == Some("403004")
}

/// The error with what it usually means.
fn licensed(error: tailwater_bi::Error) -> Error {
    if matches!(code_of(&error), Some("403157" | "403004")) {
        let reason = format!("{error} ({})", error.code());
        return super::error::SignalError::NoDataManagement { reason }.into();
    }
    error.into()
}
