// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
)

// onlyCreates is a client of Helm that changes nothing. What bears the labels and annotations of a release Helm takes for its own, and
// anybody can write these.
type onlyCreates struct{ kube.Interface }

// Update creates, which fails where there is an object of that name.
func (c onlyCreates) Update(_, target kube.ResourceList, _ bool) (*kube.Result, error) {
	return c.Create(target)
}

// IsReachable spares a request: those that follow tell as well.
func (onlyCreates) IsReachable() error { return nil }

// leastVersion is that of the clusters that the operator runs on. Helm would fetch the version, and all groups of the API, at each attempt.
var leastVersion = chartutil.Capabilities{KubeVersion: chartutil.KubeVersion{Version: "v1.30.0", Major: "1", Minor: "30"}}

// confine has Helm create and ask for nothing else.
func confine(config *action.Configuration) {
	config.KubeClient = onlyCreates{config.KubeClient}
	config.Capabilities = leastVersion.Copy()
}
