#!/bin/sh
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# Fails when the tree is not what the generators and formatters make of it. make verify runs the generators first.
set -eu
cd "$(dirname "$0")/.."
failed=0

unformatted=$(git ls-files -z --cached --others --exclude-standard -- '*.go' | xargs -0 gofmt -l)
if [ -n "$unformatted" ]; then
	printf 'Not formatted, run make fmt:\n%s\n' "$unformatted"
	failed=1
fi

# A program that go build left in the root is one git add away from being in every clone for ever.
large=$(git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} find {} -maxdepth 0 -size +1024k)
if [ -n "$large" ]; then
	printf 'Above 1 MiB, which no source is:\n%s\n' "$large"
	failed=1
fi

# The other control planes' modules are made by hack/controlplane.sh; to tidy them is to download much that nothing here needs.
for module in $(git ls-files --cached --others --exclude-standard -- go.mod '*/go.mod' ':!tools/controlplanes'); do
	if ! go -C "$(dirname "$module")" mod tidy -diff; then
		echo "Not tidy, run go mod tidy: $module"
		failed=1
	fi
done

for overlay in config/*/kustomization.yaml; do
	"$KUSTOMIZE" build "$(dirname "$overlay")" >/dev/null || failed=1
done

# Untracked files count: a generated file that nobody added is missing from every clone.
generated='config/crd/bases config/rbac/role.yaml docs/api.md config/observability internal/page/assets bundle bundle.Dockerfile catalog helm-charts/elasticweb-operator :(glob)api/**/zz_generated.*.go :(glob)api/**/applyconfiguration/**'
# shellcheck disable=SC2086 # one word per path
if [ -n "$(git status --porcelain -- $generated)" ]; then
	echo 'Generated files differ from the committed ones, commit what make generate manifests api-docs dashboards web catalog chart made:'
	git status --short -- $generated
	git --no-pager diff -- $generated
	failed=1
fi

exit $failed
