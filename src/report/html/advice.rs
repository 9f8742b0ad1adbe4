//! Advice as paragraphs, commands and links.

use crate::finding::TokenKind;
use crate::report::escape;

/// A paragraph, or lines to be copied.
pub(super) struct Block {
    pub(super) is_code: bool,
    pub(super) spans: Vec<Span>,
}

/// A piece of a paragraph.
pub(super) struct Span {
    pub(super) text: String,
    /// `code`, `link` for the address at which tokens are revoked, or nothing.
    pub(super) form: &'static str,
}

impl Block {
    /// Returns true if it says where the token is revoked.
    pub(super) fn has_link(&self) -> bool {
        self.spans.iter().any(|span| span.form == "link")
    }
}

/// Reads the advice of a finding. Line feeds and indentation are ours and give it its layout.
pub(super) fn blocks(help: &str) -> Vec<Block> {
    let mut blocks: Vec<(bool, Vec<String>)> = Vec::new();
    let mut is_new = true;
    for line in help.trim_end().split('\n') {
        let is_code = line.starts_with("    ");
        let line = escape(if is_code { line.get(4..).unwrap_or_default() } else { line }).into_owned();
        match blocks.last_mut() {
            _ if line.trim().is_empty() => {
                // A blank line between two lines of code belongs to them.
                if let Some((true, lines)) = blocks.last_mut() {
                    lines.push(String::new());
                }
                is_new = true;
                continue;
            }
            Some((known, lines)) if *known == is_code && (is_code || !is_new) => lines.push(line),
            _ => blocks.push((is_code, vec![line])),
        }
        is_new = false;
    }
    blocks
        .into_iter()
        .map(|(is_code, lines)| {
            let text = lines.join(if is_code { "\n" } else { " " });
            let spans = if is_code {
                vec![Span { text: text.trim_end().to_owned(), form: "" }]
            } else {
                prose(&text)
            };
            Block { is_code, spans }
        })
        .collect()
}

/// Returns prose in which pairs of backticks mark code, and the address at which tokens are revoked is a link.
pub(super) fn prose(text: &str) -> Vec<Span> {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return linked(text);
    }
    let mut spans = Vec::new();
    for (number, part) in parts.into_iter().enumerate() {
        if number % 2 == 1 {
            spans.push(Span { text: part.to_owned(), form: "code" });
        } else {
            spans.extend(linked(part));
        }
    }
    spans
}

fn linked(text: &str) -> Vec<Span> {
    let address = TokenKind::UNKNOWN.revoke_address();
    let mut spans = Vec::new();
    for (number, part) in text.split(address).enumerate() {
        if number > 0 {
            spans.push(Span { text: address.to_owned(), form: "link" });
        }
        if !part.is_empty() {
            spans.push(Span { text: part.to_owned(), form: "" });
        }
    }
    spans
}
