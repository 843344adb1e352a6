#!/usr/bin/env bash
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# Writes tools/controlplanes/MINOR, the module of another version's control plane, for make test K8S_VERSION=MINOR.
# Kubernetes' own go.mod takes its parts from its own tree; from outside they come from their modules, of the same version.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:?usage: hack/controlplane.sh v1.30.14}
minor=${version#v}
minor=${minor%.*}
folder=tools/controlplanes/$minor
module=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')

mkdir -p "$folder"
rm -f "$folder"/go.*
{
	printf '// The control plane of Kubernetes %s, that the tests run on with K8S_VERSION=%s. Made by hack/controlplane.sh %s.\n' "$minor" "$minor" "$version"
	printf 'module github.com/elasticweb/elasticweb-operator/tools/controlplanes/%s\n\ngo 1.26.0\n\n' "$minor"
	printf 'require k8s.io/kubernetes %s\n\nreplace (\n' "$version"
	sed -n 's!^\t*\(replace \)\{0,1\}\(k8s.io/[a-z-]*\) => ./staging/.*!\t\2 => \2 v0'."${version#v1.}"'!p' "$module"
	printf ')\n\ntool (\n'
	printf '\tk8s.io/kubernetes/cmd/%s\n' kube-apiserver kube-controller-manager kube-scheduler kubectl
	printf ')\n'
} >"$folder/go.mod"
go -C "$folder" mod tidy
