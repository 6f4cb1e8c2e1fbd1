//! `tailwater user password`, and where a password comes from. Never an argument.

use std::io::{self, IsTerminal, Read};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tailwater_engine::Workspace;
use tailwater_engine::account::{Actor, LONGEST_PASSWORD};

use crate::document::{Document, Line};
use crate::error::{Error, Outcome};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  tailwater user password ada
  tailwater user password ada --password-env NEW_PASSWORD
  tailwater user link ada

Ends all of the person's sessions. With `tailwater user link NAME` people set it themselves.";

/// Sets a person's password anew
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The sign-in name
    name: String,

    #[command(flatten)]
    password: Source,
}

/// The two ways beside the prompt.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct Source {
    /// Read the password from this environment variable
    #[arg(long = "password-env", value_name = "VARIABLE")]
    variable: Option<String>,

    /// Read the password from standard input
    #[arg(long = "password-stdin")]
    is_stdin: bool,
}

/// Whose password was set.
#[derive(Debug, Serialize)]
struct Changed {
    user: String,
}

/// Runs the command.
pub async fn run(args: &Args, workspace: &Workspace, printer: &Printer) -> Result<Outcome, Error> {
    // Nobody shall be asked for the password of nobody.
    if workspace.find_user(&args.name).await?.is_none() {
        return Err(
            tailwater_engine::Error::from(tailwater_engine::store::Error::UnknownUser {
                name: args.name.clone(),
            })
            .into(),
        );
    }
    let password = read(&args.password, &args.name)?;
    let user = workspace
        .set_user_password(&args.name, &password, &Actor::CommandLine)
        .await?;
    printer.answer(&Changed { user: user.name }, to_document)?;
    Ok(Outcome::Done)
}

fn to_document(changed: &Changed) -> Document {
    Line::new()
        .plain("set the password of ")
        .strong(&changed.user)
        .plain("; all sessions of that user have ended")
        .into()
}

/// Reads the password from where the arguments say, or asks for it twice.
pub fn read(source: &Source, name: &str) -> Result<SecretString, Error> {
    let unreadable = |source| Error::Input {
        path: "-".into(),
        source,
    };
    if let Some(variable) = &source.variable {
        let text = std::env::var(variable).ok().filter(|text| !text.is_empty());
        let missing = || Error::PasswordVariable {
            variable: variable.clone(),
        };
        return text.map(SecretString::from).ok_or_else(missing);
    }
    if source.is_stdin {
        let mut text = String::new();
        // One byte more shows that it is too long.
        let longest = u64::try_from(LONGEST_PASSWORD).unwrap_or(u64::MAX) + 3;
        io::stdin()
            .lock()
            .take(longest)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(text.strip_suffix('\r').unwrap_or(text).into());
    }
    if !io::stdin().is_terminal() {
        return Err(Error::PasswordNotGiven {
            name: name.to_owned(),
        });
    }
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map(SecretString::from)
            .map_err(unreadable)
    };
    let password = ask(format!("New password of `{name}` (not shown): "))?;
    let again = ask("The same again: ".to_owned())?;
    if password.expose_secret() == again.expose_secret() {
        Ok(password)
    } else {
        Err(Error::PasswordDiffers)
    }
}
