// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"encoding/json"
	"regexp"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

func TestLeavesOutEmptySettings(t *testing.T) {
	anti := []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname}}}
	for name, settings := range map[string]elasticwebv1.PodSettings{
		"objects": {
			Lifecycle: &corev1.Lifecycle{}, SecurityContext: &corev1.SecurityContext{},
			PodSecurityContext: &corev1.PodSecurityContext{}, Affinity: &corev1.Affinity{},
		},
		"what is in them": {
			SecurityContext: &corev1.SecurityContext{
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{}}, SELinuxOptions: &corev1.SELinuxOptions{},
				WindowsOptions: &corev1.WindowsSecurityContextOptions{}, RunAsNonRoot: ptr.To(true),
			},
			PodSecurityContext: &corev1.PodSecurityContext{
				SELinuxOptions: &corev1.SELinuxOptions{}, WindowsOptions: &corev1.WindowsSecurityContextOptions{}, RunAsNonRoot: ptr.To(true),
			},
			Affinity: &corev1.Affinity{
				NodeAffinity: &corev1.NodeAffinity{}, PodAffinity: &corev1.PodAffinity{},
				PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: anti},
			},
		},
		"objects of the template": {PodTemplate: &runtime.RawExtension{Raw: []byte(`{"spec": {"dnsConfig": {}, "resources": {}}}`)}},
		"the last thing that is in them": {
			SecurityContext:    &corev1.SecurityContext{SELinuxOptions: &corev1.SELinuxOptions{}},
			PodSecurityContext: &corev1.PodSecurityContext{WindowsOptions: &corev1.WindowsSecurityContextOptions{}},
			Affinity:           &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			web := &elasticwebv1.ElasticWeb{Spec: minimal(func(spec *elasticwebv1.ElasticWebSpec) { spec.PodSettings = settings })}
			planned := plan.Make(web, plan.Observed{})
			deployment, err := resources.Deployment(web, &planned)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(deployment.Spec.Template.Spec)
			if err != nil {
				t.Fatal(err)
			}
			if empty := regexp.MustCompile(`"\w+":{}`).FindAllString(string(text), -1); empty != nil {
				t.Errorf("%s in %s", empty, text)
			}
		})
	}
}
