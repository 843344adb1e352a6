# Image of the operator: what the docker targets build and push, and what deploy runs.
IMG ?= controller:latest
# Platforms of the manifest list that docker-buildx pushes.
PLATFORMS ?= linux/amd64,linux/arm64,linux/s390x,linux/ppc64le
# docker, podman or buildah.
CONTAINER_TOOL ?= docker
# Which image the docker targets make, as IMG: operator, scorecard (the tests of the bundle), bundle or catalog. The latter
# two have contexts that bundle-context and catalog-context make.
IMAGE ?= operator
DOCKERFILE_operator := Dockerfile
DOCKERFILE_scorecard := test/scorecard/Dockerfile
DOCKERFILE_bundle := bin/bundle/bundle.Dockerfile
DOCKERFILE_catalog := bin/catalog/catalog.Dockerfile
DOCKERFILE = $(or $(DOCKERFILE_$(IMAGE)),$(error IMAGE=$(IMAGE): set it to operator, scorecard, bundle or catalog))
CONTEXT = $(if $(filter bundle catalog,$(IMAGE)),$(dir $(DOCKERFILE)),.)
INSPECT ?= go run ./hack/inspect
JSON_SCHEMA ?= go run ./hack/jsonschema
# Platforms without which inspect fails.
REQUIRED_PLATFORMS ?=
# Set to true for registries without TLS, such as one on loopback.
INSECURE ?=
# Further flags of the build and of the push, for CONTAINER_TOOL.
BUILD_FLAGS ?=
PUSH_FLAGS ?=
# Name of the buildx builder; docker-buildx creates it where it is missing. kube is what buildx-kubernetes makes.
BUILDER ?= elasticweb-builder
BUILDX ?= $(CONTAINER_TOOL) buildx
# The builder that buildx-kubernetes makes, and its namespace, that of config/buildx.
BUILDKIT_BUILDER ?= kube
BUILDKIT_NAMESPACE ?= elasticweb-buildx
# Pods per architecture, and which of them a build gets: sticky, the same for the same folder, or random.
BUILDKIT_REPLICAS ?= 1
BUILDKIT_LOADBALANCE ?= sticky
BUILDKIT_REQUESTS_CPU ?= 500m
BUILDKIT_REQUESTS_MEMORY ?= 1Gi
BUILDKIT_LIMITS_CPU ?= 2
BUILDKIT_LIMITS_MEMORY ?= 4Gi
# Separated by semicolons. Some clouds taint their nodes of the rarer architectures.
BUILDKIT_TOLERATIONS ?= key=kubernetes.io/arch,operator=Exists,effect=NoSchedule
BUILDKIT_ROOTLESS ?= true
# Image of BuildKit; empty takes that of buildx, which knows a rootless one.
BUILDKIT_IMAGE ?=
# A buildkitd.toml, for registries that need a CA or a mirror.
BUILDKIT_CONFIG ?=
# Set to true for one node that emulates all PLATFORMS, on the architecture BUILDKIT_QEMU_ARCH where that is given.
BUILDKIT_QEMU ?= false
BUILDKIT_QEMU_ARCH ?=
BUILDKIT_QEMU_IMAGE ?=
# Whether to start the pods now rather than with the first build, and how long to wait for them.
BUILDKIT_BOOTSTRAP ?= true
BUILDKIT_TIMEOUT ?= 5m
# Base images of the Dockerfiles; empty takes the Dockerfiles' defaults.
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
TEST_TIMEOUT ?= 30m
# Minor version of the control plane that the suites run on, a folder of tools/controlplanes; empty is that of tools/controlplane.
K8S_VERSION ?=
# Those of test-versions, comma-separated: the oldest and the newest.
VERSIONS ?= 1.30,1.37
# Output of gotestsum: a line per package and what fails; standard-verbose prints everything.
TEST_FORMAT ?= pkgname-and-test-fails
# The race detector needs cgo, and go env says 0 where there is no C compiler.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED 2>/dev/null)),-race)
# All else is compiled as it is for the images, so that what both need is compiled once.
export CGO_ENABLED := 0
WITH_RACE := $(if $(RACE),CGO_ENABLED=1)

# What the operator asked for while make test and make e2e ran.
RIGHTS = $(CURDIR)/$(LOCALBIN)/rights

