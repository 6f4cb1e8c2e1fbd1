//! Signals: telling people and programs that something went wrong, once, and that it is good again.
//!
//! ```text
//! catalog, refreshes, runs of jobs ─▶ Conditions: everything that is wrong now ─┐
//!                                     Alarms: what was told already ────────────┴─▶ judge ─▶ Alarms, Notices
//!                                                                                              │
//!                                                        Rule of each channel: who is told ◀───┘
//! ```
//!
//! A signal is not made of an event but of a state: each look gathers everything that is wrong now, and compares
//! it with the alarms that are open. So nothing is told twice after a restart, nothing is missed while no process
//! ran, and what comes and goes within minutes is one alarm. All of it is pure; moments come in as `now`.
//!
//! Start reading at [`Condition`], then [`judge`].

mod alarm;
mod condition;
mod kind;
mod notice;
mod rule;
mod text;

pub use alarm::{Alarm, AlarmCause, AlarmId, Judged, Manners, Standing, judge};
pub use condition::{
    About, Affected, Cause, Condition, MOST_AFFECTED, Place, Subject, SubjectId, SubjectKind,
};
pub use kind::{Severity, SignalKind};
pub use notice::{Notice, NoticeState};
pub use rule::{Letter, Rule, letters};
pub use text::{Text, one_line};
