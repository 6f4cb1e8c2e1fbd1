//! `/jobs/new` and `/jobs/{name}/edit`: the one form of a job, with what is wrong beside what was typed.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde_json::{Map, Value, json};
use tailwater_core::job::{CompletionOn, Job, WhenLost};
use tailwater_engine::project::ProjectEntry;
use tailwater_engine::settings::DeclaredIn;

use super::{address, find};
use crate::context::Context;
use crate::error::Error;
use crate::link::Address;
use crate::page::integration::posted::Posted;
use crate::principal::Principal;
use crate::view::chrome::{Page, notice};
use crate::view::form;
use crate::view::name::{cut, marked, name};

/// What a new job begins with.
const USUAL_STEPS: &str = "dbt deps\ndbt source freshness\ndbt build\ndbt docs generate";

/// What becomes of a run whose machine died: the word of the file, and what it means.
const WHEN_LOST: [(&str, &str); 3] = [
    ("retry", "it is tried again while retries are left"),
    ("run_again", "it is always run once more"),
    ("end", "it ends there"),
];

/// What becomes of a run whose machine died, in words.
pub(super) fn when_lost(word: WhenLost) -> &'static str {
    match word {
        WhenLost::Retry => WHEN_LOST[0].1,
        WhenLost::RunAgain => WHEN_LOST[1].1,
        WhenLost::End => WHEN_LOST[2].1,
    }
}

/// What stands in the form, by the name of the field.
type Typed = BTreeMap<&'static str, String>;

/// Every field, so that nothing else is taken over.
const FIELDS: [&str; 18] = [
    "name",
    "project",
    "environment",
    "directory",
    "profiles_dir",
    "program",
    "steps",
    "variables",
    "target",
    "threads",
    "cron",
    "time_zone",
    "after",
    "time_limit_minutes",
    "retries",
    "retry_delay_seconds",
    "when_lost",
    "refresh",
];

/// `GET /jobs/new`
pub async fn get_new(context: Context) -> Result<Response, Error> {
    let typed = Typed::from([
        ("steps", USUAL_STEPS.to_owned()),
        ("time_zone", "UTC".to_owned()),
        ("time_limit_minutes", "1440".to_owned()),
        ("retry_delay_seconds", "60".to_owned()),
    ]);
    page(&context, None, &typed, None).await
}

/// `POST /jobs/new`
pub async fn post_new(context: Context, principal: Principal, posted: Posted) -> Result<Response, Error> {
    let typed = typed(&posted);
    save(&context, &principal, None, typed).await
}

/// `GET /jobs/{name}/edit`
pub async fn get_edit(context: Context, Path(wanted): Path<String>) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    if entry.declared_in == DeclaredIn::File {
        return Ok(Redirect::to(&address(&context, &entry.job.name).to_string()).into_response());
    }
    page(&context, Some(&entry.job), &written(&entry.job), None).await
}

/// `POST /jobs/{name}/edit`
pub async fn post_edit(
    context: Context,
    principal: Principal,
    Path(wanted): Path<String>,
    posted: Posted,
) -> Result<Response, Error> {
    let entry = find(&context, &wanted).await?;
    let mut typed = typed(&posted);
    // A job keeps its name: runs and other jobs go by it.
    typed.insert("name", entry.job.name.to_string());
    save(&context, &principal, Some(&entry.job), typed).await
}

async fn save(
    context: &Context,
    principal: &Principal,
    before: Option<&Job>,
    typed: Typed,
) -> Result<Response, Error> {
    let job = match read(&typed, before) {
        Ok(job) => job,
        Err(error) => return page(context, before, &typed, Some(&error)).await,
    };
    let workspace = context.app.workspace();
    let saved = if before.is_some() {
        workspace.set_job(&job, &principal.actor).await
    } else {
        workspace.add_job(&job, &principal.actor).await
    };
    match saved {
        Ok(_) => Ok(Redirect::to(&address(context, &job.name).to_string()).into_response()),
        Err(error) => {
            let error = Error::from(error);
            if error.status.is_server_error() {
                return Err(error);
            }
            page(context, before, &typed, Some(&error)).await
        }
    }
}

