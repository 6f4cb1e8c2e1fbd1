//! Labels on catalog assets (3.17+), and the parts that data quality warnings share with them.

use uuid::Uuid;

use super::call::{Call, Reply, SignedIn};
use crate::site::{Identity, Kind, Label, LabelKind, Naming, Ref, Site};
use crate::wire::{Element, Fault, Node};

/// Built-in values: name, category, internal.
const BUILT_IN: &[(&str, &str, bool)] = &[
    ("certified", "certification", false),
    ("deprecated", "warning", false),
    ("stale", "warning", false),
    ("maintenance", "warning", false),
    ("warning", "warning", false),
    ("extract_refresh_failure", "warning", true),
    ("flow_run_failure", "warning", true),
    ("sensitive_data", "sensitivity", false),
];

/// The asset of that content type and LUID.
pub(super) fn asset(session: &SignedIn, content_type: &str, luid: &str) -> Result<Ref, Fault> {
    let kind = match content_type.to_ascii_lowercase().as_str() {
        "database" => Kind::Database,
        "table" => Kind::Table,
        "column" => Kind::Column,
        "datasource" => Kind::Datasource,
        "virtualconnection" => Kind::VirtualConnection,
        "virtualconnectiontable" => Kind::VirtualTable,
        other => return Err(Fault::not_found(404_029, "Content type", other)),
    };
    let site = &session.site;
    let found = site.find(kind, luid).map(|index| Ref::new(kind, index));
    let is_asset =
        |object: &Ref| object.kind != Kind::Datasource || site.datasources[object.at()].published.is_some();
    let found = found
        .filter(is_asset)
        .ok_or_else(|| Fault::not_found(404_029, "Content", luid))?;
    if found.kind == Kind::Table && site.tables[found.at()].embedded {
        return Err(Fault::forbidden(
            403_113,
            "The operation is not allowed on an embedded table.",
        ));
    }
    Ok(found)
}

/// The name of an asset's kind on the wire.
pub(super) fn content_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Database => "database",
        Kind::Table => "table",
        Kind::Column => "column",
        Kind::VirtualConnection => "virtualconnection",
        Kind::VirtualTable => "virtualconnectiontable",
        _ => "datasource",
    }
}

/// Adds a label to the site.
pub(super) fn push(site: &mut Site, mut label: Label) -> u32 {
    let index = u32::try_from(site.labels.len()).unwrap_or(u32::MAX);
    label.identity = identity(site, index);
    site.by_luid
        .insert(label.identity.luid, Ref::new(Kind::Label, index));
    site.by_id.insert(label.identity.id, Ref::new(Kind::Label, index));
    site.labels.push(label);
    index
}

fn identity(site: &Site, index: u32) -> Identity {
    Naming::new(&site.content_url).identify("label", &index.to_string(), None)
}

/// A label that is not yet on the site.
pub(super) fn new_label(
    call: &Call<'_>,
    session: &SignedIn,
    kind: LabelKind,
    asset: Ref,
    value: &str,
) -> Label {
    let nobody = Identity {
        luid: Uuid::nil(),
        id: Uuid::nil(),
        number: 0,
    };
    Label {
        identity: nobody,
        kind,
        asset,
        value: value.to_owned(),
        category: "warning".to_owned(),
        message: String::new(),
        active: true,
        elevated: false,
        author: session.user,
        created_at: call.now,
        updated_at: call.now,
        removed: false,
    }
}

fn require_permission(session: &SignedIn) -> Result<(), Fault> {
    if session.viewer().role.is_administrator() {
        return Ok(());
    }
    Err(Fault::forbidden(
        403_004,
        "The user is not permitted to change labels of this content.",
    ))
}

/// The assets of a `contentList`.
fn content_list(session: &SignedIn, body: &Node) -> Result<Vec<Ref>, Fault> {
    let missing = || Fault::bad_request(400_108, "The content list is missing.");
    let list = body.child("contentList").ok_or_else(missing)?;
    let assets: Vec<Ref> = list
        .children("content")
        .map(|content| {
            let kind = content.attribute("contentType").unwrap_or_default();
            asset(session, kind, content.attribute("id").unwrap_or_default())
        })
        .collect::<Result<_, _>>()?;
    if assets.is_empty() {
        Err(missing())
    } else {
        Ok(assets)
    }
}

/// `PUT …/labels`: puts one label on many assets, or updates it where it is; one bad asset fails all.
pub(super) fn put(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let body = call.body()?;
    let assets = content_list(session, body)?;
    require_permission(session)?;
    let wanted = body
        .child("label")
        .ok_or_else(|| Fault::bad_request(400_108, "The label is missing."))?;
    let value = wanted
        .attribute("value")
        .ok_or_else(|| Fault::bad_request(400_109, "The label has no value."))?;
    let (category, kind) = category_of(call, session, value)?;
    let labels = call.change(|site| {
        assets
            .iter()
            .map(|&asset| {
                let found = site
                    .labels_on(asset)
                    .find(|&label| site.labels[label as usize].value == value);
                let index = found.unwrap_or_else(|| push(site, new_label(call, session, kind, asset, value)));
                let label = &mut site.labels[index as usize];
                category.clone_into(&mut label.category);
                change(label, wanted, call);
                index
            })
            .collect::<Vec<u32>>()
    })?;
    Ok(reply(&call.present()?.site, labels))
}

