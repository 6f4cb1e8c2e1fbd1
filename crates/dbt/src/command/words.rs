//! The words of a dbt command: what it does, where, and on which nodes.
//!
//! dbt has a command line of its own (click, with options before and after the subcommand, several values
//! after one `--select`), wrappers have others before it. Only what bears on following a run is read; the
//! words themselves are handed on untouched.

use camino::Utf8Path;
use tailwater_core::project::ResourceType;

/// What dbt is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subcommand {
    /// `build`: seeds, models, snapshots and tests.
    Build,
    /// `run`: models.
    Run,
    /// `test`
    Test,
    /// `seed`
    Seed,
    /// `snapshot`
    Snapshot,
    /// `source freshness`
    Freshness,
    /// `retry`: what the last command left undone; what that is only dbt knows.
    Retry,
    /// Something that builds and tests nothing, by its words: `docs generate`.
    Other(String),
}

impl Subcommand {
    /// Its words, as `args.which` of the run results has them.
    pub fn name(&self) -> String {
        match self {
            Self::Build => "build",
            Self::Run => "run",
            Self::Test => "test",
            Self::Seed => "seed",
            Self::Snapshot => "snapshot",
            Self::Freshness => "freshness",
            Self::Retry => "retry",
            Self::Other(words) => words,
        }
        .to_owned()
    }

    /// The kinds of node that it runs. `None` when it cannot be told.
    pub const fn kinds(&self) -> Option<&'static [ResourceType]> {
        match self {
            Self::Build => Some(&[
                ResourceType::Model,
                ResourceType::Seed,
                ResourceType::Snapshot,
                ResourceType::Test,
                ResourceType::UnitTest,
                ResourceType::Function,
            ]),
            Self::Run => Some(&[ResourceType::Model]),
            Self::Test => Some(&[ResourceType::Test, ResourceType::UnitTest]),
            Self::Seed => Some(&[ResourceType::Seed]),
            Self::Snapshot => Some(&[ResourceType::Snapshot]),
            Self::Freshness => Some(&[ResourceType::Source]),
            Self::Retry => None,
            Self::Other(_) => Some(&[]),
        }
    }

    /// The artifacts that it writes, beside the manifest: run results, freshness of sources.
    pub const fn writes_run_results(&self) -> bool {
        matches!(
            self,
            Self::Build | Self::Run | Self::Test | Self::Seed | Self::Snapshot | Self::Retry
        )
    }
}

/// Options of dbt 1.11 that take one value.
const ONE_VALUE: &[&str] = &[
    "--args",
    "--defer-state",
    "--event-time-end",
    "--event-time-start",
    "--host",
    "--indirect-selection",
    "--inline",
    "--limit",
    "--log-file-max-bytes",
    "--log-format",
    "--log-format-file",
    "--log-level",
    "--log-level-file",
    "--log-path",
    "--output",
    "--output-path",
    "--port",
    "--printer-width",
    "--profile",
    "--profiles-dir",
    "--project-dir",
    "--record-timing-info",
    "-r",
    "--sample",
    "--selector",
    "--state",
    "--target",
    "-t",
    "--target-path",
    "--threads",
    "--vars",
    "--warn-error-options",
    "-o",
];

/// Options that take words until the next option.
const MANY_VALUES: &[&str] = &[
    "--exclude",
    "--exclude-resource-type",
    "--exclude-resource-types",
    "--model",
    "--models",
    "-m",
    "--output-keys",
    "--resource-type",
    "--resource-types",
    "--select",
    "-s",
];

/// Options that say which nodes run, and those without which these mean something else; `dbt ls` has them all.
const FOR_LISTING: &[&str] = &[
    "--defer",
    "--defer-state",
    "--exclude",
    "--exclude-resource-type",
    "--exclude-resource-types",
    "--favor-state",
    "--indirect-selection",
    "--model",
    "--models",
    "-m",
    "--no-defer",
    "--no-favor-state",
    "--no-version-check",
    "--profile",
    "--profiles-dir",
    "--project-dir",
    "--resource-type",
    "--resource-types",
    "--select",
    "-s",
    "--selector",
    "--state",
    "--target",
    "-t",
    "--vars",
];

