//! The extent of a call, and the check that a script does nothing else.

use super::{Call, Kind, Token, imports, is, tokens};
use crate::hub::python::{LIBRARY, LOG_IN};
use crate::text::{Span, Text};

/// Returns true if a script does nothing but log in. Apart from the login it has only imports and values.
pub(crate) fn only_logs_in(script: &Text) -> bool {
    let tokens = tokens(script);
    let names = imports(&tokens);
    let mut logs_in = false;
    let mut depth = 0_usize;
    let statements = tokens.split(|token| {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(token.kind, Kind::Mark(';' | '\n'))
    });
    let mut at = 0;
    for statement in statements {
        let first = at;
        at += statement.len() + 1;
        let is_login = |index: usize| match &tokens.get(index).map(|token| &token.kind) {
            Some(Kind::Name(name)) if is(&tokens, index + 1, '(') => {
                matches!(names.call(&tokens, index, name), Some(Call::Login { .. } | Call::SaveToken))
            }
            _ => false,
        };
        let ends = closing(&tokens, first..first + statement.len(), &is_login);
        let is_value = matches!(statement.get(1), Some(Token { kind: Kind::Mark('='), .. }));
        match statement.first().map(|token| &token.kind) {
            None => {}
            Some(Kind::Name(_)) if !is_harmless(statement) => return false,
            Some(Kind::Name(name)) if matches!(name.as_str(), "import" | "from") || is_value => {}
            Some(Kind::Name(_)) if ends => logs_in = true,
            _ => return false,
        }
    }
    logs_in
}

/// Modules whose import has no effect, and functions that are called to obtain a token.
const HARMLESS: [&str; 5] = [LIBRARY, "os", "sys", "pathlib", "__future__"];
const CALLS: [&str; 13] = [
    "open",
    "read",
    "strip",
    "rstrip",
    "get",
    "getenv",
    "Path",
    "read_text",
    "expanduser",
    "decode",
    "str",
    "__import__",
    "import_module",
];

/// Returns true if a statement runs nothing but calls that obtain a token and log in with it.
fn is_harmless(statement: &[Token]) -> bool {
    let name = |at: usize| match &statement.get(at)?.kind {
        Kind::Name(name) => Some(name.as_str()),
        _ => None,
    };
    if name(0) == Some("from") {
        return name(1).is_some_and(|module| HARMLESS.contains(&module));
    }
    if name(0) == Some("import") {
        let modules = statement.iter().enumerate().skip(1).filter(|(at, _)| {
            *at == 1 || matches!(statement.get(at - 1), Some(Token { kind: Kind::Mark(','), .. }))
        });
        return modules.map(|(at, _)| name(at)).all(|module| module.is_some_and(|m| HARMLESS.contains(&m)));
    }
    // A renamed login is not on the list. It is judged by the place it is imported from.
    let aliases =
        |at: usize| at == 0 || matches!(statement.get(at - 1), Some(Token { kind: Kind::Mark('.'), .. }));
    (0..statement.len()).all(|at| {
        let is_call = name(at).is_some() && is(statement, at + 1, '(');
        !is_call
            || name(at).is_some_and(|name| CALLS.contains(&name) || LOG_IN.contains(&name))
            || (aliases(at) && at < 3)
    })
}

/// Returns true if a statement is a single call that satisfies `is_wanted`.
fn closing(tokens: &[Token], range: std::ops::Range<usize>, is_wanted: &dyn Fn(usize) -> bool) -> bool {
    let Some(called) = range.clone().find(|&at| is_wanted(at)) else { return false };
    call_end(tokens, called + 1) == Some(range.end) && path_start(tokens, called) == range.start
}

/// Returns the index after the `)` that closes the `(` at `at`.
fn call_end(tokens: &[Token], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(index + 1);
        }
    }
    None
}

/// Returns the start of the path of a called name: `huggingface_hub` in `huggingface_hub.login`.
fn path_start(tokens: &[Token], mut at: usize) -> usize {
    while at >= 2 && is(tokens, at - 1, '.') {
        at -= 2;
        if is(tokens, at, ')') {
            let opening = (0..at).rev().find(|&before| is(tokens, before, '('));
            at = opening.map_or(at, |opening| opening.saturating_sub(1));
        }
    }
    at
}

/// Returns the span of the whole call of the name at `name`, including its arguments.
pub(crate) fn extent(script: &Text, name: Span) -> Option<Span> {
    let tokens = tokens(script);
    let at = tokens.iter().position(|token| script.source_span(token.start..token.end) == name)?;
    let end = tokens.get(call_end(&tokens, at + 1)?.checked_sub(1)?)?.end;
    let start = tokens.get(path_start(&tokens, at))?.start;
    Some(script.source_span(start..end))
}

#[cfg(test)]
mod tests {
    use super::super::{Event, events};
    use super::*;

    #[test]
    fn scripts_that_only_log_in() {
        let text = |source: &str| Text::from_source(source.as_bytes(), Span::new(0, source.len()));
        for source in [
            "from huggingface_hub import login; login('t')",
            "import os\nfrom huggingface_hub import login\n\nlogin(\n  token=os.environ['T'],\n)\n# done\n",
            "import huggingface_hub as h; t = open('/x').read(); h.login(t)",
            "__import__('huggingface_hub').login('t')",
            "from huggingface_hub import HfFolder; HfFolder().save_token(t)",
        ] {
            assert!(only_logs_in(&text(source)), "{source}");
        }
        for source in [
            "import os",
            "from huggingface_hub import login; login(t); go()",
            "from huggingface_hub import login; login(t) or go()",
            "from huggingface_hub import login\nif x: login(t)",
            "from huggingface_hub import login\nprint(login(t))",
        ] {
            assert!(!only_logs_in(&text(source)), "{source}");
        }
    }

    #[test]
    fn a_call_is_known_whole() {
        for (source, expected) in [
            ("from huggingface_hub import login; login(f('t'), [a(b)]); go()", "login(f('t'), [a(b)])"),
            ("import huggingface_hub as h; x = h.login(')'); go()", "h.login(')')"),
            (
                "x(); __import__('huggingface_hub').login('t') ; y()",
                "__import__('huggingface_hub').login('t')",
            ),
        ] {
            let text = Text::from_source(source.as_bytes(), Span::new(0, source.len()));
            let events = events::<()>(&text, &|_| None);
            let Some(Event::Call(_, name)) = events.into_iter().next() else { panic!("{source}") };
            let found = extent(&text, name).unwrap();
            assert_eq!(source.get(found.start..found.end), Some(expected));
        }
    }
}
