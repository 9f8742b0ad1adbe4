//! The way to registries, as the command line gives it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;

use super::{Failure, args, shown};
use crate::sensitive::Sensitive;
use crate::source::{Access, Credentials, Namespace, Target};
use crate::targets::{Listing, Tags};

/// Reads the options, and the password from standard input.
pub(super) fn read(scan: &args::Scan) -> Result<Access, Failure> {
    let args::RegistryArgs { username, password_stdin, ca_file, insecure, .. } = &scan.registry;
    let mut credentials = None;
    if let (Some(user), true) = (username, password_stdin) {
        if scan.targets.iter().any(|target| target == "-") {
            return Err(Failure::new("--password-stdin and the target - both read standard input"));
        }
        if registries(scan).len() > 1 {
            return Err(Failure::new("--username is for one registry, and the targets name several"));
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

/// Returns which images of a registry or an engine are meant.
pub(super) fn listing(scan: &args::Scan) -> Result<Listing, Failure> {
    let args::RegistryArgs { all_tags, tags, catalog, .. } = &scan.registry;
    let tags = if *all_tags {
        Some(Tags::All)
    } else if tags.is_empty() {
        None
    } else {
        Some(
            Tags::matching(tags)
                .map_err(|error| Failure::new(format!("--tags {}", shown(error.as_ref()))))?,
        )
    };
    Ok(Listing { all_images: scan.all_images, catalog: *catalog, tags })
}

/// Returns the registries that the targets name.
fn registries(scan: &args::Scan) -> BTreeSet<String> {
    let registry = |target: &OsString| {
        if scan.registry.catalog {
            return Some(Namespace::of_target(target)?.registry);
        }
        Some(Target::parse(target).ok()?.reference()?.registry)
    };
    scan.targets.iter().filter_map(registry).collect()
}
