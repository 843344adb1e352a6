// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ElasticWebBenchmarkSpec says what is measured, and within which limits.
//
// +kubebuilder:validation:XValidation:rule="!has(self.duration) || !has(self.latencyTarget) || duration(self.latencyTarget) < duration(self.duration)",message="latencyTarget is not below duration: lower latencyTarget or raise duration",fieldPath=".latencyTarget"
type ElasticWebBenchmarkSpec struct {
	// image that is measured, for instance registry.example.com/shop:1.4, or the same with a digest. A tag is
	// looked up when a run begins, and all architectures of that run use the digest that was found.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self == '' || self.matches('^((([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])([.]([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|[[][a-fA-F0-9:]+[]])(:[0-9]{1,5})?/)?[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*)*(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?$')",message="image is not an image reference: write it like registry.example.com/shop:1.4 or registry.example.com/shop@sha256:<64 hex digits>, without a scheme or blanks, the repository in lower case"
	Image string `json:"image"`

	// containerPort is the port on which the application listens. Default: the only TCP port that the image
	// exposes, else 8080.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	ContainerPort *int32 `json:"containerPort,omitempty"`

	// path and query that the requests ask for.
	//
	// +optional
	// +kubebuilder:default="/"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/') && self.matches('^[!-~]*$') && !self.contains('#')",message="path must begin with a slash and hold neither blanks nor a fragment: write it like /search?q=shoes, and escape other characters with %"
	Path string `json:"path,omitempty"`

	// architectures on which the image is measured. One that is listed gets its pod though the cluster has no node of
	// it, so that a node autoscaler may bring one; the pod waits for at least 10 minutes and spec.duration. Default: every
	// architecture that both the image and the nodes of the cluster have.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Architectures []Architecture `json:"architectures,omitempty"`

	// latencyTarget is the highest 99th percentile of the response time, from 1ms to 1m.
	//
	// +optional
	// +kubebuilder:default="500ms"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1ms') && duration(self) <= duration('1m')",message="latencyTarget must be from 1ms to 1m"
	LatencyTarget Duration `json:"latencyTarget,omitempty"`

	// errorRateTarget is the highest share of failed requests, in percent, from 0% to 99.999%.
	//
	// +optional
	// +kubebuilder:default="1%"
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,2}([.][0-9]{1,3})?%$')",message="errorRateTarget must be a percentage from 0% to 99.999%, for instance 0.5%"
	ErrorRateTarget string `json:"errorRateTarget,omitempty"`

	// duration that the search for the highest rate may take on each architecture, from 10s to 1h; the wait for
	// the application to start comes on top. A longer one measures more exactly.
	//
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('10s') && duration(self) <= duration('1h')",message="duration must be from 10s to 1h"
	Duration Duration `json:"duration,omitempty"`

	// maxQPS is the highest rate that is tried, in requests per second.
	//
	// +optional
	// +kubebuilder:default=100000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000000
	MaxQPS *int32 `json:"maxQPS,omitempty"`

	BenchmarkPodSettings `json:",inline"`
}

// Architecture is a processor architecture as the node label kubernetes.io/arch has it.
//
// +kubebuilder:validation:Enum=amd64;arm64;ppc64le;s390x;riscv64;loong64;mips64le;arm;"386"
type Architecture string

// Duration is a time span in Go's notation, for instance 250ms, 30s or 1m30s.
//
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:Pattern=`^([0-9]+([.][0-9]+)?(ms|s|m|h))+$`
type Duration string

