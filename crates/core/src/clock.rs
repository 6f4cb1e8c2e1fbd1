//! The clock, passed in so that tests set it.

use chrono::{DateTime, TimeDelta, Utc};

/// Instants of another machine that are no further apart than this may be one: they were brought to our clock by what its
/// answers showed, to about a second each time.
pub const SAME_INSTANT: TimeDelta = TimeDelta::seconds(5);

/// Tells the time. Library code never asks the system itself.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the system's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still, for tests and for reproducible output.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}
