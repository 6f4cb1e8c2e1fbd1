//! Inputs that are hostile by their size or depth. Work that grows faster than the input shows as a test that does not
//! end, a stack that is used up as a test that is killed; the threads of tests have small ones.

use std::fmt::Write as _;

/// Long enough that the square of it is hours, short enough that the thing itself is a second.
const MANY: usize = 100_000;
/// Deep enough for any stack.
const DEEP: usize = 20_000;

fn run(target: &str, text: &str) {
    tailwater_fuzz::run(target, text.as_bytes());
}

const JSON_READERS: [&str; 5] = ["manifest", "artifact", "log", "rest_json", "graphql"];

/// So many items, each made from its number, with commas between.
fn items(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

fn manifest(sections: &str) -> String {
    format!(
        r#"{{"metadata": {{"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}}, {sections}}}"#
    )
}

#[test]
fn deep_json() {
    for target in JSON_READERS {
        for open in ["[", "{\"a\":"] {
            run(target, &open.repeat(DEEP));
            run(target, &format!("{{\"metadata\": {}", open.repeat(DEEP)));
        }
        run(target, &"{\"data\":{\"page\":{\"nodes\":[".repeat(DEEP));
        run(
            target,
            &format!("{{\"nodes\": {{\"a\": {{\"meta\": {}", "[".repeat(DEEP)),
        );
    }
}

#[test]
fn long_json() {
    let long = "x".repeat(1_000_000);
    for target in JSON_READERS {
        run(target, &format!("{{\"{long}\": 1}}"));
        run(
            target,
            &format!(
                "{{\"metadata\": {{\"dbt_schema_version\": \"{long}\"}}, \"error\": {{\"code\": \"{long}\"}}}}"
            ),
        );
        run(target, &format!("{{\"a\": {}}}", "9".repeat(1_000_000)));
        run(target, &format!("{{\"a\": \"{}\"}}", "\\ud800".repeat(MANY)));
        run(
            target,
            &format!("{{{}}}", items(MANY, |_| "\"metadata\": {}".to_owned())),
        );
        run(target, &format!("{{{}", "\n".repeat(1_000_000)));
    }
}

#[test]
fn a_manifest_with_many_of_everything() {
    let node = |at: usize, more: &str| {
        format!(
            r#""model.p.n{at}": {{"unique_id": "model.p.n{at}", "resource_type": "model", "name": "n{at}", {more}}}"#
        )
    };
    let chain = items(10_000, |at| {
        node(
            at,
            &format!(
                r#""depends_on": {{"nodes": ["model.p.n{}", "model.p.n{at}"]}}"#,
                (at + 1) % 10_000
            ),
        )
    });
    run("manifest", &manifest(&format!("\"nodes\": {{{chain}}}")));
    let columns = items(MANY, |at| format!("\"c{at}\": {{\"name\": \"c{at}\"}}"));
    let tags = items(MANY, |at| format!("\"t{at}\""));
    let wide = node(1, &format!("\"columns\": {{{columns}}}, \"tags\": [{tags}]"));
    run("manifest", &manifest(&format!("\"nodes\": {{{wide}}}")));
    let same = items(10_000, |_| node(1, "\"relation_name\": \"a.b.c\""));
    run(
        "manifest",
        &manifest(&format!("\"nodes\": {{{same}}}, \"disabled\": {{\"a\": [{{}}]}}")),
    );
    let parents = items(MANY, |at| format!("\"model.p.n{}\"", at % 7));
    run(
        "manifest",
        &manifest(&format!(
            "\"nodes\": {{{}}}",
            node(1, &format!("\"depends_on\": {{\"nodes\": [{parents}]}}"))
        )),
    );
}

#[test]
fn xml_with_many_of_everything() {
    let answer = |inner: &str| format!("<tsResponse><pagination totalAvailable=\"1\"/>{inner}</tsResponse>");
    let attributes: String = (0..MANY).fold(String::new(), |mut text, at| {
        let _ = write!(text, " a{at}=\"x\"");
        text
    });
    run(
        "rest_xml",
        &answer(&format!("<projects><project id=\"p\"{attributes}/></projects>")),
    );
    run(
        "rest_xml",
        &answer(&format!(
            "<projects><project{}/></projects>",
            " id=\"p\"".repeat(MANY)
        )),
    );
    run(
        "rest_xml",
        &answer(&format!("<workbooks>{}</workbooks>", "<workbook/>".repeat(MANY))),
    );
    run(
        "rest_xml",
        &answer(&format!(
            "<workbooks>{}</workbooks>",
            "<workbook id=\"w\"/>".repeat(MANY)
        )),
    );
    run(
        "rest_xml",
        &answer(&format!(
            "<projects>{}</projects>",
            "&lol;&#x41;&amp;".repeat(MANY)
        )),
    );
    run("rest_xml", &answer(&format!("<!--{}-->", "-".repeat(MANY))));
    run("rest_xml", &answer(&format!("<![CDATA[{}]]>", "]".repeat(MANY))));
    run("rest_xml", &"<a>".repeat(MANY));
    run("rest_xml", &"<".repeat(MANY));
    run("rest_xml", &format!("<tsResponse {}", "a=".repeat(MANY)));
    run(
        "rest_xml",
        &format!("<!DOCTYPE a [{}", "<!ENTITY a \"&b;\">".repeat(MANY)),
    );
    run("rest_xml", &format!("<{}>", "x".repeat(1_000_000)));
    run("rest_xml", &format!("{}<a>", "\u{feff} ".repeat(MANY)));
}

#[test]
fn a_site_with_many_of_everything() {
    let page = |sections: &str| format!("{{\"pagination\": {{\"totalAvailable\": \"1\"}}, {sections}}}");
    let projects = |count: usize, parent: &dyn Fn(usize) -> usize| {
        let project = |at: usize| {
            format!(
                "{{\"id\": \"p{at}\", \"name\": \"n\", \"parentProjectId\": \"p{}\"}}",
                parent(at)
            )
        };
        let workbook = "{\"id\": \"w\", \"project\": {\"id\": \"p0\"}}";
        let all = items(count, project);
        page(&format!(
            "\"projects\": {{\"project\": [{all}]}}, \"workbooks\": {{\"workbook\": [{workbook}]}}"
        ))
    };
    // One below the other; all in one loop; all below one.
    run("rest_json", &projects(10_000, &|at| at + 1));
    run("rest_json", &projects(10_000, &|at| (at + 1) % 10_000));
    run("rest_json", &projects(10_000, &|_| 0));
    let workbooks = items(3_000, |at| {
        format!("{{\"id\": \"w{at}\", \"name\": \"same\", \"project\": {{\"id\": \"q{at}\"}}}}")
    });
    run(
        "rest_json",
        &page(&format!("\"workbooks\": {{\"workbook\": [{workbooks}]}}")),
    );
    let tags = items(MANY, |at| format!("{{\"label\": \"t{at}\"}}"));
    let tagged = format!(
        "{{\"id\": \"w\", \"name\": \"{}\", \"tags\": {{\"tag\": [{tags}]}}}}",
        "n".repeat(MANY)
    );
    run(
        "rest_json",
        &page(&format!("\"workbooks\": {{\"workbook\": [{tagged}]}}")),
    );
}

#[test]
fn lineage_with_many_of_everything() {
    let lineage = |nodes: &str| format!("{{\"data\": {{\"page\": {{\"nodes\": [{nodes}]}}}}}}");
    run("graphql", &lineage(&items(MANY, |_| "null".to_owned())));
    run("graphql", &lineage(&items(20_000, |_| "{}".to_owned())));
    let tables = items(10_000, |at| {
        format!("{{\"id\": \"t{at}\", \"name\": \"t{at}\", \"fullName\": \"[a].[t{at}]\"}}")
    });
    run(
        "graphql",
        &lineage(&format!("{{\"luid\": \"w1\", \"upstreamTables\": [{tables}]}}")),
    );
    let parents = items(10_000, |at| format!("{{\"luid\": \"d{at}\"}}"));
    let source = format!("{{\"id\": \"e\", \"parentPublishedDatasources\": [{parents}]}}");
    run(
        "graphql",
        &lineage(&format!(
            "{{\"luid\": \"w1\", \"embeddedDatasources\": [{source}]}}"
        )),
    );
    let errors = items(MANY, |at| {
        format!(
            "{{\"message\": \"m{at}\", \"extensions\": {{\"severity\": \"WARNING\", \"code\": \"C{at}\"}}}}"
        )
    });
    run(
        "graphql",
        &format!("{{\"data\": {{\"page\": {{\"nodes\": []}}}}, \"errors\": [{errors}]}}"),
    );
}

#[test]
fn large_yaml() {
    for target in ["yaml", "adopt"] {
        for text in [
            "[".repeat(DEEP),
            "- ".repeat(DEEP),
            "? ".repeat(DEEP),
            "a: &a\n".repeat(10_000),
            "{a: ".repeat(DEEP),
            "!a ".repeat(DEEP),
            "'".repeat(DEEP),
            format!("exposures:\n{}", "  - name: x\n".repeat(5_000)),
            format!(
                "exposures:\n{}",
                (0..2_000).fold(String::new(), |text, at| text
                    + &" ".repeat(at % 500)
                    + "- name: x\n")
            ),
            format!("exposures: [{}]", "*a, ".repeat(DEEP)),
            format!("a: &a {}\nexposures: *a\n", "x".repeat(1_000_000)),
            format!("exposures:\n  - name: \"{}\"\n", "x".repeat(1_000_000)),
        ] {
            run(target, &format!("x\n{text}"));
        }
    }
}

/// One test for each target, so that they run side by side.
macro_rules! long_lines {
    ($($test:ident $target:literal)*) => {
        $(#[test]
        fn $test() {
            long_lines($target, 10_000);
        })*
    };
}

long_lines! {
    long_addresses "address"
    long_patterns "selection"
    long_table_names "table_name"
    long_waits "retry_after"
    long_searches "search"
    long_steps "step"
    long_names "export"
    long_log_lines "log"
}

/// Each part of a selector is compared with every node, so that the parts are fewer.
#[test]
fn long_selectors() {
    long_lines("selector", 1_000);
    for piece in PIECES {
        run("selector", &format!("a{}b", piece.repeat(300)));
        run("selector", &format!("tag:{}", piece.repeat(300)));
    }
}

fn long_lines(target: &str, length: usize) {
    for piece in PIECES {
        run(target, &piece.repeat(length / piece.len()));
    }
}

#[test]
fn many_different_lines() {
    let different: String = (0..DEEP).fold(String::new(), |text, at| text + &format!("t{at}\n"));
    run("search", &format!("t\nname\n{different}"));
    run("export", &different);
    for piece in PIECES {
        run("step", &format!("{} * * * *", piece.repeat(500)));
    }
}

/// What the languages of the targets have for signs, and some letters.
const PIECES: [&str; 37] = [
    "a", "*", "*a", "?", "[", "]", "[a-", "+", "@", ",", " ", ".", "/", "\\", "%", "%2F", ":", "\"", "'",
    "`", "(", "-", "é", "0", "1,", "*/", "a ", " -a", "a,", "a+ ", "https://", "dbt ", "\u{301}", "a\n",
    "\n\n", "{{", "'\"",
];
