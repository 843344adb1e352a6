// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// Step of a change-over. Command is to be run as it is; "" for none.
type Step struct{ Text, Command string }

// steps are those of a change-over in which the old Service stays the way in, and pods that are ready are behind it at any time.
func (m *maker) steps(web *elasticwebv1.ElasticWeb) []Step {
	kubectl, service := "kubectl "+m.in.Where+" ", m.in.Service
	joins, apply, back := m.joins(web), "Apply this manifest.", "scale the old Deployment up again"
	var steps []Step
	if joins && m.targetsByName() {
		steps = append(steps, Step{"Have the Service name the port by its number, which is the same in old and new pods.",
			kubectl + "patch service " + service.Name + " --type=json -p '" + m.targetPatch() + "'"})
	}
	if joins {
		apply += " Its pods have the labels that the Service " + service.Name + " selects: as soon as they are ready they serve beside the old ones."
	}
	steps = append(steps, Step{apply, kubectl + "apply -f FILE"},
		Step{"Wait until it serves, and look at it with kubectl elasticweb status.", kubectl + "wait --for=condition=Ready elasticweb/" + web.Name + " --timeout=10m"})
	if service != nil && !joins {
		steps = append(steps, Step{"Lead the Service to the new pods. Back: the same with the old selector, " + labels.FormatLabels(service.Spec.Selector) + ".",
			kubectl + "patch service " + service.Name + " --type=json -p '" + m.selectorPatch(web) + "'"})
		back = "scale the old Deployment up again, and lead the Service back then"
	}
	switch scalers := strings.Join(m.in.Autoscalers, ", "); {
	case scalers == "":
	case web.Spec.TotalQPS != nil:
		steps = append(steps, Step{Text: "Remove the autoscalers " + scalers + ", so that none scales the old Deployment up again: spec.totalQPS says how many pods there are."})
	default:
		steps = append(steps, Step{Text: "Have the autoscalers " + scalers + " scale the ElasticWeb, so that none scales the old Deployment up again."})
	}
	steps = append(steps, Step{"Take the old pods away. To go back, " + back + ".", kubectl + "scale deployment/" + m.in.Deployment.Name + " --replicas=0"})
	last := "When all is well, remove the old Deployment."
	if service != nil {
		last += " Keep the Service " + service.Name + " as the way in, or move its clients to the Service " + web.Name + " first."
	}
	return append(steps, Step{last, kubectl + "delete deployment/" + m.in.Deployment.Name})
}

// joins reports whether the old Service selects the new pods, too.
func (m *maker) joins(web *elasticwebv1.ElasticWeb) bool {
	if m.in.Service == nil || len(m.in.Service.Spec.Selector) == 0 {
		return false
	}
	all := labels.Merge(web.Spec.PodLabels, plan.Selector(web.Name))
	return labels.SelectorFromSet(m.in.Service.Spec.Selector).Matches(all)
}

func (m *maker) targetsByName() bool {
	ports := m.in.Service.Spec.Ports
	return len(ports) > 0 && ports[0].TargetPort.Type == intstr.String && ports[0].TargetPort.StrVal != podtemplate.Port
}

func (m *maker) targetPatch() string {
	return patch([]operation{{"replace", "/spec/ports/0/targetPort", m.port}})
}

// selectorPatch has the Service select the new pods alone, by the number of their port.
func (m *maker) selectorPatch(web *elasticwebv1.ElasticWeb) string {
	operations := []operation{{"replace", "/spec/selector", plan.Selector(web.Name)}}
	if m.targetsByName() {
		operations = append(operations, operation{"replace", "/spec/ports/0/targetPort", m.port})
	}
	return patch(operations)
}

type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func patch(operations []operation) string {
	text, _ := json.Marshal(operations) // words and numbers always marshal.
	return string(text)
}
