//! Scheduled extract refreshes.

use super::call::{Call, Reply, SignedIn};
use super::job;
use crate::site::{Kind, Ref, Schedule, Site};
use crate::site_file::Hosting;
use crate::wire::{Element, Fault};

/// `GET …/tasks/extractRefreshes`.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let tasks = visible(session)
        .into_iter()
        .map(|(target, schedule)| Element::new("task").child(element(call, &session.site, target, schedule)));
    Ok(Reply::ok(Element::list("tasks", tasks)))
}

/// `GET …/tasks/extractRefreshes/{task}`.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let (target, schedule) = find(call, session)?;
    Ok(Reply::ok(Element::new("task").child(element(
        call,
        &session.site,
        target,
        schedule,
    ))))
}

/// `POST …/tasks/extractRefreshes/{task}/runNow` → 200.
pub(super) fn run_now(call: &Call<'_>) -> Result<Reply, Fault> {
    let (target, _) = find(call, call.session()?)?;
    job::start(call, target, 200)
}

/// `GET …/schedules/{schedule}/extracts`.
pub(super) fn of_schedule(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let tasks: Vec<_> = visible(session)
        .into_iter()
        .filter(|(_, schedule)| {
            schedule
                .identity
                .luid
                .to_string()
                .eq_ignore_ascii_case(call.part(0))
        })
        .collect();
    if tasks.is_empty() {
        return Err(Fault::not_found(404_023, "Schedule", call.part(0)));
    }
    let (pagination, rows) = call.page()?.cut(tasks)?;
    let rows = rows.into_iter().map(|(target, schedule)| {
        Element::new("extract")
            .with("id", schedule.task.luid)
            .with("priority", 50u32)
            .with("type", "FullRefresh")
            .child(target_element(&session.site, target))
    });
    Ok(Reply::page(pagination, Element::list("extracts", rows)))
}

/// `GET /api/{v}/schedules`: schedules are the server's, not a site's.
pub(super) fn list_schedules(call: &Call<'_>) -> Result<Reply, Fault> {
    let session = call.session()?;
    let mut seen = Vec::new();
    let mut rows = Vec::new();
    for (_, schedule) in visible(session) {
        if !seen.contains(&schedule.identity.luid) {
            seen.push(schedule.identity.luid);
            rows.push(schedule_element(call, schedule));
        }
    }
    let (pagination, rows) = call.page()?.cut(rows)?;
    Ok(Reply::page(pagination, Element::list("schedules", rows)))
}

/// The tasks of content the user sees.
fn visible(session: &SignedIn) -> Vec<(Ref, &Schedule)> {
    let site = &session.site;
    let workbooks = site
        .all(Kind::Workbook)
        .filter(|object| site.workbooks[object.at()].in_rest);
    let workbooks =
        workbooks.filter_map(|object| Some((object, site.workbooks[object.at()].schedule.as_ref()?)));
    let datasources = site.all(Kind::Datasource).filter_map(|object| {
        Some((
            object,
            site.datasources[object.at()]
                .published
                .as_ref()?
                .schedule
                .as_ref()?,
        ))
    });
    workbooks
        .chain(datasources)
        .filter(|(object, _)| site.shows(*object, session.user))
        .collect()
}

fn find<'a>(call: &Call<'_>, session: &'a SignedIn) -> Result<(Ref, &'a Schedule), Fault> {
    let name = call.part(0);
    let mut tasks = visible(session).into_iter();
    let found = tasks.find(|(_, schedule)| schedule.task.luid.to_string().eq_ignore_ascii_case(name));
    found.ok_or_else(|| Fault::not_found(404_026, "Task", name))
}

fn target_element(site: &Site, target: Ref) -> Element {
    let name = if target.kind == Kind::Workbook {
        "workbook"
    } else {
        "datasource"
    };
    Element::new(name).with("id", site.identity(target).luid)
}

fn element(call: &Call<'_>, site: &Site, target: Ref, schedule: &Schedule) -> Element {
    Element::new("extractRefresh")
        .with("id", schedule.task.luid)
        .with("priority", 50u32)
        .with("consecutiveFailedCount", schedule.consecutive_failures)
        .with("type", "RefreshExtractTask")
        .child(schedule_element(call, schedule))
        .child(target_element(site, target))
}

/// On Cloud schedules have neither id nor name.
fn schedule_element(call: &Call<'_>, schedule: &Schedule) -> Element {
    if call.hosting == Hosting::Cloud {
        let day = Element::new("interval").with("weekDay", "Monday");
        let details = Element::new("frequencyDetails")
            .with("start", "06:00:00")
            .child(Element::list("intervals", [day]));
        return Element::new("schedule")
            .with("frequency", &schedule.frequency)
            .with_some("nextRunAt", schedule.next_run_at)
            .child(details);
    }
    Element::new("schedule")
        .with("id", schedule.identity.luid)
        .with("name", &schedule.name)
        .with(
            "state",
            if schedule.consecutive_failures >= 5 {
                "Suspended"
            } else {
                "Active"
            },
        )
        .with("priority", 50u32)
        .with("createdAt", "2025-01-01T00:00:00Z")
        .with("updatedAt", "2025-01-01T00:00:00Z")
        .with("type", "Extract")
        .with("frequency", &schedule.frequency)
        .with_some("nextRunAt", schedule.next_run_at)
}
