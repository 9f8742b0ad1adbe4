//! Parses YAML into trees, using the events of `saphyr-parser`. Aliases are expanded by copying, up to a
//! limit.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span as Marks};

use super::{
    align::align,
    tree::{Kind, MAX_DEPTH, Node, merge},
};
use crate::mask::{Message, Quoted, message};
use crate::text::{Flaw, Span, Text};

/// The maximum number of values that aliases may copy. A file of a few lines could otherwise exhaust any
/// memory.
const MAX_COPIED: usize = 1 << 17;

/// Parses the documents of a file, and returns the flaw if there is one. `text` begins at `base` in the
/// file. Everything before an error is returned as well.
pub(super) fn parse(text: &str, base: usize) -> (Vec<Node>, Option<Flaw>) {
    let mut builder = Builder {
        text,
        base,
        offsets: Offsets::new(text),
        documents: Vec::new(),
        open: Vec::new(),
        anchors: HashMap::new(),
        left: MAX_COPIED,
        skipping: 0,
        flaw: None,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, marks)) => builder.take(event, marks),
            Err(error) => {
                let offset = builder.offset(*error.marker());
                let message = message!("{}", Quoted(error.info().as_bytes()));
                let span = Span::new(offset, offset);
                let is_limit = builder.flaw.as_ref().is_some_and(Flaw::is_limit);
                builder.flaw =
                    Some(if is_limit { Flaw::limit(span, message) } else { Flaw::new(span, message) });
                break;
            }
        }
    }
    while !builder.open.is_empty() {
        builder.close();
    }
    (builder.documents, builder.flaw)
}

/// The byte offsets of the characters of a text.
struct Offsets {
    /// `None` if each character is one byte.
    starts: Option<Vec<u32>>,
    len: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let starts = (!text.is_ascii())
            .then(|| text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect());
        Self { starts, len: text.len() }
    }

    fn of(&self, character: usize) -> usize {
        match &self.starts {
            None => character.min(self.len),
            Some(starts) => {
                starts.get(character).and_then(|&at| usize::try_from(at).ok()).unwrap_or(self.len)
            }
        }
    }
}

/// A list or a map that is not closed yet.
/// The kind of a collection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Collection {
    /// A sequence. The tag `!reference` of GitLab makes it the path of another node.
    Sequence {
        is_reference: bool,
    },
    Map,
}

struct Open {
    start: usize,
    anchor: usize,
    collection: Collection,
    items: Vec<Node>,
    entries: Vec<(Text, Node)>,
    key: Option<Text>,
    merged: Vec<Node>,
}

struct Builder<'a> {
    text: &'a str,
    base: usize,
    offsets: Offsets,
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// The number of values that may still be copied.
    left: usize,
    /// The number of open lists and maps that are nested too deeply.
    skipping: usize,
    flaw: Option<Flaw>,
}

