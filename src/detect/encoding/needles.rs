//! What is searched for: the prefixes as they are, and pieces of them in each encoding that are rare in
//! everything else. All needles are found in one vectorised pass.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::base64::sextet;
use crate::search::Search;

/// How a needle stands for a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The prefix begins here, as it is.
    Plain,
    /// Characters of it are spelled; it begins `back` bytes before.
    Spelled { back: usize },
    /// Base64 of a text that begins `alignment` bytes behind the start of a group. The character with its
    /// first bits is the one `skip` characters before.
    Base64 { alignment: u8, skip: u8, content: Content },
    /// Units of `width` bytes; it begins `back` bytes before.
    Wide { width: usize, back: usize },
    /// Hexadecimal; it begins `shift` bytes from here.
    Hex { shift: isize },
}

/// What base64 was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// The token's text.
    Text,
    /// Something that is encoded itself.
    Encoded,
}

/// A needle that was found.
#[derive(Debug, Clone, Copy)]
pub(in crate::detect) struct Hit {
    pub(in crate::detect) at: usize,
    needle: usize,
}

impl Hit {
    /// The same where so many bytes are missing in front.
    pub(super) fn moved_back(self, less: usize) -> Self {
        Self { at: self.at.saturating_sub(less), ..self }
    }

    /// What the needle may stand for.
    pub(super) fn forms(self) -> &'static [Form] {
        NEEDLES.forms.get(self.needle).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The first needle in `bytes` at `from` or behind.
pub(in crate::detect) fn next_hit(bytes: &[u8], from: usize) -> Option<Hit> {
    NEEDLES.search.find(bytes, from).map(|(at, needle)| Hit { at, needle })
}

/// Where a needle may begin of which the end is missing. One character is too little to tell.
pub(in crate::detect) fn part_at_end(bytes: &[u8]) -> Option<usize> {
    let ends = |pattern: &Vec<u8>| {
        (2..pattern.len()).rev().find(|&len| pattern.get(..len).is_some_and(|part| bytes.ends_with(part)))
    };
    NEEDLES.patterns.iter().filter_map(ends).max().map(|len| bytes.len() - len)
}

/// The longest needle.
pub(in crate::detect) fn longest() -> usize {
    NEEDLES.longest
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(Needles::new);

struct Needles {
    search: Search,
    /// By number of the pattern.
    forms: Vec<Vec<Form>>,
    longest: usize,
    patterns: Vec<Vec<u8>>,
}

impl Needles {
    fn new() -> Self {
        let mut forms: BTreeMap<Vec<u8>, Vec<Form>> = BTreeMap::new();
        for (pattern, form) in all() {
            let known = forms.entry(pattern).or_default();
            if !known.contains(&form) {
                known.push(form);
            }
        }
        // A needle that begins with another one is found with that.
        let patterns: Vec<Vec<u8>> = forms.keys().cloned().collect();
        for pattern in &patterns {
            let shorter = patterns.iter().find(|other| *other != pattern && pattern.starts_with(other));
            if let Some(shorter) = shorter
                && let Some(longer) = forms.remove(pattern)
                && let Some(known) = forms.get_mut(shorter)
            {
                known.extend(longer);
            }
        }
        let needles: Vec<&[u8]> = forms.keys().map(Vec::as_slice).collect();
        Self {
            search: Search::new(&needles),
            forms: forms.into_values().collect(),
            longest: patterns.iter().map(Vec::len).max().unwrap_or_default(),
            patterns,
        }
    }
}

/// Every needle.
fn all() -> Vec<(Vec<u8>, Form)> {
    let mut all = vec![(b"hf_".to_vec(), Form::Plain), (b"api_org".to_vec(), Form::Plain)];
    for (pattern, back) in SPELLED {
        all.push((pattern.to_vec(), Form::Spelled { back: *back }));
    }
    for (prefix, width, from, to) in
        [(&b"hf_"[..], 2, 0, 3), (b"hf_", 4, 0, 3), (b"api_org", 2, 3, 6), (b"api_org", 4, 3, 6)]
    {
        let mut pattern = Vec::new();
        for &b in prefix.get(from..to).unwrap_or_default() {
            pattern.push(b);
            pattern.resize(pattern.len() + width - 1, 0);
        }
        pattern.truncate(pattern.len() + 1 - width);
        all.push((pattern, Form::Wide { width, back: from * width }));
    }
    for (pattern, shift) in [
        ("68665", 0),
        ("6866\n", 0),
        ("6866\r", 0),
        ("68\n66", 0),
        ("68\r\n66", 0),
        ("68 66", 0),
        ("68:66", 0),
        ("68-66", 0),
        ("6f7267", -8),
        ("6F7267", -8),
    ] {
        all.push((pattern.as_bytes().to_vec(), Form::Hex { shift }));
    }
    // `0x68665f…`, `0x68, 0x66`
    all.push((b"x68".to_vec(), Form::Hex { shift: 1 }));
    all.extend(base64_needles());
    all
}

/// Spelled characters of the prefixes, and how far behind the start of a token they stand. Each of the
/// first three characters may be the first that is spelled.
const SPELLED: &[(&[u8], usize)] = &[
    (b"hf\\", 0),
    (b"hf%", 0),
    (b"hf&", 0),
    (b"hf=", 0),
    (b"hf\"", 0),
    (b"hf'", 0),
    (b"h\\u0", 0),
    (b"h\\\\", 0),
    (b"h\\x6", 0),
    (b"h\\14", 0),
    (b"h%66", 0),
    (b"h%u0", 0),
    (b"h&#1", 0),
    (b"h&#x", 0),
    (b"%68", 0),
    (b"u0068", 1),
    (b"x68", 1),
    (b"x68", 2),
    (b"\\150", 0),
    (b"#104;", 1),
    (b"api%5", 0),
    (b"api\\", 0),
    (b"api&#", 0),
];

/// Pieces of the prefixes in base64, and in base64 of what is encoded already.
fn base64_needles() -> Vec<(Vec<u8>, Form)> {
    let mut all = Vec::new();
    let mut encoded: Vec<Vec<Vec<u8>>> = vec![b"h\0f\0_".iter().map(|&b| vec![b]).collect()];
    for alignment in 0..3 {
        let form = |skip: usize| Form::Base64 {
            alignment,
            skip: u8::try_from(skip).unwrap_or_default(),
            content: Content::Text,
        };
        let (first, characters) = characters(&known(b"hf_"), alignment);
        // A line may end behind each of the four characters, so that three of them or two with the
        // line's end, spelled or not, are looked for.
        let part = |range| strings(characters.get(range).unwrap_or_default());
        all.extend(part(0..3).into_iter().map(|pattern| (pattern, form(first))));
        all.extend(part(1..4).into_iter().map(|pattern| (pattern, form(first + 1))));
        for newline in [&b"\n"[..], b"\r", b"\\"] {
            all.extend(part(0..2).into_iter().map(|pattern| ([&pattern, newline].concat(), form(first))));
        }
        encoded.push(characters);
        // A whole group of the longer prefix, which no line's end cuts.
        let (first, characters) = self::characters(&known(b"api_org_"), alignment);
        let group = (4 - (first + usize::from(alignment)) % 4) % 4;
        let group = if strings(characters.get(group..group + 4).unwrap_or_default()) == [b"YXBp"] {
            4
        } else {
            group
        };
        encoded.push(characters.get(group..group + 4).unwrap_or_default().to_vec());
        let pattern = strings(characters.get(group..group + 4).unwrap_or_default());
        all.extend(pattern.into_iter().map(|pattern| (pattern, form(first + group))));
    }
    for inner in encoded {
        for alignment in 0..3 {
            let (first, characters) = characters(&inner, alignment);
            let part = strings(characters.get(..4).unwrap_or_default());
            all.extend(part.into_iter().map(|pattern| {
                let skip = u8::try_from(first).unwrap_or_default();
                (pattern, Form::Base64 { alignment, skip, content: Content::Encoded })
            }));
        }
    }
    all
}

fn known(text: &[u8]) -> Vec<Vec<u8>> {
    let letters = [b'A', b'Z', b'a', b'z'];
    text.iter().map(|&b| vec![b]).chain([letters.to_vec()]).collect()
}

/// The characters of base64 that are known of a text, each of whose bytes is one of a few, when it begins
/// `alignment` bytes behind the start of a group; and how many characters the first of them stands behind
/// the one with the text's first bits.
fn characters(text: &[Vec<u8>], alignment: u8) -> (usize, Vec<Vec<u8>>) {
    const MOST: usize = 4;
    let start = usize::from(alignment) * 8;
    let bit =
        |at: usize| at.checked_sub(start).and_then(|bit| text.get(bit / 8).map(|bytes| (bytes, 7 - bit % 8)));
    let alphabet: Vec<u8> = (b'!'..=b'~').filter(|&b| sextet(b).is_some()).collect();
    let mut found: Vec<(usize, Vec<u8>)> = Vec::new();
    for place in start / 6..(start + text.len() * 8).div_ceil(6) {
        let fits = |b: &&u8| {
            let value = sextet(**b).unwrap_or_default();
            (0..6).all(|n| {
                let wanted = value >> (5 - n) & 1;
                bit(place * 6 + n).is_none_or(|(bytes, at)| bytes.iter().any(|b| b >> at & 1 == wanted))
            })
        };
        let possible: Vec<u8> = alphabet.iter().filter(fits).copied().collect();
        if possible.len() <= MOST && (possible.len() == 1 || !found.is_empty()) {
            found.push((place, possible));
        }
    }
    let first = found.first().map_or(0, |(place, _)| place - start / 6);
    (first, found.into_iter().map(|(_, possible)| possible).collect())
}

/// All strings of which each character is one of a few.
fn strings(characters: &[Vec<u8>]) -> Vec<Vec<u8>> {
    characters.iter().fold(vec![Vec::new()], |strings, possible| {
        let longer =
            |string: &Vec<u8>| possible.iter().map(|&b| [&string[..], &[b]].concat()).collect::<Vec<_>>();
        strings.iter().flat_map(longer).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_few_needles_and_none_is_short() {
        let forms: Vec<_> = all();
        assert!(forms.iter().all(|(pattern, _)| (3..=longest()).contains(&pattern.len())));
        let needles: std::collections::BTreeSet<_> = forms.iter().map(|(pattern, _)| pattern).collect();
        assert!(needles.len() <= 90 && NEEDLES.forms.len() < 90, "{} {}", needles.len(), NEEDLES.forms.len());
    }

    #[test]
    fn every_processor_can_look_for_them() {
        let shorter = |needle: &[u8]| NEEDLES.patterns.iter().any(|o| o != needle && needle.starts_with(o));
        let needles: Vec<&[u8]> = NEEDLES.patterns.iter().map(Vec::as_slice).collect();
        let needles: Vec<&[u8]> = needles.into_iter().filter(|needle| !shorter(needle)).collect();
        assert_eq!(needles.len(), NEEDLES.forms.len());
        Search::assert_all_work(&needles);
    }

    #[test]
    fn the_forms_of_the_short_prefix() {
        let needles = base64_needles();
        for expected in ["aGZ", "GZf", "aG\n", "hmX", "mX0", "mX3", "hm\r", "oZl", "Zl9", "oZ\n", "YUda"] {
            assert!(needles.iter().any(|(needle, _)| needle == expected.as_bytes()), "{expected}");
        }
    }
}
