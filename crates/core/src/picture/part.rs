//! The sheets and dashboards inside a workbook, behind it: workbook ─▶ sheet ─▶ dashboard.

use std::collections::BTreeMap;

use super::Surroundings;
use super::kind::Kind;
use super::lens::Lens;
use super::sketch::{Sketch, Vertex, shorten};
use crate::health::HealthState;
use crate::id::{AssetId, PartId};
use crate::inventory::PartKind;

/// Draws the parts of every drawn exposure.
pub(super) fn insert(sketch: &mut Sketch, surroundings: &Surroundings<'_>, lens: &mut Lens) {
    for at in 0..sketch.vertices.len() {
        let exposure = sketch.vertices[at]
            .position
            .and_then(|position| (surroundings.exposure)(position));
        let Some(exposure) = exposure else { continue };
        let (Some(integration), Some(workbook)) = (&exposure.integration, &exposure.workbook) else {
            continue;
        };
        let asset = (surroundings.inventory)(integration)
            .and_then(|inventory| inventory.assets.get(&AssetId::from(workbook.luid.as_str())));
        let Some(asset) = asset else { continue };
        let mut place: BTreeMap<&PartId, usize> = BTreeMap::new();
        for part in &asset.parts {
            place.insert(&part.id, sketch.vertices.len());
            let kind = match part.kind {
                PartKind::Sheet => Kind::Sheet,
                PartKind::Dashboard | PartKind::Story => Kind::Dashboard,
            };
            let vertex = Vertex {
                id: format!("part:{integration}:{}:{}", workbook.luid, part.id),
                name: shorten(part.name.clone()),
                kind,
                position: None,
                health: HealthState::Unknown,
                lens: lens.of_kind(kind),
                tool: sketch.vertices[at].tool,
                members: 0,
                neighbours: None,
                is_start: false,
            };
            sketch.vertices.push(vertex);
        }
        for part in &asset.parts {
            let Some(&own) = place.get(&part.id) else { continue };
            let inside: Vec<usize> = part
                .contains
                .iter()
                .filter_map(|id| place.get(id).copied())
                .filter(|&inner| inner != own)
                .collect();
            if inside.is_empty() {
                sketch.edges.push((at, own));
            }
            sketch.edges.extend(inside.into_iter().map(|inner| (inner, own)));
        }
    }
    sketch.edges.sort_unstable();
    sketch.edges.dedup();
}
