//! References that a tool replaces before a shell sees the text: `$(NAME)`, `{{ .NAME }}`, `<< parameters.NAME >>`.

use crate::detect;
use crate::text::Text;

/// The form of the references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ci) enum References {
    /// `$(NAME)` of Azure and Tekton. Anything with a blank in it is a command for the shell.
    Parentheses,
    /// `{{ … }}` of Go templates, Argo and Bake.
    Braces,
    /// `<< parameters.NAME >>` of CircleCI.
    Angles,
}

/// The maximum length of a reference. Longer ones stay as they are.
const MAX_LENGTH: usize = 512;

/// Replaces each reference by a shell variable of the same name. The name of a token variable comes before any
/// other in it. What is no value, such as `{{ if … }}`, is removed.
pub(in crate::ci) fn without_references(text: &Text, form: References) -> Text {
    let (opening, closing): (&[u8], &[u8]) = match form {
        References::Parentheses => (b"$(", b")"),
        References::Braces => (b"{{", b"}}"),
        References::Angles => (b"<<", b">>"),
    };
    let bytes = text.as_bytes();
    let mut out = Text::new();
    let mut at = 0;
    for start in memchr::memmem::find_iter(bytes, opening) {
        if start < at {
            continue;
        }
        let inside = start + opening.len();
        let rest = bytes.get(inside..bytes.len().min(inside + MAX_LENGTH)).unwrap_or_default();
        let Some(length) = memchr::memmem::find(rest, closing) else { continue };
        let inner = String::from_utf8_lossy(rest.get(..length).unwrap_or_default());
        let Some(replacement) = replacement(&inner, form) else { continue };
        let end = inside + length + closing.len();
        out.push_text(text, at..start);
        out.push(replacement.as_bytes(), text.source_span(start..end));
        at = end;
    }
    out.push_text(text, at..bytes.len());
    out
}

/// Words of Go templates that give no value.
const CONTROL: [&str; 7] = ["if", "else", "end", "range", "with", "define", "block"];

fn replacement(inner: &str, form: References) -> Option<String> {
    let inner = inner.trim().trim_matches('-').trim();
    let is_one_word =
        !inner.is_empty() && !inner.contains(|c: char| c.is_whitespace() || "$`|;&".contains(c));
    match form {
        References::Parentheses if !is_one_word => return None,
        References::Angles if !inner.starts_with("parameters.") && !inner.starts_with("pipeline.") => {
            return None;
        }
        References::Braces => {
            let first = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            if CONTROL.contains(&first) || inner.starts_with("/*") {
                return Some(String::new());
            }
        }
        _ => {}
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut names = inner.split(|c| !is_part(c)).filter(|name| !name.is_empty());
    let name = names.clone().find(|name| detect::is_token_variable(name));
    let name = name.or_else(|| names.next_back().filter(|_| is_one_word)).unwrap_or("_");
    Some(format!("${{{}}}", name.replace('-', "_")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn references_become_variables() {
        use References::{Angles, Braces, Parentheses};
        for (form, text, expected) in [
            (
                Parentheses,
                "a $(HF_TOKEN) $(date +%s) $(params.hf-token)",
                "a ${HF_TOKEN} $(date +%s) ${hf_token}",
            ),
            (Parentheses, "$(params[\"x\"]) $($(x)) $(", "${x} $(${x}) $("),
            (
                Braces,
                "{{.A}} {{ .B | default \"x\" }} {{inputs.parameters.hf-token}}",
                "${A} ${_} ${hf_token}",
            ),
            (Braces, "{{if .A}}--x={{.HF_TOKEN}}{{else}}y{{- end -}}", "--x=${HF_TOKEN}y"),
            (
                Angles,
                "<< parameters.x >> <<pipeline.hf_token>> cat <<EOF >> y",
                "${x} ${hf_token} cat <<EOF >> y",
            ),
        ] {
            let source = Text::from_source(text.as_bytes(), Span::new(0, text.len()));
            assert_eq!(without_references(&source, form).to_str(), expected);
        }
    }
}
