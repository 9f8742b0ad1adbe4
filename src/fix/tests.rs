use super::masked_lines;
use super::mend::mend;

pub(super) fn token() -> String {
    format!("hf_{}{}", "VbNkTyRwQpXsJdLzG", "hMcFaUeIoWmZqKtYx")
}

/// Mends a source. Returns the text with the token replaced by a placeholder, and the rules that still
/// fire.
pub(super) fn run(source: &str) -> (String, Vec<&'static str>) {
    let token = token();
    let opaque = "Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901";
    let mended = mend(source.replace("@TOKEN@", &token).replace("@OPAQUE@", opaque).as_bytes());
    let again = mend(&mended.source);
    assert_eq!(again.source.as_slice(), mended.source.as_slice(), "{source}: twice is not once");
    let text = String::from_utf8(mended.source.to_vec()).unwrap();
    (
        text.replace(&token, "@TOKEN@").replace(opaque, "@OPAQUE@"),
        mended.left.iter().map(|left| left.hit.rule.id).collect(),
    )
}

pub(super) const SYNTAX: &str = "# syntax=docker/dockerfile:1\n";
pub(super) const MOUNT: &str = "--mount=type=secret,id=HF_TOKEN,env=HF_TOKEN";

/// Checks the result of mending a body after `FROM a`. `MOUNT` is a placeholder for the mount.
#[track_caller]
pub(super) fn becomes(body: &str, expected: &str) {
    let (text, left) = run(&format!("FROM a\n{body}"));
    let (_, text) = text.split_once("FROM a\n").unwrap();
    let text = text.replace(MOUNT, "MOUNT");
    assert_eq!(text, expected, "{body}");
    assert!(left.is_empty(), "{body}: {left:?}");
}