fn category_of(call: &Call<'_>, session: &SignedIn, value: &str) -> Result<(String, LabelKind), Fault> {
    let refused = || Fault::conflict(409_004, format!("The label value '{value}' can not be used."));
    let built_in = BUILT_IN.iter().find(|(name, ..)| *name == value);
    if built_in.is_some_and(|(.., internal)| *internal) {
        return Err(refused());
    }
    let category = if let Some((_, category, _)) = built_in {
        (*category).to_owned()
    } else {
        let state = call.world.state();
        let hosted = state
            .sites
            .get(session.site_number)
            .ok_or_else(Fault::stale_token)?;
        let own = hosted.label_values.iter().find(|(name, ..)| name == value);
        own.map(|(_, category, _)| category.clone()).ok_or_else(refused)?
    };
    let kind = match category.as_str() {
        "warning" | "sensitivity" => LabelKind::Warning,
        "certification" => LabelKind::Certification,
        _ => LabelKind::Generic,
    };
    Ok((category, kind))
}

fn change(label: &mut Label, wanted: &Node, call: &Call<'_>) {
    if let Some(message) = wanted.attribute("message") {
        message.clone_into(&mut label.message);
    }
    label.active = wanted
        .attribute("active")
        .map_or(label.active, |text| text == "true");
    label.elevated = wanted
        .attribute("elevated")
        .map_or(label.elevated, |text| text == "true");
    label.updated_at = call.now;
}

/// `POST …/labels[?categories=…]`: reads the labels of the listed assets.
pub(super) fn read(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let assets = content_list(session, call.body()?)?;
    let categories: Option<Vec<&str>> = call.query.get("categories").map(|text| text.split(',').collect());
    let site = &session.site;
    let labels = assets
        .iter()
        .flat_map(|&asset| site.labels_on(asset))
        .filter(|&label| {
            let category = site.labels[label as usize].category.as_str();
            categories
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&category))
        });
    Ok(reply(site, labels))
}

fn find(call: &Call<'_>, session: &SignedIn) -> Result<u32, Fault> {
    let found = session.site.find(Kind::Label, call.part(0));
    let standing = found.filter(|&label| !session.site.labels[label as usize].removed);
    standing.ok_or_else(|| Fault::not_found(404_030, "Label", call.part(0)))
}

/// `GET …/labels/{label}`.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    Ok(reply(&session.site, [find(call, session)?]))
}

/// `PUT …/labels/{label}`: the category stays.
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(call, session)?;
    require_permission(session)?;
    let wanted = call.body()?.required("label")?;
    if let Some(value) = wanted.attribute("value") {
        let (category, _) = category_of(call, session, value)?;
        if category != session.site.labels[index as usize].category {
            return Err(Fault::conflict(
                409_004,
                "The category of a label can not be changed.",
            ));
        }
    }
    call.change(|site| {
        let label = &mut site.labels[index as usize];
        if let Some(value) = wanted.attribute("value") {
            value.clone_into(&mut label.value);
        }
        change(label, wanted, call);
    })?;
    Ok(reply(&call.present()?.site, [index]))
}

/// `DELETE …/labels/{label}`.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let index = find(call, session)?;
    require_permission(session)?;
    call.change(|site| site.labels[index as usize].removed = true)?;
    Ok(Reply::no_content())
}

fn reply(site: &Site, labels: impl IntoIterator<Item = u32>) -> Reply {
    let labels = labels.into_iter().map(|index| {
        let label = &site.labels[index as usize];
        let author = &site.users[label.author as usize];
        Element::new("label")
            .with("id", label.identity.luid)
            .with("userDisplayName", &author.full_name)
            .with("contentId", site.identity(label.asset).luid)
            .with("contentType", content_type(label.asset.kind))
            .with("message", &label.message)
            .with("value", &label.value)
            .with("category", &label.category)
            .with("active", label.active)
            .with("elevated", label.elevated)
            .with("createdAt", label.created_at)
            .with("updatedAt", label.updated_at)
            .child(Element::new("site").with("id", site.identity.luid))
            .child(Element::new("owner").with("id", author.identity.luid))
    });
    Reply::ok(Element::list("labelList", labels))
}

/// `GET …/labelValues`.
pub(super) fn list_values(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let element = |name: &str, category: &str, description: &str, internal: bool, built_in: bool| {
        Element::new("labelValue")
            .with("name", name)
            .with("category", category)
            .with("description", description)
            .with("internal", internal)
            .with("elevatedDefault", false)
            .with("builtIn", built_in)
    };
    let mut values: Vec<Element> = BUILT_IN
        .iter()
        .map(|(name, category, internal)| element(name, category, "", *internal, true))
        .collect();
    let state = call.world.state();
    let hosted = state
        .sites
        .get(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    values.extend(
        hosted
            .label_values
            .iter()
            .map(|(name, category, description)| element(name, category, description, false, false)),
    );
    Ok(Reply::ok(Element::list("labelValueList", values)))
}

/// `PUT …/labelValues`: makes a value of one's own, for administrators.
pub(super) fn put_value(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    require_permission(session)?;
    let wanted = call.body()?.required("labelValue")?;
    let name = wanted
        .attribute("name")
        .filter(|name| !name.is_empty() && name.chars().count() <= 128);
    let name =
        name.ok_or_else(|| Fault::conflict(409_004, "A label value needs a name of at most 128 letters."))?;
    let category = wanted.attribute("category").unwrap_or("warning").to_owned();
    let description = wanted.attribute("description").unwrap_or_default().to_owned();
    let mut state = call.world.state();
    let hosted = state
        .sites
        .get_mut(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    hosted.label_values.retain(|(other, ..)| other != name);
    hosted
        .label_values
        .push((name.to_owned(), category.clone(), description.clone()));
    let element = Element::new("labelValue")
        .with("name", name)
        .with("category", category)
        .with("description", description)
        .with("builtIn", false);
    Ok(Reply::ok(element))
}