// BenchmarkPodSettings are the fields of the measured pods that a user may set, in the words of PodSpec. They
// should be those of the production pods.
type BenchmarkPodSettings struct {
	// resources of the container that is measured. Default: requests and limits of 100m CPU and 512Mi memory,
	// those of an ElasticWeb.
	//
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// env are environment variables of the container.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=512
	// +kubebuilder:validation:XValidation:rule="self.map(e, has(e.value) ? e.value.size() : 0).sum() <= 131072",message="the values have more than 131072 characters together: put the largest into a ConfigMap, and name it in envFrom or volumes"
	Env []corev1.EnvVar `json:"env,omitempty"`

	// envFrom are sources of environment variables of the container.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitempty"`

	// command in the place of the image's entry point.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:XValidation:rule="self.map(e, e.size()).sum() <= 65536",message="command has more than 65536 characters: put them into a file of the image or of a ConfigMap"
	Command []string `json:"command,omitempty"`

	// args in the place of the image's command.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:XValidation:rule="self.map(e, e.size()).sum() <= 65536",message="args has more than 65536 characters: put them into a file of the image or of a ConfigMap"
	Args []string `json:"args,omitempty"`

	// imagePullPolicy of the container. Default: that of Kubernetes.
	//
	// +optional
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// imagePullSecrets are Secrets of the same namespace, with which the image is pulled and its
	// architectures are looked up.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`

	// serviceAccountName of the pods. Its pull secrets serve as well.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// automountServiceAccountToken says whether the pods get the token of their service account, the load
	// generator's container included. Default: false.
	//
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`

	// startupProbe of the container: the measurement begins when it succeeds. Default: a TCP connection to the
	// container port, every second for at most 5 minutes.
	//
	// +optional
	StartupProbe *corev1.Probe `json:"startupProbe,omitempty"`

	// securityContext of the container. Default: the restricted profile where the image has a numeric user
	// other than root, else that of Kubernetes.
	//
	// +optional
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`

	// podSecurityContext of the pods. Default: the seccomp profile of the container runtime.
	//
	// +optional
	PodSecurityContext *corev1.PodSecurityContext `json:"podSecurityContext,omitempty"`

	// volumes of the pods.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Volumes []corev1.Volume `json:"volumes,omitempty"`

	// volumeMounts of the container.
	//
	// +optional
	// +listType=map
	// +listMapKey=mountPath
	// +kubebuilder:validation:MaxItems=64
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitempty"`

	// nodeSelector that the nodes of the pods must match, beside the architecture.
	//
	// +optional
	// +mapType=atomic
	// +kubebuilder:validation:XValidation:rule="!('kubernetes.io/arch' in self)",message="nodeSelector must not name kubernetes.io/arch: a pod is measured on each architecture; restrict them with architectures"
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations of the pods, beside those for taints with the key kubernetes.io/arch.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// priorityClassName of the pods.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	PriorityClassName string `json:"priorityClassName,omitempty"`
}

// ElasticWebBenchmark measures what one pod of an image can serve on each architecture of the cluster.
// ElasticWebs that name it in benchmarkRef use what it found.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=elasticwebbenchmarks,singular=elasticwebbenchmark,scope=Namespaced,shortName=ewb,categories=all
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`
// +kubebuilder:printcolumn:name="Best",type=string,JSONPath=`.status.bestArchitecture`
// +kubebuilder:printcolumn:name="QPS",type=string,JSONPath=`.status.qpsByArchitecture`
// +kubebuilder:printcolumn:name="Progress",type=string,JSONPath=`.status.progress`
// +kubebuilder:printcolumn:name="Complete",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Complete")].reason`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 53 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name becomes the name of a Helm release: use at most 53 lower case letters, digits and dashes, beginning and ending with a letter or a digit",fieldPath=".metadata"
type ElasticWebBenchmark struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is that of any object; its name becomes that of the Helm release.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty,omitzero"`

	// spec says what is measured, and within which limits.
	//
	// +required
	Spec ElasticWebBenchmarkSpec `json:"spec"`

	// status reports how far the measurement is, and what it found.
	//
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status ElasticWebBenchmarkStatus `json:"status,omitempty,omitzero"`

	// UnreadableSpec says why the spec could not be decoded, which is empty then; "" where it was. It is never sent.
	UnreadableSpec string `json:"-"`

	// UnreadableStatus says the same of the status.
	UnreadableStatus string `json:"-"`
}

// ElasticWebBenchmarkList is a list of ElasticWebBenchmarks.
//
// +kubebuilder:object:root=true
type ElasticWebBenchmarkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	// Items of the list.
	Items []ElasticWebBenchmark `json:"items"`
}