#[test]
fn logins_go_and_what_needs_them_gets_the_secret() {
    for (body, expected) in [
        ("ARG HF_TOKEN\nRUN hf auth login --token $HF_TOKEN && hf download m\n", "RUN MOUNT hf download m\n"),
        ("RUN hf auth login --token @TOKEN@\nRUN hf download m\n", "RUN MOUNT hf download m\n"),
        (
            "RUN pip install x && hf auth login --token @TOKEN@\nRUN python d.py\n",
            "RUN pip install x\nRUN MOUNT python d.py\n",
        ),
        ("RUN hf auth login --token @TOKEN@\nRUN apt-get update\n", "RUN apt-get update\n"),
        ("RUN echo @TOKEN@ | huggingface-cli login; hf download m\n", "RUN MOUNT hf download m\n"),
        ("RUN a && hf auth login --token @TOKEN@ && b\n", "RUN MOUNT a && b\n"),
        ("RUN a \\\n && hf auth login --token \\\n   @TOKEN@ \\\n && b\n", "RUN MOUNT a \\\n && b\n"),
        ("RUN a && \\\r\n    hf auth login --token @TOKEN@\r\nRUN b\r\n", "RUN MOUNT a\r\nRUN MOUNT b\r\n"),
        (
            "RUN if [ -n \"$HF_TOKEN\" ]; then hf auth login --token @TOKEN@; fi && hf download m\n",
            "RUN MOUNT hf download m\n",
        ),
        ("RUN hf auth login --token @TOKEN@ || true\n", ""),
        (
            "RUN sh -c 'hf auth login --token @TOKEN@ && hf download m'\n",
            "RUN MOUNT sh -c ': && hf download m'\n",
        ),
        ("RUN (hf auth login --token @TOKEN@ && hf download m)\n", "RUN MOUNT (hf download m)\n"),
        (
            "RUN [\"hf\", \"auth\", \"login\", \"--token\", \"@TOKEN@\"]\nRUN [\"hf\", \"download\", \"m\"]\n",
            "RUN MOUNT [\"hf\", \"download\", \"m\"]\n",
        ),
        (
            "RUN <<EOF\nset -e\nhf auth login --token @TOKEN@\n# c\nhf download m\nEOF\n",
            "RUN MOUNT <<EOF\nset -e\n# c\nhf download m\nEOF\n",
        ),
        ("RUN <<EOF\nhf auth login --token @TOKEN@\nEOF\nRUN hf download m\n", "RUN MOUNT hf download m\n"),
        (
            "RUN python -c \"from huggingface_hub import login; login('@TOKEN@')\" && python d.py\n",
            "RUN MOUNT python d.py\n",
        ),
        (
            "RUN python -c \"from huggingface_hub import login; login('@TOKEN@'); import d; d.go()\"\n",
            "RUN MOUNT python -c \"from huggingface_hub import login; None; import d; d.go()\"\n",
        ),
        (
            "RUN --mount=type=secret,id=hf hf auth login --token $(cat /run/secrets/hf) && hf download m\n",
            "RUN --mount=type=secret,id=hf,env=HF_TOKEN hf download m\n",
        ),
        (
            "RUN --mount=type=secret,id=hf,required=true hf auth login --token $(cat /run/secrets/hf)\nRUN hf download m\n",
            "RUN --mount=type=secret,id=hf,env=HF_TOKEN hf download m\n",
        ),
        (
            "RUN --mount=type=cache,target=/c --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN \\\n    hf auth login --token $HF_TOKEN && \\\n    hf download m\n",
            "RUN --mount=type=cache,target=/c MOUNT \\\n    hf download m\n",
        ),
        (
            "RUN hf auth login --token @TOKEN@ && hf download m\nRUN hf auth logout\n",
            "RUN MOUNT hf download m\n",
        ),
        (
            "RUN hf auth login --token @TOKEN@ && hf download m && rm ~/.cache/huggingface/token\n",
            "RUN MOUNT hf download m\n",
        ),
        (
            "ARG HF_TOKEN\nRUN mkdir -p ~/.cache/huggingface && echo -n $HF_TOKEN > ~/.cache/huggingface/token\nRUN hf download m\n",
            "RUN mkdir -p ~/.cache/huggingface\nRUN MOUNT hf download m\n",
        ),
        (
            "COPY <<EOF /root/.cache/huggingface/token\n@TOKEN@\nEOF\nRUN hf download m\n",
            "RUN MOUNT hf download m\n",
        ),
        (
            "RUN hf auth login --token @TOKEN@ && hf download m && hf auth logout\n",
            "RUN MOUNT hf download m\n",
        ),
        ("COPY token /root/.cache/huggingface/token\nRUN hf download m\n", "RUN MOUNT hf download m\n"),
        (
            "ONBUILD ARG HF_TOKEN\nONBUILD RUN hf auth login --token $HF_TOKEN && hf download m\n",
            "ONBUILD RUN MOUNT hf download m\n",
        ),
    ] {
        becomes(body, expected);
    }
}

