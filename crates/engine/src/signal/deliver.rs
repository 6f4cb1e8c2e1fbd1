//! Sending what waits: at least once, in order for each channel, and not for ever.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use tailwater_bi::outgoing::Failure;
use tailwater_core::signal::{
    About, AlarmId, Cause, Notice, NoticeState, Severity, SignalKind, Subject, SubjectId, SubjectKind,
};
use tailwater_store::{Delivery, DeliveryEnd, DeliveryId, Lease};

use super::channel::{Channel, Payload, Unsent, send_error};
use super::settings::ChannelKind;
use crate::error::Error;
use crate::workspace::Workspace;

/// The wait after the first failure; it doubles with each further one.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(30);
/// No wait is longer.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);

/// At most so many deliveries of a channel are tried in one go.
const MOST_AT_ONCE: usize = 1_000;

impl Workspace {
    /// Sends what is due, to all channels at once, each in order.
    pub(super) async fn deliver_signals(&self, lease: &Lease) -> Result<(), Error> {
        let due = self.due_channels().await?;
        let drained = due.iter().map(|channel| self.drain_channel(channel, lease));
        join_all(drained).await.into_iter().collect()
    }

    /// The channels for which something is due.
    pub(super) async fn due_channels(&self) -> Result<Vec<String>, Error> {
        let now = self.clock().now();
        let waiting = self.store().next_deliveries().await?;
        Ok(waiting
            .into_iter()
            .filter(|delivery| is_due(delivery, now))
            .map(|delivery| delivery.channel)
            .collect())
    }

    /// Sends what is due to one channel, one after the other, until nothing is: what fails is due later, and what
    /// stands behind it waits.
    pub(super) async fn drain_channel(&self, channel: &str, lease: &Lease) -> Result<(), Error> {
        for _ in 0..MOST_AT_ONCE {
            let Some(delivery) = self.store().next_delivery(channel).await? else {
                return Ok(());
            };
            if !is_due(&delivery, self.clock().now()) {
                return Ok(());
            }
            // Whoever has lost the lease sends nothing more.
            self.store().renew_lease(lease, super::run::LIFETIME).await?;
            let channels = self.channels().await?;
            let settings = channels.iter().find(|known| known.settings.name == channel);
            let end = self.try_delivery(settings, &delivery).await;
            if let DeliveryEnd::GivenUp { error } = &end {
                tracing::warn!(channel, delivery = %delivery.id, error, "a signal was given up");
            }
            self.store().note_delivery(&delivery.id, &end).await?;
        }
        Ok(())
    }

    /// One attempt.
    async fn try_delivery(&self, channel: Option<&Channel>, delivery: &Delivery) -> DeliveryEnd {
        let now = self.clock().now();
        let given_up = |error: String| DeliveryEnd::GivenUp { error };
        let Some(channel) = channel.filter(|channel| channel.settings.enabled) else {
            return given_up("the channel is no longer there, or is off".to_owned());
        };
        let payload: Payload = match serde_json::from_str(&delivery.body) {
            Ok(payload) => payload,
            Err(error) => return given_up(format!("it cannot be read: {error}")),
        };
        let open = match self.open_channel(channel).await {
            Ok(open) => open,
            // Somebody may mend the settings.
            Err(error) => return self.again(delivery, error.to_string(), None, None, now),
        };
        let catalog = self.catalog_address();
        let sent = open
            .send(delivery.id.as_str(), &payload, catalog.as_deref(), now)
            .await;
        let Err(Unsent { failure, rest }) = sent else {
            return DeliveryEnd::Delivered;
        };
        let Failure {
            error,
            is_final,
            wait,
        } = failure;
        let rest = rest.and_then(|rest| rest.to_json(&delivery.channel).ok());
        if is_final && rest.is_none() {
            return given_up(error.to_string());
        }
        // What stands behind something that was refused for good need not wait.
        let wait = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
        match self.again(delivery, error.to_string(), rest, wait, now) {
            DeliveryEnd::Again { error, rest, .. } if is_final => DeliveryEnd::Again { at: now, error, rest },
            end => end,
        }
    }

    fn again(
        &self,
        delivery: &Delivery,
        error: String,
        rest: Option<String>,
        asked: Option<TimeDelta>,
        now: DateTime<Utc>,
    ) -> DeliveryEnd {
        let attempts = delivery.attempts + 1;
        if attempts >= self.settings().signals.attempts {
            let error = format!("{error} (tried {attempts} times)");
            return DeliveryEnd::GivenUp { error };
        }
        DeliveryEnd::Again {
            at: now + wait_after(attempts, asked),
            error,
            rest,
        }
    }

