#!/bin/sh
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# buildx-kubernetes.sh makes a builder with the Kubernetes driver of buildx: a node per platform, or one with QEMU for
# all. The make target sets the environment.
set -eu

# Deployments are made once and never changed: a builder of the same name would keep its old settings.
# shellcheck disable=SC2086 # BUILDX is a list of words
$BUILDX rm "$BUILDKIT_BUILDER" >/dev/null 2>&1 || true

# create NODE PLATFORMS NODE_SELECTOR [FLAG]... adds a node. Options with a comma in their value are quoted for the CSV
# parser of buildx.
create() {
	node=$1 platforms=$2 selector=$3
	shift 3
	set -- "$@" \
		--driver-opt "namespace=$BUILDKIT_NAMESPACE" --driver-opt "serviceaccount=buildkit" \
		--driver-opt "replicas=$BUILDKIT_REPLICAS" --driver-opt "loadbalance=$BUILDKIT_LOADBALANCE" \
		--driver-opt "timeout=$BUILDKIT_TIMEOUT" \
		--driver-opt "requests.cpu=$BUILDKIT_REQUESTS_CPU" --driver-opt "requests.memory=$BUILDKIT_REQUESTS_MEMORY" \
		--driver-opt "limits.cpu=$BUILDKIT_LIMITS_CPU" --driver-opt "limits.memory=$BUILDKIT_LIMITS_MEMORY" \
		--driver-opt "\"nodeselector=$selector\""
	# Buildx takes the rootless image for rootless=false too.
	[ "$BUILDKIT_ROOTLESS" != true ] || set -- "$@" --driver-opt rootless=true
	[ -z "$BUILDKIT_TOLERATIONS" ] || set -- "$@" --driver-opt "\"tolerations=$BUILDKIT_TOLERATIONS\""
	[ -z "$BUILDKIT_IMAGE" ] || set -- "$@" --driver-opt "image=$BUILDKIT_IMAGE"
	[ -z "$BUILDKIT_CONFIG" ] || set -- "$@" --buildkitd-config "$BUILDKIT_CONFIG"
	# shellcheck disable=SC2086
	$BUILDX create --name "$BUILDKIT_BUILDER" --driver kubernetes --node "$node" --platform "$platforms" "$@"
}

if [ "$BUILDKIT_QEMU" = true ]; then
	selector=kubernetes.io/os=linux
	[ -z "$BUILDKIT_QEMU_ARCH" ] || selector=$selector,kubernetes.io/arch=$BUILDKIT_QEMU_ARCH
	set -- --driver-opt qemu.install=true
	[ -z "$BUILDKIT_QEMU_IMAGE" ] || set -- "$@" --driver-opt "qemu.image=$BUILDKIT_QEMU_IMAGE"
	create "$BUILDKIT_BUILDER-qemu" "$PLATFORMS" "$selector" "$@"
else
	append=
	for platform in $(echo "$PLATFORMS" | tr , ' '); do
		arch=$(echo "$platform" | cut -d / -f 2)
		create "$BUILDKIT_BUILDER-$arch" "$platform" "kubernetes.io/os=${platform%%/*},kubernetes.io/arch=$arch" $append
		append=--append
	done
fi

# shellcheck disable=SC2086
[ "$BUILDKIT_BOOTSTRAP" != true ] || $BUILDX inspect --bootstrap "$BUILDKIT_BUILDER"
