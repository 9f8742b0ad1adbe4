//! The targets and tokens that the command line names in files.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use super::{Failure, args, shown};
use crate::finding::{TokenHash, tokens_in};
use crate::sensitive::Sensitive;

/// The maximum size of a list of targets.
const MAX_LIST: u64 = 64 << 20;
/// The maximum size of a token.
const MAX_TOKEN: u64 = 64 << 10;

/// Reads the list of `--targets-from`: one target a line. Empty lines and those that begin with `#` count for nothing.
pub(super) fn from_file(scan: &args::Scan) -> Result<Vec<OsString>, Failure> {
    let Some(path) = scan.targets_from.as_deref() else { return Ok(Vec::new()) };
    let name = shown(path.as_os_str());
    let failed = |error: &dyn std::fmt::Display| Failure::new(format!("--targets-from {name}: {error}"));
    let is_stdin = path == Path::new("-");
    if is_stdin && scan.targets.iter().any(|target| target == "-") {
        return Err(failed(&"the target - reads standard input as well"));
    }
    if is_stdin && scan.registry.password_stdin {
        return Err(failed(&"--password-stdin reads standard input as well"));
    }
    let mut list = Vec::new();
    let read = if is_stdin {
        io::stdin().lock().take(MAX_LIST + 1).read_to_end(&mut list)
    } else {
        File::open(path).and_then(|file| file.take(MAX_LIST + 1).read_to_end(&mut list))
    };
    read.map_err(|error| failed(&error))?;
    if list.len() as u64 > MAX_LIST {
        return Err(failed(&"it is larger than 64 MiB"));
    }
    let lines = list.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    let targets = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let targets: Vec<OsString> = targets.map(|line| OsString::from_vec(line.to_vec())).collect();
    if targets.is_empty() && scan.targets.is_empty() {
        return Err(failed(&"it names no target"));
    }
    Ok(targets)
}

/// Returns the tokens that the report is restricted to: those of `--token-sha256`, and the one on standard input.
pub(super) fn tokens(scan: &args::Scan) -> Result<Option<BTreeSet<TokenHash>>, Failure> {
    let mut tokens: BTreeSet<TokenHash> = scan.token_sha256.iter().copied().collect();
    if scan.token_stdin {
        let others = [
            (scan.targets.iter().any(|target| target == "-"), "the target -"),
            (scan.targets_from.as_deref() == Some(Path::new("-")), "--targets-from -"),
            (scan.registry.password_stdin, "--password-stdin"),
        ];
        if let Some((_, other)) = others.iter().find(|(is_given, _)| *is_given) {
            return Err(Failure::new(format!("--token-stdin and {other} both read standard input")));
        }
        let failed = |why: &dyn std::fmt::Display| Failure::new(format!("--token-stdin: {why}"));
        let text = Sensitive::read(io::stdin().lock().take(MAX_TOKEN)).map_err(|error| failed(&error))?;
        let given = tokens_in(&text);
        match given.len() {
            0 => return Err(failed(&"standard input holds nothing in the shape of a Hugging Face token")),
            1 => tokens.extend(given),
            _ => return Err(failed(&"standard input holds more than one token")),
        }
    }
    Ok((!tokens.is_empty()).then_some(tokens))
}
