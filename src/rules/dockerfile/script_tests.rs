//! Tests of scripts that are easy to misread. The expected results follow the behaviour of a shell and the
//! Hub's tools.

use super::{Hit, check};
use crate::dockerfile::parse;
use crate::finding::Where;

const MOUNT: &str = "RUN --mount=type=secret,id=hf";
const ENV_MOUNT: &str = "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN";

fn hits(lines: &str) -> Vec<Hit> {
    let lines = lines.replace("@ENV", ENV_MOUNT).replace("@MOUNT", MOUNT);
    let source = format!("FROM a\n{lines}\n");
    check(source.as_bytes(), &parse(source.as_bytes()))
}

/// Returns the files that a rule forecasts, with `?` for a file whose location is unknown.
fn files(lines: &str, rule: &str) -> Vec<String> {
    let hits = hits(lines).into_iter().filter(|hit| hit.rule.id == format!("dockerfile/{rule}"));
    let leaves = hits.flat_map(|hit| hit.leaves).filter(|leaves| leaves.place == Where::Layer);
    leaves.map(|leaves| leaves.path.unwrap_or_else(|| "?".to_owned())).collect()
}

fn rules(lines: &str) -> Vec<&'static str> {
    hits(lines).iter().map(|hit| hit.rule.id.trim_start_matches("dockerfile/")).collect()
}

#[test]
fn copies_of_written_files_stay() {
    for (run, expected) in [
        ("echo $HF_TOKEN > /a && ln /a /b && rm /a", vec!["b"]),
        ("echo $HF_TOKEN > /a && ln -s /a /b && rm /a", vec![]),
        ("echo $HF_TOKEN > /a && dd if=/a of=/b && rm /a", vec!["b"]),
        ("echo $HF_TOKEN > /a && rsync -a /a /b && rm /a", vec!["b"]),
        ("echo $HF_TOKEN > /a && mv -t /b /a", vec!["b/a"]),
    ] {
        assert_eq!(files(&format!("@ENV {run}"), "token-written-to-file"), expected, "{run}");
    }
    assert_eq!(files("@MOUNT rsync /run/secrets/hf /b", "token-written-to-file"), ["b"]);
}

#[test]
fn copies_of_a_login_stay() {
    for (run, stays) in [
        ("mv -t /opt ~/.cache && rm -rf ~/.cache", true),
        ("cp -t /opt ~/.cache/huggingface/token && hf auth logout", true),
        ("ln ~/.cache/huggingface/token /t && hf auth logout", true),
        ("ln -s ~/.cache/huggingface/token /t && hf auth logout", false),
        ("ln -sf ~/.cache/huggingface /t && rm -rf ~/.cache", false),
        ("dd if=~/.cache/huggingface/token of=/t && hf auth logout", true),
        ("tar czf /t -C ~/.cache huggingface && hf auth logout", true),
    ] {
        let found = rules(&format!("RUN hf auth login --token x && {run}"));
        assert_eq!(found.contains(&"login-command"), stays, "{run}");
    }
}

#[test]
fn traps_remove_written_files() {
    for (run, expected) in [
        ("trap 'rm -f /a' EXIT; echo $HF_TOKEN > /a; x", vec![]),
        ("trap 'rm -f /a' INT; echo $HF_TOKEN > /a; x", vec!["a"]),
        ("(trap 'rm -f /a' EXIT); echo $HF_TOKEN > /a; x", vec!["a"]),
        ("if y; then trap 'rm -f /a' EXIT; fi; echo $HF_TOKEN > /a; x", vec!["a"]),
        ("trap 'echo $HF_TOKEN > /a' EXIT; x", vec![]),
    ] {
        assert_eq!(files(&format!("@ENV {run}"), "token-written-to-file"), expected, "{run}");
    }
    let late = "ARG HF_TOKEN\nRUN echo $HF_TOKEN > /a\nRUN trap 'rm -f /a' EXIT; x";
    assert!(rules(late).contains(&"removed-too-late"));
}

