#!/usr/bin/env bash
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# release.sh pushes the images of a release and writes all that belongs to it into dist/. The make target sets the
# environment. It needs GNU tar and sha256sum.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "release: $*" >&2 && exit 1; }
step() { printf '\n--- %s\n' "$*"; }

# notes prints the section of the changelog about the version.
notes() {
	awk -v heading="## [$VERSION]" 'index($0, "## [") == 1 {found = index($0, heading) == 1; next} found' CHANGELOG.md
}

check() {
	[[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] ||
		fail "VERSION=$VERSION: it takes MAJOR.MINOR.PATCH, without v"
	[[ -n $(notes) ]] || fail "CHANGELOG.md has no section ## [$VERSION]: give that name to Unreleased, and commit it"
	[[ -z $(git status --porcelain) ]] || fail "there are changes that no commit holds: commit them, or stash them"
}

# pin prints VARIABLE=repository@digest for a base image: a tag means another image next week.
pin() {
	local variable=$1 image=$2 dockerfile_default
	dockerfile_default=$(sed -n "s/^ARG $variable=//p" Dockerfile)
	image=${image:-$dockerfile_default}
	[[ $image == *@* ]] && echo "$variable=$image" && return
	local digest repository=$image
	digest=$($CRANE digest "$image")
	[[ ${image##*/} != *:* ]] || repository=${image%:*}
	echo "$variable=$repository@$digest"
}

# publish IMAGE NAME builds and pushes one of the images, and keeps it as an archive. It sets digest.
publish() {
	local image=$1 name=$2 tag
	tag=$3:v$VERSION
	step "Building $tag"
	$MAKE --no-print-directory "$BUILD_TARGET" IMAGE="$image" IMG="$tag" "${bases[@]}"
	$MAKE --no-print-directory inspect IMG="$tag" REQUIRED_PLATFORMS="$PLATFORMS"
	digest=$($CRANE digest "$tag")
	echo "$3@$digest" >>dist/images.txt
	$CRANE pull --format=oci "$3@$digest" "$work/$name"
	archive "dist/$name-$VERSION.oci.tar" -C "$work/$name" .
}

# archive makes a tar file that depends on its content alone.
archive() {
	tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf "$@"
}

# boms writes a bill of materials for each program of an image, out of the program itself.
boms() {
	local name=$1 image=$2 platform program root
	shift 2
	for platform in ${PLATFORMS//,/ }; do
		root=$work/$name-${platform//\//-}
		mkdir -p "$root"
		$CRANE export --platform "$platform" "$image" - | tar -xf - -C "$root"
		for program in "$@"; do
			$CYCLONEDX bin -json -noserial -notimestamp -std -version "v$VERSION" \
				-output "dist/$program-$VERSION-${platform//\//-}.cdx.json" "$root/$program"
		done
	done
}

# plugin builds kubectl elasticweb for the machines that kubectl runs on, with the license, and the manifest for krew.
plugin() {
	local platform program folder name
	for platform in $PLUGIN_PLATFORMS; do
		step "Building kubectl elasticweb for $platform"
		program=kubectl-elasticweb
		[[ $platform != windows/* ]] || program+=.exe
		name=kubectl-elasticweb-$VERSION-${platform//\//-}
		folder=$work/$name
		mkdir -p "$folder"
		GOOS=${platform%/*} GOARCH=${platform#*/} go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=v$VERSION" \
			-o "$folder/$program" ./cmd/kubectl-elasticweb
		$CYCLONEDX bin -json -noserial -notimestamp -std -version "v$VERSION" -output "dist/$name.cdx.json" "$folder/$program"
		cp LICENSE "$folder"
		archive "$folder.tar" -C "$folder" .
		gzip -9 -n <"$folder.tar" >"dist/$name.tar.gz"
		rm -r "$folder" "$folder.tar"
	done
	$KREW -archives dist -version "$VERSION" >dist/elasticweb.krew.yaml
}

# olm makes bundle and catalog outside of the checkout's own, which are those of the version before.
olm() {
	local output=$work/olm
	mkdir -p "$output"
	step 'Making the bundle'
	local settings=(BUNDLE_OUTPUT="$output" IMG="$IMAGE_TAG_BASE:v$VERSION" IMG_DIGEST="$operator_digest" CREATED_AT="$CREATED"
		SCORECARD_IMG="$IMAGE_TAG_BASE-scorecard@$scorecard_digest")
	$MAKE --no-print-directory bundle bundle-context "${settings[@]}"
	publish bundle elasticweb-operator-bundle "$IMAGE_TAG_BASE-bundle"
	step 'Making the catalog'
	$MAKE --no-print-directory catalog catalog-context "${settings[@]}" BUNDLE_DIGEST="$digest"
	publish catalog elasticweb-operator-catalog "$IMAGE_TAG_BASE-catalog"
	archive "dist/elasticweb-operator-olm-$VERSION.tar" -C "$output" .
}

# chart makes, checks and pushes the Helm chart, outside of the checkout's own. helm package would put the time into it.
chart() {
	local folder=$work/chart
	step 'Making the Helm chart'
	$CHART -version "$VERSION" -image "$IMAGE_TAG_BASE:v$VERSION" -digest "$operator_digest" -output "$folder/elasticweb-operator"
	"$HELM" lint --strict "$folder/elasticweb-operator"
	archive "$folder/chart.tar" -C "$folder" elasticweb-operator
	gzip -9 -n <"$folder/chart.tar" >"dist/elasticweb-operator-$VERSION.tgz"
	# shellcheck disable=SC2086 # one word per flag
	"$HELM" push $HELM_PUSH_FLAGS "dist/elasticweb-operator-$VERSION.tgz" "oci://$CHART_REPOSITORY"
	echo "$CHART_REPOSITORY/elasticweb-operator@$($CRANE digest "$CHART_REPOSITORY/elasticweb-operator:$VERSION")" >dist/charts.txt
}

# provenance writes what the images were made from, by whom and how: the predicate of SLSA provenance v1. Nothing in it needs quoting:
# the version is checked, registries took the names, and all else is hexadecimal or comes from GitHub.
provenance() {
	local commit base image uri dependencies=
	commit=$(git rev-parse HEAD)
	while IFS='=' read -r _ base; do
		image=${base%@*}
		dependencies+=$(printf ',\n      {"uri": "docker://%s", "digest": {"sha256": "%s"}}' "$image" "${base##*@sha256:}")
	done <dist/base-images.txt
	uri=git+${GITHUB_SERVER_URL:-https://github.com}/${GITHUB_REPOSITORY:-elasticweb/elasticweb-operator}@refs/tags/v$VERSION
	cat <<-EOF
		{
		  "buildDefinition": {
		    "buildType": "https://github.com/elasticweb/elasticweb-operator/blob/v$VERSION/docs/building.md#a-release",
		    "externalParameters": {"version": "$VERSION", "repository": "$IMAGE_TAG_BASE", "platforms": "$PLATFORMS"},
		    "resolvedDependencies": [
		      {"uri": "$uri", "digest": {"gitCommit": "$commit"}}$dependencies
		    ]
		  },
		  "runDetails": {
		    "builder": {"id": "${GITHUB_WORKFLOW_REF:+${GITHUB_SERVER_URL:-}/}${GITHUB_WORKFLOW_REF:-https://github.com/elasticweb/elasticweb-operator/blob/v$VERSION/Makefile}"},
		    "metadata": {"invocationId": "${GITHUB_RUN_ID:+${GITHUB_SERVER_URL:-}/${GITHUB_REPOSITORY:-}/actions/runs/$GITHUB_RUN_ID/attempts/${GITHUB_RUN_ATTEMPT:-1}}"}
		  }
		}
	EOF
}

check
work=$PWD/bin/release-work
rm -rf dist "$work"
mkdir -p dist "$work"
notes >dist/notes.md

pin BUILDER_IMAGE "$BUILDER_IMAGE" >dist/base-images.txt
pin RUNTIME_IMAGE "$RUNTIME_IMAGE" >>dist/base-images.txt
mapfile -t bases <dist/base-images.txt

publish operator elasticweb-operator "$IMAGE_TAG_BASE"
operator_digest=$digest
boms elasticweb-operator "$IMAGE_TAG_BASE@$digest" manager loadtest
publish scorecard elasticweb-operator-scorecard "$IMAGE_TAG_BASE-scorecard"
scorecard_digest=$digest
boms elasticweb-operator-scorecard "$IMAGE_TAG_BASE-scorecard@$digest" scorecard
[[ $RELEASE_OLM != true ]] || olm
$MAKE --no-print-directory schemas SCHEMAS="$work/schemas"
archive "dist/elasticweb-operator-schemas-$VERSION.tar" -C "$work/schemas" .
chart
plugin

step 'Writing install.yaml, provenance, notes and checksums'
provenance >dist/provenance.json
$MAKE --no-print-directory release-overlay IMG="$IMAGE_TAG_BASE@$operator_digest"
$KUSTOMIZE build "$RELEASE" >dist/install.yaml
{
	printf '\n### Images\n\n'
	sed 's/.*/- `&`/' dist/images.txt
	printf '\nFor %s.\n' "${PLATFORMS//,/, }"
	printf '\n### Helm chart\n\n- `oci://%s/elasticweb-operator`, version `%s`\n' "$CHART_REPOSITORY" "$VERSION"
} >>dist/notes.md
rm -rf "$work"
(cd dist && sha256sum -- * >../bin/SHA256SUMS && mv ../bin/SHA256SUMS .)
ls -l dist
