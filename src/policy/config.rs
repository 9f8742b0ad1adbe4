//! Reads policy files: `stowaway.toml` and what it includes.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::fault::{PolicyError, nearest, position};
use super::file::{File, IgnoreTable, Kind, Part, ThresholdTable};
use super::ignore::Ignore;
use super::pattern::Pattern;
use super::threshold::{ByOrigin, FailOn};
use crate::finding::{Digest, Finding, Masked, Origin, TargetKind};
use crate::mask::mask;
use crate::rules;

/// The maximum size of a policy file in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// The maximum number of files that are read for one policy.
const MAX_FILES: usize = 64;

/// A policy file with everything it includes.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The files, the first of which includes the others.
    files: Vec<PathBuf>,
    pub(super) fail_on: Option<ByOrigin>,
    pub(super) thresholds: Vec<Threshold>,
    /// The ignores, each with the number of its file.
    pub(super) ignores: Vec<(usize, Ignore)>,
}

/// A threshold for some findings.
#[derive(Debug)]
pub(super) struct Threshold {
    rule: Option<Pattern>,
    kind: Option<Kind>,
    origin: Option<Part>,
    pub(super) fail_on: FailOn,
}

impl Threshold {
    pub(super) fn applies(&self, finding: &Finding, kind: Option<TargetKind>) -> bool {
        let kind = kind.map(|kind| match kind {
            TargetKind::Image => Kind::Image,
            TargetKind::Dockerfile => Kind::Dockerfile,
            TargetKind::Context => Kind::Context,
            TargetKind::File => Kind::File,
        });
        self.rule.as_ref().is_none_or(|rule| rule.matches(finding.rule.as_str()))
            && self.kind.is_none_or(|wanted| kind == Some(wanted))
            && self.origin.is_none_or(|wanted| finding.origin == Some(Origin::from(wanted)))
    }
}

impl Config {
    /// Reads a policy file and those it includes.
    ///
    /// # Errors Returns the first mistake, with its place.
    pub(crate) fn read(path: &Path) -> Result<Self, PolicyError> {
        let mut config = Self::default();
        config.add(path, &mut Vec::new())?;
        Ok(config)
    }

    /// Returns the names of all files.
    pub(crate) fn names(&self) -> impl Iterator<Item = Masked> {
        self.files.iter().map(|file| mask(file.as_os_str().as_encoded_bytes()))
    }

    /// Returns the name of a file by its number.
    pub(super) fn name(&self, number: usize) -> Masked {
        self.names().nth(number).unwrap_or_default()
    }

