//! Which artifacts a run wrote: those that changed while it ran.

use std::collections::BTreeMap;
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use tailwater_dbt::ArtifactKind;

use super::request::DbtRunRequest;
use crate::error::Error;
use crate::ingest::IngestReport;
use crate::workspace::Workspace;

/// How the artifacts in a directory looked at one moment. A directory may hold what earlier commands wrote, such
/// as the catalog of last week, which is no news.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    files: BTreeMap<ArtifactKind, (Option<SystemTime>, u64)>,
}

impl Look {
    /// Looks at a directory that need not be there.
    pub fn at(directory: &Utf8Path) -> Self {
        let found = ArtifactKind::ALL.into_iter().filter_map(|kind| {
            let found = std::fs::metadata(directory.join(kind.file_name())).ok()?;
            Some((kind, (found.modified().ok(), found.len())))
        });
        Self {
            files: found.collect(),
        }
    }

    /// The files that look different now.
    pub fn changed(&self, directory: &Utf8Path) -> Vec<(ArtifactKind, Utf8PathBuf)> {
        let now = Self::at(directory);
        now.files
            .iter()
            .filter(|(kind, look)| self.files.get(kind) != Some(look))
            .map(|(kind, _)| (*kind, directory.join(kind.file_name())))
            .collect()
    }
}

impl Workspace {
    /// Takes over the artifacts of a run that has ended. `None` when there is nothing to take.
    pub(super) async fn ingest_run(
        &self,
        request: &DbtRunRequest,
        files: &[(ArtifactKind, Utf8PathBuf)],
    ) -> Result<Option<IngestReport>, Error> {
        if files.is_empty() {
            return Ok(None);
        }
        let mut intake = self
            .begin_ingest(&request.project, request.environment.as_ref(), &request.by)
            .await?
            .of_job_run(request.job_run.clone());
        for (_, file) in files {
            let unreadable = |source| tailwater_dbt::Error::Unreadable {
                path: file.clone(),
                source,
            };
            if request.mask.is_empty() {
                let reader = tokio::fs::File::open(file).await.map_err(unreadable)?;
                intake.receive(file.as_str(), reader).await?;
            } else {
                let masked = file.with_extension("masked");
                Box::pin(crate::archive::copy_masked(file, &masked, &request.mask))
                    .await
                    .map_err(unreadable)?;
                let reader = tokio::fs::File::open(&masked).await.map_err(unreadable)?;
                intake.receive(file.as_str(), reader).await?;
                let _ = tokio::fs::remove_file(&masked).await;
            }
        }
        intake.finish(false).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_no_news() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        std::fs::write(path.join("catalog.json"), "{}").unwrap();
        std::fs::write(path.join("manifest.json"), "{}").unwrap();
        let before = Look::at(path);
        assert!(before.changed(path).is_empty());
        std::fs::write(path.join("manifest.json"), "{ }").unwrap();
        std::fs::write(path.join("run_results.json"), "{}").unwrap();
        let changed: Vec<ArtifactKind> = before.changed(path).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(changed, [ArtifactKind::Manifest, ArtifactKind::RunResults]);
    }
}
