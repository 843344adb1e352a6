// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// generatorUser is whom the load generator runs as where the pod's user is root.
const generatorUser = 65532

func podSpec(spec *v1alpha1.ElasticWebBenchmarkSpec, run *v1alpha1.BenchmarkRun, architecture, share string) corev1.PodSpec {
	result := corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		TerminationGracePeriodSeconds: ptr.To[int64](5),
		AutomountServiceAccountToken:  ptr.To(ptr.Deref(spec.AutomountServiceAccountToken, false)),
		EnableServiceLinks:            ptr.To(false),
		ServiceAccountName:            spec.ServiceAccountName,
		ImagePullSecrets:              spec.ImagePullSecrets,
		PriorityClassName:             spec.PriorityClassName,
		SecurityContext:               spec.PodSecurityContext,
		InitContainers:                []corev1.Container{target(spec)},
		Containers:                    []corev1.Container{generator(spec, run, architecture, share)},
		Volumes:                       spec.Volumes,
		NodeSelector:                  spec.NodeSelector,
		Affinity:                      affinity(architecture),
		Tolerations: append([]corev1.Toleration{{
			Key: corev1.LabelArchStable, Operator: corev1.TolerationOpEqual, Value: architecture, Effect: corev1.TaintEffectNoSchedule,
		}}, spec.Tolerations...),
	}
	if result.SecurityContext == nil {
		result.SecurityContext = &corev1.PodSecurityContext{SeccompProfile: runtimeDefault()}
	}
	return result
}

// target is the container that is measured.
func target(spec *v1alpha1.ElasticWebBenchmarkSpec) corev1.Container {
	result := corev1.Container{
		Name:                     v1alpha1.TargetContainer,
		Image:                    spec.Image,
		ImagePullPolicy:          spec.ImagePullPolicy,
		RestartPolicy:            ptr.To(corev1.ContainerRestartPolicyAlways),
		Command:                  spec.Command,
		Args:                     spec.Args,
		Ports:                    []corev1.ContainerPort{{Name: resources.PortName, ContainerPort: *spec.ContainerPort, Protocol: corev1.ProtocolTCP}},
		Env:                      spec.Env,
		EnvFrom:                  spec.EnvFrom,
		Resources:                ptr.Deref(spec.Resources, resources.DefaultResources()),
		StartupProbe:             spec.StartupProbe,
		SecurityContext:          spec.SecurityContext,
		VolumeMounts:             spec.VolumeMounts,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
	if result.StartupProbe == nil {
		result.StartupProbe = &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(resources.PortName)}},
			PeriodSeconds: 1, FailureThreshold: 300,
		}
	}
	return result
}

func generator(spec *v1alpha1.ElasticWebBenchmarkSpec, run *v1alpha1.BenchmarkRun, architecture, share string) corev1.Container {
	result := corev1.Container{
		Name:    v1alpha1.GeneratorContainer,
		Image:   run.GeneratorImage,
		Command: []string{"/loadtest"},
		Args: []string{
			// Kubernetes would take $(NAME) for a variable, and $$ for a dollar.
			strings.ReplaceAll(fmt.Sprintf("--target=http://127.0.0.1:%d%s", *spec.ContainerPort, spec.Path), "$", "$$"),
			"--architecture=" + architecture,
			"--latency-target=" + string(spec.LatencyTarget),
			"--error-rate-target=" + share,
			"--duration=" + string(spec.Duration),
			fmt.Sprintf("--max-qps=%d", *spec.MaxQPS),
			fmt.Sprintf("--wait=%ds", int(answerWait.Seconds())),
			"--output=/dev/termination-log",
		},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
		},
		SecurityContext:          resources.RestrictedSecurityContext(),
		TerminationMessagePath:   "/dev/termination-log",
		TerminationMessagePolicy: corev1.TerminationMessageReadFile,
	}
	result.SecurityContext.Privileged = ptr.To(false)
	result.SecurityContext.ReadOnlyRootFilesystem = ptr.To(true)
	result.SecurityContext.RunAsNonRoot = ptr.To(true)
	result.SecurityContext.SeccompProfile = runtimeDefault()
	if pod := spec.PodSecurityContext; pod != nil && pod.RunAsUser != nil && *pod.RunAsUser == 0 {
		result.SecurityContext.RunAsUser = ptr.To[int64](generatorUser)
	}
	return result
}

// affinity lets the pod run on its architecture alone, and if possible where nothing else is measured.
func affinity(architecture string) *corev1.Affinity {
	in := func(key, value string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}}
	}
	return &corev1.Affinity{
		NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				in(corev1.LabelArchStable, architecture), in(corev1.LabelOSStable, "linux"),
			}}},
		}},
		PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100,
			PodAffinityTerm: corev1.PodAffinityTerm{
				TopologyKey:       corev1.LabelHostname,
				LabelSelector:     &metav1.LabelSelector{MatchLabels: map[string]string{elasticwebv1.LabelName: v1alpha1.NameValue}},
				NamespaceSelector: &metav1.LabelSelector{},
			},
		}}},
	}
}

func runtimeDefault() *corev1.SeccompProfile {
	return &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
}
