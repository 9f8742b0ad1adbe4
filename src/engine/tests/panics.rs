//! Checks that an internal fault affects only one blob.

use super::remote::{Remote, digest_of};
use super::sources::{audit, codes, layer, token, verdicts};
use super::*;
use crate::fault::Code;

#[test]
fn a_panic_while_a_blob_is_read_is_a_problem_of_that_blob() {
    let layers = [layer("a", &token()), layer("b", &token()), layer("c", &token())];
    for (jobs, large) in [(1, false), (2, false), (2, true)] {
        let mut layers = layers.clone();
        if large {
            // The layer is large enough for several threads, so the thread that panics is not the one that
            // searches.
            layers[1] = layer("b", "nothing").repeat(80);
        }
        let mut remote = Remote::image(&layers);
        let fault = || -> std::io::Result<()> { panic!("a fault that was put in") };
        remote.fault(digest_of(&layers[1]), layers[1].len() / 2, Box::new(fault));
        let audited = audit(&engine(jobs), &remote);
        assert_eq!(codes(&audited), [None, Some(Code::Internal), None], "{jobs} {large}");
        let found: Vec<usize> = verdicts(&audited).iter().map(|verdict| verdict.tokens().len()).collect();
        assert_eq!(found, [1, 0, 1]);
        let detail = verdicts(&audited)[1].problem.clone().unwrap().detail.seal();
        assert!(detail.as_str().contains("please report"), "{}", detail.as_str());
    }
}
