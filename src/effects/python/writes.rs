//! Tokens that a Python script writes into files.

use std::collections::HashMap;
use std::ops::Range;

use super::{Kind, MAX_TOKENS, Token, is, is_name, name_at, tokens};
use crate::text::Text;

/// Something that an expression reads.
pub(crate) enum Read<'a> {
    /// `os.environ["NAME"]` or `os.getenv("NAME")`.
    Variable(&'a str),
    /// All of `os.environ`.
    Environment,
    /// `open("PATH")` or `Path("PATH")`.
    File(&'a str),
    /// A text in the script.
    Text(&'a [u8]),
}

/// A token that is written into a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written<C> {
    /// The index of the called name among the tokens of the script.
    pub(super) at: usize,
    pub(crate) carried: C,
    /// The name of the file, or `None` if the script computes it.
    pub(crate) file: Option<Text>,
}

/// Returns the tokens that a script writes into files. `tokens` are its Python tokens, and `carries`
/// returns the credential in something that the script reads.
pub(super) fn writes<C: Clone>(
    script: &Text,
    tokens: &[Token],
    carries: &dyn Fn(&Read<'_>) -> Option<C>,
) -> Vec<Written<C>> {
    let (mut tainted, mut files) = (HashMap::new(), HashMap::new());
    let mut written = Vec::new();
    let mut first = 0;
    for end in ends(tokens) {
        let line = Line { script, tokens, carries, tainted: &tainted, files: &files };
        written.extend((first..end).filter_map(|at| line.write(at)));
        let named = line.named(first..end);
        let assigned = line.assigned(first..end);
        files.extend(named);
        tainted.extend(assigned);
        first = end + 1;
    }
    written
}

/// The keywords that begin a block.
const BLOCKS: [&str; 11] =
    ["with", "if", "else", "elif", "for", "while", "try", "except", "finally", "def", "async"];

/// Returns the indices of the tokens that end statements.
fn ends(tokens: &[Token]) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut ends: Vec<usize> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Mark(';' | '\n') if depth == 0 => ends.push(at),
            // This is a body on the same line as its `with`, not an annotation.
            Kind::Mark(':') if depth == 0 => {
                let first = ends.last().map_or(0, |end| end + 1);
                let opens = |name| BLOCKS.contains(&name) && !is(tokens, first + 1, '=');
                if name_at(tokens, first).is_some_and(opens) {
                    ends.push(at);
                }
            }
            _ => {}
        }
    }
    ends.push(tokens.len());
    ends
}

struct Line<'a, C> {
    script: &'a Text,
    tokens: &'a [Token],
    carries: &'a dyn Fn(&Read<'_>) -> Option<C>,
    /// Variables, each with its token.
    tainted: &'a HashMap<String, Option<C>>,
    /// Open files and paths, each with its name.
    files: &'a HashMap<String, Option<Text>>,
}

impl<'a, C: Clone> Line<'a, C> {
    fn string(&self, at: usize) -> Option<Text> {
        match self.tokens.get(at)?.kind {
            Kind::String(start, end) => Some(self.script.slice(start..end)),
            _ => None,
        }
    }

    /// Returns the arguments of the call whose parenthesis opens at `open`.
    fn arguments(&self, open: usize) -> Range<usize> {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(open).take(MAX_TOKENS) {
            match token.kind {
                Kind::Mark('(' | '[' | '{') => depth += 1,
                Kind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return open + 1..at;
            }
        }
        open + 1..self.tokens.len().min(open + MAX_TOKENS)
    }

    /// Returns the name before the call that closes at `close`, and the index of its opening parenthesis.
    fn call_before(&self, close: usize) -> Option<(&'a str, usize)> {
        let mut depth = 0_usize;
        for at in (0..=close).rev().take(MAX_TOKENS) {
            match self.tokens.get(at)?.kind {
                Kind::Mark(')' | ']' | '}') => depth += 1,
                Kind::Mark('(' | '[' | '{') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return Some((name_at(self.tokens, at.checked_sub(1)?)?, at));
            }
        }
        None
    }

    /// Returns the file denoted by the expression that ends at `end`, or `None` if it is not a file. The
    /// inner value is the name of the file, if the expression gives it.
    #[expect(clippy::option_option, reason = "a file or not, and known or not")]
    fn file(&self, end: usize) -> Option<Option<Text>> {
        if let Some(name) = name_at(self.tokens, end) {
            return self.files.get(name).cloned();
        }
        if !is(self.tokens, end, ')') {
            return None;
        }
        let (name, open) = self.call_before(end)?;
        match name {
            "open" if is(self.tokens, open.wrapping_sub(2), '.') => Some(self.path(open.checked_sub(3)?)),
            "open" | "Path" => Some(self.string(open + 1)),
            _ => None,
        }
    }

