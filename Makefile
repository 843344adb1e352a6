# Image of the operator: what the docker targets build and push, and what deploy runs.
IMG ?= controller:latest
# Platforms of the manifest list that docker-buildx pushes.
PLATFORMS ?= linux/amd64,linux/arm64,linux/s390x,linux/ppc64le
# docker, or a tool with the same commands, such as podman.
CONTAINER_TOOL ?= docker
# Name of the buildx builder; docker-buildx creates it where it is missing.
BUILDER ?= elasticweb-builder
# Base images of the Dockerfile; empty takes the Dockerfile's defaults.
BUILDER_IMAGE ?=
RUNTIME_IMAGE ?=
KUBECTL ?= kubectl
# Overlay that deploy, undeploy and build-installer use: config/default or config/namespaced.
OVERLAY ?= config/default
# Set to true to let undeploy and uninstall pass over what is gone already.
ignore-not-found ?= false

# Flags of the manager for run: no lease, and metrics on loopback in plain text.
RUN_ARGS ?= --leader-elect=false --metrics-bind-address=127.0.0.1:8080 --metrics-secure=false

# Packages to test. FOCUS, a regular expression on the names of specs, needs PKGS to name Ginkgo suites alone.
PKGS ?= ./...
FOCUS ?=
TEST_TIMEOUT ?= 20m
# Output of gotestsum: a line per package and what fails; standard-verbose prints everything.
TEST_FORMAT ?= pkgname-and-test-fails
# The race detector needs cgo, and go env says 0 where there is no C compiler.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED 2>/dev/null)),-race)

# Relative, so that a checkout in a path with blanks works.
LOCALBIN := bin
CONTROLLER_GEN := $(LOCALBIN)/controller-gen
KUSTOMIZE := $(LOCALBIN)/kustomize
GOLANGCI_LINT := $(LOCALBIN)/golangci-lint
CRD_REF_DOCS := $(LOCALBIN)/crd-ref-docs
GOTESTSUM := $(LOCALBIN)/gotestsum
TOOLS := $(CONTROLLER_GEN) $(KUSTOMIZE) $(GOLANGCI_LINT) $(CRD_REF_DOCS) $(GOTESTSUM)
# Overlay that release-overlay makes, and the events of the last test run.
RELEASE := $(LOCALBIN)/release
TEST_JSON := $(LOCALBIN)/test.json
TEST_RUN := $(GOTESTSUM) --format $(TEST_FORMAT) --format-hide-empty-pkg --hide-summary=skipped
DOCKER_BUILD_ARGS := $(if $(BUILDER_IMAGE),--build-arg BUILDER_IMAGE=$(BUILDER_IMAGE)) \
	$(if $(RUNTIME_IMAGE),--build-arg RUNTIME_IMAGE=$(RUNTIME_IMAGE))

.PHONY: all
all: build

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*## "; printf "Usage: make <target> [VARIABLE=value]\n"} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Development

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Generate the DeepCopy methods.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Generate the CRDs and the manager's role.
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	$(CONTROLLER_GEN) rbac:roleName=manager-role paths=./controllers/... output:rbac:artifacts:config=config/rbac

.PHONY: api-docs
api-docs: $(CRD_REF_DOCS) ## Generate the API reference, docs/api.md.
	@mkdir -p docs
	$(CRD_REF_DOCS) --config=hack/crd-ref-docs.yaml --source-path=api --renderer=markdown \
		--max-depth=10 --log-level=ERROR --output-path=docs/api.md

.PHONY: fmt
fmt: ## Format the Go code.
	go fmt ./...

.PHONY: vet
vet: ## Run go vet.
	go vet ./...

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters.
	$(GOLANGCI_LINT) run

.PHONY: lint-fix
lint-fix: $(GOLANGCI_LINT) ## Run the linters and mend what they can mend.
	$(GOLANGCI_LINT) run --fix

.PHONY: verify
verify: generate manifests api-docs $(KUSTOMIZE) ## Regenerate everything and fail on a difference.
	KUSTOMIZE=$(KUSTOMIZE) hack/verify.sh

##@ Tests

.PHONY: test-unit
test-unit: $(GOTESTSUM) ## Run the tests that need no cluster.
	$(TEST_RUN) -- -short $(RACE) $(PKGS)

