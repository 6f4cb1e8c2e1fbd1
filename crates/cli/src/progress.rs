//! How far a sync has come: bars where somebody watches, single lines in a log, JSON lines for machines.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tailwater_engine::bi::{Progress, Step};

use crate::logging::milliseconds_since;
use crate::printer::Printer;

/// How often a bar moves while nothing is heard.
const TICK: Duration = Duration::from_millis(120);

/// Shows the steps of one piece of work; what it drew vanishes with it.
pub struct Steps<'p> {
    printer: &'p Printer,
    /// What the work is about, in front of each line.
    subject: String,
    shown: Mutex<BTreeMap<&'static str, Phase>>,
    bars: Option<MultiProgress>,
    began: Instant,
}

/// One phase, as last shown.
struct Phase {
    bar: Option<ProgressBar>,
    last: Step,
}

impl<'p> Steps<'p> {
    /// Begins to show steps.
    pub fn new(printer: &'p Printer, subject: impl Into<String>) -> Self {
        Self {
            printer,
            subject: subject.into(),
            shown: Mutex::new(BTreeMap::new()),
            bars: printer.draws_bars().then(MultiProgress::new),
            began: Instant::now(),
        }
    }

    fn begin(&self, step: Step) -> Phase {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            bar.set_prefix(format!("{}: {}", self.subject, step.phase));
            draw(&bar, step);
            bar.enable_steady_tick(TICK);
            bar
        });
        Phase { bar, last: step }
    }

    /// A phase is first heard of when its first answer is there, so its own length is not known: the time is
    /// that since the work began.
    fn log(&self, step: Step) {
        let Step { phase, done, total } = step;
        let subject = &self.subject;
        let elapsed_ms = milliseconds_since(self.began);
        if total == Some(done) {
            tracing::info!(subject, phase, done, elapsed_ms, "read");
        } else {
            tracing::debug!(subject, phase, done, total, elapsed_ms, "reading");
        }
    }

    /// In a log every phase is one line: when it is done, or as far as it came.
    fn print(&self, step: Step) {
        let phase = format!("{}: {}", self.subject, step.phase);
        self.printer.progress(&phase, step.done, step.total);
    }
}

impl Progress for Steps<'_> {
    fn report(&self, step: Step) {
        // A listener that panicked has at worst left a bar behind.
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !shown.contains_key(step.phase);
        let phase = shown.entry(step.phase).or_insert_with(|| self.begin(step));
        let is_news = is_first || phase.last != step;
        phase.last = step;
        if is_news {
            self.log(step);
        }
        match &phase.bar {
            Some(bar) => draw(bar, step),
            None if is_news && (self.printer.is_json() || step.total == Some(step.done)) => self.print(step),
            None => {}
        }
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        if let Some(bars) = &self.bars {
            // Nobody is left to tell when standard error fails.
            let _ = bars.clear();
        }
    }
}

fn draw(bar: &ProgressBar, step: Step) {
    let template = if step.total.is_some() {
        "{spinner} {prefix} [{bar:24}] {pos} of {len}"
    } else {
        "{spinner} {prefix} {pos}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    if let Some(total) = step.total {
        bar.set_length(total as u64);
    }
    bar.set_position(step.done as u64);
    if step.total == Some(step.done) {
        bar.finish();
    }
}
