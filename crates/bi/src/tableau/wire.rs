//! What the REST API sends, as far as it is needed. Every reader takes what is there and leaves
//! unknown what is not; an entry without an id cannot be read at all.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::address::trusted_link;
use super::tree::Node;

/// A project (Query Projects).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: Option<String>,
}

/// A workbook (Query Workbooks for Site).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Workbook {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    /// Id and name of its project; `None` in a personal space, and where the project is not told.
    pub(crate) project: Option<(String, Option<String>)>,
    pub(crate) is_personal: bool,
    pub(crate) owner: Option<User>,
    pub(crate) tags: BTreeSet<String>,
}

/// A view: a dashboard, story or sheet that is not hidden (Query Views for Site).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `{workbook}/{view}`.
    pub(crate) path: Option<String>,
    /// `dashboard`, `story` or `view`, in newer versions.
    pub(crate) sheet_type: Option<String>,
    pub(crate) workbook: Option<String>,
    pub(crate) total_views: Option<u64>,
}

/// A published data source (Query Data Sources).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PublishedSource {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) url: Option<String>,
    pub(crate) has_extracts: Option<bool>,
    pub(crate) updated_at: Option<DateTime<Utc>>,
}

/// A person (Query User on Site, or the owner inside another answer).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct User {
    pub(crate) id: String,
    /// The login name.
    pub(crate) name: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) site_role: Option<String>,
}

impl Project {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let id = node.text("id")?;
        Some(Self {
            name: node.text("name").unwrap_or_else(|| id.clone()),
            parent: node.text("parentProjectId").filter(|parent| *parent != id),
            id,
        })
    }
}

impl Workbook {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let id = node.text("id")?;
        Some(Self {
            name: node.text("name").unwrap_or_else(|| id.clone()),
            description: node.text("description"),
            url: node.text("webpageUrl").as_deref().and_then(trusted_link),
            created_at: node.instant("createdAt"),
            updated_at: node.instant("updatedAt"),
            project: read_project(node),
            is_personal: is_personal(node),
            owner: User::read(node.member("owner")),
            tags: node
                .list("tags", "tag")
                .into_iter()
                .filter_map(|tag| tag.text("label"))
                .collect(),
            id,
        })
    }
}

/// A workbook's project, told in `project` and, in newer versions, in `location` too.
fn read_project(workbook: Node<'_>) -> Option<(String, Option<String>)> {
    if is_personal(workbook) {
        return None;
    }
    let location = workbook.member("location");
    [workbook.member("project"), location]
        .into_iter()
        .find_map(|place| Some((place.text("id")?, place.text("name"))))
}

fn is_personal(workbook: Node<'_>) -> bool {
    let kind = workbook.member("location").text("type");
    kind.is_some_and(|kind| kind == "PersonalSpace")
}

impl View {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let id = node.text("id")?;
        Some(Self {
            name: node.text("name").unwrap_or_else(|| id.clone()),
            path: node
                .text("contentUrl")
                .map(|content_url| content_url.replacen("/sheets/", "/", 1)),
            sheet_type: node.text("sheetType"),
            workbook: node.member("workbook").text("id"),
            total_views: node.member("usage").number("totalViewCount"),
            id,
        })
    }
}

impl PublishedSource {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        let id = node.text("id")?;
        Some(Self {
            name: node.text("name").unwrap_or_else(|| id.clone()),
            url: node.text("webpageUrl").as_deref().and_then(trusted_link),
            has_extracts: node.flag("hasExtracts"),
            updated_at: node.instant("updatedAt"),
            id,
        })
    }
}

impl User {
    pub(crate) fn read(node: Node<'_>) -> Option<Self> {
        Some(Self {
            id: node.text("id")?,
            name: node.text("name"),
            full_name: node.text("fullName"),
            email: node.text("email"),
            site_role: node.text("siteRole"),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_workbook_is_read_whole() {
        let value = json!({
            "id": "9df3", "name": "Sales", "description": "Weekly", "createdAt": "2024-02-14T04:42:09Z",
            "webpageUrl": "https://bi.acme.com/#/workbooks/17", "size": "2", "showTabs": "true",
            "project": {"id": "669c", "name": "Finance"},
            "owner": {"id": "ee8b", "name": "bob@acme.com"},
            "tags": {"tag": [{"label": "weekly"}, null, {"label": "finance"}]},
        });
        let workbook = Workbook::read(Node::new(&value)).unwrap();
        assert_eq!(workbook.project, Some(("669c".into(), Some("Finance".into()))));
        assert_eq!(workbook.tags, BTreeSet::from(["finance".into(), "weekly".into()]));
        assert_eq!(workbook.owner.unwrap().name.as_deref(), Some("bob@acme.com"));
        assert_eq!(
            workbook.url.as_deref(),
            Some("https://bi.acme.com/#/workbooks/17")
        );
    }

    #[test]
    fn a_personal_space_is_no_project() {
        let personal = json!({"id": "1", "name": "Mine", "location": {"id": "7", "type": "PersonalSpace"}});
        let personal = Workbook::read(Node::new(&personal)).unwrap();
        assert!(personal.project.is_none() && personal.is_personal);
        let located = json!({"id": "1", "location": {"id": "7", "type": "Project", "name": "Ops"}});
        let project = Workbook::read(Node::new(&located)).unwrap().project;
        assert_eq!(project, Some(("7".into(), Some("Ops".into()))));
    }

    #[test]
    fn a_view_names_its_path_and_usage() {
        let value = json!({"id": "2bdc", "name": "Overview", "contentUrl": "Sales/sheets/Overview",
            "workbook": {"id": "9df3"}, "usage": {"totalViewCount": "42"}});
        let view = View::read(Node::new(&value)).unwrap();
        assert_eq!(view.path.as_deref(), Some("Sales/Overview"));
        assert_eq!(view.total_views, Some(42));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        let name = prop_oneof![
            Just("id"),
            Just("name"),
            Just("project"),
            Just("owner"),
            Just("tags"),
            Just("tag"),
            Just("usage"),
            Just("totalViewCount"),
            Just("webpageUrl"),
            Just("createdAt"),
            Just("location"),
        ];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(name.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_without_panic(value in any_json()) {
            let node = Node::new(&value);
            let _ = (Project::read(node), Workbook::read(node), View::read(node));
            let _ = (PublishedSource::read(node), User::read(node));
            let _ = node.list("tags", "tag").len();
        }
    }
}
