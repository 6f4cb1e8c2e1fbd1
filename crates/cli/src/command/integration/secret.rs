//! Where the secret of a new integration comes from. Never an argument.

use std::io::{self, IsTerminal, Read};

use camino::Utf8PathBuf;
use secrecy::SecretString;
use tailwater_core::id::IntegrationName;
use tailwater_engine::secret::{from_environment, from_file};

use crate::error::Error;

/// Longer is no secret but a wrong file.
const LONGEST_SECRET: u64 = 64 << 10;

/// The three ways beside the prompt.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct Args {
    /// Read the secret from this environment variable
    #[arg(long = "secret-env", value_name = "VARIABLE")]
    variable: Option<String>,

    /// Read the secret from this file
    #[arg(long = "secret-file", value_name = "FILE")]
    file: Option<Utf8PathBuf>,

    /// Read the secret from standard input
    #[arg(long = "secret-stdin")]
    is_stdin: bool,
}

/// Reads the secret from where the arguments say, or asks for it; `kind` says in words what it is the secret of.
pub fn read(args: &Args, name: &IntegrationName, kind: &str) -> Result<SecretString, Error> {
    if let Some(variable) = &args.variable {
        return Ok(from_environment(name, variable)?);
    }
    if let Some(path) = &args.file {
        return Ok(from_file(name, path)?);
    }
    let text = if args.is_stdin {
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(LONGEST_SECRET)
            .read_to_string(&mut text)
            .map(|_| text)
            .map_err(|source| Error::SecretInput { source })?
    } else if io::stdin().is_terminal() {
        rpassword::prompt_password(format!(
            "Secret of the {kind} of integration `{name}` (not shown): "
        ))
        .map_err(|source| Error::SecretInput { source })?
    } else {
        return Err(Error::SecretNotGiven { name: name.clone() });
    };
    let text = SecretString::from(text);
    trimmed(&text).ok_or_else(|| Error::SecretEmpty { name: name.clone() })
}

/// The secret without the line break behind it; `None` when nothing is left.
fn trimmed(text: &SecretString) -> Option<SecretString> {
    use secrecy::ExposeSecret;
    let text = text.expose_secret().trim();
    (!text.is_empty()).then(|| SecretString::from(text))
}
