// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// Lookup says whether the registry has to be asked about the image: needed, as long as the pods are not made from facts of the very
// image that the spec names, and fresh, where an older answer will not do: for a rollout that the user causes, and after one for which
// the registry gave none.
func Lookup(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment) (needed, fresh bool) {
	record := RecordOf(deployment)
	fresh = !record.isOf(spec) || record.Stale || wasRestarted(spec, deployment, record)
	return fresh || record.Image == nil || record.Image.Reference != spec.Image, fresh
}

// chooseFacts says which facts of the image the pod template is made from, and whether the template must wait for them. With the
// registry out of reach the known facts hold. What it says later is taken up at once where pods could be started that cannot run; all
// else waits for the user's next rollout, be it kubectl's, or until the operator may do without one.
func chooseFacts(spec *elasticwebv1.ElasticWebSpec, observed Observed, record *Record, rolls bool) (facts *ImageFacts, wait bool) {
	known, image := record.Image, observed.Image
	if observed.KeepsTemplate {
		return known, false
	}
	if known != nil && repository(known.Reference) != repository(spec.Image) {
		known = nil // a new version rarely changes its platforms, but another image may have any.
	}
	if image.State == ImageResolved && (rolls || narrows(spec, known, image.Facts) || isRestarted(spec, observed, record)) ||
		rolls && image.State == ImageFailed && image.Facts != nil {
		return image.Facts, false
	}
	return known, rolls && image.State == ImagePending
}

// narrows reports whether the pods may run on an architecture that facts lack. Without facts in use, and without a list in the spec,
// they may run on any.
func narrows(spec *elasticwebv1.ElasticWebSpec, inUse, facts *ImageFacts) bool {
	allowed, left := allowedArchitectures(spec, inUse), allowedArchitectures(spec, facts)
	return allowed == nil || slices.ContainsFunc(allowed, func(name string) bool { return !slices.Contains(left, name) })
}

// lookedUp says for the next record whether the registry is yet to be heard for the last rollout, and which restart was the last that
// it was asked for.
func lookedUp(spec *elasticwebv1.ElasticWebSpec, observed Observed, record *Record, takesUp bool) (isStale bool, restart *string) {
	restart = new(restartOf(spec, observed.Deployment))
	state := observed.Image.State
	if takesUp {
		return state == ImageFailed, restart
	}
	if record.Restart != nil { // an older operator noted none: those from now on count.
		restart = record.Restart
	}
	return record.Stale && state != ImageResolved, restart
}

// restartedAt is what kubectl rollout restart sets in a pod template.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// restartOf stands for the last restart by others than the operator, in a length that is ours; "" where there is none.
func restartOf(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment) string {
	_, isSpecified := spec.PodAnnotations[restartedAt]
	if isSpecified || deployment == nil || deployment.Spec.Template.Annotations[restartedAt] == "" {
		return ""
	}
	return shortHash([]byte(deployment.Spec.Template.Annotations[restartedAt]))
}

// WasRestarted reports whether kubectl restarted the pods, and that is not taken note of yet.
func WasRestarted(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment) bool {
	record := RecordOf(deployment)
	return record != nil && wasRestarted(spec, deployment, record)
}

func wasRestarted(spec *elasticwebv1.ElasticWebSpec, deployment *appsv1.Deployment, record *Record) bool {
	return record.Restart != nil && *record.Restart != restartOf(spec, deployment)
}

// isRestarted reports whether what waits for a rollout is to be taken up, for a restart by kubectl or without one.
func isRestarted(spec *elasticwebv1.ElasticWebSpec, observed Observed, record *Record) bool {
	return observed.TakesUp != nil || wasRestarted(spec, observed.Deployment, record)
}

// isRestartHeard reports whether a restart is to be noted: the registry was asked about it, and the template is made with what it said; or whether
// what waits is taken up without one.
func isRestartHeard(spec *elasticwebv1.ElasticWebSpec, observed Observed, record *Record) bool {
	state := observed.Image.State
	isHeard := wasRestarted(spec, observed.Deployment, record) && (state == ImageResolved || state == ImageFailed)
	return !observed.KeepsTemplate && (isHeard || observed.TakesUp != nil)
}

// repository is an image reference without its tag and digest.
func repository(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name
}
