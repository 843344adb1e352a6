#!/usr/bin/env bash
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0
#
# Runs each fuzz target of the module for as long as the argument says, one after the other, and goes on after a failure. What is
# found stays under testdata/fuzz of the package: commit it, so that every run of the tests tries it again.
set -euo pipefail

duration=${1:?how long each target is to run, for instance 30s}
failed=()
while IFS=: read -r file target; do
	package=./$(dirname "$file")
	echo "== $target ($package)"
	go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$duration" || failed+=("$target")
done < <(git grep -E --only-matching '^func Fuzz[A-Za-z]+' -- '*_test.go' | sed 's/:func /:/')
if ((${#failed[@]})); then
	echo "failed: ${failed[*]}" >&2
	exit 1
fi