#[test]
fn python_does_what_a_shell_does() {
    for (script, expected) in [
        ("import os; os.system('echo $HF_TOKEN > /a')", vec!["a"]),
        ("import os; os.system('echo $HF_TOKEN > /a'); os.system('rm /a')", vec![]),
        ("import subprocess; subprocess.run(['sh', '-c', 'env > /a'])", vec!["a"]),
        ("import os; open('/a', 'w').write(os.environ['HF_TOKEN']); os.system('mv /a /b')", vec!["b"]),
        ("import os; os.system('rm /a'); open('/a', 'w').write(os.environ['HF_TOKEN'])", vec!["a"]),
    ] {
        let run = format!("@ENV python -c \"{script}\"");
        assert_eq!(files(&run, "token-written-to-file"), expected, "{script}");
    }
    let token = "echo $HF_TOKEN > ~/.cache/huggingface/token";
    let logout = "python -c \"from huggingface_hub import logout; logout()\"";
    assert!(files(&format!("@ENV {token} && {logout}"), "token-written-to-file").is_empty());
    let late = rules(&format!("ARG HF_TOKEN\nRUN {token}\nRUN {logout}"));
    assert!(late.contains(&"removed-too-late"), "{late:?}");
    let handed = "ARG T\nRUN python -c \"import os; os.system('hf download m --token $T')\"";
    assert_eq!(rules(handed), ["token-in-arg"]);
}

#[test]
fn a_login_that_python_runs_knows_its_token() {
    let login = "import os; t = open('/run/secrets/hf').read(); os.system(f'hf auth login --token {t}')";
    for run in [
        format!("@MOUNT x; y; z; python -c \"{login}\""),
        "@MOUNT x && python -c \"import os; os.system('hf auth login --token $(cat /run/secrets/hf)')\""
            .into(),
    ] {
        assert_eq!(rules(&run), ["login-with-secret-mount"], "{run}");
    }
    // The words of other steps do not affect the result.
    let other =
        "@MOUNT cat /run/secrets/hf; y; z; python -c \"import os; os.system('x; hf auth login --token t')\"";
    assert_eq!(rules(other), ["login-command"]);
}

#[test]
fn help_is_no_logout() {
    let login = "RUN hf auth login --token x\n";
    assert_eq!(rules(&format!("{login}RUN hf auth logout --help")), ["login-command"]);
    assert_eq!(rules(&format!("{login}RUN hf auth logout")), ["login-command", "removed-too-late"]);
}

#[test]
fn variables_have_the_values_that_a_shell_gives_them() {
    const FILE: &str = "token-written-to-file";
    for (run, expected) in [
        // All kinds of declarations set the variables in paths.
        ("@ENV readonly D=/srv; echo $HF_TOKEN > $D/a; rm $D/a", vec![]),
        ("@ENV D=/srv; read D < /x; echo $HF_TOKEN > $D/a; rm /srv/a", vec!["?"]),
        // The settings of a subshell do not affect the outer shell.
        ("@MOUNT (export T=$(cat /run/secrets/hf)); echo $T > /a", vec![]),
        ("@MOUNT (export T=$(cat /run/secrets/hf); echo $T > /a)", vec!["a"]),
        ("@MOUNT sh -c 'export T=$(cat /run/secrets/hf)'; env > /a", vec![]),
        // Assignments before a command apply to that command, but not to its words.
        ("@MOUNT T=$(cat /run/secrets/hf) sh -c 'echo $T > /a'", vec!["a"]),
        ("@MOUNT T=$(cat /run/secrets/hf) env > /a", vec!["a"]),
        ("@MOUNT T=$(cat /run/secrets/hf) echo $T > /a", vec![]),
        ("@MOUNT T=$(cat /run/secrets/hf) x; env > /a", vec![]),
        ("@ENV export D=/srv; echo $HF_TOKEN > /opt/a; D=/opt rm $D/a", vec!["opt/a"]),
        // A command that may not run does not change anything for certain.
        ("@MOUNT T=$(cat /run/secrets/hf); if x; then T=none; fi; echo $T > /a", vec!["a"]),
        ("@MOUNT T=$(cat /run/secrets/hf); if x; then T=none; echo $T > /a; fi", vec![]),
        ("@MOUNT T=none; if x; then T=$(cat /run/secrets/hf); fi; echo $T > /a", vec!["a"]),
        ("@MOUNT T=$(cat /run/secrets/hf); T=none; echo $T > /a", vec![]),
        ("@ENV if x; then unset HF_TOKEN; fi; env > /a", vec!["a"]),
        ("@MOUNT export T; T=$(cat /run/secrets/hf); env > /a", vec!["a"]),
    ] {
        assert_eq!(files(run, FILE), expected, "{run}");
    }
    let root = ["root/.cache/huggingface/token", "root/.cache/huggingface/stored_tokens"];
    let unset = "ENV HF_HOME=/data\nRUN unset HF_HOME && hf auth login --token x";
    assert_eq!(files(unset, "login-command"), root);
}

