//! Scripts of `cmd.exe`: `%NAME%` is a variable, `^` continues a line, `rem` and `::` begin a comment.

use crate::text::Text;

/// The maximum length of a name.
const MAX_NAME: usize = 64;

/// Returns a batch script in shell syntax, as far as its commands and variables go.
pub(in crate::ci) fn from_batch(text: &Text) -> Text {
    let bytes = text.as_bytes();
    let mut out = Text::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        line(text, start, end, &mut out);
        start = end + 1;
    }
    out
}

fn line(text: &Text, start: usize, end: usize, out: &mut Text) {
    let bytes = text.as_bytes();
    let whole = bytes.get(start..end).unwrap_or_default().trim_ascii_start();
    let whole = whole.strip_prefix(b"@").unwrap_or(whole);
    let is_rem = whole.get(..3).is_some_and(|word| word.eq_ignore_ascii_case(b"rem"))
        && whole.get(3).is_none_or(u8::is_ascii_whitespace);
    let is_set = whole.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"set "));
    let mut at = end - whole.len().min(end);
    let mut push = |bytes: &[u8], at: usize, len: usize| out.push(bytes, text.source_span(at..at + len));
    if at > start {
        push(b" ", start, at - start);
    }
    if is_rem || whole.starts_with(b"::") {
        push(b"\n", end, 1);
        return;
    }
    // The value of `set NAME=value` is the rest of the line, and goes into the environment.
    let is_bare = is_set && !matches!(bytes.get(at + 4), Some(b'"' | b'/'));
    if is_set {
        push(if is_bare { b"export \"" } else { b"export " }, at, 4);
        at += 4;
    }
    while let Some(&byte) = bytes.get(at).filter(|_| at < end) {
        let rest = bytes.get(at + 1..end).unwrap_or_default();
        let name =
            rest.iter().take(MAX_NAME).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        match byte {
            b'%' | b'!' if name > 0 && rest.get(name) == Some(&byte) => {
                let variable = [b"${", rest.get(..name).unwrap_or_default(), b"}"].concat();
                push(&variable, at, name + 2);
                at += name + 2;
                continue;
            }
            b'^' if rest.is_empty() => push(b"\\", at, 1),
            b'^' | b'\r' => {}
            // Neither is special in a batch script.
            b'\\' | b'\'' | b'$' | b'`' | b'#' => {
                push(b"\\", at, 1);
                push(&[byte], at, 1);
            }
            _ => push(&[byte], at, 1),
        }
        at += 1;
    }
    push(if is_bare { b"\"\n" } else { b"\n" }, end, 1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn variables_and_continued_lines() {
        for (text, expected) in [
            (
                "@docker build ^\n --build-arg A=%HF_TOKEN% .",
                " docker build \\\n --build-arg A=${HF_TOKEN} .\n",
            ),
            ("rem docker build\n:: x\nset A=%B%\n100%", "\n\nexport \"A=${B}\"\n100%\n"),
            ("a c:\\x 'y'", "a c:\\\\x \\'y\\'\n"),
        ] {
            let source = Text::from_source(text.as_bytes(), Span::new(0, text.len()));
            assert_eq!(from_batch(&source).to_str(), expected);
        }
    }
}
