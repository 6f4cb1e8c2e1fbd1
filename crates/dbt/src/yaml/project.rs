//! `dbt_project.yml`: whose project a directory is, and which directories dbt reads.

use serde::Deserialize;
use serde_json::Value;

use super::read;
use crate::error::Error;

/// What `dbt_project.yml` says, as far as it can be told without rendering Jinja.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// The root package's name.
    pub name: Option<String>,
    /// The directories in which dbt looks for models and their YAML.
    pub model_paths: Vec<String>,
    /// The directory of the installed packages.
    pub packages_path: String,
    /// Whether other packages may refer to its public models alone.
    pub restricts_access: bool,
}

impl Default for ProjectFile {
    /// A project of which nothing is said: everything has dbt's defaults.
    fn default() -> Self {
        Self {
            name: None,
            model_paths: vec!["models".to_owned()],
            packages_path: "dbt_packages".to_owned(),
            restricts_access: false,
        }
    }
}

#[derive(Deserialize)]
struct WireProject {
    #[serde(default)]
    name: Value,
    #[serde(default, rename = "model-paths", alias = "source-paths")]
    model_paths: Value,
    #[serde(default, rename = "packages-install-path")]
    packages_path: Value,
    #[serde(default, rename = "restrict-access")]
    restrict_access: Value,
}

/// Reads a `dbt_project.yml`. `origin` names it in errors.
pub fn read_project_file(text: &str, origin: &str) -> Result<ProjectFile, Error> {
    let wire: WireProject = read(text, origin)?;
    let is_literal = |text: &&str| !text.contains("{{");
    let default = ProjectFile::default();
    let paths = wire.model_paths.as_array().map(Vec::as_slice).unwrap_or_default();
    let model_paths: Vec<String> = paths
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Ok(ProjectFile {
        name: wire.name.as_str().filter(is_literal).map(str::to_owned),
        model_paths: if model_paths.is_empty() {
            default.model_paths
        } else {
            model_paths
        },
        packages_path: wire
            .packages_path
            .as_str()
            .filter(is_literal)
            .map_or(default.packages_path, str::to_owned),
        restricts_access: wire.restrict_access == Value::Bool(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_paths_are_read() {
        let text = "name: shop\nmodel-paths: ['models', \"marts\"]\nvars:\n  a: \"{{ x }}\"\nrestrict-access: true\n";
        let file = read_project_file(text, "dbt_project.yml").unwrap();
        assert_eq!(file.name.as_deref(), Some("shop"));
        assert_eq!(file.model_paths, ["models", "marts"]);
        assert!(file.restricts_access);
    }

    #[test]
    fn what_is_not_said_or_rendered_is_not_known() {
        let file = read_project_file("name: \"{{ env_var('N') }}\"\n", "dbt_project.yml").unwrap();
        assert_eq!(file, ProjectFile::default());
        assert!(read_project_file("name: [", "dbt_project.yml").is_err());
    }
}
