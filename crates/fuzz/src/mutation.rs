//! Breaking seeds in ways that are the same on every run: cut, doubled, spliced, with a piece put in.

/// A xorshift generator: enough for choosing where to cut.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that always fall the same for the same seed.
    pub const fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed | 1)
    }

    /// A number below the limit; 0 for a limit of 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).unwrap_or_default()
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        of.get(self.below(of.len()))
    }
}

/// Pieces that readers of text of any kind have trouble with.
const ANY_TEXT: &[&str] = &[
    "\0",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{feff}",
    "\r\n",
    "\n",
    "\t",
    "é",
    "İ",
    "ß",
    "\u{10ffff}",
    "\u{85}",
    "\\",
    "\"",
    "'",
    "{{",
    "%",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "NaN",
    "null",
    "",
];

/// Longer inputs are cut: what grows with size has tests of its own.
const LONGEST: usize = 20_000;

/// Makes mutations of seeds.
#[derive(Debug)]
pub struct Mutator<'s> {
    seeds: &'s [Vec<u8>],
    words: &'s [&'s str],
    dice: Dice,
}

impl<'s> Mutator<'s> {
    /// Mutations of these seeds, with the words of their language.
    pub const fn new(seeds: &'s [Vec<u8>], words: &'s [&'s str], seed: u64) -> Self {
        Self {
            seeds,
            words,
            dice: Dice::new(seed),
        }
    }

    /// The next mutation.
    pub fn mutate(&mut self) -> Vec<u8> {
        let mut bytes = self.seed().to_vec();
        for _ in 0..=self.dice.below(4) {
            self.change(&mut bytes);
            if bytes.len() > LONGEST {
                let end = boundary(&bytes, LONGEST);
                bytes.truncate(end);
            }
        }
        bytes
    }

    fn seed(&mut self) -> &'s [u8] {
        self.dice.pick(self.seeds).map_or(&[], Vec::as_slice)
    }

    fn piece(&mut self) -> &'s str {
        let own = self.words.len() * 3;
        let at = self.dice.below(own + ANY_TEXT.len());
        if at < own {
            self.words[at % self.words.len()]
        } else {
            ANY_TEXT[at - own]
        }
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = boundary(bytes, self.dice.below(bytes.len() + 1));
        match self.dice.below(8) {
            0 => {
                let end = boundary(bytes, at + self.dice.below(20)).max(at);
                bytes.drain(at..end);
            }
            1 => insert(bytes, at, self.piece().as_bytes()),
            2 => bytes.truncate(at),
            3 => {
                let other = self.seed();
                let from = boundary(other, self.dice.below(other.len() + 1));
                insert(bytes, at, &other[from..]);
            }
            4 => {
                let end = boundary(bytes, at + self.dice.below(60)).max(at);
                let copy = bytes[at..end].repeat(self.dice.below(8));
                insert(bytes, at, &copy);
            }
            // One byte to any other, whether or not it is text afterwards.
            5 => {
                let any = u8::try_from(self.dice.below(256)).unwrap_or_default();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = any;
                }
            }
            // A whole quoted piece or number becomes another.
            6 => {
                let is_end = |byte: &u8| b"\",:<>=[]{} \n".contains(byte);
                let length = bytes[at..].iter().position(is_end).unwrap_or(0);
                bytes.drain(at..at + length);
                insert(bytes, at, self.piece().as_bytes());
            }
            _ => {
                let end = boundary(bytes, at + 1).max(at);
                bytes.drain(at..end);
                insert(bytes, at, self.piece().as_bytes());
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

/// The nearest place at or before `at` where UTF-8 can be cut.
fn boundary(bytes: &[u8], at: usize) -> usize {
    let mut at = at.min(bytes.len());
    while at > 0 && bytes.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_mutations_and_they_differ() {
        let seeds = [b"select 1 from a".to_vec(), "é".repeat(50).into_bytes()];
        let take = || {
            let mut mutator = Mutator::new(&seeds, &["from", "("], 7);
            (0..200).map(|_| mutator.mutate()).collect::<Vec<_>>()
        };
        let mut made = take();
        assert_eq!(made, take());
        made.sort();
        made.dedup();
        assert!(made.len() > 150, "{}", made.len());
        assert!(made.iter().any(|bytes| std::str::from_utf8(bytes).is_err()));
    }

    #[test]
    fn nothing_to_start_from_is_no_obstacle() {
        let mut mutator = Mutator::new(&[], &[], 0);
        assert!((0..100).all(|_| mutator.mutate().len() <= LONGEST));
    }
}
