//! One process at a time per token: two sign-ins with one token end each other's session.
//!
//! The lease is kept alive while work goes on. A process that died leaves it behind: on the same machine
//! that is noticed at once, on another it ends by itself.

use std::time::Duration;

use crate::error::Error;
use crate::integration::Integration;
use crate::session::Use;
use crate::workspace::Workspace;

/// How long a lease outlives its last sign of life.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30);
/// How often a sign of life is given.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);

impl Workspace {
    /// Works under the lease on the integration's token with a connector of the work's own, which signs in and out
    /// by itself. The lease is given back in any case. Losing it stops the work.
    pub(crate) async fn under_lease<T>(
        &self,
        integration: &Integration,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let session = self.enter(integration, Use::Alone, Duration::ZERO).await?;
        let done = session.run(work).await;
        session.leave(Duration::ZERO).await;
        done
    }
}

/// `process 123.456.1 on host`, where 456 is when the process began, so that a number used again is not mistaken, and
/// 1 counts the workspaces of the process.
pub(crate) fn holder_name(workspace: u64) -> String {
    let process = std::process::id();
    format!(
        "process {process}.{}.{workspace} on {}",
        started(process).unwrap_or_default(),
        host_name()
    )
}

/// Whether the holder was a process of this machine that is no more.
pub(crate) fn is_dead_here(holder: &str) -> bool {
    let Some((process, host)) = holder
        .strip_prefix("process ")
        .and_then(|rest| rest.split_once(" on "))
    else {
        return false;
    };
    let Some((number, began)) = process.split_once('.') else {
        return false;
    };
    let began = began.split_once('.').map_or(began, |(began, _)| began);
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
        assert!(!is_dead_here(&holder_name(7)));
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
