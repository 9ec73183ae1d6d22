# Everything a developer of Usher needs. `make` alone lists the targets.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOL    := $(GO) tool -modfile=$(CURDIR)/tools/go.mod

# SQLite, which is Go translated from C, is left out of the race detector with its library and its malloc: what they work on is not in
# Go's memory, where the detector looks, so it finds nothing there and takes most of the time. The driver around it stays in. It is in GOFLAGS because
# the end-to-end tests build the binary themselves.
UNRACED := -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false -gcflags=modernc.org/memory=-race=false

# What asks a server of its own one thing after another runs without the detector, which has little to find there and takes most of the
# time. Under it, all operations are called by the tests of HTTP and, of the binary, by TestSeedExamples and TestPythonClient; what happens
# at once is for TestReplicas, TestTorture and their like.
ONE_BY_ONE := TestSchemathesis|TestScripts|TestConsole.*

# What runs once more on PostgreSQL: the rules and the whole HTTP suite, and of the binary what goes through every operation.
# Storage, the model and the tests of several servers run on both engines by themselves. Without -race, which has seen the same code on SQLite, and PostgreSQL's
# own part in the first run of storage: it would take most of the time.
SECOND     := -skip '^(TestReplicas|TestFarFromPostgreSQL)' ./internal/service ./internal/httpapi ./internal/console
SECOND_E2E := -run '^(TestIdentityPlane|TestPythonClient|TestSeedExamples|TestRecoveryByMail|TestSchemathesis|TestConsole.*)$$' \
              -skip '^TestSchemathesis$$/^(contract_key|deputy|reader|read-only_key|nobody)$$'

.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the binary ./usher
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.buildVersion=$(VERSION)' -o usher ./cmd/usher

run: ## run a server in ./usher-data
	$(GO) run ./cmd/usher serve

test: lint ## run every check and every test, as CI does; installs what they need
	scripts/test-env.sh
	GOFLAGS="$$GOFLAGS $(UNRACED)" $(GO) test -race -timeout 15m -skip '^($(ONE_BY_ONE))$$' ./...
	$(GO) test -timeout 15m -run '^(TestServerIsAsTheModel|$(ONE_BY_ONE))$$' ./internal/modeltest ./e2e ./cmd/usher
	USHER_TEST_ENGINE=postgres $(GO) test -timeout 15m $(SECOND)
	USHER_TEST_ENGINE=postgres $(GO) test $(SECOND_E2E) ./e2e
	scripts/fuzz.sh 2s
	scripts/soak.sh 1m

lint: ## format, vet, staticcheck, and that what is generated or vendored is not stale
	scripts/lint.sh

generate: ## make what is generated from api/openapi.yaml
	scripts/generate.sh
	scripts/python-client.sh

torture: ## crash the server, and PostgreSQL under it, 200 times each, and look for what was lost (20 minutes)
	scripts/test-env.sh
	$(GO) test ./e2e -run '^TestTorture$$' -v -timeout 4h -torture.rounds=$(or $(ROUNDS),200) -torture.seed=$(or $(SEED),0)

browsers: ## open every page in every browser on both engines (5 minutes)
	scripts/test-env.sh
	$(GO) test ./e2e -run '^TestConsole' -timeout 30m
	USHER_TEST_ENGINE=postgres $(GO) test ./e2e -run '^TestConsole' -browsers -timeout 30m

screenshots: ## take the pictures of docs/console.md
	scripts/test-env.sh
	$(GO) test ./e2e -run '^TestScreenshots$$' -screenshots=$(CURDIR)/docs/images

fuzz: ## fuzz every decoder for a minute each
	scripts/fuzz.sh 1m

bench: ## measure Usher beside what bounds it (an hour; BENCH=quick: ten minutes)
	scripts/test-env.sh
	scripts/bench.sh

bench-compare: ## compare the Go benchmarks with those of a revision: make bench-compare BASE=HEAD~1
	scripts/bench-compare.sh $(BASE)

soak: ## serve mixed traffic for half an hour, and look whether anything grows
	scripts/test-env.sh
	scripts/soak.sh $(or $(TIME),15m)

flames: ## draw the flame graphs of docs/performance.md
	scripts/flames.sh

vulncheck: ## look for known vulnerabilities in what is used (needs the vulnerability database)
	$(TOOL) govulncheck ./...

clean: ## remove what was built
	rm -rf usher .cache

.PHONY: help build run test lint generate torture browsers screenshots fuzz bench bench-compare soak flames vulncheck clean
