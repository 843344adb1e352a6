// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Lookup says whether the registry has to be asked about the image: needed, as long as the pods are not made
// from facts of the very image that the spec names, and fresh, where an older answer will not do: for a rollout
// that the user causes, and after one for which the registry gave none.
func Lookup(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment) (needed, fresh bool) {
	record := RecordOf(deployment)
	fresh = !record.isOf(spec) || record.Stale || wasRestarted(spec, deployment, record)
	return fresh || record.Image == nil || record.Image.Reference != spec.Image, fresh
}

// chooseFacts says which facts of the image the pod template is made from, and whether the template must
// wait for them. With the registry out of reach the known facts hold. What it says later is taken up at once
// where pods could be started that cannot run; all else waits for the user's next rollout, be it kubectl's.
func chooseFacts(spec *elasticwebv1.ElasticWebSpec, observed Observed, record *Record, rolls bool) (facts *ImageFacts, wait bool) {
	known, image := knownFacts(spec.Image, observed.KnownFacts, record), observed.Image
	switch {
	case image.State == ImageResolved && (rolls || narrows(spec, known, image.Facts) || wasRestarted(spec, observed.Deployment, record)):
		return image.Facts, false
	case rolls && image.State == ImageFailed && image.Facts != nil:
		return image.Facts, false
	default:
		return known, rolls && image.State == ImagePending
	}
}

// narrows reports whether the pods may run on an architecture that facts lack. Without facts in use, and without
// a list in the spec, they may run on any.
func narrows(spec *elasticwebv1.ElasticWebSpec, inUse, facts *ImageFacts) bool {
	allowed, left := allowedArchitectures(spec, inUse), allowedArchitectures(spec, facts)
	return allowed == nil || slices.ContainsFunc(allowed, func(architecture string) bool {
		return !slices.Contains(left, architecture)
	})
}

// lookedUp says for the next record whether the registry is yet to be heard for the last rollout, and which restart was the
// last that it was asked for.
func lookedUp(spec *elasticwebv1.ElasticWebSpec, observed Observed, record *Record, rolls bool) (isStale bool, restart *string) {
	restart = new(restartOf(spec, observed.Deployment))
	state := observed.Image.State
	isAnswer := state == ImageResolved || state == ImageFailed
	switch {
	case rolls, wasRestarted(spec, observed.Deployment, record) && isAnswer:
		return state == ImageFailed, restart
	case record.Restart == nil: // an older operator noted none: those from now on count.
		return record.Stale && state != ImageResolved, restart
	default:
		return record.Stale && state != ImageResolved, record.Restart
	}
}

// restartedAt is what kubectl rollout restart sets in a pod template.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// restartOf stands for the last restart by others than the operator, in a length that is ours; "" where there is none.
func restartOf(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment) string {
	if _, isSpecified := spec.PodAnnotations[restartedAt]; isSpecified || deployment == nil {
		return ""
	}
	at := deployment.Spec.Template.Annotations[restartedAt]
	if at == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(at))
	return hex.EncodeToString(sum[:8])
}

func wasRestarted(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment, record *Record) bool {
	return record != nil && record.Restart != nil && *record.Restart != restartOf(spec, deployment)
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
