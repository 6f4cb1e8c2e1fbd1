//! Warnings on Tableau's content: labels where there are any (API 3.17), else data quality warnings.
//!
//! A label of a value that is on the content already is changed by putting it anew, whoever put it there; and
//! clearing a content's data quality warnings clears everybody's. So what is there is always read first.

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};

use super::connector::TableauConnector;
use super::session::Gate;
use super::tree::Node;
use super::version::ApiVersion;
use crate::error::Error;
use crate::warning::{Content, ContentWarning, MARKER, Warner};

/// The longest message that is put on content, in characters.
const LONGEST_MESSAGE: usize = 400;

#[async_trait]
impl Warner for TableauConnector {
    async fn fetch_warnings(&self, content: &Content) -> Result<Vec<ContentWarning>, Error> {
        let gate = self.gate();
        let tree = if has_labels(gate).await? {
            let body = json!({"contentList": {"content": [content_json(content)]}});
            gate.change("Get Labels on Assets", Method::POST, &["labels"], Some(&body))
                .await?
        } else {
            gate.get("Query Data Quality Warning", &path(content), &[])
                .await?
        };
        Ok(read(&tree))
    }

    async fn put_warning(&self, content: &Content, message: &str) -> Result<String, Error> {
        let gate = self.gate();
        let message: String = message.chars().take(LONGEST_MESSAGE).collect();
        let message = format!("{message} {MARKER}");
        let tree = if has_labels(gate).await? {
            let body = json!({
                "contentList": {"content": [content_json(content)]},
                "label": {"value": "warning", "message": message, "active": true, "elevated": false},
            });
            gate.change("Update Labels on Assets", Method::PUT, &["labels"], Some(&body))
                .await?
        } else {
            let warning = json!({"type": "WARNING", "isActive": true, "isSevere": false, "message": message});
            let body = json!({"dataQualityWarning": warning});
            let ours = self
                .fetch_warnings(content)
                .await?
                .into_iter()
                .find(ContentWarning::is_ours);
            if let Some(ours) = ours {
                let segments = ["dataQualityWarnings", ours.id.as_str()];
                gate.change("Update Data Quality Warning", Method::PUT, &segments, Some(&body))
                    .await?;
                return Ok(ours.id);
            }
            gate.change(
                "Add Data Quality Warning",
                Method::POST,
                &path(content),
                Some(&body),
            )
            .await?
        };
        let ours = read(&tree).into_iter().find(ContentWarning::is_ours);
        ours.map(|warning| warning.id).ok_or_else(|| Error::Malformed {
            what: "the warning".to_owned(),
            reason: "the answer does not hold what was put".to_owned(),
        })
    }

    async fn take_warning_back(&self, content: &Content) -> Result<usize, Error> {
        let gate = self.gate();
        let has_labels = has_labels(gate).await?;
        let all = self.fetch_warnings(content).await?;
        let is_alone = all.iter().all(ContentWarning::is_ours);
        let ours: Vec<ContentWarning> = all.into_iter().filter(ContentWarning::is_ours).collect();
        for warning in &ours {
            if has_labels {
                gate.change("Delete Label", Method::DELETE, &["labels", &warning.id], None)
                    .await?;
            } else if is_alone {
                gate.change(
                    "Delete Data Quality Warnings",
                    Method::DELETE,
                    &path(content),
                    None,
                )
                .await?;
                break;
            } else {
                // Deleting would take everybody's: ours is switched off instead.
                let body = json!({"dataQualityWarning": {"type": "WARNING", "isActive": false}});
                let segments = ["dataQualityWarnings", warning.id.as_str()];
                gate.change("Update Data Quality Warning", Method::PUT, &segments, Some(&body))
                    .await?;
            }
        }
        Ok(ours.len())
    }
}

async fn has_labels(gate: &Gate) -> Result<bool, Error> {
    Ok(gate.session().await?.version >= ApiVersion::FIRST_WITH_LABELS)
}

fn content_json(content: &Content) -> Value {
    json!({"contentType": content.kind.name(), "id": content.id})
}

fn path(content: &Content) -> [&str; 3] {
    ["dataQualityWarnings", content.kind.name(), &content.id]
}

/// The warnings of an answer, in either form, alone or in a list. Those that are switched off do not count.
fn read(tree: &Value) -> Vec<ContentWarning> {
    let root = Node::new(tree);
    let labels = root.list("labelList", "label");
    let warnings = root.list("dataQualityWarningList", "dataQualityWarning");
    let bare = root.member("dataQualityWarning");
    let bare = bare.is_there().then_some(bare);
    let all = labels.into_iter().chain(warnings).chain(bare);
    all.filter(|node| node.text("category").is_none_or(|category| category == "warning"))
        .filter(|node| node.flag("isActive").or_else(|| node.flag("active")) != Some(false))
        .filter_map(|node| {
            Some(ContentWarning {
                id: node.text("id")?,
                message: node.text("message").unwrap_or_default(),
            })
        })
        .collect()
}
