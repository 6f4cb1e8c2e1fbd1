//! Workbooks.

use super::call::{Call, Reply, SignedIn};
use super::{project, tag, user, view};
use crate::site::{Kind, Ref, Site, ViewKind};
use crate::wire::{COMPARISON, EQUALITY, Element, Fault, Filter, FilterField, Scalar, SortKey};

/// There is no `projectId`: real servers refuse it too.
const FILTERS: &[FilterField] = &[
    FilterField {
        name: "name",
        operators: EQUALITY,
    },
    FilterField {
        name: "projectName",
        operators: EQUALITY,
    },
    FilterField {
        name: "tags",
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
    FilterField {
        name: "ownerName",
        operators: EQUALITY,
    },
    FilterField {
        name: "ownerEmail",
        operators: EQUALITY,
    },
    FilterField {
        name: "ownerDomain",
        operators: EQUALITY,
    },
    FilterField {
        name: "contentUrl",
        operators: EQUALITY,
    },
    FilterField {
        name: "hasExtracts",
        operators: &["eq"],
    },
    FilterField {
        name: "sheetCount",
        operators: COMPARISON,
    },
    FilterField {
        name: "size",
        operators: COMPARISON,
    },
    FilterField {
        name: "displayTabs",
        operators: &["eq"],
    },
    FilterField {
        name: "favoritesTotal",
        operators: COMPARISON,
    },
    FilterField {
        name: "hasAlerts",
        operators: &["eq"],
    },
    FilterField {
        name: "subscriptionsTotal",
        operators: COMPARISON,
    },
];
const SORTS: &[&str] = &[
    "name",
    "projectName",
    "createdAt",
    "updatedAt",
    "ownerName",
    "ownerEmail",
    "contentUrl",
    "hasExtracts",
    "sheetCount",
    "size",
    "displayTabs",
];

/// `GET …/workbooks`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let site = &session.site;
    let filter = Filter::parse(call.query.get("filter"), FILTERS)?;
    let sort = SortKey::parse(call.query.get("sort"), SORTS)?;
    let mut rows: Vec<u32> = site
        .all(Kind::Workbook)
        .filter(|object| site.workbooks[object.at()].in_rest && site.shows(*object, session.user))
        .map(|object| object.index)
        .filter(|&workbook| filter.accepts(|field| values(site, workbook, field)))
        .collect();
    SortKey::sort(&sort, &mut rows, |&workbook, field| {
        values(site, workbook, field).into_iter().next()
    });
    let (pagination, rows) = call.page()?.cut(call.shuffled(rows, &sort))?;
    let every_field = call.asks_for_all_fields();
    let rows = rows
        .into_iter()
        .map(|workbook| element(call, session, workbook, every_field));
    Ok(Reply::page(pagination, Element::list("workbooks", rows)))
}

/// `GET …/workbooks/{luid}`, or `…/workbooks/{contentUrl}?key=contentUrl`; with the views.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let workbook = find(call, session)?;
    let site = &session.site;
    let views = site.workbooks[workbook as usize].views.iter().copied();
    let views = views
        .filter(|&index| !site.views[index as usize].hidden)
        .map(|index| view::brief(site, index));
    let element = element(call, session, workbook, call.asks_for_all_fields());
    Ok(Reply::ok(element.child(Element::list("views", views))))
}

/// The workbook that the first part of the path names.
pub(super) fn find(call: &Call<'_>, session: &SignedIn) -> Result<u32, Fault> {
    let name = call.part(0);
    let site = &session.site;
    let found = match call.query.get("key") {
        Some("contentUrl") => {
            let position = site
                .workbooks
                .iter()
                .position(|workbook| workbook.content_url == name);
            position.and_then(|position| u32::try_from(position).ok())
        }
        _ => site.find(Kind::Workbook, name),
    };
    let visible = |&index: &u32| {
        site.workbooks[index as usize].in_rest && site.shows(Ref::new(Kind::Workbook, index), session.user)
    };
    found
        .filter(visible)
        .ok_or_else(|| Fault::not_found(404_006, "Workbook", name))
}

/// Refuses users who neither own the workbook nor administer the site.
pub(super) fn require_control(session: &SignedIn, owner: u32, code: u32) -> Result<(), Fault> {
    if session.user == owner || session.viewer().role.is_administrator() {
        return Ok(());
    }
    Err(Fault::forbidden(
        code,
        "The user is not permitted to change this content.",
    ))
}

