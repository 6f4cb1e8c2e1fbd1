//! Webhooks: kept, listed, and delivered where a switch says so ([`crate::delivery`]).

use uuid::Uuid;

use super::call::{Call, Reply, SignedIn};
use crate::wire::{Element, Fault, Node};

/// Events: the `event` attribute, and the element that stood for it before 3.9 and is still answered.
const EVENTS: &[(&str, &str)] = &[
    ("WorkbookCreated", "webhook-source-event-workbook-created"),
    ("WorkbookUpdated", "webhook-source-event-workbook-updated"),
    ("WorkbookDeleted", "webhook-source-event-workbook-deleted"),
    (
        "WorkbookRefreshStarted",
        "webhook-source-event-workbook-refresh-started",
    ),
    (
        "WorkbookRefreshSucceeded",
        "webhook-source-event-workbook-refresh-succeeded",
    ),
    (
        "WorkbookRefreshFailed",
        "webhook-source-event-workbook-refresh-failed",
    ),
    ("DatasourceCreated", "webhook-source-event-datasource-created"),
    ("DatasourceUpdated", "webhook-source-event-datasource-updated"),
    ("DatasourceDeleted", "webhook-source-event-datasource-deleted"),
    (
        "DatasourceRefreshStarted",
        "webhook-source-event-datasource-refresh-started",
    ),
    (
        "DatasourceRefreshSucceeded",
        "webhook-source-event-datasource-refresh-succeeded",
    ),
    (
        "DatasourceRefreshFailed",
        "webhook-source-event-datasource-refresh-failed",
    ),
    ("ViewDeleted", "webhook-source-event-view-deleted"),
    ("LabelCreated", "webhook-source-event-label-created"),
    ("LabelUpdated", "webhook-source-event-label-updated"),
    ("LabelDeleted", "webhook-source-event-label-deleted"),
    ("SiteCreated", "webhook-source-event-site-created"),
    ("SiteUpdated", "webhook-source-event-site-updated"),
    ("SiteDeleted", "webhook-source-event-site-deleted"),
    ("UserDeleted", "webhook-source-event-user-deleted"),
    ("AdminPromoted", "webhook-source-event-admin-promoted"),
    ("AdminDemoted", "webhook-source-event-admin-demoted"),
];

/// A webhook of a site.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    luid: Uuid,
    name: String,
    event: (&'static str, &'static str),
    url: String,
    enabled: bool,
    status_change_reason: String,
    owner: u32,
}

impl Webhook {
    /// The path of the destination, when the webhook asks for an event and is enabled.
    pub(crate) fn path_for(&self, event: &str) -> Option<&str> {
        if !self.enabled || self.event.0 != event {
            return None;
        }
        let address = self.url.strip_prefix("https://")?;
        let path = address.find('/').map_or("/", |at| &address[at..]);
        path.bytes().all(|byte| byte.is_ascii_graphic()).then_some(path)
    }
}

/// `POST …/webhooks` → 201.
pub(super) fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    call.require_administrator()?;
    let session = call.session()?;
    let wanted = call.body()?.required("webhook")?;
    let name = wanted.attribute("name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Fault::bad_request(400_110, "The webhook has no name."))?;
    let webhook = Webhook {
        luid: Uuid::new_v4(),
        name: name.to_owned(),
        event: event(wanted)?,
        url: destination(wanted)?,
        enabled: wanted.attribute("isEnabled") != Some("false"),
        status_change_reason: String::new(),
        owner: session.user,
    };
    let element = element(session, &webhook);
    let location = call.location(&format!("webhooks/{}", webhook.luid));
    let mut state = call.world.state();
    let hosted = state
        .sites
        .get_mut(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    hosted.webhooks.push(webhook);
    Ok(Reply::new(201, [element]).header("location", location))
}

/// The event: an attribute since 3.9, before that the name of an element in `webhook-source`.
fn event(wanted: &Node) -> Result<(&'static str, &'static str), Fault> {
    let source = wanted
        .child("webhook-source")
        .and_then(|source| source.all_children().first());
    let (attribute, element) = (
        wanted.attribute("event"),
        source.map(|source| source.name.as_str()),
    );
    let found = EVENTS.iter().find(|(name, source)| match attribute {
        Some(attribute) => *name == attribute,
        None => Some(*source) == element,
    });
    found.copied().ok_or_else(|| {
        let name = attribute.or(element).unwrap_or_default();
        Fault::bad_request(400_111, format!("'{name}' is not a webhook event."))
    })
}

fn destination(wanted: &Node) -> Result<String, Fault> {
    let http = wanted
        .child("webhook-destination")
        .and_then(|destination| destination.child("webhook-destination-http"));
    let url = http.and_then(|http| http.attribute("url")).unwrap_or_default();
    if !url.starts_with("https://") {
        return Err(Fault::bad_request(
            400_113,
            "The destination of a webhook must be an https address.",
        ));
    }
    Ok(url.to_owned())
}

/// `GET …/webhooks`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    call.require_administrator()?;
    let session = call.session()?;
    let state = call.world.state();
    let hosted = state
        .sites
        .get(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    let webhooks = hosted.webhooks.iter().map(|webhook| element(session, webhook));
    Ok(Reply::ok(Element::list("webhooks", webhooks)))
}

/// `GET …/webhooks/{webhook}`.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    with_webhook(call, |session, webhook| Ok(Reply::ok(element(session, webhook))))
}

