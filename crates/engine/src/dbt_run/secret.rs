//! What dbt does not get to see: a project may print any variable.

use crate::workspace::Workspace;

/// Variables of this program alone that hold secrets.
const OWN: &[&str] = &["TAILWATER_KEY", "TAILWATER_STORE__URL"];

impl Workspace {
    /// The names of the environment variables with this program's secrets: its key, its store's address, the tokens of
    /// declared integrations.
    pub fn secret_variables(&self) -> Vec<String> {
        let tokens = self
            .settings()
            .integrations
            .iter()
            .filter_map(|integration| integration.token_secret_env.clone());
        OWN.iter().map(|name| (*name).to_owned()).chain(tokens).collect()
    }
}
