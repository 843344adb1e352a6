// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package caches

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

func decodedWeb(t *testing.T, name, message string) *elasticwebv1.ElasticWeb {
	t.Helper()
	web := &elasticwebv1.ElasticWeb{}
	text := fmt.Sprintf(`{"metadata": {"namespace": "dev", "name": %q, "managedFields": [{"manager": "kubectl"}]},
		"spec": {"image": "shop:1", "port": 30003, "totalQPS": 800},
		"status": {"image": {"reference": "shop:1", "platforms": ["linux/amd64", "linux/arm64", "linux/s390x"]},
			"architectures": [{"name": "amd64", "source": "Spec", "pods": 3}],
			"conditions": [{"type": "Ready", "status": "True", "reason": "AsPlanned", "message": %q}]}}`, name, message)
	if err := json.Unmarshal([]byte(text), web); err != nil {
		t.Fatal(err)
	}
	return web
}

func trim(t *testing.T, transform func(any) (any, error), web *elasticwebv1.ElasticWeb) *elasticwebv1.ElasticWeb {
	t.Helper()
	trimmed, err := transform(web)
	if err != nil {
		t.Fatal(err)
	}
	return trimmed.(*elasticwebv1.ElasticWeb)
}

func isShared(a, b string) bool { return a == b && unsafe.StringData(a) == unsafe.StringData(b) }

func TestTrimmedElasticWebsSayTheSame(t *testing.T) {
	transform := projected(trimElasticWeb())
	for _, message := range []string{"3 pods are ready", "", strings.Repeat("long ", longestCommonString)} {
		want := decodedWeb(t, "shop", message)
		want.ManagedFields = nil
		for range 2 { // informers may transform an object twice.
			if got := trim(t, transform, decodedWeb(t, "shop", message)); !reflect.DeepEqual(got, want) {
				t.Errorf("trimmed:\n%+v\nwant:\n%+v", got, want)
			}
		}
	}
}

func TestTrimmedElasticWebsShareWhatTheyHaveInCommon(t *testing.T) {
	transform := projected(trimElasticWeb())
	a, b := trim(t, transform, decodedWeb(t, "a", "ready")), trim(t, transform, decodedWeb(t, "b", "ready"))
	for name, strings := range map[string][2]string{
		"namespace": {a.Namespace, b.Namespace},
		"image":     {a.Spec.Image, b.Status.Image.Reference},
		"platform":  {a.Status.Image.Platforms[2], b.Status.Image.Platforms[2]},
		"reason":    {a.Status.Conditions[0].Reason, b.Status.Conditions[0].Reason},
		"message":   {a.Status.Conditions[0].Message, b.Status.Conditions[0].Message},
	} {
		if !isShared(strings[0], strings[1]) {
			t.Errorf("two have %q as their %s, each in memory of its own", strings, name)
		}
	}
	if room := cap(a.Status.Conditions) + cap(a.Status.Architectures) - 2; room != 0 {
		t.Errorf("there is room for %d more conditions and architectures", room)
	}
}

func TestCommonStringsAreNotKeptWithoutEnd(t *testing.T) {
	common := &commonStrings{known: map[string]string{}}
	for i := range 3 * mostCommonStrings {
		image := fmt.Sprintf("shop:%d", i)
		common.share(&image)
	}
	if len(common.known) > mostCommonStrings {
		t.Errorf("%d strings are kept", len(common.known))
	}
}

func TestOfTheMetadataThatIsKeptWhichIsRead(t *testing.T) {
	annotations := map[string]string{
		corev1.LastAppliedConfigAnnotation: "{}", "a": "b", elasticwebv1.AnnotationPaused: "true", v1alpha1.AnnotationRerun: "2",
	}
	web := decodedWeb(t, "shop", "")
	web.Annotations = maps.Clone(annotations)
	trim(t, projected(trimElasticWeb()), web)
	if len(web.Annotations) != 1 || web.Annotations[elasticwebv1.AnnotationPaused] != "true" {
		t.Errorf("of an ElasticWeb %v is kept", web.Annotations)
	}
	b := &v1alpha1.ElasticWebBenchmark{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}}
	if projectBenchmark(b); len(b.Annotations) != 1 || b.Annotations[v1alpha1.AnnotationRerun] != "2" {
		t.Errorf("of a benchmark %v is kept", b.Annotations)
	}
}

func TestOthersAreNotTrimmedAsElasticWebs(t *testing.T) {
	if _, err := projected(trimElasticWeb())(&corev1.Pod{}); err == nil {
		t.Error("a pod was taken for an ElasticWeb")
	}
}
