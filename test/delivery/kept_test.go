// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// clusterOf is what a chart sees of a cluster in which there are these objects and no others.
type clusterOf struct{ dynamic.Interface }

func newClusterOf(objects ...runtime.Object) clusterOf {
	return clusterOf{fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		{Group: "apps", Version: "v1", Resource: "deployments"}: "DeploymentList",
	}, objects...)}
}

// GetClientFor implements engine.ClientProvider.
func (c clusterOf) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	gvk := schema.FromAPIVersionAndKind(apiVersion, kind)
	resource := gvk.GroupVersion().WithResource(strings.ToLower(kind) + "s")
	return c.Resource(resource), kind != "CustomResourceDefinition", nil
}

// upgraded renders the chart as helm upgrade does.
func upgraded(t *testing.T, cluster clusterOf, document string) error {
	t.Helper()
	loaded, err := loader.Load(chartPath)
	if err != nil {
		t.Fatal(err)
	}
	options := chartutil.ReleaseOptions{Name: release, Namespace: releaseNamespace, Revision: 2, IsUpgrade: true}
	given, err := chartutil.ToRenderValues(loaded, values(t, document), options, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.RenderWithClientProvider(loaded, given, cluster)
	return err
}

// Whatever the values say of it: Helm deletes what a release has no more, but for what carries the policy on the cluster.
func TestCRDsThatHelmWouldDeleteAreNotSwitchedOff(t *testing.T) {
	const crd = "elasticwebbenchmarks.elasticweb.example.com"
	ours := map[string]any{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": releaseNamespace}
	for name, test := range map[string]struct {
		annotations map[string]any
		given       string
		isRefused   bool
	}{
		"a CRD that goes with its release":      {ours, "crds: {enabled: false}", true},
		"one that stays where it is":            {ours, "crds: {keep: false}", false},
		"one that is kept":                      {map[string]any{"helm.sh/resource-policy": "keep", "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": releaseNamespace}, "crds: {enabled: false}", false},
		"one of another release":                {map[string]any{"meta.helm.sh/release-name": "other", "meta.helm.sh/release-namespace": releaseNamespace}, "crds: {enabled: false}", false},
		"one of a release in another namespace": {map[string]any{"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": "other"}, "crds: {enabled: false}", false},
		"one that kubectl made":                 {map[string]any{}, "crds: {enabled: false}", false},
		"where somebody reads them who may not": {ours, "{crds: {enabled: false}, rbac: {create: false}}", false},
	} {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
				"metadata": map[string]any{"name": crd, "annotations": test.annotations},
			}}
			err := upgraded(t, newClusterOf(object), test.given)
			switch says := "would delete " + crd; {
			case test.isRefused && (err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "crds.keep=true first")):
				t.Errorf("got %v, want an error that says %s, and what to do", err, says)
			case !test.isRefused && err != nil:
				t.Error(err)
			}
		})
	}
	if err := upgraded(t, newClusterOf(), "crds: {enabled: false}"); err != nil {
		t.Errorf("without CRDs: %v", err)
	}
}
