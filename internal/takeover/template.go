// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// template is the old one as spec.podTemplate takes it: without what the operator sets, and what is Kubernetes' default.
func (m *maker) template() ([]byte, error) {
	template := m.in.Deployment.Spec.Template.DeepCopy()
	m.clean(&template.Spec)
	text, err := json.Marshal(map[string]any{"metadata": m.metadata(template), "spec": template.Spec})
	if err != nil {
		return nil, fmt.Errorf("marshal the template: %w", err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	pods, _ := object["spec"].(map[string]any)
	containers, _ := pods["containers"].([]any)
	web, _ := containers[m.served].(map[string]any)
	delete(web, "image") // it is spec.image.
	for _, each := range containers {
		withoutEmpty(each)
	}
	withoutEmpty(pods)
	return json.Marshal(object)
}

// withoutEmpty leaves out empty objects, which say nothing.
func withoutEmpty(object any) {
	fields, _ := object.(map[string]any)
	maps.DeleteFunc(fields, func(_ string, value any) bool {
		empty, isObject := value.(map[string]any)
		return isObject && len(empty) == 0
	})
}

func (m *maker) metadata(template *corev1.PodTemplateSpec) map[string]any {
	annotations := maps.Clone(template.Annotations)
	delete(annotations, "kubectl.kubernetes.io/restartedAt")
	if _, isThere := annotations[corev1.PodDeletionCost]; isThere {
		delete(annotations, corev1.PodDeletionCost)
		m.lose("the annotation %s of the pods: the operator sets it", corev1.PodDeletionCost)
	}
	metadata := map[string]any{}
	if kept := withoutOperators(template.Labels); len(kept) > 0 {
		metadata["labels"] = kept
	}
	if len(annotations) > 0 {
		metadata["annotations"] = annotations
	}
	for _, key := range operatorsLabels {
		if value, isThere := template.Labels[key]; isThere {
			m.lose("the label %s=%s of the pods, which the operator sets to another value: look for selectors of Services, NetworkPolicies, budgets and monitors that name it", key, value)
		}
	}
	return metadata
}

var operatorsLabels = []string{elasticwebv1.LabelName, elasticwebv1.LabelInstance, elasticwebv1.LabelComponent, elasticwebv1.LabelManagedBy}

func withoutOperators(all map[string]string) map[string]string {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(key, _ string) bool {
		return slices.Contains(operatorsLabels, key) || key == appsv1.DefaultDeploymentUniqueLabelKey
	})
	return kept
}

func (m *maker) clean(pods *corev1.PodSpec) {
	m.cleanPods(pods)
	web := &pods.Containers[m.served]
	for i := range pods.Containers {
		cleanContainer(&pods.Containers[i])
		if i != m.served && pods.Containers[i].Name == podtemplate.Container {
			pods.Containers[i].Name = "old-" + podtemplate.Container
			m.lose("the name %s of a container, which is that of the one that serves: it is called %s now", podtemplate.Container, pods.Containers[i].Name)
		}
	}
	for i := range pods.InitContainers {
		cleanContainer(&pods.InitContainers[i])
	}
	if web.Name != podtemplate.Container {
		m.lose("the name %s of the container that serves: it is called %s now, for kubectl logs -c and the like", web.Name, podtemplate.Container)
		web.Name = podtemplate.Container
	}
	m.cleanPorts(web)
}

func (m *maker) cleanPods(pods *corev1.PodSpec) {
	if pods.NodeName != "" {
		pods.NodeName = ""
		m.lose("spec.nodeName: the scheduler chooses the node")
	}
	pods.DeprecatedServiceAccount, pods.RestartPolicy, pods.OS = "", "", nil
	if pods.DNSPolicy == corev1.DNSClusterFirst {
		pods.DNSPolicy = ""
	}
	if pods.SchedulerName == corev1.DefaultSchedulerName {
		pods.SchedulerName = ""
	}
	if ptr.Deref(pods.TerminationGracePeriodSeconds, 0) == corev1.DefaultTerminationGracePeriodSeconds {
		pods.TerminationGracePeriodSeconds = nil
	}
}

func cleanContainer(container *corev1.Container) {
	if container.TerminationMessagePath == corev1.TerminationMessagePathDefault {
		container.TerminationMessagePath = ""
	}
	if container.TerminationMessagePolicy == corev1.TerminationMessageReadFile {
		container.TerminationMessagePolicy = ""
	}
}

// cleanPorts takes the port out that the operator makes, whose name is http, and has what names it name that.
func (m *maker) cleanPorts(web *corev1.Container) {
	old := ""
	web.Ports = slices.DeleteFunc(web.Ports, func(port corev1.ContainerPort) bool {
		isIt := port.ContainerPort == m.port && (port.Protocol == corev1.ProtocolTCP || port.Protocol == "")
		if isIt {
			old = port.Name
		}
		return isIt
	})
	for i := range web.Ports {
		if web.Ports[i].Name == podtemplate.Port {
			web.Ports[i].Name = "old-http"
			m.lose("the name http of port %d, which is that of the port that serves: it is called old-http now", web.Ports[i].ContainerPort)
		}
	}
	if old == "" || old == podtemplate.Port {
		return
	}
	m.lose("the name %s of port %d: it is called %s now, for Services and monitors that name it", old, m.port, podtemplate.Port)
	rename := func(probe *corev1.ProbeHandler) {
		if probe.HTTPGet != nil && probe.HTTPGet.Port.StrVal == old {
			probe.HTTPGet.Port = intstr.FromString(podtemplate.Port)
		}
		if probe.TCPSocket != nil && probe.TCPSocket.Port.StrVal == old {
			probe.TCPSocket.Port = intstr.FromString(podtemplate.Port)
		}
	}
	for _, probe := range []*corev1.Probe{web.ReadinessProbe, web.LivenessProbe, web.StartupProbe} {
		if probe != nil {
			rename(&probe.ProbeHandler)
		}
	}
}
