//! Tests that nothing useless is left of a file: no command that does nothing, no comment about removed commands, no
//! doubled blank line.

use super::tests::becomes;

#[test]
fn nothing_idle_is_left() {
    for command in [
        "hf auth login --token $HF_TOKEN || true",
        "hf auth login --token $HF_TOKEN || :",
        "hf auth login --token $HF_TOKEN || echo failed",
        "hf auth login --token $HF_TOKEN || (echo failed; exit 1)",
        "hf auth login --token $HF_TOKEN || { echo failed; exit 1; }",
        "set -eux; hf auth login --token $HF_TOKEN",
        "cd /app && hf auth login --token $HF_TOKEN",
        "export HF_TOKEN=$HF_TOKEN && hf auth login --token $HF_TOKEN",
        "hf auth login --token $HF_TOKEN && echo done",
        "if [ -n \"$HF_TOKEN\" ]; then hf auth login --token \"$HF_TOKEN\"; fi",
        "if [ -n \"$HF_TOKEN\" ]; then hf auth login --token $HF_TOKEN; else echo none; fi",
        "if [ -z \"$HF_TOKEN\" ]; then echo none; else hf auth login --token $HF_TOKEN; fi",
        "if [ -n \"$HF_TOKEN\" ] ; then \\\n      hf auth login --token $HF_TOKEN ; \\\n    fi",
        "if ! hf auth whoami; then hf auth login --token $HF_TOKEN; fi",
        "[ -n \"$HF_TOKEN\" ] && hf auth login --token $HF_TOKEN || true",
        "[ -z \"$HF_TOKEN\" ] || hf auth login --token $HF_TOKEN",
        "test -n \"$HF_TOKEN\" && hf auth login --token $HF_TOKEN",
        "hf auth login --token $HF_TOKEN | cat",
        "hf auth login --token $HF_TOKEN 2>&1 | grep -v token || true",
        "(hf auth login --token $HF_TOKEN)",
        "{ hf auth login --token $HF_TOKEN; }",
        "(hf auth login --token $HF_TOKEN || true)",
        "for i in 1 2 3; do hf auth login --token $HF_TOKEN && break; sleep 5; done",
        "sh -c 'hf auth login --token $HF_TOKEN'",
        "bash -c \"hf auth login --token $HF_TOKEN || true\"",
        "[\"sh\", \"-c\", \"hf auth login --token $HF_TOKEN\"]",
        "python -c \"from huggingface_hub import login; login('$HF_TOKEN')\" || true",
    ] {
        becomes(&format!("ARG HF_TOKEN\nRUN {command}\nRUN python d.py\n"), "RUN MOUNT python d.py\n");
    }
}

#[test]
fn what_guards_a_login_goes_with_it() {
    for (command, expected) in [
        ("pip install x && (hf auth login --token $HF_TOKEN || true) && ./d.sh", "pip install x && ./d.sh"),
        ("hf auth login --token $HF_TOKEN || true; ./d.sh", "./d.sh"),
        ("hf auth login --token $HF_TOKEN || exit 1; ./d.sh", "./d.sh"),
        ("pip install x && hf auth login --token $HF_TOKEN || true; ./d.sh", "pip install x || true; ./d.sh"),
        ("if [ -n \"$HF_TOKEN\" ]; then hf auth login --token $HF_TOKEN; fi && ./d.sh", "./d.sh"),
        ("if [ -n \"$HF_TOKEN\" ]; then hf auth login --token $HF_TOKEN; fi; ./d.sh", "./d.sh"),
        (
            "pip install x && \\\n    if [ -n \"$HF_TOKEN\" ]; then \\\n      hf auth login --token $HF_TOKEN; \\\n    fi && \\\n    ./d.sh",
            "pip install x && \\\n    ./d.sh",
        ),
        (
            "if [ -n \"$HF_TOKEN\" ]; then hf auth login --token $HF_TOKEN; hf download p; else hf download q; fi",
            "if [ -n \"$HF_TOKEN\" ]; then hf download p; else hf download q; fi",
        ),
        ("cd /app; hf auth login --token $HF_TOKEN; python d.py", "cd /app; python d.py"),
        (
            "if [ -n \"$HF_TOKEN\" ] && hf auth login --token $HF_TOKEN; then ./p.sh; else ./q.sh; fi",
            "if [ -n \"$HF_TOKEN\" ]; then ./p.sh; else ./q.sh; fi",
        ),
        ("hf auth login --token $HF_TOKEN; if [ -f a ]; then ./d.sh; fi", "if [ -f a ]; then ./d.sh; fi"),
        ("hf auth login --token $HF_TOKEN && (cd a && ./d.sh)", "(cd a && ./d.sh)"),
        ("pip install x && hf auth login --token $HF_TOKEN && (./d.sh)", "pip install x && (./d.sh)"),
        ("if [ -f a ]; then ./d.sh; hf auth login --token $HF_TOKEN; fi", "if [ -f a ]; then ./d.sh; fi"),
        (
            "hf auth login --token $HF_TOKEN; for i in a b; do ./d.sh $i; done",
            "for i in a b; do ./d.sh $i; done",
        ),
        ("if ! hf auth login --token $HF_TOKEN; then ./q.sh; fi", "if ! :; then ./q.sh; fi"),
        (
            "([ -n \"$HF_TOKEN\" ] && hf auth login --token $HF_TOKEN) && ./p.sh",
            "([ -n \"$HF_TOKEN\" ]) && ./p.sh",
        ),
        ("! hf auth login --token $HF_TOKEN || ./d.sh", "! : || ./d.sh"),
        (
            "if [ -z \"$HF_TOKEN\" ]; then exit 1; fi; hf auth login --token $HF_TOKEN; ./d.sh",
            "if [ -z \"$HF_TOKEN\" ]; then exit 1; fi; ./d.sh",
        ),
    ] {
        becomes(&format!("ARG HF_TOKEN\nRUN {command}\n"), &format!("RUN MOUNT {expected}\n"));
    }
}

