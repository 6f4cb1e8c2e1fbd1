//! Times, which settings and tests set.

use std::time::Duration;

use crate::settings::RefreshSettings;

/// How long the tool's jobs are searched in vain, where nothing else is set.
const GRACE: Duration = Duration::from_secs(90);
/// How late a new job may turn up in the tool's list.
const LISTING_LAG: Duration = Duration::from_secs(30);
/// How far the clocks of two nodes may be apart.
const CLOCK_SKEW: Duration = Duration::from_secs(15);

/// Half of the grace is for the call, half for the list and the clocks.
fn call_limit_within(grace: Duration) -> Duration {
    grace / 2
}

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
    /// How long after the note of its intent a call is over at the latest: it is broken off then, and not begun any more.
    pub call_limit: Duration,
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
            call_limit: call_limit_within(GRACE),
            grace: GRACE,
            longest_doubt: Duration::from_mins(30),
            rest: Duration::from_mins(10),
            first_retry: Duration::from_secs(30),
            most_tries: 6,
            most_in_hand: 500,
        }
    }
}

impl Tuning {
    /// The usual times, with another grace: how long the tool's jobs are searched in vain.
    pub fn with_grace(grace: Duration) -> Self {
        Self {
            call_limit: call_limit_within(grace),
            grace,
            ..Self::default()
        }
    }

    /// What the settings say; the rest as it is built in.
    pub fn of(settings: &RefreshSettings) -> Self {
        let first_poll = Duration::from_secs(settings.poll_seconds.into());
        Self {
            first_poll,
            longest_poll: first_poll.saturating_mul(6),
            ..Self::with_grace(Duration::from_secs(settings.search_seconds.max(1).into()))
        }
    }

    /// Why these times would let a refresh be sent twice, or be let lie.
    ///
    /// Who takes over concludes `grace` after the intent that the call was never made. That must not happen before
    /// the call is over, its job is in the tool's list, and both clocks say so:
    ///
    /// ```text
    /// intent ──────── call_limit ────────▶│◀── LISTING_LAG + CLOCK_SKEW ──▶│
    /// intent ──────────────────────────── grace ──────────────────────────▶│ given back, sent again
    /// ```
    ///
    /// `call_limit + LISTING_LAG + CLOCK_SKEW <= grace`, with the two in proportion where the grace is set otherwise.
    pub fn problem(&self) -> Option<&'static str> {
        let least = self.call_limit + LISTING_LAG.mul_f64(self.share()) + CLOCK_SKEW.mul_f64(self.share());
        if least > self.grace {
            return Some("a call may still be under way when others conclude that it was never made");
        }
        // One sign of life may be late, and one fail.
        if self.heartbeat.saturating_mul(3) > self.lifetime {
            return Some("a claim may run out between two signs of life");
        }
        if self.first_poll > self.longest_poll || self.grace > self.longest_watch {
            return Some("a wait is longer than its limit");
        }
        None
    }

    /// How long the grace is, measured by the usual one.
    fn share(&self) -> f64 {
        self.grace.div_duration_f64(GRACE)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_times_let_nothing_be_sent_twice() {
        let usual = Tuning::default();
        assert_eq!(usual.problem(), None);
        assert!(usual.call_limit + LISTING_LAG + CLOCK_SKEW <= usual.grace);
        assert!(
            usual.lifetime <= Duration::from_secs(30),
            "the dead are noticed within 30 s"
        );
    }

    #[test]
    fn times_that_would_are_told() {
        let endless_call = Tuning {
            call_limit: Duration::from_secs(46),
            ..Tuning::default()
        };
        assert!(
            endless_call
                .problem()
                .is_some_and(|why| why.contains("under way"))
        );
        let seldom = Tuning {
            heartbeat: Duration::from_secs(11),
            ..Tuning::default()
        };
        assert!(seldom.problem().is_some_and(|why| why.contains("signs of life")));
    }

    #[test]
    fn waits_grow_up_to_their_limits() {
        let tuning = Tuning::default();
        let polls: Vec<u64> = (0..7).map(|looks| tuning.poll_after(looks).as_secs()).collect();
        assert_eq!(polls, [5, 7, 11, 16, 25, 30, 30]);
        let retries: Vec<u64> = (0..7).map(|tries| tuning.retry_after(tries).as_secs()).collect();
        assert_eq!(retries, [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(tuning.retry_after(u32::MAX), Duration::from_mins(15));
        assert_eq!(tuning.poll_after(u32::MAX), Duration::from_secs(30));
    }

    #[test]
    fn any_grace_that_may_be_set_is_safe() {
        for seconds in 1..=3_600 {
            let tuning = Tuning::with_grace(Duration::from_secs(seconds));
            assert_eq!(tuning.problem(), None, "{seconds}");
        }
    }

    #[test]
    fn what_the_settings_do_not_say_is_what_is_built_in() {
        let said = Tuning::of(&RefreshSettings::default());
        let built_in = Tuning::default();
        assert_eq!(said.first_poll, built_in.first_poll);
        assert_eq!(said.longest_poll, built_in.longest_poll);
    }

    #[test]
    fn waits_grow_up_to_six_times_the_first() {
        let settings = RefreshSettings {
            poll_seconds: 2,
            ..RefreshSettings::default()
        };
        let tuning = Tuning::of(&settings);
        let waits: Vec<u64> = (0..8).map(|looks| tuning.poll_after(looks).as_secs()).collect();
        assert_eq!(waits, [2, 3, 4, 6, 10, 12, 12, 12]);
    }
}
