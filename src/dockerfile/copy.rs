//! `COPY` and `ADD` of files of the build context: which file of the context becomes which file of the image.

use super::{Destination, Instruction, Keyword, PathPattern, Scope};
use crate::text::Span;

/// A `COPY` or `ADD` from the build context.
pub(crate) struct Copy<'a> {
    pub(crate) instruction: &'a Instruction,
    pub(crate) sources: Vec<CopySource>,
    pub(crate) excludes: Vec<PathPattern>,
    pub(crate) to: Destination,
}

/// A source of a `COPY` or `ADD`.
pub(crate) struct CopySource {
    /// The path without a leading `./` and without a trailing slash.
    pub(crate) written: Vec<u8>,
    /// The pattern, or `None` for the whole context.
    pub(crate) pattern: Option<PathPattern>,
    /// The place of the word in the file.
    pub(crate) span: Span,
}

impl<'a> Copy<'a> {
    /// Reads an instruction. Returns `None` for others, and for copies from elsewhere.
    pub(crate) fn read(instruction: &'a Instruction, scope: Scope<'_>) -> Option<Self> {
        let is_copy = matches!(instruction.keyword, Keyword::Copy | Keyword::Add);
        if !is_copy || instruction.flag("from").is_some() {
            return None;
        }
        let (to, sources) = Destination::of(instruction, scope)?;
        let sources =
            sources.iter().filter_map(|word| source(scope.expand(word).as_str(), word.span())).collect();
        let excludes = instruction.flags.iter().filter(|flag| flag.name.as_bytes() == b"exclude");
        let excludes = excludes.filter_map(|flag| flag.value.as_ref());
        let excludes = excludes.filter_map(|value| PathPattern::new(scope.expand(value).as_str().as_bytes()));
        Some(Self { instruction, sources, excludes: excludes.collect(), to })
    }

    /// Returns the copy of a path of the context that a `RUN` makes from a bind mount. The path may be a pattern of
    /// the shell.
    pub(crate) fn of_mount(instruction: &'a Instruction, from: &str, to: Destination) -> Option<Self> {
        let mut copy = Self {
            instruction,
            sources: vec![source(if from.is_empty() { "." } else { from }, instruction.span)?],
            excludes: Vec::new(),
            to,
        };
        let (parent, name) = from.rsplit_once('/').unwrap_or(("", from));
        if name.starts_with(['*', '?', '[']) {
            // The wildcards of a shell match no leading dot.
            let separator = if parent.is_empty() { "" } else { "/" };
            copy.excludes.extend(PathPattern::new(format!("{parent}{separator}.*").as_bytes()));
        }
        Some(copy)
    }

    /// Returns the path in the layer of the file if it is copied. The inner value is `None` if the path is
    /// unknown.
    #[expect(clippy::option_option, reason = "taken or not, and known or not")]
    pub(crate) fn place(&self, path: &[u8]) -> Option<Option<String>> {
        self.sources.iter().find_map(|source| self.placed(source, path))
    }

    /// Does the same for one source.
    #[expect(clippy::option_option, reason = "taken or not, and known or not")]
    fn placed(&self, source: &CopySource, path: &[u8]) -> Option<Option<String>> {
        let taken = match &source.pattern {
            None => path.get(..0).unwrap_or_default(),
            Some(pattern) => pattern.taken(path)?,
        };
        let rest = path.get(taken.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        // Patterns of --exclude are relative to the source.
        if self.excludes.iter().any(|exclude| exclude.takes(rest) || exclude.takes(path)) {
            return None;
        }
        Some(if rest.is_empty() {
            let name = taken.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            self.to.file(&String::from_utf8_lossy(name))
        } else {
            self.to.below(&String::from_utf8_lossy(rest))
        })
    }

    /// Returns the path in the layer of a member of a tar archive. `ADD` unpacks archives of the context, plain or
    /// compressed, into its destination.
    pub(crate) fn unpacked(&self, member: &[u8]) -> Option<String> {
        let is_add = self.instruction.keyword == Keyword::Add;
        let unpacks = self.instruction.flag("unpack").and_then(|flag| flag.value.as_ref());
        let is_kept = unpacks.is_some_and(|value| value.as_bytes() == b"false");
        (is_add && !is_kept).then(|| self.to.below(&String::from_utf8_lossy(member))).flatten()
    }

    /// Returns the files of the context that could be at `path` in the image, each with the index of its source. Which
    /// of them exists decides.
    pub(crate) fn candidates(&self, path: &str) -> Vec<(usize, Vec<u8>)> {
        let mut found = Vec::new();
        let name = path.rsplit('/').next().unwrap_or_default();
        for (index, source) in self.sources.iter().enumerate() {
            let below = self.to.rest_of(path);
            let join = |directory: &[u8], rest: &str| {
                let separator: &[u8] = if directory.is_empty() || rest.is_empty() { b"" } else { b"/" };
                [directory, separator, rest.as_bytes()].concat()
            };
            let parent = memchr::memrchr(b'/', &source.written)
                .map_or(&b""[..], |at| source.written.get(..at).unwrap_or_default());
            let ways = [
                Some(source.written.clone()),
                below.map(|rest| join(&source.written, rest)),
                Some(join(parent, name)),
            ];
            for candidate in ways.into_iter().flatten() {
                let is_there = self.placed(source, &candidate).flatten().is_some_and(|place| place == path);
                if is_there && !found.iter().any(|(_, known)| *known == candidate) {
                    found.push((index, candidate));
                }
            }
        }
        found
    }
}

/// Parses a source. Returns `None` for a source outside the context, such as a URL or a heredoc.
fn source(text: &str, span: Span) -> Option<CopySource> {
    let is_elsewhere = text.starts_with("<<") || text.contains("://") || text.starts_with("git@");
    if is_elsewhere || text.is_empty() {
        return None;
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let written = parts.join("/").into_bytes();
    let pattern = if written.is_empty() { None } else { Some(PathPattern::new(text.as_bytes())?) };
    Some(CopySource { written, pattern, span })
}
