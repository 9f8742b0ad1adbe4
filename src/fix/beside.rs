//! The build context of a Dockerfile that is audited alone: the files of its directory.

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::path::Path;

use crate::dockerfile::Dockerignore;
use crate::sensitive::Sensitive;
use crate::source::script_in;

/// The files beside a Dockerfile, without those that its builds leave out.
pub(crate) struct Beside<'a> {
    dockerfile: &'a Path,
    ignores: OnceCell<Dockerignore>,
}

impl<'a> Beside<'a> {
    pub(crate) fn of(dockerfile: &'a Path) -> Self {
        Self { dockerfile, ignores: OnceCell::new() }
    }

    /// Reads a script. Returns `None` if there is none, or if builds leave it out.
    pub(crate) fn script(&self, path: &[u8]) -> Option<Sensitive> {
        let script = self.read(path)?;
        let ignores = self.ignores.get_or_init(|| {
            let name = self.dockerfile.file_name().map_or(&b""[..], OsStr::as_encoded_bytes);
            let own = self.read(&[name, b".dockerignore"].concat());
            let text = own.or_else(|| self.read(b".dockerignore"));
            text.and_then(|text| Dockerignore::parse(&text).ok()).unwrap_or_default()
        });
        ignores.excluded_by(path).is_none().then_some(script)
    }

    fn read(&self, path: &[u8]) -> Option<Sensitive> {
        let directory = self.dockerfile.parent().filter(|parent| !parent.as_os_str().is_empty());
        script_in(directory.unwrap_or(Path::new(".")), path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_scripts_are_not_there() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        write("a.sh", "a");
        write("b.sh", "b");
        let dockerfile = directory.path().join("Dockerfile");
        let scripts =
            || [&b"a.sh"[..], b"b.sh", b"c.sh"].map(|path| Beside::of(&dockerfile).script(path).is_some());
        assert_eq!(scripts(), [true, true, false]);
        write(".dockerignore", "*.sh\n!b.sh\n");
        assert_eq!(scripts(), [false, true, false]);
        write("Dockerfile.dockerignore", "b.*\n");
        assert_eq!(scripts(), [true, false, false]);
    }
}
