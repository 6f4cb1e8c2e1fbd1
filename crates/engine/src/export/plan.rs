//! Which files there should be, with which text.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use tailwater_core::exposure_yaml::file::blocks;
use tailwater_core::exposure_yaml::{FILE_START, FileHead, FileKey, Place, Purpose, write_entry};
use tailwater_core::id::{AssetId, IntegrationName, NodeId};
use tailwater_core::inventory::Notice;
use tailwater_core::naming::snake_case;

use super::change::PlannedFile;
use super::error::ExportError;
use super::group::Automatic;
use super::survey::{GeneratedFile, Survey};
use super::{LeftOutNode, named};
use crate::catalog::Catalog;
use crate::error::Error;

/// All that the plan is made of.
pub(super) struct PlanInput<'a> {
    /// What is known.
    pub catalog: &'a Catalog,
    /// The project, as the place of exposures.
    pub place: &'a Place<'a>,
    /// The integrations that are exported; all when none is named.
    pub integrations: &'a [IntegrationName],
    /// Their exposures.
    pub exposures: Vec<Automatic<'a>>,
    /// What is there.
    pub survey: &'a Survey,
}

/// What there should be.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The generated files, and those that are to go.
    pub files: Vec<PlannedFile>,
    /// Exposures that are not written, because the project declares them in files of its own.
    pub kept_by_hand: BTreeSet<NodeId>,
    /// Nodes that could not be written.
    pub left_out: Vec<LeftOutNode>,
    /// What the reader should know.
    pub notices: BTreeSet<Notice>,
    /// How many exposures stay though they are not known now, by integration.
    kept: BTreeMap<String, usize>,
}

/// A file that is to be: its entries by name.
#[derive(Debug)]
struct Wanted {
    head: FileHead,
    entries: BTreeMap<String, String>,
}

impl Plan {
    /// Says which files there should be.
    pub fn make(input: &PlanInput<'_>) -> Result<Self, Error> {
        let mut plan = Self::default();
        let mut wanted: BTreeMap<FileKey, Wanted> = BTreeMap::new();
        let mut written: BTreeSet<(&str, &AssetId)> = BTreeSet::new();
        for found in &input.exposures {
            if plan.is_kept_by_hand(found, input.survey) {
                continue;
            }
            refuse_elsewhere(found, input.survey)?;
            let exposure = named(found);
            let mut text = String::new();
            let left_out = write_entry(&mut text, &exposure, input.place, Purpose::Generated);
            plan.left_out.extend(left_out.into_iter().map(|one| LeftOutNode {
                exposure: exposure.unique_id.clone(),
                node: one.node,
                reason: one.reason,
            }));
            written.insert((found.integration.as_str(), found.asset));
            let file = wanted.entry(found.head.key.clone()).or_insert_with(|| Wanted {
                head: found.head.clone(),
                entries: BTreeMap::new(),
            });
            file.entries.insert(found.name.clone(), text);
        }
        let mut untouched = BTreeSet::new();
        let mut places: BTreeMap<FileKey, &GeneratedFile> = BTreeMap::new();
        for file in &input.survey.generated {
            if plan.keep_entries(file, input, &written, &mut wanted) {
                places.entry(file.head.key.clone()).or_insert(file);
            } else {
                untouched.insert(file.path.as_path());
            }
        }
        plan.lay_out(wanted, &places, &untouched, input.survey);
        plan.note_kept(input.catalog);
        Ok(plan)
    }

    /// Whether a file that people keep declares the dashboard, or something else under its name.
    fn is_kept_by_hand(&mut self, found: &Automatic<'_>, survey: &Survey) -> bool {
        if survey.assets_by_hand.contains_key(found.asset) {
            self.kept_by_hand.insert(found.exposure.unique_id.clone());
            return true;
        }
        let is_taken = survey.names_by_hand.contains(&found.name);
        if is_taken {
            self.notices.insert(Notice {
                code: "TW-EXPORT-NAME-TAKEN".to_owned(),
                message: format!(
                    "`{}` is not written: a file that is kept by hand declares another exposure of that name",
                    found.name
                ),
                remedy: Some("run `dbt parse` and `tailwater sync`, which gives it another name".to_owned()),
            });
        }
        is_taken
    }

