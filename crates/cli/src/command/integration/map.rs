//! `tailwater integration map`: rules that rewrite a site's names for databases and schemas before comparing.

use serde::Serialize;
use tailwater_core::id::IntegrationName;
use tailwater_core::mapping::MappingRule;
use tailwater_core::proposal::Proposal;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, AuditEvent};

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;
use crate::proposal;
use crate::table::{Cell, Table};

const EXAMPLES: &str = "\
Examples:
  tailwater integration map add main --database shop_prod --to shop --dry-run
  tailwater integration map add main --database shop_prod --to shop
  tailwater integration map list main
  tailwater integration map remove main 1

`tailwater unmatched` proposes rules. They apply in order, each once, and never touch a table's own name.";

/// Manages the rules that rewrite database and schema
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Add(AddArgs),
    List(ListArgs),
    Remove(RemoveArgs),
}

/// Adds a rule behind the others, and shows what it will link
#[derive(Debug, clap::Args)]
struct AddArgs {
    /// The integration
    name: IntegrationName,

    /// The database to rewrite; `""` is a name that came without one
    #[arg(long, value_name = "NAME")]
    database: Option<String>,

    /// The schema to rewrite; `""` is a name that came without one
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,

    /// What takes its place: one name, or `database.schema`
    #[arg(long, value_name = "NAME")]
    to: String,

    /// Only show what the rule would link
    #[arg(long)]
    dry_run: bool,
}

/// Lists the rules with their numbers
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// The integration
    name: IntegrationName,
}

/// Takes a rule out
#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// The integration
    name: IntegrationName,

    /// The rule's number, as `map list` shows it
    number: usize,
}

/// The rules, and what a new one changes.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    integration: &'a IntegrationName,
    /// The rules after the command, in the order in which they apply.
    mapping: Vec<MappingRule>,
    /// What the new rule links; `None` when none was added or there was nothing to try it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Proposal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    match &args.action {
        Action::Add(args) => add(args, workspace, printer).await,
        Action::List(args) => {
            let mapping = Answer {
                integration: &args.name,
                mapping: workspace.find_integration(&args.name).await?.mapping,
                preview: None,
                dry_run: None,
            };
            printer.answer(&mapping, rules)?;
            Ok(Outcome::Done)
        }
        Action::Remove(args) => {
            let mapping = Answer {
                integration: &args.name,
                mapping: workspace.remove_mapping(&args.name, args.number).await?,
                preview: None,
                dry_run: None,
            };
            let detail = format!("rule {}", args.number);
            let event = AuditEvent::new("integration.unmap", args.name.as_str(), detail);
            workspace.record_audit(&Actor::CommandLine, event).await?;
            printer.answer(&mapping, removed)?;
            Ok(Outcome::Done)
        }
    }
}

async fn add(args: &AddArgs, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let rule = MappingRule::new(args.database.as_deref(), args.schema.as_deref(), &args.to)
        .map_err(tailwater_engine::Error::from)?;
    // Behind itself the rule would change nothing, so it is tried before it is added.
    let preview = workspace.preview_mapping(&args.name, rule.clone()).await;
    let (mapping, preview) = if args.dry_run {
        (
            workspace.find_integration(&args.name).await?.mapping,
            Some(preview?),
        )
    } else {
        let detail = rule.to_string();
        let mapping = workspace.add_mapping(&args.name, rule).await?;
        let event = AuditEvent::new("integration.map", args.name.as_str(), detail);
        workspace.record_audit(&Actor::CommandLine, event).await?;
        if let Err(error) = &preview {
            printer.warn(&format!("what the rule links cannot be foretold: {error}"));
        }
        (mapping, preview.ok())
    };
    let answer = Answer {
        integration: &args.name,
        mapping,
        preview,
        dry_run: Some(args.dry_run),
    };
    printer.answer(&answer, added)?;
    Ok(Outcome::Done)
}

fn added(answer: &Answer<'_>) -> Document {
    let is_dry_run = answer.dry_run == Some(true);
    let mut document = if is_dry_run {
        Document::from("dry run: the rule was not added")
    } else {
        rules(answer)
    };
    if let Some(preview) = &answer.preview {
        document.blank();
        proposal::write(
            &mut document,
            preview,
            if is_dry_run { "would link" } else { "will link" },
        );
    }
    if !is_dry_run {
        document.blank();
        document.line(next_sync(answer.integration));
    }
    document
}

fn removed(answer: &Answer<'_>) -> Document {
    let mut document = rules(answer);
    document.blank();
    document.line(next_sync(answer.integration));
    document
}

fn rules(answer: &Answer<'_>) -> Document {
    let mut document = Document::new();
    document.line(
        Line::new()
            .plain("mapping rules of ")
            .strong(answer.integration.as_str()),
    );
    if answer.mapping.is_empty() {
        document.line(Line::new().indent(2).plain("none"));
        return document;
    }
    let mut table = Table::new(["", ""]).indent(2);
    for (position, rule) in answer.mapping.iter().enumerate() {
        table.row([Cell::number(position + 1), Cell::new(rule.to_string())]);
    }
    document.table(table);
    document
}

fn next_sync(name: &IntegrationName) -> String {
    format!("the next sync applies this: `tailwater sync {name}`")
}
