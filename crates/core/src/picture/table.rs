//! The same answer as a table: one row a node.

use super::Picture;
use crate::percent::percent_encoded;

/// A node as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name. Untrusted.
    pub name: &'a str,
    /// Its kind, as in [`Picture::kinds`].
    pub kind: &'static str,
    /// Its health, as in [`Picture::healths`].
    pub health: &'static str,
    /// The lens's value for people. Untrusted.
    pub lens: &'a str,
    /// The BI tool, of what comes from one.
    pub tool: Option<&'a str>,
    /// Of pills and groups, how many they stand for; else 0.
    pub members: usize,
    /// Places of the drawn nodes that it reads, by name.
    pub upstream: Vec<usize>,
    /// Places of the drawn nodes that read it, by name.
    pub downstream: Vec<usize>,
}

impl Picture {
    /// The rows, in the order of the nodes: row `n` is node `n`.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let count = self.nodes.id.len();
        let (mut upstream, mut downstream) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (&from, &to) in self.edges.from.iter().zip(&self.edges.to) {
            downstream[from].push(to);
            upstream[to].push(from);
        }
        let by_name = |mut places: Vec<usize>| {
            places.sort_by_key(|&at| (&self.nodes.name[at], &self.nodes.id[at]));
            places
        };
        upstream
            .into_iter()
            .zip(downstream)
            .enumerate()
            .map(|(at, (upstream, downstream))| Row {
                id: &self.nodes.id[at],
                name: &self.nodes.name[at],
                kind: self.kinds[self.nodes.kind[at]],
                health: self.healths[self.nodes.health[at]],
                lens: &self.lens.legend[self.nodes.lens[at]].label,
                tool: self.tool(at),
                members: self.nodes.members[at],
                upstream: by_name(upstream),
                downstream: by_name(downstream),
            })
            .collect()
    }

    /// The BI tool of the node at a place.
    pub fn tool(&self, at: usize) -> Option<&str> {
        let tool = usize::try_from(*self.nodes.tool.get(at)?).ok()?;
        self.tools.get(tool).map(String::as_str)
    }

    /// The place of the node in focus.
    pub fn focus(&self) -> Option<usize> {
        usize::try_from(self.focus).ok()
    }

    /// The path of the page of the node at a place, without the base path, its id percent-encoded; `None` for
    /// what has no page.
    pub fn path(&self, at: usize) -> Option<String> {
        let start = self.paths.get(self.kinds[*self.nodes.kind.get(at)?])?;
        Some(format!("{start}{}", percent_encoded(&self.nodes.id[at])))
    }
}