    /// Puts entries of a file that must not go into the wanted ones. `false` for a file that this export has
    /// nothing to do with, or that cannot be taken apart and so stays as it is.
    fn keep_entries(
        &mut self,
        file: &GeneratedFile,
        input: &PlanInput<'_>,
        written: &BTreeSet<(&str, &AssetId)>,
        wanted: &mut BTreeMap<FileKey, Wanted>,
    ) -> bool {
        let owner = file.head.key.integration.as_str();
        let integration = input.catalog.integration(owner);
        let is_asked_for =
            input.integrations.is_empty() || input.integrations.iter().any(|name| name.as_str() == owner);
        if integration.is_some() && !is_asked_for {
            return false;
        }
        let may_remove = integration.is_some_and(|integration| {
            integration.synced_at().is_some() && integration.inventory().listing.is_complete()
        });
        let is_written = |asset: &AssetId| match integration {
            Some(_) => written.contains(&(owner, asset)),
            // An integration that is not known any more: who has the asset now, has the exposure.
            None => written.iter().any(|(_, other)| *other == asset),
        };
        let has_vanished = |asset: &AssetId| {
            let left_out = input.catalog.left_out().iter().any(|one| one.asset == *asset);
            let is_gone = |gone: &crate::catalog::GoneExposure| {
                let workbook = gone.exposure.workbook.as_ref();
                workbook.is_some_and(|workbook| workbook.luid == asset.as_str())
            };
            left_out || input.catalog.gone_exposures().iter().any(is_gone)
        };
        let stays = |at: &usize| {
            let mark = file.exposures[*at].mark.as_ref();
            mark.is_some_and(|mark| {
                let goes = may_remove
                    || is_written(&mark.asset)
                    || input.survey.assets_by_hand.contains_key(&mark.asset)
                    || (integration.is_some() && has_vanished(&mark.asset));
                !goes
            })
        };
        let staying: Vec<usize> = (0..file.exposures.len()).filter(stays).collect();
        self.note_dropped(file, input.survey);
        if staying.is_empty() {
            return true;
        }
        let texts = blocks(&file.text);
        if texts.len() != file.exposures.len() {
            self.notices.insert(Notice {
                code: "TW-EXPORT-REFORMATTED".to_owned(),
                message: format!(
                    "`{}` is left as it is: it holds exposures that are not known now, and something laid it out anew",
                    input.survey.shown(&file.path)
                ),
                remedy: Some("keep formatters away from generated files, and sync again".to_owned()),
            });
            return false;
        }
        let target = wanted.entry(file.head.key.clone()).or_insert_with(|| Wanted {
            head: file.head.clone(),
            entries: BTreeMap::new(),
        });
        for &at in &staying {
            let text = texts[at].replace("\r\n", "\n");
            target
                .entries
                .entry(file.exposures[at].name.clone())
                .or_insert(text);
        }
        *self.kept.entry(owner.to_owned()).or_default() += staying.len();
        true
    }

    /// Says why entries stay that nobody can vouch for now.
    fn note_kept(&mut self, catalog: &Catalog) {
        for (owner, count) in &self.kept {
            let why = match catalog.integration(owner) {
                None => "this installation knows no such integration",
                Some(integration) if integration.synced_at().is_none() => "it was never synced here",
                Some(_) => "its last sync did not see everything",
            };
            let what = match count {
                1 => "1 generated exposure stays as it is".to_owned(),
                count => format!("{count} generated exposures stay as they are"),
            };
            self.notices.insert(Notice {
                code: "TW-EXPORT-KEPT".to_owned(),
                message: format!("{what}, though integration `{owner}` does not show what is behind: {why}"),
                remedy: None,
            });
        }
    }

    /// Somebody may have put an exposure of their own into a generated file.
    fn note_dropped(&mut self, file: &GeneratedFile, survey: &Survey) {
        let dropped: Vec<&str> = file
            .exposures
            .iter()
            .filter(|exposure| exposure.mark.is_none() && exposure.asset.is_none())
            .map(|exposure| exposure.name.as_str())
            .collect();
        if !dropped.is_empty() {
            self.notices.insert(Notice {
                code: "TW-EXPORT-DROPPED".to_owned(),
                message: format!(
                    "`{}` is generated: {}, which no export wrote, does not stay in it",
                    survey.shown(&file.path),
                    dropped.join(", ")
                ),
                remedy: Some("keep exposures of your own in files of your own".to_owned()),
            });
        }
    }