#[test]
fn variables_go_and_what_uses_them_gets_the_secret() {
    for (body, expected) in [
        (
            "ARG HF_TOKEN\nRUN hf download m --token $HF_TOKEN\n",
            "RUN MOUNT hf download m --token $HF_TOKEN\n",
        ),
        (
            "ARG HF_TOKEN\nRUN apt-get update\nRUN python d.py\n",
            "RUN apt-get update\nRUN MOUNT python d.py\n",
        ),
        (
            "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\nRUN python d.py\nCMD [\"serve\"]\n",
            "RUN MOUNT python d.py\nCMD [\"serve\"]\n",
        ),
        ("ENV A=1 \\\n    HF_TOKEN=@TOKEN@ \\\n    # c\n    B=2\n", "ENV A=1 \\\n    # c\n    B=2\n"),
        ("ENV A=1 \\\n    HF_TOKEN=@TOKEN@\nRUN ./x\n", "ENV A=1\nRUN MOUNT ./x\n"),
        ("ENV HF_TOKEN @TOKEN@\n", ""),
        (
            "ARG HF_TOKEN\nENV HUGGING_FACE_HUB_TOKEN=${HF_TOKEN}\nRUN python d.py\n",
            "RUN MOUNT --mount=type=secret,id=HF_TOKEN,env=HUGGING_FACE_HUB_TOKEN python d.py\n",
        ),
        (
            "ARG HF_TOKEN\nENV TOK=$HF_TOKEN\nRUN python d.py --token $TOK\n",
            "RUN MOUNT --mount=type=secret,id=HF_TOKEN,env=TOK python d.py --token $TOK\n",
        ),
        (
            "ARG TOK\nENV A=$TOK\nENV HF_TOKEN=$A\nRUN hf download o/m\n",
            "RUN --mount=type=secret,id=TOK,env=HF_TOKEN hf download o/m\n",
        ),
        (
            "ARG V0\nARG V1=$V0\nARG V2=${V1:-x}\nENV HF_TOKEN=$V2\nRUN hf download o/m\n",
            "RUN --mount=type=secret,id=V0,env=HF_TOKEN hf download o/m\n",
        ),
        (
            "ARG TOK\nENV A=$TOK\nENV B=$A\nENV HF_TOKEN=$B\nRUN python p.py\n",
            "RUN --mount=type=secret,id=TOK,env=A --mount=type=secret,id=TOK,env=B --mount=type=secret,id=TOK,env=HF_TOKEN \
             python p.py\n",
        ),
        // Each RUN gets the value that the variable has there.
        (
            "ARG T\nENV HF_TOKEN=$T\nRUN hf download o/m\nARG U\nENV HF_TOKEN=$U\nRUN hf download o/n\n",
            "RUN --mount=type=secret,id=T,env=HF_TOKEN hf download o/m\nRUN --mount=type=secret,id=U,env=HF_TOKEN hf \
             download o/n\n",
        ),
        (
            "ARG A\nENV B=$A\nRUN hf download o/m --token $B\nFROM b\nARG B\nENV A=$B\nRUN hf download o/n --token $A\n",
            "RUN --mount=type=secret,id=A,env=B hf download o/m --token $B\nFROM b\nRUN --mount=type=secret,id=B,env=A hf \
             download o/n --token $A\n",
        ),
        ("ARG HF_TOKEN\nLABEL a=b t=$HF_TOKEN\n", "LABEL a=b\n"),
        ("LABEL t=@TOKEN@\n", ""),
        ("ARG X=1 HF_TOKEN=@TOKEN@\nRUN echo $X\n", "ARG X=1\nRUN echo $X\n"),
        ("# ENV HF_TOKEN=@TOKEN@\nRUN a\n", "# ENV HF_TOKEN=<token>\nRUN a\n"),
    ] {
        becomes(body, expected);
    }
    let (text, left) =
        run("ARG HF_TOKEN\nFROM a AS b\nARG HF_TOKEN\nRUN hf download m\nFROM b\nRUN python d.py\n");
    assert_eq!(
        text,
        format!("{SYNTAX}FROM a AS b\nRUN {MOUNT} hf download m\nFROM b\nRUN {MOUNT} python d.py\n")
    );
    assert!(left.is_empty());
}

