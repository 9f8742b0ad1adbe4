//! Quiet on clean work: an image with the packages that talk of tokens most.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "test code: a panic is the failure"
)]

mod support;

use support::tools::{Umoci, pip_packages};
use support::{Place, scan};

#[test]
fn huggingface_hub_and_transformers_are_no_finding() {
    let packages = pip_packages(&["huggingface_hub==2.4.0", "transformers==5.23.0"]);
    assert!(packages.join("huggingface_hub/__pycache__").exists(), "compiled modules are the worst noise");
    let app = b"import os\nfrom huggingface_hub import hf_hub_download\n\
        hf_hub_download('org/model', 'x', token=os.environ['HF_TOKEN'])\n";
    let image = Umoci::new(&Place::new("clean").join("layout"), "app")
        .tree(&packages, "/usr/lib/python3/dist-packages")
        .file("/app/main.py", app)
        .config(&["--config.env=HF_TOKEN_PATH=/run/secrets/hf_token", "--config.env=HF_HUB_OFFLINE=1"]);
    scan(&[image.dir()]).assert_clean();
}
