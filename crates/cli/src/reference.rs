//! Checks the generated pages under `docs/`, and writes them when `UPDATE` is set.

use std::path::Path;

/// Compares a page with what it should say; writes it instead when the environment has `UPDATE`.
#[track_caller]
pub fn assert_page(page: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/{page} is out of date: `UPDATE=1 cargo test -p tailwater` writes it anew"
    );
}
