//! A picture as SVG: small inside a page, or a file of its own.
//!
//! No script, no style attributes (a strict content security policy forbids both), no colours but by class.
//! Every text is escaped, and what XML cannot hold is left out.

use std::fmt::Write;

use super::kind::Kind;
use super::{NODE_HEIGHT, Picture, glyph};

/// What the classes mean, for a page's style sheet and for files. It needs the tokens `--tone-NAME` for all
/// kinds, states and `t1` to `t8`, `--text`, `--raised` and `--line-strong`.
pub const STYLE: &str = include_str!("svg.css");

/// The tokens for files, light and dark.
const TOKENS: &str = include_str!("svg_tokens.css");

/// Room around the drawing, in pixels, so that thick lines are not cut.
const MARGIN: u32 = 8;

/// As much of a name as the widest node has room for, in cells of about 6.3 pixels.
const MOST_CELLS: usize = 26;

/// How a picture is written.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Where a node's page stands, by the node's place: the base path is the caller's matter. Nodes without
    /// a page are no links.
    pub link: &'a dyn Fn(usize) -> Option<String>,
    /// Starts the ids inside, so that several pictures can stand in one page. Letters, digits and `-`.
    pub id: &'a str,
    /// Whether it is a file of its own, with its styles inside.
    pub is_standalone: bool,
}

impl Picture {
    /// The picture as a file.
    pub fn to_svg_file(&self) -> String {
        self.to_svg(&Options {
            link: &|_| None,
            id: "lineage",
            is_standalone: true,
        })
    }

