//! Secrets in the commands of an image: those of its history, and those that a container runs. They are read as
//! instructions of a Dockerfile, so that what is written in pieces, encoded or handed on by variables is found here as
//! it is there.

use crate::detect::{self, TokenKind};
use crate::dockerfile::history::{as_dockerfile, exec_form};
use crate::image::{Config, Field, FieldStep};
use crate::rules::dockerfile::unknown::{Held, held};
use crate::sensitive::Name;
use crate::verdict::FieldToken;

/// The longest command that is read.
const LONGEST: usize = 1 << 20;

/// The secrets and findings in the commands of an image.
#[derive(Default)]
pub(super) struct Commands {
    /// The tokens that no search of single strings has found.
    pub(super) found: Vec<FieldToken>,
    /// The tokens and values of unknown shape of which the report must hide each piece.
    pub(super) secrets: Vec<Name>,
}

/// Reads the commands of a config. `known` was found in its strings.
pub(super) fn read(config: &Config, known: &[FieldToken]) -> Commands {
    let mut commands = Commands::default();
    for (number, entry) in config.history.iter().enumerate() {
        let Some(text) = &entry.created_by else { continue };
        if text.len() > LONGEST {
            continue;
        }
        let Ok(created_by) = std::str::from_utf8(text) else { continue };
        let field = [member("history"), FieldStep::Item(number), member("created_by")];
        commands.add(&field, text, known, held(&as_dockerfile(created_by)));
    }
    for (name, words) in &config.commands {
        let len: usize = words.iter().map(|word| word.len()).sum();
        if len == 0 || len > LONGEST {
            continue;
        }
        let source = exec_form(words.iter().map(|word| &**word));
        commands.add(&[member("config"), member(name)], &Name::default(), known, held(&source));
    }
    for assignment in &config.env {
        commands.secrets.extend(tokens_in(assignment));
    }
    commands
}

/// Returns the tokens in a text, as they are written there.
fn tokens_in(text: &[u8]) -> impl Iterator<Item = Name> {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    let found = detect::find(text).into_iter().filter(|token| token.via.is_empty());
    found.filter_map(move |token| text.get(place(token.at.start)..place(token.at.end)).map(Name::from))
}

fn member(name: &str) -> FieldStep {
    FieldStep::Member(name.into())
}

impl Commands {
    /// Adds what one command holds. A command with a token, or with one value of unknown shape, has no finding for
    /// another such value.
    fn add(&mut self, field: &[FieldStep], text: &Name, known: &[FieldToken], held: Held) {
        let Held { found, hidden } = held;
        self.secrets.extend(hidden);
        if found.is_empty() {
            return;
        }
        // A token may be whole in one place and in pieces in another.
        self.secrets.extend(found.iter().map(|(.., secret)| secret.clone()));
        let field: Field = field.iter().cloned().collect();
        let within = |token: &&FieldToken| is_within(&token.field, &field);
        let mut tokens: Vec<_> = known.iter().filter(within).map(|token| token.token.clone()).collect();
        let (unknown, kinds): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(token, ..)| token.kind == TokenKind::UNKNOWN);
        for (token, confidence, secret) in kinds.into_iter().chain(unknown) {
            let is_other = token.kind == TokenKind::UNKNOWN && !tokens.is_empty();
            if is_other || tokens.contains(&token) {
                continue;
            }
            tokens.push(token.clone());
            self.found.push(FieldToken {
                field: field.clone(),
                text: text.clone(),
                token,
                secret: Some(secret),
                is_named: false,
                confidence,
                via: Vec::new(),
            });
        }
    }
}

