//! The `stowaway` binary: a thin shell over the library.

fn main() -> std::process::ExitCode {
    stowaway::cli::main()
}
