//! What can go wrong with the store, in the reader's words.

use camino::Utf8PathBuf;
use tailwater_core::diagnostic::Diagnostic;
use tailwater_core::id::{AssetId, IntegrationName, ProjectName};

/// The result of everything that the store does.
pub type Result<T> = std::result::Result<T, Error>;

/// What failed, on what, and why. No variant holds a password or a secret: `location` is always the
/// address as [`crate::StoreUrl`] displays it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the store cannot be read.
    #[error("the store's address is not usable: {reason}")]
    Address {
        /// Why; never the address itself, which may hold a password in an unexpected place.
        reason: String,
    },
    /// The directory of the database file cannot be made or used.
    #[error("cannot use `{path}` for the store")]
    Directory {
        /// The directory or file.
        path: Utf8PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The server does not answer.
    #[error("cannot reach the store at {location}")]
    Unreachable {
        /// The store.
        location: String,
        /// What the system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refuses user or password.
    #[error("the store at {location} refuses the sign-in")]
    SignIn {
        /// The store.
        location: String,
        /// What the server says.
        source: sqlx::Error,
    },
    /// The server has no database of this name.
    #[error("there is no such database: {location}")]
    NoDatabase {
        /// The store.
        location: String,
        /// What the server says.
        source: sqlx::Error,
    },
    /// The database exists, but not for writing, or not for this user.
    #[error("cannot {action}: not permitted in the store {location}")]
    NotPermitted {
        /// What was tried.
        action: &'static str,
        /// The store.
        location: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// A file that is no database, or the database of another program.
    #[error("{location} is not a store of Tailwater: {reason}")]
    NotAStore {
        /// The store.
        location: String,
        /// What it is instead.
        reason: String,
    },
    /// The database keeps text in an encoding that cannot hold every name.
    #[error("the database {location} is encoded in {encoding}, and the store needs UTF8")]
    Encoding {
        /// The store.
        location: String,
        /// The database's encoding.
        encoding: String,
    },
    /// A newer Tailwater has written it.
    #[error("the store {location} has schema version {found}, and this Tailwater knows up to {known}")]
    Newer {
        /// The store.
        location: String,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// An older Tailwater has written it, and it is not to be brought up to date unasked.
    #[error("the store {location} has schema version {found}, and this Tailwater works with {known}")]
    Older {
        /// The store.
        location: String,
        /// Its version.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// There is no store where one must be.
    #[error("there is no store at {location}")]
    Missing {
        /// The address.
        location: String,
    },
    /// Something is where a copy is to go.
    #[error("the store {location} is not empty: it has {rows} rows")]
    NotEmpty {
        /// The store.
        location: String,
        /// How many rows it has, of all tables.
        rows: u64,
    },
    /// A store is to be copied into itself.
    #[error("{location} is both the store to copy and the one to copy it into")]
    SameStore {
        /// The store.
        location: String,
    },
    /// What was copied reads back otherwise.
    #[error("table `{table}` reads back otherwise from {location} than it was written")]
    CopyDiffers {
        /// The table.
        table: String,
        /// The target.
        location: String,
    },
    /// The disk fails, or does not take any more for another reason than being full.
    #[error("cannot {action}: the disk of the store {location} fails")]
    Disk {
        /// What was tried.
        action: &'static str,
        /// The store.
        location: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// The schema could not be brought up to date; nothing was changed.
    #[error("cannot bring the store {location} up to date")]
    Migration {
        /// The store.
        location: String,
        /// What the database says.
        source: Box<sqlx::migrate::MigrateError>,
    },
    /// Somebody else has been writing for too long.
    #[error("cannot {action}: the store {location} is busy")]
    Busy {
        /// What was tried.
        action: &'static str,
        /// The store.
        location: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// No room is left.
    #[error("cannot {action}: the disk of the store {location} is full")]
    Full {
        /// What was tried.
        action: &'static str,
        /// The store.
        location: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// What is stored cannot be read back.
    #[error("cannot {action}: the store {location} is damaged")]
    Damaged {
        /// What was tried.
        action: &'static str,
        /// The store.
        location: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else that the database says.
    #[error("cannot {action} in the store {location}")]
    Failed {
        /// What was tried.
        action: &'static str,
        /// The store.
        location: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// A value has no JSON form.
    #[error("cannot {action}: the value cannot be written as JSON")]
    Unwritable {
        /// What was tried.
        action: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// A name that cannot be a key.
    #[error("`{name}` cannot be the name of {of}: {reason}")]
    BadName {
        /// The name, shortened.
        name: String,
        /// What was to be named.
        of: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// No integration has this name.
    #[error("there is no integration `{name}` in the store")]
    UnknownIntegration {
        /// The name.
        name: IntegrationName,
    },
    /// The integration is declared in the configuration file and cannot be changed here.
    #[error("the integration `{name}` is declared in `tailwater.toml`")]
    FromFile {
        /// The name.
        name: IntegrationName,
    },
    /// What is to land contradicts itself.
    #[error("the sync of `{integration}` cannot land: {reason}")]
    Landing {
        /// The integration.
        integration: IntegrationName,
        /// The contradiction.
        reason: String,
    },
    /// What was read anew has been overtaken by a sync.
    #[error("another sync of `{integration}` landed meanwhile")]
    Overtaken {
        /// The integration.
        integration: IntegrationName,
    },
    /// Another asset has taken an exposure's name since names were given out.
    #[error("the exposure name `{name}` of project `{project}` for asset `{asset}` is already taken")]
    NameTaken {
        /// The project.
        project: ProjectName,
        /// The name.
        name: String,
        /// The asset that wanted it.
        asset: AssetId,
    },
    /// A user or token of this name exists.
    #[error("a {what} `{name}` already exists")]
    AccountExists {
        /// `user` or `token`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// No user has this name.
    #[error("there is no user `{name}`")]
    UnknownUser {
        /// The name.
        name: String,
    },
    /// Without this user nobody could manage users.
    #[error("`{name}` is the last admin who can sign in")]
    LastAdmin {
        /// The name.
        name: String,
    },
    /// A one-time link was used, replaced, or has expired.
    #[error("this link is no longer good")]
    LinkGone,
    /// The first admin is made only where there is no user.
    #[error("there are users already, so that the first one cannot be made any more")]
    NotFirst,
    /// The value of a setting does not open.
    #[error("the stored setting `{name}` {reason}")]
    SettingSealed {
        /// The setting.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// Somebody else holds the lease now.
    #[error("the lease on `{key}` was lost to somebody else")]
    LeaseLost {
        /// What the lease was on.
        key: String,
    },
    /// The key file cannot be read or made.
    #[error("cannot use the key file `{path}`")]
    KeyFile {
        /// The file.
        path: Utf8PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no key file where one is needed.
    #[error("there is no key file `{path}`")]
    KeyMissing {
        /// The file.
        path: Utf8PathBuf,
    },
    /// A sealed value does not open, so that it cannot be sealed with another key.
    #[error("{subject} {reason}")]
    Unopened {
        /// What it is, such as "the secret of integration `main`".
        subject: String,
        /// Why it does not open.
        reason: &'static str,
        /// What mends it.
        remedy: String,
    },
    /// The key was changed since the process read it: what it sealed now would not open.
    #[error("the sealing key was changed since it was read here")]
    KeyChanged,
    /// Others than the owner can read or change the key file.
    #[error("the key file `{path}` is open to others (mode {mode:03o})")]
    KeyFileOpen {
        /// The file.
        path: Utf8PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The text is not a key.
    #[error("{place} holds no sealing key: {reason}")]
    KeyText {
        /// Where the text came from.
        place: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The system has no randomness to give.
    #[error("the system gives no random numbers")]
    Randomness {
        /// What the system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The secret was sealed with another key.
    #[error("the secret of integration `{integration}` was sealed with another key")]
    WrongKey {
        /// The integration.
        integration: IntegrationName,
    },
    /// The sealed secret is not what was stored under this name.
    #[error("the stored secret of integration `{integration}` is damaged or belongs to another integration")]
    SecretDamaged {
        /// The integration.
        integration: IntegrationName,
    },
}

impl Diagnostic for Error {
    fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "TW-STORE-ADDRESS",
            Self::Directory { .. } => "TW-STORE-DIRECTORY",
            Self::Unreachable { .. } => "TW-STORE-UNREACHABLE",
            Self::SignIn { .. } => "TW-STORE-SIGN-IN",
            Self::NoDatabase { .. } => "TW-STORE-NO-DATABASE",
            Self::NotPermitted { .. } => "TW-STORE-NOT-PERMITTED",
            Self::NotAStore { .. } => "TW-STORE-NOT-A-STORE",
            Self::Encoding { .. } => "TW-STORE-ENCODING",
            Self::Newer { .. } => "TW-STORE-NEWER",
            Self::Older { .. } => "TW-STORE-OLDER",
            Self::Missing { .. } => "TW-STORE-MISSING",
            Self::NotEmpty { .. } => "TW-STORE-NOT-EMPTY",
            Self::SameStore { .. } => "TW-STORE-SAME",
            Self::CopyDiffers { .. } => "TW-STORE-COPY-DIFFERS",
            Self::Disk { .. } => "TW-STORE-DISK",
            Self::Migration { .. } => "TW-STORE-MIGRATION",
            Self::Busy { .. } => "TW-STORE-BUSY",
            Self::Full { .. } => "TW-STORE-FULL",
            Self::Damaged { .. } => "TW-STORE-DAMAGED",
            Self::Failed { .. } => "TW-STORE-FAILED",
            Self::Unwritable { .. } => "TW-STORE-UNWRITABLE",
            Self::BadName { .. } => "TW-STORE-BAD-NAME",
            Self::UnknownIntegration { .. } => "TW-STORE-UNKNOWN-INTEGRATION",
            Self::FromFile { .. } => "TW-STORE-FROM-FILE",
            Self::Landing { .. } => "TW-STORE-LANDING",
            Self::Overtaken { .. } => "TW-STORE-OVERTAKEN",
            Self::NameTaken { .. } => "TW-STORE-NAME-TAKEN",
            Self::AccountExists { .. } => "TW-ACCOUNT-EXISTS",
            Self::UnknownUser { .. } => "TW-ACCOUNT-UNKNOWN",
            Self::LastAdmin { .. } => "TW-ACCOUNT-LAST-ADMIN",
            Self::LinkGone => "TW-ACCOUNT-LINK",
            Self::NotFirst => "TW-ACCOUNT-NOT-FIRST",
            Self::SettingSealed { .. } => "TW-KEY-SETTING",
            Self::LeaseLost { .. } => "TW-STORE-LEASE-LOST",
            Self::KeyFile { .. } => "TW-KEY-FILE",
            Self::KeyMissing { .. } => "TW-KEY-MISSING",
            Self::Unopened { .. } => "TW-KEY-UNOPENED",
            Self::KeyChanged => "TW-KEY-CHANGED",
            Self::KeyFileOpen { .. } => "TW-KEY-OPEN-TO-OTHERS",
            Self::KeyText { .. } => "TW-KEY-TEXT",
            Self::Randomness { .. } => "TW-KEY-RANDOMNESS",
            Self::WrongKey { .. } => "TW-KEY-WRONG",
            Self::SecretDamaged { .. } => "TW-KEY-SECRET-DAMAGED",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Address { .. } => {
                "write `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; in a password write \
                 `@` as `%40`, `:` as `%3A`, `/` as `%2F`, `?` as `%3F`, `#` as `%23` and `%` as `%25`"
            }
            Self::Directory { path, .. } => {
                return Some(format!(
                    "check that `{path}` may be written by this user, or set another `url` under `[store]`"
                ));
            }
            Self::Unreachable { .. } => {
                "check host and port, that PostgreSQL runs and listens there, and that no firewall is between"
            }
            Self::SignIn { .. } => {
                "check user and password in the store's address, and the server's `pg_hba.conf`"
            }
            Self::NoDatabase { .. } => {
                "make it with `createdb --encoding=UTF8 --template=template0 NAME`, or correct the address"
            }
            Self::NotPermitted { location, .. } if location.starts_with("sqlite") => {
                "the file and its directory must be writable by this user: SQLite keeps its log beside the file"
            }
            Self::NotPermitted { .. } => {
                "give the database user the right to create and change tables: make it the owner of the \
                 database, or `grant create, usage on schema public to USER`"
            }
            Self::NotAStore { .. } => "set `url` under `[store]` to a file or database of Tailwater's own",
            Self::Encoding { .. } => {
                "make another one with `createdb --encoding=UTF8 --template=template0 NAME`"
            }
            Self::Newer { .. } => "use the Tailwater that wrote it, or a newer one; nothing was changed",
            Self::Older { .. } => "bring it up to date first: `tailwater store migrate`",
            Self::Missing { .. } => "correct the address; `tailwater store migrate` makes a new store",
            Self::NotEmpty { .. } => "choose an empty one, or add `--replace` to remove what is there",
            Self::SameStore { .. } => "name another one with `--to`",
            Self::CopyDiffers { .. } => {
                "nothing was changed; check the target's database and disk, then try again"
            }
            Self::Disk { .. } => {
                "nothing was changed; check the disk (`dmesg`), quotas and limits of file sizes (`ulimit -f`), \
                 then try again"
            }
            Self::Migration { .. } => {
                "nothing was changed; if the database holds tables of another program, give Tailwater a \
                 database of its own"
            }
            Self::Busy { .. } => "another Tailwater is writing; wait for it to end, then try again",
            Self::Full { .. } => "make room, then try again; nothing was changed",
            Self::Damaged { .. } => {
                "put back a backup, or move the store away and sync again; projects and integrations that \
                 were added by command must then be added again"
            }
            Self::Failed { .. }
            | Self::Unwritable { .. }
            | Self::Landing { .. }
            | Self::Randomness { .. } => return None,
            Self::BadName { .. } => "choose a short name, such as `main`",
            Self::UnknownIntegration { .. } => "`tailwater integration list` shows those that there are",
            Self::FromFile { .. } => "change it there",
            Self::Overtaken { .. } => "try again: it starts at what that sync left",
            Self::NameTaken { .. } => "sync again: names are then given out anew",
            Self::AccountExists { .. } => "choose another name; names that differ only in case are the same",
            Self::UnknownUser { .. } => "`tailwater user list` shows those that there are",
            Self::LastAdmin { .. } => "make somebody else an admin first",
            Self::LinkGone => "ask an admin for a new one; a link is good once and for a limited time",
            Self::NotFirst => {
                "sign in, or have an admin make a link: `tailwater user link NAME` sets a password anew"
            }
            Self::SettingSealed { .. } => {
                "give the key file or environment variable that was in use when it was stored"
            }
            Self::LeaseLost { .. } => {
                "this process was stopped for so long that its lease ran out; try again"
            }
            Self::KeyFile { .. } => {
                "check that the file and its directory belong to this user, or give the key by environment"
            }
            Self::KeyMissing { .. } => {
                "put back the key that was in use, or set `key_file` under `[security]` to where it is"
            }
            Self::Unopened { remedy, .. } => return Some(format!("{remedy}; nothing was changed")),
            Self::KeyChanged => {
                "nothing was stored. Try again: the key file is read anew each time. Where the file is a copy, or the key is \
                 in `TAILWATER_KEY`, give this process the new key first"
            }
            Self::KeyFileOpen { path, .. } => return Some(format!("run `chmod 600 {path}`")),
            Self::KeyText { .. } => {
                "a key is 32 bytes in base64, as `head -c 32 /dev/urandom | base64` makes; the store's secrets \
                 open only with the key that sealed them"
            }
            Self::WrongKey { .. } => {
                "give the key file or environment variable that was in use when the secret was stored, or \
                 add the integration's secret again"
            }
            Self::SecretDamaged { .. } => "add the integration's secret again",
        };
        Some(hint.to_owned())
    }
}

/// Sorts what sqlx says about a running statement or a connection.
pub(crate) fn from_sqlx(action: &'static str, location: &str, error: sqlx::Error) -> Error {
    let location = location.to_owned();
    let code = match &error {
        sqlx::Error::Database(database) => database.code().map(std::borrow::Cow::into_owned),
        _ => None,
    };
    let code = code.as_deref();
    if let Some(code) = code.filter(|_| location.starts_with("sqlite")) {
        return from_sqlite(action, location, code, error);
    }
    // PostgreSQL's codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
    match (&error, code) {
        (_, Some("28000" | "28P01")) => Error::SignIn {
            location,
            source: error,
        },
        (_, Some("3D000")) => Error::NoDatabase {
            location,
            source: error,
        },
        (_, Some("42501" | "25006")) => Error::NotPermitted {
            action,
            location,
            source: error,
        },
        (_, Some("53100")) => Error::Full {
            action,
            location,
            source: error,
        },
        (_, Some("58030")) => Error::Disk {
            action,
            location,
            source: error,
        },
        (_, Some("40001" | "40P01" | "53300" | "55P03" | "57014")) | (sqlx::Error::PoolTimedOut, _) => {
            Error::Busy {
                action,
                location,
                source: error,
            }
        }
        (_, Some("57P01" | "57P02" | "57P03")) | (sqlx::Error::Io(_) | sqlx::Error::Tls(_), _) => {
            Error::Unreachable {
                location,
                source: error.into(),
            }
        }
        (_, Some("XX001" | "XX002")) | (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_), _) => {
            Error::Damaged {
                action,
                location,
                source: error.into(),
            }
        }
        _ => Error::Failed {
            action,
            location,
            source: error,
        },
    }
}

/// Sorts SQLite's result codes (<https://www.sqlite.org/rescode.html>); the low byte is the primary one.
fn from_sqlite(action: &'static str, location: String, code: &str, error: sqlx::Error) -> Error {
    const BUSY: i64 = 5;
    const LOCKED: i64 = 6;
    const READ_ONLY: i64 = 8;
    const IO: i64 = 10;
    const CORRUPT: i64 = 11;
    const FULL: i64 = 13;
    const CANNOT_OPEN: i64 = 14;
    const NOT_A_DATABASE: i64 = 26;
    match code.parse::<i64>().map(|code| code & 0xff) {
        Ok(BUSY | LOCKED) => Error::Busy {
            action,
            location,
            source: error,
        },
        Ok(READ_ONLY | CANNOT_OPEN) => Error::NotPermitted {
            action,
            location,
            source: error,
        },
        Ok(FULL) => Error::Full {
            action,
            location,
            source: error,
        },
        Ok(IO) => Error::Disk {
            action,
            location,
            source: error,
        },
        Ok(CORRUPT) => Error::Damaged {
            action,
            location,
            source: error.into(),
        },
        Ok(NOT_A_DATABASE) => Error::NotAStore {
            location,
            reason: "it is no SQLite database".to_owned(),
        },
        _ => Error::Failed {
            action,
            location,
            source: error,
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_is_unique_and_documented() {
        let documentation = include_str!("../../../docs/store.md");
        let codes: Vec<&str> = include_str!("error.rs")
            .lines()
            .filter_map(|line| line.split_once("=> \"TW-")?.1.split_once('"'))
            .map(|(code, _)| code)
            .collect();
        assert!(codes.len() > 20);
        for (at, code) in codes.iter().enumerate() {
            assert!(!codes[..at].contains(code), "TW-{code} twice");
            assert!(documentation.contains(&format!("| `TW-{code}` |")), "TW-{code}");
        }
    }
}
