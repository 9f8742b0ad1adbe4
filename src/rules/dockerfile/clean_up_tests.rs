//! Tests of logins whose files are removed in the same `RUN`.

use super::check;
use crate::dockerfile::parse;

fn fires(run: &str) -> bool {
    let source = format!("FROM a\nRUN {run}\n");
    let hits = check(source.as_bytes(), &parse(source.as_bytes()));
    hits.iter().any(|hit| hit.rule.id.starts_with("dockerfile/login"))
}

#[test]
fn a_clean_up_that_always_runs_silences() {
    for run in [
        "hf auth login && x && hf auth logout",
        "hf auth login; x; hf auth logout",
        "hf auth login && x; rm -rf ~/.cache/huggingface",
        "hf auth login && rm -r $HOME/.cache/*",
        "if x; then hf auth login && y && hf auth logout; fi",
        "test -z $X || (hf auth login && hf auth logout)",
        "if x; then hf auth login; fi; hf auth logout",
        "(hf auth login); { hf auth logout; }",
        "case x in a) hf auth login; hf auth logout;; esac",
        "sh -c 'hf auth login && hf auth logout'",
        "sh -c 'hf auth login' && hf auth logout",
        "HF_HOME=/t hf auth login && HF_HOME=/t hf auth logout",
        "hf auth login && cd ~/.cache/huggingface && rm token stored_tokens",
        "cd ~ && hf auth login && rm -rf .cache",
        "hf auth login && (cd ~/.cache && rm -r huggingface)",
        "HF_HOME=/t sh -c 'hf auth login && hf auth logout'",
        "HF_HOME=/t bash -c 'hf auth login' && rm -rf /t",
        "gosu app hf auth login && rm -rf /home/app/.cache",
        "su - app -c 'hf auth login' && rm -rf /home/app/.cache",
        "sudo -u app hf auth login; sudo -u app hf auth logout",
        "$(which hf) auth login && hf auth logout",
        "HF_HOME=/t python -c \"from huggingface_hub import login; login(t)\" && rm -rf /t",
    ] {
        assert!(!fires(run), "{run}");
    }
}

#[test]
fn a_clean_up_that_may_not_run_or_removes_something_else_does_not() {
    for run in [
        "hf auth login || hf auth logout",
        "hf auth login && x || (hf auth logout)",
        "hf auth login; if x; then hf auth logout; fi",
        "hf auth login; if x; then y; else rm -rf ~/.cache; fi",
        "hf auth login && [ -n \"$X\" ] && hf auth logout",
        "hf auth login; exit 0 && hf auth logout",
        "hf auth login; for x in $Y; do hf auth logout; done",
        "hf auth login; case $X in a) hf auth logout;; esac",
        "if x; then hf auth login; else hf auth logout; fi",
        "hf auth login || sh -c 'hf auth logout'",
        "hf auth login && hf auth logout --help",
        "hf auth login && hf auth logout --token-name other",
        "hf auth login && HF_HOME=/t hf auth logout",
        "hf auth login && rm -rf \"~/.cache\"",
        "hf auth login && rm -f ~/.cache/huggingface",
        "hf auth login && rm -rf ~/*",
        "hf auth login && rm -rf root/.cache",
        "hf auth login && cp ~/.cache/huggingface/token /t && hf auth logout",
        "hf auth login && mv ~/.cache /opt/cache && rm -rf ~/.cache",
        "hf auth login && (cd ~/.cache); rm -rf huggingface",
        "hf auth login && sh -c 'cd ~' && rm -rf .cache",
        "(HF_HOME=/t); hf auth login && rm -rf /t",
        "HF_HOME=/t true; hf auth login && rm -rf /t",
        "gosu app hf auth login && rm -rf /root/.cache",
        "gosu 1000 hf auth login && rm -rf /home/1000/.cache",
        "su app -c 'hf auth login' && hf auth logout",
        "sudo -E -u app hf auth login && rm -rf /home/app/.cache",
        "$(command -v hf) auth login",
        "`which huggingface-cli` login",
    ] {
        assert!(fires(run), "{run}");
    }
}

#[test]
fn many_logins_take_no_longer_each() {
    let run = "hf auth login; rm -rf /x; ".repeat(7000);
    assert!(fires(&run));
}
