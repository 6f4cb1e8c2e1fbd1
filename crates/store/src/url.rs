//! The address of a store.
//!
//! ```text
//! sqlite:.tailwater/tailwater.db            a file, relative to the working directory or absolute
//! sqlite::memory:                           in memory, for tests
//! postgres://user:password@host:5432/name   a database of PostgreSQL, with libpq's usual options
//! ```

use std::fmt;
use std::str::FromStr;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// Where the store is. `Display` and `Debug` show no password.
#[derive(Clone)]
pub struct StoreUrl {
    place: Place,
}

/// The engine, and where its data is.
#[derive(Clone)]
pub(crate) enum Place {
    /// A database in memory, gone with the store.
    Memory,
    /// A database file.
    File(Utf8PathBuf),
    /// A server: the whole address, and what may be shown of it.
    Postgres { address: SecretString, shown: String },
}

impl StoreUrl {
    /// The file at the given path.
    pub fn sqlite(path: impl Into<Utf8PathBuf>) -> Self {
        Self {
            place: Place::File(path.into()),
        }
    }

    /// The database file, where the store is one.
    pub fn path(&self) -> Option<&Utf8Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Memory | Place::Postgres { .. } => None,
        }
    }

    /// Whether the address itself holds a password.
    pub fn has_password(&self) -> bool {
        let Place::Postgres { address, .. } = &self.place else {
            return false;
        };
        url::Url::parse(address.expose_secret())
            .is_ok_and(|url| url.password().is_some() || url.query_pairs().any(|(key, _)| key == "password"))
    }

    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }
}

impl Default for StoreUrl {
    /// `sqlite:.tailwater/tailwater.db`.
    fn default() -> Self {
        Self::sqlite(".tailwater/tailwater.db")
    }
}

impl FromStr for StoreUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let place = if let Some(rest) = text.strip_prefix("sqlite:") {
            sqlite_place(rest)?
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            postgres_place(text)?
        } else {
            return Err(bad("it begins neither with `sqlite:` nor with `postgres://`"));
        };
        Ok(Self { place })
    }
}

fn sqlite_place(rest: &str) -> Result<Place, Error> {
    if rest == ":memory:" {
        return Ok(Place::Memory);
    }
    // Both `sqlite:/var/lib/x.db` and `sqlite:///var/lib/x.db` are in use.
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() {
        return Err(bad("the path after `sqlite:` is missing"));
    }
    if path.contains('?') {
        return Err(bad("a SQLite address takes no options after `?`"));
    }
    if path.contains('\0') {
        return Err(bad("the path holds a NUL character"));
    }
    Ok(Place::File(Utf8PathBuf::from(path)))
}

/// The options that sqlx takes from an address; libpq's, with a few spellings of its own.
const OPTIONS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

fn postgres_place(text: &str) -> Result<Place, Error> {
    let url = url::Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    // A password with an unescaped `/`, `?` or `#` makes its own rest part of path, options or fragment,
    // where it would be shown. What follows the true `@` betrays it.
    let after_host = &text[text.find("://").map_or(0, |at| at + 3)..];
    let after_host = after_host
        .find(['/', '?', '#'])
        .map_or("", |at| &after_host[at..]);
    if after_host.contains('@') || url.fragment().is_some() {
        return Err(bad(
            "a character in the user's name or password must be written with `%`",
        ));
    }
    if url.path().trim_matches('/').is_empty() && !url.query_pairs().any(|(key, _)| key == "dbname") {
        return Err(bad("the name of the database is missing"));
    }
    // sqlx would log an option that it does not know together with its value.
    let is_known = |key: &str| OPTIONS.contains(&key) || (key.starts_with("options[") && key.ends_with(']'));
    if !url.query_pairs().all(|(key, _)| is_known(&key)) {
        return Err(bad("an option after `?` is not known"));
    }
    let user = if url.username().is_empty() {
        String::new()
    } else {
        let password = if url.password().is_some() { ":***" } else { "" };
        format!("{}{password}@", url.username())
    };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    // Options may hold a password too, so none are shown.
    let shown = format!("postgres://{user}{host}{port}{}", url.path());
    Ok(Place::Postgres {
        address: SecretString::from(text.to_owned()),
        shown,
    })
}

