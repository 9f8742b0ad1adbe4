//! The command line.

/// Runs the command line of this process and returns its exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
