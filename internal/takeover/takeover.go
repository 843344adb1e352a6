// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package takeover makes an ElasticWeb of a Deployment and its Service, says what cannot be carried over, and how to change over without an
// outage. It does no I/O.
package takeover

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// Input is what an ElasticWeb is made of.
type Input struct {
	Deployment *appsv1.Deployment
	// Service that leads to its pods; nil for none.
	Service *corev1.Service
	// Name of the ElasticWeb; it makes a Deployment and a Service of that name, so that it cannot be theirs.
	Name string
	// SinglePodsQPS is what a pod serves, TotalQPS what is to be served; without the latter the number of pods stays.
	SinglePodsQPS, TotalQPS int32
	// Autoscalers and OtherServices are the names of those that are about the Deployment or its pods as well.
	Autoscalers, OtherServices []string
}

// Result is the ElasticWeb, what of the old objects it does not hold, and how to change over.
type Result struct {
	Web   *elasticwebv1.ElasticWeb
	Lost  []string
	Steps []Step
}

// Make makes it.
func Make(in Input) (Result, error) {
	served, port, err := servingContainer(in)
	if err != nil {
		return Result{}, err
	}
	m := &maker{in: in, served: served, port: port}
	web, err := m.web()
	if err != nil {
		return Result{}, err
	}
	return Result{Web: web, Lost: append(m.lost, m.lostAround()...), Steps: m.steps(web)}, nil
}

// Selects reports whether a Service leads to the pods of a Deployment.
func Selects(service *corev1.Service, deployment *appsv1.Deployment) bool {
	return len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(deployment.Spec.Template.Labels))
}

type maker struct {
	in     Input
	served int
	port   int32
	lost   []string
}

func (m *maker) lose(format string, args ...any) {
	m.lost = append(m.lost, fmt.Sprintf(format, args...))
}

// servingContainer is the one that the Service sends requests to, and its port; without a Service the first one with a port.
func servingContainer(in Input) (index int, port int32, err error) {
	containers := in.Deployment.Spec.Template.Spec.Containers
	if len(containers) == 0 {
		return 0, 0, errors.New("the Deployment has no container")
	}
	if in.Service == nil || len(in.Service.Spec.Ports) == 0 {
		for i := range containers {
			if len(containers[i].Ports) > 0 {
				return i, containers[i].Ports[0].ContainerPort, nil
			}
		}
		return 0, 0, errors.New("neither a Service nor a port of a container says where requests go: name the Service with --service")
	}
	first := in.Service.Spec.Ports[0]
	target := first.TargetPort
	if target == (intstr.IntOrString{}) {
		target = intstr.FromInt32(first.Port)
	}
	for i := range containers {
		for _, candidate := range containers[i].Ports {
			if target.Type == intstr.String && candidate.Name == target.StrVal || target.Type == intstr.Int && candidate.ContainerPort == target.IntVal {
				return i, candidate.ContainerPort, nil
			}
		}
	}
	if target.Type == intstr.String {
		return 0, 0, fmt.Errorf("no container has the port %q that the Service %s sends requests to", target.StrVal, in.Service.Name)
	}
	return 0, target.IntVal, nil
}

func (m *maker) web() (*elasticwebv1.ElasticWeb, error) {
	old := m.in.Deployment
	web := &elasticwebv1.ElasticWeb{
		TypeMeta:   metav1.TypeMeta{APIVersion: elasticwebv1.GroupVersion.String(), Kind: "ElasticWeb"},
		ObjectMeta: metav1.ObjectMeta{Name: m.in.Name, Namespace: old.Namespace, Labels: withoutOperators(old.Labels)},
	}
	spec := elasticwebv1.ElasticWebSpec{
		Image: old.Spec.Template.Spec.Containers[m.served].Image, ContainerPort: &m.port, SinglePodsQPS: &m.in.SinglePodsQPS,
		Port: ptr.To(m.servicePort()), Service: &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP}, Rollout: m.rollout(),
	}
	if m.in.TotalQPS > 0 {
		spec.TotalQPS = &m.in.TotalQPS
	} else {
		spec.Replicas = ptr.To(ptr.Deref(old.Spec.Replicas, 1))
	}
	template, err := m.template()
	if err != nil {
		return nil, err
	}
	spec.PodTemplate = &runtime.RawExtension{Raw: template}
	resolved, err := podtemplate.Resolve(&spec) // what has a field of its own moves there.
	if err != nil {
		return nil, fmt.Errorf("the pods cannot be an ElasticWeb's: %w", err)
	}
	web.Spec = *resolved
	return web, nil
}

func (m *maker) servicePort() int32 {
	if m.in.Service == nil || len(m.in.Service.Spec.Ports) == 0 {
		return m.port
	}
	return m.in.Service.Spec.Ports[0].Port
}

func (m *maker) rollout() *elasticwebv1.RolloutSpec {
	old, result := m.in.Deployment.Spec, &elasticwebv1.RolloutSpec{}
	if rolling := old.Strategy.RollingUpdate; rolling != nil {
		if surge := rolling.MaxSurge; surge != nil && *surge != intstr.FromString("25%") {
			result.MaxSurge = surge
		}
		result.MaxUnavailable = rolling.MaxUnavailable
	}
	if old.MinReadySeconds > 0 {
		result.MinReadySeconds = &old.MinReadySeconds
	}
	if deadline := old.ProgressDeadlineSeconds; deadline != nil && *deadline != 600 {
		result.ProgressDeadlineSeconds = deadline
	}
	if *result == (elasticwebv1.RolloutSpec{}) {
		return nil
	}
	return result
}

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
	add(len(m.in.Autoscalers) > 0, "the autoscalers %s: have them scale the ElasticWeb (apiVersion %s, kind ElasticWeb, name %s)",
		strings.Join(m.in.Autoscalers, ", "), elasticwebv1.GroupVersion, m.in.Name)
	add(len(m.in.OtherServices) > 0, "the Services %s, which lead to the pods as well: they stay, and follow the labels", strings.Join(m.in.OtherServices, ", "))
	if m.in.Service != nil {
		add(len(m.in.Service.Spec.Ports) > 1, "the other ports of the Service %s: they stay in it; the operator's own has one", m.in.Service.Name)
		add(true, "the type, the address and the settings of the Service %s: it stays, and the operator makes another one of the type ClusterIP", m.in.Service.Name)
	}
	return lost
}