    /// Gives each wanted file its path and text, and says which files are to go.
    fn lay_out(
        &mut self,
        wanted: BTreeMap<FileKey, Wanted>,
        places: &BTreeMap<FileKey, &GeneratedFile>,
        untouched: &BTreeSet<&Utf8Path>,
        survey: &Survey,
    ) {
        let relative = |path: &Utf8Path| {
            let path = path.strip_prefix(&survey.directory).unwrap_or(path);
            path.as_str().to_lowercase()
        };
        let mut taken = survey.occupied.clone();
        taken.extend(untouched.iter().map(|path| relative(path)));
        let staying = wanted.keys().filter_map(|key| places.get(key));
        taken.extend(staying.map(|file| relative(&file.path)));
        let mut used = BTreeSet::new();
        for (key, file) in wanted {
            let path = if let Some(known) = places.get(&key) {
                known.path.clone()
            } else {
                let name = file_name(&file.head, |name| taken.contains(&name.to_lowercase()));
                taken.insert(name.to_lowercase());
                survey.directory.join(name)
            };
            let entries: Vec<&str> = file.entries.values().map(String::as_str).collect();
            let text = format!("{}{FILE_START}{}", file.head.to_text(), entries.join("\n"));
            let before = survey.generated.iter().find(|known| known.path == path);
            used.insert(path.clone());
            self.files.push(PlannedFile::write(
                path.clone(),
                survey.shown(&path),
                before.map(|known| known.text.clone()),
                text,
                &file.head,
                file.entries.len(),
            ));
        }
        for file in &survey.generated {
            if !used.contains(&file.path) && !untouched.contains(file.path.as_path()) {
                self.files.push(PlannedFile::remove(
                    file.path.clone(),
                    survey.shown(&file.path),
                    file.text.clone(),
                    &file.head,
                ));
            }
        }
    }
}

/// dbt takes an exposure once in a project: another generated file of it must go first.
fn refuse_elsewhere(found: &Automatic<'_>, survey: &Survey) -> Result<(), ExportError> {
    let holds = |file: &&GeneratedFile| {
        let mut exposures = file.exposures.iter();
        exposures.any(|exposure| {
            let is_same = exposure
                .mark
                .as_ref()
                .is_some_and(|mark| mark.asset == *found.asset);
            let owner = &file.head.key.integration;
            is_same && owner == found.integration.as_str() || exposure.name == found.name
        })
    };
    match survey.elsewhere.iter().find(holds) {
        Some(file) => Err(ExportError::Elsewhere {
            path: survey.shown(&file.path),
            exposure: found.exposure.unique_id.clone(),
        }),
        None => Ok(()),
    }
}

/// `main__finance.yml`; where that is taken, with the start of the collection's id. Letters, digits and `_`
/// alone, so that no name of a collection leads out of the directory.
fn file_name(head: &FileHead, is_taken: impl Fn(&str) -> bool) -> String {
    let slug = |text: &str, otherwise: &str| {
        if is_without_letters(text) {
            otherwise.to_owned()
        } else {
            snake_case(text)
        }
    };
    let integration = slug(&head.key.integration, "integration");
    let collection = match &head.key.collection {
        None => "no_collection".to_owned(),
        Some(_) => slug(&head.title, "collection"),
    };
    let base = format!("{integration}__{collection}");
    let id: String = head
        .key
        .collection
        .iter()
        .flat_map(|id| id.chars())
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase();
    std::iter::once(base.clone())
        .chain((4.min(id.len())..=id.len()).map(|length| format!("{base}_{}", &id[..length])))
        .chain((2..=u32::MAX).map(|number| format!("{base}_{number}")))
        .map(|name| format!("{name}.yml"))
        .find(|name| !is_taken(name))
        .unwrap_or_else(|| format!("{base}.yml"))
}

/// Whether nothing of a text is left in dbt's alphabet. [`snake_case`] then gives the word for a dashboard.
fn is_without_letters(text: &str) -> bool {
    snake_case(text) == snake_case("") && snake_case(&format!("{text} x")) == "x"
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn head(integration: &str, collection: Option<&str>, title: &str) -> FileHead {
        FileHead {
            key: FileKey {
                integration: integration.to_owned(),
                collection: collection.map(str::to_owned),
            },
            title: title.to_owned(),
        }
    }

    #[rstest]
    #[case("main", Some("9df3-aa"), "Finance", &[], "main__finance.yml")]
    #[case("shop-2.eu", Some("1"), "Sales & Ops", &[], "shop_2_eu__sales_ops.yml")]
    #[case("main", None, "", &[], "main__no_collection.yml")]
    #[case("main", Some("x"), "../../etc/passwd", &[], "main__etc_passwd.yml")]
    #[case("main", Some("x"), "..", &[], "main__collection.yml")]
    #[case("main", Some("x"), "/", &[], "main__collection.yml")]
    #[case("main", Some("x"), "a\0b\\c:d", &[], "main__a_b_c_d.yml")]
    #[case("main", Some("x"), "Dashboard", &[], "main__dashboard.yml")]
    #[case("main", Some("9df3-aa"), "Finance", &["main__finance.yml"], "main__finance_9df3.yml")]
    #[case("main", Some("!"), "Finance", &["main__finance.yml", "main__finance_.yml"], "main__finance_2.yml")]
    fn files_are_called_after_integration_and_collection(
        #[case] integration: &str,
        #[case] collection: Option<&str>,
        #[case] title: &str,
        #[case] taken: &[&str],
        #[case] expected: &str,
    ) {
        let head = head(integration, collection, title);
        assert_eq!(file_name(&head, |name| taken.contains(&name)), expected);
    }
}
