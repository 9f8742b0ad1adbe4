//! Patterns for paths of a build context, in `.dockerignore` and in the sources of `COPY` and `ADD`. The syntax
//! is that of Go's `filepath.Match`, with `**` for any number of directories (`moby/patternmatcher`). A pattern
//! is matched as it is written: a compiled regular expression would take a hundred times the memory.

/// A pattern anchored at the root of the context.
#[derive(Debug)]
pub(crate) struct PathPattern {
    pattern: Vec<u8>,
    /// The number of bytes at the start that stand for themselves.
    literal: usize,
}

impl PathPattern {
    /// Reads a pattern. Returns `None` if Docker refuses it.
    pub(crate) fn new(pattern: &[u8]) -> Option<Self> {
        let pattern = clean(pattern);
        let (mut at, mut literal) = (0, 0);
        while at < pattern.len() {
            let (element, next) = element(&pattern, at)?;
            let is_plain = matches!(element, Element::Byte(_)) && next == at + 1;
            literal += usize::from(is_plain && literal == at);
            at = next;
        }
        Some(Self { pattern, literal })
    }

    /// Returns the bytes with which each matching path begins.
    pub(crate) fn literal(&self) -> &[u8] {
        self.pattern.get(..self.literal).unwrap_or_default()
    }

    /// Returns true if the pattern matches the path or one of its parent directories. The path is relative
    /// to the root and has no `.` or `..` parts.
    pub(crate) fn takes(&self, path: &[u8]) -> bool {
        self.taken(path).is_some()
    }

    /// Returns the path or its outermost parent directory that the pattern matches.
    pub(crate) fn taken<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let (literal, rest) = self.pattern.split_at_checked(self.literal)?;
        path.starts_with(literal).then_some(())?;
        let mut ends =
            Ends { pattern: &self.pattern, now: Positions::default(), before: Positions::default() };
        ends.now.enter(&self.pattern, literal.len());
        let is_end = |at: usize| matches!(path.get(at), None | Some(b'/'));
        for (at, byte) in path.iter().enumerate().skip(literal.len()) {
            if ends.now.is_end && is_end(at) {
                return path.get(..at);
            }
            if rest.is_empty() || ends.now.list.is_empty() {
                return None;
            }
            ends.step(*byte);
        }
        ends.now.is_end.then_some(path)
    }
}

/// An element of a pattern.
enum Element<'p> {
    Byte(u8),
    /// `?`: any byte but a slash.
    One,
    /// `*`: any number of bytes but slashes.
    Many,
    /// `**` in front of something: any number of directories.
    Directories,
    /// `**` at the end: everything.
    All,
    /// `[…]`: the text between the brackets.
    Class(&'p [u8]),
}

/// Returns the element at `at` and the end of it. Returns `None` if it is malformed.
fn element(pattern: &[u8], at: usize) -> Option<(Element<'_>, usize)> {
    let rest = pattern.get(at..)?;
    Some(match *rest {
        [b'*', b'*', b'/'] | [b'*', b'*'] => (Element::All, pattern.len()),
        [b'*', b'*', b'/', ..] => (Element::Directories, at + 3),
        [b'*', b'*', ..] => (Element::Directories, at + 2),
        [b'*', ..] => (Element::Many, at + 1),
        [b'?', ..] => (Element::One, at + 1),
        [b'[', ..] => {
            let inner = rest.get(1..)?;
            let len = class(inner, |_, _| false)?.1;
            (Element::Class(inner), at + 1 + len)
        }
        [b'\\', escaped, ..] => (Element::Byte(escaped), at + 2),
        [b'\\'] | [] => return None,
        [byte, ..] => (Element::Byte(byte), at + 1),
    })
}

/// The positions in a pattern that some bytes of a path lead to.
struct Ends<'p> {
    pattern: &'p [u8],
    now: Positions,
    before: Positions,
}

