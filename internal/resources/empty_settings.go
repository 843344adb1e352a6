// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"reflect"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// leaveOutEmptySettings leaves out the objects that mean the same as none when nothing is in them. The API server
// takes such an object away together with the last field that was in it, and puts it back with the next apply, whatever that
// is for: the template would change, and the pods would restart.
func leaveOutEmptySettings(spec *corev1ac.PodSpecApplyConfiguration) {
	if affinity := spec.Affinity; affinity != nil { // that to nodes is never empty, since they have to run Linux.
		leaveOutEmpty(&affinity.PodAffinity)
		leaveOutEmpty(&affinity.PodAntiAffinity)
	}
	if security := spec.SecurityContext; security != nil {
		leaveOutEmpty(&security.SELinuxOptions)
		leaveOutEmpty(&security.WindowsOptions)
		leaveOutEmpty(&spec.SecurityContext)
	}
	leaveOutEmpty(&spec.DNSConfig)
	leaveOutEmpty(&spec.Resources)
	leaveOutEmptyOfContainers(spec.Containers)
	leaveOutEmptyOfContainers(spec.InitContainers)
}

func leaveOutEmptyOfContainers(containers []corev1ac.ContainerApplyConfiguration) {
	for i := range containers {
		container := &containers[i]
		leaveOutEmpty(&container.Lifecycle)
		if security := container.SecurityContext; security != nil {
			leaveOutEmpty(&security.Capabilities)
			leaveOutEmpty(&security.SELinuxOptions)
			leaveOutEmpty(&security.WindowsOptions)
			leaveOutEmpty(&container.SecurityContext)
		}
	}
}

func leaveOutEmpty[T any](settings **T) {
	if *settings != nil && reflect.ValueOf(**settings).IsZero() {
		*settings = nil
	}
}
