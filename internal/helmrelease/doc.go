// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package helmrelease fits helm-operator-plugins' reconciler to an operator that makes no needless request, stores no release,
// and gets over being killed at any moment:
//
//   - Client shows the reconciler an object only while there is work for it, reports the release through server-side
//     apply instead of replacing the whole status, the same at each attempt that fails, and writes nothing else of an object;
//   - Rendered puts what a chart renders into the hands of the operator before it is applied, has Helm only ever create, and Manifest writes it so that every
//     reader of YAML reads the same.
package helmrelease
