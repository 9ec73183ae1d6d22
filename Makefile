# Everything a developer of Usher needs. `make` alone lists the targets.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOL    := $(GO) tool -modfile=$(CURDIR)/tools/go.mod

# The race detector skips SQLite, which is C translated to Go, with its C library and its allocator. They work outside Go's
# memory, where the detector finds nothing, and would take most of the time. The database driver stays instrumented. The
# flags go into GOFLAGS because the end-to-end tests build the binary themselves.
NO_RACE_SQLITE := -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false -gcflags=modernc.org/memory=-race=false

# Tests that send requests one after another to a server of their own run without the race detector, which has little to find
# there and would take most of the time. With the detector, the HTTP tests call every operation, and TestSeedExamples and
# TestPythonClient call those of the binary. TestReplicas, TestTorture and the like cover concurrency.
SEQUENTIAL := TestSchemathesis|TestScripts|TestConsole.*

# Tests that run a second time on PostgreSQL: the rules (RULES), the whole HTTP suite, and the end-to-end tests that call every
# operation. The tests of storage, of the model and of many servers run on both engines in the first run. The second run has
# no -race, which would take most of the time: the first run has covered the same code on SQLite, and storage on PostgreSQL.
RULES        := audit auth settings outbox recovery user role apikey userimport service
POSTGRES     := -skip '^(TestReplicas|TestDelayedPostgreSQL)' $(RULES:%=./internal/%) ./internal/httpapi ./internal/console/...
POSTGRES_E2E := -run '^(TestAccessManagement|TestPythonClient|TestSeedExamples|TestRecoveryByMail|TestSchemathesis|TestConsole.*)$$' \
                -skip '^TestSchemathesis$$/^(contract_key|deputy|reader|read-only_key|anonymous)$$'

.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the binary ./usher
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.buildVersion=$(VERSION)' -o usher ./cmd/usher

run: ## run a server in ./usher-data
	$(GO) run ./cmd/usher serve

test: lint ## run every check and every test, as CI does; installs what they need
	scripts/test-env.sh
	GOFLAGS="$$GOFLAGS $(NO_RACE_SQLITE)" $(GO) test -race -timeout 15m -skip '^($(SEQUENTIAL))$$' ./...
	$(GO) test -timeout 15m -run '^(TestServerIsAsTheModel|$(SEQUENTIAL))$$' ./internal/modeltest ./e2e ./cmd/usher
	USHER_TEST_ENGINE=postgres $(GO) test -timeout 15m $(POSTGRES)
	USHER_TEST_ENGINE=postgres $(GO) test $(POSTGRES_E2E) ./e2e
	scripts/fuzz.sh 2s
	scripts/soak.sh 1m

lint: ## check formatting, vet, staticcheck, and that generated and vendored files are fresh
	scripts/lint.sh

generate: ## generate the Go and Python code from api/openapi.yaml
	scripts/generate.sh
	scripts/python-client.sh

torture: ## crash the server and PostgreSQL 200 times each, and check for lost writes (20 minutes)
	scripts/test-env.sh
	$(GO) test ./e2e -run '^TestTorture$$' -v -timeout 4h -torture.rounds=$(or $(ROUNDS),200) -torture.seed=$(or $(SEED),0)

mutations: ## take each defence out of the code, and check that a test fails (an hour; MUTATION=regexp selects some)
	scripts/test-env.sh
	$(GO) test ./internal/mutations -v -timeout 4h -mutations='$(or $(MUTATION),.)'

browsers: ## open every page in every browser on both engines (5 minutes)
	scripts/test-env.sh
	$(GO) test ./e2e -run '^TestConsole' -timeout 30m
	USHER_TEST_ENGINE=postgres $(GO) test ./e2e -run '^TestConsole' -browsers -timeout 30m

screenshots: ## take the screenshots of docs/console.md
	scripts/test-env.sh
	$(GO) test ./e2e -run '^TestScreenshots$$' -screenshots=$(CURDIR)/docs/images

fuzz: ## fuzz every decoder for a minute each
	scripts/fuzz.sh 1m

bench: ## measure Usher and what bounds it (an hour; BENCH=quick: ten minutes)
	scripts/test-env.sh
	scripts/bench.sh

bench-compare: ## compare the Go benchmarks with those of a revision: make bench-compare BASE=HEAD~1
	scripts/bench-compare.sh $(BASE)

soak: ## serve mixed traffic for half an hour, and check that nothing grows
	scripts/test-env.sh
	scripts/soak.sh $(or $(TIME),15m)

flames: ## draw the flame graphs of docs/performance.md
	scripts/flames.sh

vulncheck: ## check dependencies for known vulnerabilities (needs the vulnerability database)
	$(TOOL) govulncheck ./...

clean: ## remove build output and caches
	rm -rf usher .cache

.PHONY: help build run test lint generate torture mutations browsers screenshots fuzz bench bench-compare soak flames vulncheck clean
