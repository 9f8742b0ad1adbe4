//! Heredocs (BuildKit, `heredocsFromLine` and `ParseHeredoc` in `frontend/dockerfile/parser/parser.go`).

use crate::text::space_at;
use crate::text::{Span, Text};

/// A heredoc of `RUN`, `COPY` or `ADD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heredoc {
    /// The delimiter without its quotes.
    pub name: Text,
    /// The number before `<<`, or 0 if there is none.
    pub file_descriptor: u32,
    /// Whether variables in the body are expanded, that is, no part of the delimiter is quoted.
    pub expand: bool,
    /// Whether leading tabs are removed (`<<-`).
    pub chomp: bool,
    /// The body, without leading tabs if `chomp` is set.
    pub body: Text,
    /// The lines of the body in the source, without the line of the delimiter.
    pub span: Span,
    /// Whether blanks stand in front of the delimiter. BuildKit before 0.22 does not read these as heredocs.
    pub is_apart: bool,
}

/// Returns the heredocs that a joined instruction opens, with empty bodies. An opener counts only if `<<`
/// is at the start of a shell word. The escape character is always `\` here.
pub(super) fn openers(line: &Text) -> Vec<Heredoc> {
    if memchr::memmem::find(line.as_bytes(), b"<<").is_none() {
        return Vec::new();
    }
    let words = shell_words(line);
    let next = |at: usize| words.get(at + 1);
    words
        .iter()
        .enumerate()
        .filter_map(|(at, word)| opener(word).or_else(|| apart(word, next(at)?)))
        .collect()
}

/// Parses `[digits]<< delimiter`. With a hyphen, there is no delimiter.
fn apart(word: &Text, next: &Text) -> Option<Heredoc> {
    let digits = word.as_bytes().iter().take_while(|b| b.is_ascii_digit()).count();
    if word.as_bytes().get(digits..) != Some(b"<<") || next.byte(0) == Some(b'-') {
        return None;
    }
    let mut joined = word.slice(0..word.len());
    joined.push_text(next, 0..next.len());
    Some(Heredoc { is_apart: true, ..opener(&joined)? })
}

/// Returns true if a line consists of nothing but the opener of the heredoc.
pub(super) fn is_whole_line(heredoc: &Heredoc, line: &Text) -> bool {
    shell_words(line).len() == if heredoc.is_apart { 2 } else { 1 }
}

/// Splits a line at white space outside quotes. Quotes and escapes stay in the words. As in BuildKit, a
/// line with an unclosed quote has no words.
fn shell_words(line: &Text) -> Vec<Text> {
    let bytes = line.as_bytes();
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut at = 0;
    while let Some(byte) = line.byte(at) {
        if quote.is_none()
            && let Some(width) = space_at(bytes, at)
        {
            if let Some(start) = start.take() {
                words.push(line.slice(start..at));
            }
            at += width;
            continue;
        }
        start.get_or_insert(at);
        if byte == b'\\' && quote != Some(b'\'') {
            at += 1;
        } else if quote == Some(byte) {
            quote = None;
        } else if quote.is_none() && matches!(byte, b'\'' | b'"') {
            quote = Some(byte);
        }
        at += 1;
    }
    if quote.is_some() {
        return Vec::new();
    }
    if let Some(start) = start {
        words.push(line.slice(start..line.len()));
    }
    words
}

/// Parses `[digits]<<[-]delimiter`. The delimiter contains no other `<`.
fn opener(word: &Text) -> Option<Heredoc> {
    let digits = word.as_bytes().iter().take_while(|b| b.is_ascii_digit()).count();
    if !word.starts_with_at(digits, b"<<") {
        return None;
    }
    let chomp = word.byte(digits + 2) == Some(b'-');
    let delimiter = word.slice(digits + 2 + usize::from(chomp)..word.len());
    if delimiter.is_empty() || delimiter.as_bytes().contains(&b'<') {
        return None;
    }
    let name = unquoted(&delimiter);
    if name.is_empty() {
        return None;
    }
    let number = word.slice(0..digits);
    Some(Heredoc {
        file_descriptor: number.to_str().parse().unwrap_or(0),
        expand: name.len() == delimiter.len(),
        name,
        chomp,
        body: Text::new(),
        span: Span::default(),
        is_apart: false,
    })
}

