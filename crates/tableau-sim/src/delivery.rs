//! Deliveries of webhooks: what happens on a site, told to who asked for it.
//!
//! Real destinations are public https addresses. Here every delivery goes to the address of the switch `webhooks_to`, with
//! the path of its destination, and without the switch nowhere. As with Tableau there is no signature, the order is not
//! promised, a delivery may come more than once with the same body (`webhook_copies`), and one that is not answered with
//! success is repeated three times. What jobs do is told when the server is next asked for something.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::rest::Webhook;
use crate::site::Site;
use crate::switch::Switches;

/// How often a delivery that failed is repeated, after pauses that double.
const REPEATS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No receiver is waited for longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that happened on a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Tableau's name of it, such as `WorkbookUpdated`.
    pub(crate) kind: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) name: String,
    pub(crate) luid: Uuid,
    pub(crate) at: DateTime<Utc>,
}

/// A call to a receiver.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// `http://HOST:PORT`.
    to: String,
    path: String,
    body: String,
}

/// Deliveries on their way.
#[derive(Debug)]
pub(crate) struct Post {
    sender: UnboundedSender<Delivery>,
    receiver: Mutex<Option<UnboundedReceiver<Delivery>>>,
}

impl Post {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            sender,
            receiver: Mutex::new(Some(receiver)),
        }
    }

    /// What is to be delivered, for the one who does.
    pub(crate) fn take(&self) -> Option<UnboundedReceiver<Delivery>> {
        self.receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Sends an event to each webhook that asks for it.
    pub(crate) fn announce(&self, switches: &Switches, site: Uuid, webhooks: &[Webhook], event: &Event) {
        let Some(to) = &switches.webhooks_to else {
            return;
        };
        let body = json!({
            "resource": event.resource,
            "event_type": event.kind,
            "resource_name": event.name,
            "site_luid": site,
            "resource_luid": event.luid,
            "created_at": event.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        });
        let paths = webhooks.iter().filter_map(|webhook| webhook.path_for(event.kind));
        for path in paths {
            for _ in 0..switches.webhook_copies {
                // The server is stopping when nobody takes deliveries any more.
                let _ = self.sender.send(Delivery {
                    to: to.clone(),
                    path: path.to_owned(),
                    body: body.to_string(),
                });
            }
        }
    }
}

/// What another state of a site's content means to who listens: what came, changed and went.
pub(crate) fn published(before: &Site, after: &Site, at: DateTime<Utc>) -> Vec<Event> {
    const WORKBOOK: [&str; 3] = ["WorkbookCreated", "WorkbookUpdated", "WorkbookDeleted"];
    const DATASOURCE: [&str; 3] = ["DatasourceCreated", "DatasourceUpdated", "DatasourceDeleted"];
    let workbooks = |site: &Site| -> Vec<(Uuid, String, DateTime<Utc>)> {
        let workbooks = site.workbooks.iter();
        workbooks
            .map(|it| (it.identity.luid, it.name.clone(), it.freshness.updated_at))
            .collect()
    };
    let sources = |site: &Site| -> Vec<(Uuid, String, DateTime<Utc>)> {
        let published = site
            .datasources
            .iter()
            .filter(|source| source.published.is_some());
        published
            .map(|it| (it.identity.luid, it.name.clone(), it.freshness.updated_at))
            .collect()
    };
    let mut events = compare("WORKBOOK", WORKBOOK, &workbooks(before), &workbooks(after), at);
    events.extend(compare(
        "DATASOURCE",
        DATASOURCE,
        &sources(before),
        &sources(after),
        at,
    ));
    events
}

fn compare(
    resource: &'static str,
    [created, updated, deleted]: [&'static str; 3],
    before: &[(Uuid, String, DateTime<Utc>)],
    after: &[(Uuid, String, DateTime<Utc>)],
    at: DateTime<Utc>,
) -> Vec<Event> {
    let event = |kind, (luid, name, _): &(Uuid, String, DateTime<Utc>)| Event {
        kind,
        resource,
        name: name.clone(),
        luid: *luid,
        at,
    };
    let mut events = Vec::new();
    for one in after {
        match before.iter().find(|known| known.0 == one.0) {
            None => events.push(event(created, one)),
            Some(known) if known != one => events.push(event(updated, one)),
            Some(_) => {}
        }
    }
    let gone = before
        .iter()
        .filter(|known| !after.iter().any(|one| one.0 == known.0));
    events.extend(gone.map(|known| event(deleted, known)));
    events
}

/// Delivers until nothing more can come.
pub(crate) async fn deliver(mut deliveries: UnboundedReceiver<Delivery>) {
    while let Some(delivery) = deliveries.recv().await {
        let mut pause = FIRST_PAUSE;
        for _ in 0..=REPEATS {
            if call(&delivery).await.is_ok_and(is_success) {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }
}

const fn is_success(status: u16) -> bool {
    status / 100 == 2
}

/// The status that a receiver answers; 0 for what is no HTTP.
async fn call(delivery: &Delivery) -> std::io::Result<u16> {
    let host = delivery.to.trim_end_matches('/');
    let host = host.strip_prefix("http://").unwrap_or(host);
    let Delivery { path, body, .. } = delivery;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let work = async {
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(4_096).read_to_end(&mut answer).await?;
        let text = String::from_utf8_lossy(&answer);
        let status = text.split_ascii_whitespace().nth(1);
        Ok(status.and_then(|status| status.parse().ok()).unwrap_or(0))
    };
    tokio::time::timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}
