//! What exists on the site, by the REST API: projects, workbooks, views, data sources, people.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream;
use tailwater_core::id::{AssetId, CollectionId};
use tailwater_core::inventory::{Collection, Completeness, Inventory, Notice, Site};
use tailwater_core::selection::Selection;

use super::place::{UNTOLD, Unplaced, gather_untold};
use super::rest::{List, ListCall};
use super::session::Gate;
use super::tree::Node;
use super::wire::{Project, PublishedSource, User, View, Workbook};
use crate::connector::{AssetTitle, Progress, Step};
use crate::error::Error;

/// Everything the REST API told.
#[derive(Debug)]
pub(crate) struct Listing {
    /// The workbooks of the selected collections, by LUID.
    pub(crate) workbooks: BTreeMap<String, Workbook>,
    /// Their views, by workbook.
    pub(crate) views: BTreeMap<String, Vec<View>>,
    /// The site's published data sources that the token's user sees, by LUID.
    pub(crate) data_sources: BTreeMap<String, PublishedSource>,
    /// People looked up one by one, by LUID.
    pub(crate) users: BTreeMap<String, User>,
    /// Collections, completeness of the list, notices.
    pub(crate) inventory: Inventory,
}

/// Projects and workbooks of the whole site.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The projects as collections with counts, completeness of both lists, notices.
    pub(crate) inventory: Inventory,
    /// The workbooks, by LUID; in personal spaces too.
    workbooks: BTreeMap<String, Workbook>,
    unplaced: Unplaced,
}

/// Reads projects and workbooks of the whole site.
pub(crate) async fn fetch_tree(gate: &Gate, progress: &dyn Progress) -> Result<Tree, Error> {
    let server = gate.server_info().await?;
    // Before anything is asked side by side: a sign-in that is refused is not tried again.
    gate.session().await?;
    let (projects_call, workbooks_call) = (projects_call(), workbooks_call());
    let (projects, mut workbooks) = futures::try_join!(
        projects_call.fetch(gate, progress),
        workbooks_call.fetch(gate, progress)
    )?;
    let untold = gather_untold(&mut workbooks.entries);
    let unplaced = Unplaced::new(&projects.entries, &workbooks.entries);
    let mut inventory = Inventory {
        site: Site {
            tool: "tableau".to_owned(),
            server: gate.server().to_owned(),
            name: gate.site().to_owned(),
            product_version: server.product_version,
            api_version: Some(server.spoken.to_string()),
        },
        ..Inventory::default()
    };
    note_incomplete(&mut inventory, "projects", projects.incomplete.as_deref());
    note_incomplete(&mut inventory, "workbooks", workbooks.incomplete.as_deref());
    // Which workbooks are selected hangs on the tree, so both lists must be whole.
    inventory.listing = match (&projects.incomplete, &workbooks.incomplete) {
        (None, None) => Completeness::Complete,
        (Some(reason), _) => Completeness::partial(format!("the list of projects is not whole: {reason}")),
        (None, Some(reason)) => {
            Completeness::partial(format!("the list of workbooks is not whole: {reason}"))
        }
    };
    inventory.collections = collections(projects, &workbooks.entries);
    let personal = workbooks.entries.values();
    let personal = personal.filter(|workbook| workbook.is_personal).count();
    note_places(&mut inventory, unplaced.unlisted(), personal, untold);
    Ok(Tree {
        inventory,
        workbooks: workbooks.entries,
        unplaced,
    })
}

impl Tree {
    /// The workbooks as people recognise them, by LUID; those in personal spaces too.
    pub(crate) fn titles(&self) -> Vec<AssetTitle> {
        let title = |(id, workbook): (&String, &Workbook)| {
            let project = workbook.project.as_ref();
            let collection =
                project.and_then(|(project, _)| self.inventory.collections.get(project.as_str()));
            AssetTitle {
                id: AssetId::from(id.as_str()),
                name: workbook.name.clone(),
                collection_path: collection.map_or_else(Vec::new, |collection| collection.path.clone()),
                url: workbook.url.clone(),
            }
        };
        self.workbooks.iter().map(title).collect()
    }
}

