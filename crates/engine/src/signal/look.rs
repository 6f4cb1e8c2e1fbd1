//! One look: what is wrong, what is told of it, to which channels; landed whole.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tailwater_core::signal::{Alarm, AlarmId, Notice, judge, letters};
use tailwater_store::{ChannelState, Delivery, DeliveryId, Lease, SignalLanding};

use super::channel::{Channel, Payload};
use super::condition::Scene;
use super::lineage::{self, Gathered};
use super::settings::ChannelKind;
use crate::catalog::Catalog;
use crate::error::Error;
use crate::workspace::Workspace;

/// What came of a look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// What is told.
    pub notices: Vec<Notice>,
    /// How many deliveries were made of it.
    pub deliveries: usize,
    /// When something may change although nothing happens.
    pub look_again_at: Option<DateTime<Utc>>,
    /// Whether there is more to look at right away.
    pub has_more: bool,
}

impl Workspace {
    /// The alarms that are open, oldest first.
    pub async fn open_alarms(&self) -> Result<Vec<Alarm>, Error> {
        Ok(self.store().open_alarms().await?)
    }

    /// The last alarms, ended ones among them, newest first.
    pub async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, Error> {
        Ok(self.store().alarms(limit).await?)
    }

    /// The last deliveries, newest first.
    pub async fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>, Error> {
        Ok(self.store().deliveries(limit).await?)
    }

    /// How each channel that was ever told anything stands, by name.
    pub async fn channel_states(&self) -> Result<Vec<ChannelState>, Error> {
        Ok(self.store().channel_states().await?)
    }

    /// Looks what is wrong in a catalog, and lands what is to be told of it.
    pub(super) async fn look_for_signals(&self, lease: &Lease, catalog: &Catalog) -> Result<Looked, Error> {
        let now = self.clock().now();
        let settings = &self.settings().signals;
        let open = self.store().open_alarms().await?;
        let runs = self.store().last_job_runs().await?;
        let scene = Scene::new(catalog, &runs);
        let judged = judge(
            open,
            scene.conditions(now),
            |kind, subject| scene.standing(kind, subject),
            settings.manners(),
            now,
            || AlarmId::new(DeliveryId::draw(now).to_string()),
        );
        let channels: Vec<Channel> = self
            .channels()
            .await?
            .into_iter()
            .filter(|channel| channel.settings.enabled)
            .collect();
        let mut payloads: Vec<(&str, Payload)> = Vec::new();
        for channel in &channels {
            payloads.extend(told(channel, &judged.notices));
        }
        let collectors: Vec<&str> = channels
            .iter()
            .filter(|channel| channel.settings.kind.is_lineage())
            .map(|channel| channel.settings.name.as_str())
            .collect();
        let Gathered {
            told,
            cursors,
            has_more,
        } = lineage::gather(self, catalog, !collectors.is_empty()).await?;
        let mut deliveries = Vec::with_capacity(payloads.len());
        for (place, (channel, payload)) in payloads.into_iter().enumerate() {
            deliveries.push(Delivery::new(channel, payload.to_json(channel)?, now, place));
        }
        let place = deliveries.len();
        deliveries.extend(lineage::deliveries(&collectors, told, now, place)?);
        if !judged.alarms.is_empty() || !deliveries.is_empty() || !cursors.is_empty() {
            let landing = SignalLanding {
                alarms: &judged.alarms,
                deliveries: &deliveries,
                cursors: &cursors,
            };
            self.store().land_signals(lease, &landing).await?;
        }
        Ok(Looked {
            notices: judged.notices,
            deliveries: deliveries.len(),
            look_again_at: judged.look_again_at,
            has_more,
        })
    }
}

/// What a channel is told: programs one notice at a time, people all of a look in one message.
fn told<'a>(channel: &'a Channel, notices: &[Notice]) -> Vec<(&'a str, Payload)> {
    let settings = &channel.settings;
    let wanted: Vec<Notice> = notices
        .iter()
        .filter(|notice| settings.tell.wants(notice))
        .cloned()
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let payload = |to, notices| (settings.name.as_str(), Payload::Notices { to, notices });
    match settings.kind {
        ChannelKind::Webhook => wanted
            .into_iter()
            .map(|notice| payload(Vec::new(), vec![notice]))
            .collect(),
        ChannelKind::Slack => vec![payload(Vec::new(), wanted)],
        ChannelKind::Email => letters(&wanted, &settings.to, settings.to_owners)
            .into_iter()
            .enumerate()
            .filter(|(at, letter)| {
                let is_to_owner = *at > 0 || settings.to.is_empty();
                !is_to_owner
                    || letter
                        .to
                        .iter()
                        .all(|owner| is_in(owner, &settings.owner_domains))
            })
            .map(|(_, letter)| {
                let notices = letter.notices.iter().map(|&at| wanted[at].clone()).collect();
                payload(letter.to, notices)
            })
            .collect(),
        ChannelKind::OpenlineageHttp | ChannelKind::OpenlineageFile => Vec::new(),
    }
}

/// Whether an address is in one of the domains; in any when none is named.
fn is_in(address: &str, domains: &[String]) -> bool {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    domains.is_empty() || domains.iter().any(|known| known.eq_ignore_ascii_case(domain))
}
