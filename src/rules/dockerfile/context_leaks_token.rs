//! `dockerfile/context-leaks-token`, the only rule that examines the build context in addition to the
//! Dockerfile.

use super::Context;
use super::Hit;
use super::hit::left_in_layer;
use super::removals;
use crate::detect::Confidence;
use crate::detect::TokenSummary;
use crate::dockerfile::Copy;
use crate::dockerfile::Destination;
use crate::dockerfile::Dockerfile;
use crate::dockerfile::Instruction;
use crate::dockerfile::Keyword;
use crate::dockerfile::PathPattern;
use crate::effects::{MountCopy, Place, layer_path};
use crate::finding::Severity;
use crate::mask::Quoted;
use crate::mask::message;
use crate::rules::Fix;
use crate::rules::Rule;
use crate::stream::path::repository;

pub(crate) const RULE: Rule = Rule {
    id: "dockerfile/context-leaks-token",
    severity: Severity::Critical,
    summary: "COPY or ADD takes a file of the build context with a token in it",
    why: "What is copied from the build context is a file of the image, and whoever pulls it can read it. `COPY . \
         .` takes everything that .dockerignore does not exclude: environment files, notebooks, the history of git.",
    bad: "# .env in the context holds a token, and .dockerignore does not list it\nCOPY . /app",
    good: "# .dockerignore\n.env\n**/.git",
    fix: Fix(
        "Revoke the token at {revoke} if an image was built. List the file in .dockerignore, and give the token to \
         the container when it starts: `docker run -e HF_TOKEN …`.",
    ),
};

/// A token in a file of the build context that `.dockerignore` does not exclude.
#[derive(Debug, Clone)]
pub(crate) struct ContextToken {
    /// The path of the file, relative to the context.
    pub path: Vec<u8>,
    /// The path in the tar archive that the file is, if the token lies in a member of one.
    pub member: Option<Vec<u8>>,
    pub token: TokenSummary,
    /// The confidence that it is a token.
    pub confidence: Confidence,
}

/// An instruction that copies a token of the context into an image.
#[derive(Debug, Clone)]
pub(crate) struct Leak {
    /// The hit at the instruction.
    pub hit: Hit,
    /// The index of the token.
    pub token: usize,
}

/// The copies of a Dockerfile from its build context.
pub(crate) struct ContextCopies<'a> {
    context: Context<'a>,
    copies: Vec<Copy<'a>>,
}

impl<'a> ContextCopies<'a> {
    pub(crate) fn of(source: &'a [u8], dockerfile: &'a Dockerfile) -> Self {
        let context = Context::new(source, dockerfile);
        let copies = copies(&context);
        Self { context, copies }
    }

    /// Returns true if a build copies nothing from its context.
    pub(crate) fn is_empty(&self) -> bool {
        self.copies.iter().all(|copy| copy.sources.is_empty())
    }

    /// Returns the sources that the instructions of all stages copy by name.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &PathPattern> + Clone {
        self.copies.iter().flat_map(|copy| &copy.sources).filter_map(|source| source.pattern.as_ref())
    }

    /// Returns the tokens that a build would copy, each with the first instruction that copies it.
    pub(crate) fn leaks(&self, tokens: &[ContextToken]) -> Vec<Leak> {
        let Self { context, copies } = self;
        let removed = if tokens.is_empty() { Vec::new() } else { removals::find(context) };
        let mut leaks = Vec::new();
        for (number, token) in tokens.iter().enumerate() {
            let taken = copies.iter().find_map(|copy| Some((copy, copy.place(&token.path)?)));
            let Some((copy, place)) = taken else { continue };
            let unpacked = token.member.as_deref().and_then(|member| copy.unpacked(member));
            let mut hit = hit(copy, token, unpacked.or(place).as_deref());
            if is_compiled(context, copy.instruction, &token.path) {
                hit.leaves.push(left_in_layer(None));
            }
            hit.forecast(&context.reach, &removed, false);
            leaks.push(Leak { hit, token: number });
        }
        leaks
    }
}

