//! Indexes of manifests, which lie in a directory that others may have written to: as a file, and as what stands in
//! one behind checksums that are right.

use flate2::Crc;
use tailwater_core::project::Project;
use tailwater_dbt::{IndexReader, write_index};

use super::Target;

pub const TARGET: Target = Target {
    name: "index",
    run,
    words: &[
        "\u{0}",
        "\u{1}",
        "\u{7}\u{1}",
        "\u{7f}",
        "\u{8}\u{1}\u{1}a",
        "\u{6}\u{1}a",
        "model.p.a",
        "exposure.p.a",
        "tailwater",
        "materialized",
        "TWINDEX1",
    ],
    mutations: 20_000,
};

fn run(bytes: &[u8]) {
    if let Ok(reader) = IndexReader::new(bytes) {
        let _ = reader.read("fuzz".into());
    }
    let sealed = sealed(&[b"key", bytes]);
    let read = IndexReader::new(sealed.as_slice()).and_then(|reader| reader.read("fuzz".into()));
    let Ok(project) = read else { return };
    let most = bytes.len();
    assert!(project.nodes().len() <= most && project.macros().len() <= most);
    let again = written(&project);
    let read = IndexReader::new(again.as_slice()).and_then(|reader| reader.read("fuzz".into()));
    assert!(read.is_ok_and(|read| read == project));
}

/// The project's index.
fn written(project: &Project) -> Vec<u8> {
    let mut bytes = Vec::new();
    let done = write_index(project, b"key", &mut bytes);
    assert!(done.is_ok(), "{done:?}");
    bytes
}

/// An index of these blocks.
fn sealed(blocks: &[&[u8]]) -> Vec<u8> {
    let mut file = b"TWINDEX1".to_vec();
    let mut sum = Crc::new();
    for block in blocks {
        let length = u32::try_from(block.len()).unwrap_or(u32::MAX).to_le_bytes();
        sum.update(&length);
        sum.update(block);
        file.extend(length);
        file.extend_from_slice(block);
        file.extend(sum.sum().to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;

    /// The seeds are of use while what they hold is read.
    #[test]
    fn an_index_is_sealed_as_it_is_written_and_seeds_hold_projects() {
        let manifest = corpus::directory().join("manifest/shop.json");
        let manifest = std::fs::read(manifest).unwrap();
        let project = tailwater_dbt::read_manifest(&manifest, "shop.json", "fuzz".into()).unwrap();
        let file = written(&project);
        // Behind the mark and the key; before the last checksum.
        let block = &file[8 + (4 + 3 + 4) + 4..file.len() - 4];
        assert_eq!(sealed(&[b"key", block]), file);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(corpus::directory().join("index/shop.bin"), block).unwrap();
        }
        let seed = std::fs::read(corpus::directory().join("index/shop.bin")).unwrap();
        let sealed = sealed(&[b"key", &seed]);
        let read = IndexReader::new(sealed.as_slice()).unwrap().read("fuzz".into());
        assert!(read.unwrap() == project, "UPDATE=1 writes the seed anew");
    }
}
