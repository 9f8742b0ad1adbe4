//! Tests of the command line: arguments, exit codes, standard input, the cache.

mod arguments;
mod cache;
mod cache_file;
mod exit_codes;
mod pipes;
mod stdin;
