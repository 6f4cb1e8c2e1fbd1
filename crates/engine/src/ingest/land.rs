//! Landing a hand-over: files to their place, then their rows, then the sweep.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use chrono::{DateTime, Utc};
use tailwater_core::id::ProjectName;
use tailwater_store::{ArtifactLanding, ArtifactRecord, ArtifactsLanded, RunLanding};

use super::error::IngestError;
use super::intake::{IngestOutcome, IngestReport, IngestedArtifact, Intake};
use super::judge::{Examined, Verdict, examine, judge};
use super::receive::make_directory;
use crate::artifact_cache::Parsed;
use crate::catalog::{blocking, is_successful};
use crate::environment::Environment;
use crate::error::Error;
use crate::file_stamp::FileStamp;

/// How often a hand-over that was overtaken by another is decided anew.
const ATTEMPTS: usize = 5;

/// For how long files without a row are kept: another process may be about to name them, or a page still reads
/// one that was replaced.
const KEPT_WITHOUT_ROW: Duration = Duration::from_hours(1);

impl Intake<'_> {
    /// Reads what arrived, and takes all of it over or nothing.
    ///
    /// # Errors
    /// What is no artifact, broken, older than what is there, of the future, or of another dbt project is refused; the latter
    /// three are taken all the same when `is_forced`.
    pub async fn finish(self, is_forced: bool) -> Result<IngestReport, Error> {
        let Self {
            workspace,
            environment,
            by,
            job_run,
            received,
            ..
        } = self;
        if received.is_empty() {
            return Err(IngestError::Empty.into());
        }
        let project = environment.project.clone();
        let name = project.clone();
        let mut examined = blocking(move || examine(received, &name)).await??;
        let root = workspace.artifacts_directory();
        for _ in 0..ATTEMPTS {
            let now = workspace.clock().now();
            let records = workspace.store().artifacts(&project, &environment.name).await?;
            let there = workspace.load_artifacts(&environment).await?;
            let digests: BTreeMap<&str, &str> = records
                .iter()
                .map(|record| (record.kind.as_str(), record.digest.as_str()))
                .collect();
            let mut verdicts = Vec::new();
            for artifact in &examined {
                let digest = digests.get(artifact.kind.name()).copied();
                verdicts.push(judge(
                    artifact, &examined, &there, digest, &project, now, is_forced,
                )?);
            }
            let mut landing = ArtifactLanding {
                project: project.clone(),
                environment: environment.name.clone(),
                artifacts: Vec::new(),
                seen: BTreeMap::new(),
                runs: Vec::new(),
                keep_runs: workspace.settings().artifacts.keep_runs,
            };
            for (artifact, verdict) in examined.iter_mut().zip(&verdicts) {
                let Verdict::Take { is_forced } = *verdict else {
                    continue;
                };
                let kind = artifact.kind.name();
                let seen = digests.get(kind).map(|digest| (*digest).to_owned());
                landing.seen.insert(kind.to_owned(), seen);
                let file = place(&root, &environment, artifact)?;
                share(workspace, &root, &file).await?;
                landing
                    .artifacts
                    .push(record(artifact, file, now, &by, is_forced));
                let run = run_of(&artifact.parsed, &environment, now);
                landing
                    .runs
                    .extend(run.map(|run| run.of_job_run(job_run.clone())));
            }
            let new_runs = if landing.artifacts.is_empty() {
                0
            } else {
                match workspace.store().land_artifacts(&landing).await? {
                    ArtifactsLanded::Overtaken => continue,
                    ArtifactsLanded::Landed { new_runs } => new_runs,
                }
            };
            remember(workspace, &root, &landing, &examined, &project);
            let replaced: Vec<ArtifactRecord> = records;
            sweep(&root, &environment, &landing, &replaced, now);
            sweep_shared(workspace, &environment, &landing, &replaced, now).await;
            return Ok(report(&environment, &examined, &verdicts, new_runs));
        }
        Err(IngestError::Overtaken { project }.into())
    }
}

/// The directory of an environment's files, below the directory of artifacts.
fn directory_of(environment: &Environment) -> Utf8PathBuf {
    Utf8Path::new(environment.project.as_str()).join(environment.name.as_str())
}

/// Renames the file to its place, unless an earlier attempt did. Answers its path below the root. The name
/// holds the content's digest, so that two hand-overs never write the same file with different contents.
fn place(root: &Utf8Path, environment: &Environment, artifact: &mut Examined) -> Result<String, IngestError> {
    const DIGITS: usize = 32;
    let digest = &artifact.received.digest[..DIGITS];
    let directory = directory_of(environment);
    let file = directory.join(format!("{}-{digest}.json", artifact.kind.name()));
    if !artifact.received.part.is_placed() {
        let to = root.join(&file);
        let unwritable = |source: io::Error| IngestError::Unwritable {
            path: to.clone(),
            source,
        };
        let whole = root.join(&directory);
        make_directory(&whole).map_err(unwritable)?;
        artifact.received.part.place(&to).map_err(unwritable)?;
        // So that the name is on disk before the row that says it.
        if let Ok(opened) = std::fs::File::open(&whole) {
            opened.sync_all().map_err(unwritable)?;
        }
    }
    Ok(file.into_string())
}

/// Puts a file where other machines find it, before a row names it.
async fn share(workspace: &crate::Workspace, root: &Utf8Path, file: &str) -> Result<(), Error> {
    if workspace.settings().artifacts.url.is_some() {
        let archive = workspace.archive()?;
        archive.put_file(&shared_key(file), &root.join(file)).await?;
    }
    Ok(())
}

