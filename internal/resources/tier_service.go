// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"crypto/sha256"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Backends are what a way in leads to: the Services by architecture with their weights, or the Service with the pods that joined.
func Backends(web *elasticwebv1.ElasticWeb, p *plan.Plan) []way.Backend {
	greatest := way.MaxHTTPRouteWeight
	if web.Spec.Expose.Route != nil {
		greatest = way.MaxRouteWeight
	}
	var backends []way.Backend
	for i, weight := range way.Weights(p.Tiers, greatest) {
		backends = append(backends, way.Backend{Service: TierServiceName(web.Name, p.Tiers[i].Architecture), Weight: weight})
	}
	if len(backends) == 0 {
		return []way.Backend{{Service: web.Name, Weight: 1}}
	}
	return backends
}

// TierServiceName is the name of the Service with the pods that are as fast as those on an architecture, or faster. It has a hash of the
// ElasticWeb's name, so that it is hardly another one's, and as much of the name as there is room for.
func TierServiceName(name, architecture string) string {
	hash := sha256.Sum256([]byte(name))
	end := fmt.Sprintf("-%x-%s", hash[:4], architecture)
	return name[:min(len(name), validation.DNS1035LabelMaxLength-len(end))] + end
}

// TierService is that Service. Its port is the one at which the way in reaches each backend.
func TierService(web *elasticwebv1.ElasticWeb, architecture string, port int32) *corev1ac.ServiceApplyConfiguration {
	selector := plan.Selector(web.Name)
	selector[elasticwebv1.LabelTierPrefix+architecture] = "true"
	return corev1ac.Service(TierServiceName(web.Name, architecture), web.Namespace).
		WithLabels(labels(web.Name)).
		WithOwnerReferences(owner(web)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithSelector(selector).
			WithPorts(corev1ac.ServicePort().
				WithName(PortName).
				WithProtocol(corev1.ProtocolTCP).
				WithPort(port).
				WithTargetPort(intstr.FromString(PortName))))
}
