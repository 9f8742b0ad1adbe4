//! Generated Dockerfiles: the mended file can still be built, is otherwise unchanged and shows no token.

use super::{fixture_tests::holds, masked_lines, tests::token};
use crate::dockerfile::parse;

const COMMANDS: [&str; 18] = [
    "hf auth login --token x",
    "hf auth login --token $HF_TOKEN",
    "echo @TOKEN@ | huggingface-cli login",
    "hf auth logout",
    "rm ~/.cache/huggingface/token",
    "rm -rf ~/.cache",
    "hf download m",
    "hf download m --token @TOKEN@",
    "pip install x",
    "mkdir -p ~/.cache/huggingface; echo $HF_TOKEN > ~/.cache/huggingface/token",
    "if [ -n \"$HF_TOKEN\" ]; then hf auth login --token $HF_TOKEN; fi",
    "(hf auth login --token $HF_TOKEN)",
    "python -c 'from huggingface_hub import login; login()'",
    "python -c \"from huggingface_hub import login; login('@TOKEN@'); go()\"",
    "sh -c \"hf auth login --token $HF_TOKEN && hf download m\"",
    "git clone https://u:$HF_TOKEN@huggingface.co/o/r",
    "curl -H 'Authorization: Bearer @TOKEN@' u",
    "echo \"é $(cat /run/secrets/x)\"",
];
const JOINTS: [&str; 8] = [
    " && ",
    "; ",
    " || ",
    " \\\n && ",
    " && \\\n    # c\n    ",
    " ; \\\n\n  ",
    " | ",
    " \\\n # c @TOKEN@\n && ",
];
const OTHERS: [&str; 18] = [
    "FROM b\n",
    "FROM a AS c\n",
    "FROM b AS c\n",
    "ENV HF_TOKEN=@TOKEN@\n",
    "ENV A=1 \\\n  HF_TOKEN=x \\\n  # c\n  B=2\n",
    "ENV A=$HF_TOKEN B=$A\n",
    "ENV U=https://u:$HF_TOKEN@h\n",
    "ARG HF_TOKEN\n",
    "ARG HF_TOKEN=@TOKEN@ X\n",
    "ONBUILD ARG HF_TOKEN\n",
    "LABEL t=$HF_TOKEN u=v\n",
    "COPY --from=b / /\n",
    "COPY .netrc $HF_TOKEN /root/\n",
    "COPY <<EOF /x\n@TOKEN@\nEOF\n",
    "# c\n",
    "# @TOKEN@\n\n",
    "CMD serve --token @TOKEN@\n",
    "CMD [\"serve\", \"@TOKEN@\"]\n",
];
const RUNS: [(&str, &str); 5] = [
    ("RUN ", "\n"),
    ("ONBUILD RUN ", "\n"),
    ("RUN --mount=type=secret,id=x ", "\n"),
    ("RUN <<EOF\nset -e\n", "\nEOF\n"),
    ("RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN \\\n  ", "\n"),
];

fn run_instruction() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::{collection::vec, sample::select, strategy::Strategy as _};
    (select(&RUNS[..]), vec((select(&COMMANDS[..]), select(&JOINTS[..])), 1..5)).prop_map(
        |((head, tail), list)| {
            let last = list.len() - 1;
            let commands = list.into_iter().enumerate();
            let body: String = commands
                .map(|(at, (command, joint))| command.to_owned() + if at < last { joint } else { "" })
                .collect();
            // In a here-document, every line is independent.
            let body = if head.contains("EOF") { body.replace("\\\n", "\n") } else { body };
            format!("{head}{body}{tail}")
        },
    )
}

fn dockerfile() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::{collection::vec, prop_oneof, sample::select, strategy::Strategy as _};
    let other = select(&OTHERS[..]).prop_map(str::to_owned);
    (vec(prop_oneof![run_instruction(), other], 0..7), proptest::bool::ANY).prop_map(|(body, is_crlf)| {
        let source = format!("FROM a AS b\n{}", body.concat()).replace("@TOKEN@", &token());
        if is_crlf { source.replace('\n', "\r\n") } else { source }
    })
}

proptest::proptest! {
    #[test]
    fn whatever_is_mended_can_be_built(source in dockerfile()) {
        proptest::prop_assume!(parse(source.as_bytes()).flaws.is_empty());
        holds(&source, &source);
        let lines = masked_lines(source.as_bytes());
        assert_eq!(lines.len(), source.lines().count());
        assert!(lines.iter().all(|line| !line.as_str().contains(&token())));
    }
}