/// Of those, the ones that narrow what runs.
const NARROWS: &[&str] = &[
    "--exclude",
    "--exclude-resource-type",
    "--exclude-resource-types",
    "--model",
    "--models",
    "-m",
    "--resource-type",
    "--resource-types",
    "--select",
    "-s",
    "--selector",
];

/// dbt's arguments, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DbtWords {
    /// What dbt is asked to do; `None` when there is no subcommand.
    pub subcommand: Option<Subcommand>,
    /// Each option with its values, in order; values behind an equals sign are taken apart.
    options: Vec<(String, Vec<String>)>,
    /// The words that are neither options nor their values.
    plain: Vec<String>,
}

impl DbtWords {
    /// Reads dbt's arguments: everything after the word that calls dbt.
    pub fn read(arguments: &[String]) -> Self {
        let mut options = Vec::new();
        let mut plain = Vec::new();
        let mut words = arguments.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            if !is_option(word) {
                plain.push(word.to_owned());
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let mut values: Vec<String> = value.map(str::to_owned).into_iter().collect();
            if value.is_none() && ONE_VALUE.contains(&name) {
                values.extend(words.next().map(str::to_owned));
            }
            if MANY_VALUES.contains(&name) {
                while let Some(value) = words.next_if(|word| !is_option(word)) {
                    values.push(value.to_owned());
                }
            }
            options.push((name.to_owned(), values));
        }
        Self {
            subcommand: subcommand(&plain),
            options,
            plain,
        }
    }

    /// The last value of an option, by which dbt goes too.
    pub fn value(&self, names: &[&str]) -> Option<&str> {
        let mut found = self.options.iter().rev();
        let (_, values) = found.find(|(name, _)| names.contains(&name.as_str()))?;
        values.first().map(String::as_str)
    }

    /// Whether an option is there.
    pub fn has(&self, names: &[&str]) -> bool {
        self.options
            .iter()
            .any(|(name, _)| names.contains(&name.as_str()))
    }

    /// Whether options narrow what runs.
    pub fn is_narrowed(&self) -> bool {
        self.has(NARROWS)
    }

    /// Whether tables are built without their rows, or with a few: `--empty`, `--sample`.
    pub fn builds_less(&self) -> bool {
        self.has(&["--empty", "--sample"])
    }

    /// dbt's project directory, when it is said.
    pub fn project_directory(&self) -> Option<&Utf8Path> {
        self.value(&["--project-dir"]).map(Utf8Path::new)
    }

