//! The clockwork: looks again and again what is due, and starts it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tailwater_core::diagnostic::Diagnostic as _;
use tailwater_store::SyncId;

use super::run::Runtime;
use crate::error::Error;

/// The longest time between two looks: how long a change by another process can stay unnoticed.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// The shortest, so that what cannot start now is not tried without pause.
const SHORTEST_REST: Duration = Duration::from_secs(1);

impl Runtime {
    /// Starts what is due, until it is told to stop by [`Runtime::shut_down`]. Runs in the background.
    pub fn start_clockwork(&self) {
        let runtime = self.clone();
        self.shared.tasks.spawn(async move {
            let stop = runtime.shared.stop.clone();
            loop {
                let rest = match runtime.start_due().await {
                    Ok((_, next)) => runtime.rest_until(next),
                    Err(error) => {
                        tracing::warn!(%error, code = error.code(), "what is due could not be looked up");
                        LONGEST_REST
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = runtime.shared.nudge.notified() => tokio::time::sleep(SHORTEST_REST).await,
                    () = tokio::time::sleep(rest) => {}
                }
            }
        });
    }

    /// Starts what is due now; answers what was started, and when the next one is due as far as is known.
    pub async fn start_due(&self) -> Result<(Vec<SyncId>, Option<DateTime<Utc>>), Error> {
        let workspace = self.workspace();
        let now = workspace.clock().now();
        let (mut started, mut next) = (Vec::new(), None::<DateTime<Utc>>);
        for integration in workspace.integrations().await? {
            let due = match workspace.next_sync(&integration).await {
                Ok(due) => due,
                Err(error) => {
                    // One integration that makes no sense keeps no other from its sync.
                    tracing::warn!(integration = %integration.name, %error, "its next sync is not known");
                    continue;
                }
            };
            let Some(due) = due else { continue };
            if !due.is_now(now) {
                next = Some(next.map_or(due.at, |next| next.min(due.at)));
            } else if self.running(&integration.name).is_none() {
                tracing::info!(integration = %integration.name, cause = due.cause.title(), "sync started");
                started.push(self.start_sync(&integration.name, due.cause, None).await?);
            }
        }
        Ok((started, next))
    }

    fn rest_until(&self, next: Option<DateTime<Utc>>) -> Duration {
        let now = self.workspace().clock().now();
        next.and_then(|next| (next - now).to_std().ok())
            .map_or(LONGEST_REST, |rest| rest.clamp(SHORTEST_REST, LONGEST_REST))
    }
}
