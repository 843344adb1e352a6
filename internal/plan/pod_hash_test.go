// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"reflect"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func listing(architectures ...elasticwebv1.ArchitectureSpec) func(*elasticwebv1.ElasticWebSpec) {
	return func(s *elasticwebv1.ElasticWebSpec) { s.Architectures = slices.Clone(architectures) }
}

var armThenAmd = listing(
	elasticwebv1.ArchitectureSpec{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)},
	elasticwebv1.ArchitectureSpec{Name: "amd64", Weight: ptr.To[int32](100)})

// everything sets each of the pod settings.
func everything(s *elasticwebv1.ElasticWebSpec) {
	s.ContainerPort = ptr.To[int32](8080)
	quantities := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("0.5"), corev1.ResourceMemory: resource.MustParse("1024Mi")}
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(80)}}, PeriodSeconds: 5}
	s.PodSettings = elasticwebv1.PodSettings{
		Resources: &corev1.ResourceRequirements{Requests: quantities, Limits: quantities},
		Env:       []corev1.EnvVar{{Name: "A", Value: "b"}, {Name: "C", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}},
		EnvFrom:   []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Optional: ptr.To(true)}}},
		Command:   []string{"/shop"}, Args: []string{"-v"}, ImagePullPolicy: corev1.PullAlways,
		ImagePullSecrets:   []corev1.LocalObjectReference{{Name: "pull"}},
		ServiceAccountName: "shop", AutomountServiceAccountToken: ptr.To(false), ReadinessProbe: probe, LivenessProbe: probe, StartupProbe: probe,
		Lifecycle:                     &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}}},
		TerminationGracePeriodSeconds: ptr.To[int64](30),
		SecurityContext:               &corev1.SecurityContext{RunAsNonRoot: ptr.To(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
		PodSecurityContext:            &corev1.PodSecurityContext{RunAsUser: ptr.To[int64](1000), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Volumes:                       []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: ptr.To(resource.MustParse("1Gi"))}}}},
		VolumeMounts:                  []corev1.VolumeMount{{Name: "v", MountPath: "/v", ReadOnly: true}},
		NodeSelector:                  map[string]string{"b": "2", "a": "1"},
		Affinity:                      preferring("arm64"),
		Tolerations:                   []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists, TolerationSeconds: ptr.To[int64](0)}},
		TopologySpreadConstraints:     []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule}},
		PriorityClassName:             "high",
		PodLabels:                     map[string]string{"l": "1"}, PodAnnotations: map[string]string{"a": "1"},
		PodTemplate: &runtime.RawExtension{Raw: []byte(`{"spec":{"hostname":"a"}}`)},
	}
}

// Another hash looks like a rollout of the user's, with which the newest facts are taken up: of all ElasticWebs at once, where a
// library marshals a field otherwise. These values must never change.
func TestPodHashIsTheSameForEver(t *testing.T) {
	for name, tc := range map[string]struct {
		spec *elasticwebv1.ElasticWebSpec
		want string
	}{
		"sample":        {&shop().Spec, "93dc146935cf7965"},
		"architectures": {&shop(listing(elasticwebv1.ArchitectureSpec{Name: "amd64", Weight: ptr.To[int32](100)}, elasticwebv1.ArchitectureSpec{Name: "arm64"})).Spec, "8b3d6c18d46c2237"},
		"everything":    {&shop(everything).Spec, "c62d93ff01a41779"},
		"what shapes no pod": {&shop(func(s *elasticwebv1.ElasticWebSpec) {
			s.Rebalance = &elasticwebv1.RebalanceSpec{Mode: elasticwebv1.RebalanceSurge, RestartForTemplate: ptr.To(true)}
		}).Spec, "93dc146935cf7965"},
		// A setting that was added later changes nothing where it is absent.
		"everything without a template": {&shop(everything, func(s *elasticwebv1.ElasticWebSpec) { s.PodTemplate = nil }).Spec, "0c271ae97632a1fc"},
		"everything of before":          {&shop(everything, func(s *elasticwebv1.ElasticWebSpec) { s.PodTemplate, s.AutomountServiceAccountToken = nil, nil }).Spec, "2ea8557089082fe6"},
	} {
		if got := podHash(tc.spec); got != tc.want {
			t.Errorf("%s: the hash is %s, and was %s", name, got, tc.want)
		}
	}
	settings := reflect.ValueOf(shop(everything).Spec.PodSettings)
	for i := range settings.NumField() {
		if settings.Field(i).IsZero() {
			t.Errorf("%s is not among everything", settings.Type().Field(i).Name)
		}
	}
}

func TestPodHashOfTheArchitectures(t *testing.T) {
	turned := func(s *elasticwebv1.ElasticWebSpec) {
		armThenAmd(s)
		slices.Reverse(s.Architectures)
	}
	web := shop(armThenAmd)
	before := deploymentOf(Make(web, Observed{}))
	if _, fresh := Lookup(&shop(turned).Spec, before); fresh {
		t.Error("another order of the list looks like a rollout")
	}
	heavier := shop(armThenAmd, func(s *elasticwebv1.ElasticWebSpec) { s.Architectures[1].Weight = ptr.To[int32](99) })
	if _, fresh := Lookup(&heavier.Spec, before); !fresh {
		t.Error("another weight shapes the pods")
	}
	// "0084fd3b0a4ece9f" is what operators made of this list when its order counted.
	old := Record{Generation: 1, Pod: "0084fd3b0a4ece9f"}
	before.Annotations[AnnotationRecord] = old.String()
	if _, fresh := Lookup(&web.Spec, before); fresh {
		t.Error("an upgrade of the operator looks like a rollout")
	}
	if old.isOf(&heavier.Spec) || (*Record)(nil).isOf(&web.Spec) {
		t.Error("the record of another spec, or none, is that of this one")
	}
}