/// Notes projects that are not listed, and workbooks in personal spaces or without any project.
fn note_places(inventory: &mut Inventory, unlisted: usize, personal: usize, untold: usize) {
    if unlisted > 0 {
        inventory.notices.insert(Notice {
            code: "TW-TABLEAU-PROJECT-HIDDEN".to_owned(),
            message: format!(
                "{} not listed for this token: known by their workbooks alone, shown at the top",
                counted(unlisted, "project")
            ),
            remedy: Some("Give the token's user permission to view these projects.".to_owned()),
        });
    }
    if personal > 0 {
        inventory.notices.insert(Notice {
            code: "TW-TABLEAU-PERSONAL-SPACE".to_owned(),
            message: format!("{} in personal spaces left out", counted(personal, "workbook")),
            remedy: Some("Move a workbook into a project to have it imported.".to_owned()),
        });
    }
    if untold > 0 {
        let (_, name) = UNTOLD;
        inventory.notices.insert(Notice {
            code: "TW-TABLEAU-NO-PROJECT".to_owned(),
            message: format!(
                "{} shown under `{name}`: Tableau does not tell this token in which project",
                counted(untold, "workbook")
            ),
            remedy: Some(format!(
                "Give the token's user permission to view the projects, or select `{name}`."
            )),
        });
    }
}

/// The workbooks of the selected collections, with views, data sources and what is told of owners.
pub(crate) async fn fetch_listing(
    gate: &Gate,
    selection: &Selection,
    progress: &dyn Progress,
) -> Result<Listing, Error> {
    gate.session().await?;
    // None of the lists waits for another; without the tree the others are of no use.
    let (views_call, sources_call) = (views_call(), data_sources_call());
    let others = async {
        Ok(futures::join!(
            views_call.fetch(gate, progress),
            sources_call.fetch(gate, progress)
        ))
    };
    let (tree, (view_list, source_list)) = futures::try_join!(fetch_tree(gate, progress), others)?;
    let Tree {
        mut inventory,
        mut workbooks,
        unplaced,
    } = tree;
    let chosen: BTreeSet<String> = inventory
        .collections
        .iter()
        .filter(|(id, collection)| selection.includes(&inventory.ancestors(id), &collection.path))
        .map(|(id, _)| id.as_str().to_owned())
        .collect();
    if let Some(doubt) = unplaced.doubt(&inventory, &workbooks, selection, &chosen) {
        inventory.notices.insert(Notice {
            code: "TW-TABLEAU-PLACE-UNKNOWN".to_owned(),
            message: doubt.clone(),
            remedy: Some(
                "Nothing is removed meanwhile. Give the token's user permission to view all projects, or \
                 select the collections under which these workbooks are shown."
                    .to_owned(),
            ),
        });
        inventory.listing = match inventory.listing {
            Completeness::Partial { reason } => Completeness::partial(format!("{reason}; {doubt}")),
            _ => Completeness::partial(doubt),
        };
    }
    workbooks.retain(|id, workbook| {
        let project = workbook.project.as_ref();
        selection.includes_asset(id, project.is_some_and(|(project, _)| chosen.contains(project)))
    });
    let (mut views, mut data_sources) = (BTreeMap::new(), BTreeMap::new());
    if !workbooks.is_empty() {
        let view_list = optional(&mut inventory, "views", view_list)?;
        if view_list
            .refused
            .iter()
            .any(|wish| wish == "includeUsageStatistics")
        {
            inventory.notices.insert(Notice {
                code: "TW-TABLEAU-NO-USAGE".to_owned(),
                message: "Tableau does not tell this token how often views are opened".to_owned(),
                remedy: None,
            });
        }
        for view in view_list.entries.into_values() {
            if let Some(workbook) = view.workbook.clone()
                && workbooks.contains_key(&workbook)
            {
                views.entry(workbook).or_insert_with(Vec::new).push(view);
            }
        }
        data_sources = optional(&mut inventory, "data sources", source_list)?.entries;
    }
    Ok(Listing {
        workbooks,
        views,
        data_sources,
        users: BTreeMap::new(),
        inventory,
    })
}

