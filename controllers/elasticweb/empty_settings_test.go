// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

var _ = Describe("A setting of the pods that is emptied", func() {
	// The API server takes an empty object for an absent one when it removes what was in it, and not when it is applied again.
	DescribeTable("restarts the pods once, not with the next number",
		func(ctx SpecContext, filled, emptied func(*elasticwebv1.ElasticWeb)) {
			namespace, _ := startInNamespace(ctx)
			web := newWeb(namespace, "shop", filled)
			create(ctx, web)
			update(ctx, web, emptied)
			expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
			template := read(ctx, web, &appsv1.Deployment{}).Spec.Template
			update(ctx, web, serving(4000))
			expectPods(ctx, web, 5)
			Expect(cmp.Diff(template, read(ctx, web, &appsv1.Deployment{}).Spec.Template)).To(BeEmpty())
		},
		Entry("the lifecycle, which has a pause before the end by default",
			func(*elasticwebv1.ElasticWeb) {},
			func(w *elasticwebv1.ElasticWeb) { w.Spec.Lifecycle = &corev1.Lifecycle{} }),
		Entry("the container's security context",
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.SecurityContext = &corev1.SecurityContext{RunAsNonRoot: ptr.To(true)}
			},
			func(w *elasticwebv1.ElasticWeb) { w.Spec.SecurityContext = &corev1.SecurityContext{} }),
		Entry("what is in it",
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.SecurityContext = &corev1.SecurityContext{SELinuxOptions: &corev1.SELinuxOptions{Type: "spc_t"}}
			},
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.SecurityContext = &corev1.SecurityContext{SELinuxOptions: &corev1.SELinuxOptions{}}
			}),
		Entry("the affinity to other pods",
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
					PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
						Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelTopologyZone},
					}},
				}}
			},
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}
			}),
		Entry("a volume of the pod's own fields",
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Volumes = []corev1.Volume{{Name: "pod", VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
					Items: []corev1.DownwardAPIVolumeFile{{Path: "name", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
				}}}}
			},
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Volumes[0].DownwardAPI = &corev1.DownwardAPIVolumeSource{}
			}),
		Entry("a volume that was limited",
			func(w *elasticwebv1.ElasticWeb) {
				w.Spec.Volumes = []corev1.Volume{{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
					SizeLimit: ptr.To(resource.MustParse("1Mi")),
				}}}}
			},
			func(w *elasticwebv1.ElasticWeb) { w.Spec.Volumes[0].EmptyDir = &corev1.EmptyDirVolumeSource{} }),
	)
})
