//! The arguments of the command line.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::Failure;
use super::reports::Reports;
use crate::finding::TokenHash;
use crate::image::{Platform, PlatformFilter};
use crate::mask::mask;
use crate::policy::ByOrigin;
use crate::report::escape;

const EXAMPLES: &str = "\
Examples:
  stowaway scan docker://ghcr.io/org/app:1
  docker save app | stowaway scan -
  stowaway scan Dockerfile
  stowaway scan --format json --output report.json --fail-on high app.tar

Exit codes:
  0    everything was read, and nothing is at or above the threshold
  1    a finding is at or above the threshold
  2    not everything could be read, or the audit could not start
  130  interrupted";

const FIX_EXAMPLES: &str = "\
Examples:
  stowaway fix Dockerfile
  stowaway fix --write Dockerfile

Exit codes:
  0    nothing of medium severity or above is left
  1    something has to be mended by hand
  2    the file could not be read, parsed or written
  130  interrupted";

const CACHE: &str = "\
The cache remembers what was found in each audited layer, by its digest. It holds no token and no content. The next
audit of the same layer only hashes it. `scan --no-cache` neither reads nor writes the cache.

The cache is in $XDG_CACHE_HOME/stowaway, or else in $HOME/.cache/stowaway.";

/// Finds Hugging Face tokens that a Dockerfile would bake into an image, or that an image already carries
#[derive(Debug, Parser)]
#[command(name = "stowaway", version, arg_required_else_help = false)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    /// The file [default: stowaway.toml in this directory or above it]
    pub(super) file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Audit images and Dockerfiles
    #[command(after_long_help = EXAMPLES)]
    Scan(Box<Scan>),
    /// Mend the leaks of a Dockerfile: show the change, or write it
    #[command(after_long_help = FIX_EXAMPLES)]
    Fix(Fix),
    /// List the rules, or explain one
    Rules(Rules),
    /// Check a policy file, stowaway.toml
    CheckConfig(CheckConfig),
    /// Show or clear what is remembered of audited layers
    #[command(subcommand, arg_required_else_help = false, after_long_help = CACHE)]
    Cache(Cache),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Scan {
    /// What to audit: a path, or `-` for an image archive on standard input
    ///
    /// A path is recognised by its content: an image archive (docker or OCI, compressed or not), a directory
    /// with an OCI layout or as skopeo writes it, a Dockerfile; any other directory is a build context. A prefix names the form, as with skopeo
    /// `docker://REF`, `docker-daemon:REF`, `podman:REF`, `containers-storage:REF`, `docker-archive:PATH`, `oci-archive:PATH`, `oci:DIR[:TAG]`, `dir:PATH`, `rootfs:PATH`, `dockerfile:PATH`, `context:PATH`;
    /// `file:PATH` searches any single file.
    #[arg(required_unless_present = "targets_from", value_name = "TARGET")]
    pub(super) targets: Vec<OsString>,

    #[command(flatten)]
    pub(super) reports: Reports,

    /// Audit only one platform of an image: OS/ARCH[/VARIANT] [default: all that the source holds]
    #[arg(long, value_name = "PLATFORM", default_value = "all", hide_default_value = true, value_parser = platform)]
    pub(super) platform: PlatformFilter,

    /// Name the lines of FILE, the Dockerfile that an image was built from, in its findings
    ///
    /// The history of every image among the targets is matched with the instructions of FILE. If the match is not
    /// certain, a note says so and no line is named. FILE itself is not audited, unless it is a target as well.
    #[arg(long, value_name = "FILE")]
    pub(super) dockerfile: Option<PathBuf>,

    /// Also check uncompressed layers of a local archive against their digests (others always are)
    #[arg(long)]
    pub(super) verify_digests: bool,

    /// Audit the targets in FILE as well, one a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) targets_from: Option<PathBuf>,

    /// Report only the token with this SHA-256, wherever it is; may be repeated
    #[arg(long, value_name = "HASH", value_parser = token_hash)]
    pub(super) token_sha256: Vec<TokenHash>,

    /// Report only the token on standard input, which is hashed at once
    #[arg(long)]
    pub(super) token_stdin: bool,

    /// Stop reading images at the first token in them, and report what was found until then
    #[arg(long, conflicts_with_all = ["token_sha256", "token_stdin"])]
    pub(super) first_finding: bool,

    /// Audit all images of the engines `docker-daemon:` and `podman:`
    #[arg(long)]
    pub(super) all_images: bool,

    /// Read every layer, even if an earlier run audited it, and remember nothing for later ones
    #[arg(long)]
    pub(super) no_cache: bool,

    /// Number of threads [default: number of cores]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub(super) jobs: Option<NonZeroUsize>,

    /// Stop after this time, such as 90s, 5m or 1h30m, and report what was found [default: none]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) timeout: Option<Duration>,

    /// Say everything about each finding: messages, decoding steps, instructions, and what to do
    #[arg(long, short, conflicts_with = "quiet")]
    pub(super) verbose: bool,

    /// Print only findings and errors: no progress bar, no notes, no summary of a clean scan
    #[arg(long)]
    pub(super) quiet: bool,

    /// No progress bar
    #[arg(long)]
    pub(super) no_progress: bool,

    #[command(flatten)]
    pub(super) color: ColorArgs,

    // Its heading is that of all options behind it.
    #[command(flatten)]
    pub(super) policy: PolicyArgs,

    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}

