//! Dockerfiles of generated steps, and the histories that builders make of them.

use std::fmt::Write as _;

use crate::dockerfile::history::Past;

/// An instruction of some kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) kind: usize,
    pub(super) number: usize,
}

/// A builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builder {
    BuildKit,
    Classic,
    Buildah,
    Kaniko,
}

impl Builder {
    pub(super) const ALL: [Self; 4] = [Self::BuildKit, Self::Classic, Self::Buildah, Self::Kaniko];
}

/// An instruction, its entries in BuildKit and the classic builder without their prefixes, and whether it
/// writes files.
struct Kind {
    source: &'static str,
    buildkit: &'static str,
    classic: &'static str,
    writes: bool,
}

/// `@` is the number of the step, and `|` is the build arguments.
const KINDS: [Kind; 14] = [
    Kind { source: "RUN do @", buildkit: "RUN |/bin/sh -c do @", classic: "|/bin/sh -c do @", writes: true },
    Kind {
        source: "RUN a @ && \\\n # comment\n\tb",
        buildkit: "RUN |/bin/sh -c a @ && \tb",
        classic: "|/bin/sh -c a @ && \tb",
        writes: true,
    },
    Kind {
        source: "RUN --mount=type=cache,target=/c make @",
        buildkit: "RUN |/bin/sh -c make @",
        classic: "|/bin/sh -c make @",
        writes: true,
    },
    Kind { source: "RUN [\"echo\", \"@ x\"]", buildkit: "RUN |echo @ x", classic: "|echo @ x", writes: true },
    Kind {
        source: "COPY a b /b@",
        buildkit: "COPY a b /b@",
        classic: "#COPY multi:00 in /b@ ",
        writes: true,
    },
    Kind {
        source: "COPY --from=x /e@ $D",
        buildkit: "COPY /e@ /d",
        classic: "#COPY file:0@ in /d ",
        writes: true,
    },
    Kind { source: "ADD f /g@", buildkit: "ADD f /g@", classic: "#ADD dir:0@ in /g@ ", writes: true },
    Kind {
        source: "ENV A@=\"b c\" D=$E",
        buildkit: "ENV A@=b c D=e",
        classic: "#ENV A@=b c D=e",
        writes: false,
    },
    Kind { source: "ARG X@=1", buildkit: "ARG X@=2", classic: "#ARG X@=1", writes: false },
    Kind { source: "WORKDIR /w@", buildkit: "WORKDIR /w@", classic: "#WORKDIR /w@", writes: true },
    Kind {
        source: "CMD [\"c\", \"@\"]",
        buildkit: "CMD [\"c\" \"@\"]",
        classic: "#CMD [\"c\" \"@\"]",
        writes: false,
    },
    Kind {
        source: "ENTRYPOINT go @",
        buildkit: "ENTRYPOINT [\"/bin/sh\" \"-c\" \"go @\"]",
        classic: "#ENTRYPOINT [\"/bin/sh\" \"-c\" \"go @\"]",
        writes: false,
    },
    Kind { source: "LABEL l@=$M", buildkit: "LABEL l@=m", classic: "#LABEL l@=m", writes: false },
    Kind { source: "USER u@", buildkit: "USER u@", classic: "#USER u@", writes: false },
];

impl Step {
    pub(super) const KINDS: usize = KINDS.len();
    /// A copy whose sources only BuildKit's history names.
    pub(super) const UNTOLD: usize = 5;

    fn source(self) -> String {
        KINDS[self.kind].source.replace('@', &self.number.to_string())
    }

    /// Returns the entry that the step leaves, and whether it made a layer. Returns `None` if the builder
    /// leaves no entry.
    fn entry(self, builder: Builder, arguments: &str) -> Option<(String, bool)> {
        let kind = &KINDS[self.kind];
        let fill = |text: &str| text.replace('|', arguments).replace('@', &self.number.to_string());
        let joined = || {
            let source = self.source();
            let lines = source.lines().filter(|line| !line.trim_start().starts_with('#'));
            lines.map(|line| line.trim_end_matches('\\')).collect::<String>()
        };
        Some(match builder {
            Builder::BuildKit if kind.writes && !kind.source.starts_with("WORKDIR") => {
                (format!("{} # buildkit", fill(kind.buildkit)), true)
            }
            Builder::BuildKit => (fill(kind.buildkit), kind.writes),
            Builder::Classic => (fill(kind.classic).replace('#', "/bin/sh -c #(nop) "), kind.writes),
            Builder::Buildah => match joined().split_once(' ')? {
                ("RUN", command) => (format!("{arguments}/bin/sh -c {command}"), true),
                ("COPY" | "ADD", _) => {
                    let text = fill(kind.classic).replace('#', "/bin/sh -c #(nop) ");
                    (if kind.source.ends_with("$D") { text.replace("/d", "$D") } else { text }, true)
                }
                _ => (format!("/bin/sh -c #(nop) {}", joined()), false),
            },
            Builder::Kaniko if kind.writes => (joined(), true),
            Builder::Kaniko => return None,
        })
    }
}

/// A history entry with its line, or 0 if the entry is from the base image.
#[derive(Debug)]
pub(super) struct Made {
    text: String,
    empty_layer: bool,
    author: Option<&'static str>,
    pub(super) line: u64,
}

/// A Dockerfile, and the history of the image of its last stage.
pub(super) struct Rendered {
    pub(super) source: String,
    pub(super) entries: Vec<Made>,
}

impl Rendered {
    pub(super) fn history(&self) -> Vec<Past<'_>> {
        let entries = self.entries.iter();
        let past = entries.map(|made| Past {
            created_by: &made.text,
            empty_layer: made.empty_layer,
            author: made.author,
        });
        past.collect()
    }

    /// Returns the lines of all entries, or `None` if no entry is from the file.
    pub(super) fn lines(&self) -> Option<Vec<u64>> {
        let lines: Vec<_> = self.entries.iter().map(|made| made.line).collect();
        lines.iter().any(|line| *line > 0).then_some(lines)
    }

    pub(super) fn remove(&mut self, entry: usize) {
        if self.entries.len() > 1 {
            self.entries.remove(entry);
        }
    }
}

/// Builds the last of the stages. Each stage is based on the previous one or on an image.
pub(super) fn render(stages: &[(bool, Vec<Step>)], builder: Builder) -> Rendered {
    let mut source = String::new();
    let mut entries = Vec::new();
    let base = |text: &str, empty_layer| Made { text: text.to_owned(), empty_layer, author: None, line: 0 };
    for (number, (goes_on, steps)) in stages.iter().enumerate() {
        if *goes_on {
            writeln!(source, "FROM s{} AS s{number}", number - 1).unwrap();
        } else {
            writeln!(source, "FROM debian AS s{number}").unwrap();
            entries = vec![base("/bin/sh -c #(nop) ADD file:77 in / ", false), base("CMD [\"bash\"]", true)];
        }
        let mut arguments = Vec::new();
        for step in steps {
            let line = source.matches('\n').count() as u64 + 1;
            writeln!(source, "{}", step.source()).unwrap();
            if step.source().starts_with("ARG") {
                arguments.push(format!("X{}=a b", step.number));
            }
            let given = match arguments.len() {
                0 => String::new(),
                count => format!("|{count} {} ", arguments.join(" ")),
            };
            if let Some((text, writes)) = step.entry(builder, &given) {
                let author = (builder == Builder::Kaniko).then_some("kaniko");
                entries.push(Made { text, empty_layer: !writes, author, line });
            }
        }
    }
    Rendered { source, entries }
}
