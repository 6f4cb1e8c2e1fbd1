//! Manifests to measure with, of any size.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The demo project's manifest, as dbt 1.11 wrote it, grown: its nodes over and over under other names. Code is short
/// in it, so that there are as many nodes as 100 MB can hold: 45,000, half of them tests.
pub fn dense(megabytes: usize) -> String {
    let demo = include_str!("../../../../demo/dbt/target/manifest.json");
    let mut demo: Map<String, Value> = serde_json::from_str(demo).unwrap_or_default();
    let copied = ["nodes", "sources", "parent_map", "child_map"];
    let texts: Vec<Vec<String>> = copied
        .iter()
        .map(|section| {
            let entries = demo.get(*section).and_then(Value::as_object);
            let text = |(key, entry): (&String, &Value)| format!("{}:{entry}", Value::from(key.as_str()));
            entries.into_iter().flatten().map(text).collect()
        })
        .collect();
    for section in copied {
        demo.remove(section);
    }
    let rest = Value::Object(demo).to_string();
    let length: usize = texts.iter().flatten().map(String::len).sum();
    let copies = (megabytes << 20).saturating_sub(rest.len()) / length;
    let mut manifest = rest.strip_suffix('}').unwrap_or(&rest).to_owned();
    for (section, texts) in copied.iter().zip(&texts) {
        let _ = write!(manifest, ",\"{section}\":{{");
        for copy in 0..copies {
            // Another project of the same company: other ids and places, the same configurations.
            for (at, text) in texts.iter().enumerate() {
                if copy + at > 0 {
                    manifest.push(',');
                }
                let copied = text
                    .replace(".shop.", &format!(".shop.area_{copy}_"))
                    .replace("models/", &format!("models/area_{copy}/"));
                manifest.push_str(&copied);
            }
        }
        manifest.push('}');
    }
    manifest.push('}');
    manifest
}

/// A manifest of roughly the given size in which code and macros are most of the bytes, with three tests to a model.
pub fn with_code(megabytes: usize) -> String {
    let code = "select order_id, customer_id, sum(amount) as amount from orders group by 1, 2\\n".repeat(60);
    let mut nodes = String::new();
    let mut macros = String::new();
    let mut model = 0;
    while nodes.len() + macros.len() < megabytes << 20 {
        let separator = if model == 0 { "" } else { "," };
        let columns = (0..20).fold(String::new(), |mut columns, column| {
            let comma = if column == 0 { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(
                columns,
                r#"{comma}"column_{column}":{{"name":"column_{column}","description":"What it holds","meta":{{}},"data_type":null,"constraints":[],"quote":null,"tags":[]}}"#
            );
            columns
        });
        let _ = write!(
            nodes,
            r#"{separator}"model.shop.model_{model}":{{"database":"prod","schema":"marts","name":"model_{model}","resource_type":"model","package_name":"shop","path":"marts/model_{model}.sql","original_file_path":"models/marts/model_{model}.sql","unique_id":"model.shop.model_{model}","fqn":["shop","marts","model_{model}"],"alias":"model_{model}","checksum":{{"name":"sha256","checksum":"{model:064}"}},"config":{{"enabled":true,"alias":null,"schema":"marts","database":null,"tags":["nightly"],"meta":{{}},"group":null,"materialized":"table","incremental_strategy":null,"persist_docs":{{}},"post-hook":[],"pre-hook":[],"quoting":{{}},"column_types":{{}},"full_refresh":null,"unique_key":null,"on_schema_change":"ignore","grants":{{}},"packages":[],"docs":{{"show":true,"node_color":null}},"contract":{{"enforced":false,"alias_types":true}},"access":"protected"}},"tags":["nightly"],"description":"A model that says what one order is.","columns":{{{columns}}},"meta":{{}},"group":null,"docs":{{"show":true}},"patch_path":"shop://models/marts/schema.yml","compiled_path":"target/compiled/model_{model}.sql","relation_name":"\"prod\".\"marts\".\"model_{model}\"","raw_code":"{code}","language":"sql","refs":[{{"name":"model_{previous}","package":null,"version":null}}],"sources":[],"metrics":[],"depends_on":{{"macros":["macro.dbt.is_incremental"],"nodes":["model.shop.model_{previous}"]}},"compiled":true,"compiled_code":"{code}","extra_ctes_injected":true,"extra_ctes":[],"contract":{{"enforced":false,"alias_types":true,"checksum":null}},"access":"protected","version":null,"latest_version":null}}"#,
            previous = model / 2,
        );
        for test in 0..3 {
            let _ = write!(
                nodes,
                r#","test.shop.not_null_model_{model}_{test}":{{"test_metadata":{{"name":"not_null","kwargs":{{"column_name":"column_{test}"}},"namespace":null}},"database":"prod","schema":"audit","name":"not_null_model_{model}_{test}","resource_type":"test","package_name":"shop","path":"not_null_model_{model}_{test}.sql","original_file_path":"models/marts/schema.yml","unique_id":"test.shop.not_null_model_{model}_{test}","fqn":["shop","marts","not_null_model_{model}_{test}"],"alias":"not_null","config":{{"enabled":true,"alias":null,"schema":"dbt_test__audit","tags":[],"meta":{{}},"materialized":"test","severity":"ERROR","store_failures":null,"where":null,"limit":null,"fail_calc":"count(*)","warn_if":"!= 0","error_if":"!= 0"}},"tags":[],"description":"","columns":{{}},"meta":{{}},"depends_on":{{"macros":["macro.dbt.test_not_null"],"nodes":["model.shop.model_{model}"]}},"compiled_code":"select column_{test} from model where column_{test} is null","column_name":"column_{test}","attached_node":"model.shop.model_{model}"}}"#
            );
        }
        let _ = write!(
            macros,
            r#"{separator}"macro.shop.macro_{model}":{{"name":"macro_{model}","macro_sql":"{code}"}}"#
        );
        model += 1;
    }
    format!(
        r#"{{"metadata":{{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json","dbt_version":"1.11.16","project_name":"shop","adapter_type":"snowflake"}},"nodes":{{{nodes}}},"macros":{{{macros}}}}}"#
    )
}
