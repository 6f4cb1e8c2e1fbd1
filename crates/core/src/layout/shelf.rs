//! Parts that no edge joins, packed on shelves, the tallest first; single nodes in a grid of their own.
//!
//! ```text
//! ┌───────┐ ┌────┐ ┌──┐
//! │       │ │    │ └──┘     beside the first part of a shelf, smaller ones stand in columns
//! │       │ └────┘ ┌──┐
//! │       │ ┌───┐  └──┘
//! └───────┘ └───┘
//! ```

use super::Placed;

/// A screen is wider than high, and so should a drawing be: width over height, in tenths.
const SHAPE_TENTHS: i64 = 16;

/// A part with its nodes placed from (0, 0).
pub(super) struct Block {
    nodes: Vec<usize>,
    corners: Vec<(i64, i64)>,
    width: i64,
    height: i64,
}

impl Block {
    /// Nodes with their corners.
    pub fn new(nodes: Vec<usize>, corners: Vec<(i64, i64)>, size: &dyn Fn(usize) -> (i64, i64)) -> Self {
        let (mut width, mut height) = (0, 0);
        for (&node, &(x, y)) in nodes.iter().zip(&corners) {
            let (own_width, own_height) = size(node);
            width = width.max(x + own_width);
            height = height.max(y + own_height);
        }
        Self {
            nodes,
            corners,
            width,
            height,
        }
    }
}

/// Single nodes in columns, down and then to the right in the order of names, about as wide as high.
pub(super) fn grid(nodes: Vec<usize>, size: &dyn Fn(usize) -> (i64, i64), gap: i64) -> Block {
    let (mut widest, mut highest) = (1, 1);
    for &node in &nodes {
        let (width, height) = size(node);
        widest = widest.max(width);
        highest = highest.max(height);
    }
    let (step_x, step_y) = (widest + 2 * gap, highest + gap);
    let count = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
    // rows × step_y × shape = columns × step_x, and rows × columns = count.
    let rows = (count * step_x * 10 / (step_y * SHAPE_TENTHS)).isqrt().max(1);
    let corners = (0..count)
        .map(|at| (at / rows * step_x, at % rows * step_y))
        .collect();
    Block::new(nodes, corners, size)
}

/// Puts the blocks on shelves with `room` between, the grid of single nodes last. Blocks come in the order of
/// their first names, which decides among blocks of one height.
pub(super) fn pack(count: usize, mut blocks: Vec<Block>, grid: Option<Block>, room: i64) -> Placed {
    blocks.sort_by_key(|block| std::cmp::Reverse(block.height));
    blocks.extend(grid);
    let area = |block: &Block| {
        block
            .width
            .saturating_add(room)
            .saturating_mul(block.height + room)
    };
    let total = blocks
        .iter()
        .fold(0_i64, |sum, block| sum.saturating_add(area(block)));
    let widest = blocks.iter().map(|block| block.width).max().unwrap_or_default();
    let shelf_width = (total / 10).saturating_mul(SHAPE_TENTHS).isqrt().max(widest);
    let mut placed = Placed {
        corners: vec![(0, 0); count],
        width: 0,
        height: 0,
    };
    let mut shelf = Shelf::default();
    for block in blocks {
        let (x, y) = shelf.place(&block, shelf_width, room);
        for (&node, &(inner_x, inner_y)) in block.nodes.iter().zip(&block.corners) {
            placed.corners[node] = (x + inner_x, y + inner_y);
        }
        placed.width = placed.width.max(x + block.width);
        placed.height = placed.height.max(y + block.height);
    }
    placed
}

/// The shelf that is being filled: columns beside one another, in each of them blocks on top of one another
/// down to the height of the shelf's first block.
#[derive(Default)]
struct Shelf {
    top: i64,
    height: i64,
    column_x: i64,
    column_width: i64,
    column_y: i64,
}

impl Shelf {
    /// The corner of the next block.
    fn place(&mut self, block: &Block, shelf_width: i64, room: i64) -> (i64, i64) {
        let fits_below = self.column_y + block.height <= self.height;
        if !fits_below || self.column_x + block.width > shelf_width {
            self.column_x += self.column_width + room;
            self.column_y = 0;
            self.column_width = 0;
            let is_first = self.height == 0;
            if is_first || self.column_x + block.width > shelf_width {
                if !is_first {
                    self.top += self.height + room;
                }
                self.column_x = 0;
                self.height = 0;
            }
        }
        let corner = (self.column_x, self.top + self.column_y);
        self.height = self.height.max(block.height);
        self.column_width = self.column_width.max(block.width);
        self.column_y += block.height + room;
        corner
    }
}
