//! Defaults that a script compares with.

use super::tests::{becomes, run};

#[test]
fn a_default_that_is_compared_survives() {
    for (set, command, expected) in [
        (
            "ARG HF_TOKEN=none",
            "if [ \"$HF_TOKEN\" != \"none\" ]; then hf download p --token \"$HF_TOKEN\"; else hf download q; fi",
            "if [ \"${HF_TOKEN:-none}\" != \"none\" ]; then hf download p --token \"${HF_TOKEN:-none}\"; else hf download q; fi",
        ),
        (
            "ARG HF_TOKEN=\"none\"",
            "[ ${HF_TOKEN} = none ] || ./d.sh",
            "[ ${HF_TOKEN:-none} = none ] || ./d.sh",
        ),
        (
            "ARG HF_TOKEN=unset",
            "test x$HF_TOKEN != unset && ./d.sh",
            "test x${HF_TOKEN:-unset} != unset && ./d.sh",
        ),
        (
            "ARG HF_TOKEN=none",
            "case \"$HF_TOKEN\" in none) ./q.sh;; *) ./p.sh;; esac",
            "case \"${HF_TOKEN:-none}\" in none) ./q.sh;; *) ./p.sh;; esac",
        ),
        (
            "ARG HF_TOKEN=0\nENV HF_TOKEN=$HF_TOKEN",
            "[[ $HF_TOKEN == 0 ]] || ./d.sh",
            "[[ ${HF_TOKEN:-0} == 0 ]] || ./d.sh",
        ),
        (
            "ARG HF_TOKEN=\"\"",
            "set -eu; [ -n \"$HF_TOKEN\" ]; ./d.sh",
            "set -eu; [ -n \"${HF_TOKEN:-}\" ]; ./d.sh",
        ),
        ("ARG HF_TOKEN=", "set -o nounset; ./d.sh $HF_TOKEN", "set -o nounset; ./d.sh ${HF_TOKEN:-}"),
        // Nothing is compared, or nothing can fail.
        ("ARG HF_TOKEN=none", "./d.sh $HF_TOKEN", "./d.sh $HF_TOKEN"),
        ("ARG HF_TOKEN=\"\"", "[ -n \"$HF_TOKEN\" ] && ./d.sh", "[ -n \"$HF_TOKEN\" ] && ./d.sh"),
        ("ARG HF_TOKEN", "set -u; ./d.sh $HF_TOKEN", "set -u; ./d.sh $HF_TOKEN"),
    ] {
        becomes(&format!("{set}\nRUN {command}\n"), &format!("RUN MOUNT {expected}\n"));
    }
}

#[test]
fn a_default_in_front_of_the_first_stage_counts() {
    let (text, left) =
        run("ARG HF_TOKEN=none\nFROM a\nARG HF_TOKEN\nRUN [ \"$HF_TOKEN\" = none ] || ./d.sh\n");
    assert!(text.contains("[ \"${HF_TOKEN:-none}\" = none ] || ./d.sh") && left.is_empty(), "{text}");
    assert!(!text.contains("ARG"), "{text}");
}

#[test]
fn a_default_that_cannot_survive_is_left_with_a_reason() {
    for body in [
        "ARG HF_TOKEN=none\nRUN python -c 'import os; os.environ[\"HF_TOKEN\"] == \"none\" or go()'\n",
        "ARG HF_TOKEN=none\nRUN [ \"${HF_TOKEN#x}\" = none ] || ./d.sh\n",
        "ARG HF_TOKEN=none\nENV HF_TOKEN=$HF_TOKEN\nCMD if [ \"$HF_TOKEN\" = none ]; then a; else b; fi\n",
        "ARG HF_TOKEN=none\nENV HF_TOKEN=$HF_TOKEN\nENTRYPOINT [\"sh\", \"-c\", \"[ $HF_TOKEN = none ] || b\"]\n",
    ] {
        let (text, left) = run(&format!("FROM a\n{body}"));
        assert!(text.contains("ARG HF_TOKEN=none"), "{text}");
        assert!(left.contains(&"dockerfile/token-in-arg"), "{body}: {left:?}");
    }
}
