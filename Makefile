.PHONY: run test lint docs oracle oracle-long bench noise hostile fuzz clean

# Audits a leaky example, a Dockerfile and an image that are made from testdata/example. PROFILE=dev runs the
# binary of the tests. In that case, the command names a test so that cargo resolves the same features and does
# not rebuild the dependencies.
PROFILE ?= release
BUILT = target/$(patsubst dev,debug,$(PROFILE))
run:
	cargo build --profile $(PROFILE) --bin stowaway $(if $(filter dev,$(PROFILE)),--test integration)
	testdata/example/make.sh target/example
	@echo
	@echo '$$ stowaway scan Dockerfile app.tar'
	@cd target/example && ../../$(BUILT)/stowaway scan Dockerfile app.tar; code=$$?; \
	echo; echo "exit code $$code (1: a token was found)"; test $$code -eq 1

# Runs all tests. Their images are made with real tools, which are installed from Debian if missing. The last
# test builds Dockerfiles and needs root and namespaces. If they are not available, the test says so, and fails
# if CI is set. It builds with buildah alone, and scans images in Docker 20.10;
# `make oracle` uses the builders of Docker as well.
test:
	tests/install-tools.sh skopeo umoci buildah busybox-static python3-pip git patch p7zip-full xz-utils bzip2 lz4 zstd brotli squashfs-tools erofs-utils qemu-utils binutils xxd bsdextrautils docker-registry openssl curl chromium chromium-driver npm
	STOWAWAY_ORACLE=$(if $(CI),1,if-possible) STOWAWAY_ORACLE_BUILDERS=buildah STOWAWAY_ORACLE_ENGINES=classic cargo test --no-fail-fast --lib --bins --tests
	cargo test --doc

lint:
	cargo fmt --version && cargo clippy --version || rustup component add rustfmt clippy
	cargo fmt --all --check
	cargo clippy --all-targets --features internals -- -D warnings
	cargo clippy --lib --no-default-features -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items
	cargo deny check bans licenses sources

# Writes the files of docs that the tests generate: rules, codes, the schema of policies, recall, and the Dockerfile
# rules on testdata/corpus.
docs:
	STOWAWAY_WRITE_DOCS=1 cargo test --lib -- report::pages the_schema_is
	STOWAWAY_WRITE_DOCS=1 cargo test --test integration -- recall corpus

# Builds Dockerfiles for real and compares the audits with the resulting images, as `make test` does, with buildah and
# with both builders of Docker 20.10. It also writes docs/oracle.md. Needs root. The builders are made once, in
# target/oracle, and nothing is installed on the machine. CASES selects cases by name.
oracle:
	STOWAWAY_ORACLE=1 STOWAWAY_WRITE_DOCS=1 cargo test --test oracle -- $(CASES)

# Runs the oracle with 300 generated Dockerfiles in addition to the handwritten ones, and with Docker 28 and podman in
# addition to the other builders. A case that disagrees is reduced to a minimal one and shown.
oracle-long:
	STOWAWAY_ORACLE=1 STOWAWAY_WRITE_DOCS=1 STOWAWAY_ORACLE_MADE=300 \
	STOWAWAY_ORACLE_BUILDERS=buildah,buildkit-20.10,classic,docker-28,podman-5 cargo test --test oracle -- $(CASES)

# Measures speed and memory beside gzip, igzip, zstd, cat and ripgrep. benches/README.md explains the results.
bench:
	tests/install-tools.sh docker-registry hyperfine isal ripgrep skopeo time valgrind zstd openssl
	benches/run.sh

# Scans corpora without tokens, and writes docs/noise.md. It downloads gigabytes of packages, once.
noise:
	tests/install-tools.sh debootstrap jq npm python3-pip time
	benches/noise.sh

# Measures the time and memory of inputs that are made to take long or to use much memory.
hostile:
	tests/install-tools.sh python3 time xz-utils zstd
	cargo build --release --bin stowaway
	benches/hostile.py target/release/stowaway target/hostile

# Compares how FUZZ_TARS generated tar archives are read with umoci, and fuzzes the parsers of foreign input, each for
# FUZZ_SECONDS. Needs a nightly toolchain.
FUZZ_SECONDS ?= 600
FUZZ_TARS ?= 5000
fuzz:
	tests/install-tools.sh xz-utils bzip2 lz4 lzip zstd p7zip-full git umoci squashfs-tools erofs-utils
	STOWAWAY_TARS=$(FUZZ_TARS) STOWAWAY_TARS_SEED=$$(date +%s) cargo test --test integration -- tar_readers
	command -v cargo-fuzz || cargo install cargo-fuzz --locked
	fuzz/make-corpus.sh
	for target in decompress tar sevenz scanner dockerfile ci zip git sqlite blocks unpack disks; do \
		cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 || exit 1; \
	done

clean:
	cargo clean
