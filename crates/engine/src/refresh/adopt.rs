//! Taking a job of the tool for the one of a refresh.

use chrono::{DateTime, TimeDelta, Utc};
use tailwater_bi::ToolJob;
use tailwater_core::refresh::RefreshOutcome;

use super::code;
use super::work::{Next, Stop, Work};

/// Instants of the tool are whole seconds, and clocks are not quite alike.
const SLACK: TimeDelta = TimeDelta::seconds(5);

/// What a job of the target is to a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kinship {
    /// It was made by the call, or could have been.
    Own,
    /// It was there before, but had not begun: its data are new enough.
    Fresh,
    /// It had begun before: its data may be older than the build.
    Older,
    /// It was over before.
    Past,
}

/// What a job is to a refresh whose intent was noted at that instant. `was_there` is whether the
/// tool said that a job was there before; then none can be its own that was made before.
pub(super) fn kinship(job: &ToolJob, intent: DateTime<Utc>, was_there: bool) -> Kinship {
    let slack = if was_there { TimeDelta::zero() } else { SLACK };
    let is_before = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at < intent - slack);
    if !is_before(job.created_at) && job.created_at.is_some() {
        Kinship::Own
    } else if is_before(job.end.map(|end| end.at)) {
        Kinship::Past
    } else if job.started_at.is_some_and(|at| at < intent) {
        Kinship::Older
    } else {
        Kinship::Fresh
    }
}

/// The job to take, with what it is; jobs come newest first.
pub(super) fn choose(
    jobs: &[ToolJob],
    intent: DateTime<Utc>,
    was_there: bool,
) -> Option<(&ToolJob, Kinship)> {
    jobs.iter()
        .map(|job| (job, kinship(job, intent, was_there)))
        .find(|(_, kinship)| *kinship != Kinship::Past)
}

impl Work {
    /// Watches a job in place of, or as, the one that the call made.
    pub(super) async fn adopt(&mut self, job: &ToolJob, kinship: Kinship) -> Result<Next, Stop> {
        let is_own =
            kinship == Kinship::Own && self.claim.record.code.as_deref() != Some(code::ALREADY_QUEUED);
        self.claim.stand.is_adopted = !is_own;
        self.claim.stand.look_ups = 0;
        let is_followed = kinship == Kinship::Older && !self.claim.stand.is_follow_up;
        if is_followed && self.claim.stand.follow_up.is_none() {
            self.claim.stand.follow_up = Some(Box::new(self.claim.record.clone()));
        }
        let record = self.record();
        record.outcome = RefreshOutcome::Running;
        record.tool_job = Some(job.id.clone());
        record.started_at = job.started_at;
        if is_own {
            record.code = None;
            record.message = None;
            record.hint = None;
        } else {
            record.code = Some(code::ADOPTED.to_owned());
            record.message = Some(
                match kinship {
                    Kinship::Older => {
                        "a job of the BI tool was at work already, perhaps with data of before the build"
                    }
                    _ => "a job of the BI tool was waiting already",
                }
                .to_owned(),
            );
            record.hint = is_followed.then(|| "Another refresh follows when it is over.".to_owned());
        }
        self.note().await?;
        Ok(Next::GoOn)
    }
}

#[cfg(test)]
mod tests {
    use tailwater_bi::{JobEnd, JobOutcome};

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000 + seconds)
    }

    fn job(created: i64, started: Option<i64>, ended: Option<i64>) -> ToolJob {
        ToolJob {
            created_at: Some(at(created)),
            started_at: started.map(at),
            end: ended.map(|end| JobEnd {
                at: at(end),
                how: JobOutcome::Succeeded,
            }),
            ..ToolJob::default()
        }
    }

    #[test]
    fn a_job_is_judged_by_when_it_was_made_began_and_ended() {
        let kin = |job: ToolJob| kinship(&job, at(0), false);
        assert_eq!(kin(job(0, None, None)), Kinship::Own);
        assert_eq!(
            kin(job(-1, Some(1), Some(3))),
            Kinship::Own,
            "seconds are cut off"
        );
        assert_eq!(kin(job(-60, None, None)), Kinship::Fresh);
        assert_eq!(kin(job(-60, Some(2), None)), Kinship::Fresh);
        assert_eq!(kin(job(-60, Some(-30), None)), Kinship::Older);
        assert_eq!(kin(job(-60, Some(-30), Some(10))), Kinship::Older);
        assert_eq!(kin(job(-60, Some(-50), Some(-30))), Kinship::Past);
        assert_eq!(kin(ToolJob::default()), Kinship::Fresh);
        let there = kinship(&job(-2, Some(-1), None), at(0), true);
        assert_eq!(there, Kinship::Older, "one that was there is not of our making");
    }

    #[test]
    fn the_newest_that_is_not_past_is_chosen() {
        let jobs = [
            job(-100, Some(-90), Some(-80)),
            job(-60, Some(-50), None),
            job(-200, None, None),
        ];
        assert_eq!(
            choose(&jobs, at(0), false).map(|(job, _)| job.created_at),
            Some(Some(at(-60)))
        );
        assert_eq!(choose(&jobs[..1], at(0), false), None);
    }
}
