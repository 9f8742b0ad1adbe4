//! The parts of each stage that become part of the final image.

use std::collections::{BTreeSet, HashMap};

use super::destination::normal;
use super::{
    Base, Destination, Dockerfile, Instruction, Keyword, Mount, MountKind, Scope, Scopes, find_from, mounts,
    run_script,
};
use crate::hub::programs::PROGRAMS;
use crate::shell;
use crate::shell::{Step, StepKind};

/// The parts of each stage that become part of the final image, which is the last stage.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    /// For each stage, whether all of it is part of the final image.
    whole: Vec<bool>,
    /// The edges, sorted by `from`.
    edges: Vec<Edge>,
}

/// Files of one stage that are copied into another.
#[derive(Debug, Clone)]
struct Edge {
    from: usize,
    into: usize,
    /// The copied path, without a leading slash. Empty if everything is copied.
    source: String,
    /// Whether `source` is the part of the path before a wildcard.
    is_pattern: bool,
    put: Put,
}

/// The destination of the files.
#[derive(Debug, Clone)]
enum Put {
    /// At their original path.
    There,
    Copied(Destination),
    /// At an unknown path.
    Somewhere,
}

/// The maximum number of edges that one query follows before it assumes a positive answer.
const MAX_STEPS: usize = 256;

impl Reach {
    /// Determines the relations between the stages.
    pub(crate) fn new(dockerfile: &Dockerfile, scopes: &Scopes) -> Self {
        let stages = &dockerfile.stages;
        let mut whole = vec![false; stages.len()];
        let mut last = stages.len().checked_sub(1);
        while let Some(index) = last {
            if let Some(flag) = whole.get_mut(index) {
                *flag = true;
            }
            last = match stages.get(index).map(|stage| &stage.base) {
                Some(&Base::Stage(base)) if base < index => Some(base),
                _ => None,
            };
        }
        let mut edges = Vec::new();
        for stage in stages {
            if let Base::Stage(base) = stage.base {
                edges.push(Edge {
                    from: base,
                    into: stage.index,
                    source: String::new(),
                    is_pattern: false,
                    put: Put::There,
                });
            }
        }
        for (number, instruction) in dockerfile.instructions.iter().enumerate() {
            instruction_edges(dockerfile, instruction, scopes.at(number), &mut edges);
        }
        edges.sort_by_key(|edge| edge.from);
        Self { whole, edges }
    }

    /// Returns true if all of the stage is part of the final image: layers, environment and history.
    /// Instructions before the first `FROM` belong to no stage and have no effect on the image.
    pub(crate) fn is_whole(&self, stage: Option<usize>) -> bool {
        stage.and_then(|index| self.whole.get(index)).copied().unwrap_or(false)
    }

    /// Returns true if a stage of the file is based on the stage, and runs its triggers.
    pub(crate) fn is_base(&self, stage: Option<usize>) -> bool {
        let Some(stage) = stage else { return false };
        let first = self.edges.partition_point(|edge| edge.from < stage);
        let mut edges = self.edges.iter().skip(first).take_while(|edge| edge.from == stage);
        edges.any(|edge| matches!(edge.put, Put::There))
    }

    /// Returns the paths in the final image of the file at `path` in a stage. `None` in the set is an
    /// unknown path. Without a `path`, any file of the stage is meant.
    pub(crate) fn places(&self, stage: Option<usize>, path: Option<&str>) -> BTreeSet<Option<String>> {
        let Some(stage) = stage else { return BTreeSet::new() };
        let mut steps = 0;
        self.follow(stage, path.map(str::to_owned), &mut steps, &mut HashMap::new())
    }

    fn follow(
        &self,
        stage: usize,
        path: Option<String>,
        steps: &mut usize,
        seen: &mut HashMap<(usize, Option<String>), BTreeSet<Option<String>>>,
    ) -> BTreeSet<Option<String>> {
        *steps += 1;
        if *steps > MAX_STEPS {
            return BTreeSet::from([path]);
        }
        let key = (stage, path);
        if let Some(places) = seen.get(&key) {
            return places.clone();
        }
        let path = key.1.as_deref();
        let mut places = BTreeSet::new();
        if self.is_whole(Some(stage)) {
            places.insert(key.1.clone());
        }
        let first = self.edges.partition_point(|edge| edge.from < stage);
        let edges = self.edges.iter().skip(first).take_while(|edge| edge.from == stage);
        for edge in edges.filter(|edge| edge.into > stage) {
            if let Some(next) = edge.carried(path) {
                places.extend(self.follow(edge.into, next, steps, seen));
            }
        }
        seen.insert(key, places.clone());
        places
    }
}