/// The findings that count.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct PolicyArgs {
    /// Exit with 1 for findings of this severity and above: critical, high, medium, low, never [default: medium]
    ///
    /// `own=medium,base=critical` gives a base image another threshold. It goes before `fail-on` of stowaway.toml.
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<ByOrigin>,

    /// Use this policy file [default: stowaway.toml in the directory of each target or above it]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(super) config: Option<PathBuf>,

    /// Use no policy file
    #[arg(long)]
    pub(super) no_config: bool,

    /// List the ignored findings as well
    #[arg(long)]
    pub(super) show_ignored: bool,

    /// Fail only for findings that are not in FILE
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,

    /// Write the findings to FILE, for --baseline; what was filled in there by hand is kept
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(super) write_baseline: Option<PathBuf>,
}

/// The way to registries.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(next_help_heading = "Registries")]
pub(super) struct RegistryArgs {
    /// Audit all tags of the repositories that are targets
    #[arg(long, conflicts_with = "tags")]
    pub(super) all_tags: bool,

    /// Audit the tags that match GLOB; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(super) tags: Vec<String>,

    /// Audit all repositories of the registry or namespace `docker://HOST[:PORT][/NAMESPACE]`, with all of their tags
    #[arg(long)]
    pub(super) catalog: bool,

    /// User name for the registries of this run [default: what docker and podman keep]
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    pub(super) username: Option<String>,

    /// Read the password from standard input
    #[arg(long, requires = "username")]
    pub(super) password_stdin: bool,

    /// Trust the certificates in FILE (PEM) besides the system's
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,

    /// Check no certificates, and take plain HTTP (which is taken on this machine anyway)
    #[arg(long)]
    pub(super) insecure: bool,
}

#[derive(Debug, Args)]
pub(super) struct Fix {
    /// The Dockerfile to mend
    pub(super) dockerfile: PathBuf,

    /// Change the file instead of showing a diff, whole or not at all
    #[arg(long)]
    pub(super) write: bool,

    #[command(flatten)]
    pub(super) color: ColorArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Cache {
    /// Show where the cache is, and how much it holds
    Show,
    /// Remove the cache
    Clear,
}

#[derive(Debug, Args)]
pub(super) struct Rules {
    /// The rule to explain: `image/cached-token`
    pub(super) id: Option<String>,

