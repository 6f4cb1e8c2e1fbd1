//! The server's clock: running, or standing still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tailwater_core::clock::{Clock as _, SystemClock};

/// How the clock goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockMode {
    /// It follows the system's clock, shifted by what it was moved.
    Running,
    /// It stands until moved.
    Standing,
}

#[derive(Debug)]
enum State {
    Running { shift: TimeDelta },
    Standing { at: DateTime<Utc> },
}

/// The clock that tokens, jobs and extracts go by.
#[derive(Debug)]
pub struct SimClock {
    state: Mutex<State>,
    /// Seconds by which it is ahead of what it should show.
    skew: AtomicI64,
}

impl SimClock {
    /// A clock that follows the system's.
    pub fn running() -> Self {
        Self {
            state: Mutex::new(State::Running {
                shift: TimeDelta::zero(),
            }),
            skew: AtomicI64::new(0),
        }
    }

    /// A clock that stands at the given instant.
    pub fn standing_at(at: DateTime<Utc>) -> Self {
        Self {
            state: Mutex::new(State::Standing { at }),
            skew: AtomicI64::new(0),
        }
    }

    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        let skew = TimeDelta::try_seconds(self.skew.load(Ordering::Relaxed)).unwrap_or_default();
        self.right().checked_add_signed(skew).unwrap_or_default()
    }

    /// Lets it be ahead by so many seconds, or behind when negative.
    pub(crate) fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds, Ordering::Relaxed);
    }

    /// What it should show.
    fn right(&self) -> DateTime<Utc> {
        match *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Running { shift } => system_now() + shift,
            State::Standing { at } => at,
        }
    }

    /// How it goes.
    pub fn mode(&self) -> ClockMode {
        match *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Running { .. } => ClockMode::Running,
            State::Standing { .. } => ClockMode::Standing,
        }
    }

    /// Moves it, forward or back.
    pub fn advance(&self, by: TimeDelta) {
        match &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Running { shift } => *shift += by,
            State::Standing { at } => *at += by,
        }
    }

    /// Sets it; a standing clock stands there, a running one runs on from there.
    pub fn set(&self, to: DateTime<Utc>) {
        match &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Running { shift } => *shift = to - system_now(),
            State::Standing { at } => *at = to,
        }
    }

    /// Stops it where it is, or lets it run on from there.
    pub fn set_mode(&self, mode: ClockMode) {
        let now = self.right();
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = match mode {
            ClockMode::Running => State::Running {
                shift: now - system_now(),
            },
            ClockMode::Standing => State::Standing { at: now },
        };
    }
}

fn system_now() -> DateTime<Utc> {
    SystemClock.now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_told() {
        let start: DateTime<Utc> = "2025-03-04T05:06:07Z".parse().unwrap();
        let clock = SimClock::standing_at(start);
        assert_eq!(clock.now(), start);
        clock.advance(TimeDelta::seconds(30));
        assert_eq!(clock.now(), start + TimeDelta::seconds(30));
        clock.set_mode(ClockMode::Running);
        assert!(clock.now() >= start + TimeDelta::seconds(30));
        clock.set(start);
        clock.set_mode(ClockMode::Standing);
        assert!(clock.now() >= start && clock.now() < start + TimeDelta::hours(1));
    }

    #[test]
    fn a_skewed_clock_comes_back() {
        let start: DateTime<Utc> = "2025-03-04T05:06:07Z".parse().unwrap();
        let clock = SimClock::standing_at(start);
        clock.set_skew(-3600);
        assert_eq!(clock.now(), start - TimeDelta::hours(1));
        clock.set_mode(ClockMode::Standing);
        clock.set_skew(0);
        assert_eq!(clock.now(), start);
    }
}
