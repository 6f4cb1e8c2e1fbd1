//! Tags.

use super::call::{Call, Reply, SignedIn};
use super::{datasource, view, workbook};
use crate::site::{Kind, Ref, Site};
use crate::wire::{Element, Fault};

/// The tags of something, as they stand inside it.
pub(super) fn list(site: &Site, tags: &[u32]) -> Element {
    let tags = tags
        .iter()
        .map(|&tag| Element::new("tag").with("label", &site.tags[tag as usize].name));
    Element::list("tags", tags)
}

/// `PUT …/workbooks/{workbook}/tags`.
pub(super) fn add_to_workbook(call: &Call<'_>) -> Result<Reply, Fault> {
    add(call, |session| {
        Ok(Ref::new(Kind::Workbook, workbook::find(call, session)?))
    })
}

/// `DELETE …/workbooks/{workbook}/tags/{tag}`.
pub(super) fn remove_from_workbook(call: &Call<'_>) -> Result<Reply, Fault> {
    remove(call, |session| {
        Ok(Ref::new(Kind::Workbook, workbook::find(call, session)?))
    })
}

/// `PUT …/views/{view}/tags`.
pub(super) fn add_to_view(call: &Call<'_>) -> Result<Reply, Fault> {
    add(call, |session| {
        Ok(Ref::new(Kind::View, view::find(session, call.part(0))?))
    })
}

/// `DELETE …/views/{view}/tags/{tag}`.
pub(super) fn remove_from_view(call: &Call<'_>) -> Result<Reply, Fault> {
    remove(call, |session| {
        Ok(Ref::new(Kind::View, view::find(session, call.part(0))?))
    })
}

/// `PUT …/datasources/{datasource}/tags`.
pub(super) fn add_to_datasource(call: &Call<'_>) -> Result<Reply, Fault> {
    add(call, |session| {
        Ok(Ref::new(
            Kind::Datasource,
            datasource::find(session, call.part(0))?,
        ))
    })
}

/// `DELETE …/datasources/{datasource}/tags/{tag}`.
pub(super) fn remove_from_datasource(call: &Call<'_>) -> Result<Reply, Fault> {
    remove(call, |session| {
        Ok(Ref::new(
            Kind::Datasource,
            datasource::find(session, call.part(0))?,
        ))
    })
}

/// `PUT …/tables/{table}/tags`.
pub(super) fn add_to_table(call: &Call<'_>) -> Result<Reply, Fault> {
    add(call, |session| in_catalog(call, session, Kind::Table, 404_032))
}

/// `DELETE …/tables/{table}/tags/{tag}`.
pub(super) fn remove_from_table(call: &Call<'_>) -> Result<Reply, Fault> {
    remove(call, |session| in_catalog(call, session, Kind::Table, 404_032))
}

/// `PUT …/databases/{database}/tags`.
pub(super) fn add_to_database(call: &Call<'_>) -> Result<Reply, Fault> {
    add(call, |session| in_catalog(call, session, Kind::Database, 404_031))
}

/// `DELETE …/databases/{database}/tags/{tag}`.
pub(super) fn remove_from_database(call: &Call<'_>) -> Result<Reply, Fault> {
    remove(call, |session| in_catalog(call, session, Kind::Database, 404_031))
}

fn in_catalog(call: &Call<'_>, session: &SignedIn, kind: Kind, code: u32) -> Result<Ref, Fault> {
    let found = session
        .site
        .find(kind, call.part(0))
        .map(|index| Ref::new(kind, index));
    found.ok_or_else(|| Fault::not_found(code, &format!("{kind:?}"), call.part(0)))
}

/// Labels with spaces or commas come in quotes.
fn unquoted(label: &str) -> &str {
    label
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(label)
}

fn add(call: &Call<'_>, target: impl Fn(&SignedIn) -> Result<Ref, Fault>) -> Result<Reply, Fault> {
    let object = target(call.session()?)?;
    let wanted = call.body()?.required("tags")?;
    let labels: Vec<String> = wanted
        .children("tag")
        .filter_map(|tag| tag.attribute("label"))
        .map(|label| unquoted(label).to_owned())
        .collect();
    if labels.is_empty() {
        return Err(Fault::bad_body("no tag is given"));
    }
    let element = call.change(|site| {
        for label in &labels {
            let tag = site.intern_tag(label);
            if let Some(tags) = site.tags_of_mut(object)
                && !tags.contains(&tag)
            {
                tags.push(tag);
            }
        }
        list(site, site.tags_of(object))
    })?;
    Ok(Reply::ok(element))
}

fn remove(call: &Call<'_>, target: impl Fn(&SignedIn) -> Result<Ref, Fault>) -> Result<Reply, Fault> {
    let object = target(call.session()?)?;
    let name = unquoted(call.part(1));
    let removed = call.change(|site| {
        let tag = site.tag_numbers.get(name).copied();
        let tags = site.tags_of_mut(object);
        match (tag, tags) {
            (Some(tag), Some(tags)) if tags.contains(&tag) => {
                tags.retain(|&other| other != tag);
                true
            }
            _ => false,
        }
    })?;
    if removed {
        Ok(Reply::no_content())
    } else {
        Err(Fault::not_found(404_007, "Tag", name))
    }
}
