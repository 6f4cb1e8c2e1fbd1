//! Users.

use super::call::{Call, Reply};
use crate::site::{Kind, Site};
use crate::wire::{COMPARISON, EQUALITY, Element, Fault, Filter, FilterField, Scalar, SortKey};

const FILTERS: &[FilterField] = &[
    FilterField {
        name: "name",
        operators: EQUALITY,
    },
    FilterField {
        name: "friendlyName",
        operators: EQUALITY,
    },
    FilterField {
        name: "siteRole",
        operators: EQUALITY,
    },
    FilterField {
        name: "luid",
        operators: EQUALITY,
    },
    FilterField {
        name: "lastLogin",
        operators: COMPARISON,
    },
];
const SORTS: &[&str] = &["name", "friendlyName", "siteRole", "luid", "lastLogin"];

/// `GET …/users`, for administrators.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    call.require_administrator()?;
    let site = &call.session()?.site;
    let filter = Filter::parse(call.query.get("filter"), FILTERS)?;
    let sort = SortKey::parse(call.query.get("sort"), SORTS)?;
    let mut rows: Vec<u32> = site
        .all(Kind::User)
        .map(|object| object.index)
        .filter(|&user| filter.accepts(|field| value(site, user, field).into_iter().collect()))
        .collect();
    SortKey::sort(&sort, &mut rows, |&user, field| value(site, user, field));
    let (pagination, rows) = call.page()?.cut(rows)?;
    Ok(Reply::page(
        pagination,
        Element::list("users", rows.into_iter().map(|user| element(site, user))),
    ))
}

/// `GET …/users/{user}`: oneself, or anyone for administrators.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let user = session
        .site
        .find(Kind::User, call.part(0))
        .ok_or_else(|| Fault::not_found(404_002, "User", call.part(0)))?;
    if user != session.user && !session.viewer().role.is_administrator() {
        return Err(Fault::forbidden(
            403_004,
            "The user is not permitted to see other users.",
        ));
    }
    Ok(Reply::ok(element(&session.site, user)))
}

fn value(site: &Site, index: u32, field: &str) -> Option<Scalar> {
    let user = &site.users[index as usize];
    match field {
        "name" => Some((&user.name).into()),
        "friendlyName" => Some((&user.full_name).into()),
        "siteRole" => Some(user.role.as_str().into()),
        "luid" => Some(user.identity.luid.into()),
        "lastLogin" => user.last_login.map(Into::into),
        _ => None,
    }
}

fn element(site: &Site, index: u32) -> Element {
    let user = &site.users[index as usize];
    Element::new("user")
        .with("id", user.identity.luid)
        .with("name", &user.name)
        .with("fullName", &user.full_name)
        .with_some("email", user.email.as_ref())
        .with("siteRole", user.role.as_str())
        .with("authSetting", "ServerDefault")
        .with_some("lastLogin", user.last_login)
        .with("externalAuthUserId", "")
        .child(Element::new("domain").with("name", "local"))
}

/// The owner as it stands inside other elements.
pub(super) fn owner(site: &Site, index: u32, every_field: bool) -> Element {
    let user = &site.users[index as usize];
    let element = Element::new("owner").with("id", user.identity.luid);
    if !every_field {
        return element;
    }
    element
        .with("name", &user.name)
        .with("fullName", &user.full_name)
        .with_some("email", user.email.as_ref())
        .with("siteRole", user.role.as_str())
        .with_some("lastLogin", user.last_login)
}
