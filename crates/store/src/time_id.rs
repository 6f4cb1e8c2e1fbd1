//! Ids that sort by when they were made.

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// A new id for the given instant: a UUID of version 7. Those of one millisecond come in no order.
pub(crate) fn uuid_at(at: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(
        NoContext,
        seconds,
        at.timestamp_subsec_nanos(),
    ))
}

/// An id for the given instant and a place among those that are made at it: ids sort by instant, then by place. So
/// many places as there are in twelve bits share a millisecond; those after them take the next ones.
pub(crate) fn uuid_in_order(at: DateTime<Utc>, place: usize) -> Uuid {
    const PLACES: u64 = 1 << 12;
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    let milliseconds = u64::try_from(at.timestamp_millis())
        .unwrap_or(0)
        .saturating_add(place / PLACES);
    // The first twelve of these bits follow the instant (RFC 9562, 6.2, a counter); the rest is drawn.
    let mut tail = [0_u8; 10];
    tail.copy_from_slice(&Uuid::new_v4().as_bytes()[6..]);
    let [_, _, .., high, low] = (place % PLACES).to_be_bytes();
    (tail[0], tail[1]) = (high, low);
    // The variant's two bits take the place of two that were fixed in what was drawn.
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &tail).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_sort_by_place() {
        let at: DateTime<Utc> = "2026-01-10T06:00:00.123456Z".parse().unwrap();
        let ids: Vec<String> = (0..10_000)
            .map(|place| uuid_in_order(at, place).to_string())
            .collect();
        assert!(ids.is_sorted());
        assert_eq!(uuid_in_order(at, 0).get_version_num(), 7);
        assert!(uuid_in_order(at + chrono::TimeDelta::milliseconds(3), 0).to_string() > ids[9_999]);
    }
}
