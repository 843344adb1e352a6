ARG BUILDER_IMAGE=golang:1.26
ARG RUNTIME_IMAGE=gcr.io/distroless/static:nonroot

# The compiler runs on the machine's own platform and cross-compiles: no emulation for the other platforms.
FROM --platform=$BUILDPLATFORM ${BUILDER_IMAGE} AS builder
ARG TARGETOS
ARG TARGETARCH
WORKDIR /workspace

# Before the source, so that a change of it downloads no modules again.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -ldflags="-s -w" -o /out/manager ./cmd/manager

FROM ${RUNTIME_IMAGE}
COPY --from=builder /out/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
