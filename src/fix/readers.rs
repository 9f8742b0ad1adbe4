//! The commands that may read a token from their environment: clients of the Hub, scripts, and programs that
//! are not known.
//!
//! Installers, compilers and other tools that are found in any Dockerfile need no token of the Hub. A command
//! that names the variable is given it, whatever the command is.

use crate::effects::{EffectKind, Read, Reader, Run};
use crate::shell::{Language, Step, StepKind, Word};

/// Returns the readers of a token among the steps of a `RUN`, each with the index of the step.
pub(super) fn readers(run: &Run) -> impl Iterator<Item = (usize, Reader)> {
    run.effects.iter().filter_map(|effect| {
        let EffectKind::Read(Read::Environment(reader)) = effect.kind else { return None };
        let step = run.steps.get(effect.step)?;
        (reader == Reader::Hub || may_read(run, step)).then_some((effect.step, reader))
    })
}

/// Returns true if a program or a script may read a token.
fn may_read(run: &Run, step: &Step) -> bool {
    let StepKind::Program { name, arguments, .. } = &step.kind else { return true };
    match name.as_str() {
        name if Language::of_program(name) != Language::Other => runs_a_file(run, step, arguments),
        // Scripts that only prepare the shell.
        "." | "source" => {
            let file = arguments.first().map(|word| word.text.to_str().into_owned()).unwrap_or_default();
            !SET_UP.iter().any(|end| file.ends_with(end))
        }
        name if RUNNERS.contains(&name) => runs_a_script(arguments),
        name if MANAGERS.contains(&name) => {
            let mut words = arguments.iter().map(|word| word.text.to_str());
            words.any(|word| matches!(word.as_ref(), "run" | "exec"))
        }
        name if holds(WRAPPERS, name) => wraps_a_reader(arguments),
        "find" => arguments.iter().any(|word| matches!(word.text.as_bytes(), b"-exec" | b"-execdir")),
        name => !is_tool(name),
    }
}

/// Returns true if an interpreter runs a script file. A script that the `RUN` itself contains has steps of its
/// own.
fn runs_a_file(run: &Run, step: &Step, arguments: &[Word]) -> bool {
    let is_option = |word: &&Word| word.text.starts_with_at(0, b"-");
    let has_script = arguments.iter().filter(is_option).any(|word| {
        let text = word.text.to_str();
        !text.starts_with("--") && text.contains('c')
    });
    if has_script || !step.documents.is_empty() {
        return false;
    }
    if let Some(file) = arguments.iter().find(|word| !is_option(word)) {
        let file = file.text.to_str();
        let name = file.rsplit('/').next().unwrap_or_default();
        return !INSTALLERS.contains(&name);
    }
    // The script is in the pipe. One that is downloaded there and then installs something.
    let feeder = step.feeder.and_then(|feeder| run.steps.get(feeder));
    match feeder.map(|feeder| &feeder.kind) {
        Some(StepKind::Program { name, .. }) => !is_tool(name) || name == "cat",
        Some(StepKind::Python(_)) => true,
        None => !step.inputs.is_empty(),
    }
}

/// Returns true if a package manager is told to run a script of a package.
fn runs_a_script(arguments: &[Word]) -> bool {
    let verb = arguments.iter().find(|word| !word.text.starts_with_at(0, b"-"));
    verb.is_some_and(|verb| !holds(INSTALL_VERBS, &verb.text.to_str()))
}

/// Returns true if a program that another one starts may read a token. Options and their values come before it.
fn wraps_a_reader(arguments: &[Word]) -> bool {
    let words = arguments.iter().map(|word| word.text.to_str());
    let mut words = words.filter(|word| !word.starts_with('-') && !word.contains('='));
    let is_file = |word: &str| word.contains(['/', '.']);
    let Some(first) = words.next() else { return false };
    is_file(&first) || !(is_tool(&first) || words.next().is_some_and(|second| is_tool(&second)))
}

/// Returns true if the program is a tool that needs no token.
fn is_tool(name: &str) -> bool {
    TOOLS.iter().any(|group| holds(group, name)) || name.starts_with("docker-php-")
}

fn holds(list: &str, name: &str) -> bool {
    list.split(' ').any(|known| known == name)
}

/// The ends of the names of scripts that only set variables and functions of a shell.
const SET_UP: [&str; 9] =
    ["/activate", "/env", "/env.sh", "bashrc", "profile", "nvm.sh", "conda.sh", "setup.bash", "os-release"];

/// Script files that install something.
const INSTALLERS: [&str; 5] = ["setup.py", "get-pip.py", "ez_setup.py", "get-poetry.py", "install-poetry.py"];

/// Programs that install packages and start programs in an environment.
const MANAGERS: [&str; 11] =
    ["uv", "poetry", "pdm", "conda", "mamba", "micromamba", "pipx", "rye", "hatch", "pixi", "pipenv"];

/// Programs that start another program.
const WRAPPERS: &str = "sudo doas time nice ionice timeout stdbuf xargs setsid chroot gosu su-exec setpriv env exec \
     command nohup retry flock tini dumb-init builtin";

/// Programs that install packages, and also run scripts of a package.
const RUNNERS: [&str; 7] = ["npm", "yarn", "pnpm", "bun", "cargo", "go", "composer"];

/// Subcommands of such programs that run no script of the package.
const INSTALL_VERBS: &str = "install i ci add remove update upgrade config cache set login link audit prune fetch get mod \
     env vet version global workspaces require dump-autoload uninstall clean init build";

/// Programs that need no token of the Hub, by kind.
const TOOLS: [&str; 6] = [
    // Installers.
    "apt apt-get aptitude apt-key apt-mark apt-cache apk dpkg dpkg-reconfigure rpm yum dnf microdnf \
     zypper pacman tdnf snap flatpak brew emerge nix nix-env pip pip2 pip3 easy_install virtualenv venv \
     ensurepip gem bundle bundler rustup rustup-init pecl luarocks cpan cpanm nvm fnm corepack asdf \
     playwright opam stack cabal ghcup sdk helm spacy nltk.downloader",
    // Compilers, and what drives them.
    "make gmake cmake ninja meson bazel scons ant mvn gradle gradlew configure autoreconf autogen.sh \
     automake autoconf libtoolize gcc g++ cc c++ clang clang++ nvcc ld ar as ranlib rustc javac tsc \
     protoc cython compileall patch strip ldd ldconfig",
    // Programs that fetch a URL or a repository.
    "git git-lfs svn hg curl wget aria2c axel rsync scp ssh ssh-keyscan ftp",
    // Text, archives and files.
    "cat tac egrep fgrep awk gawk mawk jq yq base64 xxd od envsubst diff cmp sha1sum sha256sum sha512sum \
     md5sum b2sum basename dirname realpath readlink seq yes nl rev fold paste join split tee mktemp file \
     tree dd dos2unix column 7z 7za unrar zstd pigz unpigz lz4 xzcat zcat cpio shred truncate iconv",
    // The system and its users.
    "systemctl service id whoami uname hostname nproc free printenv chpasswd passwd userdel groupdel \
     groupmod ulimit sysctl mknod sync kill ps update-rc.d update-ca-certificates update-ca-trust \
     update-locale localedef locale debconf-set-selections setcap getcap crontab visudo su runuser trap \
     eval getent mount umount fc-cache ssh-keygen shopt let arch lsb_release mkfifo tty stty tput clear",
    // Keys, devices and media.
    "gpg gpg2 gpgconf openssl keytool nvidia-smi clinfo ffmpeg convert xvfb-run",
];