fn typed(posted: &Posted) -> Typed {
    let value = |field: &'static str| (field, posted.get(field).unwrap_or_default().trim().to_owned());
    FIELDS.into_iter().map(value).collect()
}

/// The job that was typed. Its shape is that of the API and the file, so that all say the same of what is wrong.
fn read(typed: &Typed, before: Option<&Job>) -> Result<Job, Error> {
    let text = |field: &str| {
        typed
            .get(field)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    };
    let lines = |field: &str| -> Vec<&str> {
        let lines = text(field).unwrap_or_default().lines().map(str::trim);
        lines.filter(|line| !line.is_empty()).collect()
    };
    let mut said = Map::new();
    for field in [
        "name",
        "project",
        "environment",
        "directory",
        "profiles_dir",
        "target",
        "when_lost",
    ] {
        if let Some(text) = text(field) {
            said.insert(field.to_owned(), json!(text));
        }
    }
    for field in ["threads", "time_limit_minutes", "retries", "retry_delay_seconds"] {
        if let Some(text) = text(field) {
            let number: u32 = text.parse().map_err(|_| {
                Error::bad_request(format!("`{}` is no number", cut(text, 60)))
                    .with_hint(format!("give a whole number for {}", field.replace('_', " ")))
            })?;
            said.insert(field.to_owned(), json!(number));
        }
    }
    if let Some(program) = text("program") {
        let words: Vec<&str> = program.split_whitespace().collect();
        said.insert("program".to_owned(), json!(words));
    }
    said.insert("steps".to_owned(), json!(lines("steps")));
    let mut variables = Map::new();
    for line in lines("variables") {
        let (variable, value) = line.split_once('=').ok_or_else(|| {
            Error::bad_request(format!("the variable `{}` has no value", cut(line, 60)))
                .with_hint("write `NAME=value`, one on a line")
        })?;
        variables.insert(variable.trim().to_owned(), json!(value.trim()));
    }
    said.insert("variables".to_owned(), Value::Object(variables));
    if let Some(cron) = text("cron") {
        let schedule = json!({ "cron": cron, "time_zone": text("time_zone").unwrap_or("UTC") });
        said.insert("schedule".to_owned(), schedule);
    }
    let after: Vec<Value> = lines("after")
        .into_iter()
        .map(|line| match line.strip_suffix(" any") {
            Some(job) => json!({ "job": job.trim(), "on": "any" }),
            None => json!({ "job": line }),
        })
        .collect();
    said.insert("after".to_owned(), json!(after));
    match text("refresh") {
        Some("yes") => said.insert("refresh".to_owned(), json!(true)),
        Some("no") => said.insert("refresh".to_owned(), json!(false)),
        _ => None,
    };
    if let Some(before) = before {
        // What the form does not show stays.
        said.insert("secrets".to_owned(), json!(before.secrets));
        said.insert("paused".to_owned(), json!(before.paused));
    }
    serde_json::from_value(Value::Object(said))
        .map_err(|error| Error::bad_request(error.to_string()).with_hint("correct it, and save again"))
}

