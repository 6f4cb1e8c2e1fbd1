//! What dbt does not get to see: a project may print any variable.

use crate::workspace::Workspace;

/// Variables of this program alone that hold secrets.
const OWN: &[&str] = &["TAILWATER_KEY", "TAILWATER_STORE__URL", "TAILWATER_HTTP__PROXY"];

impl Workspace {
    /// The names of the environment variables with this program's secrets: its key, its store's address, its
    /// proxy's, the secrets of declared integrations.
    pub fn secret_variables(&self) -> Vec<String> {
        let tokens = self
            .settings()
            .integrations
            .iter()
            .filter_map(|integration| integration.secret_variable().map(str::to_owned));
        OWN.iter().map(|name| (*name).to_owned()).chain(tokens).collect()
    }
}