fn bad(reason: &str) -> Error {
    Error::Address {
        reason: reason.to_owned(),
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Memory => formatter.write_str("sqlite::memory:"),
            Place::File(path) => write!(formatter, "sqlite:{path}"),
            Place::Postgres { shown, .. } => formatter.write_str(shown),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoreUrl({self})")
    }
}

impl PartialEq for StoreUrl {
    fn eq(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::Memory, Place::Memory) => true,
            (Place::File(one), Place::File(two)) => one == two,
            (Place::Postgres { address: one, .. }, Place::Postgres { address: two, .. }) => {
                one.expose_secret() == two.expose_secret()
            }
            _ => false,
        }
    }
}

impl Eq for StoreUrl {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    proptest! {
        #[test]
        fn no_address_shows_its_password(
            before in "(sqlite:|postgres://|postgresql://|[a-z:/@%?#]{0,6})[a-z/@:.%\\[\\]]{0,8}",
            between in "[:@/?#&=%\\[\\] \u{0}é]{0,3}",
            after in "[:@/?#&=%a-z.\\[\\]]{0,16}",
        ) {
            // Where a password stands: behind the user's name, or as an option.
            for text in [
                format!("{before}ann:hunter2{between}@{after}/name"),
                format!("postgres://ann:{between}hunter2@{after}/name"),
                format!("{before}@db/name?password=hunter2{between}{after}"),
            ] {
                match text.parse::<StoreUrl>() {
                    Ok(url) if url.path().is_none() => {
                        prop_assert!(!format!("{url} {url:?}").contains("hunter2"), "{text}");
                    }
                    Ok(url) => prop_assert_eq!(url.to_string().parse::<StoreUrl>().ok(), Some(url)),
                    Err(error) => {
                        prop_assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"), "{text}");
                    }
                }
            }
        }
    }

    #[rstest]
    #[case("sqlite:.tailwater/tailwater.db", "sqlite:.tailwater/tailwater.db")]
    #[case("sqlite:///var/lib/tailwater.db", "sqlite:/var/lib/tailwater.db")]
    #[case("sqlite::memory:", "sqlite::memory:")]
    #[case(" sqlite:a b%20c.db ", "sqlite:a b%20c.db")]
    #[case(
        "postgres://ann:hunter2@db.internal:5433/tailwater",
        "postgres://ann:***@db.internal:5433/tailwater"
    )]
    #[case(
        "postgresql://ann@db/tailwater?password=hunter2&sslmode=require",
        "postgres://ann@db/tailwater"
    )]
    #[case("postgres:///tailwater?host=/run/hunter2", "postgres:///tailwater")]
    fn an_address_is_shown_without_its_password(#[case] text: &str, #[case] shown: &str) {
        let url: StoreUrl = text.parse().unwrap();
        assert_eq!(url.to_string(), shown);
        assert_eq!(
            url.has_password(),
            text.contains("hunter2@") || text.contains("password=")
        );
        assert_eq!(format!("{url:?}"), format!("StoreUrl({shown})"));
    }

    #[rstest]
    #[case("")]
    #[case("tailwater.db")]
    #[case("sqlite:")]
    #[case("sqlite:a.db?mode=ro")]
    #[case("mysql://ann:hunter2@db/tailwater")]
    #[case("postgres://ann:hunter2@db")]
    #[case("postgres://ann:hunter2@db/")]
    #[case("postgres://ann:hunter2@db:port/tailwater")]
    #[case("postgres://ann:1/hunter2@db/tailwater")]
    #[case("postgres://ann:1?hunter2@db/tailwater")]
    #[case("postgres://ann:1#hunter2@db/tailwater")]
    #[case("postgres://ann:hunter2@db/tailwater#x")]
    #[case("postgres://ann@db/tailwater?pasword=hunter2")]
    fn what_is_no_address_is_refused_and_not_repeated(#[case] text: &str) {
        let error = text.parse::<StoreUrl>().unwrap_err();
        assert_eq!(error.code(), "TW-STORE-ADDRESS");
        assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"));
    }
}
