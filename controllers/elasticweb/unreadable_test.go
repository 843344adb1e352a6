// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// loosenStatus has the CRD accept anything as status.observedGeneration until the end of the spec, as an older one might.
func loosenStatus(ctx context.Context) {
	GinkgoHelper()
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	crd.SetName("elasticwebs.elasticweb.example.com")
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(crd), crd)).To(Succeed())
	versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	Expect(err).NotTo(HaveOccurred())
	version, _ := versions[0].(map[string]any)
	strict, isThere, err := unstructured.NestedMap(version, "schema", "openAPIV3Schema", "properties", "status", "properties", "observedGeneration")
	Expect(err).NotTo(HaveOccurred())
	Expect(isThere).To(BeTrue())
	replace := func(ctx context.Context, field map[string]any) {
		GinkgoHelper()
		patch, err := json.Marshal([]map[string]any{{"op": "replace", "value": field,
			"path": "/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/observedGeneration"}})
		Expect(err).NotTo(HaveOccurred())
		Expect(k8s.Patch(ctx, crd, client.RawPatch(types.JSONPatchType, patch))).To(Succeed())
	}
	replace(ctx, map[string]any{"x-kubernetes-preserve-unknown-fields": true})
	DeferCleanup(func(ctx SpecContext) { replace(ctx, strict) })
}

var _ = Describe("A status that cannot be read", func() {
	It("is put right, and keeps what was measured by a benchmark that is gone", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "gone"}
		})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(d.Spec.Replicas).To(HaveValue(Equal(int32(3)))) })
		loosenStatus(ctx)
		Eventually(func() error {
			return k8s.Status().Patch(ctx, &elasticwebv1.ElasticWeb{ObjectMeta: web.ObjectMeta}, client.RawPatch(types.MergePatchType, []byte(
				`{"status": {"observedGeneration": "many", "architectures": [{"name": "amd64", "source": "Measured", "singlePodsQPS": 500, "benchmark": "gone"}]}}`)))
		}).WithContext(ctx).Should(Succeed())
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(d.Spec.Replicas).To(HaveValue(Equal(int32(5)))) })
		await(ctx, web, &elasticwebv1.ElasticWeb{}, func(g Gomega, w *elasticwebv1.ElasticWeb) {
			g.Expect(w.UnreadableStatus).To(BeEmpty())
			g.Expect(w.Status.ObservedGeneration).To(Equal(w.Generation))
			g.Expect(w.Status.Architectures).To(HaveLen(1))
			g.Expect(w.Status.Architectures[0].SinglePodsQPS).To(Equal(int32(500)))
			g.Expect(w.Status.Replicas).To(Equal(int32(5)))
		})
		expectRest(ctx, running)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](3000) })
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) { g.Expect(d.Spec.Replicas).To(HaveValue(Equal(int32(6)))) })
	})
})
