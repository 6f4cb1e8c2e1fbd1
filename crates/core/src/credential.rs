//! With what an integration signs in, as far as that is no secret.
//!
//! ```text
//! "token_name": "tailwater"                                                        a personal access token
//! "connected_app": {"client_id": "4f2…", "secret_id": "9be…", "user": "svc@acme"}  a connected app
//! ```
//!
//! Both forms stand as one member beside an integration's others, so a type that holds a [`CredentialName`]
//! flattens it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a credential. Its secret is kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CredentialName {
    /// A personal access token, by its name.
    #[serde(rename = "token_name")]
    Token(String),
    /// A connected app (Tableau), with the user as whom it signs in.
    #[serde(rename = "connected_app")]
    ConnectedApp(ConnectedApp),
}

/// A connected app, and as whom it signs in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectedApp {
    /// The app's client id, also called its connected app id.
    pub client_id: String,
    /// The id of one of its two secrets.
    pub secret_id: String,
    /// The name of the user of the site as whom it signs in.
    pub user: String,
}

impl CredentialName {
    /// A token of that name.
    pub fn token(name: impl Into<String>) -> Self {
        Self::Token(name.into())
    }

    /// The token's name; `None` for anything else.
    pub fn token_name(&self) -> Option<&str> {
        match self {
            Self::Token(name) => Some(name),
            Self::ConnectedApp(_) => None,
        }
    }

    /// The connected app; `None` for anything else.
    pub const fn connected_app(&self) -> Option<&ConnectedApp> {
        match self {
            Self::ConnectedApp(app) => Some(app),
            Self::Token(_) => None,
        }
    }

    /// What is not said of it yet, in words; `None` when nothing is missing.
    pub fn missing(&self) -> Option<&'static str> {
        match self {
            Self::Token(name) if name.is_empty() => Some("the token's name"),
            Self::ConnectedApp(app) if app.client_id.is_empty() => Some("the connected app's client id"),
            Self::ConnectedApp(app) if app.secret_id.is_empty() => {
                Some("the id of the connected app's secret")
            }
            Self::ConnectedApp(app) if app.user.is_empty() => {
                Some("the name of the user as whom the connected app signs in")
            }
            Self::Token(_) | Self::ConnectedApp(_) => None,
        }
    }

    /// What the secret belongs to, in words: `token` or `connected app`.
    pub const fn kind_in_words(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::ConnectedApp(_) => "connected app",
        }
    }
}

impl Default for CredentialName {
    fn default() -> Self {
        Self::Token(String::new())
    }
}

/// As it stands in messages: `token "tailwater"`.
impl fmt::Display for CredentialName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(name) => write!(formatter, "token {name:?}"),
            Self::ConnectedApp(app) => {
                write!(formatter, "connected app {:?} as {:?}", app.client_id, app.user)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Holder {
        name: String,
        #[serde(flatten)]
        credential: CredentialName,
    }

    #[test]
    fn each_form_stands_as_one_member() {
        let app = json!({"client_id": "c", "secret_id": "s", "user": "u"});
        for (whole, words) in [
            (json!({"name": "main", "token_name": "t"}), "token \"t\""),
            (
                json!({"name": "main", "connected_app": app}),
                "connected app \"c\" as \"u\"",
            ),
        ] {
            let holder: Holder = serde_json::from_value(whole.clone()).unwrap();
            assert_eq!(holder.credential.to_string(), words);
            assert_eq!(serde_json::to_value(&holder).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_missing_is_said_in_words() {
        let app = |client_id: &str, secret_id: &str, user: &str| {
            CredentialName::ConnectedApp(ConnectedApp {
                client_id: client_id.to_owned(),
                secret_id: secret_id.to_owned(),
                user: user.to_owned(),
            })
        };
        let says = |name: CredentialName, word: &str| assert!(name.missing().unwrap().contains(word));
        says(CredentialName::default(), "token's name");
        says(app("", "s", "u"), "client id");
        says(app("c", "", "u"), "id of the connected app's secret");
        says(app("c", "s", ""), "user");
        assert_eq!(app("c", "s", "u").missing(), None);
        assert_eq!(CredentialName::token("t").missing(), None);
    }
}
