// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package takeover makes an ElasticWeb of a Deployment and its Service, says what cannot be carried over, and how to change over without an
// outage. It does no I/O.
package takeover

import (
	"errors"
	"fmt"

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
	// Where is how kubectl finds the cluster and the namespace, as flags.
	Where string
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
