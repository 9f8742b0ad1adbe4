.PHONY: run test lint docs oracle oracle-long bench noise fuzz clean

# Audits a leaky example: a Dockerfile and an image, made on the spot from testdata/example. PROFILE=dev runs the binary of
# the tests: a test is named so that cargo resolves the same features, else it would build the dependencies again.
PROFILE ?= release
BUILT = target/$(patsubst dev,debug,$(PROFILE))
run:
	cargo build --profile $(PROFILE) --bin stowaway $(if $(filter dev,$(PROFILE)),--test integration)
	testdata/example/make.sh target/example
	@echo
	@echo '$$ stowaway scan Dockerfile app.tar'
	@cd target/example && ../../$(BUILT)/stowaway scan Dockerfile app.tar; code=$$?; \
	echo; echo "exit code $$code (1: a token was found)"; test $$code -eq 1

# All tests. They make their images with real tools, which this installs from Debian where they are missing. The last of
# them, which builds Dockerfiles, needs root and namespaces: elsewhere it says so, and fails where CI is set.
test:
	tests/install-tools.sh skopeo umoci buildah busybox-static python3-pip git patch p7zip-full xz-utils bzip2 lz4 zstd
	STOWAWAY_ORACLE=$(if $(CI),1,if-possible) cargo test --no-fail-fast --lib --bins --tests

lint:
	cargo fmt --version && cargo clippy --version || rustup component add rustfmt clippy
	cargo fmt --all --check
	cargo clippy --all-targets --features internals -- -D warnings
	cargo clippy --lib --no-default-features -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items
	cargo deny check bans licenses sources

# Writes the pages of docs that the tests make: rules, codes, recall, and the Dockerfile rules over testdata/corpus.
docs:
	STOWAWAY_WRITE_DOCS=1 cargo test --lib -- report::pages
	STOWAWAY_WRITE_DOCS=1 cargo test --test integration -- recall corpus

# Builds Dockerfiles for real and holds the auditors to what is left, as `make test` does; writes docs/oracle.md. Needs root;
# the builder is made once, in target/oracle. CASES names some cases only.
oracle:
	STOWAWAY_ORACLE=1 STOWAWAY_WRITE_DOCS=1 cargo test --test oracle -- $(CASES)

# The same with 300 made Dockerfiles beside the written ones. One that disagrees is made as small as it can be, and shown.
oracle-long:
	STOWAWAY_ORACLE=1 STOWAWAY_ORACLE_MADE=300 cargo test --test oracle -- $(CASES)

# Speed and memory beside gzip, igzip, zstd, cat and ripgrep. benches/README.md says how to read it.
bench:
	tests/install-tools.sh hyperfine isal ripgrep time valgrind zstd openssl
	benches/run.sh

# Scans clean work, and writes docs/noise.md. Fetches gigabytes of packages, once.
noise:
	tests/install-tools.sh debootstrap jq npm python3-pip time
	benches/noise.sh

# Feeds the readers of foreign bytes what they do not expect, each for FUZZ_SECONDS. Needs a nightly toolchain.
FUZZ_SECONDS ?= 600
fuzz:
	tests/install-tools.sh xz-utils bzip2 lz4 lzip zstd p7zip-full git
	command -v cargo-fuzz || cargo install cargo-fuzz --locked
	fuzz/make-corpus.sh
	for target in decompress tar sevenz scanner dockerfile ci zip git sqlite unpack; do \
		cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 || exit 1; \
	done

clean:
	cargo clean
