#!/usr/bin/env bash
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0
#
# Runs go test, whose events it writes: with the flag RACE, such as -race, where that is set, but for the packages below, which come after the
# others. What these do side by side is done by programs, of which the race detector sees nothing, and it would more than double their time.
# Arguments: packages, and what follows these. FLAGS are those of go test, TAGS the build tags.
set -euo pipefail

drivers='^github.com/elasticweb/elasticweb-operator/(api|hack|test/(bundle|chart|compatibility|delivery|demo|docs|images|manifests|observability|olm|overlays|perf|rights|scheduling|scorecard))(/|$)'

patterns=()
while (($#)) && [ "$1" != -args ]; do
	patterns+=("$1")
	shift
done
packages=$(go list -tags "${TAGS:-}" "${patterns[@]}")
failed=0
# run tests the packages of standard input, if there are any, with the race detector, which needs cgo, where its flag is given.
run() {
	local race=$1 cgo=0 packages
	shift
	[ -z "$race" ] || cgo=1
	mapfile -t packages
	((${#packages[@]})) || return 0
	# shellcheck disable=SC2086 # several flags, or none.
	CGO_ENABLED=$cgo go test -json $race ${FLAGS:-} -tags "${TAGS:-}" "${packages[@]}" "$@" || failed=$?
}
run "${RACE:-}" "$@" < <(grep -Ev "$drivers" <<<"$packages")
# Those with names at the end of the alphabet take minutes: they begin first, or the last one would run alone.
run '' "$@" < <(grep -E "$drivers" <<<"$packages" | tac)
exit "$failed"