/// `PUT …/webhooks/{webhook}` (3.8+).
pub(super) fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let wanted = call.body()?.required("webhook")?;
    with_webhook(call, |session, webhook| {
        let enabled = wanted.attribute("isEnabled").map(|text| text == "true");
        let reason = wanted.attribute("statusChangeReason").unwrap_or_default();
        if !reason.is_empty() && enabled != Some(false) {
            return Err(Fault::bad_request(
                400_127,
                "A reason is given only when a webhook is disabled.",
            ));
        }
        if wanted.child("webhook-destination").is_some() {
            webhook.url = destination(wanted)?;
        }
        if wanted.attribute("event").is_some() {
            webhook.event = event(wanted)?;
        }
        if let Some(name) = wanted.attribute("name") {
            name.clone_into(&mut webhook.name);
        }
        webhook.enabled = enabled.unwrap_or(webhook.enabled);
        reason.clone_into(&mut webhook.status_change_reason);
        Ok(Reply::ok(element(session, webhook)))
    })
}

/// `DELETE …/webhooks/{webhook}`.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let luid = with_webhook(call, |_, webhook| Ok(webhook.luid))?;
    let session = call.session()?;
    let mut state = call.world.state();
    let hosted = state
        .sites
        .get_mut(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    hosted.webhooks.retain(|webhook| webhook.luid != luid);
    Ok(Reply::no_content())
}

/// `GET …/webhooks/{webhook}/test`.
pub(super) fn test(call: &Call<'_>) -> Result<Reply, Fault> {
    with_webhook(call, |_, webhook| {
        let result = Element::new("webhookTestResult")
            .with("id", webhook.luid)
            .with("status", 200u32);
        Ok(Reply::ok(result.child(Element::new("body"))))
    })
}

fn with_webhook<T>(
    call: &Call<'_>,
    act: impl FnOnce(&SignedIn, &mut Webhook) -> Result<T, Fault>,
) -> Result<T, Fault> {
    call.require_administrator()?;
    let session = call.session()?;
    let mut state = call.world.state();
    let hosted = state
        .sites
        .get_mut(session.site_number)
        .ok_or_else(Fault::stale_token)?;
    let found = hosted
        .webhooks
        .iter_mut()
        .find(|webhook| webhook.luid.to_string().eq_ignore_ascii_case(call.part(0)));
    act(
        session,
        found.ok_or_else(|| Fault::not_found(404_034, "Webhook", call.part(0)))?,
    )
}

fn element(session: &SignedIn, webhook: &Webhook) -> Element {
    let owner = &session.site.users[webhook.owner as usize];
    Element::new("webhook")
        .with("id", webhook.luid)
        .with("name", &webhook.name)
        .with("event", webhook.event.0)
        .with("isEnabled", webhook.enabled)
        .with("statusChangeReason", &webhook.status_change_reason)
        .child(Element::new("webhook-source").child(Element::new(webhook.event.1)))
        .child(
            Element::new("webhook-destination").child(
                Element::new("webhook-destination-http")
                    .with("method", "POST")
                    .with("url", &webhook.url),
            ),
        )
        .child(
            Element::new("owner")
                .with("id", owner.identity.luid)
                .with("name", &owner.name),
        )
}
