//! dbt's structured log: one line in, what it says out, while dbt is still running.
//!
//! ```text
//! {"info": {"name": "NodeFinished", "level": "debug", "ts": …, "invocation_id": …, "msg": …},
//!  "data": {"node_info": {"unique_id": "model.shop.orders", "node_status": "success", …},
//!           "run_result": {"status": "success", "message": "OK", "timing_info": […], …}}}
//!      │
//!      ▼ line: read into the few fields that matter, tolerant of everything else
//!      ▼ reader: folded, so that each node starts once and ends once
//! DbtEvent
//! ```
//!
//! What dbt 1.11 writes, and why there is a reader with a memory: a microbatch model says `NodeStart` and
//! `NodeFinished` for each of its batches, under the model's own id, before it says them for the model. The
//! first `NodeFinished` of a node is therefore not its end; it has ended when it was finished as often as it
//! was started. At level `info` neither event is written: there the line with the result (`LogModelResult`,
//! `LogTestResult`, …), which is written once a node, is the end.
//!
//! dbt 1.0 to 1.3 wrote flat lines without `info`; newer versions may add names. Both are read as far as they
//! go; what is not understood is kept as [`DbtEvent::Message`] or [`DbtEvent::Text`], never refused.

mod event;
mod line;
mod plain;
mod reader;

pub use event::{DbtEvent, EndOfRun, Level, NodeEnd, NodeStart, Stats};
pub use plain::plain;
pub use reader::{Channel, LogReader};
