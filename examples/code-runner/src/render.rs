//! Markdown to HTML, in a copy of this process that may do nothing: whoever breaks into the parser finds
//! neither files nor network, and the answer is all that comes out.

use std::time::Duration;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use ringfence::process::{ConfineError, Limits};
use ringfence::{Policy, PrepareError, Sandbox};

/// How long a page may take.
const TIME: Duration = Duration::from_secs(2);

/// The most bytes of a page.
const LONGEST: u64 = 16 << 20;

/// Makes pages.
pub struct Renderer {
    sandbox: Sandbox,
}

impl Renderer {
    /// The sandbox is made here: it allows nothing.
    pub fn new() -> Result<Self, PrepareError> {
        let nothing = Policy::default();
        let sandbox = nothing.prepare()?;
        Ok(Self { sandbox })
    }

    /// The HTML of a text. Waits for it.
    pub fn render(&self, markdown: &str) -> Result<String, ConfineError> {
        let limits = Limits {
            wall: Some(TIME),
            cpu: Some(TIME),
            ..Limits::default()
        };
        self.sandbox
            .confined()
            .limits(limits)
            .longest_answer(LONGEST)
            .run(|| page(markdown))
    }
}

/// HTML that is written in the text is shown and not passed on, and links to what is no page lead nowhere:
/// either may be a script.
fn page(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) if may_run(&dest_url) => Event::Start(Tag::Link {
            link_type,
            dest_url: CowStr::Borrowed(""),
            title,
            id,
        }),
        event => event,
    });
    let mut page = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut page, events);
    page
}

/// Whether a link has a scheme, which a browser might take for one that runs code, other than these.
fn may_run(link: &str) -> bool {
    const PAGES: [&str; 3] = ["http", "https", "mailto"];
    let Some((before, _)) = link.split_once(':') else {
        return false;
    };
    let is_scheme = !before.contains(['/', '?', '#']);
    is_scheme && !PAGES.iter().any(|page| before.eq_ignore_ascii_case(page))
}