/// A list that the inventory can do without: what it lacks is noted.
fn optional<T>(
    inventory: &mut Inventory,
    of_what: &str,
    list: Result<List<T>, Error>,
) -> Result<List<T>, Error> {
    match list {
        Ok(list) => {
            note_incomplete(inventory, of_what, list.incomplete.as_deref());
            Ok(list)
        }
        Err(error) if error.ends_session() => Err(error),
        Err(error) => {
            note_incomplete(inventory, of_what, Some(&error.to_string()));
            Ok(List {
                entries: BTreeMap::new(),
                incomplete: Some(error.to_string()),
                refused: Vec::new(),
            })
        }
    }
}

fn note_incomplete(inventory: &mut Inventory, of_what: &str, reason: Option<&str>) {
    if let Some(reason) = reason {
        inventory.notices.insert(Notice {
            code: "TW-TABLEAU-LIST-PARTIAL".to_owned(),
            message: format!("the list of {of_what} is not whole: {reason}"),
            remedy: Some("Nothing is removed on such a list. Sync again later.".to_owned()),
        });
    }
}

/// Looks people up one by one, a few at a time. The first refusal ends it: the others would fare alike.
pub(crate) async fn fetch_users(
    gate: &Gate,
    ids: Vec<String>,
    inventory: &mut Inventory,
    progress: &dyn Progress,
) -> Result<BTreeMap<String, User>, Error> {
    let total = ids.len();
    let mut users = BTreeMap::new();
    let mut answers = stream::iter(ids)
        .map(|id| async move {
            let tree = gate.get("Query User On Site", &["users", &id], &[]).await;
            tree.map(|tree| User::read(Node::new(&tree).member("user")).unwrap_or_default())
        })
        .buffer_unordered(4);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(user) => {
                users.insert(user.id.clone(), user);
                progress.report(Step {
                    phase: "owners",
                    done: users.len(),
                    total: Some(total),
                });
            }
            // An owner who has left the site.
            Err(Error::Tableau { code, .. }) if code.starts_with("404") => {}
            Err(error) if error.ends_session() => return Err(error),
            Err(error) => {
                inventory.notices.insert(Notice {
                    code: "TW-TABLEAU-NO-OWNERS".to_owned(),
                    message: format!("names and addresses of owners are not told: {error}"),
                    remedy: Some("Give the token's user a site administrator's role.".to_owned()),
                });
                break;
            }
        }
    }
    Ok(users)
}

/// The tree of collections. A parent that is not listed is not visible, so its child stands at the top;
/// a workbook's project that is not listed becomes a collection at the top, so that nothing is lost.
fn collections(
    projects: List<Project>,
    workbooks: &BTreeMap<String, Workbook>,
) -> BTreeMap<CollectionId, Collection> {
    let mut projects = projects.entries;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, name) in workbooks
        .values()
        .filter_map(|workbook| workbook.project.as_ref())
    {
        *counts.entry(id).or_default() += 1;
        projects.entry(id.clone()).or_insert_with(|| Project {
            id: id.clone(),
            name: name.clone().unwrap_or_else(|| id.clone()),
            parent: None,
        });
    }
    let places = places(&projects);
    projects
        .values()
        .map(|project| {
            let place = places.get(project.id.as_str());
            let (path, parent) = place.map_or_else(
                || (vec![project.name.clone()], None),
                |place| (place.path.clone(), place.parent),
            );
            let collection = Collection {
                name: project.name.clone(),
                parent: parent.map(CollectionId::from),
                path,
                asset_count: counts.get(project.id.as_str()).copied().unwrap_or_default(),
            };
            (CollectionId::from(project.id.as_str()), collection)
        })
        .collect()
}

