//! Times, which tests set.

use std::time::Duration;

/// How long the one who sends refreshes waits for what.
#[derive(Debug, Clone)]
pub struct Tuning {
    /// How long a claim outlives its last sign of life: after so long a dead process's work is taken over.
    pub lifetime: Duration,
    /// How often a sign of life is given.
    pub heartbeat: Duration,
    /// How often the store is asked for what other processes queued.
    pub idle_poll: Duration,
    /// The first wait between two looks at a job; each is half as long again.
    pub first_poll: Duration,
    /// The longest wait between two looks at a job.
    pub longest_poll: Duration,
    /// How long a refresh is watched.
    pub longest_watch: Duration,
    /// How long after the intent the tool's jobs must be searched in vain before it is sent again.
    pub grace: Duration,
    /// How long nobody may know whether a call came through, where the jobs are hidden.
    pub longest_doubt: Duration,
    /// How long a site rests that takes no more and does not say for how long.
    pub rest: Duration,
    /// The first wait before a call that was surely not accepted is tried again; each is twice as long.
    pub first_retry: Duration,
    /// How often such a call is tried at most.
    pub most_tries: u32,
    /// How many refreshes are in hand at once.
    pub most_in_hand: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(30),
            heartbeat: Duration::from_secs(8),
            idle_poll: Duration::from_secs(2),
            first_poll: Duration::from_secs(5),
            longest_poll: Duration::from_secs(30),
            longest_watch: Duration::from_mins(150),
            grace: Duration::from_secs(90),
            longest_doubt: Duration::from_mins(30),
            rest: Duration::from_mins(10),
            first_retry: Duration::from_secs(30),
            most_tries: 6,
            most_in_hand: 500,
        }
    }
}

impl Tuning {
    /// The wait between two looks, by how many were made.
    pub(super) fn poll_after(&self, looks: u32) -> Duration {
        let mut wait = self.first_poll;
        for _ in 0..looks.min(20) {
            wait = wait.mul_f64(1.5);
        }
        wait.min(self.longest_poll)
    }

    /// The wait before the next try, by how many were made.
    pub(super) fn retry_after(&self, tries: u32) -> Duration {
        self.first_retry
            .saturating_mul(1_u32 << tries.min(5))
            .min(Duration::from_mins(15))
    }
}
