//! A graph as dbt projects have it, made from a seed: areas with sources, staging, intermediate models,
//! marts that read mostly within their area, and dashboards on the marts.

/// A node: its name, kind and area, and what it reads by place in the list, always before it.
pub struct Made {
    pub name: String,
    pub kind: &'static str,
    pub area: usize,
    pub reads: Vec<usize>,
}

/// A small generator of numbers (xorshift), so that every run measures the same graph.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

/// Makes `count` nodes.
pub fn graph(count: usize) -> Vec<Made> {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let areas = (count / 120).clamp(2, 60);
    let mut nodes: Vec<Made> = Vec::with_capacity(count);
    // Candidates to be read, by area and rank.
    let mut ranks: Vec<Vec<Vec<usize>>> = vec![vec![Vec::new(); areas]; 5];
    let plan = [
        ("source", "raw", 22),
        ("model", "stg", 22),
        ("model", "int", 16),
        ("model", "fct", 15),
        ("exposure", "dashboard", 25),
    ];
    for (rank, &(kind, prefix, percent)) in plan.iter().enumerate() {
        let own = if rank + 1 == plan.len() {
            count - nodes.len()
        } else {
            count * percent / 100
        };
        for number in 0..own {
            let area = numbers.below(areas);
            let mut reads = Vec::new();
            let wanted = match rank {
                0 => 0,
                1 => 1,
                3 => 1 + numbers.below(4),
                _ => 1 + numbers.below(3),
            };
            for _ in 0..wanted {
                let from_area = if numbers.below(10) < 8 {
                    area
                } else {
                    numbers.below(areas)
                };
                // Mostly the rank before, at times an earlier one or a sibling.
                let from_rank = match numbers.below(10) {
                    7 | 8 if rank > 2 => rank - 2,
                    9 if rank == 2 || rank == 3 => rank,
                    _ => rank - 1,
                };
                let candidates = &ranks[from_rank][from_area];
                if !candidates.is_empty() {
                    reads.push(candidates[numbers.below(candidates.len())]);
                }
            }
            reads.sort_unstable();
            reads.dedup();
            ranks[rank][area].push(nodes.len());
            nodes.push(Made {
                name: format!(
                    "{prefix}_area{area}__{}_{number}",
                    ["order", "visit", "ledger_entry"][number % 3]
                ),
                kind,
                area,
                reads,
            });
        }
    }
    nodes
}
