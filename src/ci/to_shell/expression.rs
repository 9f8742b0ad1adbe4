//! The expressions `${{ … }}` of GitHub Actions. They are replaced by text before a shell sees the script.

use crate::detect;
use crate::text::{Span, Text};

/// Replaces each expression by a variable that a shell understands, so that its quotes and blanks have no
/// effect: `${{ secrets.HF_TOKEN }}` becomes `${HF_TOKEN}`. An expression whose value is not a token
/// becomes `${_}`.
pub(in crate::ci) fn without_expressions(text: &Text) -> Text {
    let bytes = text.as_bytes();
    let mut out = Text::new();
    let mut at = 0;
    for start in memchr::memmem::find_iter(bytes, b"${{") {
        if start < at {
            continue;
        }
        let Some(len) = length(bytes.get(start + 3..).unwrap_or_default()) else { break };
        let end = start + 3 + len;
        out.push_text(text, at..start);
        let inner = text.slice(start + 3..end - 2);
        let whole = text.source_span(start..end);
        out.push(format!("${{{}}}", variable(&inner.to_str())).as_bytes(), Span::new(whole.start, whole.end));
        at = end;
    }
    out.push_text(text, at..bytes.len());
    out
}

/// Returns the length of an expression, including the closing braces. Its strings are quoted with `'`.
fn length(bytes: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => is_quoted = !is_quoted,
            b'}' if !is_quoted && bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// Returns the name of the secret or variable that gives an expression its value.
fn variable(expression: &str) -> &str {
    const ASKS: [&str; 9] =
        ["==", "!=", "<", ">", "!", "contains(", "startsWith(", "endsWith(", "hashFiles("];
    if ASKS.iter().any(|asks| expression.contains(asks)) {
        // Comparisons and tests give true or false, but `a == b && c` gives c.
        if !expression.contains("&&") {
            return "_";
        }
    }
    let last = expression.rsplit("&&").next().unwrap_or(expression);
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(name) = last.split(|c| !is_part(c)).find(|name| detect::is_token_variable(name)) {
        return name;
    }
    match last.trim() {
        "runner.temp" => "RUNNER_TEMP",
        // Variables that the file itself sets have the same name in scripts.
        whole => {
            let name = whole.strip_prefix("env.").filter(|name| !name.is_empty());
            name.filter(|name| name.chars().all(is_part)).unwrap_or("_")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_become_variables() {
        for (text, expected) in [
            ("a ${{ secrets.HF_TOKEN }} b", "a ${HF_TOKEN} b"),
            ("${{secrets['HF_TOKEN']}}", "${HF_TOKEN}"),
            ("x=${{ env.X || secrets.HF_TOKEN }}\n$Y", "x=${HF_TOKEN}\n$Y"),
            ("'${{ github.event_name == 'push' && 'a}}b' }}' c", "'${_}' c"),
            ("${{ secrets.HF_TOKEN != '' }}", "${_}"),
            ("${{ inputs.x == 'y' && secrets.HF_TOKEN }}", "${HF_TOKEN}"),
            ("${{ matrix.x }}${{ matrix.y }}", "${_}${_}"),
            ("${{ runner.temp }}/x ${{ env.HF_HOME }} ${{ env.A-b }}", "${RUNNER_TEMP}/x ${HF_HOME} ${_}"),
            ("${{ env.X }}${{ env.X-1 }}${{ runner.temp }}", "${X}${_}${RUNNER_TEMP}"),
            ("${{ open", "${{ open"),
            ("plain", "plain"),
        ] {
            let source = Text::from_source(text.as_bytes(), Span::new(0, text.len()));
            assert_eq!(without_expressions(&source).to_str(), expected);
        }
    }

    #[test]
    fn what_stands_behind_keeps_its_place() {
        let text = "${{ x }} @";
        let source = Text::from_source(text.as_bytes(), Span::new(0, text.len()));
        assert_eq!(without_expressions(&source).source_offset(5), 9);
    }
}
