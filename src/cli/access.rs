//! The way to registries, as the command line gives it.

use std::io;

use super::{Failure, args};
use crate::sensitive::Sensitive;
use crate::source::{Access, Credentials};

/// Reads the options, and the password from standard input.
pub(super) fn read(scan: &args::Scan) -> Result<Access, Failure> {
    let args::RegistryArgs { username, password_stdin, ca_file, insecure } = &scan.registry;
    let mut credentials = None;
    if let (Some(user), true) = (username, password_stdin) {
        if scan.targets.iter().any(|target| target == "-") {
            return Err(Failure::new("--password-stdin and the target - both read standard input"));
        }
        let password = Sensitive::read(io::stdin().lock())
            .map_err(|error| Failure::new(format!("cannot read the password: {error}")))?;
        let password = password.strip_suffix(b"\n").unwrap_or(&password);
        let password = password.strip_suffix(b"\r").unwrap_or(password);
        if password.is_empty() {
            return Err(Failure::new("--password-stdin: standard input is empty"));
        }
        credentials = Some(Credentials::Password { user: user.clone(), password: password.into() });
    }
    Ok(Access { credentials, insecure: *insecure, ca_file: ca_file.clone() })
}
