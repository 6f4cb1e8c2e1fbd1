//! Published data sources.

use super::call::{Call, Reply, SignedIn};
use super::{project, tag, user, workbook};
use crate::site::{Kind, Published, Ref, Site};
use crate::wire::{COMPARISON, EQUALITY, Element, Fault, Filter, FilterField, Scalar, SortKey};

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
        name: "type",
        operators: EQUALITY,
    },
    FilterField {
        name: "connectionType",
        operators: EQUALITY,
    },
    FilterField {
        name: "contentUrl",
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
        name: "hasExtracts",
        operators: &["eq"],
    },
    FilterField {
        name: "isCertified",
        operators: &["eq"],
    },
    FilterField {
        name: "size",
        operators: COMPARISON,
    },
];
/// Without `contentUrl`: real servers refuse to sort by it.
const SORTS: &[&str] = &[
    "name",
    "projectName",
    "type",
    "createdAt",
    "updatedAt",
    "ownerName",
    "hasExtracts",
    "size",
];

/// `GET …/datasources`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let site = &session.site;
    let filter = Filter::parse(call.query.get("filter"), FILTERS)?;
    // REST 3.13 to 3.17 did not know this key.
    if ((3, 13)..=(3, 17)).contains(&call.version)
        && call
            .query
            .get("filter")
            .is_some_and(|text| text.contains("projectName:"))
    {
        return Err(Fault::bad_request(
            400_065,
            "The filter query contains a key which is not recognized for this api version. (projectName)",
        ));
    }
    let sort = SortKey::parse(call.query.get("sort"), SORTS)?;
    let mut rows: Vec<u32> = site
        .all(Kind::Datasource)
        .filter(|object| {
            site.datasources[object.at()].published.is_some() && site.shows(*object, session.user)
        })
        .map(|object| object.index)
        .filter(|&index| filter.accepts(|field| values(site, index, field)))
        .collect();
    SortKey::sort(&sort, &mut rows, |&index, field| {
        values(site, index, field).into_iter().next()
    });
    let (pagination, rows) = call.page()?.cut(call.shuffled(rows, &sort))?;
    let every_field = call.asks_for_all_fields();
    let rows = rows
        .into_iter()
        .filter_map(|index| element(call, session, index, every_field));
    Ok(Reply::page(pagination, Element::list("datasources", rows)))
}

/// `GET …/datasources/{luid}`.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(session, call.part(0))?;
    Ok(Reply::new(
        200,
        element(call, session, index, call.asks_for_all_fields()),
    ))
}

/// The published data source of that LUID, if the user sees it.
pub(super) fn find(session: &SignedIn, luid: &str) -> Result<u32, Fault> {
    let site = &session.site;
    let visible = |&index: &u32| {
        site.datasources[index as usize].published.is_some()
            && site.shows(Ref::new(Kind::Datasource, index), session.user)
    };
    site.find(Kind::Datasource, luid)
        .filter(visible)
        .ok_or_else(|| Fault::not_found(404_004, "Datasource", luid))
}

/// `PUT …/datasources/{luid}`: name, certification.
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(session, call.part(0))?;
    let owner = session.site.datasources[index as usize]
        .published
        .as_ref()
        .map_or(0, |published| published.owner);
    workbook::require_control(session, owner, 403_004)?;
    let wanted = call.body()?.required("datasource")?;
    let name = wanted.attribute("name").map(str::to_owned);
    let certified = wanted.attribute("isCertified").map(|text| text == "true");
    let note = wanted.attribute("certificationNote").map(str::to_owned);
    call.change(|site| {
        let datasource = &mut site.datasources[index as usize];
        datasource.freshness.updated_at = call.now;
        datasource.name = name.unwrap_or_else(|| datasource.name.clone());
        if let Some(published) = &mut datasource.published {
            published.certified = certified.unwrap_or(published.certified);
            published.certification_note = note.unwrap_or_else(|| published.certification_note.clone());
        }
    })?;
    Ok(Reply::new(200, element(call, &call.present()?, index, false)))
}

/// The class of the first connection; a data source over virtual tables has `publishedConnection`.
pub(super) fn connection_class(site: &Site, index: u32) -> &str {
    let datasource = &site.datasources[index as usize];
    let first = datasource
        .connections
        .first()
        .map(|(_, connection)| &site.connections[*connection as usize].class);
    first.map_or("publishedConnection", String::as_str)
}

fn values(site: &Site, index: u32, field: &str) -> Vec<Scalar> {
    let datasource = &site.datasources[index as usize];
    let Some(published) = &datasource.published else {
        return Vec::new();
    };
    let owner = &site.users[published.owner as usize];
    let one = |value: Scalar| vec![value];
    match field {
        "name" => one((&datasource.name).into()),
        "projectName" => one((&site.projects[published.project as usize].name).into()),
        "type" | "connectionType" => one(connection_class(site, index).into()),
        "contentUrl" => one((&published.content_url).into()),
        "tags" => published
            .tags
            .iter()
            .map(|&tag| (&site.tags[tag as usize].name).into())
            .collect(),
        "createdAt" => one(datasource.freshness.created_at.into()),
        "updatedAt" => one(datasource.freshness.updated_at.into()),
        "ownerName" => one((&owner.full_name).into()),
        "ownerEmail" => owner.email.as_ref().map(Into::into).into_iter().collect(),
        "hasExtracts" => one(datasource.extract.is_some().into()),
        "isCertified" => one(published.certified.into()),
        "size" => one(1u32.into()),
        _ => Vec::new(),
    }
}

fn element(call: &Call<'_>, session: &SignedIn, index: u32, every_field: bool) -> Option<Element> {
    let site = &session.site;
    let datasource = &site.datasources[index as usize];
    let published: &Published = datasource.published.as_deref()?;
    let note = &published.certification_note;
    let element = Element::new("datasource")
        .with("id", datasource.identity.luid)
        .with("name", &datasource.name)
        .with("description", &published.description)
        .with("contentUrl", &published.content_url)
        .with("type", connection_class(site, index))
        .with("createdAt", datasource.freshness.created_at)
        .with("updatedAt", datasource.freshness.updated_at)
        .with("isCertified", published.certified)
        .with_some("certificationNote", (!note.is_empty()).then_some(note))
        .with("hasExtracts", datasource.extract.is_some())
        .with("useRemoteQueryAgent", published.bridge)
        .with(
            "webpageUrl",
            call.web_page(site, &format!("datasources/{}", datasource.identity.number)),
        )
        .with("size", 1u32)
        .with("encryptExtracts", false)
        .child_some(project::reference(site, published.project, session.user))
        .child(user::owner(site, published.owner, every_field))
        .child(tag::list(site, &published.tags));
    Some(element)
}
