//! How often somebody may try to sign in.
//!
//! Three limits at once, each a bucket that holds a few attempts and fills again slowly:
//!
//! | counted for | at once | then one every |
//! | --- | --- | --- |
//! | a name from one network | 6 | 20 s |
//! | a name from anywhere | 60 | 5 s |
//! | a network | 30 | 4 s |
//!
//! The first stops guessing at one account, without locking its owner out elsewhere; the second slows those
//! who have many addresses; the third stops one password being tried on many names. A network is an IPv4
//! address, or the first 64 bits of an IPv6 one, of which anybody has a whole lot.
//!
//! Memory is bounded: a name or network counts in one of 65,536 cells, chosen by a keyed hash that nobody
//! outside can tell. Two in one cell share a limit, which is rare and harmless.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use tailwater_core::clock::Clock;

use super::AccountError;

/// One limit: attempts at once, and the seconds until one more.
type Allowance = (u32, u64);

const NAME_FROM_NETWORK: Allowance = (6, 20);
const NAME: Allowance = (60, 5);
const NETWORK: Allowance = (30, 4);

type Limiter = RateLimiter<u16, HashMapStateStore<u16>, Time, NoOpMiddleware<Duration>>;

/// Counts attempts to sign in.
pub(crate) struct SignInLimit {
    hasher: RandomState,
    name_from_network: Limiter,
    name: Limiter,
    network: Limiter,
    clock: Time,
}

impl SignInLimit {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        let clock = Time(Arc::clone(clock));
        let limiter = |(at_once, seconds): Allowance| {
            let at_once = NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::with_period(Duration::from_secs(seconds))
                .unwrap_or_else(|| Quota::per_minute(NonZeroU32::MIN))
                .allow_burst(at_once);
            Limiter::new(quota, HashMapStateStore::default(), clock.clone())
        };
        Self {
            hasher: RandomState::new(),
            name_from_network: limiter(NAME_FROM_NETWORK),
            name: limiter(NAME),
            network: limiter(NETWORK),
            clock,
        }
    }

    /// Counts an attempt, or says how long to wait.
    pub(crate) fn count(&self, name: &str, address: Option<IpAddr>) -> Result<(), AccountError> {
        let name = name.trim().to_lowercase();
        let network = address.map(to_network);
        // The narrowest first: an attempt that it refuses does not count for the others.
        self.check(&self.name_from_network, (&name, network))?;
        if network.is_some() {
            self.check(&self.network, network)?;
        }
        self.check(&self.name, &name)
    }

    fn check(&self, limiter: &Limiter, key: impl Hash) -> Result<(), AccountError> {
        let [low, high, ..] = self.hasher.hash_one(key).to_le_bytes();
        limiter
            .check_key(&u16::from_le_bytes([low, high]))
            .map_err(|refusal| {
                let wait = refusal.wait_time_from(self.clock.now());
                AccountError::TooManyAttempts {
                    // Rounded up: after this time it is allowed.
                    seconds: wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
                }
            })
    }
}

impl fmt::Debug for SignInLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignInLimit")
    }
}

/// The project's clock as the limiter wants it.
#[derive(Clone)]
struct Time(Arc<dyn Clock>);

impl GovernorClock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let micros = u64::try_from(self.0.now().timestamp_micros()).unwrap_or(0);
        Duration::from_micros(micros)
    }
}

fn to_network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        // No global network begins with 32 zeros, so the two kinds do not meet.
        IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;

    #[derive(Debug)]
    struct TestClock(Mutex<DateTime<Utc>>);

    impl Clock for TestClock {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap()
        }
    }

    fn limit() -> (SignInLimit, Arc<TestClock>) {
        let clock = Arc::new(TestClock(Mutex::new(
            DateTime::from_timestamp(1_000_000, 0).unwrap(),
        )));
        let as_clock: Arc<dyn Clock> = clock.clone();
        (SignInLimit::new(&as_clock), clock)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn waits(limit: &SignInLimit, name: &str, from: Option<IpAddr>) -> Option<u64> {
        match limit.count(name, from) {
            Err(AccountError::TooManyAttempts { seconds }) => Some(seconds),
            _ => None,
        }
    }

    #[test]
    fn the_seventh_attempt_in_a_row_waits_and_the_owner_elsewhere_does_not() {
        let (limit, clock) = limit();
        for _ in 0..6 {
            assert_eq!(waits(&limit, "Ada", Some(address("192.0.2.1"))), None);
        }
        assert_eq!(waits(&limit, " ada ", Some(address("192.0.2.1"))), Some(20));
        assert_eq!(waits(&limit, "ada", Some(address("192.0.2.2"))), None);
        assert_eq!(waits(&limit, "ada", None), None);
        assert_eq!(waits(&limit, "bob", Some(address("192.0.2.1"))), None);

        *clock.0.lock().unwrap() += TimeDelta::seconds(20);
        assert_eq!(waits(&limit, "ada", Some(address("192.0.2.1"))), None);
        assert_eq!(waits(&limit, "ada", Some(address("192.0.2.1"))), Some(20));
    }

    #[test]
    fn one_network_cannot_try_many_names() {
        let (limit, _clock) = limit();
        let refused = (0..100)
            .filter(|number| {
                // Other addresses of one network, as whoever rents a machine gets them.
                let from = Some(address(&format!("2001:db8::{number:x}")));
                waits(&limit, &format!("user{number}"), from).is_some()
            })
            .count();
        assert_eq!(refused, 70);
        assert_eq!(waits(&limit, "user", Some(address("2001:db8:1::"))), None);
    }

    #[test]
    fn many_networks_cannot_try_one_name() {
        let (limit, _clock) = limit();
        let refused = (0..200)
            .filter(|number| waits(&limit, "ada", Some(address(&format!("198.51.100.{number}")))).is_some())
            .count();
        // Chance may put two addresses into one cell, which refuses no more than the limit does.
        assert_eq!(refused, 140);
    }

    #[test]
    fn memory_is_bounded() {
        let (limit, _clock) = limit();
        for number in 0..100_000_u32 {
            let _ = limit.count(&number.to_string(), Some(IpAddr::from(number.to_be_bytes())));
        }
        assert!(limit.name.len() <= 65_536);
    }
}
