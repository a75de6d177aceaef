# Everything that is done with this repository, by name. `make help` lists it.

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

SOURCES := Package.swift Sources Tests $(wildcard Benchmarks)

# The program carries Swift's libraries: it starts in half the time, and runs where there is no Swift.
PROGRAM := -c release --static-swift-stdlib

# Testable code is other code: a folder of its own keeps `make build` from starting afresh.
RELEASE := -c release -Xswiftc -enable-testing --scratch-path .build-tests
TSAN := --sanitize=thread --scratch-path .build-tsan
# Clang compiles CKernels, even inside of Swift, and has to be told too.
ASAN := --sanitize=address -Xcc -fsanitize=address --scratch-path .build-asan
# One after the other: some of them count threads, backends and milliseconds.
TEST := swift test --skip-build --no-parallel --disable-xctest

# Where real and hostile files lie that are not part of the project, to be loaded by the tests.
ifneq ($(wildcard ../shared/data),)
export PGSLUICE_TEST_DATA ?= $(abspath ../shared/data)
export PGSLUICE_TEST_PATHOLOGIES ?= $(abspath ../shared/pathologies)
endif

SERVERLESS := OracleTests|SluiceCoreTests|SluiceCodecTests|SluiceSourceTests
CONCURRENT := SluiceCoreTests|SluicePostgresTests|SluiceTests

ifndef SEED
SEED := $(shell date +%s)
endif
FILES ?= 1000
ROUNDS ?= 200
TIME ?= 600
TARGET ?= scan text binary

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Load a million rows into a private server (or DATABASE_URL, CSV and TABLE: your own)
	@scripts/prerequisites.sh
	@$(MAKE) build
	@PGSLUICE="$$(swift build $(PROGRAM) --show-bin-path)/pgsluice" scripts/demo.sh

.PHONY: build
build: ## Build the program; its path is the last line
	@scripts/prerequisites.sh --build
	@swift build $(PROGRAM) --product pgsluice
	@echo "$$(swift build $(PROGRAM) --show-bin-path)/pgsluice"

.PHONY: check
check: export PGSLUICE_WARNINGS_AS_ERRORS = 1
check: lint ## Lint, warnings as errors, the tests that need no server
	@scripts/prerequisites.sh --build
	swift build --build-tests
	$(TEST) --filter '$(SERVERLESS)'

.PHONY: test
test: ## Run every test on a private server, on the newest PostgreSQL, and under ThreadSanitizer
	@scripts/prerequisites.sh --tests
	swift build $(RELEASE) --build-tests
	scripts/with-server.sh $(TEST) $(RELEASE)
	scripts/with-server.sh --newest $(TEST) $(RELEASE) --filter Differential || \
	    { [ $$? -eq 77 ] && echo 'SKIPPED: Differential on the newest PostgreSQL'; }
	@$(MAKE) tsan

.PHONY: tsan
tsan: ## Run the tests of the concurrent targets under ThreadSanitizer
	@scripts/prerequisites.sh --tests
	swift build $(TSAN) --build-tests
	PGSLUICE_TEST_SANITIZER=thread TSAN_OPTIONS=suppressions=Tests/tsan.suppressions \
	    scripts/with-server.sh $(TEST) $(TSAN) --filter '$(CONCURRENT)'

# Swift's own memory is never freed, and that is no leak.
.PHONY: asan
asan: ## Run all tests but the fault tests under AddressSanitizer
	@scripts/prerequisites.sh --tests
	swift build $(ASAN) --build-tests
	PGSLUICE_TEST_SANITIZER=address ASAN_OPTIONS=detect_leaks=0 \
	    scripts/with-server.sh $(TEST) $(ASAN) --skip FaultTests

.PHONY: fuzz
fuzz: ## Compare with COPY on many more hostile files; SEED= and FILES= repeat or lengthen a run
	@scripts/prerequisites.sh --tests
	swift build $(RELEASE) --build-tests
	PGSLUICE_FUZZ_FILES=$(FILES) PGSLUICE_TEST_SEED=$(SEED) \
	    scripts/with-server.sh --memory $(TEST) $(RELEASE) --filter 'Differential|Property'

.PHONY: fuzz-coverage
fuzz-coverage: ## Feed scan, text and binary (TARGET=) with bytes that reach new code, TIME= seconds each
	@scripts/prerequisites.sh --build
	@Tests/Fuzz/run.sh $(TIME) $(TARGET)

.PHONY: torture
torture: ## Break connections, servers and disks under the program for hours; SEED= and ROUNDS= repeat it
	@scripts/prerequisites.sh --tests
	swift build $(RELEASE) --build-tests
	PGSLUICE_TORTURE_ROUNDS=$(ROUNDS) PGSLUICE_TEST_SEED=$(SEED) \
	    scripts/with-server.sh $(TEST) $(RELEASE) --filter FaultTests

.PHONY: bench
bench: ## Race psql \copy, the limit and the peers that there are; 12 minutes
	@scripts/prerequisites.sh
	@Benchmarks/run.sh

.PHONY: bench-micro
bench-micro: ## Measure scanner, splitter and encoders alone, and rewrite their part of Benchmarks/README.md
	@scripts/prerequisites.sh
	@Benchmarks/micro.sh

.PHONY: format
format: ## Format every source file in place
	swift format --in-place --recursive --parallel $(SOURCES)

.PHONY: lint
lint: ## Check formatting, and the scripts where shellcheck is installed
	swift format lint --strict --recursive --parallel $(SOURCES)
	@if command -v shellcheck >/dev/null; then shellcheck -x scripts/*.sh Benchmarks/*.sh Tests/Fuzz/*.sh .ci/run; fi

.PHONY: ci
ci: export PGSLUICE_WARNINGS_AS_ERRORS = 1
ci: lint test ## What CI runs: lint and every test, warnings as errors

.PHONY: clean
clean: ## Remove all that was built or fetched
	rm -rf .build .build-tests .build-tsan .build-asan .build-servers
	rm -rf Tests/Fuzz/.build Tests/Fuzz/.build-corpus Tests/Fuzz/.build-findings
	rm -rf Benchmarks/.build-python Benchmarks/.build-results Benchmarks/Micro/.build
