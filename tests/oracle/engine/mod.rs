//! Builders at work: their daemons, and the stores and clients of each worker.

mod buildah;
mod daemon;
mod docker;
mod podman;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::builder::{Builder, Failure, Image, Job};
use crate::enter;
use crate::support::Place;

pub(crate) use daemon::Daemon;

/// The names in `FROM` of the root file systems that cases start from.
const BASES: [&str; 2] = ["hub", "hub-0.36"];

/// A builder that a worker uses for one build at a time.
pub(crate) trait Engine: fmt::Debug + Send + Sync {
    /// Builds an image. It is valid until the next build.
    fn build(&self, job: Job<'_>) -> Result<Image, Failure>;

    /// Builds an image again, with the provenance that the builder attaches by default, if it attaches any.
    fn build_by_default(&self, _job: Job<'_>) -> Option<Result<Image, Failure>> {
        None
    }

    /// Returns the version, for people.
    fn version(&self) -> String;
}

/// The daemons, each of which serves all workers. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Daemons {
    docker20: Option<Arc<Daemon>>,
    docker28: Option<Arc<Daemon>>,
}

impl Daemons {
    /// Starts the daemons that these builders need, and waits until they answer.
    pub(crate) fn start(builders: &[Builder]) -> Self {
        let docker20 =
            [Builder::BuildKit20, Builder::Classic].iter().any(|builder| builders.contains(builder));
        let docker20 = docker20.then(|| Arc::new(Daemon::start(&docker::OLD)));
        let docker28 = builders.contains(&Builder::Docker28).then(|| Arc::new(Daemon::start(&docker::NEW)));
        let daemons = Self { docker20, docker28 };
        daemons.all().for_each(Daemon::wait);
        daemons
    }

    /// Starts a daemon for each store of the engines of these builders.
    pub(crate) fn of_each_store(builders: &[Builder]) -> Vec<Arc<Daemon>> {
        let Self { docker20, docker28 } = Self::start(builders);
        let graph = docker28.is_some().then(|| Arc::new(Daemon::start(&docker::GRAPH)));
        if let Some(graph) = &graph {
            graph.wait();
        }
        [docker20, docker28, graph].into_iter().flatten().collect()
    }

    /// Gives the daemons the bases.
    pub(crate) fn make_bases(&self) {
        self.all().for_each(docker::make_bases);
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Daemon> {
        [&self.docker20, &self.docker28].into_iter().flatten().map(Arc::as_ref)
    }
}

/// A directory for contexts, and an engine of each builder.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) place: Place,
    pub(crate) engines: Vec<(Builder, Box<dyn Engine>)>,
}

impl Worker {
    pub(crate) fn new(number: usize, builders: &[Builder], daemons: &Daemons) -> Self {
        let dir = PathBuf::from(format!("/srv/worker{number}"));
        fs::create_dir_all(&dir).unwrap();
        let engine = |&builder: &Builder| -> (Builder, Box<dyn Engine>) {
            let daemon = |daemon: &Option<Arc<Daemon>>| Arc::clone(daemon.as_ref().unwrap());
            let engine: Box<dyn Engine> = match builder {
                Builder::Buildah => Box::new(buildah::Store::new(&dir)),
                Builder::Podman => Box::new(podman::Podman::new(&dir)),
                Builder::BuildKit20 | Builder::Classic => {
                    Box::new(docker::Client::new(builder, daemon(&daemons.docker20), number))
                }
                Builder::Docker28 => {
                    Box::new(docker::Client::new(builder, daemon(&daemons.docker28), number))
                }
            };
            (builder, engine)
        };
        let engines = builders.iter().map(engine).collect();
        Self { place: Place::new(&format!("worker{number}")), engines }
    }
}

/// Writes a context for each base below a directory, and builds it with `build`, which gets its name.
fn build_bases(dir: &Path, build: impl Fn(&str, &Path)) {
    for base in BASES {
        let context = dir.join(base);
        fs::create_dir_all(&context).unwrap();
        fs::copy(enter::made().join(format!("base/{base}.tar")), context.join("root.tar")).unwrap();
        let text = "FROM scratch\nADD root.tar /\n\
            ENV HF_ENDPOINT=http://127.0.0.1 HF_HUB_DISABLE_PROGRESS_BARS=1 HF_HUB_DISABLE_TELEMETRY=1 \
            HF_HUB_DISABLE_UPDATE_CHECK=1\n";
        fs::write(context.join("Dockerfile"), text).unwrap();
        build(base, &context);
        fs::remove_dir_all(&context).unwrap();
    }
}

/// Returns limits that builds may have: those of this process. buildah and podman ask for more by default.
fn limits() -> [String; 2] {
    [limit("nofile", "Max open files"), limit("nproc", "Max processes")]
}

fn limit(name: &str, title: &str) -> String {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix(title)).unwrap();
    let mut numbers = line.split_whitespace();
    let (soft, hard) = (numbers.next().unwrap(), numbers.next().unwrap());
    let number = |text: &str| if text == "unlimited" { "-1".to_owned() } else { text.to_owned() };
    format!("{name}={}:{}", number(soft), number(hard))
}