impl Builder<'_> {
    fn offset(&self, marker: Marker) -> usize {
        self.base + self.offsets.of(marker.index())
    }

    fn take(&mut self, event: Event<'_>, marks: Marks) {
        let start = self.offset(marks.start);
        match event {
            Event::SequenceStart(anchor, tag) => {
                let is_reference = tag.is_some_and(|tag| tag.suffix == "reference");
                self.begin(start, anchor, Collection::Sequence { is_reference });
            }
            Event::MappingStart(anchor, _) => self.begin(start, anchor, Collection::Map),
            Event::SequenceEnd | Event::MappingEnd => {
                if self.skipping > 0 {
                    self.skipping -= 1;
                    if self.skipping == 0 {
                        self.put(Node::null(start), 0);
                    }
                } else {
                    self.close();
                }
            }
            _ if self.skipping > 0 => {}
            Event::Scalar(value, style, anchor, tag) => {
                let has_properties = anchor > 0 || tag.is_some();
                let node = self.scalar(&value, style, marks, has_properties);
                self.put(node, anchor);
            }
            Event::Alias(anchor) => {
                let node = self.copy(anchor, start).unwrap_or_else(|| Node::null(start));
                self.put(node, 0);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
    }

    fn begin(&mut self, start: usize, anchor: usize, collection: Collection) {
        if self.skipping > 0 || self.open.len() >= MAX_DEPTH {
            self.skipping += 1;
            self.complain(start, "anything nested deeper than 96 levels was not read");
            return;
        }
        let (items, entries, merged) = (Vec::new(), Vec::new(), Vec::new());
        self.open.push(Open { start, anchor, collection, items, entries, key: None, merged });
    }

    fn close(&mut self) {
        let Some(mut open) = self.open.pop() else { return };
        let kind = if open.collection == Collection::Map {
            merge(&mut open.entries, open.merged);
            Kind::Map(open.entries)
        } else if open.collection == (Collection::Sequence { is_reference: true }) {
            let words = open.items.iter().filter_map(|item| item.text().cloned());
            Kind::Reference(words.collect())
        } else {
            Kind::List(open.items)
        };
        self.put(Node { kind, span: Span::new(open.start, open.start) }, open.anchor);
    }

    fn put(&mut self, node: Node, anchor: usize) {
        if anchor > 0 && self.left > 0 {
            let weight = node.weight(self.left);
            self.left -= weight;
            if self.left > 0 {
                self.anchors.insert(anchor, node.clone());
            }
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        if open.collection != Collection::Map {
            open.items.push(node);
            return;
        }
        match open.key.take() {
            None => open.key = Some(node.text().cloned().unwrap_or_default()),
            Some(key) if key.as_bytes() == b"<<" => open.merged.push(node),
            Some(key) => open.entries.push((key, node)),
        }
    }

    /// Returns a copy of the value that an alias refers to.
    fn copy(&mut self, anchor: usize, at: usize) -> Option<Node> {
        let copied = if self.left > 0 { self.anchors.get(&anchor) } else { None };
        let weight = copied.map_or(0, |node| node.weight(self.left));
        let fits = copied.is_some_and(|node| node.depth() + self.open.len() <= MAX_DEPTH);
        self.left -= weight;
        if self.left == 0 || !fits {
            self.complain(at, "its aliases expand to more than is read; not every use of them was followed");
            return None;
        }
        self.anchors.get(&anchor).cloned()
    }

    fn complain(&mut self, offset: usize, message: &'static str) {
        let span = Span::new(offset, offset);
        self.flaw.get_or_insert_with(|| Flaw::limit(span, Message::own(message)));
    }

    fn scalar(&self, value: &str, style: ScalarStyle, marks: Marks, has_properties: bool) -> Node {
        let (mut start, end) = (self.offsets.of(marks.start.index()), self.offsets.of(marks.end.index()));
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if has_properties {
            start += properties(self.text.get(start..end).unwrap_or_default(), is_block);
        }
        let source = self.text.get(start..end).unwrap_or_default();
        let is_null = style == ScalarStyle::Plain && matches!(value, "" | "~" | "null" | "Null" | "NULL");
        let base = self.base + start;
        let kind = match style {
            _ if is_null => Kind::Null,
            ScalarStyle::Plain => Kind::Scalar(align(source, base, value)),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                Kind::Scalar(align(source.get(1..).unwrap_or_default(), base + 1, value))
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                // The markers are those of the first non-empty line.
                let content = value.trim_start_matches('\n');
                let mut text = Text::new();
                for _ in content.len()..value.len() {
                    text.push(b"\n", Span::new(base, base));
                }
                let rest = align(source, base, content);
                text.push_text(&rest, 0..rest.len());
                Kind::Scalar(text)
            }
        };
        Node { kind, span: Span::new(base, self.base + end) }
    }
}

/// Returns the width of a tag and an anchor before a scalar, which the markers include. Before a block
/// scalar, its header is included too.
fn properties(source: &str, is_block: bool) -> usize {
    let mut rest = source;
    while rest.starts_with(['!', '&']) {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        rest = rest.get(word..).unwrap_or_default().trim_start();
    }
    if is_block && rest.starts_with(['|', '>']) {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    source.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Node {
        let (mut documents, flaw) = parse(text, 0);
        assert!(flaw.is_none(), "{flaw:?}");
        documents.remove(0)
    }

    /// Collects the offsets of the `Q`s of all scalars at any depth.
    fn marks(node: &Node, found: &mut Vec<usize>) {
        if let Some(text) = node.text() {
            let places = text.as_bytes().iter().enumerate().filter(|(_, byte)| **byte == b'Q');
            found.extend(places.map(|(at, _)| text.source_offset(at)));
        }
        for inner in node.items().iter().chain(node.entries().iter().map(|(_, value)| value)) {
            marks(inner, found);
        }
    }

    #[test]
    fn scalars_of_every_style_keep_their_places() {
        let text = "# é 🦀\na: x Q y # z\nb: 'é Q ''Q'\nc: \"\\u00e9Q\\n\\\n   Q\"\nd: |- # é\n\n  x\n    Q\n\n  \
                    éQ\ne: >\n  x\n  Q\n\n  Q\nf: x\n  y Q\n  Q\ng: [Q, {h: Q}]\ni: !x &y Q\nj: |2\n    Q\nk: &k |\n\n    Q\n    &Q\nl: *k\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let mut found = Vec::new();
            marks(&root(&text), &mut found);
            let mut expected: Vec<usize> = text.match_indices('Q').map(|(at, _)| at).collect();
            // The alias repeats the last two offsets.
            expected.extend_from_within(expected.len() - 2..);
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn aliases_and_merges_keep_the_place_of_the_original() {
        let text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\nd: {<<: [*a, {z: 4}]}\n";
        let root = root(text);
        let place = |path: &[&str]| root.at(path).unwrap().span.start;
        assert_eq!(place(&["b", "x"]), 10);
        assert_eq!(root.at(&["b", "y"]).unwrap().text().unwrap().as_bytes(), b"3");
        assert_eq!(place(&["c", "y"]), 16);
        assert_eq!(root.at(&["d", "z"]).unwrap().text().unwrap().as_bytes(), b"4");
    }

    #[test]
    fn aliases_of_aliases_are_bounded() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..30 {
            let inner = vec![format!("*a{}", n - 1); 10].join(", ");
            text.extend(["a", &n.to_string(), ": &a", &n.to_string(), " [", &inner, "]\n"]);
        }
        let (documents, flaw) = parse(&text, 0);
        assert!(documents[0].weight(usize::MAX) < 4 * MAX_COPIED);
        assert!(flaw.unwrap().message.to_string().contains("aliases"));
    }

    #[test]
    fn what_stands_in_front_of_an_error_is_read() {
        let (documents, flaw) = parse("a: b\nc:\n  - d\n\t- e: [\n", 0);
        assert_eq!(documents[0].get("a").unwrap().text().unwrap().as_bytes(), b"b");
        assert!(flaw.is_some());
        let (documents, flaw) = parse("a: b\n---\nc: d\n...\n", 0);
        assert_eq!((documents.len(), flaw.is_some()), (2, false));
    }

    #[test]
    fn nesting_ends() {
        let stairs: String = (0..1000).flat_map(|depth| [" ".repeat(depth), "a:\n".to_owned()]).collect();
        let flat = ["[", "{a: ", "- ", "? "].map(|opening| opening.repeat(100_000));
        for text in flat.into_iter().chain([stairs]) {
            let (_, flaw) = parse(&text, 0);
            assert!(flaw.is_some(), "{:?}", text.get(..20));
        }
    }
}
