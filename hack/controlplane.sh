#!/usr/bin/env bash
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0

# Writes the module of a control plane. Kubernetes' own go.mod takes its parts from its own tree; from outside they come from
# their modules, of the same version.
#
#   hack/controlplane.sh            tools/controlplane, after a change of go.mod: of the version of the operator's k8s.io/api, and
#                                   whatever both have at the operator's versions, so that Go compiles it once for both.
#   hack/controlplane.sh v1.30.14   tools/controlplanes/1.30, for make test K8S_VERSION=1.30.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${1:-}
if [ -n "$version" ]; then
	minor=${version#v}
	minor=${minor%.*}
	name=controlplanes/$minor
	about="The control plane of Kubernetes $minor, that the tests run on with K8S_VERSION=$minor. Made by hack/controlplane.sh $version."
else
	version=$(go list -m -f '{{.Version}}' k8s.io/api)
	version=v1.${version#v0.}
	name=controlplane
	about='The control plane that the tests and the demo run on, built from its sources. Made by hack/controlplane.sh.'
	# The programs beside Kubernetes; what is not of Kubernetes is in no other folder.
	etcd=$(go list -m -f '{{.Version}}' go.etcd.io/etcd/client/v3)
	kwok=v0.8.0
fi
folder=tools/$name

# write makes go.mod anew; its arguments are further lines.
write() {
	local module
	module=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
	rm -f "$folder"/go.*
	{
		printf '// %s\nmodule github.com/elasticweb/elasticweb-operator/tools/%s\n\ngo 1.26.0\n\n' "$about" "$name"
		printf 'require k8s.io/kubernetes %s\n\nreplace (\n' "$version"
		sed -n 's!^\t*\(replace \)\{0,1\}\(k8s.io/[a-z-]*\) => ./staging/.*!\t\2 => \2 v0'."${version#v1.}"'!p' "$module"
		printf ')\n\ntool (\n'
		printf '\tk8s.io/kubernetes/cmd/%s\n' kube-apiserver kube-controller-manager kube-scheduler kubectl
		printf ')\n'
		(($# == 0)) || printf '\n%s\n' "$@"
	} >"$folder/go.mod"
	go -C "$folder" mod tidy
	cat -s "$folder/go.mod" >"$folder/go.mod.new" && mv "$folder/go.mod.new" "$folder/go.mod"
}

mkdir -p "$folder"
if [ "$name" != controlplane ]; then
	write
	exit
fi

# No older than the operator's: what it does not need, go mod tidy takes away again.
operators=$(sed -n 's/^\t\([^ ]*\) \(v[^ ]*\).*/\1 \2/p' go.mod | sort)
lines=("tool sigs.k8s.io/kwok/cmd/kwok" "require sigs.k8s.io/kwok $kwok" "require go.etcd.io/etcd/server/v3 $etcd" "require (" "$operators" ")")
write "${lines[@]}"
# And no newer, although kwok asks for it.
taken=$(go -C "$folder" list -m -f '{{.Path}} {{.Version}}' all | sort)
newer=$(join <(printf '%s\n' "$operators") <(printf '%s\n' "$taken") | awk '$2 != $3 {print "replace " $1 " => " $1 " " $2}')
[ -z "$newer" ] || write "${lines[@]}" '// At the version of the operator.' "$newer"