/// Returns true if a field is the other one, or within it. Letter case is ignored, as Go's decoder does.
fn is_within(field: &Field, other: &Field) -> bool {
    let is_same = |(a, b): (&FieldStep, &FieldStep)| match (a, b) {
        (FieldStep::Member(a), FieldStep::Member(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    };
    let (inner, outer) = (field.steps(), other.steps());
    inner.len() >= outer.len() && inner.iter().zip(outer).all(is_same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Secrets;

    const HALVES: [&str; 2] = ["Zq7umpmhsEJNpjJOQGar", "b3FlYmGylvuh4fJXq901"];

    /// Reads the commands of a config. `H1` and `H2` stand for the halves of a secret, `SECRET` for both.
    fn read_in(config: &serde_json::Value, halves: [&str; 2]) -> (usize, Vec<Name>) {
        let text = filled(&config.to_string(), halves);
        let config = Config::read(text.as_bytes()).unwrap();
        let Commands { found, secrets } = read(&config, &[]);
        let secrets = found.iter().filter_map(|found| found.secret.clone()).chain(secrets).collect();
        (found.len(), secrets)
    }

    fn filled(text: &str, halves: [&str; 2]) -> String {
        let whole = halves.concat();
        let encoded = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
        let values = [
            ("BASE64", encoded(&whole)),
            ("EXPORT64", encoded(&format!("export HF_TOKEN={whole}\n"))),
            ("SECRET", whole.clone()),
            ("H1", halves[0].to_owned()),
            ("H2", halves[1].to_owned()),
        ];
        // In one pass: a value may contain the name of another.
        let (mut out, mut rest) = (String::new(), text);
        'text: while let Some(char) = rest.chars().next() {
            for (name, value) in &values {
                if let Some(behind) = rest.strip_prefix(name) {
                    out.push_str(value);
                    rest = behind;
                    continue 'text;
                }
            }
            out.push(char);
            rest = rest.strip_prefix(char).unwrap();
        }
        out
    }

    #[test]
    fn a_secret_that_holds_the_name_of_a_placeholder_is_filled_in_whole() {
        assert_eq!(filled("a SECRET b H2", ["xH2", "H1y"]), "a xH2H1y b H1y");
    }

    fn of_history(created_by: &str) -> serde_json::Value {
        serde_json::json!({
            "os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []},
            "history": [{"created_by": created_by}],
        })
    }

    fn of_command(config: &serde_json::Value) -> serde_json::Value {
        serde_json::json!({
            "os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []},
            "config": config,
        })
    }

    /// Fails if the secrets that were found do not hide each six characters of the halves in a text.
    fn assert_hidden(text: &str, halves: [&str; 2], secrets: &[Name]) {
        let text = filled(text, halves);
        let hidden = Secrets::new(secrets.iter().map(|secret| &**secret)).unwrap().hidden(text.as_bytes());
        let hidden = hidden.map_or(text.clone(), |hidden| String::from_utf8(hidden).unwrap());
        let encoded = filled("BASE64", halves);
        for secret in [halves.concat(), encoded.trim_end_matches('=').to_owned()] {
            for piece in secret.as_bytes().windows(6) {
                let piece = std::str::from_utf8(piece).unwrap();
                assert!(!hidden.contains(piece), "{text}: {hidden}");
            }
        }
    }

    const SPELLED: [&str; 38] = [
        "RUN |1 TOKEN=SECRET /bin/sh -c hf auth login --token $TOKEN # buildkit",
        "|2 A=b TOKEN=SECRET /bin/sh -c hf auth login --token \"${TOKEN}\"",
        "RUN |1 TOKEN=SECRET /bin/bash -o pipefail -c echo ${TOKEN} | hf auth login # buildkit",
        "|1 TOKEN=SECRET /bin/sh -c python -c \"from huggingface_hub import login; import os; login(os.environ['TOKEN'])\"",
        "RUN /bin/sh -c T=SECRET; hf auth login --token $T # buildkit",
        "RUN /bin/sh -c X=SECRET && export HF_TOKEN=\"$X\" && hf download o/m # buildkit",
        "/bin/sh -c A=SECRET; B=$A; C=\"${B}\"; hf auth login --token \"$C\"",
        "/bin/sh -c A=SECRET; export B=$A; hf auth login --token ${B:-x}",
        "/bin/sh -c hf auth login --token ${T:-SECRET}",
        "/bin/sh -c for t in SECRET; do hf auth login --token $t; done",
        "/bin/sh -c set -- SECRET; hf auth login --token $1",
        "/bin/sh -c T=$(echo SECRET); hf auth login --token $T",
        "/bin/sh -c hf auth login --token \"H1\"\"H2\" ; echo SECRET | hf auth login",
        "/bin/sh -c hf auth login --token 'H1'\"H2\" ; echo SECRET | hf auth login",
        "/bin/sh -c hf auth login --token H1\\\nH2 ; echo SECRET | hf auth login",
        "/bin/sh -c A=H1; B=H2; hf auth login --token $A$B # buildkit",
        "/bin/sh -c A=H1; AB=H2; hf auth login --token $A$AB",
        "/bin/sh -c A=H1; B=${A}H2; export HF_TOKEN=$B",
        "/bin/sh -c python -c \"from huggingface_hub import login; login('H1' + 'H2')\"",
        "/bin/sh -c python -c \"from huggingface_hub import login; login('H1' 'H2')\"",
        "/bin/sh -c python -c \"from huggingface_hub import login; login(''.join(['H1', 'H2']))\"",
        "/bin/sh -c cat <<EOF > /root/.cache/huggingface/token\nSECRET\nEOF\n",
        "/bin/sh -c cat > /root/.cache/huggingface/token <<EOF\nSECRET\nEOF\n",
        "/bin/sh -c tee ~/.cache/huggingface/token <<'EOF'\nSECRET\nEOF\n",
        "/bin/sh -c cat <<-EOF > /root/.cache/huggingface/token\n\tSECRET\n\tEOF\n",
        "/bin/sh -c T=SECRET; cat <<EOF > /root/.cache/huggingface/token\n$T\nEOF\n",
        "/bin/sh -c hf auth login <<EOF\nSECRET\nEOF\n",
        "/bin/sh -c cat <<EOF | hf auth login\nSECRET\nEOF\n",
        "COPY <<EOF /root/.cache/huggingface/token\nSECRET\nEOF",
        "/bin/sh -c echo 'H1''H2' > /root/.cache/huggingface/token",
        "/bin/sh -c A=H1; B=H2; printf %s%s $A $B > ~/.cache/huggingface/token",
        "/bin/sh -c echo BASE64 | base64 -d | hf auth login # buildkit",
        "/bin/sh -c base64 -d <<< BASE64 | hf auth login",
        "/bin/sh -c hf auth login --token $(echo BASE64 | base64 --decode)",
        "/bin/sh -c echo EXPORT64 | base64 -d | sh",
        "ENV HF_TOKEN SECRET",
        "/bin/sh -c #(nop)  ENV HF_TOKEN=SECRET",
        "CMD [\"hf\" \"download\" \"--token\" \"SECRET\"]",
    ];

    #[test]
    fn secrets_in_the_history_are_found_and_hidden() {
        let token = [["hf", "_ZqumpmhsEJNpjJOQ"].concat(), "GarbFlYmGylvuhfJXq".to_owned()];
        let mut missed = Vec::new();
        for text in SPELLED {
            for halves in [HALVES, [token[0].as_str(), &token[1]]] {
                let (found, secrets) = read_in(&of_history(text), halves);
                if found == 1 {
                    assert_hidden(text, halves, &secrets);
                } else {
                    missed.push((text, halves[0].len(), found));
                }
            }
        }
        assert!(missed.is_empty(), "{missed:#?}");
    }

    #[test]
    fn secrets_in_the_command_of_a_container_are_found() {
        for config in [
            serde_json::json!({"Cmd": ["hf", "download", "o/m", "--token", "SECRET"]}),
            serde_json::json!({"Cmd": ["hf", "download", "o/m", "--token=SECRET"]}),
            serde_json::json!({"Entrypoint": ["/bin/sh", "-c", "T=SECRET; hf auth login --token $T"]}),
        ] {
            assert_eq!(read_in(&of_command(&config), HALVES).0, 1, "{config}");
        }
    }

    #[test]
    fn ordinary_commands_hold_nothing() {
        for text in [
            "|1 VERSION=1.2.3 /bin/sh -c curl -L https://example.com/$VERSION.tgz | tar xz",
            "RUN |2 REVISION=Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901 HF_HUB_VERSION=1.2 /bin/sh -c pip install huggingface_hub==$HF_HUB_VERSION # buildkit",
            "RUN |1 HF_TOKEN=unset /bin/sh -c hf auth login --token $HF_TOKEN # buildkit",
            "/bin/sh -c hf auth login --token $(cat /run/secrets/HF_TOKEN)",
            "/bin/sh -c --mount=type=secret,id=HF_TOKEN hf download o/m",
            "ENV HF_HOME=/data HF_REVISION=Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901",
            "/bin/sh -c echo Zq7umpmhsEJNpjJOQGarb3FlYmGylvuh4fJXq901 | sha256sum -c",
            "/bin/sh -c echo aGVsbG8gd29ybGQgYW5kIG1vcmU= | base64 -d > /etc/motd",
            "COPY file:0a1b2c in /root/.cache/huggingface/token ",
            "CMD [\"python\" \"serve.py\"]",
            "",
        ] {
            let (found, secrets) = read_in(&of_history(text), HALVES);
            assert_eq!((found, secrets.len()), (0, 0), "{text}");
        }
    }

    #[test]
    fn paths_are_no_secrets() {
        let token = [["hf", "_ZqumpmhsEJNpjJOQ"].concat(), "GarbFlYmGylvuhfJXq".to_owned()];
        let halves = [token[0].as_str(), &token[1]];
        for text in [
            "RUN /bin/sh -c ( mkdir -p ~/.cache/huggingface; printf '%s' \"SECRET\" > ~/.cache/huggingface/token ) # buildkit",
            "/bin/sh -c ( mkdir -p ~/.cache/huggingface; printf '%s' \"SECRET\" > ~/.cache/huggingface/token )",
            "RUN /bin/sh -c rm ~/.cache/huggingface/token # buildkit",
        ] {
            let (_, secrets) = read_in(&of_history(text), halves);
            let shown: Vec<String> =
                secrets.iter().map(|s| String::from_utf8_lossy(s).into_owned()).collect();
            assert!(shown.iter().all(|s| !s.contains("cache")), "{text}: {shown:?}");
        }
    }

    #[test]
    fn long_histories_take_linear_time() {
        for word in
            ["a", "$A ", "A=$A$A; ", "'a' + ", "`echo a`", "cat <<E > f\na\nE\n", "--token a ", "base64 -d "]
        {
            let text = format!("|1 A=b /bin/sh -c {}", word.repeat((1 << 16) / word.len()));
            read_in(&of_history(&text), HALVES);
        }
    }

    #[test]
    fn the_half_of_a_token_of_the_environment_is_hidden() {
        let token = [["hf", "_ZqumpmhsEJNpjJOQ"].concat(), "GarbFlYmGylvuhfJXq".to_owned()];
        let halves = [token[0].as_str(), &token[1]];
        let (_, secrets) = read_in(&of_command(&serde_json::json!({"Env": ["HF_TOKEN=SECRET"]})), halves);
        assert_hidden("ENV A=H1", halves, &secrets);
    }

    /// `WORD` stands for a secret, however it is quoted.
    const COMMANDS: [&str; 7] = [
        "RUN /bin/sh -c hf auth login --token WORD # buildkit",
        "/bin/sh -c T=WORD; hf auth login --token $T; echo SECRET",
        "/bin/sh -c A=WORD && export HF_TOKEN=\"$A\"; echo H1 H2",
        "/bin/sh -c echo WORD | hf auth login; echo H2",
        "/bin/sh -c echo WORD > ~/.cache/huggingface/token; echo BASE64",
        "RUN |1 T=SECRET /bin/sh -c hf auth login --token $T; echo WORD # buildkit",
        "/bin/sh -c A=H1; B=H2; hf auth login --token ${A}$B; echo WORD",
    ];

    proptest::proptest! {
        #[test]
        fn no_spelling_of_a_secret_is_shown(
            // Without the H of the placeholders.
            secret in "[A-GI-Za-z0-9]{40}",
            cuts in proptest::collection::vec((1..40_usize, 0..5_usize), 0..5),
            command in proptest::sample::select(&COMMANDS[..]),
        ) {
            let mut word = secret.clone();
            let mut cuts = cuts;
            cuts.sort_unstable();
            cuts.dedup_by_key(|(at, _)| *at);
            for (at, glue) in cuts.into_iter().rev() {
                word.insert_str(at, ["\"\"", "''", "\\\n", "\\", ""][glue]);
            }
            let text = command.replace("WORD", &word);
            let halves = secret.split_at(20);
            let halves = [halves.0, halves.1];
            // A plainly written value that is not random enough is no finding.
            let plain = read_in(&of_history("/bin/sh -c hf auth login --token SECRET"), halves).0;
            let (found, secrets) = read_in(&of_history(&text), halves);
            proptest::prop_assert_eq!(found, plain, "{}", text);
            if found > 0 {
                assert_hidden(&text, halves, &secrets);
            }
        }
    }
}