# A comma, for arguments of functions.
, := ,
# Relative, so that a checkout in a path with blanks works.
LOCALBIN := bin
CONTROLLER_GEN := $(LOCALBIN)/controller-gen
KUSTOMIZE := $(LOCALBIN)/kustomize
GOLANGCI_LINT := $(LOCALBIN)/golangci-lint
CRD_REF_DOCS := $(LOCALBIN)/crd-ref-docs
GOTESTSUM := $(LOCALBIN)/gotestsum
GREMLINS := $(LOCALBIN)/gremlins
OPERATOR_SDK := $(LOCALBIN)/operator-sdk
OPM := $(LOCALBIN)/opm
OLM := $(LOCALBIN)/olm
OLM_CATALOG := $(LOCALBIN)/olm-catalog
HELM := $(LOCALBIN)/helm
HELM4 := $(LOCALBIN)/helm4
PROMETHEUS := $(LOCALBIN)/prometheus
PROMTOOL := $(LOCALBIN)/promtool
PROM_LABEL_PROXY := $(LOCALBIN)/prom-label-proxy
KARPENTER := $(LOCALBIN)/karpenter
TRAEFIK := $(LOCALBIN)/traefik
PREFLIGHT := $(LOCALBIN)/preflight
SCORECARD_TEST := $(LOCALBIN)/scorecard-test
CPB := $(LOCALBIN)/cpb
CRANE := $(LOCALBIN)/crane
CYCLONEDX := $(LOCALBIN)/cyclonedx-gomod
BUILDX_PLUGIN := $(LOCALBIN)/buildx
# The one that test-images signs with; COSIGN names that of a release.
COSIGN_TESTED := $(LOCALBIN)/cosign
TOOLS := $(CONTROLLER_GEN) $(KUSTOMIZE) $(GOLANGCI_LINT) $(CRD_REF_DOCS) $(GOTESTSUM)
# Overlay that release-overlay makes, and the events of the last test run.
RELEASE := $(LOCALBIN)/release
TEST_JSON := $(LOCALBIN)/test.json
TEST_RUN := $(GOTESTSUM) --format $(TEST_FORMAT) --format-hide-empty-pkg --hide-summary=skipped
# The tests of what builds the images need buildah; without it they are named in the summary.
BUILDAH := $(shell command -v buildah 2>/dev/null)
# Those of the weights of Routes need HAProxy.
HAPROXY := $(shell PATH="$$PATH:/usr/sbin" command -v haproxy 2>/dev/null)
TEST_TAGS := preflight$(if $(BUILDAH),$(,)images)$(if $(HAPROXY),$(,)haproxy)
# So do those of the live page a browser, and npm, which has what looks for faults of accessibility.
BROWSER := $(if $(shell command -v npm 2>/dev/null),$(firstword $(shell command -v chromium chromium-browser google-chrome 2>/dev/null)))
NO_BUILDAH := $(if $(BUILDAH),,test/images, since buildah is missing (Debian, Ubuntu: apt-get install buildah))
NO_HAPROXY := $(if $(HAPROXY),,Routes in test/way, since HAProxy is missing (Debian, Ubuntu: apt-get install haproxy))
NO_BROWSER := $(if $(BROWSER),,test/page, since Chromium or npm is missing (Debian: apt-get install chromium nodejs npm))
NOT_TESTED := $(if $(NO_BUILDAH),; $(NO_BUILDAH))$(if $(NO_HAPROXY),; $(NO_HAPROXY))$(if $(NO_BROWSER),; $(NO_BROWSER))
LEFT_OUT := $(if $(NOT_TESTED),-left-out '$(wordlist 2,99,$(NOT_TESTED))')
# The commit and its time, not those of the build: the same commit gives the same image.
REVISION ?= $(shell git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null || echo unknown)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
CREATED = $(shell date -u -d @$(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r $(SOURCE_DATE_EPOCH) +%Y-%m-%dT%H:%M:%SZ)
IMAGE_FLAGS = --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) --build-arg CREATED=$(CREATED) \
	$(foreach name,BUILDER_IMAGE RUNTIME_IMAGE OPM_IMAGE GOPROXY,$(if $($(name)),--build-arg $(name)=$($(name)))) $(BUILD_FLAGS)
# Podman and buildah take it from a flag; docker knows loopback by itself.
TOOL_PUSH_FLAGS = $(if $(filter true,$(INSECURE)),$(if $(filter podman buildah,$(notdir $(firstword $(CONTAINER_TOOL)))),--tls-verify=false)) $(PUSH_FLAGS)
# What the scripts under hack/ read.
IMAGE_ENV = CONTAINER_TOOL='$(CONTAINER_TOOL)' IMG='$(IMG)' PLATFORMS='$(PLATFORMS)' DOCKERFILE='$(DOCKERFILE)' CONTEXT='$(CONTEXT)' \
	SOURCE_DATE_EPOCH='$(SOURCE_DATE_EPOCH)' BUILD_FLAGS='$(IMAGE_FLAGS)' PUSH_FLAGS='$(TOOL_PUSH_FLAGS)' INSECURE='$(INSECURE)'