#[test]
fn the_token_of_a_login_is_the_last_one() {
    for (run, rule) in [
        (
            "@MOUNT T=$(cat /run/secrets/hf); T=$(echo $T | tr -d x); hf auth login --token $T",
            "login-with-secret-mount",
        ),
        ("@MOUNT T=$(cat /run/secrets/hf); T=x; hf auth login --token $T", "login-command"),
        (
            "@MOUNT if x; then T=$(cat /run/secrets/hf); else T=y; fi; hf auth login --token $T",
            "login-with-secret-mount",
        ),
    ] {
        assert_eq!(rules(run), [rule], "{run}");
    }
    let far = format!("@MOUNT T=$(cat /run/secrets/hf); {}hf auth login --token $T", "true; ".repeat(100));
    assert_eq!(rules(&far), ["login-with-secret-mount"]);
}

#[test]
fn a_credential_helper_keeps_what_it_is_handed_later() {
    let set_up = "git config --global credential.helper store";
    let login = "hf auth login --token x --add-to-git-credential";
    let root = ["root/.cache/huggingface/token", "root/.cache/huggingface/stored_tokens"];
    let all = [root.as_slice(), &["root/.git-credentials"]].concat();
    for (lines, expected) in [
        (format!("RUN {set_up} && {login}"), &all),
        (format!("RUN {set_up}\nRUN {login}"), &all),
        (
            format!("RUN [\"git\", \"config\", \"--global\", \"credential.helper\", \"store\"]\nRUN {login}"),
            &all,
        ),
        (format!("RUN python -c \"import os; os.system('{set_up}')\"\nRUN {login}"), &all),
        (format!("RUN {login} && {set_up}"), &root.to_vec()),
        (format!("RUN echo '{set_up}'\nRUN {login}"), &root.to_vec()),
        (format!("RUN git -c credential.helper=store clone u\nRUN {login}"), &root.to_vec()),
        (format!("FROM b\nRUN {set_up}\nFROM c\nRUN {login}"), &root.to_vec()),
    ] {
        assert_eq!(&files(&lines, "login-command"), expected, "{lines}");
    }
}

#[test]
fn memory_and_mounts_keep_no_login() {
    assert!(rules("RUN HF_HOME=/dev/shm/h hf auth login --token x").is_empty());
    let over = "RUN --mount=type=secret,id=t,target=/root/.cache/huggingface/token hf auth login --token x";
    assert_eq!(files(over, "login-command"), ["root/.cache/huggingface/stored_tokens"]);
}

#[test]
fn git_counts_on_a_login_that_hands_it_the_token() {
    let help = |handover: &str| {
        let login =
            format!("from huggingface_hub import login; login('x', add_to_git_credential={handover})");
        let hits = hits(&format!("RUN python -c \"{login}\"\nRUN git clone https://huggingface.co/o/r"));
        hits.iter().any(|hit| hit.help.to_string().contains("Git does not"))
    };
    assert!(help("True") && !help("False"));
}

#[test]
fn hostile_scripts_take_no_longer_for_each_step() {
    for step in [
        "export A$N=$A; env > /x; ",
        "A=$A$B; B=$A; echo $A > /x$B; ",
        "echo $HF_TOKEN > /f; cp /f /g; ",
        "HF_HOME=/h$A hf auth login --token $A; rm -rf /h/x; ",
        "(export A=$A; cd /x; rm y); ",
        "if x; then A=$HF_TOKEN; fi; set | grep -v A > /x; ",
        "trap 'rm /x' EXIT; f() { rm /y; }; trap f EXIT; ",
        "git clone https://u:$(cat https://u:$A@hf.co/o/r; ",
        "python -c \"import os; os.system('rm /x'); a().b().c()\"; ",
    ] {
        let run = step.repeat(4000);
        check(
            format!("FROM a\nARG HF_TOKEN\nRUN {run}\n").as_bytes(),
            &parse(format!("FROM a\nARG HF_TOKEN\nRUN {run}\n").as_bytes()),
        );
    }
}
