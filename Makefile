# What can be done with this tree; `make` alone lists it. Nothing but Go is needed, except where said.
SHELL   := /bin/bash
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
GOBUILD := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
# The shipper is small: HTTP/1.1 is enough for it, and the plain executor of expressions (internal/regex), and the AWS SDK,
# which works once for many lines, is not inlined.
LEAN    := -tags nethttpomithttp2,lean -gcflags='github.com/aws/...=-l'
# What the tag lean changes, tested as the shipper has it.
LEANTEST := go test -timeout 3m -tags lean ./internal/regex ./internal/grok ./plugins/filter/grok
LINT    := .tools/golangci-lint
FUZZ    ?= 240

.PHONY: help build test demo check lint vet race docs bench benchcmp bench-grok oracle fuzz figures gates e2e full docker-steps clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

build: ## both programs, static, into bin/
	$(GOBUILD) $(LEAN) -o bin/ ./cmd/shipper
	$(GOBUILD) -o bin/ ./cmd/reader

test: ## unit, golden, configuration and documentation tests
	go test -timeout 3m ./...
	$(LEANTEST)

# The demo is built as the programs are, so that a first run compiles what they share only once.
demo: ## the whole way of real log lines, on this machine alone
	CGO_ENABLED=0 go run -trimpath ./e2e/demo

check: lint vet race ## what a change must pass

$(LINT): tools/go.mod tools/go.sum
	go build -C tools -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

docs: ## write the tables of options and plugins
	go test ./e2e -run TestReadmeTables -update

lint: $(LINT) ## format and lint, by .golangci.yml
	$(LINT) fmt --diff
	$(LINT) run ./...

vet: ## go vet, the tests of e2e included
	go vet ./...
	go vet -tags e2e ./e2e/...
	go vet -tags lean ./internal/regex

race: ## all tests, raced
	go test -race -timeout 8m ./...
	$(LEANTEST)

fuzz: ## every fuzz target, FUZZ seconds in all (240)
	.ci/fuzz $(FUZZ)

e2e: ## the main job on real servers, real logs, and kill -9 (Debian; Java, Maven, nginx are installed where missing)
	go test -tags e2e -count 1 -timeout 20m -v ./e2e

docker-steps: ## the steps of the Dockerfile, run without Docker
	go test -tags e2e -count 1 -run TestDockerfile -v ./e2e

gates: build ## sizes, start-up and idle memory of the programs against their limits
	go run ./bench/gates -bin bin

bench: ## every benchmark, 5 times; medians
	bench/run.sh

benchcmp: ## benchmarks of this tree against REF: make benchcmp REF=main
	bench/compare.sh "$(REF)"

bench-grok: ## the grok engine beside PCRE2, Oniguruma and Go's engines, and the figures to reach (Debian; installs the two libraries)
	bench/grok.sh

oracle: ## our regular expressions against joni's, Logstash's engine (Debian; installs Java and joni where missing)
	e2e/oracle/oracle.sh

figures: build ## the figures of docs/performance.md, measured here and now
	bench/figures.sh

full: check docker-steps gates e2e figures ## everything at full length
	.ci/fuzz 1800

clean: ## what this file has made
	rm -rf bin .tools bench/out