    #[command(flatten)]
    pub(super) color: ColorArgs,
}

#[derive(Debug, Args)]
pub(super) struct ColorArgs {
    /// When to use colours
    #[arg(long = "color", value_name = "WHEN", value_enum, default_value_t)]
    pub(super) when: Color,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always, even to a file
    Always,
    /// Never
    Never,
}

/// The request in the arguments.
pub(super) enum Asked {
    /// A command to run.
    Command(Box<Command>),
    /// Help or version text for standard output.
    Text(String),
}

/// Parses the arguments. The first one is the program's name.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, Failure> {
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    match Cli::try_parse_from(arguments) {
        Ok(cli) => Ok(Asked::Command(Box::new(cli.command))),
        Err(error) if matches!(error.kind(), DisplayHelp | DisplayVersion) => {
            Ok(Asked::Text(error.render().to_string()))
        }
        Err(error) => Err(Failure::new(one_line(&error))),
    }
}

/// Formats a usage error as one line: clap's message and tips, without the usage text. The message quotes
/// arguments, so it is masked and escaped.
fn one_line(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let whole = rendered.split("\n\nUsage:").next().unwrap_or_default();
    let whole = whole.split("\n\nFor more information").next().unwrap_or_default();
    let mut line = String::new();
    for part in whole.lines().map(str::trim).filter(|part| !part.is_empty()) {
        let part = part.strip_prefix("error: ").unwrap_or(part);
        let part = part.strip_prefix("tip: ").unwrap_or(part);
        if !line.is_empty() {
            line.push_str(if line.ends_with(':') || part.starts_with('[') { " " } else { "; " });
        }
        line.push_str(part);
    }
    escape(mask(line.as_bytes()).as_str()).into_owned()
}

fn token_hash(text: &str) -> Result<TokenHash, &'static str> {
    text.parse().map_err(|_| "expected the 64 hexadecimal digits of a SHA-256")
}

fn jobs(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "expected a number of at least 1")
}

/// Parses a duration in jiff's friendly format, or a number of seconds.
fn duration(text: &str) -> Result<Duration, &'static str> {
    const WANTED: &str = "expected a duration above zero, such as 90s, 5m or 1h30m";
    let seconds = text.parse().map(Duration::from_secs).ok();
    let duration = seconds.or_else(|| text.parse::<jiff::SignedDuration>().ok()?.try_into().ok());
    duration.filter(|duration| !duration.is_zero()).ok_or(WANTED)
}

/// Parses `OS/ARCH[/VARIANT]`, with the terms of the OCI image index ("platform"), or `all`.
fn platform(text: &str) -> Result<PlatformFilter, &'static str> {
    const WANTED: &str = "expected OS/ARCH[/VARIANT] or all, such as linux/amd64";
    if text == "all" {
        return Ok(PlatformFilter::All);
    }
    let mut parts = text.split('/');
    let mut part = || parts.next().map(str::to_owned);
    let (os, architecture, variant) = (part(), part(), part());
    let is_word = |word: &String| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    if part().is_some() || [&os, &architecture, &variant].into_iter().flatten().any(|word| !is_word(word)) {
        return Err(WANTED);
    }
    let (os, architecture) = os.zip(architecture).ok_or(WANTED)?;
    Ok(PlatformFilter::Only(Platform { os, architecture, variant }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_heading_of_registries_is_above_their_options_alone() {
        use clap::CommandFactory as _;
        let mut command = Cli::command();
        let help = command.find_subcommand_mut("scan").unwrap().render_long_help().to_string();
        let (others, registries) = help.split_once("Registries:").unwrap();
        assert!(others.contains("--no-cache") && others.contains("--color"));
        assert!(registries.contains("--insecure") && registries.contains("--catalog"));
    }

    #[test]
    fn durations() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2 minutes", 120)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "0", "0s", "-5s", "5 parsecs", "1.5", "99999999999999999999"] {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn platforms() {
        let only = |os: &str, architecture: &str, variant: Option<&str>| {
            Ok(PlatformFilter::Only(Platform {
                os: os.into(),
                architecture: architecture.into(),
                variant: variant.map(Into::into),
            }))
        };
        assert_eq!(platform("all"), Ok(PlatformFilter::All));
        assert_eq!(platform("linux/amd64"), only("linux", "amd64", None));
        assert_eq!(platform("linux/arm/v7"), only("linux", "arm", Some("v7")));
        for wrong in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/arm/", "li nux/arm", "ALL"] {
            assert!(platform(wrong).is_err(), "{wrong:?}");
        }
    }
}
