// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// While a podTemplate is refused, what the pods are made of stays what it was, and the number follows the spec.
func TestATemplateThatIsKept(t *testing.T) {
	known := &ImageFacts{Reference: "registry.example.com/shop:1.4", Platforms: []string{"linux/amd64", "linux/arm64"}, Port: ptr.To[int32](80)}
	image := Image{State: ImageResolved, Facts: known}
	first := Make(shop(), Observed{Image: image})
	deployment := deploymentOf(first)
	deployment.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: "amd64"}
	changed := shop(func(s *elasticwebv1.ElasticWebSpec) {
		s.Image, s.TotalQPS = "registry.example.com/other:1", ptr.To[int32](4000)
		s.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "s390x"}}
	})
	changed.Generation = 2
	observed := Observed{Deployment: deployment, KeepsTemplate: true}
	for name, image := range map[string]Image{
		"nobody looked":       {},
		"the registry is new": {State: ImageResolved, Facts: &ImageFacts{Reference: changed.Spec.Image, Platforms: []string{"linux/s390x"}}},
		"the registry fails":  {State: ImageFailed},
		"it is being asked":   {State: ImagePending},
	} {
		observed.Image = image
		got := Make(changed, observed)
		want := first.Record
		want.Generation, want.Replicas = 2, 5
		if diff := cmp.Diff(want, got.Record); diff != "" {
			t.Errorf("%s: the record (-want +got):\n%s", name, diff)
		}
		if got.Replicas != 5 || got.WaitsForImage || got.Facts.Reference != known.Reference {
			t.Errorf("%s: %d replicas of %v, waiting: %t", name, got.Replicas, got.Facts, got.WaitsForImage)
		}
		if diff := cmp.Diff([]string{"amd64"}, got.Placement.Possible); diff != "" {
			t.Errorf("%s: possible (-want +got):\n%s", name, diff)
		}
	}
	observed.KeepsTemplate, observed.Image = false, Image{State: ImagePending}
	if next := Make(changed, observed); !next.WaitsForImage || next.Record.Pod == first.Record.Pod {
		t.Error("what is taken afterwards is no rollout of the user's")
	}
	if fresh := Make(changed, Observed{KeepsTemplate: true, Image: Image{State: ImagePending}}); fresh.WaitsForImage || fresh.Replicas != 5 {
		t.Errorf("without a Deployment: %d replicas, waiting: %t", fresh.Replicas, fresh.WaitsForImage)
	}
}

// A restart while a podTemplate is refused changes nothing of what the record says of the template, and counts once that is made again.
func TestARestartOfATemplateThatIsKept(t *testing.T) {
	for name, state := range map[string]ImageState{"nobody looked": ImageNotLookedUp, "the registry answered": ImageResolved, "the registry fails": ImageFailed} {
		t.Run(name, func(t *testing.T) {
			web, observed := mixedWeb(2, 0)
			web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{}}
			record := RecordOf(observed.Deployment)
			record.Joins, record.Stale, record.MaxSkew, record.WholeSkew = false, false, 7, 0 // as an older operator made it.
			observed.Deployment.Annotations[AnnotationRecord] = record.String()
			observed.Deployment.Spec.Template.Labels = nil
			observed.Deployment.Spec.Template.Annotations = map[string]string{restartedAt: "2026-01-01T00:00:00Z"}
			observed.KeepsTemplate = true
			observed.Image = Image{State: state, Facts: &ImageFacts{Reference: web.Spec.Image, Platforms: []string{"linux/arm64", "linux/s390x"}}}
			kept := Make(web, observed)
			if diff := cmp.Diff(*record, kept.Record); diff != "" || kept.TemplateTiers != nil {
				t.Errorf("the record of a template that is kept, with tiers %v (-before +after):\n%s", kept.TemplateTiers, diff)
			}
			observed.Deployment.Annotations[AnnotationRecord] = kept.Record.String()
			observed.KeepsTemplate, observed.Image.State = false, ImageFailed
			if made := Make(web, observed).Record; !made.Joins || made.MaxSkew == 7 || *made.Restart == *record.Restart {
				t.Errorf("the restart is lost once the template is made again: %+v", made)
			}
		})
	}
}
