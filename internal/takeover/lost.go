// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// lostAround is about the Deployment and the Service, and what else would be another.
func (m *maker) lostAround() (lost []string) {
	old := m.in.Deployment
	add := func(isLost bool, format string, args ...any) {
		if isLost {
			lost = append(lost, fmt.Sprintf(format, args...))
		}
	}
	add(old.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType, "the strategy Recreate: an ElasticWeb always rolls; if two versions must not run at once, it is not for this application")
	add(ptr.Deref(old.Spec.RevisionHistoryLimit, 10) != 10, "revisionHistoryLimit: it is that of Kubernetes, 10")
	add(old.Spec.Paused, "paused: kubectl elasticweb pause does so for an ElasticWeb")
	web := old.Spec.Template.Spec.Containers[m.served]
	add(web.Resources.Requests == nil && web.Resources.Limits == nil, "that there are no resources: the operator sets requests and limits of 100m CPU and 512Mi memory; say others in spec.resources")
	add(web.ReadinessProbe == nil, "that there is no readiness probe: the operator has the port connected to")
	add(web.SecurityContext == nil, "that there is no securityContext: where the image has a numeric user other than root, the pods get the restricted profile")
	for _, volume := range old.Spec.Template.Spec.Volumes {
		add(volume.PersistentVolumeClaim != nil, "nothing of the volume %s, but while both run, old and new pods mount its claim at the same time: see whether it can be", volume.Name)
	}
	scalers, byTotal := len(m.in.Autoscalers) > 0, m.in.TotalQPS > 0
	add(scalers && byTotal, "the autoscalers %s: spec.totalQPS and an autoscaler exclude each other; leave --total-qps out to keep them", strings.Join(m.in.Autoscalers, ", "))
	add(scalers && !byTotal, "the autoscalers %s: have them scale the ElasticWeb (apiVersion %s, kind ElasticWeb, name %s)",
		strings.Join(m.in.Autoscalers, ", "), elasticwebv1.GroupVersion, m.in.Name)
	add(len(m.in.OtherServices) > 0, "the Services %s, which lead to the pods as well: they stay, and follow the labels", strings.Join(m.in.OtherServices, ", "))
	if m.in.Service != nil {
		add(len(m.in.Service.Spec.Ports) > 1, "the other ports of the Service %s: they stay in it; the operator's own has one", m.in.Service.Name)
		add(true, "the type, the address and the settings of the Service %s: it stays, and the operator makes another one of the type ClusterIP", m.in.Service.Name)
	}
	return lost
}