/// Returns true if a later `RUN` of the same stage compiles the copied module. The constants of a module,
/// including a token, are in its `.pyc` file too.
fn is_compiled(context: &Context<'_>, copy: &Instruction, path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let Some(module) = name.strip_suffix(b".py").map(String::from_utf8_lossy) else { return false };
    let behind =
        context.runs().filter(|(run, ..)| run.span.start > copy.span.start && run.stage == copy.stage);
    let mut runs = behind.filter(|(instruction, ..)| instruction.keyword == Keyword::Run);
    runs.any(|(_, _, run)| run.compiles(&module))
}

/// Returns the instructions that copy from the build context: `COPY`, `ADD`, and `RUN`s that copy from a bind mount.
fn copies<'a>(context: &Context<'a>) -> Vec<Copy<'a>> {
    let mut copies = Vec::new();
    for (number, (instruction, scope)) in context.instructions().enumerate() {
        if context.is_waiting(instruction) {
            continue;
        }
        let acts = instruction.effective();
        copies.extend(Copy::read(acts, scope));
        let Some(run) = context.runs.get(number).and_then(Option::as_ref) else { continue };
        copies.extend(run.copied.iter().filter_map(|MountCopy { from, to, is_into }| {
            let is_kept = to.as_deref().is_none_or(|to| run.place(to) == Place::Layer);
            let to = Destination::at(to.clone().filter(|to| layer_path(to).is_some()), *is_into);
            Copy::of_mount(acts, from, to).filter(|_| is_kept)
        }));
    }
    copies
}

fn hit(copy: &Copy<'_>, token: &ContextToken, place: Option<&str>) -> Hit {
    let file = Quoted(&token.path);
    let name = copy.instruction.keyword.name();
    // The suggested pattern is the file's own path, which Docker reads relative to the root of the context.
    // For one of git's objects, the pattern is the whole repository, because excluding a single object is
    // pointless.
    let line = escaped(repository(&token.path).unwrap_or(&token.path));
    let is_own = copy.sources.iter().any(|source| source.written == token.path);
    let revoke = token.token.kind.revoke_address();
    let help = if is_own {
        message!(
            "Take {} out of this {}, and list it in .dockerignore. Revoke the token at \
             {} if an image was built. If the container needs the token, pass it when it starts: \
             `docker run -e HF_TOKEN …`.",
            file,
            name,
            revoke
        )
    } else {
        message!(
            "Add this line to .dockerignore:\n    {}\nRevoke the token at {} if \
             an image was built. If the container needs the token, pass it when it starts: `docker run -e HF_TOKEN …`.",
            line,
            revoke
        )
    };
    Hit {
        rule: &RULE,
        severity: RULE.severity,
        confidence: token.confidence,
        span: copy.instruction.span,
        token: Some(token.token.clone()),
        message: message!("{} takes {}, which holds a token, into the image", name, file),
        help,
        script: None,
        remarks: Vec::new(),
        leaves: vec![left_in_layer(place)],
        stage: copy.instruction.stage,
        subject: message!("{} {}", name, file),
    }
}

