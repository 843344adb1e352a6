// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// factsStory is an ElasticWeb over several passes. After each one the Deployment has what was planned, as the
// applier writes it: a record that differs alone is written only where it is owed.
type factsStory struct {
	web        *elasticwebv1.ElasticWeb
	deployment *appsv1.Deployment
	template   []string
}

func newFactsStory(listed ...string) *factsStory {
	return &factsStory{web: shop(func(s *elasticwebv1.ElasticWebSpec) {
		for _, architecture := range listed {
			s.Architectures = append(s.Architectures, elasticwebv1.ArchitectureSpec{Name: elasticwebv1.Architecture(architecture)})
		}
	})}
}

// pass plans and writes. It says which architectures the template allows, and whether the registry is asked then.
func (s *factsStory) pass(image Image) (allowed string, asks bool) {
	p := Make(s.web, Observed{Deployment: s.deployment, Image: image})
	if !p.WaitsForImage && (s.deployment == nil || p.Record.IsDue(s.deployment) || !slices.Equal(s.template, p.Placement.Possible)) {
		restarted := map[string]string(nil)
		if s.deployment != nil {
			restarted = s.deployment.Spec.Template.Annotations
		}
		s.deployment, s.template = deploymentOf(p), p.Placement.Possible
		s.deployment.Spec.Template.Annotations = restarted
	}
	asks, _ = Lookup(&s.web.Spec, s.deployment)
	return strings.Join(s.template, " "), asks
}

func (s *factsStory) restart(at string) {
	s.deployment.Spec.Template.Annotations = map[string]string{restartedAt: at}
}