/// Collections that stand deeper than this begin a tree of their own: a path each in a chain without end would take
/// memory with the square of its length. Tableau's own limit is ten.
const DEEPEST_PROJECT: usize = 100;

/// Where a project stands.
struct Place<'a> {
    /// Names from the top down to it.
    path: Vec<String>,
    parent: Option<&'a str>,
}

/// Where every project stands. In a loop the project with the least id counts as the top, so that the tree does not
/// hang on who asks. Takes time in proportion to the projects, whatever they say of one another.
fn places(projects: &BTreeMap<String, Project>) -> BTreeMap<&str, Place<'_>> {
    let mut below: BTreeMap<&str, Vec<&Project>> = BTreeMap::new();
    let mut tops = Vec::new();
    for project in projects.values() {
        match project
            .parent
            .as_deref()
            .filter(|parent| projects.contains_key(*parent))
        {
            Some(parent) => below.entry(parent).or_default().push(project),
            None => tops.push(project),
        }
    }
    let mut places = BTreeMap::new();
    for top in tops {
        place(top, &below, &mut places);
    }
    // What is left stands in a loop or below one.
    for project in projects.values() {
        if !places.contains_key(project.id.as_str()) {
            place(top_of_loop(project, projects), &below, &mut places);
        }
    }
    places
}

/// Puts a project at the top, and everything below it where it belongs.
fn place<'a>(
    top: &'a Project,
    below: &BTreeMap<&'a str, Vec<&'a Project>>,
    places: &mut BTreeMap<&'a str, Place<'a>>,
) {
    let mut open = vec![(top, None::<&Project>)];
    while let Some((project, parent)) = open.pop() {
        if places.contains_key(project.id.as_str()) {
            continue;
        }
        let above = parent
            .and_then(|parent| places.get(parent.id.as_str()))
            .map(|place| place.path.as_slice())
            .filter(|path| path.len() < DEEPEST_PROJECT);
        let place = Place {
            path: [above.unwrap_or_default(), std::slice::from_ref(&project.name)].concat(),
            parent: parent
                .filter(|_| above.is_some())
                .map(|parent| parent.id.as_str()),
        };
        places.insert(&project.id, place);
        let children = below.get(project.id.as_str()).into_iter().flatten();
        open.extend(children.map(|child| (*child, Some(project))));
    }
}

/// The least id of the loop that the parents of a project end in.
fn top_of_loop<'a>(project: &'a Project, projects: &'a BTreeMap<String, Project>) -> &'a Project {
    let parent_of = |project: &Project| project.parent.as_ref().and_then(|parent| projects.get(parent));
    let mut seen = BTreeSet::new();
    let mut at = project;
    while seen.insert(at.id.as_str()) {
        at = parent_of(at).unwrap_or(at);
    }
    let start = at;
    let mut top = start;
    while let Some(parent) = parent_of(at).filter(|parent| parent.id != start.id) {
        at = parent;
        top = if at.id < top.id { at } else { top };
    }
    top
}

pub(crate) fn projects_call() -> ListCall<'static, Project> {
    ListCall {
        phase: "projects",
        what: "Query Projects",
        segments: &["projects"],
        wishes: &[("sort", "name:asc")],
        names: ("projects", "project"),
        read: Project::read,
        id: |project| &project.id,
    }
}

/// There is no filter by project: names of projects repeat, so all are listed and chosen here.
/// `_all_` brings the owners' names and addresses along.
fn workbooks_call() -> ListCall<'static, Workbook> {
    ListCall {
        phase: "workbooks",
        what: "Query Workbooks for Site",
        segments: &["workbooks"],
        wishes: &[("sort", "name:asc"), ("fields", "_all_")],
        names: ("workbooks", "workbook"),
        read: Workbook::read,
        id: |workbook| &workbook.id,
    }
}

