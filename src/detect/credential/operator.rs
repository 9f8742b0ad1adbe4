//! The operator between the name of a variable or setting and its value: `=`, `: str =`, `, `, `:-`, `default=`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::names::Keeper;

/// The operator between a name and its value.
#[derive(Debug)]
pub(super) struct Operator {
    /// The offset of the value.
    pub(super) end: usize,
    /// Whether the value may stand without quotes.
    pub(super) bare: bool,
    /// Whether the value must be random to count, because such texts have other meanings as well.
    pub(super) needs_randomness: bool,
}

/// Returns the possible operators behind a name, the likeliest first.
pub(super) fn behind(keeper: Keeper, content: &[u8], name: &Range<usize>) -> impl Iterator<Item = Operator> {
    let before = content.get(..name.start).unwrap_or_default();
    let is_expanded = before.ends_with(b"${");
    let is_variable = before.last() == Some(&b'$');
    let is_read = is_variable || before.last() == Some(&b'%');
    let text = content.get(name.end..).unwrap_or_default();
    let expansion = is_expanded.then(|| in_expansion(text)).flatten();
    let others = (!is_expanded && !is_read)
        .then(|| direct(keeper, before, text).into_iter().chain(indirect(text)).chain(rare(text)))
        .into_iter()
        .flatten();
    let end = name.end;
    let set = is_variable.then(|| of_variable(text)).flatten();
    expansion
        .into_iter()
        .chain(set)
        .chain(others)
        .map(move |operator| Operator { end: end + operator.end, ..operator })
}

/// The default of a shell's expansion: `${HF_TOKEN:-…}`.
fn in_expansion(text: &[u8]) -> Option<Operator> {
    let colon = usize::from(text.starts_with(b":"));
    let is_default = matches!(text.get(colon), Some(b'-' | b'='));
    is_default.then_some(Operator { end: colon + 1, bare: true, needs_randomness: true })
}

fn direct(keeper: Keeper, before: &[u8], text: &[u8]) -> Option<Operator> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static DIRECT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?-u)^(?P<close>\\?["'`])?\]?(?P<before>[ \t]*)"#,
            // The format of wandb, in which the value is a member of its own.
            r"(?:(?P<nested>:[ \t]*\r?\n(?:[ \t]+desc:[^\n]*\n)?[ \t]+value:[ \t]+)",
            // A list of variables, as Kubernetes has it: the name and the value are members of one object.
            r#"|(?P<member>,?\s{0,64}["']?[Vv]alue["']?[ \t]*[:=][ \t]*)"#,
            // A value that is used if the variable is not set.
            r"|(?P<fallback>\)*[ \t]*(?:\|\||\?\?|\?:|or[ \t])[ \t]*",
            r"|\)\.[A-Za-z_]{1,30}\((?:\|_?\|[ \t]*)?|\)[ \t]*\{[ \t]*)",
            // A type between the name and the value, or another operator.
            r"|(?P<typed>:[ \t]*[A-Za-z&][A-Za-z0-9_.<>&'\[\] ]{0,40}[ \t]=[ \t]*|[:?|]{1,2}=[ \t]*|=>[ \t]*|<-[ \t]*)",
            // Two arguments, two members of a list, two cells of a row.
            r"|(?P<pair>,\s{0,64})",
            r"|(?P<sign>[=:])(?P<after>[ \t]*)|(?P<blank>))",
        ))
        .expect("a valid pattern")
    });
    let captures = DIRECT.captures(text)?;
    let has = |group| captures.name(group).is_some();
    let blanks = |group| captures.name(group).is_some_and(|blanks| !blanks.is_empty());
    let is_settings = matches!(keeper, Keeper::Settings | Keeper::Training);
    let end = captures.get(0)?.end();
    let operator = |bare, needs_randomness| Some(Operator { end, bare, needs_randomness });
    match captures.name("sign").map(|sign| sign.as_bytes()) {
        // With a blank on only one side, a shell runs the text after the sign as a command.
        Some(b"=") => operator(is_settings || blanks("before") == blanks("after"), false),
        Some(_) if has("close") || blanks("after") => operator(is_settings, false),
        Some(_) => None,
        None if has("nested") || has("member") => operator(true, !is_settings),
        None if has("typed") => operator(false, !is_settings),
        None if has("fallback") => operator(false, true),
        None if has("pair") => operator(true, true),
        None => {
            let is_sure = sets(before).filter(|_| blanks("before"))?;
            operator(true, !is_sure)
        }
    }
}

