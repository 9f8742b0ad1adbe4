//! Generated cases. Each combines a source of the token, a use, a cleanup, build stages and a form of the
//! script.

use std::fmt::Write as _;

use crate::case::Case;

/// A way for the token to get into the build.
struct Way {
    name: &'static str,
    /// The header of the case.
    header: &'static str,
    /// Instructions before the `RUN`.
    lines: &'static str,
    /// The flag of the `RUN`.
    mount: &'static str,
    /// The shell expression for the token.
    token: &'static str,
    /// Whether the Hub's tools read the token from a variable. A logout fails in that case.
    is_read: bool,
}

const WAYS: [Way; 6] = [
    Way {
        name: "secret",
        header: "secret HF_TOKEN",
        lines: "",
        mount: "--mount=type=secret,id=HF_TOKEN ",
        token: "$(cat /run/secrets/HF_TOKEN)",
        is_read: false,
    },
    Way {
        name: "variable",
        header: "secret HF_TOKEN",
        lines: "",
        mount: "--mount=type=secret,id=HF_TOKEN,env=HF_TOKEN ",
        token: "$HF_TOKEN",
        is_read: true,
    },
    Way {
        name: "arg",
        header: "argument HF_TOKEN",
        lines: "ARG HF_TOKEN\n",
        mount: "",
        token: "${HF_TOKEN}",
        is_read: true,
    },
    Way {
        name: "other",
        header: "argument MY_TOKEN",
        lines: "ARG MY_TOKEN=none\n",
        mount: "",
        token: "$MY_TOKEN",
        is_read: false,
    },
    Way {
        name: "env",
        header: "argument HF_TOKEN",
        lines: "ARG HF_TOKEN\nENV HF_TOKEN=$HF_TOKEN\n",
        mount: "",
        token: "$HF_TOKEN",
        is_read: true,
    },
    Way { name: "literal", header: "", lines: "", mount: "", token: "@HF_TOKEN@", is_read: false },
];

/// A use of the token.
struct Use {
    name: &'static str,
    /// Commands. `@T@` is replaced by the token.
    commands: &'static [&'static str],
    /// The common directory of the files that the commands write.
    directory: &'static str,
    files: &'static [&'static str],
    is_login: bool,
}

/// The builders whose history has the value of an `ARG`.
const ARG_IS_KEPT: &str = "docker-28";

const CACHE: &str = "/root/.cache/huggingface";

const USES: [Use; 10] = [
    Use {
        name: "write",
        commands: &["mkdir -p /etc/hub", "printf '%s' \"@T@\" > /etc/hub/token"],
        directory: "/etc/hub",
        files: &["token"],
        is_login: false,
    },
    Use {
        name: "login",
        commands: &["hf auth login --token \"@T@\""],
        directory: CACHE,
        files: &["token", "stored_tokens"],
        is_login: true,
    },
    Use {
        name: "moved",
        commands: &["export HF_HOME=/opt/hf", "hf auth login --token \"@T@\""],
        directory: "/opt/hf",
        files: &["token", "stored_tokens"],
        is_login: true,
    },
    Use {
        name: "python",
        commands: &["python3 -c \"from huggingface_hub import login; login('@T@')\""],
        directory: CACHE,
        files: &["token", "stored_tokens"],
        is_login: true,
    },
    Use {
        name: "download",
        commands: &["hf download org/model config.json --token \"@T@\""],
        directory: "/srv/none",
        files: &["token"],
        is_login: false,
    },
    Use {
        name: "tee",
        commands: &["mkdir -p /opt/tee", "echo \"@T@\" | tee /opt/tee/a /opt/tee/b > /dev/null"],
        directory: "/opt/tee",
        files: &["a", "b"],
        is_login: false,
    },
    Use {
        name: "cache",
        commands: &["mkdir -p ~/.cache/huggingface", "printf '%s' \"@T@\" > ~/.cache/huggingface/token"],
        directory: CACHE,
        files: &["token"],
        is_login: false,
    },
    Use {
        name: "dump",
        commands: &["mkdir -p /opt/dump", "export SOME_TOKEN=\"@T@\"", "env > /opt/dump/env.txt"],
        directory: "/opt/dump",
        files: &["env.txt"],
        is_login: false,
    },
    Use {
        name: "directory",
        commands: &["mkdir -p /opt/cd/x", "cd /opt/cd", "printf 'token: %s\\n' \"@T@\" >> x/../here"],
        directory: "/opt/cd",
        files: &["here"],
        is_login: false,
    },
    Use { name: "nothing", commands: &["true"], directory: "/srv/none", files: &["x"], is_login: false },
];

