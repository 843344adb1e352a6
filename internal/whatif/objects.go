// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// impossibleVersion is one that no object has: where there is one of the name that is not the ElasticWeb's, a creation is a conflict.
const impossibleVersion = "1"

// Objects are what the operator would write for a side, each as it would write it, by kind.
func Objects(side Side) map[string]runtime.ApplyConfiguration {
	side.plan()
	objects := map[string]runtime.ApplyConfiguration{}
	if side.makesNothing() {
		return objects
	}
	service := resources.Service(side.Web, &side.planned, side.Observed.Service)
	if side.Observed.Service == nil {
		service.WithResourceVersion(impossibleVersion)
	}
	objects["Service"] = service
	isKept := side.Observed.KeepsTemplate || side.hasNoDeployment()
	if deployment, err := resources.Deployment(side.Web, &side.planned); err == nil && !isKept && !side.planned.WaitsForImage {
		if side.Observed.Deployment == nil {
			deployment.WithResourceVersion(impossibleVersion)
		}
		objects["Deployment"] = deployment
	}
	if kind := way.KindOf(side.Web); kind != "" {
		objects[kind] = wayIn(&side, kind)
	}
	return objects
}

// wayIn is the one that the spec asks for, with the backends that it would have at once.
func wayIn(side *Side, kind string) runtime.ApplyConfiguration {
	backends := resources.Backends(side.Web, &side.planned)
	switch kind {
	case way.KindHTTPRoute:
		route := resources.HTTPRoute(side.Web, resources.ServicePort(side.Web, side.Observed.Service), backends)
		if side.Observed.HTTPRoute == nil {
			route.WithResourceVersion(impossibleVersion)
		}
		return route
	case way.KindRoute:
		route := resources.Route(side.Web, backends)
		if side.Observed.Route == nil {
			route.WithResourceVersion(impossibleVersion)
		}
		return route
	default:
		ingress := resources.Ingress(side.Web)
		if side.Observed.Ingress == nil {
			ingress.WithResourceVersion(impossibleVersion)
		}
		return ingress
	}
}
