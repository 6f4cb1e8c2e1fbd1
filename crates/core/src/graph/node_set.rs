//! A set of positions in a graph, one bit each.

/// A set of node positions below a fixed length, with the set operations that selectors are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSet {
    words: Vec<u64>,
    length: usize,
}

impl NodeSet {
    /// The empty set over positions `0..length`.
    pub fn new(length: usize) -> Self {
        Self {
            words: vec![0; length.div_ceil(64)],
            length,
        }
    }

    /// The set of all positions `0..length`.
    pub fn full(length: usize) -> Self {
        let mut set = Self::new(length);
        for position in 0..length {
            set.insert(position);
        }
        set
    }

    /// The set of the given positions; those outside `0..length` are left out.
    pub fn from_positions(length: usize, positions: impl IntoIterator<Item = usize>) -> Self {
        let mut set = Self::new(length);
        for position in positions {
            set.insert(position);
        }
        set
    }

    /// Adds a position; says whether it is new. A position outside the set's length is not added.
    pub fn insert(&mut self, position: usize) -> bool {
        if position >= self.length {
            return false;
        }
        let bit = 1 << (position % 64);
        let word = &mut self.words[position / 64];
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Whether the position is in the set.
    pub fn contains(&self, position: usize) -> bool {
        position < self.length && self.words[position / 64] & (1 << (position % 64)) != 0
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// How many positions are in the set.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The positions, in rising order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    at * 64 + bit
                })
            })
        })
    }

    /// Adds all positions of another set of the same length.
    pub fn unite(&mut self, other: &Self) {
        for (word, &theirs) in self.words.iter_mut().zip(&other.words) {
            *word |= theirs;
        }
    }

    /// Keeps the positions that another set of the same length has too.
    pub fn intersect(&mut self, other: &Self) {
        for (word, &theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= theirs;
        }
    }

    /// Takes out all positions of another set of the same length.
    pub fn subtract(&mut self, other: &Self) {
        for (word, &theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= !theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_beyond_the_length_are_refused() {
        let mut set = NodeSet::new(3);
        assert!(!set.insert(3));
        assert!(!set.contains(3));
        assert!(set.insert(2));
        assert!(!set.insert(2));
        assert_eq!(NodeSet::full(70).len(), 70);
    }

    proptest! {
        #[test]
        fn it_does_what_an_ordered_set_does(
            left in prop::collection::btree_set(0_usize..200, 0..50),
            right in prop::collection::btree_set(0_usize..200, 0..50),
        ) {
            let bits = |set: &BTreeSet<usize>| NodeSet::from_positions(200, set.iter().copied());
            let list = |set: &NodeSet| set.iter().collect::<BTreeSet<_>>();
            let combined = |operation: fn(&mut NodeSet, &NodeSet)| {
                let mut set = bits(&left);
                operation(&mut set, &bits(&right));
                list(&set)
            };
            prop_assert_eq!(list(&bits(&left)), left.clone());
            prop_assert_eq!(bits(&left).len(), left.len());
            prop_assert_eq!(combined(NodeSet::unite), &left | &right);
            prop_assert_eq!(combined(NodeSet::intersect), &left & &right);
            prop_assert_eq!(combined(NodeSet::subtract), &left - &right);
        }
    }
}
