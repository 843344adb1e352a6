// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// step is something that a user does to the ElasticWeb: change its spec, which creates it where there is
// none, or delete it, where change is nil. It does the same each time that it is done.
type step struct {
	name   string
	change func(spec *elasticwebv1.ElasticWebSpec, firstPort int32)
	// isWhole is true where it makes a whole spec, and thus an ElasticWeb where there is none.
	isWhole bool
}

// newStory is a life: created, changed, scaled, given another image, deleted.
func newStory(random *rand.Rand) []step {
	return []step{
		{"create", anySpec(random), true},
		{"change", anySpec(random), true},
		{"scale", anyScale(random), false},
		{"rename the image", anyImage(random), false},
		{"delete", nil, false},
	}
}

// anySpec replaces the whole spec.
func anySpec(random *rand.Rand) func(*elasticwebv1.ElasticWebSpec, int32) {
	spec := elasticwebv1.ElasticWebSpec{
		Image:         fmt.Sprintf("registry.example.com/shop:%d", random.IntN(1000)),
		SinglePodsQPS: ptr.To(100 * (1 + random.Int32N(9))),
	}
	spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	setDemand(random, &spec)
	port := random.Int32N(portsPerRun)
	switch random.IntN(3) {
	case 0:
		spec.Service = &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP}
	case 1:
		spec.Service = &elasticwebv1.ServiceSpec{
			Type: elasticwebv1.ServiceTypeLoadBalancer, Annotations: map[string]string{"example.com/balancer": fmt.Sprint(random.IntN(9))},
		}
	}
	optional := []func(){
		func() { spec.ContainerPort = ptr.To(1 + random.Int32N(65535)) },
		func() { spec.PodLabels = map[string]string{"tier": fmt.Sprint(random.IntN(9))} },
		func() { spec.PodAnnotations = map[string]string{"example.com/note": fmt.Sprint(random.IntN(9))} },
		func() {
			spec.Env = []corev1.EnvVar{{Name: "A", Value: fmt.Sprint(random.IntN(9))}, {Name: fmt.Sprintf("B%d", random.IntN(3))}}
		},
		func() { spec.NodeSelector = map[string]string{corev1.LabelOSStable: "linux"} },
		func() {
			spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "amd64", SinglePodsQPS: ptr.To(100 + random.Int32N(900))}}
		},
		func() {
			spec.Tolerations = []corev1.Toleration{{Key: fmt.Sprintf("example.com/%d", random.IntN(3)), Operator: corev1.TolerationOpExists}}
		},
		func() { spec.Args = []string{"--level", fmt.Sprint(random.IntN(9))} },
	}
	for _, set := range optional {
		if random.IntN(3) == 0 {
			set()
		}
	}
	return func(into *elasticwebv1.ElasticWebSpec, firstPort int32) {
		spec.DeepCopyInto(into)
		into.Port = ptr.To(firstPort + port)
	}
}

// setDemand asks for few pods: none, or up to five.
func setDemand(random *rand.Rand, spec *elasticwebv1.ElasticWebSpec) {
	spec.TotalQPS, spec.Replicas, spec.MinReplicas, spec.MaxReplicas, spec.HeadroomPercent = nil, nil, nil, nil, nil
	switch random.IntN(8) {
	case 0:
		spec.TotalQPS = ptr.To[int32](0)
	case 1:
		spec.MinReplicas = ptr.To(1 + random.Int32N(3))
	case 2, 3:
		spec.Replicas = ptr.To(1 + random.Int32N(4))
	default:
		spec.TotalQPS = ptr.To(1 + random.Int32N(*spec.SinglePodsQPS*3))
		if random.IntN(3) == 0 {
			spec.HeadroomPercent = ptr.To(random.Int32N(60))
		}
	}
	if random.IntN(4) == 0 {
		spec.MaxReplicas = ptr.To(3 + random.Int32N(3))
	}
}

// endSpec is one whose end state depends on nothing that was before it: with pods, whose number is not left to
// an autoscaler, and of an image of its own, so that they are rolled out.
func endSpec(random *rand.Rand) func(*elasticwebv1.ElasticWebSpec, int32) {
	change := demandingSpec(random)
	return func(into *elasticwebv1.ElasticWebSpec, firstPort int32) {
		change(into, firstPort)
		into.Image = "registry.example.com/the/last:1"
	}
}

// demandingSpec has pods, whose number is not left to an autoscaler.
func demandingSpec(random *rand.Rand) func(*elasticwebv1.ElasticWebSpec, int32) {
	for {
		change, spec := anySpec(random), &elasticwebv1.ElasticWebSpec{}
		change(spec, 0)
		if ptr.Deref(spec.TotalQPS, 0) > 0 || spec.Replicas != nil {
			return change
		}
	}
}

// anyStep is any of the steps of a life.
func anyStep(random *rand.Rand) step {
	story := newStory(random)
	return story[random.IntN(len(story))]
}

// anyScale changes the demand alone.
func anyScale(random *rand.Rand) func(*elasticwebv1.ElasticWebSpec, int32) {
	seeds := [2]uint64{random.Uint64(), random.Uint64()}
	return func(spec *elasticwebv1.ElasticWebSpec, _ int32) {
		setDemand(rand.New(rand.NewPCG(seeds[0], seeds[1])), spec) //nolint:gosec // it has to be repeatable.
	}
}

// anyImage changes the image alone.
func anyImage(random *rand.Rand) func(*elasticwebv1.ElasticWebSpec, int32) {
	image := fmt.Sprintf("registry.example.com/other/shop:%d", random.IntN(1000))
	return func(spec *elasticwebv1.ElasticWebSpec, _ int32) { spec.Image = image }
}