    /// The picture as SVG text.
    pub fn to_svg(&self, options: &Options<'_>) -> String {
        // Writing to a string cannot fail.
        let mut svg = String::with_capacity(1_000 + 600 * self.nodes.id.len());
        let (width, height) = (self.width + 2 * MARGIN, self.height + 2 * MARGIN);
        let id = escaped(options.id);
        // What is an image has no parts for assistive technology, and those on a page are links.
        let role = if options.is_standalone { "img" } else { "group" };
        let _ = write!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="lineage-picture" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="{role}" aria-labelledby="{id}-title {id}-desc">"#
        );
        let _ = write!(
            svg,
            r#"<title id="{id}-title">{}</title><desc id="{id}-desc">{}</desc>"#,
            escaped(&self.title),
            escaped(&self.description())
        );
        if options.is_standalone {
            let _ = write!(svg, "<style>{TOKENS}{STYLE}</style>");
            let _ = write!(
                svg,
                r#"<rect class="lineage-paper" width="{width}" height="{height}"/>"#
            );
        }
        self.write_edges(&mut svg);
        for at in 0..self.nodes.id.len() {
            self.write_node(&mut svg, at, options);
        }
        svg.push_str("</svg>");
        svg
    }

    /// What the picture shows, for those who do not see it.
    fn description(&self) -> String {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let (nodes, edges) = (self.counts.nodes, self.counts.edges);
        format!(
            "{}. {nodes} node{} and {edges} link{} are drawn, from left to right.",
            self.echo,
            plural(nodes),
            plural(edges)
        )
    }

    fn write_edges(&self, svg: &mut String) {
        svg.push_str(r#"<g class="lineage-edges">"#);
        let nodes = &self.nodes;
        let focus = self.focus();
        for (&from, &to) in self.edges.from.iter().zip(&self.edges.to) {
            let (x1, y1) = (
                nodes.x[from] + nodes.w[from] + MARGIN,
                nodes.y[from] + NODE_HEIGHT / 2 + MARGIN,
            );
            let (x2, y2) = (nodes.x[to] + MARGIN, nodes.y[to] + NODE_HEIGHT / 2 + MARGIN);
            // Edges that had to be turned bow out to both sides.
            let bow = if x2 > x1 { (x2 - x1) / 2 } else { 60 };
            let class = if focus == Some(from) || focus == Some(to) {
                r#" class="is-focus""#
            } else {
                ""
            };
            let (c1, c2) = (i64::from(x1) + i64::from(bow), i64::from(x2) - i64::from(bow));
            let _ = write!(
                svg,
                r#"<path{class} d="M{x1} {y1}C{c1} {y1} {c2} {y2} {x2} {y2}"/>"#
            );
        }
        svg.push_str("</g>");
    }

    fn write_node(&self, svg: &mut String, at: usize, options: &Options<'_>) {
        let nodes = &self.nodes;
        let kind = Kind::ALL.get(nodes.kind[at]).copied().unwrap_or(Kind::Group);
        let health = self.healths[nodes.health[at]];
        let tone = self.lens.legend[nodes.lens[at]].tone;
        let (x, y, w) = (nodes.x[at] + MARGIN, nodes.y[at] + MARGIN, nodes.w[at]);
        let link = (options.link)(at);
        if let Some(address) = &link {
            let _ = write!(svg, r#"<a href="{}">"#, escaped(address));
        }
        let focus = if self.focus() == Some(at) { " is-focus" } else { "" };
        let _ = write!(
            svg,
            r#"<g class="lineage-node kind-{} health-{health} tone-{tone}{focus}" transform="translate({x} {y})">"#,
            kind.name()
        );
        let has_health = kind.path().is_some() && kind.name() != "metric";
        let spoken = if has_health {
            format!(", {health}")
        } else {
            String::new()
        };
        let _ = write!(
            svg,
            "<title>{} ({}{spoken})</title>",
            escaped(&nodes.name[at]),
            kind.title().to_lowercase()
        );
        let radius = if kind == Kind::Pill { NODE_HEIGHT / 2 } else { 5 };
        let _ = write!(svg, r#"<rect width="{w}" height="{NODE_HEIGHT}" rx="{radius}"/>"#);
        match self.tool(at).filter(|_| kind.name() == "exposure").map(tile) {
            Some(letters) => {
                let _ = write!(
                    svg,
                    r#"<text class="lineage-tile" x="14" y="18">{}</text>"#,
                    escaped(&letters)
                );
            }
            None => {
                let _ = write!(
                    svg,
                    r#"<path class="lineage-glyph" transform="translate(6 6)" d="{}"/>"#,
                    glyph::of_kind(kind)
                );
            }
        }
        let _ = write!(
            svg,
            r#"<text class="lineage-name" x="26" y="18">{}</text>"#,
            escaped(&cut(&nodes.name[at], MOST_CELLS))
        );
        if has_health {
            let _ = write!(
                svg,
                r#"<path class="lineage-health" transform="translate({} 6)" d="{}"/>"#,
                w.saturating_sub(22),
                glyph::of_health(health)
            );
        }
        svg.push_str("</g>");
        if link.is_some() {
            svg.push_str("</a>");
        }
    }
}

/// Two letters for a BI tool: no logos.
fn tile(tool: &str) -> String {
    match tool {
        "tableau" => "Tb".to_owned(),
        "powerbi" => "PB".to_owned(),
        "superset" => "Su".to_owned(),
        other => other.chars().take(2).collect(),
    }
}

/// At most so many cells wide, with an ellipsis at the end when something is left out.
fn cut(text: &str, cells: usize) -> String {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        used += super::cells(letter);
        if used > cells {
            return format!("{}…", text[..at].trim_end());
        }
    }
    text.to_owned()
}

/// Text for content and attributes. Characters that XML 1.0 has no place for become U+FFFD; marks that change
/// the direction of what follows are left out, since a name could reach beyond itself with them.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {}
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup_or_turns_the_text() {
        assert_eq!(
            escaped("<b a=\"'\">&\u{0}\u{202e}x\n"),
            "&lt;b a=&quot;&#39;&quot;&gt;&amp;\u{fffd}x "
        );
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(cut("fct_orders", 10), "fct_orders");
        assert_eq!(cut("fct_orders", 4), "fct_…");
        assert_eq!(cut("éééé", 2), "éé…");
        assert_eq!(cut("売上分析", 5), "売上…");
    }
}
