//! How long a manifest of 100 MB takes.
//!
//! `cargo bench -p tailwater-dbt`

use std::fmt::Write;

use divan::Bencher;
use divan::counter::BytesCount;
use tailwater_core::id::ProjectName;
use tailwater_dbt::read_manifest;

fn main() {
    divan::main();
}

/// A manifest of roughly the given size in the proportions of a large real one: three tests to a model,
/// code and macros that make up most of the bytes.
fn manifest(megabytes: usize) -> String {
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

#[divan::bench(args = [10, 100], sample_count = 5)]
fn read(bencher: Bencher, megabytes: usize) {
    let text = manifest(megabytes);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| read_manifest(text.as_bytes(), "manifest.json", ProjectName::new("shop")));
}
