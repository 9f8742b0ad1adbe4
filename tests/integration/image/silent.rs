//! Servers that say nothing, beside targets that have something to say.

use super::registries::{reference, registry};
use crate::support::registry::{Proxy, Reply};
use crate::support::tools::{self, skopeo_copy};
use crate::support::{Place, scan};

#[test]
fn a_silent_registry_keeps_no_other_target_waiting() {
    let silent = Proxy::start(&registry().address, |_, _| Reply::Silence);
    let (silent, sound) = (reference(&silent.address), reference(&registry().address));
    let outcome = scan(&["--timeout", "12s", "--no-progress", &silent, &sound]);
    assert_eq!((outcome.code, outcome.findings().len()), (1, 1), "{}", outcome.stderr);
    assert_eq!(outcome.findings()[0]["target"], *sound);
    let errors = outcome.errors();
    assert_eq!((errors.len(), &errors[0]["target"]), (1, &silent.into()), "{errors:?}");
    assert_eq!(errors[0]["code"], "timed-out");
}

#[test]
fn the_directory_of_an_image_may_be_audited_as_a_context() {
    let directory = Place::new("context").path().join("image");
    let from = format!("docker-archive:{}", super::registries::archive());
    skopeo_copy(&from, &format!("dir:{}", tools::text(&directory)), &[]);
    let outcome = scan(&[format!("context:{}", tools::text(&directory))]);
    assert_eq!((outcome.code, outcome.errors().len()), (1, 0), "{}", outcome.stderr);
    assert_eq!(outcome.findings()[0]["location"]["kind"], "file");
}
