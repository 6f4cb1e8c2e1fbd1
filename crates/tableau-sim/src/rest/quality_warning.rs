//! Data quality warnings, the older form of labels (3.5+).

use super::call::{Call, Reply, SignedIn};
use super::label::{asset, content_type, new_label, push};
use crate::site::{Kind, LabelKind, Ref, Site};
use crate::wire::{Element, Fault, Node};

/// The types a warning may have, in this very spelling.
const TYPES: &[&str] = &["WARNING", "DEPRECATED", "STALE", "SENSITIVE_DATA", "MAINTENANCE"];

fn warnings_on(site: &Site, asset: Ref) -> Vec<u32> {
    site.labels_on(asset)
        .filter(|&label| site.labels[label as usize].kind == LabelKind::Warning)
        .collect()
}

fn require_permission(session: &SignedIn) -> Result<(), Fault> {
    if session.viewer().role.is_administrator() {
        return Ok(());
    }
    Err(Fault::forbidden(
        403_004,
        "The user is not permitted to change warnings of this content.",
    ))
}

fn check(wanted: &Node) -> Result<&Node, Fault> {
    match wanted.attribute("type") {
        Some(kind) if !TYPES.contains(&kind) => Err(Fault::bad_request(
            400_104,
            format!("'{kind}' is not a type of data quality warnings."),
        )),
        _ => Ok(wanted),
    }
}

/// Sets a warning on an asset, on the one that is there or on a new one.
fn set(
    call: &Call<'_>,
    session: &SignedIn,
    asset: Ref,
    existing: Option<u32>,
    wanted: &Node,
) -> Result<u32, Fault> {
    call.change(|site| {
        let index = existing.unwrap_or_else(|| {
            push(
                site,
                new_label(call, session, LabelKind::Warning, asset, "warning"),
            )
        });
        let label = &mut site.labels[index as usize];
        if let Some(kind) = wanted.attribute("type") {
            label.value = kind.to_lowercase();
        }
        if let Some(message) = wanted.attribute("message") {
            message.clone_into(&mut label.message);
        }
        label.active = wanted
            .attribute("isActive")
            .map_or(label.active, |text| text == "true");
        label.elevated = wanted
            .attribute("isSevere")
            .map_or(label.elevated, |text| text == "true");
        label.updated_at = call.now;
        index
    })
}

/// `POST …/dataQualityWarnings/{type}/{asset}`. A second one on an asset is refused up to 2024.2 (3.23).
pub(super) fn add(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let asset = asset(session, call.part(0), call.part(1))?;
    require_permission(session)?;
    let wanted = check(call.body()?.required("dataQualityWarning")?)?;
    let existing = warnings_on(&session.site, asset);
    if !existing.is_empty() && call.version <= (3, 23) {
        return Err(Fault::conflict(
            409_004,
            "The content already has a data quality warning.",
        ));
    }
    let index = set(call, session, asset, None, wanted)?;
    let luid = call.present()?.site.labels[index as usize].identity.luid;
    Ok(reply(&call.present()?.site, [index], 201)
        .header("location", call.location(&format!("dataQualityWarnings/{luid}"))))
}

/// `PUT …/dataQualityWarnings/{warning}`.
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let found = session.site.find(Kind::Label, call.part(0));
    let standing = found.filter(|&label| !session.site.labels[label as usize].removed);
    let index = standing.ok_or_else(|| Fault::not_found(404_030, "Data quality warning", call.part(0)))?;
    require_permission(session)?;
    let wanted = check(call.body()?.required("dataQualityWarning")?)?;
    set(
        call,
        session,
        session.site.labels[index as usize].asset,
        Some(index),
        wanted,
    )?;
    Ok(reply(&call.present()?.site, [index], 200))
}

/// `PUT …/dataQualityWarnings/{type}/{asset}`, as Tableau's Python client updates.
pub(super) fn update_on_asset(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let asset = asset(session, call.part(0), call.part(1))?;
    require_permission(session)?;
    let wanted = check(call.body()?.required("dataQualityWarning")?)?;
    let existing = warnings_on(&session.site, asset).first().copied();
    let existing = existing.ok_or_else(|| Fault::not_found(404_030, "Data quality warning", call.part(1)))?;
    set(call, session, asset, Some(existing), wanted)?;
    Ok(reply(&call.present()?.site, [existing], 200))
}

/// `POST …/dataQualityWarnings/createOrUpdate` (3.12+), on many assets.
pub(super) fn create_or_update(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let body = call.body()?;
    let wanted = check(body.required("dataQualityWarning")?)?;
    require_permission(session)?;
    let assets: Vec<Ref> = body
        .required("contentList")?
        .children("content")
        .map(|content| {
            let kind = content.attribute("contentType").unwrap_or_default();
            asset(session, kind, content.attribute("id").unwrap_or_default())
        })
        .collect::<Result<_, _>>()?;
    let mut warnings = Vec::new();
    for asset in assets {
        let existing = warnings_on(&session.site, asset).first().copied();
        warnings.push(set(call, session, asset, existing, wanted)?);
    }
    Ok(reply(&call.present()?.site, warnings, 200))
}

/// `GET …/dataQualityWarnings/{type}/{asset}`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let asset = asset(session, call.part(0), call.part(1))?;
    Ok(reply(&session.site, warnings_on(&session.site, asset), 200))
}

/// `DELETE …/dataQualityWarnings/{type}/{asset}`.
pub(super) fn clear(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let asset = asset(session, call.part(0), call.part(1))?;
    require_permission(session)?;
    call.change(|site| {
        for warning in warnings_on(site, asset) {
            site.labels[warning as usize].removed = true;
        }
    })?;
    Ok(Reply::no_content())
}

fn reply(site: &Site, warnings: impl IntoIterator<Item = u32>, status: u16) -> Reply {
    let warnings = warnings.into_iter().map(|index| {
        let label = &site.labels[index as usize];
        let author = &site.users[label.author as usize];
        Element::new("dataQualityWarning")
            .with("id", label.identity.luid)
            .with("userDisplayName", &author.full_name)
            .with("contentId", site.identity(label.asset).luid)
            .with("contentType", content_type(label.asset.kind).to_uppercase())
            .with("message", &label.message)
            .with("type", label.value.to_uppercase())
            .with("isActive", label.active)
            .with("isSevere", label.elevated)
            .with("createdAt", label.created_at)
            .with("updatedAt", label.updated_at)
            .child(Element::new("site").with("id", site.identity.luid))
            .child(Element::new("owner").with("id", author.identity.luid))
    });
    Reply::new(status, [Element::list("dataQualityWarningList", warnings)])
}