impl Edge {
    /// Returns the destination of the file at `path` if it is copied. The inner value is `None` if the
    /// destination is unknown.
    #[expect(clippy::option_option, reason = "taken or not, and known or not")]
    fn carried(&self, path: Option<&str>) -> Option<Option<String>> {
        let Some(path) = path else { return Some(None) };
        let rest = rest_below(path, &self.source)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        Some(match &self.put {
            Put::There => Some(path.to_owned()),
            // A wildcard may match a directory. Its name is unknown then.
            Put::Copied(_) if self.is_pattern && rest.contains('/') => None,
            Put::Copied(to) if self.is_pattern || rest.is_empty() => to.file(name),
            Put::Copied(to) => to.below(rest),
            Put::Somewhere => None,
        })
    }
}

fn instruction_edges(
    dockerfile: &Dockerfile,
    instruction: &Instruction,
    scope: Scope<'_>,
    edges: &mut Vec<Edge>,
) {
    let Some(into) = instruction.stage else { return };
    let acts = instruction.effective();
    match acts.keyword {
        Keyword::Copy | Keyword::Add => {
            let Some(from) = acts.flag("from").and_then(|flag| flag.value.as_ref()) else { return };
            let Some(from) = find_from(&dockerfile.stages, scope.expand(from).as_str(), into) else {
                return;
            };
            let Some((to, sources)) = Destination::of(acts, scope) else { return };
            for source in sources {
                let source = scope.expand(source);
                let (source, is_pattern) = without_wildcards(source.as_str());
                edges.push(Edge { from, into, source, is_pattern, put: Put::Copied(to.clone()) });
            }
        }
        Keyword::Run => {
            let mounts = mounts(acts, scope);
            let is_tree = |mount: &&Mount| matches!(mount.kind, MountKind::Bind | MountKind::Cache);
            let mut steps = None;
            for mount in mounts.iter().filter(is_tree) {
                let from = mount.from.as_ref().and_then(|name| find_from(&dockerfile.stages, name, into));
                let Some(from) = from else { continue };
                let read = || run_script(acts, scope).map(|script| shell::steps(&script)).unwrap_or_default();
                let steps = steps.get_or_insert_with(read);
                let target = mount.target.as_deref().unwrap_or("/").trim_end_matches('/');
                let is_inside = scope.directory().is_some_and(|directory| directory.starts_with(target));
                if !is_inside && !may_copy(steps, target) {
                    continue;
                }
                let source = normal(mount.source.as_deref().unwrap_or_default());
                edges.push(Edge { from, into, source, is_pattern: false, put: Put::Somewhere });
            }
        }
        _ => {}
    }
}

/// The maximum number of the Hub's clients in a script that are known to copy nothing.
const MAX_CLIENTS: usize = 64;

/// Returns true if a script may copy files of a mount. A mount by itself leaves nothing in the layer. The programs that
/// copy are unknown, so every program that names the mount may copy, other than a client of the Hub that is given a file.
fn may_copy(steps: &[Step], target: &str) -> bool {
    let clients: Vec<usize> = (0..steps.len()).filter(|&at| steps.get(at).is_some_and(is_client)).collect();
    let clients = clients.get(..MAX_CLIENTS).unwrap_or(&clients);
    let is_given = |at: usize, step: &Step| {
        let client = |number: &usize| steps.get(*number).map(|client| (client.span, client.feeder));
        clients.iter().filter_map(client).any(|(client, feeder)| {
            feeder == Some(at) || (client.start < step.span.start && step.span.end <= client.end)
        })
    };
    let only_reads = |at: usize, step: &Step| is_client(step) || (is_printed(step) && is_given(at, step));
    steps.iter().enumerate().any(|(at, step)| names(step, target) && !only_reads(at, step))
}

/// Returns true for a client of the Hub, whose output is not written into a file.
fn is_client(step: &Step) -> bool {
    let StepKind::Program { name, .. } = &step.kind else { return false };
    step.outputs.is_empty() && PROGRAMS.iter().any(|program| program.names.contains(&name.as_str()))
}

/// Returns true for a program that prints a file, but not into another one.
fn is_printed(step: &Step) -> bool {
    let StepKind::Program { name, .. } = &step.kind else { return false };
    step.outputs.is_empty() && matches!(name.as_str(), "cat" | "head" | "tail")
}

/// Returns true if a step names a mount.
fn names(step: &Step, target: &str) -> bool {
    match &step.kind {
        StepKind::Program { arguments, .. } => {
            arguments.iter().any(|word| word.text.to_str().contains(target))
        }
        StepKind::Python(text) => text.to_str().contains(target),
    }
}

