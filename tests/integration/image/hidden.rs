//! Secrets of unknown shape that are found, and that nothing shows, however they are spelled elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;

use crate::support::cache::{CachePlace, text};
use crate::support::token::Random;
use crate::support::{Image, Layer, Layout, Outcome, Place, Stdin, Tar, stowaway};

/// The number of characters in a row that may not be shown.
const WIDTH: usize = 6;

fn pick<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    of[random.below(of.len())]
}

fn number(random: &mut Random, below: usize) -> usize {
    random.below(below)
}

/// Returns the text, spelled in one of many ways.
fn spelled(random: &mut Random, secret: &str) -> String {
    let cut = 1 + number(random, secret.len() - 1);
    let (front, back) = secret.split_at(cut);
    let each = |spell: &dyn Fn(u8) -> String| secret.bytes().map(spell).collect::<String>();
    match number(random, 16) {
        0 => secret.to_owned(),
        1 => format!("{front}\"\"{back}"),
        2 => format!("'{front}''{back}'"),
        3 => format!("\"{front}\"'{back}'"),
        4 => format!("{front}\\\n    {back}"),
        5 => format!("\"{front}\" + \"{back}\""),
        6 => format!("\"{front}\" \\\n  \"{back}\""),
        7 => each(&|b| format!("\\{}", char::from(b))),
        8 => each(&|b| format!("\\x{b:02x}")),
        9 => each(&|b| format!("\\u{b:04x}")),
        10 => each(&|b| format!("%{b:02X}")),
        11 => each(&|b| format!("{b:02x}")),
        12 => STANDARD.encode(format!("{}{secret}", &"user:"[..number(random, 5)])),
        13 => URL_SAFE.encode(STANDARD.encode(secret)),
        14 => each(&|b| format!("&#{b};")),
        _ => front.to_owned(),
    }
}

#[track_caller]
fn assert_hidden(outcome: &Outcome, secret: &str, case: &str) {
    for piece in secret.as_bytes().windows(WIDTH).map(|piece| std::str::from_utf8(piece).unwrap()) {
        for (name, output) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
            assert!(!output.contains(piece), "{case}: {piece} of {secret} in {name}: {output}");
        }
    }
}

fn secret(random: &mut Random) -> String {
    const ALPHABET: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut draw = || (0..18).map(|_| char::from(ALPHABET[random.below(ALPHABET.len())])).collect::<String>();
    format!("{}7x{}", draw(), draw())
}

/// Commands that leave the secret in a file, and those that only name it.
const COMMANDS: [&str; 12] = [
    "RUN echo @@ | hf auth login",
    "RUN /bin/sh -c python -c \"from huggingface_hub import login; login('@@')\"",
    "RUN echo machine huggingface.co login u password @@ > ~/.netrc",
    "RUN docker login -u u -p @@ registry.hf.space",
    "RUN X=@@; hf auth login --token $X",
    "RUN |1 T=@@ /bin/sh -c hf auth login --token $T",
    "RUN |1 HF_TOKEN=@@ /bin/sh -c true",
    "RUN printf @@ > /root/.cache/huggingface/token",
    "COPY @@ /app",
    "LABEL a=@@",
    "RUN some-tool @@ --verbose",
    "RUN git clone https://u:@@@huggingface.co/a/b",
];

#[test]
fn no_output_shows_what_was_found() {
    for round in 0..40 {
        let mut random = Random::new(&format!("hidden {round}"));
        let secret = secret(&mut random);
        let mut say = |text: &str| {
            let spelled = spelled(&mut random, &secret);
            text.replace("@@", &spelled)
        };
        let history: Vec<_> = COMMANDS.iter().map(|command| json!({"created_by": say(command)})).collect();
        let labels = json!({"a": say("@@"), say("b-@@"): "x", "c": say("{\"t\": \"@@\"}")});
        let odd: String = say("srv/@@/key").replace(['\n', '\0'], "");
        let kept = [
            ("root/.cache/huggingface/token", secret.clone()),
            ("root/.netrc", format!("machine huggingface.co login u password {secret}\n")),
            ("root/.git-credentials", format!("https://u:{secret}@huggingface.co\n")),
            ("app/x.py", format!("HF_TOKEN = '{secret}'\n")),
        ];
        let (path, content) = &kept[round % kept.len()];
        let layers: Vec<Layer> = (0..COMMANDS.len())
            .map(|number| {
                let tar = Tar::new().file(format!("etc/{number}"), "x");
                let tar = if number == 3 { tar.file(path, content).file(&odd, "HF_HOME") } else { tar };
                Layer::new(&tar.finish())
            })
            .collect();
        let image = Image::new("app:latest", layers).history(json!(history)).with("Labels", labels);
        let own = CachePlace::new(&format!("round{round}"));
        let archive = own.place.write("app.tar", Layout::of(&[&image]).files().archive());
        for format in ["json", "text"] {
            let outcome = own.stowaway(&["scan", "--format", format, text(&archive)]);
            assert_eq!(outcome.code, 1, "{}", outcome.stdout);
            assert_hidden(&outcome, &secret, &format!("{round} {path}"));
        }
        let cache = String::from_utf8_lossy(&own.bytes()).into_owned();
        assert!(
            secret
                .as_bytes()
                .windows(WIDTH)
                .all(|piece| !cache.contains(std::str::from_utf8(piece).unwrap()))
        );
    }
}

#[test]
fn no_diff_shows_a_secret_of_a_dockerfile() {
    for round in 0..40 {
        let mut random = Random::new(&format!("diff {round}"));
        let secret = secret(&mut random);
        let (front, back) = secret.split_at(1 + number(&mut random, secret.len() - 1));
        let spelled = match number(&mut random, 5) {
            0 => secret.clone(),
            1 => format!("{front}\\\n{back}"),
            2 => format!("{front}\"\"{back}"),
            3 => format!("'{front}'\"{back}\""),
            _ => format!("\"{front}\"\\\n{back}"),
        };
        let leak = pick(
            &mut random,
            &[
                "RUN hf auth login --token @@ && hf download a/b",
                "RUN X=@@ && hf auth login --token $X && hf download a/b",
                "RUN echo @@ | hf auth login && hf download a/b",
                "ENV HF_TOKEN=@@",
                "RUN git clone https://u:@@@huggingface.co/a/b",
                "RUN echo @@ > ~/.cache/huggingface/token",
                "RUN python -c \"from huggingface_hub import login; login('@@')\"",
            ],
        );
        let source = format!("FROM python\n{}\nRUN hf download a/b\n", leak.replace("@@", &spelled));
        let place = Place::new(&format!("diff{round}"));
        let path = place.write("Dockerfile", &source);
        let path = text(&path);
        for args in [&["fix", path][..], &["scan", path], &["scan", "--format", "json", path]] {
            let outcome = stowaway(args, Stdin::Empty);
            assert_hidden(&outcome, &secret, &source);
        }
    }
}
