# Full names: podman and buildah ask which registry a short one means.
ARG BUILDER_IMAGE=docker.io/library/golang:1.26
ARG RUNTIME_IMAGE=gcr.io/distroless/static:nonroot
# Builders set it by themselves, the classic one of docker aside: that needs --build-arg BUILDPLATFORM.
ARG BUILDPLATFORM

# The compiler runs on the machine's own platform and cross-compiles: no emulation for the other platforms.
FROM --platform=${BUILDPLATFORM} ${BUILDER_IMAGE} AS builder
ARG GOPROXY
WORKDIR /workspace

# Before the source and the platform, so that neither a change of it nor a further platform downloads modules again.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
# No paths, no state of a checkout: the same source gives the same bytes anywhere.
RUN CGO_ENABLED=0 GOOS="${TARGETOS}" GOARCH="${TARGETARCH}" go build -trimpath -buildvcs=false \
    -ldflags="-s -w -buildid= -X main.version=${VERSION}" -o /out/ ./cmd/manager ./cmd/loadtest

FROM ${RUNTIME_IMAGE}
ARG RUNTIME_IMAGE
ARG VERSION=devel
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="elasticweb-operator" \
      org.opencontainers.image.description="Keeps the right number of pods of a web application on the right processor architectures" \
      org.opencontainers.image.source="https://github.com/elasticweb/elasticweb-operator" \
      org.opencontainers.image.url="https://github.com/elasticweb/elasticweb-operator" \
      org.opencontainers.image.documentation="https://github.com/elasticweb/elasticweb-operator/blob/main/README.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="The ElasticWeb Authors" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
COPY --from=builder /out/manager /out/loadtest /
# The manager looks for watches.yaml where it starts, and that names the chart from there.
COPY watches.yaml /opt/helm/
COPY helm-charts/elasticwebbenchmark /opt/helm/helm-charts/elasticwebbenchmark
WORKDIR /opt/helm
USER 65532:65532
ENTRYPOINT ["/manager"]