fn views_call() -> ListCall<'static, View> {
    ListCall {
        phase: "views",
        what: "Query Views for Site",
        segments: &["views"],
        wishes: &[("sort", "name:asc"), ("includeUsageStatistics", "true")],
        names: ("views", "view"),
        read: View::read,
        id: |view| &view.id,
    }
}

fn data_sources_call() -> ListCall<'static, PublishedSource> {
    ListCall {
        phase: "data sources",
        what: "Query Data Sources",
        segments: &["datasources"],
        wishes: &[("sort", "name:asc")],
        names: ("datasources", "datasource"),
        read: PublishedSource::read,
        id: |source| &source.id,
    }
}

/// A number with its noun: `1 workbook`, `2 workbooks`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn project(id: &str, name: &str, parent: Option<&str>) -> (String, Project) {
        let project = Project {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
        };
        (id.to_owned(), project)
    }

    fn tree(projects: BTreeMap<String, Project>) -> BTreeMap<CollectionId, Collection> {
        let list = List {
            entries: projects,
            incomplete: None,
            refused: Vec::new(),
        };
        collections(list, &BTreeMap::new())
    }

    fn paths(collections: &BTreeMap<CollectionId, Collection>) -> Vec<String> {
        collections
            .values()
            .map(|collection| collection.path.join("/"))
            .collect()
    }

    #[test]
    fn equal_names_in_different_branches_stay_apart() {
        let tree = tree(BTreeMap::from([
            project("1", "Finance", None),
            project("2", "Monthly", Some("1")),
            project("3", "Sales", None),
            project("4", "Monthly", Some("3")),
        ]));
        assert_eq!(
            paths(&tree),
            ["Finance", "Finance/Monthly", "Sales", "Sales/Monthly"]
        );
    }

    #[test]
    fn a_child_of_an_invisible_parent_stands_at_the_top() {
        let tree = tree(BTreeMap::from([project("2", "Monthly", Some("1"))]));
        assert_eq!(paths(&tree), ["Monthly"]);
        assert_eq!(tree[&CollectionId::from("2")].parent, None);
    }

    #[test]
    fn a_loop_has_a_top() {
        let tree = tree(BTreeMap::from([
            project("1", "A", Some("2")),
            project("2", "B", Some("1")),
            project("3", "C", Some("2")),
        ]));
        assert_eq!(paths(&tree), ["A", "A/B", "A/B/C"]);
        assert_eq!(tree[&CollectionId::from("1")].parent, None);
        assert_eq!(
            tree[&CollectionId::from("2")].parent,
            Some(CollectionId::from("1"))
        );
    }

    #[test]
    fn a_chain_without_end_is_cut_and_no_work_for_hours() {
        let count = 30_000;
        let link = |at: usize| {
            let parent = format!("p{}", (at + 1) % count);
            project(
                &format!("p{at}"),
                "n",
                (at + 1 < count).then_some(parent.as_str()),
            )
        };
        let tree = tree((0..count).map(link).collect());
        assert_eq!(tree.len(), count);
        assert!(
            tree.values()
                .all(|collection| collection.path.len() <= DEEPEST_PROJECT)
        );
        let tops = tree
            .values()
            .filter(|collection| collection.parent.is_none())
            .count();
        assert_eq!(tops, count.div_ceil(DEEPEST_PROJECT));
    }

    proptest! {
        #[test]
        fn every_path_ends_and_agrees_with_the_parents(parents in prop::collection::vec(prop::option::of(0_usize..12), 1..10)) {
            let projects = parents
                .iter()
                .enumerate()
                .map(|(at, parent)| {
                    let parent = parent.map(|parent| format!("p{parent}"));
                    project(&format!("p{at}"), &format!("n{at}"), parent.as_deref())
                })
                .collect();
            let tree = tree(projects);
            for collection in tree.values() {
                let above = collection.parent.as_ref().map(|parent| tree[parent].path.clone());
                let mut expected = above.unwrap_or_default();
                expected.push(collection.name.clone());
                prop_assert_eq!(&collection.path, &expected);
            }
        }
    }
}
