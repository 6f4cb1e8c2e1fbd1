//! Which resources are drawn.

use super::error::PictureError;
use super::query::PictureQuery;
use crate::graph::{Direction, NodeSet};
use crate::id::NodeId;
use crate::project::ResourceType;
use crate::selector::{
    Depth, SelectorError, Universe, boxes_of, most_like, parse, parts_that_find_nothing, select_set,
    selector_of, starts,
};

/// The resources and what is said of them.
#[derive(Debug)]
pub(super) struct Choice {
    /// What is drawn, as positions of the universe.
    pub drawn: NodeSet,
    /// Those of them from which the question starts: what the selector's words find by themselves.
    pub starts: NodeSet,
    /// The node that is marked.
    pub focus: Option<usize>,
    /// The selector that chooses this.
    pub select: String,
    /// The selector in words.
    pub phrase: String,
    pub title: String,
    pub notes: Vec<String>,
}

impl Choice {
    pub fn new(query: &PictureQuery, universe: &Universe<'_>) -> Result<Self, PictureError> {
        let graph = universe.graph();
        let exclude = parse(&query.exclude)?;
        let mut notes = Vec::new();
        let asked_focus = query.focus.as_ref().and_then(|id| graph.position(id.as_str()));
        let (select, mut drawn, mut starts) = if let (Some(id), "") = (&query.focus, query.select.trim()) {
            let position = asked_focus.ok_or_else(|| unknown_node(id, universe))?;
            around(query, position, universe)
        } else {
            by_selector(query, universe, &mut notes)?
        };
        // A selector means the resources that dbt lists, and what is excluded goes from either.
        let everything = parse("")?;
        let exclude_or_nothing = (!query.exclude.trim().is_empty()).then_some(&exclude);
        drawn.intersect(&select_set(&everything, exclude_or_nothing, universe)?);
        if exclude_or_nothing.is_some() {
            notes.extend(parts_that_find_nothing(&exclude, universe).iter().map(note));
        }

        leave_out_tests(query, universe, &mut drawn);
        if drawn.is_empty() {
            notes.push("Nothing is left to draw.".to_owned());
        }
        starts.intersect(&drawn);
        let mut first_starts = starts.iter();
        let only_start = first_starts.next().filter(|_| first_starts.next().is_none());
        drop(first_starts);
        let focus = match asked_focus {
            Some(position) => Some(position).filter(|&position| drawn.contains(position)),
            None => only_start,
        };
        let title = only_start
            .or(focus)
            .and_then(|position| universe.node(position))
            .map_or_else(
                || "Lineage".to_owned(),
                |node| format!("Lineage of {}", super::sketch::shown_name(node)),
            );
        let mut phrase = parse(&select).map_or_else(|_| select.clone(), |selector| selector.phrase());
        if exclude_or_nothing.is_some() {
            phrase.push_str(", without ");
            phrase.push_str(&exclude.phrase());
        }
        Ok(Self {
            drawn,
            starts,
            focus,
            select,
            phrase,
            title,
            notes,
        })
    }
}

/// The focus and what is so many steps away. Walks, and does not select: not every name can be written as a
/// selector.
fn around(query: &PictureQuery, position: usize, universe: &Universe<'_>) -> (String, NodeSet, NodeSet) {
    let graph = universe.graph();
    let default = query
        .preset
        .map_or((Depth::Steps(1), Depth::Steps(1)), super::Preset::depths);
    let (up, down) = (query.up.unwrap_or(default.0), query.down.unwrap_or(default.1));
    let starts = NodeSet::from_positions(graph.len(), [position]);
    let mut drawn = starts.clone();
    for (depth, direction) in [(up, Direction::Upstream), (down, Direction::Downstream)] {
        let steps = match depth {
            Depth::Steps(steps) => Some(steps),
            Depth::All => None,
        };
        drawn.unite(&graph.walk(&starts, direction, steps));
    }
    let select = universe
        .node(position)
        .map_or_else(String::new, |node| selector_of(node, universe, up, down));
    (select, drawn, starts)
}

fn by_selector(
    query: &PictureQuery,
    universe: &Universe<'_>,
    notes: &mut Vec<String>,
) -> Result<(String, NodeSet, NodeSet), PictureError> {
    // Read as it was written first, so that mistakes are named in their place.
    let written = parse(&query.select)?;
    let nothing = parts_that_find_nothing(&written, universe);
    let has_depths = query.preset.is_some() || query.up.is_some() || query.down.is_some();
    let mut select = query.select.trim().to_owned();
    if let Some(mut boxes) = boxes_of(&query.select).filter(|_| has_depths) {
        if let Some(preset) = query.preset {
            (boxes.up, boxes.down) = preset.depths();
        }
        boxes.up = query.up.unwrap_or(boxes.up);
        boxes.down = query.down.unwrap_or(boxes.down);
        select = boxes.to_string();
    } else if has_depths && !written.is_empty() {
        notes.push("Up and down apply to a selector of one part; this one says it itself.".to_owned());
    }
    let selector = parse(&select)?;
    let drawn = select_set(&selector, None, universe)?;
    if drawn.is_empty()
        && let Some(error) = nothing.into_iter().next()
    {
        return Err(error.into());
    }
    notes.extend(parts_that_find_nothing(&written, universe).iter().map(note));
    Ok((select, drawn, starts(&selector, universe)))
}

/// Takes tests out, unless they are asked for or are all there is: dbt's selection brings the tests of every
/// node that it finds, and a drawing of them all would show little else.
fn leave_out_tests(query: &PictureQuery, universe: &Universe<'_>, drawn: &mut NodeSet) {
    if query.has_tests {
        return;
    }
    let tests = NodeSet::from_positions(
        universe.graph().len(),
        drawn.iter().filter(|&position| is_test(universe, position)),
    );
    if tests.len() < drawn.len() {
        drawn.subtract(&tests);
    }
}

/// Whether a test stands at a position.
pub(super) fn is_test(universe: &Universe<'_>, position: usize) -> bool {
    universe
        .node(position)
        .is_some_and(|node| matches!(node.resource_type, ResourceType::Test | ResourceType::UnitTest))
}

fn note(error: &SelectorError) -> String {
    use crate::diagnostic::Diagnostic;
    let hint = error.hint().map_or_else(String::new, |hint| format!(". {hint}"));
    format!("{error}{hint}")
}

fn unknown_node(id: &NodeId, universe: &Universe<'_>) -> PictureError {
    let ids = universe.graph().ids().iter().map(NodeId::as_str);
    PictureError::UnknownNode {
        id: NodeId::new(id.as_str().chars().take(200).collect::<String>()),
        nearest: most_like(id.as_str(), ids).map(NodeId::from),
    }
}