# Without -count=1 the suites would be answered from the test cache, which does not see the control plane.
.PHONY: test
test: test-unit ## Run all tests, the suites on a local control plane.
	go run ./test/cluster/localcluster build
	go run ./test/summary $(TEST_JSON) $(TEST_RUN) --jsonfile $(TEST_JSON) -- \
		-count=1 -timeout $(TEST_TIMEOUT) $(RACE) $(PKGS) $(if $(FOCUS),-args -ginkgo.focus='$(FOCUS)')

# Apart from make test, since it measures time: other suites beside it would spoil it.
.PHONY: test-loadtest
test-loadtest: ## Measure a server of a known rate with the load generator; wants a quiet machine.
	LOADTEST_PRECISION=1 go test -count=1 -v -run TestMeasuresAThrottledServer ./cmd/loadtest

.PHONY: demo
demo: ## Show the operator at work on simulated nodes; DEMO_EXIT=1 ends after the table.
	@echo 'Compiling the demo: seconds, or a few minutes the first time.'
	@go run ./test/demo

.PHONY: bench
bench: build ## Measure the operator against a bare client, as ratios; BENCH_ARGS sets flags, for instance '-n 1000 -rest 10m'.
	go run ./test/perf $(BENCH_ARGS)

##@ Build

.PHONY: build
build: generate manifests fmt vet ## Build bin/manager.
	go build -o $(LOCALBIN)/manager ./cmd/manager

.PHONY: run
run: generate manifests fmt vet ## Run the manager here, against the cluster of the current kubeconfig.
	go run ./cmd/manager $(RUN_ARGS)

.PHONY: docker-build
docker-build: ## Build the image for this machine's architecture.
	$(CONTAINER_TOOL) build $(DOCKER_BUILD_ARGS) --tag $(IMG) .

.PHONY: docker-push
docker-push: ## Push the image.
	$(CONTAINER_TOOL) push $(IMG)

# Attestations would appear in the manifest list as the platform unknown/unknown.
.PHONY: docker-buildx
docker-buildx: ## Build and push a manifest list for all PLATFORMS.
	$(CONTAINER_TOOL) buildx inspect $(BUILDER) >/dev/null 2>&1 || $(CONTAINER_TOOL) buildx create --name $(BUILDER)
	$(CONTAINER_TOOL) buildx build --builder $(BUILDER) --platform $(PLATFORMS) --provenance=false --push \
		$(DOCKER_BUILD_ARGS) --tag $(IMG) .

.PHONY: build-installer
build-installer: manifests release-overlay ## Write CRDs, roles and manager to dist/install.yaml.
	@mkdir -p dist
	$(KUSTOMIZE) build $(RELEASE) > dist/install.yaml

.PHONY: clean
clean: ## Remove what the targets above made.
	rm -rf $(LOCALBIN) dist

##@ Deployment

.PHONY: install
install: manifests $(KUSTOMIZE) ## Install the CRDs into the cluster of the current kubeconfig.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) apply -f -

.PHONY: uninstall
uninstall: manifests $(KUSTOMIZE) ## Remove the CRDs, and with them every ElasticWeb.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) delete --ignore-not-found=$(ignore-not-found) -f -

.PHONY: deploy
deploy: manifests release-overlay ## Install CRDs, roles and manager; IMG= names the image.
	$(KUSTOMIZE) build $(RELEASE) | $(KUBECTL) apply -f -

.PHONY: undeploy
undeploy: $(KUSTOMIZE) ## Remove all that deploy installed, and every ElasticWeb.
	$(KUSTOMIZE) build $(OVERLAY) | $(KUBECTL) delete --ignore-not-found=$(ignore-not-found) -f -

# The image is set in an overlay outside of config/, so that a deploy leaves the working tree clean.
.PHONY: release-overlay
release-overlay: $(KUSTOMIZE)
	@rm -rf $(RELEASE) && mkdir -p $(RELEASE)
	@cd $(RELEASE) && ../kustomize create --resources ../../$(OVERLAY) && ../kustomize edit set image controller=$(IMG)

##@ Tools

.PHONY: tools
tools: $(TOOLS) ## Build the pinned tools into bin/.

# Each tool has a module of its own: neither the operator's dependencies nor another tool's can move its version.
$(TOOLS): $(LOCALBIN)/%: tools/%/go.mod tools/%/go.sum
	go build -C tools/$* -o "$(CURDIR)/$@" tool

$(GOLANGCI_LINT): tools/golangci-lint/main.go