/// `PUT …/workbooks/{luid}`: name, description, project, owner.
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(call, session)?;
    require_control(session, session.site.workbooks[index as usize].owner, 403_004)?;
    let wanted = call.body()?.required("workbook")?;
    let site = &session.site;
    let project = match wanted
        .child("project")
        .and_then(|project| project.attribute("id"))
    {
        None => None,
        Some(id) => Some(
            site.find(Kind::Project, id)
                .ok_or_else(|| Fault::not_found(404_005, "Project", id))?,
        ),
    };
    let owner = match wanted.child("owner").and_then(|owner| owner.attribute("id")) {
        None => None,
        Some(id) => Some(
            site.find(Kind::User, id)
                .ok_or_else(|| Fault::not_found(404_002, "User", id))?,
        ),
    };
    let name = wanted.attribute("name").map(str::to_owned);
    let description = wanted.attribute("description").map(str::to_owned);
    call.change(|site| {
        let workbook = &mut site.workbooks[index as usize];
        workbook.name = name.unwrap_or_else(|| workbook.name.clone());
        workbook.description = description.unwrap_or_else(|| workbook.description.clone());
        workbook.project = project.or(workbook.project);
        workbook.owner = owner.unwrap_or(workbook.owner);
        workbook.freshness.updated_at = call.now;
    })?;
    Ok(Reply::ok(element(call, &call.present()?, index, false)))
}

/// `DELETE …/workbooks/{luid}`. The Metadata API forgets it when its index catches up.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(call, session)?;
    require_control(session, session.site.workbooks[index as usize].owner, 403_004)?;
    call.change(|site| {
        site.workbooks[index as usize].in_rest = false;
        site.workbooks[index as usize].in_index = false;
    })?;
    Ok(Reply::no_content())
}

fn values(site: &Site, index: u32, field: &str) -> Vec<Scalar> {
    let workbook = &site.workbooks[index as usize];
    let owner = &site.users[workbook.owner as usize];
    let one = |value: Scalar| vec![value];
    match field {
        "name" => one((&workbook.name).into()),
        "projectName" => workbook
            .project
            .map(|project| (&site.projects[project as usize].name).into())
            .into_iter()
            .collect(),
        "tags" => workbook
            .tags
            .iter()
            .map(|&tag| (&site.tags[tag as usize].name).into())
            .collect(),
        "createdAt" => one(workbook.freshness.created_at.into()),
        "updatedAt" => one(workbook.freshness.updated_at.into()),
        "ownerName" => one((&owner.full_name).into()),
        "ownerEmail" => owner.email.as_ref().map(Into::into).into_iter().collect(),
        "ownerDomain" => one("local".into()),
        "contentUrl" => one((&workbook.content_url).into()),
        "hasExtracts" => one(has_extracts(site, index).into()),
        "sheetCount" => one((site.views_of(index, ViewKind::Sheet).count() as u64).into()),
        "size" => one(workbook.size.into()),
        "displayTabs" | "hasAlerts" => one(false.into()),
        "favoritesTotal" | "subscriptionsTotal" => one(0u32.into()),
        _ => Vec::new(),
    }
}

fn has_extracts(site: &Site, index: u32) -> bool {
    let mut datasources = site.workbooks[index as usize].datasources.iter();
    datasources.any(|&datasource| site.datasources[datasource as usize].extract.is_some())
}

fn element(call: &Call<'_>, session: &SignedIn, index: u32, every_field: bool) -> Element {
    let site = &session.site;
    let workbook = &site.workbooks[index as usize];
    let mut visible = workbook
        .views
        .iter()
        .filter(|&&view| !site.views[view as usize].hidden);
    let default_view = visible
        .next()
        .map(|&view| site.views[view as usize].identity.luid);
    let mut element = Element::new("workbook")
        .with("id", workbook.identity.luid)
        .with("name", &workbook.name)
        .with("description", &workbook.description)
        .with("contentUrl", &workbook.content_url)
        .with(
            "webpageUrl",
            call.web_page(site, &format!("workbooks/{}", workbook.identity.number)),
        )
        .with("showTabs", false)
        .with("size", workbook.size)
        .with("createdAt", workbook.freshness.created_at)
        .with("updatedAt", workbook.freshness.updated_at)
        .with("encryptExtracts", false)
        .with_some("defaultViewId", default_view);
    if every_field {
        element = element
            .with("sheetCount", site.views_of(index, ViewKind::Sheet).count() as u64)
            .with("hasExtracts", has_extracts(site, index))
            .with("lastPublishedAt", workbook.freshness.created_at);
    }
    let owner = user::owner(site, workbook.owner, every_field);
    let owner = if every_field {
        owner
    } else {
        owner.with("name", &site.users[workbook.owner as usize].name)
    };
    // Workbooks in a personal space have a location and no project.
    let project = workbook
        .project
        .and_then(|project| project::reference(site, project, session.user));
    let location = match workbook.project {
        Some(project) => project::reference(site, project, session.user).map(|found| {
            let mut location = Element {
                name: "location",
                ..found
            };
            location.attributes.insert(1, ("type", "Project".into()));
            location
        }),
        None => Some(
            Element::new("location")
                .with("id", site.users[workbook.owner as usize].identity.luid)
                .with("type", "PersonalSpace")
                .with("name", "Personal Space"),
        ),
    };
    element
        .child_some(project)
        .child_some(location)
        .child(owner)
        .child(tag::list(site, &workbook.tags))
        .child(Element::new("dataAccelerationConfig").with("accelerationEnabled", false))
}
