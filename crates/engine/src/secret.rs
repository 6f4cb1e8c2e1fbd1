//! Where the secret of an integration's token comes from.

use camino::Utf8PathBuf;
use secrecy::SecretString;
use tailwater_core::id::IntegrationName;

use crate::error::Error;
use crate::workspace::Workspace;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kept_in", rename_all = "snake_case")]
pub enum SecretPlace {
    /// In the store, sealed.
    Store,
    /// In an environment variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// In a file.
    File {
        /// Its path.
        path: Utf8PathBuf,
    },
}

impl Workspace {
    /// Reads the secret from where it is kept.
    pub(crate) async fn load_secret(
        &self,
        name: &IntegrationName,
        place: &SecretPlace,
    ) -> Result<SecretString, Error> {
        match place {
            SecretPlace::Environment { variable } => from_environment(name, variable),
            SecretPlace::File { path } => from_file(name, &self.path(path)),
            SecretPlace::Store => {
                let key = self.sealing_key()?;
                let secret = self.store().find_secret(name, &key).await?;
                secret.ok_or_else(|| Error::NoSecret { name: name.clone() })
            }
        }
    }
}

/// Reads a secret from an environment variable.
pub fn from_environment(name: &IntegrationName, variable: &str) -> Result<SecretString, Error> {
    let missing = || Error::SecretVariable {
        name: name.clone(),
        variable: variable.to_owned(),
    };
    let text = std::env::var(variable).map_err(|_| missing())?;
    trimmed(&text).ok_or_else(missing)
}

/// Reads a secret from a file, without the line break that editors put at its end.
pub fn from_file(name: &IntegrationName, path: &camino::Utf8Path) -> Result<SecretString, Error> {
    let refused = |source| Error::SecretFile {
        name: name.clone(),
        path: path.to_owned(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(|error| refused(Some(error)))?;
    trimmed(&text).ok_or_else(|| refused(None))
}

fn trimmed(text: &str) -> Option<SecretString> {
    let text = text.trim();
    (!text.is_empty()).then(|| SecretString::from(text))
}