/// Returns a pattern that matches only this path.
fn escaped(path: &[u8]) -> Vec<u8> {
    let mut pattern = Vec::new();
    for &byte in path {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::finding::Severity;

    fn leaks_of(source: &[u8], tokens: &[ContextToken]) -> Vec<Leak> {
        ContextCopies::of(source, &parse(source)).leaks(tokens)
    }

    fn token(path: &str) -> ContextToken {
        ContextToken {
            path: path.as_bytes().to_vec(),
            member: None,
            token: TokenSummary::unknown(),
            confidence: Confidence::High,
        }
    }

    /// Returns the severity of the hit and the places where the file is left, if an instruction copies it.
    fn taken(tail: &str, path: &str) -> Option<(Severity, String)> {
        let source = format!("FROM a\n{tail}\n");
        let leaks = leaks_of(source.as_bytes(), &[token(path)]);
        assert!(leaks.len() < 2);
        let hit = &leaks.first()?.hit;
        let leaves = hit.leaves.first()?;
        let place = leaves.path.as_ref().map_or("?", String::as_str).to_owned();
        Some((hit.severity, place))
    }

    #[test]
    fn add_unpacks_archives() {
        for (tail, member, place) in [
            ("ADD app.tar /srv/", Some("conf/.env"), "srv/conf/.env"),
            ("WORKDIR /opt\nADD app.tar x", Some("conf/.env"), "opt/x/conf/.env"),
            ("ADD --unpack=false app.tar /srv/", Some("conf/.env"), "srv/app.tar"),
            ("COPY app.tar /srv/", Some("conf/.env"), "srv/app.tar"),
            ("ADD app.tar /srv/", None, "srv/app.tar"),
        ] {
            let source = format!("FROM a\n{tail}\n");
            let token =
                ContextToken { member: member.map(|member| member.as_bytes().to_vec()), ..token("app.tar") };
            let leaks = leaks_of(source.as_bytes(), &[token]);
            assert_eq!(leaks[0].hit.leaves[0].path.as_deref(), Some(place), "{tail}");
        }
    }

    #[test]
    fn what_a_copy_takes() {
        for (tail, path, place) in [
            ("COPY . .", ".env", "?"),
            ("COPY . /app", ".env", "app/.env"),
            ("WORKDIR /app\nCOPY . .", ".env", "app/.env"),
            ("WORKDIR /app\nCOPY .env .", ".env", "app/.env"),
            ("COPY ./ /app/", "a/.env", "app/a/.env"),
            ("COPY / /app", ".env", "app/.env"),
            ("COPY .env /app/", ".env", "app/.env"),
            ("COPY .env /app/x", ".env", "app/x"),
            ("COPY a b /app", "b/.env", "app/.env"),
            ("COPY a.py .env /app/", ".env", "app/.env"),
            ("COPY .e* /app/", ".env", "app/.env"),
            ("COPY src /app", "src/a/b", "app/a/b"),
            ("COPY --chown=1:1 [\"src\", \"/app\"]", "src/x", "app/x"),
            ("ADD . /app", ".git/config", "app/.git/config"),
            ("ARG D=src\nCOPY $D /app", "src/x", "app/x"),
            ("COPY --exclude=*.md . /app", ".env", "app/.env"),
            ("COPY x /y\nCOPY . /app", ".env", "app/.env"),
        ] {
            assert_eq!(taken(tail, path), Some((Severity::Critical, place.to_owned())), "{tail}");
        }
    }

    #[test]
    fn files_of_a_bind_mount_are_copied_by_programs() {
        for (tail, path, place) in [
            ("@ cp -r /src /app", ".env", Some("app/.env")),
            ("@ cp -a /src/. /app", "a/.env", Some("app/a/.env")),
            ("@ cp -r /src /opt", ".env", Some("opt/src/.env")),
            ("@ cp -r /src /opt/", ".env", Some("opt/src/.env")),
            ("@ cd /src && cp -r . /app", ".env", Some("app/.env")),
            ("@ cp /src/.env /etc/hub.env", ".env", Some("etc/hub.env")),
            ("@ cp -r /src/*.py /app/", "a.py", Some("app/a.py")),
            ("@ rsync -a /src/ /app/", ".env", Some("app/.env")),
            ("@ dd if=/src/.env of=/x", ".env", Some("x")),
            ("WORKDIR /app\nRUN --mount=target=/src cp -r /src .", ".env", Some("app/src/.env")),
            ("WORKDIR /src\nRUN --mount=target=. cp -r . /app", ".env", Some("app/.env")),
            ("RUN --mount=type=bind,source=conf,target=/c cp -r /c /app", "conf/.env", Some("app/.env")),
            ("RUN --mount=type=bind,source=conf,target=/c cp -r /c /app", ".env", None),
            ("@ cp -r /src/* /app/", ".env", None),
            ("@ cp -r /src /tmp/x && true", ".env", Some("tmp/x/.env")),
            ("@ pip install /src", ".env", None),
            ("@ cp -r /srv /app", ".env", None),
            ("RUN --mount=target=/src --mount=type=tmpfs,target=/t cp -r /src /t", ".env", None),
            ("RUN --mount=from=b,target=/src cp -r /src /app", ".env", None),
        ] {
            let source = format!("FROM a\n{}\n", tail.replace('@', "RUN --mount=type=bind,target=/src"));
            let leaks = leaks_of(source.as_bytes(), &[token(path)]);
            let leaves = leaks.first().and_then(|leak| leak.hit.leaves.first());
            assert_eq!(leaves.map(|left| left.path.as_deref()), place.map(Some), "{tail}");
        }
    }

    #[test]
    fn a_trigger_copies_in_the_stages_that_run_it() {
        let taken = |tail: &str| leaks_of(format!("FROM a AS b\n{tail}").as_bytes(), &[token(".env")]).len();
        assert_eq!(taken("ONBUILD COPY . /app\n"), 0);
        assert_eq!(taken("ONBUILD COPY . /app\nFROM b\n"), 1);
        assert_eq!(taken("ONBUILD RUN --mount=target=/src cp -r /src /app\nFROM b\n"), 1);
    }

    #[test]
    fn a_module_that_is_compiled_is_in_two_files() {
        for (tail, count) in [
            ("COPY s.py /app/\nRUN python -c 'import s'", 2),
            ("COPY . /app\nRUN python -c 'from app.s import x'", 2),
            ("COPY . /app\nRUN python -m compileall /app", 2),
            ("RUN python -c 'import s'\nCOPY . /app", 1),
            ("COPY . /app\nRUN python app.py", 1),
            ("COPY . /app\nRUN pip install -r r.txt && python -c 'import torch'", 1),
        ] {
            let source = format!("FROM a\n{tail}\n");
            let leaks = leaks_of(source.as_bytes(), &[token("s.py")]);
            assert_eq!(leaks[0].hit.leaves.len(), count, "{tail}");
        }
    }

    #[test]
    fn what_a_copy_leaves() {
        for (tail, path) in [
            ("RUN x", ".env"),
            ("COPY src /app", ".env"),
            ("COPY src /app", "src2/x"),
            ("COPY *.py /app/", ".env"),
            ("COPY --from=b . /app", ".env"),
            ("COPY --exclude=.env . /app", ".env"),
            ("COPY --exclude=**/.env src /app", "src/a/.env"),
            ("COPY <<EOF /app\n.env\nEOF", ".env"),
            ("ADD https://example.org/.env /app/", ".env"),
            ("ONBUILD COPY . /app", ".env"),
        ] {
            assert_eq!(taken(tail, path), None, "{tail}");
        }
    }

    #[test]
    fn a_stage_that_reaches_no_image_is_one_lower() {
        let (severity, _) = taken("COPY . /src\nFROM b\nCOPY --from=0 /out /out", ".env").unwrap();
        assert_eq!(severity, Severity::High);
        let (severity, _) = taken("COPY . /src\nFROM b\nCOPY --from=0 /src /out", ".env").unwrap();
        assert_eq!(severity, Severity::Critical);
    }

    #[test]
    fn the_line_for_dockerignore_is_told() {
        let source = b"FROM a\nCOPY . .\n";
        let leaks = leaks_of(source, &[token("a[1]/.env"), token("x/.git/objects/ab/cd")]);
        for (leak, line) in leaks.iter().zip(["a\\[1\\]/.env", "x/.git"]) {
            assert!(leak.hit.help.to_string().contains(&format!("\n    {line}\n")), "{}", leak.hit.help);
        }
    }
}
