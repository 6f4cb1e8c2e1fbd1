//! Small pictures on pages: of the many at one distance from the focus, a few and `+388 more`.

use std::cmp::Reverse;

use super::kind::Kind;
use super::lens::Lens;
use super::sketch::{Fate, Merged, Sketch};
use crate::graph::Adjacency;

/// Keeps `most` vertices at each distance on each side of the focus, the least healthy first and then by
/// name; the rest of each becomes one pill. Without a focus nothing is folded.
pub(super) fn fold(sketch: &mut Sketch, most: usize, lens: &mut Lens) {
    let Some(focus) = sketch.focus else { return };
    let count = sketch.vertices.len();
    let readers = Adjacency::new(count, sketch.edges.clone());
    let read = Adjacency::new(count, sketch.edges.iter().map(|&(from, to)| (to, from)).collect());
    let mut is_met = vec![false; count];
    is_met[focus] = true;
    let mut fates = vec![Fate::Stays; count];
    let mut pills = Vec::new();
    for (side, edges) in [("up", &read), ("down", &readers)] {
        let mut ring = vec![focus];
        let mut distance = 0;
        while !ring.is_empty() {
            let mut next = Vec::new();
            for &at in &ring {
                for &other in edges.of(at) {
                    if !std::mem::replace(&mut is_met[other], true) {
                        next.push(other);
                    }
                }
            }
            distance += 1;
            next.sort_by_key(|&at| {
                let vertex = &sketch.vertices[at];
                (Reverse(vertex.health), vertex.name.clone(), vertex.id.clone())
            });
            // A pill for one would take the room of that one.
            if next.len() > most + 1 {
                for &at in &next[most..] {
                    fates[at] = Fate::Joins(pills.len());
                }
                pills.push(Merged {
                    id: format!("pill:{side}:{distance}"),
                    name: format!("+{} more", next.len() - most),
                    kind: Kind::Pill,
                });
            }
            ring = next;
        }
    }
    sketch.merge(&fates, pills, lens);
}