#[test]
fn comments_about_what_is_gone_go() {
    for (body, expected) in [
        (
            "# Log in to the Hub\nRUN hf auth login --token @TOKEN@\n# Fetch\nRUN ./d.sh\n",
            "# Fetch\nRUN MOUNT ./d.sh\n",
        ),
        ("# The token\nARG HF_TOKEN\nRUN ./d.sh\n", "RUN MOUNT ./d.sh\n"),
        (
            "# Fetch the model (gated)\nARG HF_TOKEN\nRUN hf download model\n",
            "# Fetch the model (gated)\nRUN MOUNT hf download model\n",
        ),
        (
            "# Download with a token\nARG HF_TOKEN\nRUN hf download m\n",
            "# Download with a token\nRUN MOUNT hf download m\n",
        ),
        ("# one\n# two: the secret\nARG HF_TOKEN\n\nRUN ./d.sh\n", "\nRUN MOUNT ./d.sh\n"),
        ("# kept\n\n# gone\nARG HF_TOKEN\n\nRUN ./d.sh\n", "# kept\n\nRUN MOUNT ./d.sh\n"),
        ("RUN ./d.sh\n\n# at the end\nENV HF_TOKEN=@TOKEN@\n", "RUN ./d.sh\n"),
        (
            "RUN a && \\\n    # log in\n    hf auth login --token @TOKEN@ && \\\n    # fetch\n    ./d.sh\n",
            "RUN MOUNT a && \\\n    # fetch\n    ./d.sh\n",
        ),
        ("RUN ./d.sh \\\n    # log in\n    && hf auth login --token @TOKEN@\n", "RUN MOUNT ./d.sh\n"),
        ("RUN hf auth login \\\n    # the token\n    --token @TOKEN@\nRUN ./d.sh\n", "RUN MOUNT ./d.sh\n"),
        (
            "RUN <<E\nset -e\n# log in\nhf auth login --token @TOKEN@\n# fetch\n./d.sh\nE\n",
            "RUN MOUNT <<E\nset -e\n# fetch\n./d.sh\nE\n",
        ),
        (
            "ENV A=1 \\\n    # the token\n    HF_TOKEN=@TOKEN@ \\\n    # b\n    B=2\n",
            "ENV A=1 \\\n    # b\n    B=2\n",
        ),
    ] {
        becomes(body, expected);
    }
}

#[test]
fn no_blank_line_is_doubled() {
    for (body, expected) in [
        ("RUN a\n\nARG HF_TOKEN\n\nRUN b.sh\n", "RUN a\n\nRUN MOUNT b.sh\n"),
        (
            "RUN apt-get update\n\nARG HF_TOKEN\n\nENV HF_TOKEN=$HF_TOKEN\n\nUSER x\n",
            "RUN apt-get update\n\nUSER x\n",
        ),
        ("RUN apt-get update\n\n\nARG HF_TOKEN\n\n\nUSER x\n", "RUN apt-get update\n\n\nUSER x\n"),
        ("USER x\n\nENV HF_TOKEN=@TOKEN@\n", "USER x\n"),
        ("USER x\n\nENV HF_TOKEN=@TOKEN@\n\n", "USER x\n"),
        ("USER x\r\n\r\n# t\r\nENV HF_TOKEN=@TOKEN@\r\n\r\nCMD y\r\n", "USER x\r\n\r\nCMD y\r\n"),
        ("USER x\n\nARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN\n\nCMD y\n", "USER x\n\nCMD y\n"),
    ] {
        let body = body.replace("RUN a\n", "RUN apt-get update\n");
        becomes(&body, &expected.replace("RUN a\n", "RUN apt-get update\n"));
    }
}

