#!/bin/sh
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# build-image.sh PLATFORM TAG builds the image of DOCKERFILE for one platform. The make targets set the environment.
set -eu
cd "$(dirname "$0")/.."
platform=$1 tag=$2

case $(uname -m) in
x86_64 | amd64) machine=amd64 ;;
aarch64 | arm64) machine=arm64 ;;
*) machine=$(uname -m) ;;
esac
[ "$platform" != host ] || platform=linux/$machine

# Podman and buildah set the times of the image and of its files. BuildKit reads SOURCE_DATE_EPOCH from the environment.
set --
case $(basename "${CONTAINER_TOOL%% *}") in
podman | buildah) set -- --timestamp "$SOURCE_DATE_EPOCH" --identity-label=false ;;
esac

# Attestations would make an index of the image, which cannot stand in another one.
export SOURCE_DATE_EPOCH BUILDX_NO_DEFAULT_ATTESTATIONS=1

# The platforms are given twice: the classic builder of docker sets no argument from --platform, and older versions of
# buildah and podman do not know BUILDPLATFORM.
# shellcheck disable=SC2086 # CONTAINER_TOOL and the flags are lists of words
$CONTAINER_TOOL build --file "$DOCKERFILE" --platform "$platform" "$@" \
	--build-arg BUILDPLATFORM="linux/$machine" \
	--build-arg TARGETOS="${platform%%/*}" --build-arg TARGETARCH="$(echo "$platform" | cut -d / -f 2)" \
	$BUILD_FLAGS --tag "$tag" "$CONTEXT"
