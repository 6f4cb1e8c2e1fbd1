//! Every target's corpus, and a fixed number of mutations of it: the same on every machine and every run.

#![expect(clippy::expect_used, reason = "a test that cannot be set up should stop")]
#![expect(
    clippy::print_stderr,
    reason = "who sees a failure wants the input that brought it"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use tailwater_fuzz::mutation::Mutator;
use tailwater_fuzz::{ALL, corpus, find};

const SEED: u64 = 0x7a11_3a7e_12d5_0001;

/// One test for each target, so that they run side by side and each is named where it fails.
macro_rules! replay {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })*

        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

replay! {
    address adopt artifact export graphql index log manifest rest_json rest_xml retry_after search selection selector
    sql_upstream step table_name yaml
}

fn replay(name: &str) {
    let target = find(name).expect("a target of this name");
    let corpus = corpus::read(name).expect("a corpus");
    assert!(!corpus.is_empty(), "fuzz/corpus/{name} is empty");
    for (path, bytes) in &corpus {
        let file = path.file_name().unwrap_or_default();
        attempt(target.run, bytes, &format!("{name} {}", file.display()));
    }
    let mut seeds: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    seeds.extend(further_seeds(name));
    let mut mutator = Mutator::new(&seeds, target.words, SEED);
    for number in 0..target.mutations {
        let bytes = mutator.mutate();
        attempt(target.run, &bytes, &format!("mutation {number} of {name}"));
    }
}

/// Seeds that another crate's tests have already.
fn further_seeds(name: &str) -> Vec<Vec<u8>> {
    if name != "sql_upstream" {
        return Vec::new();
    }
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../sql/tests/corpus");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("the statements of crates/sql")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a text"));
    texts
        .flat_map(|text| {
            let statements = text.split("\n----\n").enumerate();
            let seed = |(number, statement): (usize, &str)| {
                let dialect = u8::try_from(0x40 + number % 0x40).expect("below 0x80");
                [&[dialect], statement.as_bytes()].concat()
            };
            statements.map(seed).collect::<Vec<_>>()
        })
        .collect()
}

/// Runs a target; where it fails, keeps the input and says where.
fn attempt(run: fn(&[u8]), bytes: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(bytes))) {
        let kept = std::env::temp_dir().join(format!("tailwater-{}", what.replace(['/', ' '], "-")));
        let _ = std::fs::write(&kept, bytes);
        eprintln!("{what} fails; the input is kept in {}", kept.display());
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn every_target_is_replayed_and_has_a_corpus_and_a_program() {
    let mut targets: Vec<&str> = ALL.iter().map(|target| target.name).collect();
    targets.sort_unstable();
    let mut replayed = REPLAYED.to_vec();
    replayed.sort_unstable();
    assert_eq!(replayed, targets);
    let names_in = |directory: &str| {
        let entries = std::fs::read_dir(corpus::directory().join("..").join(directory)).expect("a directory");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").path())
            .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names_in("corpus"), targets);
    assert_eq!(names_in("fuzz_targets"), targets);
    let manifest =
        std::fs::read_to_string(corpus::directory().join("../Cargo.toml")).expect("fuzz/Cargo.toml");
    for name in targets {
        assert!(
            manifest.contains(&format!("name = \"{name}\"\n")),
            "{name} is no program of fuzz/Cargo.toml"
        );
    }
}

#[test]
fn the_corpus_stays_small() {
    let mut sum = 0;
    for target in ALL {
        for (path, bytes) in corpus::read(target.name).expect("a corpus") {
            assert!(
                bytes.len() <= 100_000,
                "{} has {} bytes",
                path.display(),
                bytes.len()
            );
            sum += bytes.len();
        }
    }
    assert!(sum < 1_000_000, "{sum} bytes");
}

#[test]
fn mutations_of_sql_reach_every_way_of_reading_it() {
    use tailwater_core::dialect::Dialect;
    use tailwater_sql::{Request, upstream};

    let seeds = further_seeds("sql_upstream");
    let mut mutator = Mutator::new(&seeds, find("sql_upstream").expect("the target").words, SEED);
    let mut by_confidence = [0_usize; 3];
    for _ in 0..1_000 {
        let bytes = mutator.mutate();
        let answer = upstream(&Request::new(
            &String::from_utf8_lossy(bytes.get(1..).unwrap_or_default()),
            Dialect::Snowflake,
        ));
        by_confidence[answer.confidence as usize] += 1;
    }
    assert!(by_confidence.iter().all(|&count| count > 5), "{by_confidence:?}");
}
