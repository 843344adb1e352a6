// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// kubectl apply keeps the whole object in an annotation, and all annotations together may have 256 KiB.
func TestCRDFitsIntoAnAnnotation(t *testing.T) {
	text, err := os.ReadFile(crdPath)
	if err != nil {
		t.Fatal(err)
	}
	crd, err := yaml.ToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	if limit := 240_000; len(crd) >= limit {
		t.Errorf("the CRD has %d bytes, %d or more than are allowed", len(crd), limit)
	}
	if testing.Short() {
		return
	}
	stored, err := k8s.Kubectl(t.Context(), "", "get", "crd", "elasticwebs.elasticweb.example.com", "-o", `jsonpath={.metadata.annotations.kubectl\.kubernetes\.io/last-applied-configuration}`)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte(stored)) || len(stored) < len(crd) {
		t.Errorf("kubectl apply stored %d of %d bytes", len(stored), len(crd))
	}
}

func TestFourFieldManifest(t *testing.T) {
	namespace := newNamespace(t)
	if err := k8s.Create(t.Context(), newManifest(t, namespace, "shop", "")); err != nil {
		t.Fatal(err)
	}
	web := &elasticwebv1.ElasticWeb{}
	if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "shop"}, web); err != nil {
		t.Fatal(err)
	}
	want := elasticwebv1.ElasticWebSpec{
		Image: "nginx:1.17.1", Port: ptr.To[int32](30003), SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
	}
	if diff := cmp.Diff(want, web.Spec); diff != "" {
		t.Errorf("the API server adds to the spec (-sent +stored):\n%s", diff)
	}
	// kstatus takes it for "in progress" while nobody has looked at it.
	if diff := cmp.Diff(elasticwebv1.ElasticWebStatus{ObservedGeneration: -1}, web.Status); diff != "" {
		t.Errorf("the status of a new ElasticWeb (-want +got):\n%s", diff)
	}
}