    /// Returns the name of the path denoted by the expression that ends at `end`: `Path("…")` or a
    /// variable.
    fn path(&self, end: usize) -> Option<Text> {
        match name_at(self.tokens, end) {
            Some(name) => self.files.get(name).cloned().flatten(),
            None => self
                .call_before(end)
                .filter(|(name, _)| *name == "Path")
                .and_then(|(_, open)| self.string(open + 1)),
        }
    }

    /// Returns the write that the call at `at` makes.
    fn write(&self, at: usize) -> Option<Written<C>> {
        let name = name_at(self.tokens, at).filter(|_| is(self.tokens, at + 1, '('))?;
        let arguments = self.arguments(at + 1);
        let receiver = || is(self.tokens, at.wrapping_sub(1), '.').then(|| at.checked_sub(2)).flatten();
        let within = || arguments.clone().rev().find_map(|at| self.file(at));
        let file = match name {
            "write" | "writelines" => self.file(receiver()?)?,
            "write_text" | "write_bytes" => self.file(receiver()?).flatten(),
            "dump" | "safe_dump" => within()?,
            "print" => {
                let is_file = |&at: &usize| is_name(self.tokens, at, "file") && is(self.tokens, at + 1, '=');
                let from = arguments.clone().find(is_file)?;
                (from..arguments.end).rev().find_map(|at| self.file(at))?
            }
            // `dotenv.set_key(PATH, NAME, VALUE)`
            "set_key" => self.string(arguments.start),
            "copy" | "copy2" | "copyfile" | "move" => {
                let source = self.string(arguments.start)?;
                let carried = (self.carries)(&Read::File(&source.to_str()))?;
                return Some(Written { at, carried, file: self.string(arguments.start + 2) });
            }
            _ => return None,
        };
        Some(Written { at, carried: self.carried(arguments)?, file })
    }

    /// Returns the name that a file gets, and the file: `f = open(…)` or `with open(…) as f`.
    fn named(&self, statement: Range<usize>) -> Option<(String, Option<Text>)> {
        let as_name = statement.clone().find(|&at| is_name(self.tokens, at, "as"));
        let (name, end) = match as_name {
            Some(at) => (at + 1, at.checked_sub(1)?),
            None if is(self.tokens, statement.start + 1, '=') => {
                (statement.start, statement.end.checked_sub(1)?)
            }
            None => return None,
        };
        Some((name_at(self.tokens, name)?.to_owned(), self.file(end)?))
    }

    /// Returns the variable that a statement assigns, and the token in its value.
    fn assigned(&self, statement: Range<usize>) -> Option<(String, Option<C>)> {
        let name = name_at(self.tokens, statement.start)?;
        let equals = statement.clone().find(|&at| is(self.tokens, at, '='))?;
        let is_annotated = is(self.tokens, statement.start + 1, ':');
        let is_simple = (is_annotated || equals == statement.start + 1) && !is(self.tokens, equals + 1, '=');
        is_simple.then(|| (name.to_owned(), self.carried(equals + 1..statement.end)))
    }

    /// Returns the token in an expression.
    fn carried(&self, range: Range<usize>) -> Option<C> {
        range.into_iter().find_map(|at| self.carried_at(at))
    }

    fn carried_at(&self, at: usize) -> Option<C> {
        let name = match &self.tokens.get(at)?.kind {
            Kind::Mark(_) => return None,
            Kind::String(start, end) => return self.in_string(at, &self.script.slice(*start..*end)),
            Kind::Name(name) => name.as_str(),
        };
        let variable = |at: usize| (self.carries)(&Read::Variable(&self.string(at)?.to_str()));
        match name {
            "environ" if is(self.tokens, at + 1, '[') => variable(at + 2),
            "environ" if is(self.tokens, at + 1, '.') => match name_at(self.tokens, at + 2) {
                Some("get" | "pop" | "setdefault") => variable(at + 4),
                _ => (self.carries)(&Read::Environment),
            },
            "environ" => (self.carries)(&Read::Environment),
            "getenv" => variable(at + 2),
            "open" | "Path" if is(self.tokens, at + 1, '(') => {
                (self.carries)(&Read::File(&self.string(at + 2)?.to_str()))
            }
            _ if is(self.tokens, at.wrapping_sub(1), '.') || is(self.tokens, at + 1, '=') => None,
            _ => self.tainted.get(name).cloned().flatten(),
        }
    }

