//! The configuration: `tailwater.toml`, and over it the environment.
//!
//! ```text
//! --config, TAILWATER_CONFIG, or tailwater.toml here or above ─▶ checked by itself, with positions
//!                                                                      │
//!                          TAILWATER_STORE__URL and the like ─▶ laid over it ─▶ Settings
//! ```
//!
//! A key that nobody knows is refused, in the file and in the environment, and the nearest known one is
//! named: a misspelt key that is silently ignored costs an afternoon. Messages give the position but never
//! quote the line, since it may hold a database password.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use figment::Figment;
use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::Value;
use secrecy::SecretString;
use tailwater_core::clock::SystemClock;
use tailwater_engine::Workspace;
use tailwater_engine::settings::Settings;
use tailwater_engine::workspace::{Options, store_url};

use crate::environment::{self, PREFIX, SEPARATOR};
use crate::error::Error;
use crate::logging::milliseconds_since;

/// The file's name where it is looked for.
pub const FILE_NAME: &str = "tailwater.toml";

/// The sections that the environment can speak of.
const SECTIONS: [&str; 14] = [
    "store",
    "security",
    "sync",
    "serve",
    "project",
    "integration",
    "artifacts",
    "runs",
    "job",
    "refresh",
    "history",
    "signals",
    "channel",
    "http",
];

/// The configuration and where it came from.
#[derive(Debug)]
pub struct Configuration {
    /// The file; `None` where there is none, which is as good as an empty one.
    pub file: Option<Utf8PathBuf>,
    /// The directory at which relative paths of the settings start: the file's, else the working directory.
    pub root: Utf8PathBuf,
    /// What file and environment say.
    pub settings: Settings,
}

/// Finds the file, reads it, and lays the environment over it.
pub fn load(given: Option<&Utf8Path>) -> Result<Configuration, Error> {
    let file = match given {
        Some(path) => Some(path.to_owned()),
        None if Utf8Path::new(FILE_NAME).is_file() => Some(FILE_NAME.into()),
        None => found_above()?,
    };
    let text = match &file {
        Some(path) => std::fs::read_to_string(path).map_err(|source| unreadable(path, source))?,
        None => String::new(),
    };
    let shown = file.as_deref().unwrap_or(Utf8Path::new(FILE_NAME));
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = lay_over(&text, shown, environment)?;
    // Empty is the working directory, so that what lies in it is shown by its short name.
    let root = file
        .as_deref()
        .and_then(Utf8Path::parent)
        .unwrap_or(Utf8Path::new(""));
    let root = root.to_owned();
    if let Some(path) = &file {
        tracing::info!(file = %path, "configuration read");
    } else {
        tracing::info!("no configuration file: everything has its default");
    }
    Ok(Configuration { file, root, settings })
}

impl Configuration {
    /// What opening the workspace needs.
    pub fn options(self) -> Options {
        Options {
            root: self.root,
            settings: self.settings,
            key: environment::text(environment::KEY).map(SecretString::from),
            clock: Arc::new(SystemClock),
        }
    }

    /// Opens the workspace that the configuration describes.
    pub async fn open(self) -> Result<Workspace, Error> {
        let store = store_url(&self.settings, &self.root)?;
        let options = self.options();
        let began = Instant::now();
        let workspace = Workspace::open(options).await?;
        tracing::info!(
            store = %store,
            duration_ms = milliseconds_since(began),
            "store opened"
        );
        Ok(workspace)
    }
}

/// The nearest file in the directories above the working directory.
fn found_above() -> Result<Option<Utf8PathBuf>, Error> {
    let here = std::env::current_dir().map_err(|source| Error::WorkingDirectory { source })?;
    let here = Utf8PathBuf::from_path_buf(here).map_err(|path| Error::WorkingDirectory {
        source: std::io::Error::new(
            ErrorKind::InvalidData,
            format!("its path is not Unicode: {}", path.display()),
        ),
    })?;
    let mut candidates = here
        .ancestors()
        .skip(1)
        .map(|directory| directory.join(FILE_NAME));
    Ok(candidates.find(|path| path.is_file()))
}

fn unreadable(path: &Utf8Path, source: std::io::Error) -> Error {
    let path = path.to_owned();
    if source.kind() == ErrorKind::NotFound {
        Error::ConfigMissing { path }
    } else {
        Error::ConfigUnreadable { path, source }
    }
}

