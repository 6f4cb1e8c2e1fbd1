//! The one edit that is made in a file of other people: the first line is the exposure's name, the rest the file.

use tailwater_core::exposure_yaml::DbtVersion;
use tailwater_core::id::AssetId;
use tailwater_dbt::yaml::{read_exposures, with_asset_id};

use super::{Target, first_line};

pub const TARGET: Target = Target {
    name: "adopt",
    run,
    words: &[
        "exposures:\n",
        "  - name: ",
        "x\n",
        "    meta:\n",
        "    config:\n",
        "      meta:\n",
        "\r\n",
        "\t",
        "&a ",
        "*a",
        "{",
        "}",
        "# c",
        "|\n",
        ">-\n",
        "'",
        "- ",
        "  ",
        "---\n",
        "tailwater:",
    ],
    mutations: 6_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (name, file) = first_line(&text);
    let asset = AssetId::from("9df3-\"{{ x }}");
    for dbt in [DbtVersion::new(1, 9), DbtVersion::new(1, 11)] {
        match with_asset_id(file, name, &asset, dbt) {
            Ok(edited) => {
                let own = read_exposures(&edited, "x.yml");
                let exposures = own.unwrap_or_default();
                let claimed = exposures.iter().filter(|exposure| exposure.name == name);
                assert_eq!(
                    claimed.filter(|exposure| exposure.asset.is_some()).count(),
                    1,
                    "{edited}"
                );
                // Every line is still there, in order; some were added.
                let mut lines = edited.lines();
                for line in file.lines() {
                    assert!(
                        lines.any(|other| other == line),
                        "{line:?} is gone from {edited:?}"
                    );
                }
                assert!(edited.len() <= file.len() * 2 + 500, "{edited:?}");
            }
            Err(refusal) => assert!(refusal.lines.contains("tailwater:")),
        }
    }
}