const OUTS: [&str; 8] =
    ["kept", "removed", "removed-later", "one-removed", "directory-removed", "logout", "tmpfs", "cache"];
const STAGES: [&str; 6] =
    ["single", "not-copied", "directory-copied", "file-copied", "from-builder", "relative-copied"];
const FORMS: [&str; 6] = ["chain", "lines", "heredoc", "subshell", "exec", "bash"];

/// A choice for each part, by number. Lower numbers are simpler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made([usize; 5]);

const SIZES: [usize; 5] = [WAYS.len(), USES.len(), OUTS.len(), STAGES.len(), FORMS.len()];

/// Returns `count` distinct choices, the same on every run.
pub(crate) fn made(count: usize) -> Vec<Made> {
    let mut state: u64 = 0x5707_a3a1;
    // The limit is far below the number of combinations, so that the loop ends.
    assert!(count <= 5000, "at most 5000 are made");
    let mut all: Vec<Made> = Vec::new();
    while all.len() < count {
        let choice = SIZES.map(|size| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % size
        });
        let made = Made(choice);
        if made.can_be() && !all.contains(&made) {
            all.push(made);
        }
    }
    all
}

impl Made {
    /// Whether the case is valid. A logout fails if a variable holds the token, or without a login. And the
    /// auditor can only know that a variable of any name holds a token if the Hub's tools get it.
    fn can_be(self) -> bool {
        let Self([way, used, out, ..]) = self;
        let is_known = WAYS[way].name != "other" || USES[used].is_login || USES[used].name == "download";
        let can_log_out = USES[used].is_login && !WAYS[way].is_read;
        is_known && (OUTS[out] != "logout" || can_log_out)
    }

    /// Returns the choices that are simpler in one part.
    pub(crate) fn simpler(self) -> impl Iterator<Item = Self> {
        let lower = move |part: usize| {
            (0..self.0[part]).map(move |number| {
                let mut choice = self.0;
                choice[part] = number;
                Self(choice)
            })
        };
        (0..SIZES.len()).flat_map(lower).filter(|made| made.can_be())
    }

    pub(crate) fn case(self) -> Case {
        let Self([way, used, out, stages, form]) = self;
        let name = [WAYS[way].name, USES[used].name, OUTS[out], STAGES[stages], FORMS[form]].join("_");
        let mut case = Case::parse(&format!("made_{name}"), &self.text());
        case.is_made = true;
        case
    }