#[test]
fn token_text_becomes_a_variable() {
    for (body, expected) in [
        ("RUN hf download m --token @TOKEN@\n", "RUN MOUNT hf download m --token $HF_TOKEN\n"),
        (
            "RUN curl -H \"Authorization: Bearer @TOKEN@\" u\n",
            "RUN MOUNT curl -H \"Authorization: Bearer $HF_TOKEN\" u\n",
        ),
        (
            "RUN curl -H 'Authorization: Bearer @TOKEN@' u\n",
            "RUN MOUNT curl -H 'Authorization: Bearer '\"$HF_TOKEN\" u\n",
        ),
        (
            "RUN export HF_TOKEN=@TOKEN@ && python d.py\n",
            "RUN MOUNT export HF_TOKEN=$HF_TOKEN && python d.py\n",
        ),
        ("CMD vllm serve m --hf-token @TOKEN@\n", "CMD vllm serve m --hf-token $HF_TOKEN\n"),
        (
            "RUN curl -H \"Authorization: Bearer @OPAQUE@\" https://huggingface.co/x\n",
            "RUN MOUNT curl -H \"Authorization: Bearer $HF_TOKEN\" https://huggingface.co/x\n",
        ),
        (
            "RUN export HF_TOKEN='@OPAQUE@' && python d.py\n",
            "RUN MOUNT export HF_TOKEN=''\"$HF_TOKEN\" && python d.py\n",
        ),
        (
            "RUN git clone https://user:@TOKEN@@huggingface.co/o/r\n",
            "RUN MOUNT git -c credential.helper='!f() { echo username=user; echo \"password=$HF_TOKEN\"; }; f' clone https://huggingface.co/o/r\n",
        ),
        (
            "RUN --mount=type=secret,id=S,mode=0444 git clone --depth 1 https://me:$(cat /run/secrets/S)@huggingface.co/spaces/me/app /app\n",
            "RUN --mount=type=secret,id=S,mode=0444 git -c credential.helper='!f() { echo username=user; echo \"password=$(cat /run/secrets/S)\"; }; f' clone --depth 1 https://huggingface.co/spaces/me/app /app\n",
        ),
        (
            "RUN --mount=type=secret,id=S git clone https://me:`cat /run/secrets/S`@huggingface.co/me/app /app\n",
            "RUN --mount=type=secret,id=S git -c credential.helper='!f() { echo username=user; echo \"password=$(cat /run/secrets/S)\"; }; f' clone https://huggingface.co/me/app /app\n",
        ),
        (
            "RUN --mount=type=secret,id=S git clone \"https://me:$(< /run/secrets/S)@huggingface.co/me/app\" /app\n",
            "RUN --mount=type=secret,id=S git -c credential.helper='!f() { echo username=user; echo \"password=$(cat /run/secrets/S)\"; }; f' clone \"https://huggingface.co/me/app\" /app\n",
        ),
        (
            "ARG HF_TOKEN\nRUN cd x && git clone \"https://$HF_TOKEN@huggingface.co/o/r\" y\n",
            "RUN MOUNT cd x && git -c credential.helper='!f() { echo username=user; echo \"password=$HF_TOKEN\"; }; f' clone \"https://huggingface.co/o/r\" y\n",
        ),
    ] {
        becomes(body, expected);
    }
}

#[test]
fn what_cannot_be_mended_stays_and_is_told() {
    for (body, rule) in [
        ("COPY .netrc /root/\n", "dockerfile/copies-token-file"),
        ("CMD [\"vllm\", \"--hf-token\", \"@TOKEN@\"]\n", "dockerfile/literal-token"),
        ("ADD https://user:@TOKEN@@huggingface.co/x /y\n", "dockerfile/token-in-url"),
        ("ARG HF_TOKEN\nADD https://user:$HF_TOKEN@huggingface.co/x /y\n", "dockerfile/token-in-arg"),
        ("ARG HF_TOKEN\nENV U=https://user:$HF_TOKEN@huggingface.co/x\n", "dockerfile/token-in-env"),
        ("ARG HF_A\nARG MYTOK\nENV HF_TOKEN=${HF_A:-$MYTOK}\nRUN python p.py\n", "dockerfile/token-in-env"),
        ("ARG HF_A\nARG B\nARG HF_TOKEN=${HF_A:-$B}\nRUN python p.py\n", "dockerfile/token-in-arg"),
        ("ARG HF_A\nARG MYTOK\nENV HF_TOKEN=${HF_A:+$MYTOK}\nRUN python p.py\n", "dockerfile/token-in-env"),
        (
            "ARG HF_A\nARG B\nARG C\nENV HF_TOKEN=${HF_A:-${B:-$C}}\nRUN python p.py\n",
            "dockerfile/token-in-arg",
        ),
        (
            "RUN --mount=type=secret,id=HF_TOKEN cat /run/secrets/HF_TOKEN > /app/t\n",
            "dockerfile/token-written-to-file",
        ),
    ] {
        let source = format!("FROM a\n{body}");
        let (text, left) = run(&source);
        assert_eq!(text, source);
        assert!(left.contains(&rule), "{body}: {left:?}");
    }
    let (text, left) = run("# escape=`\nFROM windows\nARG HF_TOKEN\n");
    assert_eq!((text.as_str(), left.len()), ("# escape=`\nFROM windows\nARG HF_TOKEN\n", 1));
}