impl Ends<'_> {
    fn step(&mut self, byte: u8) {
        let Self { pattern, now, before } = self;
        std::mem::swap(now, before);
        now.clear();
        for &at in &before.list {
            let Some((element, end)) = element(pattern, at) else { continue };
            match element {
                Element::Byte(own) if own == byte => now.enter(pattern, end),
                Element::One if byte != b'/' => now.enter(pattern, end),
                Element::Many if byte != b'/' => now.enter(pattern, at),
                Element::All => now.enter(pattern, at),
                Element::Directories => {
                    now.stay(at);
                    if byte == b'/' {
                        now.enter(pattern, end);
                    }
                }
                Element::Class(inner) => {
                    let holds = |low: u8, high: u8| (low..=high).contains(&byte);
                    if class(inner, holds).is_some_and(|(is_in, _)| is_in) {
                        now.enter(pattern, end);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A set of positions in a pattern.
#[derive(Default)]
struct Positions {
    list: Vec<usize>,
    /// For each position, whether it is in the list, and whether a match may skip it.
    marks: Vec<(bool, bool)>,
    /// Whether the end of the pattern is in the set.
    is_end: bool,
}

impl Positions {
    fn clear(&mut self) {
        for at in self.list.drain(..) {
            if let Some(mark) = self.marks.get_mut(at) {
                *mark = (false, false);
            }
        }
        self.is_end = false;
    }

    /// Adds a position, and those after elements that may match nothing.
    fn enter(&mut self, pattern: &[u8], mut at: usize) {
        while let Some((element, end)) = element(pattern, at) {
            self.stay(at);
            let is_new = self.marks.get_mut(at).is_some_and(|mark| !std::mem::replace(&mut mark.1, true));
            match element {
                Element::Many | Element::Directories | Element::All if is_new => at = end,
                _ => return,
            }
        }
        self.is_end |= at >= pattern.len();
    }

    /// Adds a position alone.
    fn stay(&mut self, at: usize) {
        if self.marks.len() <= at {
            self.marks.resize(at + 1, (false, false));
        }
        if let Some(mark) = self.marks.get_mut(at).filter(|mark| !mark.0) {
            mark.0 = true;
            self.list.push(at);
        }
    }
}

/// Cleans a pattern as Go's `filepath.Clean` does, and removes the leading slash.
fn clean(pattern: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let is_rooted = pattern.first() == Some(&b'/');
    for part in pattern.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|&last| last != b"..") => {
                parts.pop();
            }
            b".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') }
}

/// Reads a character class after its `[`. Returns whether a range of it `holds`, or for a negated class
/// whether none does, and the length of the class with its `]`.
fn class(class: &[u8], holds: impl Fn(u8, u8) -> bool) -> Option<(bool, usize)> {
    let (mut rest, is_negated) = match class.strip_prefix(b"^") {
        Some(rest) => (rest, true),
        None => (class, false),
    };
    let (mut is_first, mut is_in) = (true, false);
    loop {
        let (low, behind) = member(rest, is_first)?;
        let Some(low) = low else { return Some((is_in != is_negated, class.len() - behind.len())) };
        (rest, is_first) = (behind, false);
        let mut high = low;
        if let Some(behind) = rest.strip_prefix(b"-") {
            let (end, behind) = member(behind, true)?;
            high = end.filter(|&end| end >= low)?;
            rest = behind;
        }
        is_in |= holds(low, high);
    }
}

/// Parses one byte of a class. The byte is `None` for the `]` that ends the class.
fn member(rest: &[u8], must_be: bool) -> Option<(Option<u8>, &[u8])> {
    let (&byte, behind) = rest.split_first()?;
    match byte {
        b']' if !must_be => Some((None, behind)),
        b'-' | b']' => None,
        b'\\' => behind.split_first().map(|(&byte, behind)| (Some(byte), behind)),
        byte => Some((Some(byte), behind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_told() {
        for (pattern, path, taken) in [
            ("a", "a/b/c", Some("a")),
            ("a/b", "a/b/c", Some("a/b")),
            ("*.env", "x.env", Some("x.env")),
            ("*", "a/b", Some("a")),
            ("a/*", "a/b/c", Some("a/b")),
            ("a", "ab", None),
        ] {
            let found = PathPattern::new(pattern.as_bytes()).unwrap();
            assert_eq!(found.taken(path.as_bytes()), taken.map(str::as_bytes), "{pattern} {path}");
        }
    }

    /// The same pattern as a regular expression.
    fn expression(pattern: &[u8]) -> regex::bytes::Regex {
        let mut text = String::from("^");
        let mut at = 0;
        while let Some((element, end)) = element(pattern, at) {
            let class = || String::from_utf8(pattern[at..end].to_vec()).unwrap();
            text += &match element {
                Element::Byte(byte) => regex::escape(&char::from(byte).to_string()),
                Element::One => "[^/]".to_owned(),
                Element::Many => "[^/]*".to_owned(),
                Element::Directories => "(.*/)?".to_owned(),
                Element::All => ".*".to_owned(),
                Element::Class(_) => class(),
            };
            at = end;
        }
        regex::bytes::RegexBuilder::new(&(text + "$")).unicode(false).build().unwrap()
    }

    proptest::proptest! {
        #[test]
        fn a_pattern_matches_what_its_expression_matches(
            pattern in "([ab/]|\\*|\\*\\*|\\*\\*/|\\?|\\[ab\\]|\\[\\^a\\]){1,8}",
            path in "[abc]{1,3}(/[abc]{1,3}){0,3}",
        ) {
            let own = PathPattern::new(pattern.as_bytes()).unwrap();
            let expression = expression(&own.pattern);
            let path = path.as_bytes();
            let parents = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at]);
            let taken = parents.chain([path]).find(|path| expression.is_match(path));
            proptest::prop_assert_eq!(own.taken(path), taken);
        }
    }

    #[test]
    fn hostile_patterns_take_steps_of_pattern_times_path() {
        for pattern in ["**/*a", "*", "[ab]*", "**/"] {
            let PathPattern { pattern, .. } = PathPattern::new(pattern.repeat(300).as_bytes()).unwrap();
            let mut ends =
                Ends { pattern: &pattern, now: Positions::default(), before: Positions::default() };
            ends.now.enter(&pattern, 0);
            for byte in b"ab/".repeat(50) {
                ends.step(byte);
                assert!(
                    ends.now.list.len() <= pattern.len(),
                    "each position is looked at once for each byte"
                );
            }
        }
    }
}
