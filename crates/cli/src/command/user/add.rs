//! `tailwater user add`: lets a person sign in.

use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, NewUser, Role, User};

use super::{password, role_parser};
use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater user add ada --role admin
  tailwater user add bob --email bob@acme.example --password-env BOB_PASSWORD
  tailwater user link --invite operator

The password is asked for, or read from an environment variable or standard input; it is never an argument, \
since arguments are seen by every user of the machine. With `tailwater user link --invite ROLE` people choose \
their own.";

/// Lets a person sign in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The sign-in name; an e-mail address will do
    name: String,

    /// What the person may do
    #[arg(long, value_parser = role_parser(), default_value = "viewer")]
    role: Role,

    /// What the person is called on pages
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,

    /// Where mail reaches the person
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    #[command(flatten)]
    password: password::Source,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    // Nobody shall be asked for a password for a name that is taken.
    if let Some(user) = workspace.find_user(&args.name).await? {
        return Err(
            tailwater_engine::Error::from(tailwater_engine::store::Error::AccountExists {
                what: "user",
                name: user.name,
            })
            .into(),
        );
    }
    let new = NewUser {
        name: args.name.clone(),
        display_name: args.display_name.clone(),
        email: args.email.clone(),
        password: password::read(&args.password, &args.name)?,
        role: args.role,
    };
    let user = workspace.add_user(new, &Actor::CommandLine).await?;
    printer.answer(&user, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(user: &User) -> Document {
    Line::new()
        .plain("added user ")
        .strong(&user.name)
        .plain(format!(": {}", user.role))
        .into()
}
