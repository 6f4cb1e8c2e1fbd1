//! What took place when, laid out on one axis of time: the steps of a run, its nodes, and the refreshes behind them.
//!
//! ```text
//!          0 s      10 s     20 s     30 s
//! steps    [dbt deps][dbt build           ]
//! nodes       [stg_orders  ][fct_orders  ]
//! refreshes              ┄┄┄[Sales        ]      ┄ waits, [ ] at work
//! ```
//!
//! A lane with few entries gives each a row of its own, in the order of their beginnings. One with many packs them into as
//! few rows as do without overlaps, which for nodes is about the number of dbt's threads. The function is pure: the
//! same entries have the same picture, and `now` is passed in.

use chrono::{DateTime, Utc};

/// A lane with so many entries at most gives each a row of its own.
pub const MOST_OWN_ROWS: usize = 40;
/// So many entries of a lane are drawn at most, those that took longest.
pub const MOST_DRAWN: usize = 2_000;
/// The height of a row, and of the bar in it.
pub const ROW: i64 = 22;
/// The height of a bar in its row.
pub const BAR: i64 = 16;
/// The height of the axis, and of the heading of a lane.
pub const HEAD: i64 = 24;
/// The narrowest bar, so that what took no time is seen all the same.
const NARROWEST: i64 = 3;
/// At most so many marks on the axis.
const MOST_TICKS: i64 = 9;
/// The lengths that parts of the axis have, in milliseconds: what people count in.
const STEPS: [i64; 24] = [
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    604_800_000,
    2_592_000_000,
];

/// What an entry is, in the order in which the lanes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// A step of the run: one command of dbt.
    Step,
    /// A node of dbt.
    Node,
    /// A refresh in the BI tool.
    Refresh,
}

impl Lane {
    /// Every lane, from the top.
    pub const ALL: [Self; 3] = [Self::Step, Self::Node, Self::Refresh];

    /// The heading for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Step => "Steps",
            Self::Node => "Nodes",
            Self::Refresh => "Refreshes",
        }
    }
}

/// Something that took time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub lane: Lane,
    /// Since when it waited for its beginning, where that is known.
    pub waited_since: Option<DateTime<Utc>>,
    /// When it began; one that has not begun is drawn where it has a row of its own and is known to wait.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; `None` while it is at work.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The picture, in pixels from the left upper corner of the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// When the axis begins.
    pub start: DateTime<Utc>,
    /// How wide it is.
    pub width: i64,
    /// How high everything is.
    pub height: i64,
    /// The marks on the axis, from the left.
    pub ticks: Vec<Tick>,
    /// The lanes that have something, from the top.
    pub lanes: Vec<LaneBox>,
    /// The bars, lane by lane, by their beginnings.
    pub bars: Vec<Bar>,
}

/// A mark on the axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Where.
    pub x: i64,
    /// How long after the start: `1 min 30 s`.
    pub label: String,
}

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneBox {
    /// Which.
    pub lane: Lane,
    /// The upper edge of its heading.
    pub y: i64,
    /// How high it is, with its heading.
    pub height: i64,
    /// Whether each entry has a row of its own.
    pub has_own_rows: bool,
    /// How many entries are not drawn because there are too many.
    pub left_out: usize,
}

/// A bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// The place of the entry among those that were given.
    pub entry: usize,
    /// The left edge.
    pub x: i64,
    /// The upper edge.
    pub y: i64,
    /// How wide it is; 0 for one that only waits.
    pub width: i64,
    /// Where the line of its waiting begins, which ends at `x`.
    pub waits_from: Option<i64>,
}

/// Lays entries out on an axis of a width; `None` when none of them has a time.
pub fn lay_out(entries: &[Entry], width: i64, now: DateTime<Utc>) -> Option<Timeline> {
    let width = width.max(100);
    let times = || {
        let starts = entries
            .iter()
            .flat_map(|entry| [entry.waited_since, entry.started_at]);
        starts.flatten()
    };
    let start = times().min()?;
    let ends = entries.iter().filter_map(|entry| {
        let last = entry
            .ended_at
            .or_else(|| (entry.started_at.or(entry.waited_since)).map(|_| now))?;
        Some(last.max(entry.started_at.unwrap_or(last)))
    });
    let end = ends.max().unwrap_or(now).max(start);
    let axis = Axis {
        start,
        length: (end - start).num_milliseconds().max(1_000),
        width,
    };
    let mut timeline = Timeline {
        start,
        width,
        height: HEAD,
        ticks: axis.ticks(),
        lanes: Vec::new(),
        bars: Vec::new(),
    };
    for lane in Lane::ALL {
        timeline.add_lane(lane, entries, &axis, now);
    }
    Some(timeline)
}

struct Axis {
    start: DateTime<Utc>,
    /// In milliseconds, at least a second.
    length: i64,
    width: i64,
}

impl Axis {
    fn x(&self, at: DateTime<Utc>) -> i64 {
        let since = (at - self.start).num_milliseconds().clamp(0, self.length);
        i64::try_from(i128::from(since) * i128::from(self.width) / i128::from(self.length))
            .unwrap_or(self.width)
    }