/// Reads the file's text and lays the variables over it that stand for settings.
fn lay_over(
    text: &str,
    path: &Utf8Path,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Settings, Error> {
    let from_file: Settings = toml::from_str(text).map_err(|error| invalid(text, path, &error))?;
    let table: toml::Table = toml::from_str(text).map_err(|error| invalid(text, path, &error))?;
    let mut figment = Figment::from(Serialized::defaults(table));
    for (name, value) in environment {
        if let Some(setting) = setting(&name, &from_file)? {
            // Figment's reader takes anything that is no number, truth value, list or table for text.
            let value: Value = value.parse().unwrap_or_else(|never| match never {});
            figment = figment.merge((setting, value));
        }
    }
    let settings: Settings = figment.extract().map_err(|error| refused(&error))?;
    // Whichever command comes, it shall not be told only by the one that signs in.
    for integration in &settings.integrations {
        integration.sign_in()?;
    }
    Ok(settings)
}

/// The setting that a variable stands for, such as `store.url`; `None` for other variables.
///
/// Only names with a section count: cluster software makes variables like `TAILWATER_PORT` by itself.
fn setting(name: &str, from_file: &Settings) -> Result<Option<String>, Error> {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    let is_secret = from_file
        .integrations
        .iter()
        .any(|integration| integration.secret_variable() == Some(name));
    if is_secret {
        return Ok(None);
    }
    let setting = rest.to_ascii_lowercase().replace(SEPARATOR, ".");
    let (section, has_key) = setting
        .split_once('.')
        .map_or((setting.as_str(), false), |(section, _)| (section, true));
    match (SECTIONS.contains(&section), has_key) {
        (true, _) => Ok(Some(setting)),
        (false, false) => Ok(None),
        (false, true) => Err(Error::ConfigVariable {
            variable: name.to_owned(),
            problem: format!("there is no section `{section}`"),
            hint: did_you_mean(section, &SECTIONS),
        }),
    }
}

/// What is wrong in the file, with its position.
fn invalid(text: &str, path: &Utf8Path, error: &toml::de::Error) -> Error {
    let before = &text[..error
        .span()
        .map_or(0, |span| text.floor_char_boundary(span.start))];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let (problem, hint) = match unknown_field(error.message()) {
        Some((key, known)) => (unknown_key(key), did_you_mean(key, &known)),
        None => (
            without_value(error.message()),
            "docs/configuration.md explains every key; `tailwater init` writes a file to begin with"
                .to_owned(),
        ),
    };
    Error::ConfigInvalid {
        path: path.to_owned(),
        line,
        column,
        problem,
        hint,
    }
}

/// What is wrong with a variable. The file was fine by itself, so it is one.
fn refused(error: &figment::Error) -> Error {
    let path: Vec<String> = error.path.iter().map(|part| part.to_ascii_uppercase()).collect();
    let variable = format!("{PREFIX}{}", path.join(SEPARATOR));
    let (problem, hint) = match &error.kind {
        Kind::UnknownField(key, known) => (unknown_key(key), did_you_mean(key, known)),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => (
            format!("it must be {}", in_toml(expected)),
            "correct its value, or unset it".to_owned(),
        ),
        other => (
            without_value(&other.to_string()),
            "correct its value, or unset it".to_owned(),
        ),
    };
    Error::ConfigVariable {
        variable,
        problem,
        hint,
    }
}

fn unknown_key(key: &str) -> String {
    format!("there is no key `{}`", beginning(key, 100))
}

/// As much of a text as a message repeats, in characters.
fn beginning(text: &str, longest: usize) -> &str {
    text.char_indices()
        .nth(longest)
        .map_or(text, |(end, _)| &text[..end])
}

/// The key and the known keys of serde's message "unknown field `a`, expected one of `b`, `c`".
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let quoted = message.strip_prefix("unknown field `")?;
    let (key, rest) = quoted.split_once("`, expected ")?;
    let known = rest.split('`').skip(1).step_by(2).collect();
    Some((key, known))
}

/// Serde's message without the value that it quotes, which may be a secret in a wrong place.
fn without_value(message: &str) -> String {
    let quotes_value = message.starts_with("invalid type: ") || message.starts_with("invalid value: ");
    match message.rsplit_once(", expected ") {
        Some((_, expected)) if quotes_value => format!("here must be {}", in_toml(expected)),
        // Lists of what is known are long.
        _ => beginning(message.trim(), 1_000).replace('\n', ", "),
    }
}

/// What serde expects, in the words of TOML.
fn in_toml(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a section",
        other => other,
    }
}