    /// Returns the numbers of ignores and of thresholds.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.ignores.len(), self.thresholds.len() + usize::from(self.fail_on.is_some()))
    }

    /// Adds a file. `open` holds the files that include it.
    fn add(&mut self, path: &Path, open: &mut Vec<PathBuf>) -> Result<(), PolicyError> {
        let text = read_text_up_to(path, MAX_BYTES)?;
        let file: File = toml::from_str(&text).map_err(|error| PolicyError::of(path, &text, &error))?;
        let number = self.files.len();
        self.files.push(path.to_owned());
        self.fail_on = self.fail_on.or(file.fail_on);
        let reader = Reader { path, text: &text };
        for threshold in file.threshold {
            self.thresholds.push(reader.threshold(threshold)?);
        }
        for ignore in file.ignore {
            self.ignores.push((number, reader.ignore(&ignore)?));
        }
        open.push(canonical(path));
        for include in file.include {
            let included = path.parent().unwrap_or(Path::new("")).join(include.get_ref());
            if open.contains(&canonical(&included)) {
                return Err(reader.error(&include, "the file includes itself"));
            }
            if self.files.len() == MAX_FILES {
                return Err(reader.error(&include, &format!("a policy has at most {MAX_FILES} files")));
            }
            self.add(&included, open)?;
        }
        open.pop();
        Ok(())
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Reads a file of the policy whole.
///
/// # Errors Returns an error if it cannot be read, is larger than `limit` bytes, or is not UTF-8.
pub(super) fn read_text_up_to(path: &Path, limit: u64) -> Result<String, PolicyError> {
    let fault = |message: &str| PolicyError::whole(path, message);
    let unreadable = |error: std::io::Error| fault(&format!("cannot read it: {error}"));
    let file = fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(fault("it is a directory; name the file in it"));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(fault(&format!("it is larger than {} MiB; is it the right file?", limit >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let head = String::from_utf8_lossy(error.as_bytes().get(..valid).unwrap_or_default()).into_owned();
        PolicyError::within(path, &head, Some(valid..valid), "it is not UTF-8 text")
    })
}

/// Turns the tables of one file into a policy.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn error<T>(&self, at: &Spanned<T>, message: &str) -> PolicyError {
        PolicyError::within(self.path, self.text, Some(at.span()), message)
    }

    fn threshold(&self, table: ThresholdTable) -> Result<Threshold, PolicyError> {
        let ThresholdTable { rule, kind, origin, fail_on } = table;
        Ok(Threshold { rule: rule.map(|rule| self.rule(&rule)).transpose()?, kind, origin, fail_on })
    }

    fn ignore(&self, table: &Spanned<IgnoreTable>) -> Result<Ignore, PolicyError> {
        let (line, _) = position(self.text, table.span().start);
        let IgnoreTable { rule, path, image, layer, fingerprint, token_sha256, reason, expires } =
            table.get_ref();
        let has_condition =
            [rule, path, image, layer, fingerprint, token_sha256].iter().any(|given| given.is_some());
        if !has_condition {
            return Err(self.error(
                table,
                "the ignore would hide everything; give it a rule, path, image, layer, fingerprint or token-sha256",
            ));
        }
        if !reason.get_ref().chars().any(char::is_alphanumeric) {
            return Err(self.error(reason, "the reason is empty; say why the findings are harmless"));
        }
        Ok(Ignore {
            place: mask(format!("line {line}").as_bytes()),
            rule: rule.as_ref().map(|rule| self.rule(rule)).transpose()?,
            path: path.as_ref().map(|glob| self.glob(glob, Pattern::of_path)).transpose()?,
            image: image.as_ref().map(|glob| self.glob(glob, Pattern::of_name)).transpose()?,
            layer: self.parsed(
                layer.as_ref(),
                "expected a digest, sha256: and 64 hexadecimal digits",
                |text| text.parse::<Digest>().ok(),
            )?,
            fingerprint: self.parsed(
                fingerprint.as_ref(),
                "expected a fingerprint as reports show it, 1: and 64 hexadecimal digits",
                |text| text.parse().ok(),
            )?,
            token: self.parsed(
                token_sha256.as_ref(),
                "expected the SHA-256 of a token, 64 hexadecimal digits",
                |text| text.parse().ok(),
            )?,
            reason: mask(reason.get_ref().as_bytes()),
            expires: expires.map(|day| day.0),
        })
    }

    fn parsed<T>(
        &self,
        text: Option<&Spanned<String>>,
        message: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, PolicyError> {
        let Some(text) = text else { return Ok(None) };
        parse(text.get_ref()).map(Some).ok_or_else(|| self.error(text, message))
    }

    /// Compiles a glob of rules, which has to match a rule.
    fn rule(&self, glob: &Spanned<String>) -> Result<Pattern, PolicyError> {
        let pattern = self.glob(glob, Pattern::of_name)?;
        let rules = rules::all();
        if rules.iter().any(|rule| pattern.matches(rule.id)) {
            return Ok(pattern);
        }
        let families = || nearest(glob.get_ref(), ["dockerfile/*", "image/*", "context/*"].into_iter());
        let near = if glob.get_ref().contains('*') { families() } else { None };
        let near = near.or_else(|| rules::nearest(glob.get_ref()).map(|rule| rule.id));
        let advice =
            near.map_or("`stowaway rules` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        Err(self.error(glob, &format!("no rule is called `{}`; {advice}", glob.get_ref())))
    }

    fn glob(
        &self,
        glob: &Spanned<String>,
        compile: fn(&str) -> Result<Pattern, globset::Error>,
    ) -> Result<Pattern, PolicyError> {
        compile(glob.get_ref()).map_err(|error| self.error(glob, &format!("bad glob: {}", error.kind())))
    }
}
