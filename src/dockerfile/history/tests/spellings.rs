//! Each instruction in the spelling of every builder.

use super::entries;

/// An instruction, entries that match it, and entries that must not match it.
type Spelled = (&'static str, &'static [&'static str], &'static [&'static str]);

const SPELLINGS: &[Spelled] = &[
    (
        "RUN echo $A",
        &[
            "RUN /bin/sh -c echo $A # buildkit",
            "RUN |1 A=b /bin/sh -c echo $A # buildkit",
            "RUN |2 A=b c /x OTHER=d=e /bin/sh -c echo $A # buildkit",
            "RUN |1 A= /bin/bash -euo pipefail -c echo $A # buildkit",
            "/bin/sh -c echo $A",
            "|1 A=spo ken /bin/sh -c echo $A",
            "/bin/bash -o pipefail -c echo $A",
            "RUN echo $A",
            "run echo  $A",
        ],
        &[
            "RUN /bin/sh -c echo $B # buildkit",
            "RUN /bin/sh -c true; echo $A # buildkit",
            "|1 A=b /bin/sh -c sh -c echo $A",
            "echo $A",
            "|1 A=b echo $A",
            "/bin/sh -c #(nop) RUN echo $A",
            "RUN",
            "python -c echo $A",
            "",
        ],
    ),
    (
        "RUN a && \\\n  # a comment\n\tb\\\n  c",
        &["RUN /bin/sh -c a && \tb  c # buildkit", "/bin/sh -c a && \tb  c", "RUN a && b c"],
        &["/bin/sh -c a", "/bin/sh -c b c"],
    ),
    (
        "RUN --mount=type=cache,target=/c --network=none do it",
        &[
            "RUN /bin/sh -c do it # buildkit",
            "/bin/sh -c --mount=type=cache,target=/c --network=none do it",
            "|1 A=b /bin/sh -c --mount=type=cache,target=/c --network=none do it:sha256:0123456789abcdef0123456789abcdef",
            "RUN --mount=type=cache,target=/c --network=none do it",
        ],
        &["/bin/sh -c --mount=type=cache,target=/d do it"],
    ),
    (
        "RUN [\"echo\", \"hello world\"]",
        &[
            "RUN echo hello world # buildkit",
            "RUN |1 A=b echo hello world # buildkit",
            "echo hello world",
            "|1 A=b echo hello world",
            "/bin/sh -c [\"echo\", \"hello world\"]",
            "RUN [\"echo\", \"hello world\"]",
        ],
        &["/bin/sh -c echo hello world", "RUN /bin/sh -c echo hello world # buildkit"],
    ),
    (
        "RUN <<EOF\necho one\n\techo two\nEOF",
        &[
            "RUN /bin/sh -c echo one\n\techo two\n # buildkit",
            "/bin/sh -c <<EOF\necho one\n\techo two",
            "RUN <<EOF",
        ],
        &["RUN /bin/sh -c echo two # buildkit"],
    ),
    (
        "RUN <<EOF\n#!/usr/bin/env python\nx\nEOF",
        &["RUN /bin/sh -c /dev/pipes/EOF # buildkit", "RUN <<EOF"],
        &["RUN /bin/sh -c x # buildkit"],
    ),
    (
        "RUN cat <<A <<-\"B\" > /x\none\nA\n\ttwo\nB",
        &["RUN /bin/sh -c cat <<A <<-\"B\" > /x\none\nA\n\ttwo\nB # buildkit", "RUN cat <<A <<-\"B\" > /x"],
        &["RUN /bin/sh -c cat > /x # buildkit"],
    ),
    (
        "COPY --chown=0:0 --link a \"b\" /c/$D/",
        &[
            "COPY --chown=0:0 a b /c/x/ # buildkit",
            "/bin/sh -c #(nop) COPY multi:00ff in /c/x/ ",
            "/bin/sh -c #(nop) COPY --chown=0:0 file:00ff,file:01 in /c// ",
            "/bin/sh -c #(nop) COPY --link multi:00ff in /c/$D/ |inheritLabels=false",
            "COPY --chown=0:0 --link a \"b\" /c/$D/",
        ],
        &[
            "COPY a /c/x/ # buildkit",
            "ADD a b /c/x/ # buildkit",
            "/bin/sh -c #(nop) COPY file:00 in /d/ ",
            "/bin/sh -c #(nop) ADD file:00 in /c/x/ ",
            "COPY",
        ],
    ),
    (
        "COPY --from=0 [\"a b\", \"/c d\"]",
        &["COPY a b /c d # buildkit", "/bin/sh -c #(nop) COPY dir:00 in /c d "],
        &["/bin/sh -c #(nop) COPY dir:00 in /d "],
    ),
    (
        "COPY <<\"A\" b /c/\none\nA",
        &["COPY b <<A /c/ # buildkit", "/bin/sh -c #(nop) COPY multi:00 in /c/ "],
        &["COPY b /c/ # buildkit"],
    ),
    (
        "ADD https://x.example/a.tar /",
        &["ADD https://x.example/a.tar / # buildkit", "/bin/sh -c #(nop) ADD file:00 in / "],
        &["COPY https://x.example/a.tar / # buildkit"],
    ),
    (
        "ENV  A=b \\\n  C=\"d e\" F=$G",
        &[
            "ENV A=b C=d e F=",
            "ENV A=b C=d e F=value",
            "/bin/sh -c #(nop)  ENV A=b C=d e F=x",
            "/bin/sh -c #(nop) ENV  A=b   C=\"d e\" F=$G",
            "/bin/sh -c #(nop) ENV  A=b   C=\"d e\" F=$G|unsetLabel=true|force-mtime=10",
        ],
        &["ENV A=b", "ENV A=b C=d F=x", "LABEL A=b C=d e F=x", "RUN ENV A=b C=d e F="],
    ),
    ("ENV A b c", &["ENV A=b c", "/bin/sh -c #(nop) ENV A b c"], &["ENV A=b", "ENV A b"]),
    (
        "LABEL org.x=\"a b\" 'q'=$R",
        &["LABEL org.x=a b q=1", "/bin/sh -c #(nop)  LABEL org.x=a b q=", "LABEL org.x=\"a b\" 'q'=$R"],
        &["LABEL org.x=a b"],
    ),
    (
        "ARG A=b C",
        &[
            "ARG A=b C=x",
            "ARG A=other C",
            "/bin/sh -c #(nop)  ARG A=b C",
            "/bin/sh -c #(nop) ARG A C EARLIER",
        ],
        &[],
    ),
    (
        "CMD [\"a\", \"b \\\"c\\\"\"]",
        &[
            "CMD [\"a\" \"b \\\"c\\\"\"]",
            "/bin/sh -c #(nop)  CMD [\"a\" \"b \\\"c\\\"\"]",
            "CMD [\"a\", \"b \\\"c\\\"\"]",
        ],
        &["CMD [\"a\"]", "ENTRYPOINT [\"a\" \"b \\\"c\\\"\"]"],
    ),
    (
        "CMD echo \"$A\"",
        &["CMD [\"/bin/sh\" \"-c\" \"echo \\\"$A\\\"\"]", "/bin/sh -c #(nop) CMD echo \"$A\""],
        &["CMD [\"/bin/sh\" \"-c\" \"echo $A; b\"]"],
    ),
    (
        "ENTRYPOINT [\"a\"]",
        &["ENTRYPOINT [\"a\"]", "/bin/sh -c #(nop)  ENTRYPOINT [\"a\"]"],
        &["ENTRYPOINT []", "CMD [\"a\"]"],
    ),
    (
        "HEALTHCHECK --interval=3s CMD echo ok",
        &[
            "HEALTHCHECK &{[\"CMD-SHELL\" \"echo ok\"] \"3s\" \"0s\" \"0s\" '\\x00'}",
            "/bin/sh -c #(nop) HEALTHCHECK --interval=3s CMD echo ok",
        ],
        &["CMD echo ok"],
    ),
    (
        "EXPOSE 80 $P/udp",
        &["EXPOSE map[80/tcp:{} 81/udp:{}]", "EXPOSE [80/tcp 81/udp]", "/bin/sh -c #(nop) EXPOSE 80 $P/udp"],
        &["VOLUME [80]"],
    ),
    ("VOLUME [\"/v\", \"/w\"]", &["VOLUME [/v /w]", "/bin/sh -c #(nop)  VOLUME [/v /w]"], &["VOLUME [/v]"]),
    ("WORKDIR /x", &["WORKDIR /x", "/bin/sh -c #(nop) WORKDIR /x"], &["WORKDIR /y", "WORKDIR /y/x"]),
    ("WORKDIR x/", &["WORKDIR /y/x", "WORKDIR x/", "WORKDIR /x"], &["USER x"]),
    ("WORKDIR $X/y", &["WORKDIR /x/y", "/bin/sh -c #(nop) WORKDIR $X/y"], &["WORKDIR /x/z"]),
    ("WORKDIR ../y", &["WORKDIR /x/y"], &["USER /x/y"]),
    ("USER $U:0", &["USER me:0", "/bin/sh -c #(nop) USER $U:0"], &["USER me"]),
    ("STOPSIGNAL SIGTERM", &["STOPSIGNAL SIGTERM"], &["STOPSIGNAL SIGKILL"]),
    (
        "MAINTAINER some one",
        &["MAINTAINER some one", "/bin/sh -c #(nop)  MAINTAINER some one"],
        &["MAINTAINER"],
    ),
];

#[test]
fn spellings() {
    let bash = "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n";
    for &(instruction, spellings, others) in SPELLINGS {
        for (prefix, line) in [("", 2), (bash, 3)] {
            let source = format!("FROM base\n{prefix}{instruction}\n");
            let shell = "-/bin/sh -c #(nop) SHELL [/bin/bash -o pipefail -c]";
            let history =
                |entry| if prefix.is_empty() { vec!["base", entry] } else { vec!["base", shell, entry] };
            for spelling in spellings {
                let lines = entries(&source, &history(spelling));
                assert_eq!(lines.and_then(|lines| lines.last().copied()), Some(line), "{source}{spelling}");
            }
            for other in others {
                let lines = entries(&source, &history(other)).and_then(|lines| lines.last().copied());
                assert!(lines.is_none_or(|line| line == 0), "{source}{other}");
            }
        }
    }
}

#[test]
fn a_shell_of_its_own_runs_the_commands_behind_it() {
    let source = "FROM base\nSHELL [\"python3\", \"-c\"]\nRUN x = 1\n";
    let shell = "SHELL [python3 -c]";
    assert_eq!(entries(source, &[shell, "RUN python3 -c x = 1 # buildkit"]), Some(vec![2, 3]));
    assert_eq!(entries(source, &[shell, "python3 -c x = 1"]), Some(vec![2, 3]));
    assert_eq!(entries(source, &[shell, "RUN perl -c x = 1 # buildkit"]), None);
}