#[test]
fn a_login_of_a_python_script_leaves_no_line() {
    let head =
        "ARG HF_TOKEN\nRUN python <<E\nimport os\nfrom huggingface_hub import login, snapshot_download\n";
    let rest = "RUN MOUNT python <<E\nimport os\nfrom huggingface_hub import login, snapshot_download\n";
    let login = "login(os.environ['HF_TOKEN'])";
    for (script, expected) in [
        ("@\nsnapshot_download('o/m')\nE\n", "snapshot_download('o/m')\nE\n"),
        ("# log in first\n@\nsnapshot_download('o/m')\nE\n", "snapshot_download('o/m')\nE\n"),
        (
            "if os.environ.get('HF_TOKEN'):\n    # c\n    @\nsnapshot_download('o/m')\nE\n",
            "snapshot_download('o/m')\nE\n",
        ),
        ("if True:\n    @\n    snapshot_download('o/m')\nE\n", "if True:\n    snapshot_download('o/m')\nE\n"),
        ("if True:\n    snapshot_download('o/m')\n    @\nE\n", "if True:\n    snapshot_download('o/m')\nE\n"),
        (
            "login(\n  token=os.environ['HF_TOKEN'],\n)\nsnapshot_download('o/m')\nE\n",
            "snapshot_download('o/m')\nE\n",
        ),
        (
            "if os.getenv('A'):\n    @\n    for x in y:\n        x()\nsnapshot_download('o/m')\nE\n",
            "if os.getenv('A'):\n    for x in y:\n        x()\nsnapshot_download('o/m')\nE\n",
        ),
        (
            "if os.getenv('A'):\n    @\n    @\nsnapshot_download('o/m')\nE\n",
            "if os.getenv('A'):\n    None\n    None\nsnapshot_download('o/m')\nE\n",
        ),
        // A block needs a statement, so `pass` or `None` takes the place of the last one.
        (
            "if run():\n    @\nsnapshot_download('o/m')\nE\n",
            "if run():\n    None\nsnapshot_download('o/m')\nE\n",
        ),
        (
            "if os.getenv('A'):\n    @\nelse:\n    snapshot_download('o/m')\nE\n",
            "if os.getenv('A'):\n    None\nelse:\n    snapshot_download('o/m')\nE\n",
        ),
        (
            "for x in y:\n    if x:\n        @\nsnapshot_download('o/m')\nE\n",
            "for x in y:\n    if x:\n        None\nsnapshot_download('o/m')\nE\n",
        ),
        ("@; snapshot_download('o/m')\nE\n", "None; snapshot_download('o/m')\nE\n"),
    ] {
        becomes(&format!("{head}{}", script.replace('@', login)), &format!("{rest}{expected}"));
    }
}

#[test]
fn what_takes_the_token_back_goes() {
    for (body, expected) in [
        ("ARG HF_TOKEN\nRUN hf download m\nRUN unset HF_TOKEN\n", "RUN MOUNT hf download m\n"),
        ("ARG HF_TOKEN\nRUN hf download m && unset HF_TOKEN\n", "RUN MOUNT hf download m\n"),
        ("ARG HF_TOKEN\nRUN pip install x; unset HF_TOKEN\n", "RUN pip install x\n"),
        (
            "ARG HF_TOKEN\nRUN hf download m && unset HF_TOKEN && python t.py\n",
            "RUN MOUNT hf download m && unset HF_TOKEN && python t.py\n",
        ),
        ("ARG HF_TOKEN\nRUN hf download m; unset OTHER\n", "RUN MOUNT hf download m; unset OTHER\n"),
        (
            "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\nRUN hf download m\nRUN unset HF_TOKEN\nENV HF_TOKEN=\"\"\n",
            "RUN MOUNT hf download m\n",
        ),
        (
            "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\nRUN hf download m\nENV HF_TOKEN= B=1\n",
            "RUN MOUNT hf download m\nENV B=1\n",
        ),
        (
            "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\nRUN hf download m\nENV HF_TOKEN=\nCMD serve $HF_TOKEN\n",
            "RUN MOUNT hf download m\nENV HF_TOKEN=\nCMD serve $HF_TOKEN\n",
        ),
        ("ARG HF_TOKEN\nRUN hf download m\nENV HF_TOKEN=\n", "RUN MOUNT hf download m\nENV HF_TOKEN=\n"),
        ("ARG A\nARG HF_TOKEN # the token\nRUN hf download m\n", "ARG A\nRUN MOUNT hf download m\n"),
        ("ARG A HF_TOKEN # the token\nRUN hf download m\n", "ARG A # the token\nRUN MOUNT hf download m\n"),
    ] {
        becomes(body, expected);
    }
}