    fn ticks(&self) -> Vec<Tick> {
        let longest = STEPS[STEPS.len() - 1];
        let fits = |step: &&i64| self.length / **step < MOST_TICKS;
        let step = STEPS.iter().find(fits).copied();
        // Beyond months in whole multiples of them.
        let step = step.unwrap_or_else(|| longest * (self.length / longest / MOST_TICKS + 1));
        (0..=self.length / step)
            .map(|number| Tick {
                x: self.x(self.start + chrono::TimeDelta::milliseconds(number * step)),
                label: elapsed(number * step),
            })
            .collect()
    }
}

impl Timeline {
    fn add_lane(&mut self, lane: Lane, entries: &[Entry], axis: &Axis, now: DateTime<Utc>) {
        let mut mine: Vec<usize> = (0..entries.len())
            .filter(|&at| {
                let entry = &entries[at];
                entry.lane == lane && (entry.started_at.is_some() || entry.waited_since.is_some())
            })
            .collect();
        let has_own_rows = mine.len() <= MOST_OWN_ROWS;
        if !has_own_rows {
            // Packed rows have no room for what only waits.
            mine.retain(|&at| entries[at].started_at.is_some());
        }
        let count = mine.len();
        if count == 0 {
            return;
        }
        if count > MOST_DRAWN {
            let length = |at: &usize| {
                let entry = &entries[*at];
                entry
                    .started_at
                    .map(|started| entry.ended_at.unwrap_or(now) - started)
            };
            mine.sort_by_key(|at| std::cmp::Reverse(length(at)));
            mine.truncate(MOST_DRAWN);
        }
        let begin = |at: &usize| {
            entries[*at]
                .waited_since
                .into_iter()
                .chain(entries[*at].started_at)
                .min()
        };
        mine.sort_by_key(|at| {
            if has_own_rows {
                (begin(at), *at)
            } else {
                (entries[*at].started_at, *at)
            }
        });
        let top = self.height + HEAD;
        let mut free_from: Vec<i64> = Vec::new();
        for (place, &at) in mine.iter().enumerate() {
            let bar = bar(&entries[at], at, axis, now, has_own_rows);
            let row = if has_own_rows {
                place
            } else {
                let found = free_from.iter().position(|&free| free <= bar.x);
                let row = found.unwrap_or(free_from.len());
                if row == free_from.len() {
                    free_from.push(0);
                }
                free_from[row] = bar.x + bar.width + 1;
                row
            };
            let y = top + i64::try_from(row).unwrap_or(0) * ROW + (ROW - BAR) / 2;
            self.bars.push(Bar { y, ..bar });
        }
        let rows = if has_own_rows { mine.len() } else { free_from.len() };
        let height = HEAD + i64::try_from(rows).unwrap_or(0) * ROW;
        self.lanes.push(LaneBox {
            lane,
            y: self.height,
            height,
            has_own_rows,
            left_out: count - mine.len(),
        });
        self.height += height;
    }
}

/// A bar in its place on the axis, and in no row yet.
fn bar(entry: &Entry, at: usize, axis: &Axis, now: DateTime<Utc>, has_own_row: bool) -> Bar {
    let (x, width) = match entry.started_at {
        Some(started) => {
            let x = axis.x(started);
            let width = (axis.x(entry.ended_at.unwrap_or(now)) - x).max(NARROWEST);
            // One at the very end is moved in rather than cut.
            (
                x.min(axis.width - NARROWEST),
                width.min(axis.width - x.min(axis.width - NARROWEST)),
            )
        }
        None => (axis.x(entry.ended_at.unwrap_or(now)), 0),
    };
    let waits_from = entry.waited_since.map(|since| axis.x(since));
    Bar {
        entry: at,
        x,
        y: 0,
        width,
        waits_from: waits_from.filter(|&from| has_own_row && from < x),
    }
}

