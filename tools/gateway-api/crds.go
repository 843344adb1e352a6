// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package crds pins the module that has the CRDs of the Gateway API, in config/crd: tests install them.
package crds

import _ "sigs.k8s.io/gateway-api/apis/v1" // keeps the module in go.mod.
