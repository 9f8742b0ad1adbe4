//! Tests of variables that carry a token by where their values go, and of temporary files.

use super::check;
use crate::dockerfile::parse;

const ENV: &str = "token-in-env";
const ARG: &str = "token-in-arg";
const URL: &str = "token-in-url";
const FILE: &str = "token-written-to-file";

fn rules(lines: &str) -> Vec<&'static str> {
    let source = format!("FROM a\n{lines}\n");
    let hits = check(source.as_bytes(), &parse(source.as_bytes()));
    let mut rules: Vec<&str> = hits.iter().map(|hit| hit.rule.id.trim_start_matches("dockerfile/")).collect();
    rules.sort_unstable();
    rules
}

#[test]
fn a_value_that_goes_to_the_hub_is_a_token() {
    for (lines, expected) in [
        ("RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN T=$(mktemp) && echo $HF_TOKEN > $T", vec![FILE]),
        (
            "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN T=$(mktemp) && U=$(mktemp) && \
             echo $HF_TOKEN > $T && rm $U",
            vec![FILE],
        ),
        ("ARG T\nENV HF_TOKEN=$T", vec![ARG, ENV]),
        ("ARG A\nARG B\nENV HF_TOKEN=${A:-$B}", vec![ARG, ARG, ENV]),
        ("ARG A\nENV B=$A\nENV C=${B}\nRUN hf download m --token $C", vec![ARG, ENV, ENV]),
        ("ARG T\nLABEL hf_token=$T", vec![ARG]),
        ("ARG T\nRUN curl -H \"Authorization: Bearer $T\" https://huggingface.co/x", vec![ARG]),
        ("ARG T\nRUN X=$T && curl -H \"Authorization: Bearer $X\" https://huggingface.co/x", vec![ARG]),
        ("ARG T\nRUN wget --header=\"Authorization: Bearer ${T}\" https://huggingface.co/x", vec![ARG]),
        (
            "ARG P\nRUN echo \"machine huggingface.co login u password $P\" > ~/.netrc && hf download x",
            vec![ARG, FILE],
        ),
        ("ARG P\nCOPY <<EOF /root/.netrc\nmachine huggingface.co login u password $P\nEOF", vec![ARG, FILE]),
        ("ARG T\nRUN echo $T > ~/.cache/huggingface/token", vec![ARG, FILE]),
        ("ARG T\nCOPY <<EOF /root/.cache/huggingface/token\n$T\nEOF", vec![ARG, FILE]),
        ("ARG T\nRUN echo $T | hf auth login && hf auth logout", vec![ARG]),
        ("ARG T\nRUN git clone https://u:$T@huggingface.co/x", vec![ARG, URL]),
        ("ARG T\nADD https://u:$T@huggingface.co/x /x", vec![ARG, URL]),
        ("ARG T\nRUN printf '%s' \"$T\" | hf auth login && hf auth logout", vec![ARG]),
        ("ARG T\nRUN printf '%s\\n' $T > ~/.cache/huggingface/token", vec![ARG, FILE]),
        ("ARG T\nRUN printf 'machine hf.co login %s password %s\\n' u \"$T\" > ~/.netrc", vec![ARG, FILE]),
        ("ARG T\nENV HF_HOME=/data\nRUN echo $T > /data/token", vec![ARG, FILE]),
        ("ARG T\nENV HF_HOME=/data\nRUN echo $T | tee $HF_HOME/token", vec![ARG, FILE]),
        ("ARG T\nENV HF_TOKEN_PATH=/opt/t\nRUN echo $T > ${HF_TOKEN_PATH}", vec![ARG, FILE]),
        ("ARG T\nWORKDIR /w\nENV HF_HOME=hub\nRUN echo $T > hub/token", vec![ARG, FILE]),
        ("ENV HF_TOKEN_PATH=/opt/t\nRUN echo Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh > /opt/t", vec![FILE]),
        (
            "ARG T\nRUN python -c \"import os, subprocess as s; \
             s.run(['hf', 'auth', 'login', '--token', os.environ['T']]); s.run(['hf', 'auth', 'logout'])\"",
            vec![ARG],
        ),
        (
            "ARG T\nRUN python -c \"from huggingface_hub import login; login('$T')\" && hf auth logout",
            vec![ARG],
        ),
        (
            "ARG T\nRUN python -c \"from huggingface_hub import HfFolder as F; F.save_token('$T')\" && hf auth logout",
            vec![ARG],
        ),
        ("ARG T\nRUN python -c \"import huggingface_hub as h; h.login('$T')\" && hf auth logout", vec![ARG]),
        (
            "ARG T\nRUN python -c \"import os; from huggingface_hub import HfFolder; \
             HfFolder.save_token(os.environ['T'])\" && hf auth logout",
            vec![ARG],
        ),
        (
            "ARG T\nRUN python <<EOF\nimport os\nfrom transformers import AutoModel\n\
             AutoModel.from_pretrained('m', token=os.getenv(\"T\"))\nEOF",
            vec![ARG],
        ),
        ("ARG T\nRUN printf 'HF_TOKEN=%s' $T && export HF_TOKEN=${T:?missing} && make", vec![ARG]),
    ] {
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(rules(lines), expected, "{lines}");
    }
}

#[test]
fn other_values_and_temporary_files_are_silent() {
    for lines in [
        "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN T=$(mktemp) && echo $HF_TOKEN > \"$T\" && x \"$T\"; rm -f \"$T\"",
        "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN D=`mktemp -d` && echo $HF_TOKEN > $D/t && x && rm -r $D",
        "RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN T=$(mktemp) && trap 'rm -f \"$T\"' EXIT && echo $HF_TOKEN > $T",
        "ARG T\nENV GITHUB_TOKEN=$T",
        "ARG T\nRUN curl -H \"Authorization: Bearer $T\" https://api.github.com && curl https://huggingface.co/x",
        "ARG REV\nRUN hf download org/model --revision $REV",
        "ARG T\nRUN git clone https://u:$T@github.com/x && git clone https://huggingface.co/x",
        "ARG T\nRUN python -c \"import wandb, os; wandb.login(key=os.environ['T'])\"",
        "ARG T\nRUN echo '$T' | hf auth whoami",
        "ARG N\nRUN python -c \"from transformers import AutoModel; AutoModel.from_pretrained('$N')\"",
        "ARG T\nRUN echo \"machine github.com login u password $T\" | cat",
    ] {
        assert_eq!(rules(lines), [""; 0], "{lines}");
    }
}

#[test]
fn long_chains_take_linear_time() {
    use std::fmt::Write as _;
    let mut chain = "ARG A0\n".to_owned();
    for n in 1..5000 {
        writeln!(chain, "ENV A{n}=$A{}", n - 1).unwrap();
    }
    chain.push_str("RUN hf download m --token $A4999");
    assert_eq!(rules(&chain).len(), 5000);
    let each = |form: fn(usize) -> String| (0..5000).map(form).collect::<Vec<_>>().concat();
    let (many, used) = (each(|n| format!("ARG B{n}\n")), each(|n| format!("$B{n} ")));
    assert_eq!(rules(&format!("{many}RUN hf download m {used}")), [""; 0]);
}