/// `0 s`, `1 min 30 s`, `2 h`, `1 d`.
fn elapsed(milliseconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    if milliseconds < 1_000 && milliseconds > 0 {
        return format!("0.{} s", milliseconds / 100);
    }
    let mut rest = milliseconds;
    let mut parts = Vec::new();
    for (unit, name) in UNITS {
        if rest >= unit {
            parts.push(format!("{} {name}", rest / unit));
            rest %= unit;
        }
    }
    if rest >= 100 {
        // A step of less than a second behind whole ones.
        let seconds = milliseconds % 60_000 / 1_000;
        parts.pop_if(|part| part.ends_with(" s"));
        parts.push(format!("{seconds}.{} s", rest / 100));
    }
    if parts.is_empty() {
        "0 s".to_owned()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const WIDTH: i64 = 900;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::milliseconds(milliseconds)
    }

    fn entry(lane: Lane, from: i64, until: Option<i64>) -> Entry {
        Entry {
            lane,
            waited_since: None,
            started_at: Some(at(from)),
            ended_at: until.map(at),
        }
    }

    #[test]
    fn everything_stands_on_one_axis() {
        let refresh = Entry {
            waited_since: Some(at(5_000)),
            ..entry(Lane::Refresh, 10_000, Some(30_000))
        };
        let entries = [
            refresh,
            entry(Lane::Node, 0, Some(10_000)),
            entry(Lane::Step, 0, Some(15_000)),
        ];
        let timeline = lay_out(&entries, WIDTH, at(99_000)).unwrap();
        let lanes: Vec<Lane> = timeline.lanes.iter().map(|lane| lane.lane).collect();
        assert_eq!(lanes, Lane::ALL);
        let bar_of = |entry| timeline.bars.iter().find(|bar| bar.entry == entry).unwrap();
        assert_eq!((bar_of(1).x, bar_of(1).width), (0, 300));
        assert_eq!(
            (bar_of(0).x, bar_of(0).width, bar_of(0).waits_from),
            (300, 600, Some(150))
        );
        assert!(bar_of(2).y < bar_of(1).y && bar_of(1).y < bar_of(0).y);
        assert_eq!(
            timeline.ticks.last().map(|tick| (tick.x, tick.label.as_str())),
            Some((WIDTH, "30 s"))
        );
    }

    #[test]
    fn what_runs_reaches_until_now_and_what_waits_has_no_bar() {
        let waiting = Entry {
            lane: Lane::Refresh,
            waited_since: Some(at(0)),
            started_at: None,
            ended_at: None,
        };
        let timeline = lay_out(&[entry(Lane::Node, 0, None), waiting], WIDTH, at(4_000)).unwrap();
        assert_eq!(timeline.bars[0].width, WIDTH);
        assert_eq!(
            (timeline.bars[1].width, timeline.bars[1].waits_from),
            (0, Some(0))
        );
        assert_eq!(lay_out(&[], WIDTH, at(0)), None);
    }

    #[test]
    fn many_are_packed_and_the_longest_drawn() {
        let four_threads: Vec<Entry> = (0..400)
            .map(|number| entry(Lane::Node, number / 4 * 1_000, Some(number / 4 * 1_000 + 900)))
            .collect();
        let timeline = lay_out(&four_threads, WIDTH, at(0)).unwrap();
        assert_eq!(timeline.lanes[0].height, HEAD + 4 * ROW);
        let many: Vec<Entry> = (0..5_000)
            .map(|number| entry(Lane::Node, 0, Some(number)))
            .collect();
        let timeline = lay_out(&many, WIDTH, at(0)).unwrap();
        assert_eq!(
            (timeline.bars.len(), timeline.lanes[0].left_out),
            (MOST_DRAWN, 3_000)
        );
        assert!(timeline.bars.iter().all(|bar| bar.entry >= 3_000));
    }

    #[rstest]
    #[case(0, "0 s")]
    #[case(200, "0.2 s")]
    #[case(1_500, "1.5 s")]
    #[case(90_000, "1 min 30 s")]
    #[case(7_200_000, "2 h")]
    #[case(129_600_000, "1 d 12 h")]
    fn lengths_read_as_people_say_them(#[case] milliseconds: i64, #[case] expected: &str) {
        assert_eq!(elapsed(milliseconds), expected);
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        let lane = prop::sample::select(Lane::ALL.to_vec());
        let time = -5_000_i64..90_000_000;
        (
            lane,
            prop::option::of(time.clone()),
            prop::option::of(time.clone()),
            prop::option::of(time),
        )
            .prop_map(|(lane, waited, started, ended)| Entry {
                lane,
                waited_since: waited.map(at),
                started_at: started.map(at),
                ended_at: ended.map(at),
            })
    }

    proptest! {
        #[test]
        fn bars_stay_inside_and_do_not_overlap(entries in prop::collection::vec(any_entry(), 0..120)) {
            let Some(timeline) = lay_out(&entries, WIDTH, at(60_000)) else {
                prop_assert!(entries.iter().all(|entry| entry.started_at.is_none() && entry.waited_since.is_none()));
                return Ok(());
            };
            prop_assert!(timeline.ticks.is_sorted_by_key(|tick| tick.x));
            prop_assert!(timeline.ticks.len() <= 10);
            for bar in &timeline.bars {
                prop_assert!(bar.x >= 0 && bar.x + bar.width <= WIDTH, "{:?}", bar);
                prop_assert!(bar.y + BAR <= timeline.height);
                prop_assert!(bar.waits_from.is_none_or(|from| from >= 0 && from < bar.x));
            }
            for (at, bar) in timeline.bars.iter().enumerate() {
                for other in &timeline.bars[at + 1..] {
                    let is_apart = bar.y != other.y || bar.x + bar.width <= other.x || other.x + other.width <= bar.x;
                    prop_assert!(is_apart, "{:?} {:?}", bar, other);
                }
            }
            prop_assert_eq!(lay_out(&entries, WIDTH, at(60_000)), Some(timeline));
        }
    }
}