    /// The arguments of `dbt ls` that lists the same nodes.
    pub fn listing(&self, target_path: &Utf8Path) -> Vec<String> {
        let mut arguments: Vec<String> = ["ls", "--quiet", "--output", "json", "--output-keys", "unique_id"]
            .map(str::to_owned)
            .into();
        arguments.extend(["--target-path".to_owned(), target_path.to_string()]);
        for (name, values) in &self.options {
            if FOR_LISTING.contains(&name.as_str()) {
                arguments.push(name.clone());
                arguments.extend(values.iter().cloned());
            }
        }
        arguments
    }
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

fn subcommand(plain: &[String]) -> Option<Subcommand> {
    let plain: Vec<&str> = plain.iter().map(String::as_str).collect();
    Some(match *plain.as_slice() {
        [] => return None,
        ["build", ..] => Subcommand::Build,
        ["run", ..] => Subcommand::Run,
        ["test", ..] => Subcommand::Test,
        ["seed", ..] => Subcommand::Seed,
        ["snapshot", ..] => Subcommand::Snapshot,
        ["source", "freshness" | "snapshot-freshness", ..] => Subcommand::Freshness,
        ["retry", ..] => Subcommand::Retry,
        [first @ ("source" | "docs"), second, ..] => Subcommand::Other(format!("{first} {second}")),
        [first, ..] => Subcommand::Other(first.to_owned()),
    })
}

/// dbt 1.11's subcommands, by which the word that calls dbt is told from a directory of that name.
const KNOWN: &[&str] = &[
    "build",
    "clean",
    "clone",
    "compile",
    "debug",
    "deps",
    "docs",
    "freshness",
    "init",
    "list",
    "ls",
    "parse",
    "retry",
    "run",
    "run-operation",
    "seed",
    "show",
    "snapshot",
    "source",
    "test",
];

/// Finds the word that calls dbt: `name` itself or a path to it, with one of dbt's subcommands behind it. In
/// `docker run -v .:/dbt image dbt build` that is not the first `dbt`.
pub fn find_dbt(words: &[String], name: &str) -> Option<usize> {
    let calls = |word: &str| {
        let file_name = word.rsplit(['/', '\\']).next().unwrap_or_default();
        word == name || file_name == name || file_name.strip_suffix(".exe") == Some(name)
    };
    let found: Vec<usize> = words
        .iter()
        .enumerate()
        .filter(|(_, word)| calls(word))
        .map(|(index, _)| index)
        .collect();
    let is_followed = |&&index: &&usize| {
        let arguments = words.get(index + 1..).unwrap_or_default();
        first_plain(arguments).is_some_and(|word| KNOWN.contains(&word.as_str()))
    };
    found.iter().find(is_followed).or(found.first()).copied()
}

/// The first word that is neither an option nor the value of one.
fn first_plain(arguments: &[String]) -> Option<String> {
    DbtWords::read(arguments).plain.into_iter().next()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[rstest]
    #[case("build", Some(Subcommand::Build))]
    #[case("--quiet build", Some(Subcommand::Build))]
    #[case("--log-format json --target prod run -x", Some(Subcommand::Run))]
    #[case("--project-dir=run test", Some(Subcommand::Test))]
    #[case("--profiles-dir run test", Some(Subcommand::Test))]
    #[case("source freshness -s source:shop", Some(Subcommand::Freshness))]
    #[case("source snapshot-freshness", Some(Subcommand::Freshness))]
    #[case("docs generate --no-compile", Some(Subcommand::Other("docs generate".to_owned())))]
    #[case("retry", Some(Subcommand::Retry))]
    #[case("--version", None)]
    #[case("", None)]
    fn the_subcommand_is_found_among_options(#[case] text: &str, #[case] expected: Option<Subcommand>) {
        assert_eq!(DbtWords::read(&words(text)).subcommand, expected);
    }

    #[rstest]
    #[case("dbt build", Some(0))]
    #[case("/opt/venv/bin/dbt build", Some(0))]
    #[case("uv run --with dbt-duckdb dbt build", Some(4))]
    #[case("poetry run dbt build", Some(2))]
    #[case("docker run --rm -v .:/dbt image dbt build", Some(6))]
    #[case("dbt.exe build", Some(0))]
    #[case("make all", None)]
    #[case("sh -c dbt-build", None)]
    fn the_word_that_calls_dbt_is_found_behind_wrappers(#[case] text: &str, #[case] expected: Option<usize>) {
        assert_eq!(find_dbt(&words(text), "dbt"), expected);
    }

    #[rstest]
    #[case("build", false)]
    #[case("build --full-refresh --threads 4 --vars {a:1}", false)]
    #[case("build -s a b", true)]
    #[case("build --select=a", true)]
    #[case("build --exclude a", true)]
    #[case("build --resource-type model", true)]
    #[case("build --selector nightly", true)]
    #[case("build --vars --select", false)]
    fn narrowing_options_are_told_from_others(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(DbtWords::read(&words(text)).is_narrowed(), expected);
    }

    #[test]
    fn the_listing_has_what_selects_and_nothing_else() {
        let words = DbtWords::read(&words(
            "--quiet build -x --full-refresh -s a+ tag:b --exclude=c d --threads 8 --target prod --project-dir p --empty",
        ));
        let listing = words.listing(Utf8Path::new("/tmp/t")).join(" ");
        assert_eq!(
            listing,
            "ls --quiet --output json --output-keys unique_id --target-path /tmp/t -s a+ tag:b --exclude c d \
             --target prod --project-dir p"
        );
        assert!(words.builds_less());
        assert_eq!(words.project_directory(), Some(Utf8Path::new("p")));
    }
}
