//! Chats that take Slack's incoming webhooks: Slack itself, Mattermost, Rocket.Chat and others.
//!
//! In such a message `&`, `<` and `>` are control characters: `<!channel>` calls everybody, `<https://…|text>` is a
//! link. So names are escaped, and a mention comes from the channel's settings alone.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tailwater_core::signal::{NoticeState, Severity};
use url::Url;

use super::Caller;
use super::error::Failure;
use super::message::{Entry, Message};

/// The longest text of a section, by Slack's rules, in characters.
const LONGEST_SECTION: usize = 3_000;

/// Posts a message. `mentions` are ids of people (`U…`) and groups (`S…`), or `here`, `channel`, `everyone`.
pub async fn send(caller: &Caller, url: &Url, message: &Message, mentions: &[String]) -> Result<(), Failure> {
    let body = body(message, mentions).to_string();
    caller.post("the chat", url, HeaderMap::new(), body).await
}

/// The message's JSON.
pub fn body(message: &Message, mentions: &[String]) -> Value {
    let section = |text: String| {
        let text: String = text.chars().take(LONGEST_SECTION).collect();
        json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
    };
    let mut blocks: Vec<Value> = Vec::new();
    let is_news = message
        .entries
        .iter()
        .any(|entry| entry.state != NoticeState::Recovered);
    let called: Vec<String> = mentions.iter().filter_map(|mention| marked(mention)).collect();
    if is_news && !called.is_empty() {
        blocks.push(section(called.join(" ")));
    }
    blocks.extend(message.entries.iter().map(|entry| section(entry_text(entry))));
    if message.more > 0 {
        let more = format!("… and {} more", message.more);
        let link = message
            .catalog
            .as_ref()
            .map(|catalog| link(catalog, "in the catalog"));
        blocks.push(section(format!("{more} {}", link.unwrap_or_default())));
    }
    // What notifications and readers without blocks show.
    json!({"text": escape(&message.headline()), "blocks": blocks})
}

fn entry_text(entry: &Entry) -> String {
    let sign = match (entry.state, entry.severity) {
        (NoticeState::Recovered, _) => ":white_check_mark:",
        (_, Severity::Error) => ":red_circle:",
        (_, Severity::Warning) => ":large_yellow_circle:",
    };
    let mut text = format!("{sign} *{}*", bold(&entry.text.headline));
    for line in &entry.text.lines {
        text.push('\n');
        text.push_str(&escape(line));
    }
    if let Some(address) = &entry.link {
        text.push('\n');
        text.push_str(&link(address, "Open in Tailwater"));
    }
    text
}

/// The three characters that control a message, as Slack asks for.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text between two asterisks: one inside would end it, and there is no escaping it.
fn bold(text: &str) -> String {
    escape(text).replace('*', "∗")
}

fn link(address: &str, words: &str) -> String {
    let address = address
        .replace('|', "%7C")
        .replace('<', "%3C")
        .replace('>', "%3E");
    format!("<{}|{}>", address.replace('&', "&amp;"), escape(words))
}

/// A mention as Slack writes it; `None` for what is none.
fn marked(mention: &str) -> Option<String> {
    let is_id = |text: &str| text.len() > 1 && text.chars().all(|letter| letter.is_ascii_alphanumeric());
    match mention {
        "here" | "channel" | "everyone" => Some(format!("<!{mention}>")),
        id if !is_id(id) => None,
        id if id.starts_with(['U', 'W']) => Some(format!("<@{id}>")),
        id if id.starts_with('S') => Some(format!("<!subteam^{id}>")),
        _ => None,
    }
}

/// Whether a text can be a mention.
pub fn is_mention(text: &str) -> bool {
    marked(text).is_some()
}

#[cfg(test)]
mod tests {
    use tailwater_core::signal::Text;

    use super::*;

    fn entry(headline: &str, line: &str) -> Entry {
        Entry {
            state: NoticeState::Raised,
            severity: Severity::Error,
            text: Text {
                headline: headline.to_owned(),
                lines: vec![line.to_owned()],
                page: None,
            },
            link: Some("https://data.acme.com/exposures/a|b>".to_owned()),
        }
    }

    #[test]
    fn names_cannot_call_anybody_or_make_links() {
        let message = Message {
            entries: vec![entry(
                "Degraded: <!channel> *x*",
                "<https://evil.example|click> & more",
            )],
            more: 0,
            catalog: None,
        };
        let body = body(
            &message,
            &["here".to_owned(), "<!everyone>".to_owned(), "S0AB".to_owned()],
        );
        assert_eq!(body["text"], "Degraded: &lt;!channel&gt; *x*");
        assert_eq!(body["blocks"][0]["text"]["text"], "<!here> <!subteam^S0AB>");
        assert_eq!(
            body["blocks"][1]["text"]["text"],
            ":red_circle: *Degraded: &lt;!channel&gt; ∗x∗*\n&lt;https://evil.example|click&gt; &amp; more\n\
             <https://data.acme.com/exposures/a%7Cb%3E|Open in Tailwater>"
        );
    }

    #[test]
    fn nobody_is_called_for_good_news_and_many_are_counted() {
        let mut good = entry("Recovered: Sales", "");
        good.state = NoticeState::Recovered;
        let message = Message {
            entries: vec![good],
            more: 7,
            catalog: Some("https://data.acme.com/".to_owned()),
        };
        let body = body(&message, &["U012".to_owned()]);
        let text = body.to_string();
        assert!(!text.contains("<@U012>"), "{text}");
        assert_eq!(body["text"], "Recovered: Sales and 7 more");
        assert!(
            text.contains("… and 7 more <https://data.acme.com/|in the catalog>"),
            "{text}"
        );
    }
}
