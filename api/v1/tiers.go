// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

// LabelTierPrefix begins the labels of pods that say in which backends of a weighted way in they are: with an architecture behind it, the
// label is true on those pods that are as fast as the pods on that architecture, or faster. The template of pods that may be on several
// has all of them, so that no backend is left without pods while no operator runs.
const LabelTierPrefix = "elasticweb.example.com/fast-as-"

// Architectures are those that Architecture can be, the names of LabelTierPrefix among them.
var Architectures = []Architecture{"amd64", "arm64", "ppc64le", "s390x", "riscv64", "loong64", "mips64le", "arm", "386"}
