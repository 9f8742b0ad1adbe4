//! The texts of an instruction in which quotes, escapes, variables and encodings are resolved, so that a secret that
//! is written in pieces is whole.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use regex::bytes::{Captures, Regex};

use super::Context;
use super::literal_token::scripts_of;
use super::probed::unaliased;
use super::token_place::TokenPlace;
use crate::dockerfile::{Arguments, Instruction, Keyword, Scope};
use crate::sensitive::Sensitive;
use crate::shell::{self, Script, Step, StepKind, Word};

/// The longest script that is put together from its steps.
const LONGEST: usize = 1 << 20;
/// The longest value of a variable.
const LONGEST_VALUE: usize = 4 << 10;
/// The longest here-document of which each line counts as printed.
const LONGEST_DOCUMENT: usize = 4 << 10;

/// Passes on the texts of an instruction in which quotes, escapes and variables are resolved.
pub(super) fn each_reading(context: &Context<'_>, instruction: &Instruction, mut each: impl FnMut(&[u8])) {
    let acts = instruction.effective();
    let scope = context.scope_of(instruction);
    let mut each = |text: &[u8]| {
        each(text);
        for more in [decoded(text), joined(text)].into_iter().flatten() {
            each(&more);
        }
    };
    acts.heredocs.iter().for_each(|heredoc| each(heredoc.body.as_bytes()));
    if let Arguments::Words(words) = &acts.arguments
        && let Some(to) = words.last()
    {
        for heredoc in &acts.heredocs {
            let printed = printed(heredoc.body.as_bytes());
            let lines = printed.map(|line| [b"echo ", line, b" > ", to.as_bytes(), b"\n"].concat());
            each(&Sensitive::from(lines.collect::<Vec<_>>().concat()));
        }
    }
    if let Arguments::Exec(words) = &acts.arguments {
        let words: Vec<&[u8]> = words.iter().map(crate::text::Text::as_bytes).collect();
        each(&Sensitive::from(words.join(&b' ')));
    }
    if let (Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck, Arguments::Exec(words)) =
        (acts.keyword, &acts.arguments)
    {
        each(&script(&shell::steps(&Script::Exec(words.clone())), scope));
    }
    for steps in scripts_of(context, instruction) {
        each(&script(&steps, scope));
    }
}

/// Returns the lines of a short here-document that are one word.
fn printed(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = body.get(..body.len().min(LONGEST_DOCUMENT)).unwrap_or_default();
    let lines = body.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty() && line.iter().all(u8::is_ascii_graphic))
}

/// The variables that are literals.
struct Variables<'s> {
    /// Those that the script has set.
    set: HashMap<String, Sensitive>,
    /// Those of the Dockerfile, with the defaults of build arguments.
    scope: Scope<'s>,
}

impl Variables<'_> {
    fn set(&mut self, name: &str, value: &[u8]) {
        if value.len() <= LONGEST_VALUE {
            self.set.insert(name.to_owned(), value.into());
        }
    }

    /// Remembers what the step sets, other than by `NAME=value`.
    fn take(&mut self, name: &str, words: &[Sensitive], inputs: &[Sensitive]) {
        let text = |word: &Sensitive| String::from_utf8_lossy(word).into_owned();
        match (name, words) {
            ("for", [variable, of, value, ..]) if **of == *b"in" => self.set(&text(variable), value),
            ("set", [dashes, values @ ..]) if **dashes == *b"--" => {
                for (number, value) in values.iter().take(9).enumerate() {
                    self.set(&(number + 1).to_string(), value);
                }
            }
            ("printf", [flag, variable, .., value]) if **flag == *b"-v" => self.set(&text(variable), value),
            ("read", [.., variable]) => {
                if let Some(value) = inputs.first() {
                    self.set(&text(variable), value);
                }
            }
            _ => {
                for word in words {
                    if let Some((variable, value)) = assigned(word) {
                        self.set(variable, value);
                    }
                }
            }
        }
    }

    /// Returns a text with its variables replaced, as far as they are known.
    fn expanded(&self, text: &[u8]) -> Sensitive {
        #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
        static EXPANSION: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?-u)\$(?:\{(\w+)(?::?[-=?+]([^{}]*)|[#%/^,@:][^{}]*)?\}|([A-Za-z_]\w*|[1-9]))")
                .expect("a valid pattern")
        });
        if !text.contains(&b'$') {
            return text.into();
        }
        replaced(text, &EXPANSION, |captures| {
            let name = captures.get(1).or_else(|| captures.get(3))?;
            let value = self.value(name.as_bytes());
            value.map(<[u8]>::to_vec).or_else(|| Some(unquoted(captures.get(2)?.as_bytes())))
        })
    }

    /// Returns a Python script in which the variables of its environment are literals.
    fn in_python(&self, script: &[u8]) -> Sensitive {
        #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
        static READ: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!(
                r#"(?-u)(?:os\.)?(?:environ(?:\[\s*|\.get\(\s*|\.pop\(\s*)|getenv\(\s*)["'](\w+)["']"#,
                r"\s*(?:,[^()\]]*)?[)\]]",
            ))
            .expect("a valid pattern")
        });
        replaced(script, &READ, |captures| {
            let value = self.value(captures.get(1)?.as_bytes())?;
            Some([b"'", value, b"'"].concat())
        })
    }

    fn value(&self, name: &[u8]) -> Option<&[u8]> {
        let name = std::str::from_utf8(name).ok()?;
        let set = self.set.get(name).map(|value| &**value);
        set.or_else(|| {
            Some(self.scope.get(name)?.value.as_str().as_bytes()).filter(|value| !value.is_empty())
        })
    }
}

