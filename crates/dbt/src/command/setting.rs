//! One dbt command: words, directory, environment, and where its files go.

use std::collections::BTreeMap;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::{ExposeSecret as _, SecretString};

use super::words::DbtWords;

/// One dbt command, ready to be started.
#[derive(Clone)]
pub struct DbtCommand {
    /// The words that call dbt, the last being dbt itself: `["dbt"]`, `["uv", "run", "dbt"]`.
    pub program: Vec<String>,
    /// dbt's own arguments: `["build", "--select", "tag:nightly"]`.
    pub arguments: Vec<String>,
    /// The working directory.
    pub directory: Utf8PathBuf,
    /// Variables beside those of this process, over which they win. Never shown.
    pub environment: BTreeMap<String, SecretString>,
    /// Variables of this process that dbt does not get, because they are this program's secrets.
    pub withheld: Vec<String>,
    /// Where dbt writes its artifacts, unless its words or environment say; `None` for dbt's own choice.
    pub target_path: Option<Utf8PathBuf>,
    /// The directory where dbt writes its log, unless its words or environment say. It should be of this run
    /// alone: a shared one would grow with JSON.
    pub log_path: Option<Utf8PathBuf>,
}

impl fmt::Debug for DbtCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DbtCommand")
            .field("program", &self.program)
            .field("arguments", &self.arguments)
            .field("directory", &self.directory)
            .field("environment", &self.environment.keys())
            .field("target_path", &self.target_path)
            .field("log_path", &self.log_path)
            .finish_non_exhaustive()
    }
}

/// Where dbt puts something, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory, absolute or from the working directory of this process.
    pub path: Utf8PathBuf,
    /// Whether whoever wrote the command chose it; else this program did, or dbt.
    pub is_chosen: bool,
}

/// Variables that narrow what dbt runs, without an option.
const NARROWING: &[&str] = &["RESOURCE_TYPES", "EXCLUDE_RESOURCE_TYPES"];

impl DbtCommand {
    /// `dbt ARGUMENTS` in a directory, with nothing else said.
    pub fn new(
        directory: impl Into<Utf8PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            program: vec!["dbt".to_owned()],
            arguments: arguments.into_iter().map(Into::into).collect(),
            directory: directory.into(),
            environment: BTreeMap::new(),
            withheld: Vec::new(),
            target_path: None,
            log_path: None,
        }
    }

    /// The arguments, read.
    pub fn words(&self) -> DbtWords {
        DbtWords::read(&self.arguments)
    }

    /// The command as a person would type it, for messages and logs.
    pub fn line(&self) -> String {
        let words = self.program.iter().chain(&self.arguments);
        let quoted: Vec<String> = words
            .map(|word| {
                let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:=+@,%".contains(letter);
                if !word.is_empty() && word.chars().all(is_plain) {
                    word.clone()
                } else {
                    format!("'{}'", word.replace('\'', r"'\''"))
                }
            })
            .collect();
        quoted.join(" ")
    }

    /// Where the artifacts will be.
    pub fn target_directory(&self) -> Place {
        let project = self.project_directory();
        match self.chosen(&["--target-path"], "TARGET_PATH") {
            // dbt takes it from the project's directory.
            Some(path) => Place {
                path: project.join(path),
                is_chosen: true,
            },
            None => Place {
                path: self.target_path.clone().unwrap_or_else(|| project.join("target")),
                is_chosen: false,
            },
        }
    }

    /// The file with the log.
    pub fn log_file(&self) -> Place {
        let (directory, is_chosen) = match self.chosen(&["--log-path"], "LOG_PATH") {
            // dbt takes it from the working directory.
            Some(path) => (self.directory.join(path), true),
            None => (
                self.log_path
                    .clone()
                    .unwrap_or_else(|| self.project_directory().join("logs")),
                false,
            ),
        };
        Place {
            path: directory.join("dbt.log"),
            is_chosen,
        }
    }

    /// The directory with `dbt_project.yml`.
    pub fn project_directory(&self) -> Utf8PathBuf {
        let words = self.words();
        let said = words.project_directory().map(ToOwned::to_owned);
        let said = said.or_else(|| self.variable("PROJECT_DIR").map(Utf8PathBuf::from));
        self.directory.join(said.unwrap_or_default())
    }

    /// Whether options, variables or a default selector narrow what runs.
    pub fn is_narrowed(&self) -> bool {
        self.words().is_narrowed()
            || NARROWING.iter().any(|name| self.variable(name).is_some())
            || has_default_selector(&self.project_directory())
    }

    /// Whether tables are built without their rows, or with a few only.
    pub fn builds_less(&self) -> bool {
        let is_on = |name| {
            self.variable(name).is_some_and(|value| {
                !matches!(
                    value.to_lowercase().as_str(),
                    "" | "0" | "false" | "f" | "no" | "n" | "off"
                )
            })
        };
        self.words().builds_less() || is_on("EMPTY") || is_on("SAMPLE")
    }

    /// What the process gets beside or instead of the variables of this one, in the order of names.
    pub(super) fn variables(&self) -> BTreeMap<&str, String> {
        let mut variables = BTreeMap::new();
        let mut unless_said = |name: &'static str, options: &[&str], value: String| {
            let short = name.trim_start_matches("DBT_");
            if self.chosen(options, short).is_none() {
                variables.insert(name, value);
            }
        };
        unless_said("DBT_SEND_ANONYMOUS_USAGE_STATS", &[], "0".to_owned());
        unless_said("DBT_LOG_FORMAT_FILE", &["--log-format-file"], "json".to_owned());
        unless_said("DBT_LOG_LEVEL_FILE", &["--log-level-file"], "debug".to_owned());
        if let Some(path) = &self.target_path {
            unless_said("DBT_TARGET_PATH", &["--target-path"], path.to_string());
        }
        if let Some(path) = &self.log_path {
            // A log that is put aside when it is long would be missed in the middle.
            unless_said(
                "DBT_LOG_FILE_MAX_BYTES",
                &["--log-file-max-bytes"],
                "0".to_owned(),
            );
            unless_said("DBT_LOG_PATH", &["--log-path"], path.to_string());
        }
        for (name, value) in &self.environment {
            variables.insert(name, value.expose_secret().to_owned());
        }
        variables
    }

    /// What an option or variable says.
    fn chosen(&self, options: &[&str], name: &str) -> Option<String> {
        let words = self.words();
        let said = words.value(options).map(str::to_owned);
        said.or_else(|| self.variable(name))
    }

    /// A variable of dbt's as the process will see it, by its name without `DBT_`. dbt 1.11 reads each under a
    /// second, longer name too.
    fn variable(&self, name: &str) -> Option<String> {
        [format!("DBT_ENGINE_{name}"), format!("DBT_{name}")]
            .into_iter()
            .find_map(|name| match self.environment.get(&name) {
                Some(value) => Some(value.expose_secret().to_owned()),
                None if self.withheld.contains(&name) => None,
                None => std::env::var(&name).ok(),
            })
            .filter(|value| !value.is_empty())
    }
}

