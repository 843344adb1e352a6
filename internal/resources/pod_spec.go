// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
)

// ContainerName is the name of the container that runs the image.
const ContainerName = podtemplate.Container

// preStopSeconds is how long a pod that is to end goes on serving, so that every node stops sending
// requests to it first.
const preStopSeconds = 5

// defaultGracePeriodSeconds is that of Kubernetes; it has to be above preStopSeconds.
const defaultGracePeriodSeconds = 30

func podSpec(web *elasticwebv1.ElasticWeb, p *plan.Plan) *corev1.PodSpec {
	settings := &web.Spec.PodSettings
	grace := ptr.Deref(settings.TerminationGracePeriodSeconds, defaultGracePeriodSeconds)
	spec := &corev1.PodSpec{
		Containers:                    []corev1.Container{container(web, p, grace)},
		TerminationGracePeriodSeconds: &grace,
		ImagePullSecrets:              settings.ImagePullSecrets,
		ServiceAccountName:            settings.ServiceAccountName,
		// The API server sets this alias as well. If it were nobody's, it would outlive the name, and bring it back.
		DeprecatedServiceAccount:     settings.ServiceAccountName,
		AutomountServiceAccountToken: settings.AutomountServiceAccountToken,
		SecurityContext:              settings.PodSecurityContext,
		Volumes:                      settings.Volumes,
		NodeSelector:                 p.Placement.NodeSelector,
		Affinity:                     p.Placement.Affinity,
		Tolerations:                  p.Placement.Tolerations,
		TopologySpreadConstraints:    p.Placement.Spread,
		PriorityClassName:            settings.PriorityClassName,
	}
	if spec.SecurityContext == nil && runsAsNonRoot(p) {
		spec.SecurityContext = RestrictedPodSecurityContext()
	}
	return spec
}

func container(web *elasticwebv1.ElasticWeb, p *plan.Plan, grace int64) corev1.Container {
	settings := &web.Spec.PodSettings
	result := corev1.Container{
		Name:            ContainerName,
		Image:           web.Spec.Image,
		ImagePullPolicy: settings.ImagePullPolicy,
		Command:         settings.Command,
		Args:            settings.Args,
		Ports:           []corev1.ContainerPort{{Name: PortName, ContainerPort: p.ContainerPort, Protocol: corev1.ProtocolTCP}},
		Env:             settings.Env,
		EnvFrom:         settings.EnvFrom,
		Resources:       DefaultResources(),
		VolumeMounts:    settings.VolumeMounts,
		ReadinessProbe:  settings.ReadinessProbe,
		LivenessProbe:   settings.LivenessProbe,
		StartupProbe:    settings.StartupProbe,
		Lifecycle:       settings.Lifecycle,
		SecurityContext: settings.SecurityContext,
		// "exec format error" goes to the container's log: so it gets into the pod's status.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	if settings.Resources != nil {
		result.Resources = *settings.Resources
	}
	if result.ReadinessProbe == nil && p.ContainerPortKnown {
		result.ReadinessProbe = tcpProbe()
	}
	if result.Lifecycle == nil {
		result.Lifecycle = preStopSleep(grace)
	}
	if result.SecurityContext == nil && runsAsNonRoot(p) {
		result.SecurityContext = RestrictedSecurityContext()
	}
	return result
}

// DefaultResources are those of the walk-through.
func DefaultResources() corev1.ResourceRequirements {
	list := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("100m"),
		corev1.ResourceMemory: resource.MustParse("512Mi"),
	}
	return corev1.ResourceRequirements{Requests: list, Limits: list}
}

// tcpProbe is made only where the port is known: one that nothing listens on would keep a pod that serves
// from ever being ready.
func tcpProbe() *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(PortName)}},
		PeriodSeconds: 5,
	}
}

// preStopSleep stays below the grace period, which the API server insists on.
func preStopSleep(grace int64) *corev1.Lifecycle {
	seconds := min(preStopSeconds, grace-1)
	if seconds < 1 {
		return nil
	}
	return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}}
}