    /// The address at which people reach the catalog, with its base path, where the settings tell it.
    pub(super) fn catalog_address(&self) -> Option<String> {
        let serve = &self.settings().serve;
        let public = serve.public_url.as_deref()?.trim_end_matches('/');
        let base = serve.base_path.trim_matches('/');
        Some(if base.is_empty() {
            public.to_owned()
        } else {
            format!("{public}/{base}")
        })
    }

    /// Sends a made-up notice to a channel at once, past the outbox, and says what came of it.
    pub async fn test_channel(&self, name: &str) -> Result<(), Error> {
        let channel = self.find_channel(name).await?;
        let open = self.open_channel(&channel).await?;
        let now = self.clock().now();
        let payload = match channel.settings.kind {
            ChannelKind::OpenlineageHttp | ChannelKind::OpenlineageFile => Payload::Lineage {
                events: vec![test_event(&self.settings().signals.lineage_namespace, now)],
            },
            ChannelKind::Email if channel.settings.to.is_empty() => {
                let reason = "it writes to owners alone: give it an address in `to` to test it".to_owned();
                let name = name.to_owned();
                return Err(super::error::SignalError::Settings { name, reason }.into());
            }
            _ => Payload::Notices {
                to: channel.settings.to.clone(),
                notices: vec![test_notice(now)],
            },
        };
        let id = DeliveryId::draw(now);
        let catalog = self.catalog_address();
        open.send(id.as_str(), &payload, catalog.as_deref(), now)
            .await
            .map_err(|unsent| send_error(&channel.settings, *unsent.failure.error))
    }
}

fn is_due(delivery: &Delivery, now: DateTime<Utc>) -> bool {
    delivery.next_at.is_none_or(|at| at <= now)
}

/// How long to wait after so many attempts; longer where the receiver asks for it.
fn wait_after(attempts: u32, asked: Option<TimeDelta>) -> TimeDelta {
    let doubled = 2_i32.checked_pow(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
    let wait = FIRST_WAIT
        .checked_mul(doubled)
        .unwrap_or(LONGEST_WAIT)
        .min(LONGEST_WAIT);
    wait.max(asked.unwrap_or_default().min(LONGEST_WAIT))
}

fn test_notice(now: DateTime<Utc>) -> Notice {
    let cause = Cause {
        at: Some(now),
        sentence: "this is a test of the channel; nothing is wrong".to_owned(),
        hint: None,
    };
    Notice {
        alarm: AlarmId::new("test"),
        state: NoticeState::Raised,
        event: SignalKind::ExposureDegraded,
        severity: Severity::Warning,
        subject: Subject {
            id: SubjectId::new(SubjectKind::Exposure, "exposure.tailwater.test"),
            name: "a test by Tailwater".to_owned(),
            page: None,
        },
        causes: [("test".to_owned(), cause)].into(),
        about: About::default(),
        since: now,
        at: now,
        reminder: 0,
    }
}

fn test_event(namespace: &str, now: DateTime<Utc>) -> serde_json::Value {
    use tailwater_bi::outgoing::open_lineage::{LineageEvent, LineageJob, LineageState};
    LineageEvent {
        state: LineageState::Complete,
        at: now,
        run: DeliveryId::draw(now).to_string(),
        job: LineageJob {
            namespace: namespace.to_owned(),
            name: "test".to_owned(),
            integration: "TAILWATER",
            kind: "TEST",
        },
        parent: None,
        engine: None,
        error: None,
        inputs: Vec::new(),
        outputs: Vec::new(),
    }
    .to_json()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(1, None, 30)]
    #[case(2, None, 60)]
    #[case(5, None, 480)]
    #[case(20, None, 6 * 3600)]
    #[case(99, None, 6 * 3600)]
    #[case(1, Some(120), 120)]
    #[case(5, Some(10), 480)]
    #[case(1, Some(999_999), 6 * 3600)]
    fn waits_double_and_what_is_asked_for_counts(
        #[case] attempts: u32,
        #[case] asked: Option<i64>,
        #[case] seconds: i64,
    ) {
        assert_eq!(
            wait_after(attempts, asked.map(TimeDelta::seconds)),
            TimeDelta::seconds(seconds)
        );
    }
}