fn did_you_mean(key: &str, known: &[&str]) -> String {
    const LIKE_ENOUGH: f64 = 0.7;
    let nearest = known
        .iter()
        .map(|name| (strsim::jaro_winkler(&key.to_ascii_lowercase(), name), *name))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .max_by(|left, right| left.0.total_cmp(&right.0));
    match nearest {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tailwater_core::diagnostic::Diagnostic;

    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Settings, Error> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        lay_over(text, Utf8Path::new("tailwater.toml"), variables)
    }

    #[test]
    fn the_examples_of_the_guide_are_valid() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
        let page = std::fs::read_to_string(page).unwrap();
        let examples: Vec<&str> = page
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("```")?.0))
            .collect();
        assert!(!examples.is_empty());
        for example in examples {
            let settings = read(example, &[]).unwrap();
            assert_eq!(settings.integrations[0].mapping.len(), 1);
        }
    }

    /// The first example of the guide with a password in it, broken at every place in several ways.
    #[test]
    fn a_damaged_file_is_refused_and_its_values_are_not_repeated() {
        const PASSWORD: &str = "hunter2";
        const PIECES: [&str; 10] = ["\"", "'", "[", "]", "=", "\n", "\\", "{", "\u{0}", "\u{1b}[31m"];
        let text = format!(
            "[store]\nurl = \"postgres://ann:{PASSWORD}@db/tailwater\" # why\n\n[sync]\nat = \"05:30\"\n\n[[project]]\n\
             name = 'shop'\ntarget_dir = \"../dbt/target\"\n\n[[integration]]\nname = \"main\"\nserver = \"https://bi\"\n\
             site = \"\"\ntoken_name = \"t\"\ntoken_secret_env = \"{PASSWORD}\"\ncollections = [\"**\"]\n"
        );
        let mut refused = 0;
        let mut check = |text: &str| {
            let Err(error) = read(text, &[]) else { return };
            let told = format!("{error} {:?}", error.hint());
            assert!(!told.contains(PASSWORD), "{told} of {text:?}");
            assert!(told.len() < 2_000, "{told}");
            refused += 1;
        };
        for at in 0..=text.len() {
            check(&text[..at]);
            for piece in PIECES {
                check(&format!("{}{piece}{}", &text[..at], &text[at..]));
            }
        }
        check(&format!("a = {}", "[".repeat(100_000)));
        check(&format!("[{}]", "a.".repeat(100_000)));
        check(&format!("{} = 1", "k".repeat(100_000)));
        assert!(refused > 1_000, "{refused}");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let settings = read(
            "[store]\nurl = 'sqlite:a.db'\n[security]\nkey_file = 'k'",
            &[("TAILWATER_STORE__URL", "postgres://u:p@h/d")],
        )
        .unwrap();
        assert_eq!(settings.store.url, "postgres://u:p@h/d");
        assert_eq!(settings.security.key_file, "k");
    }

    #[test]
    fn lists_can_come_from_the_environment_too() {
        let settings = read(
            "",
            &[(
                "TAILWATER_PROJECT",
                r#"[{name="shop",manifest="target/manifest.json"}]"#,
            )],
        )
        .unwrap();
        assert_eq!(settings.projects[0].name.as_str(), "shop");
    }

    #[test]
    fn variables_that_others_make_are_left_alone() {
        let variables = [
            ("TAILWATER_PORT", "tcp://10.0.0.1:80"),
            ("TAILWATER_SERVICE_HOST", "10.0.0.1"),
            ("TAILWATER_KEY", "…"),
            ("OTHER__THING", "x"),
        ];
        assert_eq!(read("", &variables).unwrap(), Settings::default());
    }

    #[test]
    fn a_variable_that_holds_a_secret_is_no_setting() {
        let text = "[[integration]]\nname = 'm'\nserver = 's'\ntoken_name = 't'\ntoken_secret_env = 'TAILWATER_A__B'";
        assert!(read(text, &[("TAILWATER_A__B", "s3cret")]).is_ok());
    }

    #[rstest]
    #[case(
        "[store]\nurI = 'x'",
        "line 2, column 1: there is no key `urI`",
        "did you mean `url`?"
    )]
    #[case("[stor]", "line 1, column 2: there is no key `stor`", "did you mean `store`?")]
    #[case(
        "\n\n[[integration]]\nname = 'a'\ntoken_name = 'b'",
        "line 3, column 1",
        "server"
    )]
    #[case("[store]\nurl = ", "line 2, column", "")]
    #[case("[[project]]\nname = 'a'\nmanifest = 7", "here must be", "")]
    #[case("store = 'x'", "line 1, column 9: here must be a section", "")]
    #[case("[project]\nname = 'a'", "here must be a list", "")]
    fn what_is_wrong_in_the_file_is_said_with_its_position(
        #[case] text: &str,
        #[case] wanted: &str,
        #[case] hint: &str,
    ) {
        let error = read(text, &[]).unwrap_err();
        let shown = format!("{error} {}", error.hint().unwrap());
        assert!(shown.contains(wanted) && shown.contains(hint), "{shown}");
    }

    #[rstest]
    #[case("TAILWATER_STORE__URI", "x", "there is no key `uri`")]
    #[case("TAILWATER_STROE__URL", "x", "there is no section `stroe`")]
    #[case("TAILWATER_STORE__URL", "5", "it must be a string")]
    fn what_is_wrong_in_the_environment_names_the_variable(
        #[case] variable: &str,
        #[case] value: &str,
        #[case] wanted: &str,
    ) {
        let shown = read("", &[(variable, value)]).unwrap_err().to_string();
        assert!(
            shown.contains(wanted) && shown.contains("TAILWATER_ST"),
            "{shown}"
        );
    }

    #[rstest]
    #[case("store = 'postgres://u:hunter2@h/d'")]
    #[case("[store]\nuri = 'postgres://u:hunter2@h/d'")]
    #[case("[[integration]]\nname = 'a'\ntoken_secret = 'hunter2'")]
    #[case("[store]\nurl = 'postgres://u:hunter2@h/d")]
    fn a_secret_in_a_wrong_place_is_not_repeated(#[case] text: &str) {
        let error = read(text, &[]).unwrap_err();
        let shown = format!("{error:?} {error} {}", error.hint().unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