BUILDKIT_VARIABLES := BUILDX PLATFORMS BUILDKIT_BUILDER BUILDKIT_NAMESPACE BUILDKIT_REPLICAS BUILDKIT_LOADBALANCE BUILDKIT_REQUESTS_CPU \
	BUILDKIT_REQUESTS_MEMORY BUILDKIT_LIMITS_CPU BUILDKIT_LIMITS_MEMORY BUILDKIT_TOLERATIONS BUILDKIT_ROOTLESS BUILDKIT_IMAGE \
	BUILDKIT_CONFIG BUILDKIT_QEMU BUILDKIT_QEMU_ARCH BUILDKIT_QEMU_IMAGE BUILDKIT_BOOTSTRAP BUILDKIT_TIMEOUT

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
generate: $(CONTROLLER_GEN) ## Generate the DeepCopy methods, and the apply configurations for programs.
	$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...
	$(CONTROLLER_GEN) applyconfiguration:headerFile=hack/boilerplate.go.txt paths=./api/v1 paths=./api/v1alpha1

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Generate the CRDs and the manager's role.
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	go run ./hack/crdbounds config/crd/bases/*.yaml
	$(CONTROLLER_GEN) rbac:roleName=manager-role paths=./controllers/... output:rbac:artifacts:config=config/rbac

.PHONY: api-docs
api-docs: $(CRD_REF_DOCS) ## Generate the API reference, docs/api.md.
	@mkdir -p docs
	$(CRD_REF_DOCS) --config=hack/crd-ref-docs.yaml --source-path=api --renderer=markdown \
		--max-depth=10 --log-level=ERROR --output-path=docs/api.md

.PHONY: dashboards
dashboards: ## Make the dashboards for Grafana and for OpenShift's console, in config/observability.
	go run -C hack/dashboards .

.PHONY: web
web: web/node_modules/.package-lock.json ## Build the live page from web into internal/page/assets; needs npm.
	npm run --silent --prefix web build

# No script of a package runs: none is needed, and one would have the rights of whoever builds.
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@command -v npm >/dev/null || { echo 'The page is built by npm, which is missing (Debian, Ubuntu: apt-get install nodejs npm)'; exit 1; }
	npm ci --prefix web --ignore-scripts --no-audit --no-fund
	@touch $@

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
verify: generate manifests api-docs dashboards web catalog chart $(KUSTOMIZE) ## Regenerate everything and fail on a difference.
	KUSTOMIZE=$(KUSTOMIZE) hack/verify.sh

##@ Tests

# In modules of their own, which go test ./... does not see. They read files outside of these, which the test cache does not see.
.PHONY: test-kstatus
test-kstatus: ## Hold the status of both kinds against the library of kstatus.
	go test -C test/kstatus -count=1 ./...

.PHONY: test-consumer
test-consumer: ## Use the API as a program of somebody else's does, and hold what it takes along.
	go test -C test/consumer -count=1 ./...

.PHONY: test-argocd
test-argocd: ## Run the health scripts for Argo CD over every reason of the conditions.
	go test -C test/argocd -count=1 ./...

# In a module of its own, too: it has kube-controller-manager's code.
.PHONY: test-traffic
test-traffic: ## Test the replay of recorded traffic; compiles a part of Kubernetes the first time.
	go test -C test/traffic ./...

# In a module of its own, too: it has what drives a browser.
.PHONY: test-page
test-page: web/node_modules/.package-lock.json ## Look at the live page in Chromium, with a local control plane behind it; needs npm, too.
	go run ./test/cluster/localcluster build
	go test -C test/page -count=1 -timeout $(TEST_TIMEOUT) ./... $(TEST_PAGE_ARGS)

.PHONY: test-unit
test-unit: $(GOTESTSUM) $(KUSTOMIZE) test-kstatus test-consumer test-argocd ## Run the tests that need no cluster.
	$(WITH_RACE) $(TEST_RUN) -- -short $(RACE) $(PKGS)

# What make test calls, and the programs of the control plane.
.PHONY: test-tools
test-tools: $(GOTESTSUM) $(KUSTOMIZE) $(OPERATOR_SDK) $(OPM) $(HELM) $(HELM4) $(PREFLIGHT) $(PROMETHEUS) $(PROMTOOL) $(if $(BUILDAH),$(CRANE) $(CYCLONEDX))
	go run ./test/cluster/localcluster build

# Without -count=1 the suites would be answered from the test cache, which does not see the control plane.
.PHONY: test
test: test-kstatus test-consumer test-argocd test-traffic $(if $(BROWSER),test-page) test-tools ## Run all tests, the suites on a local control plane.
	rm -rf $(RIGHTS)
	RACE='$(RACE)' TAGS='$(TEST_TAGS)' FLAGS='-count=1 -timeout $(TEST_TIMEOUT)' RIGHTS_LOG=$(RIGHTS) go run ./test/summary $(LEFT_OUT) $(TEST_JSON) \
		$(TEST_RUN) --jsonfile $(TEST_JSON) --raw-command -- hack/test.sh $(PKGS) $(if $(FOCUS),-args -ginkgo.focus='$(FOCUS)')

# Apart from make test, since the oldest is compiled for it.
.PHONY: test-versions
test-versions: ## Run what depends on the version of Kubernetes on the oldest and the newest, and write the table of docs/compatibility.md.
	go run ./test/compatibility -versions $(VERSIONS)

# Apart from make test, since it compiles much: the operator for every platform, and buildx.
.PHONY: test-images
test-images: $(BUILDX_PLUGIN) $(COSIGN_TESTED) $(CRANE) $(CYCLONEDX) $(KUSTOMIZE) $(CONTROLLER_GEN) $(OPERATOR_SDK) $(OPM) ## Build the product's images for all platforms with buildah, sign a release; try buildx on a local control plane.
	go run ./test/cluster/localcluster build
	BUILDX_PLUGIN='$(CURDIR)/$(BUILDX_PLUGIN)' COSIGN='$(CURDIR)/$(COSIGN_TESTED)' \
		go test -count=1 -timeout 60m -v -tags images,product -run 'Product|Kubernetes|Sign' ./test/images

.PHONY: test-preflight
test-preflight: $(PREFLIGHT) $(OPERATOR_SDK) $(KUSTOMIZE) $(CONTROLLER_GEN) ## Hold a release of the bundle to the checks of openshift-preflight that run offline.
	go test -count=1 -v -tags preflight -run TestPreflight ./test/bundle

# Apart from make test, since it measures time: other suites beside it would spoil it.
.PHONY: test-loadtest
test-loadtest: ## Measure a server of a known rate with the load generator; wants a quiet machine.
	LOADTEST_PRECISION=1 go test -count=1 -v -run TestMeasuresAThrottledServer ./cmd/loadtest

FUZZTIME ?= 30s
.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME, 30s by default; their seeds and what they found are a part of make test.
	hack/fuzz.sh $(FUZZTIME)

.PHONY: faults
faults: ## Put the operator through faults; FAULTS_ARGS sets flags, for instance '-runs 100' or '-scenario=storm -seed=17'.
	go test -count=1 -v -timeout 0 ./test/faults -workers 24 $(FAULTS_ARGS)

# Apart from make test, since Karpenter takes minutes to compile from nothing.
NODEPOOLS_ARGS ?=
.PHONY: nodepools
nodepools: $(KARPENTER) $(KUSTOMIZE) ## Run the operator beside the real Karpenter; NODEPOOLS_ARGS sets flags, for instance '-run TestLife -life 30m'.
	NODEPOOLS=1 go test -count=1 -v -timeout 0 ./test/nodepools $(NODEPOOLS_ARGS)

# Apart from make test, since Traefik takes minutes to compile from nothing, and latencies want a machine that does little else.
GATEWAY_ARGS ?=
.PHONY: gateway
gateway: $(TRAEFIK) $(KUSTOMIZE) ## Run the operator beside the real Traefik, with load; GATEWAY_ARGS sets flags, for instance '-run TestEvents' or '-qps 800'.
	GATEWAY=1 go test -count=1 -v -timeout 0 ./test/gateway $(GATEWAY_ARGS)

# Apart from make test, since it runs the tests of each package some hundred times.
MUTATED := internal/capacity internal/demand internal/placement internal/plan internal/status internal/benchmark internal/podfailure internal/rivals internal/observed internal/nodeports internal/podtemplate \
	internal/screen internal/explain internal/whatif internal/takeover internal/supportreport
MUTATE_ARGS ?=
.PHONY: mutate
mutate: $(GREMLINS) ## Change the pure packages in one place after the other, and see whether their tests notice; fails below 90%.
	go run ./test/mutation -gremlins $(GREMLINS) $(MUTATE_ARGS) $(MUTATED)

# Apart from make test, since it needs Linux and root. One package after the other: some look at the whole machine.
E2E_PKGS ?= ./test/nodes/... ./test/e2e
E2E_ARGS ?=
# What the scenarios have nodes of. What runs on them, the product too, is compiled before the first one begins to count its
# time.
E2E_NODES ?= amd64=1,arm64=1,ppc64le=1,s390x=1
E2E_ARCHITECTURES = $(foreach pool,$(subst $(,), ,$(E2E_NODES)),$(firstword $(subst =, ,$(pool))))
E2E_TAGS ?= e2e
# Where the logs of what fails stay.
E2E_LOGS ?= $(CURDIR)/$(LOCALBIN)/e2e-logs
# What test/e2e puts into images, and what it calls.
E2E_TOOLS := $(OPERATOR_SDK) $(OPM) $(HELM) $(OLM) $(OLM_CATALOG) $(CPB) $(SCORECARD_TEST)
.PHONY: e2e
e2e: e2e-tools ## Run the product in real pods on true nodes (Linux, root); FOCUS='words of a spec' with E2E_PKGS=./test/e2e.
	E2E_ARCHITECTURES='$(E2E_ARCHITECTURES)' E2E_LOGS='$(E2E_LOGS)' RIGHTS_LOG=$(RIGHTS) go test -p 1 -count=1 -timeout 90m -v -tags $(E2E_TAGS) $(E2E_PKGS) $(E2E_ARGS) $(if $(FOCUS),-args -ginkgo.focus='$(FOCUS)')

.PHONY: e2e-tools
e2e-tools: $(KUSTOMIZE) $(CONTROLLER_GEN) $(if $(filter ./test/e2e%,$(E2E_PKGS)),$(E2E_TOOLS) $(PROMETHEUS))
	go run ./test/nodes/localnodes -build -nodes=$(E2E_NODES)
	$(foreach architecture,$(E2E_ARCHITECTURES),GOOS=linux GOARCH=$(architecture) go build -buildvcs=false ./cmd/manager ./cmd/loadtest ./test/nodes/webserver &&) true

# Apart from make e2e, since BuildKit and buildx take minutes to compile from nothing.
.PHONY: e2e-buildkit
e2e-buildkit: $(BUILDX_PLUGIN) ## Build an image with BuildKit in pods on true nodes of two architectures (Linux, root).
	$(MAKE) e2e E2E_PKGS=./test/e2e E2E_TAGS=e2e,buildkit E2E_NODES=amd64=1,arm64=1 FOCUS='Building on the cluster'

.PHONY: rights
rights: $(KUSTOMIZE) ## Compare what the manifests and the bundle grant with what the operator asked for in make test and make e2e.
	go run ./test/rights/check $(RIGHTS)

NODES ?=
.PHONY: e2e-cluster
e2e-cluster: ## Run a cluster of true nodes until Ctrl-C (Linux, root); NODES=amd64=2,arm64=1.
	go run ./test/nodes/localnodes $(if $(NODES),-nodes=$(NODES))

.PHONY: demo
demo: ## Show the operator at work on simulated nodes; DEMO_EXIT=1 ends after the show.
	@go run ./test/demo/launch

.PHONY: bench
bench: build ## Measure the operator against a bare client; BENCH_ARGS sets flags, for instance '-n 100,500 -rest 10m'; PROFILE=1 writes profiles to bin/profiles.
	go run ./test/perf -compare test/perf/baseline.json $(if $(PROFILE),-profile $(LOCALBIN)/profiles) $(BENCH_ARGS)

TRAFFIC_ARGS ?=
.PHONY: traffic
traffic: ## Replay recorded traffic through the decisions of the operator and of a HorizontalPodAutoscaler; TRAFFIC_ARGS=-tune compares forecasts, -bounds what can be reached.
	go run -C test/traffic . $(TRAFFIC_ARGS)

BURST_ARGS ?=
.PHONY: traffic-burst
traffic-burst: build $(PROMETHEUS) ## Run an ElasticWeb with demand beside a real HorizontalPodAutoscaler through a burst, both by a real Prometheus; BURST_ARGS sets flags, for instance '-burst 1m -start 5s'.
	go run ./test/burst $(BURST_ARGS)

.PHONY: traffic-picture
traffic-picture: ## Draw a day of it: docs/images/traffic.svg.
	go run -C test/traffic . -picture $(CURDIR)/docs/images/traffic.svg

##@ Build

.PHONY: build
build: generate manifests fmt vet ## Build bin/manager.
	go build -o $(LOCALBIN)/manager ./cmd/manager

.PHONY: kubectl-elasticweb
kubectl-elasticweb: ## Build bin/kubectl-elasticweb, the plugin of kubectl, for this machine.
	go build -o $(LOCALBIN)/kubectl-elasticweb ./cmd/kubectl-elasticweb

.PHONY: run
run: generate manifests fmt vet ## Run the manager here, against the cluster of the current kubeconfig.
	RELATED_IMAGE_LOADTEST=$(IMG) go run ./cmd/manager $(RUN_ARGS)

.PHONY: docker-build
docker-build: ## Build the image IMG for this machine's architecture.
	$(IMAGE_ENV) hack/build-image.sh host $(IMG)

.PHONY: docker-push
docker-push: ## Push the image.
	$(CONTAINER_TOOL) push $(TOOL_PUSH_FLAGS) $(IMG)

# Attestations would appear in the manifest list as the platform unknown/unknown.
.PHONY: docker-buildx
docker-buildx: ## Build and push a manifest list for all PLATFORMS with docker buildx.
	@case '$(notdir $(firstword $(CONTAINER_TOOL)))' in podman|buildah) \
		echo 'docker-buildx: $(CONTAINER_TOOL) has no buildx: take make docker-manifest' >&2; exit 1;; esac
	$(BUILDX) inspect $(BUILDER) >/dev/null 2>&1 || $(BUILDX) create --name $(BUILDER)
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(BUILDX) build --builder $(BUILDER) --file $(DOCKERFILE) --platform $(PLATFORMS) \
		--provenance=false --sbom=false $(IMAGE_FLAGS) --tag $(IMG) \
		--output type=image,push=true,rewrite-timestamp=true$(if $(filter true,$(INSECURE)),$(,)registry.insecure=true) $(CONTEXT)

.PHONY: docker-manifest
docker-manifest: ## Build and push an image per platform, and put them together: without buildx, or with podman or buildah.
	$(IMAGE_ENV) hack/docker-manifest.sh

# An administrator has to apply config/buildx before, or config/buildx-privileged.
.PHONY: buildx-kubernetes
buildx-kubernetes: ## Make the builder kube on the cluster: a native node per architecture, or BUILDKIT_QEMU=true.
	$(foreach name,$(BUILDKIT_VARIABLES),$(name)='$($(name))') hack/buildx-kubernetes.sh

.PHONY: inspect
inspect: ## Show the platforms of the image IMG; fail unless it has all of REQUIRED_PLATFORMS.
	@$(INSPECT) -insecure=$(or $(INSECURE),false) -require='$(REQUIRED_PLATFORMS)' $(IMG)

.PHONY: build-installer
build-installer: manifests release-overlay ## Write CRDs, roles and manager to dist/install.yaml.
	@mkdir -p dist
	$(KUSTOMIZE) build $(RELEASE) > dist/install.yaml

SCHEMAS ?= dist/schemas
.PHONY: schemas
schemas: ## Write JSON schemas of the kinds, for editors and kubeconform, to SCHEMAS.
	$(JSON_SCHEMA) -output $(SCHEMAS) config/crd/bases/*.yaml

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
	@cat config/manager/load_generator_image.yaml >> $(RELEASE)/kustomization.yaml

##@ Operator Lifecycle Manager

# Version of the release that is being prepared, without v, and the one that it upgrades; empty for the first.
VERSION ?= 0.1.0
REPLACES ?=
# Repository of the operator's image; bundle and catalog stand beside it.
IMAGE_TAG_BASE ?= quay.io/elasticweb/elasticweb-operator
# Digest of the operator's image (sha256:...). A release must have it; without it the bundle names the tag.
IMG_DIGEST ?=
BUNDLE_IMG ?= $(IMAGE_TAG_BASE)-bundle:v$(VERSION)
# Image of the scorecard tests, as the bundle names it; empty takes the operator's, with -scorecard before the tag.
SCORECARD_IMG ?=
CATALOG_IMG ?= $(IMAGE_TAG_BASE)-catalog:v$(VERSION)
# Digest of the bundle's image, for the catalog of a release.
BUNDLE_DIGEST ?=
# Image of opm, on which that of the catalog stands; empty takes the default of catalog.Dockerfile.
OPM_IMAGE ?=
# Channels of the bundle, and that of subscriptions that name none.
CHANNELS ?= candidate,stable
DEFAULT_CHANNEL ?= stable
# Folder that gets bundle/ and bundle.Dockerfile, and the time of the release; empty takes the base CSV's.
BUNDLE_OUTPUT ?= .
CREATED_AT ?=
# The image that the bundle installs: IMG where somebody set it.
BUNDLED_IMG = $(if $(filter controller:latest,$(IMG)),$(IMAGE_TAG_BASE):v$(VERSION),$(IMG))

.PHONY: bundle
bundle: manifests $(KUSTOMIZE) $(OPERATOR_SDK) ## Make bundle/ and bundle.Dockerfile; VERSION=, REPLACES=, IMG=, IMG_DIGEST=.
	go run ./hack/bundle -version $(VERSION) -replaces '$(REPLACES)' -image $(BUNDLED_IMG) -digest '$(IMG_DIGEST)' \
		-scorecard-image '$(SCORECARD_IMG)' \
		-channels $(CHANNELS) -default-channel $(DEFAULT_CHANNEL) -created '$(CREATED_AT)' -output $(BUNDLE_OUTPUT)
	$(OPERATOR_SDK) bundle validate $(BUNDLE_OUTPUT)/bundle

# A folder of its own, since .dockerignore leaves only the manager's source in the repository's.
.PHONY: bundle-context
bundle-context:
	@rm -rf $(LOCALBIN)/bundle && mkdir -p $(LOCALBIN)/bundle
	@cp -R $(BUNDLE_OUTPUT)/bundle $(BUNDLE_OUTPUT)/bundle.Dockerfile $(LOCALBIN)/bundle/

.PHONY: bundle-build
bundle-build: bundle-context ## Build the image of the bundle, BUNDLE_IMG.
	$(CONTAINER_TOOL) build --file $(LOCALBIN)/bundle/bundle.Dockerfile --tag $(BUNDLE_IMG) $(LOCALBIN)/bundle

.PHONY: bundle-push
bundle-push: ## Push the image of the bundle.
	$(CONTAINER_TOOL) push $(TOOL_PUSH_FLAGS) $(BUNDLE_IMG)

.PHONY: catalog
catalog: bundle $(OPM) ## Render catalog/ from config/catalog/template.yaml and the bundle.
	go run ./hack/catalog -bundle $(BUNDLE_OUTPUT)/bundle -image $(BUNDLE_IMG) -digest '$(BUNDLE_DIGEST)' \
		-output $(BUNDLE_OUTPUT)/catalog/elasticweb-operator/catalog.yaml
	$(OPM) validate $(BUNDLE_OUTPUT)/catalog

.PHONY: catalog-context
catalog-context:
	@rm -rf $(LOCALBIN)/catalog && mkdir -p $(LOCALBIN)/catalog
	@cp -R $(BUNDLE_OUTPUT)/catalog catalog.Dockerfile $(LOCALBIN)/catalog/

.PHONY: catalog-build
catalog-build: catalog-context ## Build the image of the catalog, CATALOG_IMG, on OPM_IMAGE.
	$(CONTAINER_TOOL) build $(if $(OPM_IMAGE),--build-arg OPM_IMAGE=$(OPM_IMAGE)) \
		--file $(LOCALBIN)/catalog/catalog.Dockerfile --tag $(CATALOG_IMG) $(LOCALBIN)/catalog

.PHONY: catalog-push
catalog-push: ## Push the image of the catalog.
	$(CONTAINER_TOOL) push $(TOOL_PUSH_FLAGS) $(CATALOG_IMG)

##@ Helm

# Folder of the operator's chart. Another one gets a copy, as in a release.
CHART_OUTPUT ?= helm-charts/elasticweb-operator
CHART ?= go run ./hack/chart
# Where a release pushes it: the chart's name comes after.
CHART_REPOSITORY ?= $(dir $(IMAGE_TAG_BASE))charts

.PHONY: chart
chart: manifests dashboards $(KUSTOMIZE) ## Make the operator's Helm chart from config; VERSION=, IMG=, IMG_DIGEST=.
	$(CHART) -version $(VERSION) -image $(BUNDLED_IMG) -digest '$(IMG_DIGEST)' -output $(CHART_OUTPUT)

##@ Release

# Set to false to leave bundle and catalog out.
RELEASE_OLM ?= true
# What kubectl elasticweb is built for, and what writes the manifest for krew.
PLUGIN_PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
KREW ?= go run ./hack/krew
# cosign, its key (keyless without one), and further flags for all of its commands, and for those about images.
COSIGN ?= cosign
COSIGN_KEY ?=
COSIGN_FLAGS ?=
COSIGN_IMAGE_FLAGS ?= $(if $(filter true,$(INSECURE)),--allow-insecure-registry --allow-http-registry)
RELEASE_ENV = MAKE='$(MAKE)' BUILD_TARGET=$(if $(filter podman buildah,$(notdir $(firstword $(CONTAINER_TOOL)))),docker-manifest,docker-buildx) \
	CRANE='$(CRANE)$(if $(filter true,$(INSECURE)), --insecure)' CYCLONEDX='$(CYCLONEDX)' KUSTOMIZE='$(KUSTOMIZE)' CREATED='$(CREATED)' \
	CHART='$(CHART)' KREW='$(KREW)' PLUGIN_PLATFORMS='$(PLUGIN_PLATFORMS)' HELM='$(HELM)' HELM_PUSH_FLAGS='$(if $(filter true,$(INSECURE)),--plain-http)' CHART_REPOSITORY='$(CHART_REPOSITORY)' \
	$(foreach name,VERSION IMAGE_TAG_BASE PLATFORMS BUILDER_IMAGE RUNTIME_IMAGE SOURCE_DATE_EPOCH RELEASE RELEASE_OLM,$(name)='$($(name))')

.PHONY: release
release: $(KUSTOMIZE) $(CRANE) $(CYCLONEDX) $(HELM) ## Push the images of a release, and write all that belongs to it into dist/; VERSION=.
	+$(RELEASE_ENV) hack/release.sh

.PHONY: release-sign
release-sign: $(CRANE) ## Sign what release made with cosign, by COSIGN_KEY or without a key.
	CRANE='$(CRANE)$(if $(filter true,$(INSECURE)), --insecure)' $(foreach name,COSIGN COSIGN_KEY COSIGN_FLAGS COSIGN_IMAGE_FLAGS,$(name)='$($(name))') \
		hack/release-sign.sh

# What internal/traffic and test/docs run.
test-tools: $(PROMETHEUS) $(PROMTOOL) $(PROM_LABEL_PROXY)

# What test/olm and test/scorecard run.
test-tools: $(OPERATOR_SDK) $(OPM) $(OLM) $(OLM_CATALOG) $(SCORECARD_TEST)

# Where the scorecard tests run, for how long at most, and flags of operator-sdk scorecard: --selector=suite=olm.
SCORECARD_NAMESPACE ?= default
SCORECARD_WAIT ?= 5m
SCORECARD_ARGS ?=

# The test capacity uses the operator, which has to watch the namespace. The others need only their images.
.PHONY: scorecard
scorecard: $(OPERATOR_SDK) ## Run the scorecard tests of bundle/ on the cluster of the current kubeconfig; SCORECARD_NAMESPACE=.
	$(KUBECTL) apply --namespace $(SCORECARD_NAMESPACE) --kustomize config/scorecard/rbac
	$(OPERATOR_SDK) scorecard $(BUNDLE_OUTPUT)/bundle --namespace $(SCORECARD_NAMESPACE) --wait-time $(SCORECARD_WAIT) \
		--service-account elasticweb-scorecard --pod-security restricted $(SCORECARD_ARGS); status=$$?; \
		$(KUBECTL) delete --namespace $(SCORECARD_NAMESPACE) --kustomize config/scorecard/rbac; exit $$status

##@ Tools

.PHONY: tools
tools: $(TOOLS) ## Build the pinned tools into bin/.

# What make release and make release-sign call of others: a release builds it where no credentials are.
.PHONY: release-tools
release-tools: $(KUSTOMIZE) $(CRANE) $(CYCLONEDX) $(CONTROLLER_GEN) $(OPERATOR_SDK) $(OPM) $(HELM)

# Each tool has a module of its own: neither the operator's dependencies nor another tool's can move its version.
$(TOOLS) $(CRANE) $(CYCLONEDX) $(BUILDX_PLUGIN) $(COSIGN_TESTED) $(GREMLINS) $(HELM4) $(PROM_LABEL_PROXY) $(KARPENTER): $(LOCALBIN)/%: tools/%/go.mod tools/%/go.sum
	go build -C tools/$* -o "$(CURDIR)/$@" tool

# Without the discovery of clouds, which takes most of the time to compile.
$(PROMETHEUS) $(PROMTOOL): $(LOCALBIN)/%: tools/prometheus/go.mod tools/prometheus/go.sum
	@echo 'Compiling $@: seconds when its parts are cached, minutes when not.'
	go build -C tools/prometheus -tags remove_all_sd -o "$(CURDIR)/$@" github.com/prometheus/prometheus/cmd/$*

$(TRAEFIK): hack/traefik.sh tools/traefik/go.mod tools/traefik/go.sum
	hack/traefik.sh $@

$(GOLANGCI_LINT): tools/golangci-lint/main.go

# The tools of the Operator Framework, and Helm's command, share a module: their versions go together. They are built
# when a target asks for them, not by tools: from nothing the first takes some seven minutes of a processor's time, and
# the others, which share most of it, less than two together.
# containers_image_openpgp: signatures without gpgme, which would need cgo.
OPERATOR_FRAMEWORK := $(OPERATOR_SDK) $(OPM) $(OLM) $(OLM_CATALOG) $(CPB) $(HELM) $(SCORECARD_TEST)
SDK_MODULE := github.com/operator-framework/operator-sdk
OLM_MODULE := github.com/operator-framework/operator-lifecycle-manager
OPM_MODULE := github.com/operator-framework/operator-registry
HELM_MODULE := helm.sh/helm/v3

# The program's package and module, and which variables get the module's version. operator-sdk writes its own into what
# it generates; helm lint judges by the version of Kubernetes.
$(OPERATOR_SDK) $(SCORECARD_TEST): MODULE = $(SDK_MODULE)
$(OPERATOR_SDK): PACKAGE = $(SDK_MODULE)/cmd/operator-sdk
$(SCORECARD_TEST): PACKAGE = $(SDK_MODULE)/images/scorecard-test
$(OPERATOR_SDK) $(SCORECARD_TEST): STAMP = $(foreach name,Version GitVersion ImageVersion,-X $(SDK_MODULE)/internal/version.$(name)=$(1))
$(OLM) $(OLM_CATALOG) $(CPB): MODULE = $(OLM_MODULE)
$(OLM): PACKAGE = $(OLM_MODULE)/cmd/olm
$(OLM_CATALOG): PACKAGE = $(OLM_MODULE)/cmd/catalog
$(CPB): PACKAGE = $(OLM_MODULE)/util/cpb
$(OLM) $(OLM_CATALOG): STAMP = -X $(OLM_MODULE)/pkg/version.OLMVersion=$(1)
$(OPM): MODULE = $(OPM_MODULE)
$(OPM): PACKAGE = $(OPM_MODULE)/cmd/opm
$(OPM): STAMP = -X $(OPM_MODULE)/cmd/opm/version.opmVersion=$(1)
$(HELM): MODULE = $(HELM_MODULE)
$(HELM): PACKAGE = $(HELM_MODULE)/cmd/helm
$(HELM): STAMP = -X $(HELM_MODULE)/internal/version.version=$(1) \
	$(foreach package,pkg/lint/rules pkg/chartutil,-X $(HELM_MODULE)/$(package).k8sVersionMajor=1 -X $(HELM_MODULE)/$(package).k8sVersionMinor=35)

# Red Hat's checks of operators; minutes when nothing of it is cached.
$(PREFLIGHT): tools/preflight/go.mod tools/preflight/go.sum
	@echo 'Compiling $@: seconds when its parts are cached, minutes when not.'
	@go build -C tools/preflight -tags containers_image_openpgp -o "$(CURDIR)/$@" tool

$(OPERATOR_FRAMEWORK): tools/operator-framework/go.mod tools/operator-framework/go.sum
	@echo 'Compiling $@: seconds when its parts are cached, minutes when not.'
	@version=$$(go list -C tools/operator-framework -m -f '{{.Version}}' $(MODULE)) && \
		go build -C tools/operator-framework -tags containers_image_openpgp -trimpath \
		-ldflags "-s -w $(call STAMP,$$version)" -o "$(CURDIR)/$@" $(PACKAGE)
