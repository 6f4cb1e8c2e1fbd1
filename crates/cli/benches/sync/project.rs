//! The dbt project under the site.

use std::fmt::Write as _;

use tailwater_tableau_sim::site_file::company_tables;

/// A manifest in which nine of ten tables of the site are models, most of them on another, each with columns and
/// tests. Further models fill it up to the given size, in the proportions of a large real one.
pub fn manifest(workbooks: usize, megabytes: usize) -> String {
    let tables = company_tables(workbooks);
    let built = tables.iter().enumerate().filter(|(number, _)| number % 10 != 9);
    let mut nodes = String::new();
    for (number, (schema, name)) in built {
        add_model(&mut nodes, number, schema, name, 3);
    }
    let mut number = tables.len();
    while nodes.len() < megabytes << 20 {
        add_model(&mut nodes, number, "OTHER", &format!("FILLER_{number}"), 60);
        number += 1;
    }
    nodes.truncate(nodes.trim_end_matches(',').len());
    format!(
        r#"{{"metadata":{{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json","dbt_version":"1.11.16","generated_at":"2026-01-15T06:00:00Z","invocation_id":"one","project_name":"shop","adapter_type":"snowflake"}},"nodes":{{{nodes}}}}}"#
    )
}

/// The model that a model stands on, where there is one.
fn above(number: usize) -> String {
    let above = number / 2;
    if number == 0 || above % 10 == 9 {
        return String::new();
    }
    format!(r#""model.shop.model_{above}""#)
}

/// Adds a model with its tests. `lines` says how long its code is.
fn add_model(nodes: &mut String, number: usize, schema: &str, name: &str, lines: usize) {
    let code =
        "select order_id, customer_id, sum(amount) as amount from orders group by 1, 2\\n".repeat(lines);
    let columns = (0..10).fold(String::new(), |mut columns, column| {
        let comma = if column == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            columns,
            r#"{comma}"column_name_{column:02}":{{"name":"column_name_{column:02}","description":"What it holds","meta":{{}},"data_type":null,"constraints":[],"quote":null,"tags":[]}}"#
        );
        columns
    });
    let _ = write!(
        nodes,
        r#""model.shop.model_{number}":{{"database":"ANALYTICS","schema":"{schema}","name":"model_{number}","resource_type":"model","package_name":"shop","path":"marts/model_{number}.sql","original_file_path":"models/marts/model_{number}.sql","unique_id":"model.shop.model_{number}","fqn":["shop","marts","model_{number}"],"alias":"{name}","checksum":{{"name":"sha256","checksum":"{number:064}"}},"config":{{"enabled":true,"tags":["nightly"],"meta":{{}},"materialized":"table","persist_docs":{{}},"quoting":{{}},"column_types":{{}},"on_schema_change":"ignore","grants":{{}},"docs":{{"show":true,"node_color":null}},"contract":{{"enforced":false,"alias_types":true}},"access":"protected"}},"tags":["nightly"],"description":"A model that says what one order is.","columns":{{{columns}}},"meta":{{}},"group":null,"docs":{{"show":true}},"patch_path":"shop://models/marts/schema.yml","relation_name":"ANALYTICS.{schema}.{name}","raw_code":"{code}","language":"sql","refs":[],"sources":[],"metrics":[],"depends_on":{{"macros":["macro.dbt.is_incremental"],"nodes":[{above}]}},"compiled":true,"compiled_code":"{code}","access":"protected","version":null}},"#,
        above = above(number),
    );
    for test in 0..3 {
        let _ = write!(
            nodes,
            r#""test.shop.not_null_model_{number}_{test}":{{"test_metadata":{{"name":"not_null","kwargs":{{"column_name":"column_name_0{test}"}},"namespace":null}},"database":"ANALYTICS","schema":"audit","name":"not_null_model_{number}_{test}","resource_type":"test","package_name":"shop","path":"not_null_model_{number}_{test}.sql","original_file_path":"models/marts/schema.yml","unique_id":"test.shop.not_null_model_{number}_{test}","fqn":["shop","marts","not_null_model_{number}_{test}"],"alias":"not_null","config":{{"enabled":true,"tags":[],"meta":{{}},"materialized":"test","severity":"ERROR"}},"tags":[],"description":"","columns":{{}},"meta":{{}},"depends_on":{{"macros":["macro.dbt.test_not_null"],"nodes":["model.shop.model_{number}"]}},"compiled_code":"select 1 from model where column_name is null","column_name":"column_name_0{test}","attached_node":"model.shop.model_{number}"}},"#
        );
    }
}
