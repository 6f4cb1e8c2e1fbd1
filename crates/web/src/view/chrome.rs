//! The frame of every page: head, top bar, title, footer.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tailwater_engine::account::Role;

use crate::context::{Context, Theme};
use crate::link::Address;
use crate::view::form;

/// A page under construction.
#[derive(Debug)]
pub struct Page<'a> {
    context: &'a Context,
    title: String,
    heading: Option<Markup>,
    crumbs: Vec<(String, Address)>,
    actions: Option<Markup>,
    has_live_actions: bool,
    notices: Vec<Markup>,
    scripts: Vec<&'static str>,
    styles: Vec<&'static str>,
    is_wide: bool,
}

/// The pages of the top bar: title, address, and the start of addresses that belong to it.
const NAVIGATION: [(&str, &str); 8] = [
    ("Home", "/"),
    ("Exposures", "/exposures"),
    ("Lineage", "/lineage"),
    ("Models", "/models"),
    ("Sources", "/sources"),
    ("Runs", "/runs"),
    ("Health", "/health"),
    ("Integrations", "/integrations"),
];

impl<'a> Page<'a> {
    /// A page with its title, which is also its heading.
    pub fn new(context: &'a Context, title: impl Into<String>) -> Self {
        Self {
            context,
            title: title.into(),
            heading: None,
            crumbs: Vec::new(),
            actions: None,
            has_live_actions: false,
            notices: Vec::new(),
            scripts: Vec::new(),
            styles: Vec::new(),
            is_wide: false,
        }
    }

    /// Shows something else than the title in the heading, such as a title between glyph and badge.
    pub fn heading(mut self, heading: Markup) -> Self {
        self.heading = Some(heading);
        self
    }

    /// Adds a step of the way to this page.
    pub fn crumb(mut self, title: impl Into<String>, address: Address) -> Self {
        self.crumbs.push((title.into(), address));
        self
    }

    /// What can be done here, at the right of the heading.
    pub fn actions(mut self, actions: Markup) -> Self {
        self.actions = Some(actions);
        self
    }

    /// What can be done here now: it follows when the page is kept fresh.
    pub fn live_actions(mut self, actions: Markup) -> Self {
        self.has_live_actions = true;
        self.actions(actions)
    }

    /// Something that the reader should know before anything else: stale, partial, gone, nothing yet.
    pub fn notice(mut self, notice: Markup) -> Self {
        self.notices.push(notice);
        self
    }

    /// A script module of the page's own beside the common one.
    pub fn script(mut self, path: &'static str) -> Self {
        self.scripts.push(path);
        self
    }

    /// A style sheet of the page's own beside the common one.
    pub fn stylesheet(mut self, path: &'static str) -> Self {
        self.styles.push(path);
        self
    }

    /// Uses the whole width of the window.
    pub fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }

    /// The whole page. A fragment is the body alone.
    pub fn body(self, body: &Markup) -> Markup {
        let actions = html! { @if let Some(actions) = &self.actions {
            div.actions #actions data-along[self.has_live_actions] { (actions) }
        } };
        if self.context.is_fragment {
            return html! { (body) @if self.has_live_actions { (actions) } };
        }
        let context = self.context;
        html! {
            (DOCTYPE)
            html lang="en" data-theme=(context.theme.name()) data-shortcuts=[(!context.has_shortcuts).then_some("off")] data-base=(context.links.base()) {
                head {
                    meta charset="utf-8";
                    title { (self.title) " · Tailwater" }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content=(scheme(context.theme));
                    link rel="stylesheet" href=(context.links.asset("app.css"));
                    @for style in &self.styles { link rel="stylesheet" href=(context.links.asset(style)); }
                    link rel="icon" type="image/svg+xml" href=(context.links.asset("icon.svg"));
                    script type="module" src=(context.links.asset("page.js")) {}
                    @for script in &self.scripts { script type="module" src=(context.links.asset(script)) {} }
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    (top_bar(context))
                    main #main.wide[self.is_wide] tabindex="-1" {
                        @if !self.crumbs.is_empty() {
                            nav.crumbs aria-label="Breadcrumb" { ol {
                                @for (title, address) in &self.crumbs { li { a href=(address) { (title) } } }
                            } }
                        }
                        header.heading {
                            h1 { @match &self.heading { Some(heading) => (heading), None => (self.title) } }
                            (actions)
                        }
                        @for notice in &self.notices { (notice) }
                        (body)
                    }
                    footer.foot {
                        "Tailwater " (env!("CARGO_PKG_VERSION"))
                        " · " a href=(context.links.to("/settings")) { "Settings" }
                        " · " a href=(context.links.to("/api/docs").anywhere()) { "API" }
                    }
                }
            }
        }
    }
}

