//! The doctor: everything that must be right before a sync can work, and what to mend.

use serde::Serialize;
use tailwater_bi::{CheckState, Progress};
use tailwater_core::diagnostic::Diagnostic;

use crate::policy::unheard;
use crate::workspace::Workspace;

/// What the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// One part of the installation each.
    pub sections: Vec<Section>,
}

/// A part of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What was looked at, such as `store` or `integration main`.
    pub name: String,
    /// The findings, in order.
    pub findings: Vec<Finding>,
}

/// One line of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub state: CheckState,
    /// What was found.
    pub detail: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Diagnosis {
    /// Whether something does not work.
    pub fn has_failures(&self) -> bool {
        self.sections
            .iter()
            .flat_map(|section| &section.findings)
            .any(|finding| finding.state == CheckState::Failed)
    }
}

impl Finding {
    /// All is well.
    pub fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            state: CheckState::Ok,
            detail: detail.into(),
            remedy: None,
        }
    }

    /// Usable with a limit, and what lifts it.
    pub fn warning(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (name, detail, remedy) = (name.to_owned(), detail.into(), Some(remedy.into()));
        Self {
            name,
            state: CheckState::Warning,
            detail,
            remedy,
        }
    }

    /// Does not work, for the error's reason.
    pub fn failed(name: &str, error: &dyn Diagnostic) -> Self {
        let detail = format!("{error} [{}]", error.code());
        Self {
            name: name.to_owned(),
            state: CheckState::Failed,
            detail,
            remedy: error.hint(),
        }
    }
}

impl Workspace {
    /// Looks at the store, the key, every project and every integration.
    pub async fn diagnose(&self, progress: &dyn Progress) -> Diagnosis {
        let mut sections = vec![self.diagnose_store().await, self.diagnose_projects().await];
        sections.extend(self.diagnose_integrations(progress).await);
        sections.extend(self.diagnose_policies().await);
        Diagnosis { sections }
    }

    async fn diagnose_store(&self) -> Section {
        let mut findings = Vec::new();
        findings.push(match self.store().check().await {
            Ok(health) if health.is_sound() => Finding::ok("store", health.to_string()),
            Ok(health) => Finding {
                name: "store".to_owned(),
                state: CheckState::Failed,
                detail: format!("{health}; {}", health.problems.join("; ")),
                remedy: Some("stop writing to it, keep a copy, and restore the last good backup".to_owned()),
            },
            Err(error) => Finding::failed("store", &error),
        });
        findings.push(match self.sealing_key() {
            Ok(_) => Finding::ok("sealing key", "readable"),
            Err(error) => Finding::failed("sealing key", &error),
        });
        Section {
            name: "store".to_owned(),
            findings,
        }
    }

    async fn diagnose_projects(&self) -> Section {
        let findings = match self.summarize_projects().await {
            Err(error) => vec![Finding::failed("projects", &error)],
            Ok(projects) if projects.is_empty() => {
                vec![Finding::failed("projects", &crate::Error::NoProjects)]
            }
            Ok(projects) => projects
                .into_iter()
                .map(|(entry, summary)| match summary {
                    Ok(summary) => {
                        let nodes: usize = summary.counts.values().sum();
                        let detail = format!(
                            "package {}, {nodes} {}, dbt {} on {}",
                            summary.package,
                            if nodes == 1 { "resource" } else { "resources" },
                            summary.dbt_version,
                            summary.adapter
                        );
                        if summary.notes.is_empty() {
                            Finding::ok(entry.name.as_str(), detail)
                        } else {
                            let detail = format!("{detail}; {}", summary.notes.join("; "));
                            let remedy = "update Tailwater, or write the artifact again with another dbt";
                            Finding::warning(entry.name.as_str(), detail, remedy)
                        }
                    }
                    Err(error) => Finding::failed(entry.name.as_str(), &error),
                })
                .collect(),
        };
        Section {
            name: "dbt projects".to_owned(),
            findings,
        }
    }

    /// Whether every policy of the file applies to something; nothing where the file has none.
    async fn diagnose_policies(&self) -> Option<Section> {
        let settings = &self.settings().refresh;
        if settings.policies.is_empty() {
            return None;
        }
        let findings = match self.catalog().await {
            Err(error) => vec![Finding::failed("policies", &error)],
            Ok(catalog) => {
                let unheard = unheard(settings, &catalog);
                let warnings: Vec<Finding> = unheard
                    .into_iter()
                    .map(|policy| Finding::warning("policy", policy.to_string(), policy.hint))
                    .collect();
                if warnings.is_empty() {
                    let count = settings.policies.len();
                    let words = if count == 1 {
                        "policy applies"
                    } else {
                        "policies apply"
                    };
                    vec![Finding::ok("policies", format!("{count} {words}"))]
                } else {
                    warnings
                }
            }
        };
        Some(Section {
            name: "refreshing".to_owned(),
            findings,
        })
    }

    async fn diagnose_integrations(&self, progress: &dyn Progress) -> Vec<Section> {
        let integrations = match self.integrations().await {
            Ok(integrations) => integrations,
            Err(error) => {
                let findings = vec![Finding::failed("integrations", &error)];
                return vec![Section {
                    name: "integrations".to_owned(),
                    findings,
                }];
            }
        };
        if integrations.is_empty() {
            let findings = vec![Finding::failed("integrations", &crate::Error::NoIntegrations)];
            return vec![Section {
                name: "integrations".to_owned(),
                findings,
            }];
        }
        let mut sections = Vec::new();
        for integration in integrations {
            let mut findings: Vec<Finding> = match self.check_integration(&integration.name, progress).await {
                Ok(checks) => checks
                    .into_iter()
                    .map(|check| Finding {
                        name: check.name.to_owned(),
                        state: check.state,
                        detail: check.detail,
                        remedy: check.remedy,
                    })
                    .collect(),
                Err(error) => vec![Finding::failed("connection", &error)],
            };
            for project in &integration.projects {
                if let Err(error) = self.find_project(project).await {
                    findings.push(Finding::failed("projects of dbt", &error));
                }
            }
            let name = integration.name.clone();
            if integration.collections.is_empty() {
                let remedy = crate::Error::NothingSelected { name }.hint().unwrap_or_default();
                findings.push(Finding::warning("collections", "none is selected", remedy));
            } else {
                findings.push(Finding::ok(
                    "collections",
                    integration.collections.patterns().join(", "),
                ));
            }
            sections.push(Section {
                name: format!("integration {}", integration.name),
                findings,
            });
        }
        sections
    }
}