/// Returns a text without its quotes and escapes.
fn unquoted(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|b| !matches!(b, b'"' | b'\'' | b'\\')).collect()
}

/// Returns a text with what the pattern matches replaced. The text grows only up to a limit.
fn replaced(text: &[u8], pattern: &Regex, value: impl Fn(&Captures<'_>) -> Option<Vec<u8>>) -> Sensitive {
    let most = text.len() + 4 * LONGEST_VALUE;
    let mut out = Sensitive::default();
    let mut done = 0;
    for captures in pattern.captures_iter(text) {
        let (Some(whole), Some(value)) = (captures.get(0), value(&captures)) else { continue };
        if out.len() + value.len() > most {
            break;
        }
        out.extend(text.get(done..whole.start()).unwrap_or_default());
        out.extend(&Sensitive::from(value));
        done = whole.end();
    }
    out.extend(text.get(done..).unwrap_or_default());
    out
}

/// Returns the steps of a script, one command a line, without quotes. Variables that an earlier step sets to a
/// literal are replaced, and so are those of the Dockerfile.
fn script(steps: &[Step], scope: Scope<'_>) -> Sensitive {
    let mut out = Sensitive::default();
    let mut variables = Variables { set: HashMap::new(), scope };
    let place = TokenPlace::of(scope);
    for step in steps {
        if out.len() > LONGEST {
            break;
        }
        out.extend(if step.is_fed && step.feeder.is_some() { b" | " } else { b"\n" });
        let word = |variables: &Variables, word: &Word| variables.expanded(word.text.as_bytes());
        let mut tail = Sensitive::default();
        for output in &step.outputs {
            tail.extend(b" > ");
            match place.usual(&output.text) {
                Some(path) => tail.extend(path.as_bytes()),
                None => tail.extend(&word(&variables, output)),
            }
        }
        match &step.kind {
            StepKind::Program { name, arguments, assignments } => {
                let start = out.len();
                for (variable, value) in assignments.iter().chain(&step.environment) {
                    let value = word(&variables, value);
                    out.extend(&Sensitive::from([variable.as_bytes(), b"=", &value, b" "].concat()));
                    variables.set(variable, &value);
                }
                out.extend(name.as_bytes());
                let mut words: Vec<Sensitive> = Vec::new();
                let mut len = out.len();
                for argument in arguments {
                    let word = word(&variables, argument);
                    len += word.len() + 1;
                    if len > LONGEST {
                        break;
                    }
                    words.push(word);
                }
                let (glue, shown): (&[u8], &[Sensitive]) = match words.as_slice() {
                    // The format puts the words together.
                    [format, behind @ ..] if name == "printf" && is_of_strings(format) => {
                        out.push(b' ');
                        (b"", behind)
                    }
                    words => (b" ", words),
                };
                for word in shown {
                    out.extend(glue);
                    out.extend(word);
                }
                let inputs: Vec<Sensitive> =
                    step.inputs.iter().map(|input| word(&variables, input)).collect();
                for input in &inputs {
                    out.extend(b" <<< ");
                    out.extend(input);
                }
                variables.take(name, &words, &inputs);
                let command = out.get(start..).map(Sensitive::from).unwrap_or_default();
                out.extend(&tail);
                for document in &step.documents {
                    out.push(b'\n');
                    out.extend(document.body.as_bytes());
                }
                for document in &step.documents {
                    let body = document.body.as_bytes();
                    let body = if document.expand { variables.expanded(body) } else { body.into() };
                    // A word in a here-document is written as if it came from a pipe, whose readers are known.
                    for line in printed(&body).chain(printed(&decoded(&body).unwrap_or_default())) {
                        out.extend(b"\necho ");
                        out.extend(line);
                        if name != "cat" {
                            out.extend(b" | ");
                            out.extend(&command);
                        }
                        out.extend(&tail);
                    }
                }
            }
            StepKind::Python(text) => {
                out.extend(&variables.in_python(unaliased(&text.to_str()).as_bytes()));
                out.extend(&tail);
            }
        }
    }
    out
}

/// Returns true for `%s%s`, with a line break or without.
fn is_of_strings(format: &[u8]) -> bool {
    let format = format.strip_suffix(b"\\n").unwrap_or(format);
    !format.is_empty() && format.chunks(2).all(|pair| pair == b"%s")
}

/// Reads `NAME=value`, as `export` takes it.
fn assigned(word: &[u8]) -> Option<(&str, &[u8])> {
    let at = memchr::memchr(b'=', word)?;
    let (name, value) = word.split_at_checked(at)?;
    let is_name = !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    Some((std::str::from_utf8(name).ok().filter(|_| is_name)?, value.get(1..)?))
}

/// Returns a text with what it decodes itself decoded: `echo … | base64 -d`. Returns `None` if there is nothing.
fn decoded(text: &[u8]) -> Option<Sensitive> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static DECODER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?-u)\|[ \t]*(?:(?:openssl[ \t]+(?:enc[ \t]+)?-?)?base64|basenc)\b[^|;&\n>)`]*",
            r"[ \t](?:-d|-D|-di|--decode|-A[ \t]+-d)\b[^|;&\n>)`]*|\|[ \t]*xxd[ \t]+-r[^|;&\n>)`]*",
        ))
        .expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static READER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?-u)\bbase64[ \t][^|;&\n<]*<<<[ \t]*").expect("a valid pattern"));
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static ENCODED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?-u)[A-Za-z0-9+/_-]{8,}=*").expect("a valid pattern"));
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static ECHO: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)(?:\$\(|`)[ \t]*(?:echo|printf)[ \t]+(?:-\w+[ \t]+)?(?:["']?%s["']?[ \t]+)?["']?([^\s"'|<>;&()`]+)["']?[ \t]*[)`]"#)
            .expect("a valid pattern")
    });
    let is_encoded = ["base64", "b64decode", "basenc", "xxd"]
        .iter()
        .any(|word| memchr::memmem::find(text, word.as_bytes()).is_some());
    let echoes = ECHO.is_match(text);
    if !is_encoded && !echoes {
        return None;
    }
    let mut plain = text.to_vec();
    if is_encoded {
        plain = READER.replace_all(&plain, &b"echo "[..]).into_owned();
        plain = DECODER.replace_all(&plain, &b""[..]).into_owned();
        plain = ENCODED.replace_all(&plain, |captures: &Captures<'_>| word_of(captures)).into_owned();
    }
    Some(ECHO.replace_all(&plain, &b"${1}"[..]).into_owned().into())
}

/// Returns what a word decodes to if that is text, or else the word.
fn word_of(captures: &Captures<'_>) -> Vec<u8> {
    let word = captures.get(0).map(|word| word.as_bytes()).unwrap_or_default();
    let digits = word.trim_ascii_end();
    let bare: Vec<u8> = digits.iter().filter(|b| **b != b'=').map(|b| standard(*b)).collect();
    let hex = || {
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        bare.chunks(2).map(pair).collect::<Option<Vec<u8>>>().filter(|_| bare.len().is_multiple_of(2))
    };
    let is_text = |text: &Vec<u8>| {
        !text.is_empty() && text.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
    };
    let text = hex().filter(is_text).or_else(|| STANDARD_NO_PAD.decode(&bare).ok().filter(is_text));
    text.map_or_else(|| word.to_vec(), |text| text.trim_ascii().to_vec())
}

fn standard(digit: u8) -> u8 {
    match digit {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// Returns a text with its adjacent string literals as one: `'…' + '…'`. Returns `None` if there are none.
fn joined(text: &[u8]) -> Option<Sensitive> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static GLUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)["'](?:\s*(?:\+|\\\r?\n)\s*|\s*)(?:[rbuf]{1,2})?["']"#).expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static LIST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)["']{2}\.join\(\s*[\[(]([^\])]*)[\])]\s*\)"#).expect("a valid pattern")
    });
    if !text.iter().any(|b| matches!(b, b'"' | b'\'')) {
        return None;
    }
    let lists = LIST.replace_all(text, |captures: &Captures<'_>| {
        let items = captures.get(1).map(|items| items.as_bytes()).unwrap_or_default();
        items.split(|b| *b == b',').collect::<Vec<_>>().join(&b"+"[..])
    });
    // With one kind of quote, a literal ends where the last of its parts does.
    let lists: Vec<u8> = lists.iter().map(|b| if *b == b'\'' { b'"' } else { *b }).collect();
    let lists = Sensitive::from(lists);
    let glued = GLUE.replace_all(&lists, &b""[..]);
    (*glued != *lists || lists.len() != text.len()).then(|| glued.into_owned().into())
}
