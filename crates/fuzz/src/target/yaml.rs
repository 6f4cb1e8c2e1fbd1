//! YAML files of a dbt project: what exposures they declare, and how the project is set up.

use tailwater_core::exposure_yaml::FileHead;
use tailwater_dbt::yaml::{read_exposures, read_project_file, scan_exposures};

use super::Target;
use crate::property::is_tame_error;

pub const TARGET: Target = Target {
    name: "yaml",
    run,
    words: &[
        "exposures:",
        "- name: ",
        "meta:",
        "config:",
        "tailwater:",
        "id: ",
        "&a ",
        "*a",
        "!!python/object ",
        "<<: *a",
        "? ",
        "|\n",
        ">\n",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "# ",
        "\t",
        "- ",
        "restrict-access: true",
        "model-paths:",
        "~",
        "<<<<<<< ours\n",
    ],
    mutations: 3_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match read_exposures(&text, "exposures.yml") {
        Ok(read) => assert!(read.len() <= text.len()),
        Err(error) => is_tame_error(&error),
    }
    if let Err(error) = read_project_file(&text, "dbt_project.yml") {
        is_tame_error(&error);
    }
    assert!(scan_exposures(&text).len() <= text.len());
    let _ = FileHead::of(&text);
}
