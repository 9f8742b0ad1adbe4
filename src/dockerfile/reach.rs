//! What of a stage gets into the final image.

use std::collections::HashMap;

use super::{Base, Dockerfile, Instruction, Keyword, MountKind, Scope, Scopes, find_from, mounts};

/// Says what of each stage gets into the final image, which is the last stage.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// For each stage: whether all of it is in the final image.
    whole: Vec<bool>,
    /// In order of `from`.
    edges: Vec<Edge>,
}

/// Files of one stage that get into another.
#[derive(Debug, Clone)]
struct Edge {
    from: usize,
    into: usize,
    /// The path that is taken, without a leading slash; empty for everything.
    source: String,
    /// Where it is put; none where that is not known.
    dest: Option<String>,
}

/// How many edges one question follows before it takes the answer to be yes.
const MAX_STEPS: usize = 256;

impl Reach {
    /// Reads how the stages hang together.
    pub fn new(dockerfile: &Dockerfile, scopes: &Scopes) -> Self {
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
                let everything = String::new();
                edges.push(Edge {
                    from: base,
                    into: stage.index,
                    source: everything.clone(),
                    dest: Some(everything),
                });
            }
        }
        for (number, instruction) in dockerfile.instructions.iter().enumerate() {
            instruction_edges(dockerfile, instruction, scopes.at(number), &mut edges);
        }
        edges.sort_by_key(|edge| edge.from);
        Self { whole, edges }
    }

    /// Whether all of the stage is in the final image: layers, environment, history. Instructions in
    /// front of the first `FROM` belong to no stage and reach nothing.
    pub fn is_whole(&self, stage: Option<usize>) -> bool {
        stage.and_then(|index| self.whole.get(index)).copied().unwrap_or(false)
    }

    /// Whether a file that a stage holds at `path` can get into the final image; without a path, whether
    /// any file can.
    pub fn file_reaches(&self, stage: Option<usize>, path: Option<&str>) -> bool {
        let Some(stage) = stage else { return false };
        let mut steps = 0;
        let mut seen = HashMap::new();
        self.follow(stage, path.map(str::to_owned), &mut steps, &mut seen)
    }

    fn follow(
        &self,
        stage: usize,
        path: Option<String>,
        steps: &mut usize,
        seen: &mut HashMap<(usize, Option<String>), bool>,
    ) -> bool {
        *steps += 1;
        if self.is_whole(Some(stage)) || *steps > MAX_STEPS {
            return true;
        }
        let key = (stage, path);
        if let Some(&answer) = seen.get(&key) {
            return answer;
        }
        let path = key.1.as_deref();
        let first = self.edges.partition_point(|edge| edge.from < stage);
        let mut edges = self.edges.iter().skip(first).take_while(|edge| edge.from == stage);
        let answer = edges.any(|edge| {
            if edge.into <= stage {
                return false;
            }
            let next = match (path, &edge.dest) {
                (Some(path), dest) => match rest_below(path, &edge.source) {
                    None => return false,
                    Some(rest) => dest.as_ref().map(|dest| join(dest, rest)),
                },
                (None, _) => None,
            };
            self.follow(edge.into, next, steps, seen)
        });
        seen.insert(key, answer);
        answer
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
            let Some((dest, sources)) = acts.words().split_last() else { return };
            let dest = scope.expand(dest);
            for source in sources {
                let source = normal(scope.expand(source).as_str());
                let dest = dest.as_str().starts_with('/').then(|| dest_of(dest.as_str(), &source));
                edges.push(Edge { from, into, source, dest });
            }
        }
        Keyword::Run => {
            for mount in
                mounts(acts, scope).iter().filter(|m| m.kind == MountKind::Bind || m.kind == MountKind::Cache)
            {
                let from = mount.from.as_ref().and_then(|name| find_from(&dockerfile.stages, name, into));
                if let Some(from) = from {
                    let source = normal(mount.source.as_deref().unwrap_or_default());
                    edges.push(Edge { from, into, source, dest: None });
                }
            }
        }
        _ => {}
    }
}

/// A path without a leading slash, `.` parts, a slash at its end, or what follows its first wildcard.
fn normal(path: &str) -> String {
    let fixed = path.split(['*', '?', '[']).next().unwrap_or_default();
    // `/root/.ca*` takes what lies in `/root`: better too much than too little.
    let fixed = if fixed.len() < path.len() {
        fixed.rsplit_once('/').map_or("", |(parent, _)| parent)
    } else {
        fixed
    };
    let mut parts = Vec::new();
    for part in fixed.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Where the content of `source` lies below `dest`. A file that is copied into a directory keeps its name;
/// whether `source` is a file is not known, so `dest/` takes the place of either.
fn dest_of(dest: &str, source: &str) -> String {
    let name = source.rsplit('/').next().unwrap_or_default();
    if dest.ends_with('/') && (name == "token" || name == "stored_tokens") {
        return join(&normal(dest), name);
    }
    normal(dest)
}

/// What of `path` lies below `directory`; empty for the directory itself.
fn rest_below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    if directory.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn join(directory: &str, rest: &str) -> String {
    match (directory.is_empty(), rest.is_empty()) {
        (true, _) => rest.to_owned(),
        (_, true) => directory.to_owned(),
        _ => format!("{directory}/{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::{Reach, Scopes, parse};

    const TOKEN: &str = "root/.cache/huggingface/token";

    fn reaches(tail: &str) -> (bool, bool) {
        let source = format!("FROM a AS builder\nRUN x\n{tail}");
        let dockerfile = parse(source.as_bytes());
        let reach = Reach::new(&dockerfile, &Scopes::of(&dockerfile));
        (reach.is_whole(Some(0)), reach.file_reaches(Some(0), Some(TOKEN)))
    }

    #[test]
    fn what_is_taken_from_a_stage_decides() {
        for (tail, whole, file) in [
            ("", true, true),
            ("FROM b\n", false, false),
            ("FROM builder\n", true, true),
            ("FROM BUILDER\n", true, true),
            ("FROM b\nCOPY --from=builder /model /model\n", false, false),
            ("FROM b\nCOPY --from=builder /root /root\n", false, true),
            ("FROM b\nCOPY --from=0 / /\n", false, true),
            ("FROM b\nCOPY --from=builder /opt/../root/x/.. /root\n", false, true),
            ("FROM b\nCOPY --from=builder /roo /x\n", false, false),
            ("FROM b\nCOPY --from=builder /root/.cac* /x\n", false, true),
            ("FROM b\nCOPY --from=other /root /root\n", false, false),
            (
                "FROM b AS mid\nCOPY --from=builder /root /data\nFROM c\nCOPY --from=mid /data /d\n",
                false,
                true,
            ),
            (
                "FROM b AS mid\nCOPY --from=builder /root /data\nFROM c\nCOPY --from=mid /root /d\n",
                false,
                false,
            ),
            ("FROM builder AS mid\nFROM c\nCOPY --from=mid /root/.cache /d\n", false, true),
            ("FROM b\nRUN --mount=from=builder,target=/b cp -r /b/root /root\n", false, true),
            ("FROM b\nRUN --mount=from=builder,source=/wheels,target=/b pip install /b/*\n", false, false),
        ] {
            assert_eq!(reaches(tail), (whole, file), "{tail}");
        }
    }
}
