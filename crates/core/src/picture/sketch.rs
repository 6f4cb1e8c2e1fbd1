//! Vertices and edges while they are put together, before they have places.

use super::Surroundings;
use super::choice::{Choice, is_test};
use super::kind::Kind;
use super::lens::Lens;
use crate::health::HealthState;
use crate::project::{Node, ResourceType};
use crate::selector::Universe;

/// One thing to draw.
#[derive(Debug, Clone)]
pub(super) struct Vertex {
    pub id: String,
    pub name: String,
    pub kind: Kind,
    /// The universe's position, of resources.
    pub position: Option<usize>,
    pub health: HealthState,
    /// The lens's value.
    pub lens: usize,
    /// Place in [`Sketch::tools`].
    pub tool: Option<usize>,
    /// Of what stands for several, how many.
    pub members: usize,
    /// How many resources are above and below in the whole graph; `None` of what is not in it.
    pub neighbours: Option<(usize, usize)>,
    /// Whether the question starts from it.
    pub is_start: bool,
}

/// A drawing without places.
#[derive(Debug, Clone, Default)]
pub(super) struct Sketch {
    pub vertices: Vec<Vertex>,
    /// Places of vertices, from what is read to what reads it.
    pub edges: Vec<(usize, usize)>,
    pub tools: Vec<String>,
    pub focus: Option<usize>,
}

/// What becomes of a vertex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    /// Becomes part of one of the new vertices.
    Joins(usize),
    Goes,
}

/// A vertex that stands for several.
#[derive(Debug, Clone)]
pub(super) struct Merged {
    pub id: String,
    pub name: String,
    pub kind: Kind,
}

impl Sketch {
    /// The chosen resources and the edges between them.
    pub fn of_nodes(
        choice: &Choice,
        universe: &Universe<'_>,
        surroundings: &Surroundings<'_>,
        lens: &mut Lens,
    ) -> Self {
        let graph = universe.graph();
        let mut sketch = Self::default();
        let mut place = vec![usize::MAX; graph.len()];
        let is_resource = |other: &&usize| !is_test(universe, **other);
        for position in choice.drawn.iter() {
            let Some(node) = universe.node(position) else {
                continue;
            };
            place[position] = sketch.vertices.len();
            let tool = sketch.tool_of(position, surroundings);
            sketch.vertices.push(Vertex {
                id: node.unique_id.to_string(),
                name: shown_name(node),
                kind: Kind::Resource(node.resource_type),
                position: Some(position),
                health: (surroundings.health)(position),
                lens: lens.of_node(position, node, universe, surroundings),
                tool,
                members: 0,
                neighbours: Some((
                    graph.parents(position).iter().filter(is_resource).count(),
                    graph.children(position).iter().filter(is_resource).count(),
                )),
                is_start: choice.starts.contains(position),
            });
        }
        sketch.edges = graph
            .edges_within(&choice.drawn)
            .map(|(from, to)| (place[from], place[to]))
            .collect();
        sketch.focus = choice.focus.map(|position| place[position]);
        sketch
    }

    /// The place of a tool among the tools of an exposure's vertex.
    fn tool_of(&mut self, position: usize, surroundings: &Surroundings<'_>) -> Option<usize> {
        let exposure = (surroundings.exposure)(position)?;
        let integration = exposure.integration.as_ref()?;
        let told = (surroundings.inventory)(integration).map(|inventory| inventory.site.tool.as_str());
        let tool = match told {
            Some(tool) if !tool.is_empty() => tool,
            _ if exposure.workbook.is_some() => "tableau",
            _ => return None,
        };
        let known = self.tools.iter().position(|own| own == tool);
        Some(known.unwrap_or_else(|| {
            self.tools.push(tool.to_owned());
            self.tools.len() - 1
        }))
    }

    /// Puts vertices together or away. A merged vertex has the worst health of its members, and their lens's
    /// value where they agree. Edges follow; those inside a merged vertex are gone, and repeats are one.
    pub fn merge(&mut self, fates: &[Fate], merged: Vec<Merged>, lens: &mut Lens) {
        let old = std::mem::take(&mut self.vertices);
        let staying = fates.iter().filter(|&&fate| fate == Fate::Stays).count();
        let mut place = vec![None; old.len()];
        let mut members: Vec<Vec<Vertex>> = vec![Vec::new(); merged.len()];
        for (at, (vertex, &fate)) in old.into_iter().zip(fates).enumerate() {
            match fate {
                Fate::Stays => {
                    place[at] = Some(self.vertices.len());
                    self.vertices.push(vertex);
                }
                Fate::Joins(class) => {
                    place[at] = Some(staying + class);
                    members[class].push(vertex);
                }
                Fate::Goes => {}
            }
        }
        for (new, members) in merged.into_iter().zip(members) {
            let first_tool = members.first().and_then(|member| member.tool);
            self.vertices.push(Vertex {
                id: new.id,
                name: new.name,
                kind: new.kind,
                position: None,
                health: HealthState::worst(members.iter().map(|member| member.health)).unwrap_or_default(),
                lens: lens.of_several(members.iter().map(|member| member.lens)),
                tool: first_tool.filter(|_| members.iter().all(|member| member.tool == first_tool)),
                members: members.iter().map(|member| member.members.max(1)).sum(),
                neighbours: None,
                is_start: members.iter().any(|member| member.is_start),
            });
        }
        let mut edges: Vec<(usize, usize)> = self
            .edges
            .iter()
            .filter_map(|&(from, to)| Some((place[from]?, place[to]?)))
            .filter(|(from, to)| from != to)
            .collect();
        edges.sort_unstable();
        edges.dedup();
        self.edges = edges;
        self.focus = self.focus.and_then(|at| place[at]);
    }
}

/// What people call a resource: of an exposure its label, of a source the source too, of a versioned model
/// the version too. Shortened where no drawing could show it.
pub(super) fn shown_name(node: &Node) -> String {
    let name = match node.resource_type {
        ResourceType::Exposure => node
            .exposure
            .as_ref()
            .and_then(|exposure| exposure.label.clone())
            .filter(|label| !label.trim().is_empty())
            .unwrap_or_else(|| node.name.clone()),
        ResourceType::Source => match &node.source_name {
            Some(source) => format!("{source}.{}", node.name),
            None => node.name.clone(),
        },
        _ => match &node.version {
            Some(version) => format!("{}.v{version}", node.name),
            None => node.name.clone(),
        },
    };
    shorten(name)
}

/// Names that are longer than a line are cut.
pub(super) fn shorten(name: String) -> String {
    const LONGEST: usize = 200;
    if name.len() <= LONGEST {
        return name;
    }
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}
