//! Views: visible sheets, dashboards and stories.

use super::call::{Call, Reply, SignedIn};
use super::{project, tag, workbook};
use crate::site::{Kind, Ref, Site};
use crate::wire::{COMPARISON, EQUALITY, Element, Fault, Filter, FilterField, Scalar, SortKey};

const FILTERS: &[FilterField] = &[
    FilterField {
        name: "name",
        operators: EQUALITY,
    },
    FilterField {
        name: "caption",
        operators: EQUALITY,
    },
    FilterField {
        name: "title",
        operators: EQUALITY,
    },
    FilterField {
        name: "contentUrl",
        operators: EQUALITY,
    },
    FilterField {
        name: "viewUrlName",
        operators: EQUALITY,
    },
    FilterField {
        name: "tags",
        operators: EQUALITY,
    },
    FilterField {
        name: "projectName",
        operators: EQUALITY,
    },
    FilterField {
        name: "workbookName",
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
        name: "hitsTotal",
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
        name: "sheetType",
        operators: EQUALITY,
    },
];
const SORTS: &[&str] = &[
    "name",
    "caption",
    "title",
    "contentUrl",
    "viewUrlName",
    "projectName",
    "workbookName",
    "createdAt",
    "updatedAt",
    "hitsTotal",
    "ownerName",
    "ownerEmail",
    "sheetType",
];

/// `GET …/views`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let site = &session.site;
    let usage = asks_for_usage(call)?;
    let filter = Filter::parse(call.query.get("filter"), FILTERS)?;
    let sort = SortKey::parse(call.query.get("sort"), SORTS)?;
    let mut rows: Vec<u32> = site
        .all(Kind::View)
        .filter(|object| is_listed(session, object.index))
        .map(|object| object.index)
        .filter(|&view| filter.accepts(|field| values(site, view, field)))
        .collect();
    SortKey::sort(&sort, &mut rows, |&view, field| {
        values(site, view, field).into_iter().next()
    });
    let (pagination, rows) = call.page()?.cut(call.shuffled(rows, &sort))?;
    let rows = rows.into_iter().map(|view| element(session, view, usage));
    Ok(Reply::page(pagination, Element::list("views", rows)))
}

/// `GET …/workbooks/{workbook}/views`: all of them, without pages.
pub(super) fn of_workbook(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let usage = asks_for_usage(call)?;
    let workbook = workbook::find(call, session)?;
    let views = session.site.workbooks[workbook as usize].views.iter().copied();
    let rows = views
        .filter(|&view| is_listed(session, view))
        .map(|view| element(session, view, usage));
    Ok(Reply::ok(Element::list("views", rows)))
}

/// `GET …/views/{view}`.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let view = find(session, call.part(0))?;
    Ok(Reply::ok(element(session, view, asks_for_usage(call)?)))
}

/// The view of that LUID, if the user sees it.
pub(super) fn find(session: &SignedIn, luid: &str) -> Result<u32, Fault> {
    let found = session.site.find(Kind::View, luid);
    found
        .filter(|&view| is_listed(session, view))
        .ok_or_else(|| Fault::not_found(404_011, "View", luid))
}

fn is_listed(session: &SignedIn, index: u32) -> bool {
    let view = &session.site.views[index as usize];
    !view.hidden
        && session.site.workbooks[view.workbook as usize].in_rest
        && session.site.shows(Ref::new(Kind::View, index), session.user)
}

fn asks_for_usage(call: &Call<'_>) -> Result<bool, Fault> {
    match call.query.get("includeUsageStatistics") {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(text) => Err(Fault::bad_request(
            400_008,
            format!("The query parameter includeUsageStatistics is 'true' or 'false', not '{text}'."),
        )),
    }
}

fn values(site: &Site, index: u32, field: &str) -> Vec<Scalar> {
    let view = &site.views[index as usize];
    let workbook = &site.workbooks[view.workbook as usize];
    let owner = &site.users[workbook.owner as usize];
    let one = |value: Scalar| vec![value];
    match field {
        "name" | "caption" | "title" => one((&view.name).into()),
        "contentUrl" => one(content_url(site, index).into()),
        "viewUrlName" => one((&view.url_name).into()),
        "tags" => view
            .tags
            .iter()
            .map(|&tag| (&site.tags[tag as usize].name).into())
            .collect(),
        "projectName" => workbook
            .project
            .map(|project| (&site.projects[project as usize].name).into())
            .into_iter()
            .collect(),
        "workbookName" => one((&workbook.name).into()),
        "createdAt" => one(workbook.freshness.created_at.into()),
        "updatedAt" => one(workbook.freshness.updated_at.into()),
        "hitsTotal" => one(view.usage.into()),
        "ownerName" => one((&owner.full_name).into()),
        "ownerEmail" => owner.email.as_ref().map(Into::into).into_iter().collect(),
        "sheetType" => one(view.kind.as_rest().into()),
        _ => Vec::new(),
    }
}

fn content_url(site: &Site, index: u32) -> String {
    let view = &site.views[index as usize];
    format!(
        "{}/sheets/{}",
        site.workbooks[view.workbook as usize].content_url, view.url_name
    )
}

/// A view as it stands inside its workbook.
pub(super) fn brief(site: &Site, index: u32) -> Element {
    let view = &site.views[index as usize];
    Element::new("view")
        .with("id", view.identity.luid)
        .with("name", &view.name)
        .with("contentUrl", content_url(site, index))
        .with("viewUrlName", &view.url_name)
        .child(tag::list(site, &view.tags))
}

fn element(session: &SignedIn, index: u32, usage: bool) -> Element {
    let site = &session.site;
    let view = &site.views[index as usize];
    let workbook = &site.workbooks[view.workbook as usize];
    let project = workbook
        .project
        .and_then(|project| project::reference(site, project, session.user));
    Element::new("view")
        .with("id", view.identity.luid)
        .with("name", &view.name)
        .with("contentUrl", content_url(site, index))
        .with("createdAt", workbook.freshness.created_at)
        .with("updatedAt", workbook.freshness.updated_at)
        .with("viewUrlName", &view.url_name)
        .with("sheetType", view.kind.as_rest())
        .child(Element::new("workbook").with("id", workbook.identity.luid))
        .child(Element::new("owner").with("id", site.users[workbook.owner as usize].identity.luid))
        .child_some(project)
        .child(tag::list(site, &view.tags))
        .child_some(usage.then(|| Element::new("usage").with("totalViewCount", view.usage)))
}