/// Whether `selectors.yml` has a selector that counts when no other is given. Read by the word alone: being
/// wrong costs a listing that was not needed.
fn has_default_selector(project: &Utf8Path) -> bool {
    ["selectors.yml", "selectors.yaml"]
        .iter()
        .any(|name| std::fs::read_to_string(project.join(name)).is_ok_and(|text| text.contains("default")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(arguments: &str) -> DbtCommand {
        let mut command = DbtCommand::new("/shop", arguments.split_whitespace());
        command.target_path = Some("/run/target".into());
        command.log_path = Some("/run/logs".into());
        command
    }

    #[test]
    fn what_the_caller_says_wins() {
        let own = command("build");
        assert_eq!(own.target_directory().path, "/run/target");
        assert_eq!(own.log_file().path, "/run/logs/dbt.log");
        let said = command("build --target-path out --log-path=../log --log-format-file text");
        assert_eq!(said.target_directory().path, "/shop/out");
        assert_eq!(said.log_file().path, "/shop/../log/dbt.log");
        let variables = said.variables();
        assert!(!variables.contains_key("DBT_TARGET_PATH"));
        assert!(!variables.contains_key("DBT_LOG_PATH"));
        assert!(!variables.contains_key("DBT_LOG_FORMAT_FILE"));
        let mut by_variable = command("build");
        by_variable
            .environment
            .insert("DBT_ENGINE_TARGET_PATH".to_owned(), "elsewhere".to_owned().into());
        assert_eq!(by_variable.target_directory().path, "/shop/elsewhere");
    }

    #[test]
    fn values_of_variables_are_not_shown() {
        let mut command = command("build");
        command
            .environment
            .insert("PASSWORD".to_owned(), "s3cret".to_owned().into());
        let shown = format!("{command:?}");
        assert!(shown.contains("PASSWORD") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn a_line_can_be_typed_again() {
        let command = DbtCommand::new(".", ["build", "--vars", "{a: 'b'}"]);
        assert_eq!(command.line(), r"dbt build --vars '{a: '\''b'\''}'");
    }

    #[test]
    fn a_default_selector_narrows() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        let command = DbtCommand::new(path, ["build"]);
        assert!(!command.is_narrowed());
        std::fs::write(
            path.join("selectors.yml"),
            "selectors:\n- name: a\n  default: true\n",
        )
        .unwrap();
        assert!(command.is_narrowed());
    }
}
