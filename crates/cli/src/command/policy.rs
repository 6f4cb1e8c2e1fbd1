//! `tailwater policy`: what may be refreshed when.

use chrono::NaiveTime;
use clap::{ArgGroup, Subcommand};
use serde::Serialize;
use tailwater_core::id::{EnvironmentName, IntegrationName, ProjectName};
use tailwater_core::refresh::{
    EffectivePolicy, POLICY_FIELDS, PolicyPart, PolicyPlace, PolicyScope, QuietHours, Target,
};
use tailwater_engine::Workspace;
use tailwater_engine::account::Actor;
use tailwater_engine::catalog::Catalog;
use tailwater_engine::policy::{DbtVariables, PolicyEntry, unheard};

use crate::catalog;
use crate::document::{Document, Line};
use crate::environment;
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater policy set --integration main --enabled true --interval 60
  tailwater policy set --exposure 'Weekly sales' --fresh-by 07:00 --timezone Europe/Berlin
  tailwater policy explain 'Weekly sales'

Nothing is refreshed unless a policy enables it. The narrower policy says what holds: the environment's, then the \
integration's, then those of the collections from the top down, then the exposure's.";

/// Says what may be refreshed when
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Lists all that was said, the widest first
    List,
    /// Says something of a scope; what is not said stays
    Set(Set),
    /// Takes back all that was said of a scope by command or on a page
    Clear(Scope),
    /// Shows what holds for an exposure, and who said it
    Explain {
        /// The exposure: name, label, unique_id, address or LUID; or a data source's name
        subject: String,
    },
}

/// To what it applies.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("scope").required(true).args(["project", "integration", "exposure"])))]
struct Scope {
    /// Everything that stands on a project
    #[arg(long, value_name = "NAME")]
    project: Option<ProjectName>,

    /// The environment of the project [default: its production]
    #[arg(long, value_name = "NAME", requires = "project")]
    environment: Option<EnvironmentName>,

    /// One integration
    #[arg(long, value_name = "NAME")]
    integration: Option<IntegrationName>,

    /// A collection of the integration by path or id, with what is below it
    #[arg(long, value_name = "PATH", requires = "integration")]
    collection: Option<String>,

