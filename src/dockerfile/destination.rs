//! The destination of the files that `COPY` and `ADD` copy (Docker's Dockerfile reference, "Destination" of
//! `COPY`).

use super::{Instruction, Scope};
use crate::text::Text;

/// Directories that exist in an image before anything is copied into it.
const DIRECTORIES: [&str; 18] = [
    "",
    "bin",
    "etc",
    "home",
    "mnt",
    "opt",
    "root",
    "run",
    "srv",
    "tmp",
    "usr",
    "usr/bin",
    "usr/lib",
    "usr/local",
    "usr/local/bin",
    "usr/share",
    "var",
    "var/lib",
];

/// A placeholder for an unknown working directory. It does not occur in any path.
pub(crate) const UNKNOWN: &str = "\u{1}";

/// The last word of a `COPY` or `ADD`.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    /// The path without a leading slash, or `None` if it is unknown.
    path: Option<String>,
    is_directory: bool,
}

impl Destination {
    /// Returns the destination and the sources of a `COPY` or `ADD`.
    pub(crate) fn of<'a>(instruction: &'a Instruction, scope: Scope<'_>) -> Option<(Self, &'a [Text])> {
        let (last, sources) = instruction.words().split_last()?;
        let value = scope.expand(last);
        let written = value.as_str();
        let is_known = instruction.flag("parents").is_none() && value.is_certain && !written.contains('$');
        let path = if is_known { scope.absolute(written).map(|path| normal(&path)) } else { None };
        let is_existing = |path: &String| {
            let directory = scope.directory().map(normal);
            directory.as_ref() == Some(path) || is_usual_directory(path)
        };
        let is_directory = written.ends_with('/')
            || matches!(written.rsplit('/').next(), Some("." | ".."))
            || sources.len() > 1
            || path.as_ref().is_some_and(is_existing);
        Some((Self { path, is_directory }, sources))
    }

    /// Returns the destination at a normal path.
    pub(crate) fn at(path: Option<String>, is_directory: bool) -> Self {
        Self { path, is_directory }
    }

    /// Takes the working directory for [`UNKNOWN`], if nothing else of the path is unknown.
    #[must_use]
    pub(crate) fn in_unknown_directory(self, instruction: &Instruction, scope: Scope<'_>) -> Self {
        let written = instruction.words().last().map(|last| scope.expand(last));
        let relative =
            written.filter(|value| value.is_certain && !value.as_str().starts_with(['/', '$', '~']));
        let is_known = self.path.is_some() || instruction.flag("parents").is_some();
        match relative.filter(|value| !is_known && !value.as_str().contains('$')) {
            Some(value) => {
                let is_directory = self.is_directory || normal(value.as_str()).is_empty();
                Self { path: Some(normal(&format!("{UNKNOWN}/{}", value.as_str()))), is_directory }
            }
            None => self,
        }
    }

    /// Returns the destination path of a file that is itself a source.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(if self.is_directory { join(path, name) } else { path.clone() })
    }

    /// Returns the part of a path below the destination.
    pub(crate) fn rest_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.path.as_ref()?.as_str())?;
        rest.strip_prefix('/').or_else(|| self.path.as_ref().is_some_and(String::is_empty).then_some(rest))
    }

    /// Returns the destination path of a file at `rest` below a source.
    pub(crate) fn below(&self, rest: &str) -> Option<String> {
        Some(join(self.path.as_ref()?, rest))
    }
}

/// Returns true for a directory that images have. The path is normal.
pub(crate) fn is_usual_directory(path: &str) -> bool {
    DIRECTORIES.contains(&path)
}

fn join(directory: &str, rest: &str) -> String {
    normal(&format!("{directory}/{rest}"))
}

/// Normalizes a path: it has no leading slash, no `.` or `..` parts and no trailing slash. The placeholder
/// for an unknown directory has no known parent.
pub(crate) fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." && !matches!(parts.last(), Some(&("~" | "\u{1}" | ".."))) {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::{Scopes, parse};

    #[test]
    fn a_file_keeps_its_name_in_a_directory() {
        for (tail, file, below) in [
            ("COPY a /x", Some("x"), Some("x/d/f")),
            ("COPY a /x/", Some("x/a"), Some("x/d/f")),
            ("COPY a b /x", Some("x/a"), Some("x/d/f")),
            ("COPY a .", None, None),
            ("WORKDIR /app\nCOPY a .", Some("app/a"), Some("app/d/f")),
            ("WORKDIR /app\nCOPY a ./x", Some("app/x"), Some("app/x/d/f")),
            ("WORKDIR /app\nCOPY a ..", Some("a"), Some("d/f")),
            ("WORKDIR /app\nCOPY a /app", Some("app/a"), Some("app/d/f")),
            ("WORKDIR /app\nWORKDIR b\nCOPY a c", Some("app/b/c"), Some("app/b/c/d/f")),
            ("COPY a /root", Some("root/a"), Some("root/d/f")),
            ("ENV D=/data\nCOPY a $D/", Some("data/a"), Some("data/d/f")),
            ("ARG D\nCOPY a $D/", None, None),
            ("ARG D\nWORKDIR $D\nCOPY a x", None, None),
            ("COPY --parents a /x/", None, None),
        ] {
            let source = format!("FROM a\n{tail}\n");
            let dockerfile = parse(source.as_bytes());
            let scopes = Scopes::of(&dockerfile);
            let number = dockerfile.instructions.len() - 1;
            let (to, sources) = Destination::of(&dockerfile.instructions[number], scopes.at(number)).unwrap();
            assert!(!sources.is_empty());
            assert_eq!((to.file("a").as_deref(), to.below("d/f").as_deref()), (file, below), "{tail}");
        }
    }
}
