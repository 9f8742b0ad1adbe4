//! Any bytes are read as a CI file of each kind, and the rule looks at them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stowaway::{ci, rules};

fuzz_target!(|data: &[u8]| {
    for path in [
        "compose.yaml",
        "docker-bake.hcl",
        "docker-bake.json",
        ".devcontainer.json",
        ".github/workflows/a.yml",
        ".gitlab-ci.yml",
    ] {
        if let Some(file) = ci::read(path.as_bytes(), data) {
            let _ = rules::context::check_ci(data, &file);
        }
    }
});
