//! A small fuzzer with a fixed seed: the corpus, broken in 20,000 ways.
//!
//! It finds panics and overflows; runaway work shows as a test that does not end. The large sibling
//! is `fuzz/`.

#![expect(clippy::unwrap_used, reason = "a corpus that cannot be read fails the test")]

use std::path::Path;

use tailwater_core::confidence::Confidence;
use tailwater_core::dialect::Dialect;
use tailwater_sql::{Request, Upstream, upstream};

const MUTATIONS: usize = 20_000;
const SEED: u64 = 0x7a11_3a7e_12d5_0001;

/// A xorshift generator: enough for choosing where to cut.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).unwrap_or_default()
    }
}

fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            text.split("\n----\n").map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// The nearest place at or before `at` where a text can be cut.
fn boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutate(seeds: &[String], dice: &mut Dice) -> String {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "'",
        "\"",
        "`",
        "[",
        "]",
        ",",
        ".",
        ";",
        " from ",
        " select ",
        " as ",
        " with ",
        " join ",
        "--",
        "/*",
        "{{",
        "<<",
        " where ",
        " union ",
        " case ",
        " end ",
        "*",
        "é",
        "\u{0}",
        "@",
        "#",
        "$$",
        "::",
        "->",
        " values ",
        " lateral ",
        " for ",
    ];
    let mut text = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(4) {
        let at = boundary(&text, dice.below(text.len() + 1));
        match dice.below(6) {
            0 => {
                let end = boundary(&text, at + dice.below(20)).max(at);
                text.replace_range(at..end, "");
            }
            1 => text.insert_str(at, PIECES[dice.below(PIECES.len())]),
            2 => text.truncate(at),
            3 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = boundary(other, dice.below(other.len() + 1));
                text.insert_str(at, &other[from..]);
            }
            4 => {
                let end = boundary(&text, at + dice.below(60)).max(at);
                let copy = text[at..end].repeat(dice.below(8));
                text.insert_str(at, &copy);
            }
            _ => {
                let end = boundary(&text, at + 1).max(at);
                text.replace_range(at..end, PIECES[dice.below(PIECES.len())]);
            }
        }
        let end = boundary(&text, 20_000);
        text.truncate(end);
    }
    text
}

#[test]
fn no_mutation_of_the_corpus_panics() {
    let seeds = corpus();
    let mut dice = Dice(SEED);
    let mut by_confidence = [0_usize; 3];
    for _ in 0..MUTATIONS {
        let text = mutate(&seeds, &mut dice);
        let dialect = Dialect::ALL[dice.below(Dialect::ALL.len())];
        let answer = upstream(&Request::new(&text, dialect));
        assert!(answer.notes.len() <= Upstream::MAX_NOTES);
        assert!(
            answer
                .error
                .as_ref()
                .is_none_or(|error| error.len() <= Upstream::MAX_ERROR_LENGTH)
        );
        assert_eq!(
            answer.error.is_none(),
            answer.confidence == Confidence::Parsed,
            "{text}"
        );
        // What is found stands in the text, but for the schemas that a double dot leaves out.
        for part in answer.tables.iter().flat_map(|table| &table.name.parts) {
            assert!(
                text.contains(part.as_str())
                    || part.contains('-')
                    || part == "dbo"
                    || part == "PUBLIC"
                    || part.contains(['"', '`', ']', '\'', '@', '\\']),
                "{part} is not in {text}"
            );
        }
        by_confidence[answer.confidence as usize] += 1;
    }
    assert!(
        by_confidence.iter().all(|&count| count > 100),
        "{by_confidence:?}"
    );
}
