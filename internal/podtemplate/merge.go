// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	kjson "sigs.k8s.io/json"
)

// Unfit is a template that does not leave the pods what the operator must hold.
type Unfit struct{ message string }

// Error implements error.
func (u *Unfit) Error() string { return u.message }

func unfit(format string, args ...any) error { return &Unfit{fmt.Sprintf(root+format, args...)} }

// Merge merges a template that was resolved over the pods that the operator makes, by the rules of a strategic merge patch. Whatever it
// says, these keep what the operator must hold, or the error is an *Unfit.
func Merge(made *corev1.PodSpec, template *runtime.RawExtension) (*corev1.PodSpec, error) {
	if template == nil {
		return made, nil
	}
	original, err := json.Marshal(corev1.PodTemplateSpec{Spec: *made})
	if err != nil {
		return nil, fmt.Errorf("marshal the pod spec: %w", err)
	}
	patch, ports, err := takePorts(template.Raw)
	if err != nil {
		return nil, unfit(" cannot be merged: %v", err)
	}
	text, err := strategicpatch.StrategicMergePatch(original, patch, corev1.PodTemplateSpec{})
	if err != nil {
		return nil, unfit(" cannot be merged: %v", err)
	}
	merged := &corev1.PodTemplateSpec{}
	if strict, err := kjson.UnmarshalStrict(text, merged); err != nil || len(strict) > 0 {
		return nil, unfit(" makes no pod: %v %v", err, strict)
	}
	for i := range merged.Spec.Containers {
		if own := &merged.Spec.Containers[i]; own.Name == Container {
			own.Ports = append(own.Ports, ports...)
		}
	}
	ownFirst(merged.Spec.Containers)
	return &merged.Spec, holds(&merged.Spec, made)
}

// takePorts takes the ports of the operator's own container out of a template. A strategic merge would tell them apart by their numbers
// alone, and lose that of TCP where there is one of UDP.
func takePorts(template []byte) (patch []byte, ports []corev1.ContainerPort, err error) {
	var whole object
	if err := kjson.UnmarshalCaseSensitivePreserveInts(template, &whole); err != nil {
		return nil, nil, err
	}
	pods, _ := whole["spec"].(object)
	_, web := ownContainer(pods)
	list, isList := web["ports"].([]any)
	if !isList {
		return template, nil, nil
	}
	delete(web, "ports")
	text, err := json.Marshal(list)
	if err == nil {
		err = json.Unmarshal(text, &ports)
	}
	if err == nil {
		patch, err = json.Marshal(whole)
	}
	return patch, ports, err
}

// ownFirst puts what the operator makes before what the template adds: it is the first container whose log kubectl shows.
func ownFirst(containers []corev1.Container) {
	rank := map[bool]int{true: 0, false: 1}
	slices.SortStableFunc(containers, func(a, b corev1.Container) int {
		return cmp.Compare(rank[a.Name == Container], rank[b.Name == Container])
	})
}

// holds compares the pods with those that the operator makes: in what is its own they are the same, whichever way the template took.
func holds(merged, made *corev1.PodSpec) error {
	own := made.Containers[0]
	if len(merged.Containers) == 0 || merged.Containers[0].Name != own.Name || merged.Containers[0].Image != own.Image {
		return unfit(".spec.containers: the container %s must be there, with the image of spec.image; leave it as it is", own.Name)
	}
	for _, port := range own.Ports {
		isIt := func(p corev1.ContainerPort) bool {
			return p.ContainerPort == port.ContainerPort && cmp.Or(p.Protocol, corev1.ProtocolTCP) == port.Protocol
		}
		ports := merged.Containers[0].Ports
		if len(ports) == 0 || ports[0] != port || slices.ContainsFunc(ports[1:], isIt) {
			return unfit(".spec.containers: port %d of the container %s is the one named %s, which spec.containerPort sets; leave it out",
				port.ContainerPort, own.Name, port.Name)
		}
	}
	for _, placed := range []struct {
		field      string
		is, should any
	}{
		{"nodeSelector", merged.NodeSelector, made.NodeSelector},
		{"affinity", merged.Affinity, made.Affinity},
		{"tolerations", merged.Tolerations, made.Tolerations},
		{"topologySpreadConstraints", merged.TopologySpreadConstraints, made.TopologySpreadConstraints},
	} {
		if !equality.Semantic.DeepEqual(placed.is, placed.should) {
			return unfit(".spec.%s: the operator places the pods with it; give terms of your own, or leave it out", placed.field)
		}
	}
	return nil
}