#[test]
fn what_the_file_asks_to_ignore_stays() {
    let source = "FROM a\n# stowaway: ignore[login-command] a mock\nRUN hf auth login --token x\n";
    let (text, left) = run(source);
    assert_eq!((text.as_str(), left.len()), (source, 0));
}

#[test]
fn the_syntax_line_stands_where_it_counts() {
    let login = "ARG HF_TOKEN\nRUN hf download m\n";
    for (head, expected) in [
        ("FROM a\n", "# syntax=docker/dockerfile:1\nFROM a\n"),
        ("\u{feff}FROM a\n", "\u{feff}# syntax=docker/dockerfile:1\nFROM a\n"),
        ("# syntax=docker/dockerfile:1.4\nFROM a\n", "# syntax=docker/dockerfile:1\nFROM a\n"),
        ("# check=skip=all\nFROM a\n", "# syntax=docker/dockerfile:1\n# check=skip=all\nFROM a\n"),
    ] {
        let (text, _) = run(&format!("{head}{login}"));
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn two_tokens_are_two_secrets() {
    let other = format!("hf_{}{}", "QmZtWcXpLbNvKdRgH", "yFsJaTeUoIqPzMwBx");
    let source = format!(
        "FROM a\nRUN hf download m --token {0}\nRUN hf download n --token {other}\nRUN hf auth login --token {other}\nRUN \
         python d.py\n",
        token()
    );
    let mended = mend(source.as_bytes());
    let text = String::from_utf8(mended.source.to_vec()).unwrap();
    assert!(
        text.contains("RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN hf download m --token $HF_TOKEN\n"),
        "{text}"
    );
    let second = "RUN --mount=type=secret,id=HF_TOKEN_2,env=HF_TOKEN_2 hf download n --token $HF_TOKEN_2\n";
    assert!(text.contains(second), "{text}");
    assert!(text.contains("RUN --mount=type=secret,id=HF_TOKEN_2,env=HF_TOKEN python d.py\n"), "{text}");
    assert!(mended.left.is_empty());
}

#[test]
fn what_counts_on_a_login_or_would_be_lost_stays() {
    for body in [
        "ARG HF_TOKEN\nRUN [\"bash\", \"-c\", \"pip install x && hf auth login --token $HF_TOKEN && python d.py\"]\n",
        "RUN hf auth login --token x && chown -R app /root/.cache/huggingface\n",
        "RUN hf auth login --token x\nRUN curl -H \"A: $(cat ~/.cache/huggingface/token)\" u\n",
        "RUN hf auth login --token x\nFROM a\nCOPY --from=0 /root/.cache/huggingface /h\n",
        "RUN --mount=\"type=secret,id=HF\" hf auth login --token \"$(cat /run/secrets/HF)\" && python a.py\n",
        "RUN hf auth login --token x --add-to-git-credential\nRUN git -C /m pull\n",
        "RUN hf auth login --token x && sudo -u app python d.py\n",
        "RUN --mount=type=secret,id=HF_TOKEN HF_TOKEN=$(cat /run/secrets/HF_TOKEN) && git clone \
         https://u:${HF_TOKEN}@huggingface.co/o/m\n",
        "RUN --mount=type=secret,id=T,env=T git clone https://u:$T@huggingface.co/o/m && cd m && git lfs pull\n",
    ] {
        let source = format!("FROM a\n{body}");
        let mended = mend(source.as_bytes());
        let text = String::from_utf8(mended.source.to_vec()).unwrap();
        let (before, after) = (source.matches("login").count(), text.matches("login").count());
        assert_eq!(before, after, "{text}");
        assert_eq!(source.matches("git clone").count(), text.matches("git clone").count(), "{text}");
        assert!(mended.left.iter().any(|left| left.why.is_some()), "{body}");
    }
    let (text, left) =
        run("# syntax=docker/dockerfile:1.4@sha256:00\nFROM a\nARG HF_TOKEN\nRUN hf download m\n");
    assert!(text.contains("ARG HF_TOKEN") && left.len() == 1, "{text}");
}

#[test]
fn a_cut_command_changes_nothing_of_the_rest() {
    for (body, expected) in [
        (
            "RUN set -e; [ -n \"$X\" ] && hf auth login --token @TOKEN@; python d.py\n",
            "RUN MOUNT set -e; python d.py\n",
        ),
        (
            "RUN python -c \"from huggingface_hub import login; login('@TOKEN@'); import download\"\n",
            "RUN MOUNT python -c \"from huggingface_hub import login; None; import download\"\n",
        ),
        (
            "ARG HF_TOKEN\nARG PYANNOTE_HF_TOKEN\nRUN python d.py\n",
            "RUN MOUNT --mount=type=secret,id=PYANNOTE_HF_TOKEN,env=PYANNOTE_HF_TOKEN python d.py\n",
        ),
        (
            "ARG HF_TOKEN\nSHELL [\"conda\", \"run\", \"-n\", \"e\", \"/bin/bash\", \"-c\"]\nRUN hf auth login --token $HF_TOKEN && hf \
             download m\n",
            "SHELL [\"conda\", \"run\", \"-n\", \"e\", \"/bin/bash\", \"-c\"]\nRUN MOUNT hf download m\n",
        ),
    ] {
        becomes(body, expected);
    }
}

#[test]
fn pieces_of_a_token_are_not_shown() {
    let token = token();
    let (head, tail) = token.split_at(18);
    for source in [
        format!("FROM a\nARG A={head}\nARG B={tail}\nENV T=$A$B\nRUN hf auth login --token $A$B\n"),
        format!(
            "FROM a\nARG HF_TOKEN\nRUN P=hf_; hf auth login --token ${{P}}{} && x\n",
            token.trim_start_matches("hf_")
        ),
    ] {
        let shown: Vec<_> =
            masked_lines(source.as_bytes()).iter().map(|line| line.as_str().to_owned()).collect();
        assert!(
            !shown.concat().contains(tail.get(..8).unwrap())
                && !shown.concat().contains(head.get(4..).unwrap()),
            "{shown:?}"
        );
    }
}

#[test]
fn a_token_is_masked_once() {
    let source = format!("FROM a\nENV HF_TOKEN={}\n", token());
    let lines = masked_lines(source.as_bytes());
    assert_eq!(lines[1].as_str(), "ENV HF_TOKEN=hf_…KtYx");
}

#[test]
fn a_default_of_the_same_name_is_hidden_in_any_stage() {
    let opaque = "Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901";
    for (lines, is_hidden) in [
        ("FROM a\nARG X=@\nRUN x\nFROM b\nARG X\nRUN hf auth login --token $X\n", true),
        ("FROM a\nENV X=@\nRUN x\nFROM b\nARG X\nRUN hf auth login --token $X\n", true),
        ("FROM a\nARG SHA=@\nRUN x\nFROM b\nARG X\nRUN hf auth login --token $X\n", false),
    ] {
        let lines = lines.replace('@', opaque);
        let shown: Vec<String> =
            masked_lines(lines.as_bytes()).iter().map(|line| line.as_str().to_owned()).collect();
        assert_eq!(shown[1].contains('…'), is_hidden, "{lines}: {shown:#?}");
        assert_eq!(shown[1].contains(opaque), !is_hidden, "{shown:#?}");
    }
}