/// A job as the form shows it.
fn written(job: &Job) -> Typed {
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let lines = |lines: Vec<String>| lines.join("\n");
    let after = job.after.iter().map(|after| match after.on {
        CompletionOn::Success => after.job.to_string(),
        CompletionOn::Any => format!("{} any", after.job),
    });
    let variables = job
        .variables
        .iter()
        .map(|(variable, value)| format!("{variable}={value}"));
    let refresh = match job.refresh {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    };
    let when_lost = match job.when_lost {
        WhenLost::Retry => "retry",
        WhenLost::RunAgain => "run_again",
        WhenLost::End => "end",
    };
    let schedule = job.schedule.as_ref();
    Typed::from([
        ("name", job.name.to_string()),
        ("project", job.project.to_string()),
        (
            "environment",
            job.environment
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        ("directory", job.directory.clone()),
        ("profiles_dir", some(&job.profiles_dir)),
        ("program", job.program.join(" ")),
        (
            "steps",
            lines(job.steps.iter().map(|step| step.text().to_owned()).collect()),
        ),
        ("variables", lines(variables.collect())),
        ("target", some(&job.target)),
        (
            "threads",
            job.threads.map(|threads| threads.to_string()).unwrap_or_default(),
        ),
        (
            "cron",
            schedule.map(|schedule| schedule.cron.clone()).unwrap_or_default(),
        ),
        (
            "time_zone",
            schedule.map_or_else(|| "UTC".to_owned(), |schedule| schedule.time_zone.clone()),
        ),
        ("after", lines(after.collect())),
        ("time_limit_minutes", job.time_limit_minutes.to_string()),
        ("retries", job.retries.to_string()),
        ("retry_delay_seconds", job.retry_delay_seconds.to_string()),
        ("when_lost", when_lost.to_owned()),
        ("refresh", refresh.to_owned()),
    ])
}

async fn page(
    context: &Context,
    before: Option<&Job>,
    typed: &Typed,
    refused: Option<&Error>,
) -> Result<Response, Error> {
    let projects = context.app.workspace().projects().await?;
    let action = match before {
        None => context.links.to("/jobs/new").anywhere(),
        Some(job) => address(context, &job.name).then("/edit").anywhere(),
    };
    let body = html! {
        @if let Some(error) = refused {
            div.notice.degraded role="alert" {
                p { (marked(&error.message, 1_000)) }
                @if let Some(hint) = &error.hint { p.hint { (marked(hint, 600)) } }
            }
        }
        (fields(context, before, typed, &projects, &action))
        @if let Some(job) = before { (removal(context, job)) }
    };
    let title = before.map_or_else(
        || "New job".to_owned(),
        |job| format!("Change {}", cut(job.name.as_str(), 120)),
    );
    let page = Page::new(context, title).crumb("Jobs", context.links.to("/jobs"));
    let page = match before {
        Some(job) => page.crumb(cut(job.name.as_str(), 120), address(context, &job.name)),
        None => page,
    };
    let status = refused.map_or(StatusCode::OK, |error| error.status);
    Ok((status, page.body(&body)).into_response())
}

fn fields(
    context: &Context,
    before: Option<&Job>,
    typed: &Typed,
    projects: &[ProjectEntry],
    action: &Address,
) -> Markup {
    let value = |field: &str| typed.get(field).map_or("", String::as_str);
    let text =
        |field: &'static str, label: &str, advice: &str| form::text(field, label, value(field), Some(advice));
    let area = |field: &'static str, label: &str, advice: &str| {
        let advice_id = format!("{field}-advice");
        html! {
            div.field {
                label for=(field) { (label) }
                textarea id=(field) name=(field) rows="4" aria-describedby=(advice_id) autocomplete="off" spellcheck="false" { (value(field)) }
                p.advice id=(advice_id) { (marked(advice, 400)) }
            }
        }
    };
    let names: Vec<&str> = projects.iter().map(|project| project.name.as_str()).collect();
    let mut options: Vec<(&str, &str)> = names.iter().map(|name| (*name, *name)).collect();
    if !value("project").is_empty() && !names.contains(&value("project")) {
        options.push((value("project"), value("project")));
    }
    html! {
        @if projects.is_empty() {
            (notice("caution", &html! { p { "There is no dbt project yet; a job belongs to one. " a href=(context.links.to("/settings/projects")) { "Add it first" } "." } }))
        }
        form method="post" action=(action) {
            (form::csrf(context))
            div.halves {
                section.card { h2 { "What it runs" }
                    @if before.is_none() { (text("name", "Name", "Letters, digits, `-`, `_` and `.`; it stays.")) }
                    (form::choice("project", "dbt project", &options, value("project")))
                    (text("environment", "Environment", "Empty for the project's production."))
                    (text("directory", "Directory", "Where dbt_project.yml is, on each machine that runs the job."))
                    (area("steps", "Steps", "One dbt command on a line, without a shell; a step that fails ends the run."))
                }
                section.card { h2 { "When" }
                    (text("cron", "Schedule", "A cron pattern of five fields, such as `0 6 * * 1-5`; empty for none."))
                    (text("time_zone", "Time zone", "Such as Europe/Berlin."))
                    (area("after", "After other jobs", "A job's name on a line: after its success; with ` any` behind it, after its failure too."))
                }
                section.card { h2 { "With what" }
                    (area("variables", "Variables", "`NAME=value`, one on a line. Secrets are set on the job's page, and sealed."))
                    (text("target", "Target", "dbt's --target; empty for that of the profile."))
                    (text("threads", "Threads", "dbt's --threads; empty for those of the profile."))
                    (text("profiles_dir", "Directory of profiles", "Empty for where dbt looks by itself."))
                    (text("program", "Program", "dbt, or words before it such as `uv run dbt`; empty for dbt."))
                }
                section.card { h2 { "And then" }
                    (form::choice("refresh", "Refresh what stands on it", &[("", "as the policy says"), ("yes", "yes, as nodes are built"), ("no", "no")], value("refresh")))
                    (text("time_limit_minutes", "Time limit in minutes", "A run that takes longer is ended."))
                    (text("retries", "Tried again", "How often a run that failed is tried again, 0 to 10; empty for never."))
                    (text("retry_delay_seconds", "After so many seconds", "How long is waited before that."))
                    (form::choice("when_lost", "When its machine dies", &WHEN_LOST, value("when_lost")))
                }
            }
            div.row { button.primary type="submit" { @if before.is_some() { "Save" } @else { "Make the job" } } a.button href=(context.links.to("/jobs")) { "Cancel" } }
        }
    }
}