fn unquoted(word: &Text) -> Text {
    let mut plain = Text::new();
    let mut quote = None;
    let mut at = 0;
    while let Some(byte) = word.byte(at) {
        if quote == Some(byte) {
            quote = None;
        } else if quote.is_none() && matches!(byte, b'\'' | b'"') {
            quote = Some(byte);
        } else {
            let escapes = match quote {
                None => byte == b'\\',
                Some(b'"') => byte == b'\\' && matches!(word.byte(at + 1), Some(b'"' | b'$' | b'\\')),
                Some(_) => false,
            };
            if escapes {
                at += 1;
            }
            plain.push_text(word, at..at + 1);
        }
        at += 1;
    }
    plain
}

/// Returns true if a line, given without its line ending, closes the heredoc.
pub(super) fn closes(heredoc: &Heredoc, line: &[u8]) -> bool {
    let tabs = if heredoc.chomp { leading_tabs(line) } else { 0 };
    line.get(tabs..) == Some(heredoc.name.as_bytes())
}

/// Appends a line of the source, including its line ending, to the body of the heredoc.
pub(super) fn push_line(heredoc: &mut Heredoc, source: &[u8], line: Span) {
    let bytes = source.get(line.start..line.end).unwrap_or_default();
    let tabs = if heredoc.chomp { leading_tabs(bytes) } else { 0 };
    heredoc.body.push_source(source, Span::new(line.start + tabs, line.end));
    heredoc.span.end = line.end;
}

fn leading_tabs(line: &[u8]) -> usize {
    line.iter().take_while(|&&b| b == b'\t').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<(String, u32, bool, bool)> {
        let text = Text::from_source(line.as_bytes(), Span::new(0, line.len()));
        let list = openers(&text);
        list.iter().map(|h| (h.name.to_str().into_owned(), h.file_descriptor, h.expand, h.chomp)).collect()
    }

    #[test]
    fn a_heredoc_opens_at_the_start_of_a_word_only() {
        let plain = |name: &str| (name.to_owned(), 0, true, false);
        for (line, expected) in [
            ("RUN <<EOF", vec![plain("EOF")]),
            ("RUN cat <<EOF > /x", vec![plain("EOF")]),
            ("COPY <<a <<b /x/", vec![plain("a"), plain("b")]),
            ("RUN 3<<EOF cat", vec![("EOF".into(), 3, true, false)]),
            ("RUN <<-EOF", vec![("EOF".into(), 0, true, true)]),
            ("RUN <<\"E F\"", vec![("E F".into(), 0, false, false)]),
            ("RUN <<'EOF'", vec![("EOF".into(), 0, false, false)]),
            (r"RUN <<\EOF", vec![("EOF".into(), 0, false, false)]),
            ("RUN <<E'O'F", vec![("EOF".into(), 0, false, false)]),
            ("RUN (cat <<EOF)", vec![plain("EOF)")]),
            ("RUN cat<<EOF", vec![]),
            ("RUN cat <<<EOF", vec![]),
            ("RUN cat << EOF", vec![plain("EOF")]),
            ("RUN cat <<- EOF", vec![]),
            ("RUN cat << -EOF", vec![]),
            ("RUN cat << 'EOF' > x", vec![("EOF".into(), 0, false, false)]),
            ("RUN cat << <x", vec![]),
            ("RUN cat <<", vec![]),
            ("RUN echo $((1<<2))", vec![]),
            ("RUN echo '<<EOF'", vec![]),
            ("RUN echo \"a <<EOF\"", vec![]),
            ("RUN echo it's <<EOF", vec![]),
        ] {
            assert_eq!(names(line), expected, "{line}");
        }
    }
}