    /// One exposure: name, label, unique_id, address or LUID
    #[arg(long, value_name = "NAME")]
    exposure: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Set {
    #[command(flatten)]
    scope: Scope,

    /// Whether extracts are refreshed
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,

    /// The shortest time between two refreshes, in minutes
    #[arg(long, value_name = "MINUTES")]
    interval: Option<u32>,

    /// Whether a failed test of error severity holds the refresh
    #[arg(long, value_name = "BOOL")]
    gate_on_tests: Option<bool>,

    /// When nothing is sent, as HH:MM-HH:MM
    #[arg(long, value_name = "FROM-UNTIL", value_parser = quiet_hours)]
    quiet_hours: Option<QuietHours>,

    /// Whether only new rows are taken over, where the tool can
    #[arg(long, value_name = "BOOL")]
    incremental: Option<bool>,

    /// Which goes first, 0 to 100; higher first
    #[arg(long, value_name = "NUMBER")]
    priority: Option<u8>,

    /// By when it is to be fresh each day, as HH:MM
    #[arg(long, value_name = "TIME", value_parser = time_of_day)]
    fresh_by: Option<NaiveTime>,

    /// The IANA time zone of these times
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,

    /// How many refreshes of one site may run at once
    #[arg(long, value_name = "NUMBER")]
    at_once: Option<u32>,

    /// How many refreshes of one site may be sent in an hour
    #[arg(long, value_name = "NUMBER")]
    per_hour: Option<u32>,
}

/// What holds for one target.
#[derive(Debug, Serialize)]
struct Explained {
    target: Target,
    #[serde(flatten)]
    effective: EffectivePolicy,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let variables = DbtVariables::read(environment::dbt);
    match &args.command {
        PolicyCommand::List => {
            let entries = workspace.policy_overview(variables).await?.entries();
            if !workspace.settings().refresh.policies.is_empty() {
                let (catalog, _) = catalog::open(workspace, printer).await?;
                warn_of_unheard(workspace, &catalog, printer);
            }
            printer.answer(&entries, |entries| listed(entries))?;
        }
        PolicyCommand::Set(set) => {
            let scope = find_scope(&set.scope, workspace, printer).await?;
            let before = workspace.policy_book(variables).await?.stored(&scope);
            let part = part_of(set).or(&before);
            workspace.set_policy(&scope, &part, &Actor::CommandLine).await?;
            say(&scope, &part, printer)?;
        }
        PolicyCommand::Clear(scope) => {
            let scope = find_scope(scope, workspace, printer).await?;
            let nothing = PolicyPart::default();
            workspace
                .set_policy(&scope, &nothing, &Actor::CommandLine)
                .await?;
            say(&scope, &nothing, printer)?;
        }
        PolicyCommand::Explain { subject } => {
            let (catalog, outcome) = catalog::open(workspace, printer).await?;
            warn_of_unheard(workspace, &catalog, printer);
            let found = workspace.explain_policy(&catalog, subject, variables).await?;
            let explained: Vec<Explained> = found
                .into_iter()
                .map(|(target, effective)| Explained { target, effective })
                .collect();
            printer.answer(&explained, |explained| explain(explained))?;
            return Ok(outcome);
        }
    }
    Ok(Outcome::Done)
}

/// Tells of policies in the file that apply to nothing.
fn warn_of_unheard(workspace: &Workspace, catalog: &Catalog, printer: &Printer) {
    for policy in unheard(&workspace.settings().refresh, catalog) {
        printer.warn(&format!("{policy}; {}", policy.hint));
    }
}

async fn find_scope(scope: &Scope, workspace: &Workspace, printer: &Printer) -> Result<PolicyScope, Error> {
    if let Some(project) = &scope.project {
        return Ok(workspace
            .environment_scope(project, scope.environment.as_ref())
            .await?);
    }
    if let Some(integration) = &scope.integration {
        return Ok(workspace
            .integration_scope(integration, scope.collection.as_deref())
            .await?);
    }
    let exposure = scope.exposure.as_deref().unwrap_or_default();
    let (catalog, _) = catalog::open(workspace, printer).await?;
    Ok(workspace.exposure_scope(&catalog, exposure)?)
}

fn part_of(set: &Set) -> PolicyPart {
    PolicyPart {
        enabled: set.enabled,
        interval_minutes: set.interval,
        gate_on_tests: set.gate_on_tests,
        quiet_hours: set.quiet_hours,
        incremental: set.incremental,
        priority: set.priority,
        fresh_by: set.fresh_by,
        timezone: set.timezone.clone(),
        at_once: set.at_once,
        per_hour: set.per_hour,
    }
}

/// A scope with what is said of it now.
fn say(scope: &PolicyScope, part: &PolicyPart, printer: &Printer) -> Result<(), Error> {
    let entry = PolicyEntry {
        of: scope.to_string(),
        place: PolicyPlace::Scope {
            scope: scope.clone(),
            in_file: false,
        },
        part: part.clone(),
    };
    printer.answer(&entry, |entry| {
        let mut document = Document::new();
        let words = if entry.part.is_empty() {
            "nothing is said of it any more".to_owned()
        } else {
            words(&entry.part)
        };
        document.line(Line::new().strong(&entry.of).plain(": ").plain(words));
        document
    })
}

fn listed(entries: &[PolicyEntry]) -> Document {
    let mut document = Document::new();
    if entries.is_empty() {
        document.line("nothing is said of refreshing, so that nothing is refreshed");
        return document;
    }
    let mut table = Table::new(["OF", "SAYS", "WHERE"]);
    for entry in entries {
        let place = match &entry.place {
            PolicyPlace::Scope { in_file: false, .. } => "by command or on a page",
            PolicyPlace::Variables => "environment variables",
            PolicyPlace::Job { .. } => "the job's variables",
            _ => "tailwater.toml",
        };
        table.row([
            Cell::new(&entry.of),
            Cell::new(words(&entry.part)),
            Cell::new(place),
        ]);
    }
    document.table(table);
    document
}

fn explain(explained: &[Explained]) -> Document {
    let mut document = Document::new();
    if explained.is_empty() {
        document.line("nothing that can be refreshed stands behind it");
    }
    for Explained { target, effective } in explained {
        document.heading(format!(
            "{} ({}, {})",
            target.name,
            target.id.kind.title(),
            target.id.integration
        ));
        let mut table = Table::new(["FIELD", "VALUE", "SAID BY"]);
        let policy = serde_json::to_value(&effective.policy).unwrap_or_default();
        for field in POLICY_FIELDS {
            let value = policy.get(field).map(value_words).unwrap_or_default();
            let source = effective.sources.get(field);
            let mut said = source.map_or_else(
                || "built in".to_owned(),
                |source| match &source.place {
                    PolicyPlace::BuiltIn => "built in".to_owned(),
                    PolicyPlace::Variables => "dbt's environment variables".to_owned(),
                    PolicyPlace::Job { job } => format!("the job {job}"),
                    PolicyPlace::Defaults => "[refresh] in tailwater.toml".to_owned(),
                    PolicyPlace::Scope { scope, in_file: true } => format!("{scope} in tailwater.toml"),
                    PolicyPlace::Scope {
                        scope,
                        in_file: false,
                    } => scope.to_string(),
                },
            );
            if let Some(exposure) = source.and_then(|source| source.exposure.as_ref()) {
                said = format!("{said}, for {exposure}");
            }
            table.row([Cell::new(field), Cell::new(value), Cell::new(said)]);
        }
        document.table(table);
    }
    document
}

/// `enabled = true, interval_minutes = 60`.
fn words(part: &PolicyPart) -> String {
    let part = serde_json::to_value(part).unwrap_or_default();
    let said = POLICY_FIELDS
        .into_iter()
        .filter_map(|field| Some(format!("{field} = {}", value_words(part.get(field)?))));
    said.collect::<Vec<_>>().join(", ")
}

fn value_words(value: &serde_json::Value) -> String {
    let time = |text: &str| text.strip_suffix(":00").unwrap_or(text).to_owned();
    match value {
        serde_json::Value::Null => "none".to_owned(),
        serde_json::Value::String(text) => time(text),
        serde_json::Value::Object(hours) => {
            let of = |name: &str| hours.get(name).and_then(serde_json::Value::as_str).map(time);
            format!(
                "{} to {}",
                of("from").unwrap_or_default(),
                of("until").unwrap_or_default()
            )
        }
        other => other.to_string(),
    }
}

fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text.trim(), "%H:%M")
        .map_err(|_| "a time of day is written as HH:MM".to_owned())
}

fn quiet_hours(text: &str) -> Result<QuietHours, String> {
    let (from, until) = text
        .split_once('-')
        .ok_or_else(|| "quiet hours are written as HH:MM-HH:MM".to_owned())?;
    Ok(QuietHours {
        from: time_of_day(from)?,
        until: time_of_day(until)?,
    })
}
