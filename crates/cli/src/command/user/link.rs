//! `tailwater user link`: a one-time link with which a person gets in.

use secrecy::ExposeSecret;
use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, INVITE_HOURS, Role, SET_UP_HOURS};

use super::role_parser;
use crate::document::{Document, Line, Style};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater user link                       the first admin chooses name and password
  tailwater user link --invite operator     a new person chooses name and password
  tailwater user link ada                   ada chooses a new password
  tailwater user link ada --address https://catalog.acme.example

Whoever opens the link first gets in, so send it by a way that others cannot read. It is shown this once, and \
good once. The first form works only while there is no user.";

/// Makes a one-time link with which a person gets in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Who is to choose a new password
    #[arg(conflicts_with = "invite")]
    name: Option<String>,

    /// Invite a new person who may do this
    #[arg(long, value_name = "ROLE", value_parser = role_parser())]
    invite: Option<Role>,

    /// Where the catalog is served, to make a whole address of the link [default: `public_url` of `[serve]`]
    #[arg(long, value_name = "URL")]
    address: Option<String>,
}

/// The link.
#[derive(Debug, Serialize)]
struct Answer {
    link: String,
    good_for_hours: i64,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    let actor = &Actor::CommandLine;
    let (path, secret, good_for_hours) = match (&args.name, args.invite) {
        (Some(name), _) => ("invite", workspace.reset_link(name, actor).await?, SET_UP_HOURS),
        (None, Some(role)) => ("invite", workspace.invite_link(role, actor).await?, INVITE_HOURS),
        (None, None) => {
            let secret = workspace.one_time_link().await?;
            let not_first = || tailwater_engine::Error::from(tailwater_engine::store::Error::NotFirst);
            ("set-up", secret.ok_or_else(not_first)?, SET_UP_HOURS)
        }
    };
    let address = args.address.clone().or_else(|| served_at(workspace));
    let answer = Answer {
        link: format!(
            "{}/{path}/{}",
            address.as_deref().unwrap_or_default().trim_end_matches('/'),
            secret.expose_secret()
        ),
        good_for_hours,
    };
    printer.answer(&answer, |answer| to_document(answer, address.is_none()))?;
    Ok(Outcome::Done)
}

/// Where the settings say that people find the catalog.
fn served_at(workspace: &Workspace) -> Option<String> {
    let serve = &workspace.settings().serve;
    let public = serve.public_url.as_deref()?.trim_end_matches('/');
    // The public address may have been given with or without the base path.
    let base = serve.base_path.trim_end_matches('/');
    Some(format!("{}{base}", public.strip_suffix(base).unwrap_or(public)))
}

fn to_document(answer: &Answer, is_path: bool) -> Document {
    let mut document = Document::new();
    document.line(Line::new().styled(Style::Literal, &answer.link));
    let behind = if is_path {
        "open it behind the catalog's address; "
    } else {
        ""
    };
    document.line(Line::new().faint(format!(
        "{behind}good once, for {} hours; not shown again",
        answer.good_for_hours
    )));
    document
}