const fn scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "light dark",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn top_bar(context: &Context) -> Markup {
    html! {
        header.bar {
            a.brand href=(context.links.to("/")) { "Tailwater" }
            @if context.principal.is_some() {
                nav.sections aria-label="Sections" { ul {
                    @for (title, path) in NAVIGATION {
                        li { a href=(context.links.to(path)) aria-current=[is_here(context, path).then_some("page")] { (title) } }
                    }
                } }
                form.search role="search" action=(context.links.to("/search").anywhere()) method="get" {
                    label.hidden for="q" { "Search the catalog" }
                    input #q type="search" name="q" placeholder="Search the catalog" autocomplete="off" maxlength="400"
                        value=[context.path().eq("/search").then(|| context.parameter("q")).flatten()];
                    @if let Some(environment) = &context.environment { input type="hidden" name="env" value=(environment); }
                    kbd aria-hidden="true" { "/" }
                }
            }
            (theme_switch(context))
            @if let Some(principal) = &context.principal {
                details.menu {
                    summary { (principal.name) }
                    div.panel {
                        p.muted { (principal.role.name()) }
                        ul {
                            li { a href=(context.links.to("/settings/account")) { "Your account" } }
                            @if context.may(Role::Admin) { li { a href=(context.links.to("/settings")) { "Settings" } } }
                        }
                        form method="post" action=(context.links.to("/sign-out").anywhere()) { (form::csrf(context)) button.plain type="submit" { "Sign out" } }
                    }
                }
            }
        }
    }
}

/// A form, so that it works without script: the server keeps the choice in a cookie and sends back.
fn theme_switch(context: &Context) -> Markup {
    let (next, title) = match context.theme {
        Theme::System => ("light", "Theme: as the system; change to light"),
        Theme::Light => ("dark", "Theme: light; change to dark"),
        Theme::Dark => ("system", "Theme: dark; change to the system's"),
    };
    html! {
        form.theme method="post" action=(context.links.to("/theme").anywhere()) data-theme-switch {
            (form::csrf(context))
            input type="hidden" name="next" value=(context.uri.to_string());
            button.icon type="submit" name="theme" value=(next) title=(title) aria-label=(title) {
                (PreEscaped(THEME_PICTURE))
            }
        }
    }
}

const THEME_PICTURE: &str = "<svg viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"6\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\"/><path d=\"M8 2a6 6 0 0 1 0 12z\" fill=\"currentColor\"/></svg>";

fn is_here(context: &Context, path: &str) -> bool {
    let here = context.path();
    if path == "/" {
        return matches!(here, "" | "/");
    }
    let is_below =
        |path: &str| here == path || here.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    // Jobs and refreshes are reached from the runs.
    is_below(path) || path == "/runs" && (is_below("/jobs") || is_below("/refreshes"))
}

/// A box that says something important: `tone` is `info`, `caution`, `degraded` or `healthy`.
pub fn notice(tone: &str, text: &Markup) -> Markup {
    html! { div.notice.(tone) role="note" { (text) } }
}

/// Nothing to show: why, and the next act.
pub fn empty(why: &str, next: &Markup) -> Markup {
    html! { div.empty { p { (why) } (next) } }
}

/// A row of tabs: title, address, whether it is the present one.
pub fn tabs(label: &str, tabs: &[(&str, Address, bool)]) -> Markup {
    html! {
        nav.tabs aria-label=(label) { ul {
            @for (title, address, is_here) in tabs {
                li { a href=(address) aria-current=[is_here.then_some("page")] { (title) } }
            }
        } }
    }
}

/// A card with a heading.
pub fn card(title: &str, body: &Markup) -> Markup {
    html! { section.card { h2 { (title) } (body) } }
}
