//! Parts of forms.

use maud::{Markup, html};

use crate::context::Context;
use crate::csrf;
use crate::view::name::marked;

/// The hidden field without which a form that changes something is refused. First in every such form.
pub fn csrf(context: &Context) -> Markup {
    html! {
        @if let Some(token) = context.csrf_token() { input type="hidden" name=(csrf::FIELD) value=(token) autocomplete="off"; }
    }
}

/// A text box with its label and, where there is one, a word of advice below.
pub fn text(name: &str, label: &str, value: &str, advice: Option<&str>) -> Markup {
    let advice_id = advice.map(|_| format!("{name}-advice"));
    html! {
        div.field {
            label for=(name) { (label) }
            input type="text" id=(name) name=(name) value=(value) aria-describedby=[advice_id.as_deref()] autocomplete="off";
            @if let (Some(advice), Some(id)) = (advice, &advice_id) { p.advice id=(id) { (marked(advice, 400)) } }
        }
    }
}

/// A choice among words: value, title, whether it is chosen.
pub fn choice(name: &str, label: &str, options: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, title) in options { option value=(value) selected[*value == chosen] { (title) } }
            }
        }
    }
}
