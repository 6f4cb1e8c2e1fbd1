//! One process at a time per token: two sign-ins with one token end each other's session.
//!
//! The lease is kept alive while work goes on. A process that died leaves it behind: on the same machine
//! that is noticed at once, on another it ends by itself.

use std::time::Duration;

use tailwater_store::{Lease, LeaseOutcome};

use crate::error::Error;
use crate::integration::Integration;
use crate::workspace::Workspace;

/// How long a lease outlives its last sign of life.
const LIFETIME: Duration = Duration::from_secs(30);
/// How often a sign of life is given.
const HEARTBEAT: Duration = Duration::from_secs(10);

impl Workspace {
    /// Works under the lease on the integration's token, which is kept alive meanwhile and given back in any
    /// case. Losing it stops the work.
    pub(crate) async fn under_lease<T>(
        &self,
        integration: &Integration,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let lease = self.take_lease(integration).await?;
        let done = tokio::select! {
            done = work => done,
            error = self.keep_alive(&lease) => Err(error),
        };
        self.store().release_lease(lease).await?;
        done
    }

    /// Takes the lease, or says who holds it.
    async fn take_lease(&self, integration: &Integration) -> Result<Lease, Error> {
        // Two integrations may use one token: it is the token that has one session.
        let Integration {
            server,
            site,
            token_name,
            ..
        } = integration;
        let key = format!("token:{server} {site} {token_name}");
        let holder = holder_name();
        let outcome = self.store().acquire_lease(&key, &holder, LIFETIME).await?;
        let (other, until) = match outcome {
            LeaseOutcome::Acquired(lease) => return Ok(lease),
            LeaseOutcome::HeldBy { holder, until } => (holder, until),
        };
        if is_dead_here(&other) {
            self.store().break_lease(&key, &other).await?;
            if let LeaseOutcome::Acquired(lease) = self.store().acquire_lease(&key, &holder, LIFETIME).await?
            {
                return Ok(lease);
            }
        }
        Err(Error::Busy {
            name: integration.name.clone(),
            holder: other,
            until,
        })
    }

    /// Gives signs of life for ever; answers only when one fails.
    async fn keep_alive(&self, lease: &Lease) -> Error {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            if let Err(error) = self.store().renew_lease(lease, LIFETIME).await {
                return error.into();
            }
        }
    }
}

/// `process 123.456 on host`, where 456 is when the process began, so that a number used again is not mistaken.
pub(crate) fn holder_name() -> String {
    let process = std::process::id();
    format!(
        "process {process}.{} on {}",
        started(process).unwrap_or_default(),
        host_name()
    )
}

/// Whether the holder was a process of this machine that is no more.
fn is_dead_here(holder: &str) -> bool {
    let Some((process, host)) = holder
        .strip_prefix("process ")
        .and_then(|rest| rest.split_once(" on "))
    else {
        return false;
    };
    let Some((number, began)) = process.split_once('.') else {
        return false;
    };
    let Ok(number) = number.parse::<u32>() else {
        return false;
    };
    cfg!(target_os = "linux") && host == host_name() && started(number).as_deref() != Some(began)
}

/// When a process began, in the kernel's clock ticks; `None` when there is no such process.
fn started(process: u32) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The command's name is in parentheses and may hold anything; the fields after it are plain.
    let (_, fields) = text.rsplit_once(')')?;
    fields.split_whitespace().nth(19).map(str::to_owned)
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_keeps_its_lease() {
        assert!(!is_dead_here(&holder_name()));
    }

    #[test]
    fn a_dead_process_of_this_machine_is_noticed_and_one_elsewhere_is_not() {
        let host = host_name();
        assert!(
            is_dead_here(&format!("process {}.1 on {host}", std::process::id())),
            "another start time"
        );
        assert!(is_dead_here(&format!("process 4294967294.1 on {host}")));
        assert!(!is_dead_here("process 4294967294.1 on some-other-machine"));
        assert!(!is_dead_here("somebody"));
    }
}
