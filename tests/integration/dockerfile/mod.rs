//! Tests of Dockerfiles, their contexts, and the CI files that build them.

mod ci_files;
mod contexts;
mod corpus;
mod fix;
mod fix_all;
mod identity;
mod lines;