/// Returns the part of a path before its first wildcard, and whether it has one.
fn without_wildcards(path: &str) -> (String, bool) {
    let fixed = path.split(['*', '?', '[']).next().unwrap_or_default();
    if fixed.len() == path.len() {
        return (normal(path), false);
    }
    // `/root/.ca*` is treated as everything in `/root`. Too much is better than too little here.
    (normal(fixed.rsplit_once('/').map_or("", |(parent, _)| parent)), true)
}

/// Returns the part of `path` below `directory`. The result is empty for the directory itself.
fn rest_below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    if directory.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::{Reach, Scopes, parse};

    const TOKEN: &str = "root/.cache/huggingface/token";

    fn reach(tail: &str) -> Reach {
        let source = format!("FROM a AS builder\nRUN x\n{tail}");
        let dockerfile = parse(source.as_bytes());
        Reach::new(&dockerfile, &Scopes::of(&dockerfile))
    }

    #[test]
    fn a_stage_is_in_the_image_whole_or_not() {
        for (tail, whole) in [
            ("", true),
            ("FROM b\n", false),
            ("FROM builder\n", true),
            ("FROM BUILDER\n", true),
            ("FROM b\nCOPY --from=0 / /\n", false),
        ] {
            assert_eq!(reach(tail).is_whole(Some(0)), whole, "{tail}");
        }
    }

    #[test]
    fn a_file_gets_where_copies_put_it() {
        for (tail, places) in [
            ("", [TOKEN].as_slice()),
            ("FROM b\n", &[]),
            ("FROM builder\n", &[TOKEN]),
            ("FROM b\nCOPY --from=builder /model /model\n", &[]),
            ("FROM b\nCOPY --from=builder /root /root\n", &[TOKEN]),
            ("FROM b\nCOPY --from=0 / /\n", &[TOKEN]),
            ("FROM b\nCOPY --from=0 / /b\n", &["b/root/.cache/huggingface/token"]),
            ("FROM b\nCOPY --from=builder /opt/../root/x/.. /root\n", &[TOKEN]),
            ("FROM b\nCOPY --from=builder /roo /x\n", &[]),
            ("FROM b\nCOPY --from=builder /root/.cac* /x\n", &["?"]),
            ("FROM b\nCOPY --from=builder /root/.cache/huggingface/t* /x/\n", &["x/token"]),
            ("FROM b\nCOPY --from=other /root /root\n", &[]),
            ("FROM b\nCOPY --from=builder /root/.cache/huggingface/token /t\n", &["t"]),
            ("FROM b\nCOPY --from=builder /root/.cache/huggingface/token /x/\n", &["x/token"]),
            ("FROM b\nCOPY --from=builder /root/.cache/huggingface /srv/c\n", &["srv/c/token"]),
            ("FROM b\nWORKDIR /w\nCOPY --from=builder /root/.cache/huggingface .\n", &["w/token"]),
            ("FROM b\nCOPY --from=builder /root/.cache/huggingface .\n", &["?"]),
            (
                "FROM b\nCOPY --from=builder /root /x\nCOPY --from=builder /root /y\n",
                &["x/.cache/huggingface/token", "y/.cache/huggingface/token"],
            ),
            ("FROM builder\nCOPY --from=builder /root/.cache/huggingface /y\n", &[TOKEN, "y/token"]),
            (
                "FROM b AS mid\nCOPY --from=builder /root /data\nFROM c\nCOPY --from=mid /data /d\n",
                &["d/.cache/huggingface/token"],
            ),
            ("FROM b AS mid\nCOPY --from=builder /root /data\nFROM c\nCOPY --from=mid /root /d\n", &[]),
            ("FROM builder AS mid\nFROM c\nCOPY --from=mid /root/.cache /d\n", &["d/huggingface/token"]),
            ("FROM b\nRUN --mount=from=builder,target=/b cp -r /b/root /root\n", &["?"]),
            ("FROM b\nRUN --mount=from=builder,target=/b cd /b && cp -r root /root\n", &["?"]),
            ("FROM b\nRUN --mount=from=builder,target=/b find /b -name token -exec cp {} /x ;\n", &["?"]),
            ("FROM b\nWORKDIR /b\nRUN --mount=from=builder,target=/b cp -r root /root\n", &["?"]),
            ("FROM b\nRUN --mount=from=builder,target=/root hf download org/model\n", &[]),
            ("FROM b\nRUN --mount=from=builder,source=/wheels,target=/b cp /b/* /\n", &[]),
        ] {
            let found = reach(tail).places(Some(0), Some(TOKEN));
            let found: Vec<&str> = found.iter().map(|place| place.as_deref().unwrap_or("?")).collect();
            assert_eq!(found, places, "{tail}");
        }
    }
}
