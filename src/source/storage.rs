//! Images in the store of podman and buildah (`containers-storage:`). Their programs read the store, because its form
//! depends on the driver, and a user's files in it belong to other users.

use std::io::{self, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use super::file::relayed;
use crate::fault::{Code, Fault};
use crate::stop::Stop;

/// The size of the end of what a program says.
const MAX_SAID: usize = 16 << 10;

/// Reads what a program says, and returns the end of it.
fn last_of(mut errors: impl Read) -> Vec<u8> {
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = errors.read(&mut piece) {
        said.extend_from_slice(piece.get(..n).unwrap_or_default());
        let excess = said.len().saturating_sub(MAX_SAID);
        said.drain(..excess);
    }
    said
}

/// Returns an image of the store as an archive that is read until `stop` is due.
pub(crate) fn stored(image: &str, stop: &Stop) -> Box<dyn Read + Send> {
    let image = image.to_owned();
    relayed(stop, move || Saved::start(&image))
}

/// The output of a program that writes an archive.
struct Saved {
    program: &'static str,
    child: Child,
    output: ChildStdout,
    /// A thread that reads the program's standard error. The program would stop at a full pipe.
    said: Option<JoinHandle<Vec<u8>>>,
}

impl Saved {
    fn start(image: &str) -> io::Result<Self> {
        // A word that begins with a hyphen would be an option.
        if image.is_empty() || image.starts_with('-') {
            return Err(Fault::io(Code::Missing, "it is not the name of an image, or its id"));
        }
        let of_store = format!("containers-storage:{image}");
        let programs: [(&str, &[&str]); 3] = [
            ("podman", &["save", "--quiet", "--format", "docker-archive", image]),
            ("buildah", &["push", "--quiet", image, "docker-archive:/dev/stdout"]),
            ("skopeo", &["copy", "--quiet", &of_store, "docker-archive:/dev/stdout"]),
        ];
        for (program, arguments) in programs {
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            match command.spawn() {
                Ok(mut child) => {
                    let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
                    let said = child.stderr.take().map(|errors| std::thread::spawn(|| last_of(errors)));
                    return Ok(Self { program, child, output, said });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let detail = "none of podman, buildah and skopeo is there, one of which has to read the store";
        Err(Fault::io(Code::Unsupported, detail))
    }

    /// Waits for the end of the program.
    fn finish(&mut self) -> io::Result<()> {
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        if self.child.wait()?.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said);
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it gives no reason");
        // skopeo and buildah write log entries.
        let last = last.split_once("msg=\"").map_or(last, |(_, message)| message.trim_end_matches('"'));
        let is_missing = ["not known", "no such image", "does not resolve", "not found"]
            .iter()
            .any(|words| last.contains(words));
        let code = if is_missing { Code::Missing } else { Code::Io };
        Err(Fault::io(code, format!("{} cannot read the store: {last}", self.program)))
    }
}

impl Read for Saved {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.output.read(out)?;
        if n == 0 && !out.is_empty() {
            self.finish()?;
        }
        Ok(n)
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        // The program may still be writing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
