#!/bin/sh
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# docker-manifest.sh builds and pushes IMG-OS-ARCH for each of PLATFORMS, and puts them together as IMG. It is for tools
# that cannot build several platforms at once. The make target sets the environment.
set -eu
cd "$(dirname "$0")/.."

case $IMG in
*@*) echo "docker-manifest: IMG=$IMG: a digest cannot be pushed to; give a tag" >&2 && exit 1 ;;
esac
# Without a tag, the suffix of the platform would name another repository.
case ${IMG##*/} in
*:*) ;;
*) IMG=$IMG:latest ;;
esac

for platform in $(echo "$PLATFORMS" | tr , ' '); do
	image=$IMG-$(echo "$platform" | tr / -)
	hack/build-image.sh "$platform" "$image"
	# shellcheck disable=SC2086
	$CONTAINER_TOOL push $PUSH_FLAGS "$image"
done

# with_docker uses the commands that only docker has; the list is kept in the client until it is pushed.
with_docker() {
	insecure=
	[ "$INSECURE" != true ] || insecure=--insecure
	$CONTAINER_TOOL manifest rm "$IMG" >/dev/null 2>&1 || true # of a run that ended early
	# shellcheck disable=SC2046,SC2086
	$CONTAINER_TOOL manifest create $insecure "$IMG" $(for platform in $(echo "$PLATFORMS" | tr , ' '); do
		echo "$IMG-$(echo "$platform" | tr / -)"
	done)
	for platform in $(echo "$PLATFORMS" | tr , ' '); do
		$CONTAINER_TOOL manifest annotate --os "${platform%%/*}" --arch "${platform#*/}" \
			"$IMG" "$IMG-$(echo "$platform" | tr / -)"
	done
	# shellcheck disable=SC2086
	$CONTAINER_TOOL manifest push --purge $insecure "$IMG"
}

# with_storage is for podman and buildah, which keep the list as an image. Their add annotates too.
with_storage() {
	$CONTAINER_TOOL rmi "$IMG" >/dev/null 2>&1 || true # of the last run
	$CONTAINER_TOOL manifest create "$IMG"
	for platform in $(echo "$PLATFORMS" | tr , ' '); do
		# shellcheck disable=SC2086
		$CONTAINER_TOOL manifest add $PUSH_FLAGS --os "${platform%%/*}" --arch "${platform#*/}" \
			"$IMG" "docker://$IMG-$(echo "$platform" | tr / -)"
	done
	# shellcheck disable=SC2086
	$CONTAINER_TOOL manifest push --all $PUSH_FLAGS "$IMG" "docker://$IMG"
}

case $(basename "${CONTAINER_TOOL%% *}") in
podman | buildah) with_storage ;;
*) with_docker ;;
esac
