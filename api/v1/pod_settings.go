// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// PodSettings are the fields of the pods that a user may set, in the words of PodSpec. Each is taken over
// as it is; what is not set gets the defaults that are named here.
type PodSettings struct {
	// resources of the container. Default: requests and limits of 100m CPU and 512Mi memory.
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

	// automountServiceAccountToken says whether the pods get the token of their service account; false keeps
	// it from them. Default: what the service account says, which is true unless it says otherwise.
	//
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`

	// readinessProbe of the container. Default: a TCP connection to the container port, where that port is
	// known (containerPort, or from the image).
	//
	// +optional
	ReadinessProbe *corev1.Probe `json:"readinessProbe,omitempty"`

	// livenessProbe of the container. Default: none.
	//
	// +optional
	LivenessProbe *corev1.Probe `json:"livenessProbe,omitempty"`

	// startupProbe of the container. Default: none.
	//
	// +optional
	StartupProbe *corev1.Probe `json:"startupProbe,omitempty"`

	// lifecycle hooks of the container. Default: a preStop sleep of 5 seconds, in which the Service stops
	// sending requests to the pod.
	//
	// +optional
	Lifecycle *corev1.Lifecycle `json:"lifecycle,omitempty"`

	// terminationGracePeriodSeconds is how long a pod may take to end, its preStop hook included, in
	// seconds. Default: 30.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`

	// securityContext of the container. Default: the restricted profile where the image has a numeric
	// user other than root, else that of Kubernetes.
	//
	// +optional
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`

	// podSecurityContext of the pods. Default: as for securityContext.
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

	// nodeSelector that the nodes of the pods must match. A kubernetes.io/arch here pins the pods to one
	// architecture.
	//
	// +optional
	// +mapType=atomic
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// affinity of the pods. The architectures that the image holds are added to every required node
	// term; a term that names kubernetes.io/arch itself is kept as it is.
	//
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// tolerations of the pods, beside those for taints with the key kubernetes.io/arch.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// topologySpreadConstraints of the pods. Given, they replace the one that the operator derives so
	// that the best architecture is filled first.
	//
	// +optional
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	// +kubebuilder:validation:MaxItems=16
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// priorityClassName of the pods.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// podLabels are labels of the pods, beside those of the operator.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, !(k in ['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app.kubernetes.io/component', 'app.kubernetes.io/managed-by']))",message="podLabels must not hold app.kubernetes.io/name, instance, component or managed-by: the operator sets these; choose other keys"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('elasticweb.example.com/'))",message="podLabels with the prefix elasticweb.example.com/ belong to the operator: choose another key"
	PodLabels map[string]string `json:"podLabels,omitempty"`

	// podAnnotations are annotations of the pods.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="!('controller.kubernetes.io/pod-deletion-cost' in self)",message="podAnnotations must not hold controller.kubernetes.io/pod-deletion-cost: the operator sets it, so that the pods on slower architectures leave first; remove it, and say with the weights of spec.architectures which are to stay longest"
	PodAnnotations map[string]string `json:"podAnnotations,omitempty"`

	// podTemplate is a part of a PodTemplateSpec, for whatever the fields above do not say: further containers and init containers,
	// hostAliases, a runtimeClassName and so on. It is merged over the pods that the operator makes, by the rules of a strategic merge
	// patch; the container that runs the image is called web. What the fields above say as well may be said in one of the two places.
	// What it must not say, and what it says wrongly, is reported as InvalidSpec or InvalidPod.
	//
	// +optional
	// +structType=atomic
	// +kubebuilder:pruning:PreserveUnknownFields
	PodTemplate *runtime.RawExtension `json:"podTemplate,omitempty"`
}
