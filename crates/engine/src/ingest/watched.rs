//! Recording the runs at paths that are watched, so that history builds up there too.

use std::collections::BTreeMap;

use tailwater_store::{ArtifactLanding, ArtifactsLanded};

use super::land::run_of;
use crate::environment::Environment;
use crate::error::Error;
use crate::workspace::Workspace;

impl Workspace {
    /// Records the invocations whose artifacts lie at paths that are watched, in all environments of all
    /// projects, unless they are recorded already. Answers how many are new.
    pub async fn record_watched_runs(&self) -> Result<usize, Error> {
        let mut new = 0;
        for entry in self.projects().await? {
            for environment in self.environments(&entry).await? {
                if environment.path.is_some() {
                    new += self.record_runs_of(&environment).await?;
                }
            }
        }
        Ok(new)
    }

    async fn record_runs_of(&self, environment: &Environment) -> Result<usize, Error> {
        let now = self.clock().now();
        let mut runs = Vec::new();
        for parsed in self.watched_artifacts(environment).await? {
            if let Some(run) = run_of(&parsed, environment, now)
                && !self.store().is_run_recorded(&run.record.id).await?
            {
                runs.push(run);
            }
        }
        if runs.is_empty() {
            return Ok(0);
        }
        let landing = ArtifactLanding {
            project: environment.project.clone(),
            environment: environment.name.clone(),
            artifacts: Vec::new(),
            seen: BTreeMap::new(),
            runs,
            keep_runs: self.settings().artifacts.keep_runs,
        };
        match self.store().land_artifacts(&landing).await? {
            ArtifactsLanded::Landed { new_runs } => Ok(new_runs),
            // It looks at no artifact, so that nothing can overtake it.
            ArtifactsLanded::Overtaken => Ok(0),
        }
    }
}
