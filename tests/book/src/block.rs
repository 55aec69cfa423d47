//! The blocks of a page: what stands between fences, and what a comment of the page prepares for them.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A block between fences, or a hidden preparation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of the page where it begins, from 1.
    pub line: usize,
    /// The first word behind the fence; `setup` for a preparation.
    pub language: String,
    /// The words with commas between them that follow it.
    pub marks: Vec<String>,
    /// What follows these, behind a space: why a block cannot be run.
    pub reason: String,
    /// What stands between.
    pub text: String,
}

impl Block {
    /// The value of a mark such as `file=NAME`.
    pub fn mark(&self, name: &str) -> Option<&str> {
        self.marks
            .iter()
            .find_map(|mark| mark.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether it has a mark without a value.
    pub fn has(&self, mark: &str) -> bool {
        self.marks.iter().any(|known| known == mark)
    }
}

/// The blocks of a page in their order.
///
/// A comment that begins with `<!-- setup` holds lines of shell that nobody needs to see: they play what a
/// reader has and the page speaks of.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut comment: Option<Block> = None;
    let line = |range: &Range<usize>| page[..range.start].matches('\n').count() + 1;
    for (event, range) in Parser::new_ext(page, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open = Some(fenced(&info, line(&range)));
            }
            Event::Start(Tag::HtmlBlock) => {
                comment = Some(Block {
                    line: line(&range),
                    language: "setup".to_owned(),
                    marks: Vec::new(),
                    reason: String::new(),
                    text: String::new(),
                });
            }
            Event::Text(text) => {
                if let Some(block) = &mut open {
                    block.text.push_str(&text);
                }
            }
            Event::Html(text) => {
                if let Some(block) = &mut comment {
                    block.text.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            Event::End(TagEnd::HtmlBlock) => blocks.extend(comment.take().and_then(preparation)),
            _ => {}
        }
    }
    blocks
}

fn fenced(info: &str, line: usize) -> Block {
    let (words, reason) = info.split_once(' ').unwrap_or((info, ""));
    let mut words = words.split(',').map(str::to_owned);
    Block {
        line,
        language: words.next().unwrap_or_default(),
        marks: words.collect(),
        reason: reason.trim().to_owned(),
        text: String::new(),
    }
}

fn preparation(mut block: Block) -> Option<Block> {
    let lines = block.text.trim().strip_prefix("<!-- setup")?;
    block.text = lines.strip_suffix("-->")?.trim().to_owned() + "\n";
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_and_hidden_preparations_are_found_with_their_lines_and_marks() {
        let page = "# T\n\n<!-- setup\nmkdir a\n-->\n\n```console,no-run it needs a cluster\n$ x\n```\n\n- item\n\n  ```yaml,file=a.yaml\n  version: 1\n  ```\n\n<!-- another comment -->\n";
        let found = blocks(page);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!((found[0].line, found[0].text.as_str()), (3, "mkdir a\n"));
        assert!(found[1].has("no-run"));
        assert_eq!(found[1].reason, "it needs a cluster");
        assert_eq!(found[2].mark("file"), Some("a.yaml"));
        assert_eq!(found[2].text, "version: 1\n");
    }
}
