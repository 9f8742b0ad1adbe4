//! Tests of Dockerfiles, their contexts, and the CI files that build them.

mod ci_files;
mod contexts;
mod corpus;
mod fix;
mod identity;
mod lines;