func TestStatusSubresource(t *testing.T) {
	namespace := newNamespace(t)
	web := createWeb(t, namespace, "shop", "")
	web.Spec.Image = "changed"
	web.Status.RealQPS = ptr.To[int32](2147483647)
	if err := k8s.Status().Update(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	if web.Spec.Image != "nginx:1.17.1" || web.Generation != 1 || *web.Status.RealQPS != 2147483647 {
		t.Errorf("a write of the status made image %s, generation %d, realQPS %v", web.Spec.Image, web.Generation, web.Status.RealQPS)
	}
	web.Status.RealQPS = ptr.To[int32](1)
	web.Spec.TotalQPS = ptr.To[int32](2401)
	if err := k8s.Update(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	if *web.Status.RealQPS != 2147483647 || web.Generation != 2 {
		t.Errorf("a write of the spec made realQPS %d, generation %d", *web.Status.RealQPS, web.Generation)
	}
}

func TestScaleSubresource(t *testing.T) {
	namespace := newNamespace(t)
	web := createWeb(t, namespace, "shop", `{"totalQPS": null, "replicas": 3}`)
	web.Status.Replicas = 2
	web.Status.Selector = "app.kubernetes.io/name=elasticweb,app.kubernetes.io/instance=shop"
	if err := k8s.Status().Update(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	scale := &autoscalingv1.Scale{}
	if err := k8s.SubResource("scale").Get(t.Context(), web, scale); err != nil {
		t.Fatal(err)
	}
	want := autoscalingv1.ScaleStatus{Replicas: 2, Selector: web.Status.Selector}
	if scale.Spec.Replicas != 3 || scale.Status != want {
		t.Errorf("scale reads %d wanted, %v; want 3, %v", scale.Spec.Replicas, scale.Status, want)
	}
	scale.Spec.Replicas = 2147483647
	if err := k8s.SubResource("scale").Update(t.Context(), web, client.WithSubResourceBody(scale)); err != nil {
		t.Fatal(err)
	}
	expectReplicas(t, web, 2147483647)
	if _, err := k8s.Kubectl(t.Context(), "", "scale", "ew/shop", "-n", namespace, "--replicas=5"); err != nil {
		t.Fatal(err)
	}
	expectReplicas(t, web, 5)
}

// With totalQPS, the scale subresource is refused, and the refusal says what to do.
func TestScaleIsRefusedWithTotalQPS(t *testing.T) {
	namespace := newNamespace(t)
	createWeb(t, namespace, "shop", "")
	_, err := k8s.Kubectl(t.Context(), "", "scale", "ew/shop", "-n", namespace, "--replicas=5")
	if err == nil || !strings.Contains(err.Error(), "totalQPS and replicas exclude each other") {
		t.Errorf("scaling an ElasticWeb with totalQPS: %v", err)
	}
}

func TestChangeBetweenTotalQPSAndReplicas(t *testing.T) {
	namespace := newNamespace(t)
	web := createWeb(t, namespace, "shop", "")
	for _, patch := range []string{
		`{"spec": {"totalQPS": null, "replicas": 4}}`,
		`{"spec": {"totalQPS": 2400, "replicas": null}}`,
	} {
		if err := k8s.Patch(t.Context(), web, client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
			t.Errorf("%s: %v", patch, err)
		}
	}
	err := k8s.Patch(t.Context(), web, client.RawPatch("application/merge-patch+json", []byte(`{"spec": {"replicas": 4}}`)))
	checkRefused(t, err, "spec.replicas", "remove the other one in the same request")
}

func TestPrintColumns(t *testing.T) {
	namespace := newNamespace(t)
	web := createWeb(t, namespace, "shop", "")
	web.Status = elasticwebv1.ElasticWebStatus{
		ObservedGeneration: 1, RealQPS: ptr.To[int32](1600), Replicas: 3, ReadyReplicas: 2, PodsByArchitecture: "arm64=2,amd64=1",
		Conditions: []metav1.Condition{{
			Type: elasticwebv1.ConditionReady, Status: metav1.ConditionFalse, Reason: elasticwebv1.ReasonPodsNotReady, LastTransitionTime: metav1.Now(),
		}},
	}
	if err := k8s.Status().Update(t.Context(), web); err != nil {
		t.Fatal(err)
	}
	createWeb(t, namespace, "untouched", `{"totalQPS": null}`)
	for arguments, want := range map[string][]string{
		"get elasticwebs": {
			"NAME IMAGE TOTALQPS REALQPS PODS READY AGE",
			"shop nginx:1.17.1 2400 1600 3 False SECONDS",
			"untouched nginx:1.17.1 0 SECONDS",
		},
		"get ew -o wide": {
			"NAME IMAGE TOTALQPS REALQPS PODS READY AGE PORT ARCHITECTURES PLANNEDQPS ADDRESS REASON",
			"shop nginx:1.17.1 2400 1600 3 False SECONDS 30003 arm64=2,amd64=1 PodsNotReady",
			"untouched nginx:1.17.1 0 SECONDS 30003",
		},
		"get elasticweb shop --no-headers": {"shop nginx:1.17.1 2400 1600 3 False SECONDS"},
		"get all --no-headers": {
			"elasticweb.elasticweb.example.com/shop nginx:1.17.1 2400 1600 3 False SECONDS",
			"elasticweb.elasticweb.example.com/untouched nginx:1.17.1 0 SECONDS",
		},
	} {
		t.Run(arguments, func(t *testing.T) {
			out, err := k8s.Kubectl(t.Context(), "", append(strings.Fields(arguments), "-n", namespace)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, columns(out)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

var age = regexp.MustCompile(`\b\d+s\b`)

// columns are the lines of a table with one blank between the cells, and a word in the place of the age.
func columns(table string) []string {
	lines := []string{}
	for line := range strings.Lines(table) {
		lines = append(lines, age.ReplaceAllString(strings.Join(strings.Fields(line), " "), "SECONDS"))
	}
	return lines
}

func TestSamplesAreAccepted(t *testing.T) {
	needsAPIServer(t)
	samples, err := filepath.Glob("../../config/samples/elasticweb_v1_*.yaml")
	if err != nil || len(samples) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	if _, err := k8s.Kubectl(t.Context(), "", "create", "namespace", "dev"); err != nil {
		t.Fatal(err)
	}
	for _, sample := range samples {
		if _, err := k8s.Kubectl(t.Context(), "", "create", "--dry-run=server", "--validate=strict", "-f", sample); err != nil {
			t.Error(err)
		}
	}
}

func createWeb(t *testing.T, namespace, name, changes string) *elasticwebv1.ElasticWeb {
	t.Helper()
	if err := k8s.Create(t.Context(), newManifest(t, namespace, name, changes)); err != nil {
		t.Fatal(err)
	}
	web := &elasticwebv1.ElasticWeb{}
	if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, web); err != nil {
		t.Fatal(err)
	}
	return web
}

func expectReplicas(t *testing.T, web *elasticwebv1.ElasticWeb, want int32) {
	t.Helper()
	if err := k8s.Get(t.Context(), client.ObjectKeyFromObject(web), web); err != nil {
		t.Fatal(err)
	}
	if web.Spec.Replicas == nil || *web.Spec.Replicas != want {
		t.Errorf("spec.replicas is %v, want %d", web.Spec.Replicas, want)
	}
}