func TestFactsOverTime(t *testing.T) {
	const v1, v2 = "registry.example.com/shop:1.4", "registry.example.com/shop:1.5"
	type step struct {
		// do is done before the pass: a rollout to an image, a change of another setting, a restart.
		image, setting, restart string
		state                   Image
		allowed                 string
		asks                    bool
	}
	says := func(image string, architectures ...string) Image {
		facts := &ImageFacts{Reference: image}
		for _, architecture := range architectures {
			facts.Platforms = append(facts.Platforms, "linux/"+architecture)
		}
		return Image{State: ImageResolved, Facts: facts}
	}
	old := func(image Image) Image { image.State = ImageFailed; return image }
	down, pending, rest := Image{State: ImageFailed}, Image{State: ImagePending}, Image{}
	for name, tc := range map[string]struct {
		listed []string
		steps  []step
	}{
		"one 503, then amd64 only": {nil, []step{
			{state: down, asks: true},
			{state: pending, asks: true},
			{state: says(v1, "amd64"), allowed: "amd64"},
			{state: rest, allowed: "amd64"},
		}},
		"one 503, a list, and the image holds all of it": {[]string{"amd64"}, []step{
			{state: down, allowed: "amd64", asks: true},
			{state: says(v1, "amd64", "arm64"), allowed: "amd64", asks: true},
		}},
		"one 503, a list, and the image lacks some of it": {[]string{"amd64", "arm64"}, []step{
			{state: down, allowed: "amd64 arm64", asks: true},
			{state: says(v1, "arm64", "s390x"), allowed: "arm64"},
		}},
		"a new tag with fewer platforms, out of reach at first": {nil, []step{
			{state: says(v1, "amd64", "arm64"), allowed: "amd64 arm64"},
			{image: v2, state: pending, allowed: "amd64 arm64", asks: true},
			{state: down, allowed: "amd64 arm64", asks: true},
			{state: says(v2, "arm64"), allowed: "arm64"},
		}},
		"a new tag with more platforms, out of reach at first": {nil, []step{
			{state: says(v1, "amd64"), allowed: "amd64"},
			{image: v2, state: down, allowed: "amd64", asks: true},
			{state: says(v2, "amd64", "arm64"), allowed: "amd64", asks: true},
			{restart: "today", state: says(v2, "amd64", "arm64"), allowed: "amd64 arm64"},
		}},
		"the same tag pushed again, out of reach while something else is rolled out": {nil, []step{
			{state: says(v1, "amd64", "arm64"), allowed: "amd64 arm64"},
			{setting: "a", state: down, allowed: "amd64 arm64", asks: true},
			{state: pending, allowed: "amd64 arm64", asks: true},
			{state: says(v1, "amd64"), allowed: "amd64"},
		}},
		"an older answer holds, and is asked for again": {nil, []step{
			{state: says(v1, "amd64"), allowed: "amd64"},
			{setting: "a", state: old(says(v1, "amd64", "arm64")), allowed: "amd64 arm64", asks: true},
			{state: says(v1, "amd64", "arm64"), allowed: "amd64 arm64"},
		}},
		"a restart takes a wider choice up": {nil, []step{
			{state: says(v1, "amd64"), allowed: "amd64"},
			{restart: "today", state: pending, allowed: "amd64", asks: true},
			{state: says(v1, "amd64", "arm64"), allowed: "amd64 arm64"},
			{state: rest, allowed: "amd64 arm64"},
			{restart: "tomorrow", state: says(v1, "amd64", "arm64", "s390x"), allowed: "amd64 arm64 s390x"},
		}},
		"a restart while the registry is out of reach is none later": {nil, []step{
			{state: says(v1, "amd64"), allowed: "amd64"},
			{restart: "today", state: down, allowed: "amd64", asks: true},
			{state: says(v1, "amd64", "arm64"), allowed: "amd64"},
			{state: rest, allowed: "amd64"},
		}},
		"a platform that the list leaves out anyway is no loss": {[]string{"amd64"}, []step{
			{state: says(v1, "amd64", "arm64"), allowed: "amd64"},
			{restart: "today", state: down, allowed: "amd64", asks: true},
			{state: says(v1, "amd64"), allowed: "amd64"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			story := newFactsStory(tc.listed...)
			for i, step := range tc.steps {
				if step.image != "" {
					story.web.Spec.Image = step.image
				}
				if step.setting != "" {
					story.web.Spec.Args = []string{step.setting}
				}
				if step.restart != "" {
					story.restart(step.restart)
				}
				if allowed, asks := story.pass(step.state); allowed != step.allowed || asks != step.asks {
					t.Fatalf("step %d: allowed %q, asks %t; want %q, %t\n%s", i+1, allowed, asks, step.allowed, step.asks, story.deployment.Annotations[AnnotationRecord])
				}
			}
		})
	}
}

// TestRestartOfAnOlderOperator: a record that notes no restart says nothing of one, however long ago it was.
func TestRestartOfAnOlderOperator(t *testing.T) {
	story := newFactsStory()
	image := Image{State: ImageResolved, Facts: &ImageFacts{Reference: story.web.Spec.Image, Platforms: []string{"linux/amd64"}}}
	story.pass(image)
	record := RecordOf(story.deployment)
	record.Restart = nil
	story.deployment.Annotations[AnnotationRecord] = record.String()
	story.restart("years ago")
	if asked, fresh := Lookup(&story.web.Spec, story.deployment); asked || fresh {
		t.Error("the registry is asked after an update of the operator")
	}
	image.Facts.Platforms = []string{"linux/amd64", "linux/arm64"}
	p := Make(story.web, Observed{Deployment: story.deployment, Image: image})
	if len(p.Facts.Platforms) != 1 || p.Record.IsDue(story.deployment) {
		t.Errorf("facts %v of an update restart pods", p.Facts.Platforms)
	}
}

// TestRestartByTheUsersOwnAnnotation: what the spec sets is no restart by others.
func TestRestartByTheUsersOwnAnnotation(t *testing.T) {
	story := newFactsStory()
	story.web.Spec.PodAnnotations = map[string]string{restartedAt: "mine"}
	story.pass(Image{State: ImageResolved, Facts: &ImageFacts{Reference: story.web.Spec.Image, Platforms: []string{"linux/amd64"}}})
	story.restart("mine")
	if asks, _ := Lookup(&story.web.Spec, story.deployment); asks {
		t.Error("the registry is asked")
	}
}

func TestRecordBoundsTheRestart(t *testing.T) {
	story := newFactsStory()
	story.pass(Image{State: ImageFailed})
	story.restart(strings.Repeat("x", 200_000))
	story.pass(Image{State: ImageFailed})
	if n := len(story.deployment.Annotations[AnnotationRecord]); n > 1000 {
		t.Errorf("the record has %d bytes", n)
	}
}
