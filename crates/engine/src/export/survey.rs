//! What is there before an export: the YAML files of the directory and of the dbt project around it.
//!
//! The manifest alone does not do. It is as old as the last `dbt parse`, and what people wrote since must not be
//! declared twice: dbt would not parse the project any more, and no newer manifest would ever come.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_core::exposure_yaml::FileHead;
use tailwater_core::id::AssetId;
use tailwater_dbt::yaml::{DeclaredExposure, ProjectFile, read_exposures, read_project_file, scan_exposures};

use super::error::ExportError;

/// The file that makes a directory a dbt project.
const PROJECT_FILE: &str = "dbt_project.yml";
/// Deeper trees are no YAML of a project.
const DEEPEST: usize = 32;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The directory of the generated files, absolute.
    pub directory: Utf8PathBuf,
    /// The same as it was given: how paths are shown.
    pub shown: Utf8PathBuf,
    /// The dbt project around it.
    pub project: Option<ProjectAround>,
    /// The generated files in the directory, sorted by path.
    pub generated: Vec<GeneratedFile>,
    /// The generated files of the project in other directories.
    pub elsewhere: Vec<GeneratedFile>,
    /// Every other file in the directory, in lower case, relative to it.
    pub occupied: BTreeSet<String>,
    /// Names of exposures in files that people keep.
    pub names_by_hand: BTreeSet<String>,
    /// Assets of which a file that people keep says that it declares them.
    pub assets_by_hand: BTreeMap<AssetId, Utf8PathBuf>,
}

/// The dbt project around a directory.
#[derive(Debug)]
pub(super) struct ProjectAround {
    /// Its root, absolute.
    pub root: Utf8PathBuf,
    /// What its `dbt_project.yml` says.
    pub file: ProjectFile,
    /// Installed packages that let others refer to their public models alone.
    pub restricted: BTreeSet<String>,
}

/// A file that an export wrote.
#[derive(Debug)]
pub(super) struct GeneratedFile {
    /// Its path, absolute.
    pub path: Utf8PathBuf,
    /// What its head says.
    pub head: FileHead,
    /// Its text.
    pub text: String,
    /// The exposures in it.
    pub exposures: Vec<DeclaredExposure>,
}

impl Survey {
    /// Reads what is there. A directory that is missing is an empty one.
    pub fn of(directory: &Utf8Path) -> Result<Self, ExportError> {
        let unreadable = |source| ExportError::Unreadable {
            path: directory.to_owned(),
            source,
        };
        let absolute = std::path::absolute(directory).map_err(unreadable)?;
        let absolute = Utf8PathBuf::try_from(absolute).map_err(|error| unreadable(error.into_io_error()))?;
        let mut survey = Self {
            project: project_around(&absolute)?,
            directory: absolute,
            shown: directory.to_owned(),
            ..Self::default()
        };
        let mut roots = vec![survey.directory.clone()];
        if let Some(ProjectAround { root, file, .. }) = &survey.project {
            roots.extend(file.model_paths.iter().map(|path| root.join(path)));
        }
        let mut files = BTreeSet::new();
        for root in roots {
            collect(&root, DEEPEST, &mut files)?;
        }
        for path in files {
            survey.add(path)?;
        }
        Ok(survey)
    }

    fn add(&mut self, path: Utf8PathBuf) -> Result<(), ExportError> {
        let relative = path.strip_prefix(&self.directory).map(Utf8Path::to_owned).ok();
        let is_yaml = matches!(path.extension(), Some("yml" | "yaml"));
        let text = if is_yaml { read(&path)? } else { None };
        let Some(text) = text else {
            self.occupied
                .extend(relative.map(|path| path.as_str().to_lowercase()));
            return Ok(());
        };
        if let Some(head) = FileHead::of(&text) {
            let exposures = read_exposures(&text, path.as_str()).unwrap_or_else(|_| scan_exposures(&text));
            let file = GeneratedFile {
                path,
                head,
                text,
                exposures,
            };
            match relative {
                Some(_) => self.generated.push(file),
                None => self.elsewhere.push(file),
            }
            return Ok(());
        }
        self.occupied
            .extend(relative.map(|path| path.as_str().to_lowercase()));
        if text.contains("exposures") {
            // What cannot be read is dbt's to complain of.
            for exposure in read_exposures(&text, path.as_str()).unwrap_or_default() {
                if let Some(asset) = exposure.asset {
                    self.assets_by_hand.entry(asset).or_insert_with(|| path.clone());
                }
                self.names_by_hand.insert(exposure.name);
            }
        }
        Ok(())
    }

    /// How a path is shown: below the directory as it was given, else below the working directory.
    pub fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        if let Ok(relative) = path.strip_prefix(&self.directory) {
            return self.shown.join(relative);
        }
        let here = std::env::current_dir()
            .ok()
            .and_then(|here| Utf8PathBuf::try_from(here).ok());
        let relative = here.and_then(|here| path.strip_prefix(here).map(Utf8Path::to_owned).ok());
        relative.unwrap_or_else(|| path.to_owned())
    }
}

fn project_around(directory: &Utf8Path) -> Result<Option<ProjectAround>, ExportError> {
    for root in directory.ancestors() {
        let path = root.join(PROJECT_FILE);
        let Some(text) = read(&path)? else { continue };
        // One that cannot be read says nothing that could be compared; dbt will say more.
        let file = read_project_file(&text, path.as_str()).unwrap_or_default();
        let root = root.to_owned();
        let restricted = restricted_packages(&root.join(&file.packages_path));
        return Ok(Some(ProjectAround {
            root,
            file,
            restricted,
        }));
    }
    Ok(None)
}

/// Packages that are not installed restrict nothing: dbt does not parse without them.
fn restricted_packages(directory: &Utf8Path) -> BTreeSet<String> {
    let packages = directory.read_dir_utf8().into_iter().flatten().flatten();
    let name = |package: camino::Utf8DirEntry| {
        let path = package.path().join(PROJECT_FILE);
        let file = read_project_file(&read(&path).ok()??, path.as_str()).ok()?;
        file.name.filter(|_| file.restricts_access)
    };
    packages.filter_map(name).collect()
}

/// A file's text; `None` where there is no file, or one that is not text.
fn read(path: &Utf8Path) -> Result<Option<String>, ExportError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound
            | ErrorKind::InvalidData
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory => Ok(None),
            _ => Err(ExportError::Unreadable {
                path: path.to_owned(),
                source: error,
            }),
        },
    }
}

/// Every file below a directory, but for hidden ones and those of other dbt projects, such as installed packages.
/// Links to directories are not followed: they may lead in circles.
fn collect(directory: &Utf8Path, depth: usize, files: &mut BTreeSet<Utf8PathBuf>) -> Result<(), ExportError> {
    let unreadable = |source| ExportError::Unreadable {
        path: directory.to_owned(),
        source,
    };
    let entries = match directory.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    if depth < DEEPEST && directory.join(PROJECT_FILE).exists() {
        return Ok(());
    }
    for entry in entries {
        // A name that is no Unicode is none of ours.
        let Ok(entry) = entry else { continue };
        if entry.file_name().starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() && depth > 0 {
            collect(entry.path(), depth - 1, files)?;
        } else if !kind.is_dir() {
            files.insert(entry.into_path());
        }
    }
    Ok(())
}
