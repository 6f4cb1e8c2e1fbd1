//! Descriptions: Markdown by people whom nobody checked, made safe on the server.
//!
//! HTML inside the text is shown as text, never interpreted; what the renderer makes goes through a sanitizer all
//! the same. Links open only to `http`, `https` and `mailto`, pictures are left out: they would tell their host who
//! reads the page.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;
use maud::{Markup, PreEscaped};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// Longer descriptions are cut here: nobody reads on, and a page must not weigh megabytes. In bytes.
const LONGEST: usize = 100_000;

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tr",
            "ul",
        ]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// Markdown as safe HTML.
pub fn render(text: &str) -> Markup {
    let mut cut = text.len().min(LONGEST);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let events = Parser::new_ext(
        &text[..cut],
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH,
    );
    let mut unsafe_html = String::new();
    html::push_html(&mut unsafe_html, events.filter_map(tamed));
    PreEscaped(SANITIZER.clean(&unsafe_html).to_string())
}

/// HTML becomes text, headings stand below the page's own, pictures become their description.
fn tamed(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Heading {
            level,
            id,
            classes,
            attrs,
        }) => Event::Start(Tag::Heading {
            level: lowered(level),
            id: id.filter(|_| false),
            classes: classes.into_iter().take(0).collect(),
            attrs: attrs.into_iter().take(0).collect(),
        }),
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lowered(level))),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        other => other,
    })
}

const fn lowered(level: pulldown_cmark::HeadingLevel) -> pulldown_cmark::HeadingLevel {
    use pulldown_cmark::HeadingLevel::{H1, H2, H3, H4, H5, H6};
    match level {
        H1 | H2 => H3,
        H3 => H4,
        H4 => H5,
        H5 | H6 => H6,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_markdown_is_shown() {
        let shown = render(
            "# Orders\n\nOne row per *order*, see [docs](https://example.com/a?b=1&c=2).\n\n- a\n- `b`",
        )
        .0;
        for part in [
            "<h3>Orders</h3>",
            "<em>order</em>",
            "href=\"https://example.com/a?b=1&amp;c=2\"",
            "<code>b</code>",
        ] {
            assert!(shown.contains(part), "{shown}");
        }
    }

    #[test]
    fn nothing_in_it_runs_or_calls_home() {
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "![x](https://tracker.example/pixel.png)",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "<a href=\"javascript:alert(1)\">x</a>",
            "[x](//evil.example)",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
        ] {
            let shown = render(text).0;
            for part in [
                "<script",
                "<img",
                "<svg",
                "<style",
                "<a href=\"javascript",
                "<a href=\"data",
                "<a href=\"//",
            ] {
                assert!(!shown.contains(part), "{text} became {shown}");
            }
        }
    }

    #[test]
    fn a_description_without_end_is_cut() {
        assert!(render(&"é".repeat(300_000)).0.len() <= LONGEST + 100);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_forbidden_tag(text in "[<>a-z\\[\\]()!\"'=/ \\n`*#:&;-]{0,200}") {
            let shown = render(&text).0;
            for tag in ["<script", "<img", "<svg", "<iframe", "<object", "<form", "<input"] {
                prop_assert!(!shown.contains(tag), "{} became {}", text, shown);
            }
        }
    }
}
