//! Asks before what cannot be undone.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::error::Error;

/// Asks the person, when there is one. `what` is what is to be done, such as "remove user `ada`"; `details`
/// follows it in the question.
pub fn is_confirmed(what: &str, details: &str) -> Result<bool, Error> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Error::NotConfirmed {
            what: what.to_owned(),
        });
    }
    let mut letters = what.chars();
    let question: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    let mut answer = String::new();
    write!(io::stderr(), "{question}{details}? [y/N] ")
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|source| Error::Input {
            path: "-".into(),
            source,
        })?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
