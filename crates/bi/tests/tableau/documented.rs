//! The user documentation names every code that the connector can show.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn codes(text: &str) -> BTreeSet<String> {
    let is_code = |word: &str| {
        let known = word.starts_with("TW-TABLEAU-") || word.starts_with("TW-HTTP-");
        known && !word.ends_with('-')
    };
    text.split(|character: char| !character.is_ascii_uppercase() && character != '-')
        .filter(|word| is_code(word))
        .map(str::to_owned)
        .collect()
}

fn codes_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(codes_below(&path));
        } else {
            found.extend(codes(&fs::read_to_string(path).unwrap()));
        }
    }
    found
}

#[test]
fn every_code_is_documented_and_no_other() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shown = codes_below(&crate_folder.join("src"));
    // What is called and what is sent have a page each.
    let documented: BTreeSet<String> = ["tableau.md", "signals.md"]
        .iter()
        .flat_map(|page| codes(&fs::read_to_string(crate_folder.join("../../docs").join(page)).unwrap()))
        .collect();
    assert!(shown.len() > 20);
    assert_eq!(shown, documented);
}
