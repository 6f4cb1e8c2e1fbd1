//! Warnings on Tableau's content: labels where there are any (API 3.17), else data quality warnings.
//!
//! A label of a value that is on the content already is changed by putting it anew, whoever put it there; and
//! clearing a content's data quality warnings clears everybody's. So what is there is always read first, what is
//! switched off among it: somebody may mean to switch it on again.

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
        let all = fetch(self.gate(), content).await?;
        // One of ours that is switched off has been taken back.
        let shown = all
            .into_iter()
            .filter(|found| found.is_active || !found.warning.is_ours());
        Ok(shown.map(|found| found.warning).collect())
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
            let ours = fetch(gate, content)
                .await?
                .into_iter()
                .map(|found| found.warning)
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
        let ours = read(&tree)
            .into_iter()
            .map(|found| found.warning)
            .find(ContentWarning::is_ours);
        ours.map(|warning| warning.id).ok_or_else(|| Error::Malformed {
            what: "the warning".to_owned(),
            reason: "the answer does not hold what was put".to_owned(),
        })
    }

    async fn take_warning_back(&self, content: &Content) -> Result<usize, Error> {
        let gate = self.gate();
        let has_labels = has_labels(gate).await?;
        let all = fetch(gate, content).await?;
        let is_alone = all.iter().all(|found| found.warning.is_ours());
        let ours: Vec<ContentWarning> = all
            .into_iter()
            .filter(|found| found.is_active && found.warning.is_ours())
            .map(|found| found.warning)
            .collect();
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

/// A warning, and whether it is switched on.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    warning: ContentWarning,
    is_active: bool,
}

/// Every warning on a piece of content, of whomever.
async fn fetch(gate: &Gate, content: &Content) -> Result<Vec<Found>, Error> {
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

/// The warnings of an answer, in either form, alone or in a list.
fn read(tree: &Value) -> Vec<Found> {
    let root = Node::new(tree);
    let labels = root.list("labelList", "label");
    let warnings = root.list("dataQualityWarningList", "dataQualityWarning");
    let bare = root.member("dataQualityWarning");
    let bare = bare.is_there().then_some(bare);
    let all = labels.into_iter().chain(warnings).chain(bare);
    all.filter(|node| node.text("category").is_none_or(|category| category == "warning"))
        .filter_map(|node| {
            Some(Found {
                is_active: node.flag("isActive").or_else(|| node.flag("active")) != Some(false),
                warning: ContentWarning {
                    id: node.text("id")?,
                    message: node.text("message").unwrap_or_default(),
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_read_in_every_shape() {
        let ids = |tree: Value| -> Vec<(String, bool, bool)> {
            let found = read(&tree).into_iter();
            found
                .map(|found| (found.warning.id.clone(), found.is_active, found.warning.is_ours()))
                .collect()
        };
        let one = json!({"id": "w1", "isActive": "false", "message": format!("x {MARKER}")});
        let other = json!({"id": "w2", "isActive": true, "message": "by hand"});
        let own = ("w1".to_owned(), false, true);
        let theirs = ("w2".to_owned(), true, false);
        assert_eq!(
            ids(json!({"dataQualityWarning": one})),
            std::slice::from_ref(&own)
        );
        assert_eq!(
            ids(json!({"dataQualityWarningList": {"dataQualityWarning": [one, other]}})),
            [own, theirs.clone()]
        );
        let labels = json!({"labelList": {"label": [
            {"id": "w2", "category": "warning", "active": true, "message": "by hand"},
            {"id": "w3", "category": "certification", "active": true},
        ]}});
        assert_eq!(ids(labels), [theirs]);
        assert_eq!(ids(json!({"labelList": {}})), []);
    }
}