    /// Returns the Dockerfile, with its header.
    pub(crate) fn text(self) -> String {
        let Self([way, used, out, stages, form]) = self;
        let (way, used) = (&WAYS[way], &USES[used]);
        let path = |file: &&str| format!("{}/{file}", used.directory);
        let files: Vec<String> = used.files.iter().map(path).collect();
        let mut commands: Vec<String> =
            used.commands.iter().map(|command| command.replace("@T@", way.token)).collect();
        let mut mount = way.mount.to_owned();
        let mut later = String::new();
        match OUTS[out] {
            "removed" => commands.push(format!("rm -f {}", files.join(" "))),
            "removed-later" => later = format!("RUN rm -f {}\n", files.join(" ")),
            "one-removed" => commands.push(format!("rm {} || true", files[0])),
            "directory-removed" => commands.push(format!("rm -rf {}", used.directory)),
            "logout" => commands.push("hf auth logout".to_owned()),
            kind @ ("tmpfs" | "cache") => {
                mount = format!("{mount}--mount=type={kind},target={} ", used.directory);
            }
            _ => {}
        }
        let run = match FORMS[form] {
            "lines" => format!("RUN {mount}{}\n", commands.join(" && \\\n    ")),
            "heredoc" => format!("RUN {mount}<<EOF\nset -e\n{}\nEOF\n", commands.join("\n")),
            "subshell" => format!("RUN {mount}( {} )\n", commands.join("; ")),
            "exec" => {
                let script = serde_json::to_string(&commands.join(" && ")).unwrap();
                format!("RUN {mount}[\"/bin/sh\", \"-ec\", {script}]\n")
            }
            "bash" => {
                let shell = "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n";
                format!("{shell}RUN {mount}{}\n", commands.join(" && "))
            }
            _ => format!("RUN {mount}{}\n", commands.join(" && ")),
        };
        let mut header =
            if way.header.is_empty() { String::new() } else { format!("# oracle: {}\n", way.header) };
        for (builders, said) in unknown(&mount, FORMS[form] == "heredoc") {
            writeln!(header, "# oracle: unknown {builders} {said}").unwrap();
        }
        let [marked, later_marked, ready_marked, last_marked] = self.causes();
        let run = run.replacen("RUN ", &format!("{marked}RUN "), 1);
        if !later.is_empty() {
            later.insert_str(0, later_marked);
        }
        let is_in_image = ["single", "from-builder"].contains(&STAGES[stages]);
        let lines = if is_in_image {
            let arg = format!("# oracle: cause {ARG_IS_KEPT}\nARG ");
            way.lines.replace("ARG ", &arg).replace("ENV ", "# oracle: cause\nENV ")
        } else {
            way.lines.to_owned()
        };
        // The copied files have to exist.
        let ready = format!("mkdir -p {0} && touch {0}/there {1}", used.directory, files[0]);
        let builder = format!("FROM hub AS builder\n{lines}{run}{later}{ready_marked}RUN {ready}\n");
        let last = match STAGES[stages] {
            "not-copied" => "FROM hub\nCOPY --from=builder /etc/passwd /srv/passwd\n".to_owned(),
            "directory-copied" => {
                format!("FROM hub\n{last_marked}COPY --from=builder {0} {0}\n", used.directory)
            }
            "file-copied" => format!("FROM hub\n{last_marked}COPY --from=builder {} /srv/kept\n", files[0]),
            "from-builder" => format!("FROM builder\n{last_marked}RUN echo nothing > /srv/word\n"),
            "relative-copied" => {
                format!(
                    "FROM hub\nWORKDIR /srv/app\n{last_marked}COPY --from=builder {} ./data\n",
                    used.directory
                )
            }
            _ => return format!("{header}FROM hub\n{lines}{run}{later}"),
        };
        format!("{header}{builder}{last}")
    }

    /// Returns the marks of the instructions that make a layer or an entry with the token. The instructions are the
    /// main `RUN`, the `RUN` that removes files later, the `RUN` that prepares the copied files, and the last one.
    fn causes(self) -> [&'static str; 4] {
        let Self([way, used, out, stages, _]) = self;
        let (way, used) = (&WAYS[way], &USES[used]);
        let is_in_image = ["single", "from-builder"].contains(&STAGES[stages]);
        // The history repeats the build argument for each later `RUN`.
        let is_argument = way.lines.contains("ARG ");
        let is_written = !["download", "nothing"].contains(&used.name);
        let is_left = |file: usize| {
            is_written
                && match OUTS[out] {
                    "kept" | "removed-later" => true,
                    "one-removed" => file > 0,
                    _ => false,
                }
        };
        let is_any_left = (0..used.files.len()).any(is_left);
        let stays = OUTS[out] != "removed-later";
        // The classic builder does not repeat an argument that `ENV` hides.
        let mark = |has_argument: bool, has_more: bool| match (has_more, has_argument && is_argument) {
            (false, false) => "",
            (false, true) if way.lines.contains("ENV ") => {
                "# oracle: cause buildah,buildkit-20.10,docker-28,podman-5\n"
            }
            _ => "# oracle: cause\n",
        };
        let is_literal = way.name == "literal" && used.name != "nothing";
        [
            mark(is_in_image, is_in_image && (is_literal || is_any_left)),
            mark(is_in_image, false),
            // The instruction touches the first file, so its layer contains the file again.
            mark(is_in_image, is_in_image && is_left(0) && stays),
            match STAGES[stages] {
                // With newer builders, the stage based on the builder inherits the argument.
                "from-builder" if is_argument => "# oracle: cause buildah,docker-28,podman-5\n",
                "from-builder" => "",
                "file-copied" => mark(false, is_left(0) && stays),
                _ => mark(false, is_any_left && stays),
            },
        ]
    }
}

/// Returns the builders that do not know such a `RUN`, and what they say.
fn unknown(mount: &str, is_heredoc: bool) -> &'static [(&'static str, &'static str)] {
    if mount.contains("env=") {
        &[("buildkit-20.10,classic", "unexpected key 'env'"), ("podman-5", "secret should have syntax")]
    } else if is_heredoc {
        &[("buildkit-20.10,classic", "unknown instruction")]
    } else if mount.is_empty() {
        &[]
    } else {
        &[("classic", "the --mount option requires BuildKit")]
    }
}
