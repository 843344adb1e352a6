// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

const (
	benchmarks    = "$.Values.benchmarks.enabled"
	metrics       = "$.Values.metrics.enabled"
	secureMetrics = metrics + " $.Values.metrics.secure"
	userRoles     = "$.Values.rbac.userRoles"
	// consoleNamespace is where OpenShift's console looks for dashboards.
	consoleNamespace = "openshift-config-managed"
)

// roles are those that a value switches off, together with their bindings.
var roles = map[string]string{
	"benchmark-role":         benchmarks,
	"metrics-auth-role":      secureMetrics,
	"metrics-reader":         secureMetrics,
	"elasticweb-admin-role":  userRoles,
	"elasticweb-editor-role": userRoles,
	"elasticweb-viewer-role": userRoles,
}

// checkConditions fails where config no longer has one of the roles: its condition would hold nothing, and nobody would see it.
func (m *overlays) checkConditions() error {
	for role := range roles {
		if !m.isName(prefix + role) {
			return fmt.Errorf("hack/chart makes a condition of the role %s, and config has none of that name", role)
		}
	}
	return nil
}

// conditions under which an object is there.
func (m *overlays) conditions(o *object, name string) []string {
	switch o.GetKind() {
	case "CustomResourceDefinition":
		return []string{"$.Values.crds.enabled"}
	case "NetworkPolicy":
		return []string{"$.Values.networkPolicy.enabled"}
	case "Service":
		return []string{metrics}
	case "ServiceMonitor":
		return []string{metrics, "$.Values.metrics.serviceMonitor.enabled"}
	case "PrometheusRule":
		return []string{metrics, "$.Values.metrics.alerts.enabled"}
	case "ConfigMap":
		if o.GetNamespace() == consoleNamespace {
			return []string{metrics, "$.Values.metrics.dashboards.openshift"}
		}
		return []string{metrics, "$.Values.metrics.dashboards.grafana"}
	case "ServiceAccount":
		return []string{"$.Values.serviceAccount.create"}
	case "Role", "ClusterRole":
		return ofRole(strings.Fields(name)[1])
	case "RoleBinding", "ClusterRoleBinding":
		role := fmt.Sprint(nested(o.Object, "roleRef")["name"])
		return ofRole(prefix + role[strings.Index(role, "-")+1:])
	}
	return nil
}

func ofRole(name string) []string {
	conditions := []string{"$.Values.rbac.create"}
	if condition := roles[strings.TrimPrefix(name, prefix)]; condition != "" {
		conditions = append(conditions, condition)
	}
	return conditions
}
