//! Exposures with hostile text in every field, written as YAML and read again. Each line is one field.

use tailwater_core::exposure::{Exposure, Workbook};
use tailwater_core::exposure_yaml::{DbtVersion, FILE_START, Place, Purpose, write_entry};
use tailwater_core::id::{AssetId, IntegrationName};
use tailwater_core::manual::from_node;
use tailwater_core::naming::snake_case;
use tailwater_core::project::{Node, Project, ProjectMetadata};
use tailwater_dbt::yaml::{read_exposures, scan_exposures};

use super::Target;

pub const TARGET: Target = Target {
    name: "export",
    run,
    words: &[
        "{{ ",
        " }}",
        "{%",
        "{#",
        "{",
        "}",
        "'",
        "\"",
        "\\",
        "\u{2028}",
        "\u{feff}",
        "\u{85}",
        "!!python/name:x ",
        "&a ",
        "*a",
        "? ",
        "%",
        "---",
        "...",
        "# ",
        ": ",
        "- ",
        "|",
        ">",
        "~",
        "\r",
        "\t",
        "<<",
        "null",
        "0x1f",
    ],
    mutations: 3_000,
};

fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut fields = text.split('\n').map(str::to_owned);
    let mut field = || fields.next().unwrap_or_default();
    let version = ["1.2.0", "1.9.8", "1.11.16"][bytes.len() % 3];
    let metadata = ProjectMetadata {
        package: "shop".to_owned(),
        dbt_version: version.to_owned(),
        ..ProjectMetadata::default()
    };
    let project = Project::new("shop".into(), metadata, vec![], vec![]);
    let label = field();
    let node = Node {
        name: snake_case(&label),
        ..Node::default()
    };
    let luid = field();
    let mut exposure = Exposure {
        label,
        kind: field(),
        description: Some(field()),
        url: Some(field()),
        maturity: Some(field()),
        integration: Some(IntegrationName::from(field())),
        workbook: Some(Workbook {
            luid: luid.clone(),
            project_path: String::new(),
            total_views: None,
            created_at: None,
            updated_at: None,
        }),
        ..from_node(&project, &node)
    };
    exposure.owner.name = Some(field());
    exposure.owner.email = Some(field());
    exposure.depends_on.insert(field().into());
    exposure.tags = fields.collect();
    let mut file = FILE_START.to_owned();
    let unwritten = write_entry(&mut file, &exposure, &Place::of(&project), Purpose::Generated);
    assert_eq!(unwritten.len(), 1);
    let is_odd = |letter: char| letter.is_control() && letter != '\n';
    assert!(
        !file.contains(is_odd) && !file.contains(['\u{202e}', '\u{2028}', '\u{feff}']),
        "{file:?}"
    );
    let declared = read_exposures(&file, "x.yml").unwrap_or_default();
    let [declared] = declared.as_slice() else {
        return assert!(file.is_empty(), "{declared:?} from {file:?}");
    };
    assert_eq!(declared.name, exposure.name);
    // A text that dbt takes for a template is wrapped, and the id is compared as dbt renders it.
    if !luid.contains(['{', '\r']) && !luid.is_empty() {
        assert_eq!(declared.asset, Some(AssetId::from(luid.as_str())));
        if DbtVersion::parse(version).has_config() {
            let scanned = scan_exposures(&file);
            assert!(
                scanned.iter().any(|scanned| scanned.name == exposure.name),
                "{scanned:?}"
            );
        }
    }
}