fn removal(context: &Context, job: &Job) -> Markup {
    html! {
        section.card { h2 { "Remove it" }
            p.muted { "Its definition and its secrets go. Its runs stay until they are forgotten." }
            form method="post" action=(address(context, &job.name).then("/remove").anywhere()) {
                (form::csrf(context))
                p { label.inline { input type="checkbox" name="sure" value="1" required; " Yes, " (name(job.name.as_str())) " may go" } }
                button.danger type="submit" { "Remove" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_its_form() {
        let job: Job = serde_json::from_value(json!({
            "name": "nightly", "project": "shop", "environment": "staging", "directory": "/srv/shop",
            "program": ["uv", "run", "dbt"], "steps": ["dbt deps", "dbt build --select tag:x"],
            "variables": { "A": "1=2", "B": "" }, "secrets": ["PASSWORD"], "target": "prod", "threads": 8,
            "schedule": { "cron": "0 6 * * *", "time_zone": "Europe/Berlin" },
            "after": [{ "job": "load" }, { "job": "other", "on": "any" }],
            "time_limit_minutes": 90, "retries": 2, "retry_delay_seconds": 5, "when_lost": "run_again",
            "refresh": false, "paused": true,
        }))
        .unwrap();
        assert_eq!(read(&written(&job), Some(&job)).unwrap(), job);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let typed = |field: &'static str, value: &str| {
            let mut typed = Typed::from([
                ("name", "a".to_owned()),
                ("project", "b".to_owned()),
                ("directory", "c".to_owned()),
                ("steps", "dbt build".to_owned()),
            ]);
            typed.insert(field, value.to_owned());
            read(&typed, None)
        };
        assert!(typed("threads", "8").is_ok());
        for (field, value, word) in [
            ("threads", "many", "many"),
            ("variables", "A", "`A`"),
            ("steps", "rm -rf /", "rm"),
            ("directory", "", "directory"),
        ] {
            let error = typed(field, value).unwrap_err();
            assert!(error.message.contains(word), "{field}: {}", error.message);
        }
    }
}