/// Where a file that was handed over lies in the storage of all machines.
pub(crate) fn shared_key(file: &str) -> String {
    format!("artifacts/{file}")
}

/// Removes from the storage of all machines what nobody names any more. What cannot be removed is left for the
/// next time.
async fn sweep_shared(
    workspace: &crate::Workspace,
    environment: &Environment,
    landing: &ArtifactLanding,
    replaced: &[ArtifactRecord],
    now: DateTime<Utc>,
) {
    if workspace.settings().artifacts.url.is_none() {
        return;
    }
    let Ok(archive) = workspace.archive() else { return };
    let before = chrono::TimeDelta::from_std(KEPT_WITHOUT_ROW)
        .ok()
        .and_then(|kept| now.checked_sub_signed(kept));
    let Some(before) = before else { return };
    let in_use: Vec<String> = landing
        .artifacts
        .iter()
        .chain(replaced)
        .map(|record| shared_key(&record.file))
        .collect();
    let prefix = shared_key(directory_of(environment).as_str());
    if let Err(error) = archive.sweep(&prefix, &in_use, before).await {
        tracing::warn!(%error, "what nobody names any more could not be removed");
    }
}

fn record(
    artifact: &Examined,
    file: String,
    now: DateTime<Utc>,
    by: &str,
    is_forced: bool,
) -> ArtifactRecord {
    ArtifactRecord {
        kind: artifact.kind.name().to_owned(),
        file,
        digest: artifact.received.digest.clone(),
        size: artifact.received.size,
        generated_at: artifact.metadata.generated_at,
        invocation_id: artifact.metadata.invocation_id.clone(),
        dbt_version: artifact.metadata.dbt_version.clone(),
        package: artifact.package().map(str::to_owned),
        received_at: now,
        by: by.to_owned(),
        forced: is_forced,
    }
}

/// The invocation that an artifact tells of.
pub(super) fn run_of(parsed: &Parsed, environment: &Environment, now: DateTime<Utc>) -> Option<RunLanding> {
    let (project, name) = (&environment.project, &environment.name);
    match parsed {
        Parsed::RunResults(run) => {
            let is_success = is_successful(run);
            Some(RunLanding::of_run(project, name, run.clone(), is_success, now))
        }
        Parsed::Sources(sources) => Some(RunLanding::of_freshness(project, name, sources.clone(), now)),
        Parsed::Manifest(_) | Parsed::Catalog(_) => None,
    }
}

/// Keeps what was just read, so that the next catalog does not read it again.
fn remember(
    workspace: &crate::Workspace,
    root: &Utf8Path,
    landing: &ArtifactLanding,
    examined: &[Examined],
    project: &ProjectName,
) {
    for record in &landing.artifacts {
        let artifact = examined
            .iter()
            .find(|artifact| artifact.kind.name() == record.kind);
        let path = root.join(&record.file);
        if let (Some(artifact), Some(stamp)) = (artifact, FileStamp::of(&path)) {
            let parsed = artifact.parsed.clone();
            workspace
                .artifacts()
                .insert(artifact.kind, &path, project, stamp, parsed);
        }
    }
}

/// Removes files that no row names and that have not been touched for a while: what was replaced before, and
/// what a process left that ended half-way. Whatever stands in the way is left for the next time.
fn sweep(
    root: &Utf8Path,
    environment: &Environment,
    landing: &ArtifactLanding,
    replaced: &[ArtifactRecord],
    now: DateTime<Utc>,
) {
    let in_use: BTreeSet<&str> = landing
        .artifacts
        .iter()
        .chain(replaced)
        .map(|record| record.file.as_str())
        .collect();
    let own = directory_of(environment);
    let now = SystemTime::from(now);
    for directory in [own.as_path(), Utf8Path::new("incoming")] {
        let Ok(entries) = root.join(directory).read_dir_utf8() else {
            continue;
        };
        for entry in entries.flatten() {
            let file = directory.join(entry.file_name());
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let is_old = modified.is_ok_and(|modified| {
                now.duration_since(modified)
                    .is_ok_and(|age| age > KEPT_WITHOUT_ROW)
            });
            if is_old && !in_use.contains(file.as_str()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn report(
    environment: &Environment,
    examined: &[Examined],
    verdicts: &[Verdict],
    new_runs: usize,
) -> IngestReport {
    let one = |(artifact, verdict): (&Examined, &Verdict)| IngestedArtifact {
        kind: artifact.kind,
        origin: artifact.received.origin.clone(),
        outcome: match verdict {
            Verdict::AlreadyThere => IngestOutcome::AlreadyThere,
            Verdict::Take { is_forced: true } => IngestOutcome::Forced,
            Verdict::Take { is_forced: false } => IngestOutcome::Taken,
        },
        generated_at: artifact.metadata.generated_at,
        invocation_id: artifact.metadata.invocation_id.clone(),
        dbt_version: artifact.metadata.dbt_version.clone(),
        size: artifact.received.size,
        entries: match &artifact.parsed {
            Parsed::Manifest(project) => project.nodes().len(),
            Parsed::RunResults(run) => run.results.len(),
            Parsed::Sources(sources) => sources.results.len(),
            Parsed::Catalog(catalog) => catalog.tables.len(),
        },
    };
    IngestReport {
        project: environment.project.clone(),
        environment: environment.name.clone(),
        artifacts: examined.iter().zip(verdicts).map(one).collect(),
        new_runs,
    }
}