/// Tells whether the text in front of a name is a command that sets it, and whether it is surely one.
fn sets(before: &[u8]) -> Option<bool> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static SETS: LazyLock<Regex> = LazyLock::new(|| {
        let sure = r"(?P<sure>\bsetenv|\bset[ \t]+-[A-Za-z]+)";
        Regex::new(&format!(
            r#"(?-u)(?:{sure}|\bsetx|\bset|\bENV|%(?:set_)?env|#[ \t]*define)[ \t]+\\?["']?$"#
        ))
        .expect("a valid pattern")
    });
    const LONGEST: usize = 32;
    let captures = SETS.captures(before.get(before.len().saturating_sub(LONGEST)..)?)?;
    Some(captures.name("sure").is_some())
}

fn indirect(text: &[u8]) -> Option<Operator> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static INDIRECT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            // A default, as parsers of arguments, Terraform and workflows have it.
            r#"(?-u)^(?:["']?(?:[ \t]*\{)?[^(){};]{0,200}?\b[Dd]efault(?:Value)?["']?\s{0,8}[=:]\s{0,8}"#,
            // A value that is used if an expression has none.
            r#"|[ \t]*=[^"'`\n=]{1,60}[ \t](?:or|\|\||\?\?|else)[ \t]*"#,
            // The argument of a command that sets a secret.
            r"|[ \t]+(?:-b|--body)[ \t=]",
            // An element of XML, or two of a property list.
            r"|[^<>\n]{0,40}>\s{0,64}(?:<!\[CDATA\[)?|</[A-Za-z]{1,12}>\s{0,64}<[A-Za-z]{1,12}>\s{0,64})",
        ))
        .expect("a valid pattern")
    });
    INDIRECT.find(text).map(|found| Operator { end: found.end(), bare: true, needs_randomness: true })
}

/// The assignment to a variable of PHP, Perl, Ruby or PowerShell: `$hf_token = "…"`.
fn of_variable(text: &[u8]) -> Option<Operator> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static SET: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?-u)^["']?[ \t]*(?:[:?|/.]{0,2}={1,3}|!={1,2}|:)[ \t]*"#).expect("a valid pattern")
    });
    SET.find(text).map(|found| Operator { end: found.end(), bare: false, needs_randomness: true })
}

/// Operators that other texts have as well. The value of the first stands in quotes.
fn rare(text: &[u8]) -> impl Iterator<Item = Operator> {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?-u)^\\?["'`]?[ \t]*(?:"#,
            // A comparison, another assignment, and a value on the next line.
            r"[=!]==?|(?:\|\||\?\?|//|\+|\.)=|::|[=:][ \t]*\r?\n|:[ \t]=",
            // A member of a hash, a list, an array of C.
            r"|[}\])]{1,2}[ \t]*(?://|\|\||\?\?)?=|[:=][ \t]*[\[{]|\[[0-9]{0,4}\][ \t]*=",
            // A type or other words in front of the sign, as Go and Visual Basic have them, and a property of C#.
            r"|[ \t](?:[A-Za-z_*&][A-Za-z0-9_.:<>*&()]{0,30}[ \t]+){1,2}:?=|\{[ \t]*get;[^{}\n]{0,20}\}[ \t]*=",
            // A call, an initialiser, a list of Lisp.
            r"|[({]|[ \t]",
            r")\s{0,64}",
        ))
        .expect("a valid pattern")
    });
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by every test")]
    static BARE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r#"(?-u)^\\?["'`]?(?:"#,
            // An assignment of a makefile or of a language, or the default of an expansion.
            r"[ \t]*(?::{1,3}|\?{1,2}|\|\||\+)=[ \t]*|:-",
            // A value on the next line of YAML, alone, in a block or in a list, and one with a tag or an anchor.
            r"|:[ \t]*(?:[|>][-+]?[ \t]*)?\r?\n[ \t]+(?:-[ \t]+)?",
            r"|:[ \t]*(?:!!?[a-z]{1,16}|&[A-Za-z0-9]{1,16})[ \t]+",
            // No blank, or a sign that is spelled.
            r"|:|(?:%3[Dd]|\\u003[Dd]|&quot;)(?::&quot;)?)",
        ))
        .expect("a valid pattern")
    });
    let found = [(&*QUOTED, false), (&*BARE, true)];
    found.into_iter().filter_map(|(pattern, bare)| {
        let end = pattern.find(text)?.end();
        Some(Operator { end, bare, needs_randomness: true })
    })
}
