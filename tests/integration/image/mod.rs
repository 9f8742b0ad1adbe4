//! Tests of images: findings in them, and broken or hostile ones.

mod bad_input;
mod big_file;
mod builders;
mod cached_token;
mod chosen_images;
mod compressions;
mod containers;
mod databases;
mod documents;
mod encodings;
mod expiry;
mod git;
mod hidden;
mod hostile_documents;
mod identity;
mod layer_entries;
mod layouts;
mod limits;
mod metadata;
mod places;
mod quiet;
mod real_tools;
mod registries;
mod sparse;
mod states;
mod tar_readers;
