//! Projects.

use super::call::{Call, Reply};
use super::user;
use crate::site::{Kind, Ref, Site};
use crate::wire::{COMPARISON, EQUALITY, Element, Fault, Filter, FilterField, Scalar, SortKey};

const FILTERS: &[FilterField] = &[
    FilterField {
        name: "name",
        operators: EQUALITY,
    },
    FilterField {
        name: "parentProjectId",
        operators: EQUALITY,
    },
    FilterField {
        name: "topLevelProject",
        operators: &["eq"],
    },
    FilterField {
        name: "ownerName",
        operators: EQUALITY,
    },
    FilterField {
        name: "ownerEmail",
        operators: &["eq"],
    },
    FilterField {
        name: "ownerDomain",
        operators: EQUALITY,
    },
    FilterField {
        name: "createdAt",
        operators: COMPARISON,
    },
    FilterField {
        name: "updatedAt",
        operators: COMPARISON,
    },
];
const SORTS: &[&str] = &["name", "createdAt", "updatedAt", "topLevelProject", "ownerName"];

/// `GET …/projects`: the projects the user sees; a parent it does not see is simply not among them.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let site = &session.site;
    let filter = Filter::parse(call.query.get("filter"), FILTERS)?;
    let sort = SortKey::parse(call.query.get("sort"), SORTS)?;
    let mut rows: Vec<u32> = site
        .all(Kind::Project)
        .filter(|&object| site.shows(object, session.user))
        .map(|object| object.index)
        .filter(|&project| filter.accepts(|field| value(site, project, field).into_iter().collect()))
        .collect();
    SortKey::sort(&sort, &mut rows, |&project, field| value(site, project, field));
    let (pagination, rows) = call.page()?.cut(call.shuffled(rows, &sort))?;
    let every_field = call.asks_for_all_fields();
    let rows = rows
        .into_iter()
        .map(|project| element(site, project, every_field));
    Ok(Reply::page(pagination, Element::list("projects", rows)))
}

fn value(site: &Site, index: u32, field: &str) -> Option<Scalar> {
    let project = &site.projects[index as usize];
    let owner = &site.users[project.owner as usize];
    match field {
        "name" => Some((&project.name).into()),
        "parentProjectId" => Some(site.projects[project.parent? as usize].identity.luid.into()),
        "topLevelProject" => Some(project.parent.is_none().into()),
        "ownerName" => Some((&owner.full_name).into()),
        "ownerEmail" => owner.email.as_ref().map(Into::into),
        "ownerDomain" => Some("local".into()),
        "createdAt" => Some(project.freshness.created_at.into()),
        "updatedAt" => Some(project.freshness.updated_at.into()),
        _ => None,
    }
}

fn element(site: &Site, index: u32, every_field: bool) -> Element {
    let project = &site.projects[index as usize];
    let parent = project
        .parent
        .map(|parent| site.projects[parent as usize].identity.luid);
    let mut element = Element::new("project")
        .with("id", project.identity.luid)
        .with("name", &project.name)
        .with("description", &project.description)
        .with("createdAt", project.freshness.created_at)
        .with("updatedAt", project.freshness.updated_at)
        .with("contentPermissions", &project.content_permissions)
        .with_some("parentProjectId", parent);
    if every_field {
        let children = site
            .projects
            .iter()
            .filter(|other| other.parent == Some(index))
            .count();
        let workbooks: Vec<_> = site
            .workbooks
            .iter()
            .filter(|workbook| workbook.in_rest && workbook.project == Some(index))
            .collect();
        let views: usize = workbooks.iter().map(|workbook| workbook.views.len()).sum();
        let datasources = site
            .datasources
            .iter()
            .filter(|datasource| {
                datasource
                    .published
                    .as_ref()
                    .is_some_and(|part| part.project == index)
            })
            .count();
        element = element
            .with("topLevelProject", project.parent.is_none())
            .with("writeable", true)
            .child(
                Element::new("contentsCounts")
                    .with("projectCount", children as u64)
                    .with("workbookCount", workbooks.len() as u64)
                    .with("viewCount", views as u64)
                    .with("datasourceCount", datasources as u64),
            );
    }
    element.child(user::owner(site, project.owner, every_field))
}

/// The project as it stands inside other elements, as far as the user sees it.
pub(super) fn reference(site: &Site, project: u32, viewer: u32) -> Option<Element> {
    let found = &site.projects[project as usize];
    site.shows(Ref::new(Kind::Project, project), viewer).then(|| {
        Element::new("project")
            .with("id", found.identity.luid)
            .with("name", &found.name)
    })
}
