#!/usr/bin/env bash
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# release-sign.sh signs what make release wrote and pushed, with cosign: with the key of COSIGN_KEY, or without a key by
# an identity of OIDC, as GitHub Actions gives one. The make target sets the environment.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "release-sign: $*" >&2 && exit 1; }

command -v "$COSIGN" >/dev/null || fail "cosign is missing: install it, or name it with COSIGN="
[[ -f dist/SHA256SUMS && -f dist/images.txt && -f dist/charts.txt ]] || fail "dist/ holds no release: run make release"
flags=(--yes)
if [[ -n $COSIGN_KEY ]]; then
	flags+=(--key "$COSIGN_KEY")
elif [[ -z ${ACTIONS_ID_TOKEN_REQUEST_URL:-}${SIGSTORE_ID_TOKEN:-} ]]; then
	fail "there is nothing to sign with: set COSIGN_KEY, or SIGSTORE_ID_TOKEN to a token of an OIDC provider"
fi
read -ra image_flags <<<"$COSIGN_IMAGE_FLAGS"
read -ra further_flags <<<"$COSIGN_FLAGS"
flags+=("${further_flags[@]}")

# A list and each image in it: nodes ask for the latter. What they were made from is said of the list. The chart is signed alike.
while read -r image; do
	"$COSIGN" sign --recursive "${flags[@]}" "${image_flags[@]}" "$image"
	"$COSIGN" attest "${flags[@]}" "${image_flags[@]}" --type slsaprovenance1 --predicate dist/provenance.json "$image"
done < <(cat dist/images.txt dist/charts.txt)

# attest PROGRAM IMAGE attaches the bill of materials of a program to the image of each platform.
attest() {
	local program=$1 image=$2 file platform
	for file in dist/"$program"-*-linux-*.cdx.json; do
		platform=linux/$(basename "${file##*-linux-}" .cdx.json)
		"$COSIGN" attest "${flags[@]}" "${image_flags[@]}" --type cyclonedx --predicate "$file" \
			"${image%@*}@$($CRANE digest --platform "$platform" "$image")"
	done
}
attest manager "$(sed -n 1p dist/images.txt)"
attest loadtest "$(sed -n 1p dist/images.txt)"
attest scorecard "$(sed -n 2p dist/images.txt)"

"$COSIGN" sign-blob "${flags[@]}" --bundle dist/SHA256SUMS.sigstore.json dist/SHA256SUMS
