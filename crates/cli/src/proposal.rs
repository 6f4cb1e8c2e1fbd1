//! A mapping rule and what it links, for `unmatched` and `integration map`.

use tailwater_core::id::IntegrationName;
use tailwater_core::mapping::RuleText;
use tailwater_core::proposal::Proposal;

use crate::document::{Document, Line, Style, counted};
use crate::table::{Cell, Table};

/// More links than this are only counted.
const MOST_LINKS: usize = 20;

/// The command that adds the rule, fit for a shell.
pub fn to_command(integration: &IntegrationName, rule: &RuleText) -> String {
    let options = [
        ("--database", rule.database.as_ref()),
        ("--schema", rule.schema.as_ref()),
        ("--to", Some(&rule.to)),
    ];
    let given = options
        .into_iter()
        .filter_map(|(option, value)| Some(format!("{option} {}", quoted(value?))));
    let start = format!("tailwater integration map add {integration}");
    std::iter::once(start).chain(given).collect::<Vec<_>>().join(" ")
}

/// A word that a shell reads as exactly this text.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Adds what the rule links. `verb` is `would link` or the like.
pub fn write(document: &mut Document, proposal: &Proposal, verb: &str) {
    let count = proposal.links.len();
    if count == 0 {
        document.line(Line::new().plain(format!("the rule {verb} nothing")));
        return;
    }
    document.line(format!(
        "the rule {verb} {} in {}:",
        counted(count, "table"),
        counted(proposal.exposures, "exposure")
    ));
    let mut table = Table::new(["", "", ""]).indent(2);
    for link in proposal.links.iter().take(MOST_LINKS) {
        table.row([
            Cell::new(&link.table),
            Cell::new("->"),
            Cell::new(link.node.as_str()),
        ]);
    }
    document.table(table);
    if count > MOST_LINKS {
        document.line(
            Line::new()
                .indent(2)
                .faint(format!("and {} more", count - MOST_LINKS)),
        );
    }
    if proposal.exposures_losing_links > 0 {
        let losing = counted(proposal.exposures_losing_links, "exposure");
        document.line(
            Line::new()
                .styled(Style::Warning, "warning: ")
                .plain(format!("{losing} would lose a link")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proposed_command_survives_a_shell() {
        let rule = RuleText {
            database: Some("it's $HOME".to_owned()),
            schema: Some(String::new()),
            to: "shop".to_owned(),
        };
        assert_eq!(
            to_command(&"main".into(), &rule),
            r"tailwater integration map add main --database 'it'\''s $HOME' --schema '' --to shop"
        );
    }
}
