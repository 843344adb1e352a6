// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Lookup says whether the registry has to be asked about the image: needed, as long as the pods are not made
// from facts of the very image that the spec names, and fresh, where a rollout that the user causes is about
// to be made from the answer.
func Lookup(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment) (needed, fresh bool) {
	record := RecordOf(deployment)
	fresh = !record.isOf(spec)
	return fresh || record.Image == nil || record.Image.Reference != spec.Image, fresh
}

// chooseFacts says which facts of the image the pod template is made from, and whether the template must
// wait for them. Facts that come late or widen the choice wait for the user's next rollout; a platform that
// was lost is taken up at once. With the registry out of reach the known facts hold.
func chooseFacts(spec *elasticwebv1.ElasticWebSpec, observed Observed, record *Record, rolls bool) (facts *ImageFacts, wait bool) {
	known := knownFacts(spec.Image, observed.KnownFacts, record)
	if !rolls {
		return afterLoss(known, observed.Image), false
	}
	switch observed.Image.State {
	case ImageResolved:
		return observed.Image.Facts, false
	case ImagePending:
		return known, true
	default:
		return known, false
	}
}

// afterLoss is the facts in use, unless the image no longer holds a platform of theirs.
func afterLoss(inUse *ImageFacts, image Image) *ImageFacts {
	if inUse == nil || image.State != ImageResolved || image.Facts.Reference != inUse.Reference {
		return inUse
	}
	lost := slices.ContainsFunc(inUse.Platforms, func(platform string) bool {
		return !slices.Contains(image.Facts.Platforms, platform)
	})
	if lost {
		return image.Facts
	}
	return inUse
}

// knownFacts are those of the live template, else those of the status. They hold for another tag of the
// same repository, since a new version rarely changes its platforms, but not for another image.
func knownFacts(image string, status *ImageFacts, record *Record) *ImageFacts {
	if record != nil && record.Image != nil && sameRepository(record.Image.Reference, image) {
		return record.Image
	}
	if record == nil && status != nil && sameRepository(status.Reference, image) {
		return status
	}
	return nil
}

func sameRepository(a, b string) bool {
	return repository(a) == repository(b)
}

// repository is an image reference without its tag and digest.
func repository(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name
}