    /// Returns the token in a string. A string with the prefix `f` contains expressions.
    fn in_string(&self, at: usize, content: &Text) -> Option<C> {
        let start = self.tokens.get(at)?.start;
        let is_format = at.checked_sub(1).and_then(|before| self.tokens.get(before)).is_some_and(|before| {
            let is_prefix =
                matches!(&before.kind, Kind::Name(name) if name.len() < 3 && name.contains(['f', 'F']));
            is_prefix && before.end == start
        });
        let in_text = (self.carries)(&Read::Text(content.as_bytes()));
        if !is_format || in_text.is_some() {
            return in_text;
        }
        let tokens = tokens(content);
        let inner = Line { script: content, tokens: &tokens, ..*self };
        // Strings inside the string have no expressions of their own.
        (0..tokens.len()).filter(|&at| inner.string(at).is_none()).find_map(|at| inner.carried_at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    fn written(source: &str) -> Vec<String> {
        let text = Text::from_source(source.as_bytes(), Span::new(0, source.len()));
        let carries = |read: &Read<'_>| match read {
            Read::Variable(name) => (*name == "HF_TOKEN").then_some(()),
            Read::File(path) => path.starts_with("/run/secrets/").then_some(()),
            Read::Text(text) => (*text == b"the-token").then_some(()),
            Read::Environment => Some(()),
        };
        let show =
            |written: Written<()>| written.file.map_or("?".to_owned(), |file| file.to_str().into_owned());
        writes(&text, &tokens(&text), &carries).into_iter().map(show).collect()
    }

    #[test]
    fn files_that_a_token_gets_into_are_found() {
        for (source, files) in [
            ("open('/x', 'w').write(os.environ['HF_TOKEN'])", vec!["/x"]),
            ("open('/x', 'w').write(os.environ.get(\"HF_TOKEN\", ''))", vec!["/x"]),
            ("open('/x', 'w').write('t=' + os.getenv('HF_TOKEN') + '\\n')", vec!["/x"]),
            ("t = os.environ['HF_TOKEN'].strip()\nf = open('/x', 'w')\nf.write(t)\n", vec!["/x"]),
            (
                "t = os.environ['HF_TOKEN']\nwith open('/x', 'w') as f:\n    f.write(f'token={t}')\n",
                vec!["/x"],
            ),
            ("t = os.environ['HF_TOKEN']\nwith open('/x', 'w') as f: f.write(f'token={t!r}')\n", vec!["/x"]),
            ("open('/x','w').write(f\"{os.environ['HF_TOKEN']}\")", vec!["?"]),
            ("with Path('/x').open('w') as f:\n  print('a', os.environ['HF_TOKEN'], file=f)", vec!["/x"]),
            ("Path('/x').write_text(os.environ['HF_TOKEN'])", vec!["/x"]),
            ("p = Path('/x')\np.write_text(os.environ['HF_TOKEN'])", vec!["/x"]),
            ("t: str = os.environ['HF_TOKEN']\nopen('/x', 'w').write(t)", vec!["/x"]),
            ("if True: t = os.environ['HF_TOKEN']\nopen('/x', 'w').write(t)", vec!["/x"]),
            ("(home / 'x').write_text(os.environ['HF_TOKEN'])", vec!["?"]),
            ("json.dump({'t': os.environ['HF_TOKEN']}, open('/x', 'w'))", vec!["/x"]),
            ("json.dump(dict(os.environ), open('/x', 'w'))", vec!["/x"]),
            ("t = open('/run/secrets/t').read()\nopen('/x', 'w').write(t)", vec!["/x"]),
            ("t = Path('/run/secrets/t').read_text()\nPath('/x').write_text(t)", vec!["/x"]),
            ("shutil.copy('/run/secrets/t', '/x')", vec!["/x"]),
            ("open(name, 'w').write(os.environ['HF_TOKEN'])", vec!["?"]),
            ("open('/x', 'w').write('the-token')", vec!["/x"]),
        ] {
            let files: Vec<&str> = files;
            let found = written(source);
            assert_eq!(found.len(), files.len(), "{source}: {found:?}");
            assert!(found.iter().zip(&files).all(|(a, b)| a == b || *b == "?"), "{source}: {found:?}");
        }
    }

    #[test]
    fn what_writes_no_token_is_silent() {
        for source in [
            "t = os.environ['HF_TOKEN']\nsnapshot_download('m', token=t)\nopen('/x', 'w').write('done')",
            "t = os.environ['HF_TOKEN']\nt = 'x'\nopen('/x', 'w').write(t)",
            "open('/x', 'w').write(os.environ['HOME'])",
            "open('/x', 'w').write(model.download(token='a'))",
            "sys.stdout.write(os.environ['HF_TOKEN'])",
            "print(os.environ['HF_TOKEN'])",
            "token = os.environ['HF_TOKEN']\nopen('/x', 'w').write(str(dict(token=1)))",
            "f = open('/x', 'w')\nf.write('t')\nhf(os.environ['HF_TOKEN'])",
            "yaml.dump(os.environ['HF_TOKEN'])",
            "",
            "open(",
            "f.write(",
            ".write(x)",
            "as f",
            "=",
        ] {
            assert_eq!(written(source), Vec::<String>::new(), "{source}");
        }
    }
}
