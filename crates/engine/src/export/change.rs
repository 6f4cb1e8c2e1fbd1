//! Files as they are and as they should be: the difference, and the writing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use similar::TextDiff;
use tailwater_core::exposure_yaml::FileHead;

use super::error::ExportError;

/// Beyond this a difference is shown as coarse as it is by then; a wholly different file takes long.
const LONGEST_COMPARISON: Duration = Duration::from_secs(2);

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    /// It is as it should be.
    Unchanged,
    /// It is new.
    Added,
    /// It says something else now.
    Changed,
    /// Nothing is left that should stand in it.
    Removed,
}

/// A file that an export looks after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedFile {
    /// Its path, below the directory as it was given.
    pub path: Utf8PathBuf,
    /// What becomes of it.
    pub change: FileChange,
    /// Whether people keep it, and it only got an id.
    pub by_hand: bool,
    /// The integration; `None` for a file that people keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// The collection's name; empty for what stands in none. Untrusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// How many exposures it holds then; of a file that people keep, how many got an id.
    pub exposures: usize,
    /// What is different, as a unified diff, in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// A file with what it should say.
#[derive(Debug)]
pub(super) struct PlannedFile {
    /// Its path, absolute.
    pub path: Utf8PathBuf,
    /// Its path as it is shown.
    pub shown: Utf8PathBuf,
    /// What it says; `None` where it is not there.
    pub before: Option<String>,
    /// What it should say; `None` where it should not be there.
    pub after: Option<String>,
    /// What becomes of it.
    pub change: FileChange,
    /// Its head; `None` for a file that people keep.
    pub head: Option<FileHead>,
    /// How many exposures it holds then.
    pub exposures: usize,
}

impl PlannedFile {
    /// A generated file that should say this.
    pub fn write(
        path: Utf8PathBuf,
        shown: Utf8PathBuf,
        before: Option<String>,
        after: String,
        head: &FileHead,
        exposures: usize,
    ) -> Self {
        let change = match &before {
            None => FileChange::Added,
            // A checkout on Windows has other line ends, which dbt does not mind.
            Some(before) if *before == after || before.replace("\r\n", "\n") == after => {
                FileChange::Unchanged
            }
            Some(_) => FileChange::Changed,
        };
        Self {
            path,
            shown,
            before,
            after: Some(after),
            change,
            head: Some(head.clone()),
            exposures,
        }
    }

    /// A generated file that should not be there any more.
    pub fn remove(path: Utf8PathBuf, shown: Utf8PathBuf, before: String, head: &FileHead) -> Self {
        Self {
            path,
            shown,
            before: Some(before),
            after: None,
            change: FileChange::Removed,
            head: Some(head.clone()),
            exposures: 0,
        }
    }

    /// A file that people keep, with ids put in.
    pub fn edit(
        path: Utf8PathBuf,
        shown: Utf8PathBuf,
        before: String,
        after: String,
        exposures: usize,
    ) -> Self {
        Self {
            path,
            shown,
            before: Some(before),
            after: Some(after),
            change: FileChange::Changed,
            head: None,
            exposures,
        }
    }

    /// A unified diff, fit for `git apply`.
    fn diff(&self) -> String {
        let side = |letter: &str, text: &Option<String>| match text {
            None => "/dev/null".to_owned(),
            Some(_) if self.shown.is_absolute() => self.shown.to_string(),
            Some(_) => format!("{letter}/{}", self.shown),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (before, after) = (text(&self.before), text(&self.after));
        TextDiff::configure()
            .timeout(LONGEST_COMPARISON)
            .diff_lines(&before, &after)
            .unified_diff()
            .header(&side("a", &self.before), &side("b", &self.after))
            .to_string()
    }
}

/// Writes what is different, unless it is a dry run, and answers what was done to each file.
pub(super) fn carry_out(files: Vec<PlannedFile>, is_dry_run: bool) -> Result<Vec<ExportedFile>, ExportError> {
    if !is_dry_run {
        for file in &files {
            carry_out_one(file).map_err(|source| ExportError::Unwritable {
                path: file.shown.clone(),
                source,
            })?;
        }
    }
    let exported = |file: PlannedFile| ExportedFile {
        change: file.change,
        by_hand: file.head.is_none(),
        diff: (is_dry_run && file.change != FileChange::Unchanged).then(|| file.diff()),
        integration: file.head.as_ref().map(|head| head.key.integration.clone()),
        collection: file.head.map(|head| head.title),
        exposures: file.exposures,
        path: file.shown,
    };
    Ok(files.into_iter().map(exported).collect())
}

fn carry_out_one(file: &PlannedFile) -> io::Result<()> {
    match (file.change, &file.after) {
        (FileChange::Unchanged, _) => Ok(()),
        (_, Some(text)) => replace(&file.path, text),
        (_, None) => fs::remove_file(&file.path),
    }
}

/// Writes a file beside and renames it over: whoever reads meanwhile, or after a crash, sees the old or the new
/// text, never half of one. dbt does not read the name that it has meanwhile.
fn replace(path: &Utf8Path, text: &str) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(directory)?;
    let name = path.file_name().unwrap_or_default();
    let (beside, mut file) = create_beside(directory, name)?;
    let written = (|| {
        file.write_all(text.as_bytes())?;
        if let Ok(known) = fs::metadata(path) {
            file.set_permissions(known.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        // It is not there, or cannot be removed either; the first error says more.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn create_beside(directory: &Utf8Path, name: &str) -> io::Result<(Utf8PathBuf, File)> {
    const MOST_TRIES: u32 = 100;
    let process = std::process::id();
    let mut number = 0;
    loop {
        let path = directory.join(format!(".{name}.{process}-{number}.tmp"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            // Left behind by a process that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_TRIES => number += 1,
            Err(error) => return Err(error),
        }
    }
}
