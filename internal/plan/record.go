// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// AnnotationRecord is the annotation of the Deployment that holds its Record.
const AnnotationRecord = "elasticweb.example.com/record"

// Record is what a Deployment was made from, beside the spec. It is written in the same request as the template, so that an operator
// that was restarted makes the same template again, with no registry and no memory of its own. Fields that older operators wrote, and
// this one does not know, are passed over.
type Record struct {
	// Generation of the ElasticWeb. A spec of an older generation must not overwrite this Deployment.
	Generation int64 `json:"generation"`
	// Pod is a hash of the fields of the spec that the user shapes the pods with: while it stays, no rollout is the user's.
	Pod string `json:"pod"`
	// Image holds the facts in use.
	Image *ImageFacts `json:"image,omitempty"`
	// Stale is true from a rollout for which the registry gave no answer until it gives one.
	Stale bool `json:"stale,omitempty"`
	// Restart stands for the last restart by kubectl that was followed by a look at the image's facts: see restartOf.
	Restart *string `json:"restart,omitempty"`
	// Levels is the order of the architectures in use.
	Levels placement.Levels `json:"levels,omitempty"`
	// MaxSkew of the derived spread constraint on the host name in use, WholeSkew that of the one on the operating system: see
	// placement.Spreading. Older operators wrote the first alone.
	MaxSkew   int32 `json:"maxSkew,omitempty"`
	WholeSkew int32 `json:"wholeSkew,omitempty"`
	// Replicas that the demand called for: others may change those of the Deployment.
	Replicas int32 `json:"replicas,omitempty"`
	// Surge is how many more were asked for beside them, see Rebalance.
	Surge int32 `json:"surge,omitempty"`
	// TakenUp is when what waited for a rollout was last taken up without one of the user's; nil for never.
	TakenUp *TakenUp `json:"takenUp,omitempty"`
	// PlannedQPS is what was planned from the traffic, in requests per second, when that number was.
	PlannedQPS int64 `json:"plannedQPS,omitempty"`
	// Joins is true where the template carries the label of pods that joined: those of older operators do not.
	Joins bool `json:"joins,omitempty"`
}

// RecordOf reads the Record of a Deployment; nil where there is none, or it is damaged, which counts as none. Whoever may edit
// Deployments may write it, so it is held against its bounds before anything is made of it.
func RecordOf(deployment *appsv1.Deployment) *Record {
	if deployment == nil {
		return nil
	}
	record, text := &Record{}, deployment.Annotations[AnnotationRecord]
	if len(text) > maxRecordBytes || json.Unmarshal([]byte(text), record) != nil || !record.isSound() {
		return nil
	}
	return record
}

// IsDue reports whether the Record has to be written to the Deployment though nothing else differs: without it neither an older spec,
// nor a change of the image, nor what others did to the replicas could be told, the registry would be asked for ever, an order that
// changes no template, since the user's own terms prefer, would be new for ever, a change of the spec that gives the pods no other template would
// be the user's rollout for ever, so that whatever a registry says later replaced them, and a restarted operator would go on with another demand.
func (r Record) IsDue(deployment *appsv1.Deployment) bool {
	live := RecordOf(deployment)
	return live == nil || live.Pod != r.Pod || live.Generation > r.Generation || live.Replicas != 0 && live.Replicas != r.Replicas || live.PlannedQPS != r.PlannedQPS ||
		live.Surge != r.Surge || !reflect.DeepEqual(live.Levels, r.Levels) || live.Stale != r.Stale || live.Restart != nil && r.Restart != nil && *live.Restart != *r.Restart
}

// liveRecord is the Record of the Deployment. Where it was removed or damaged, it is put together from what else tells how the pods
// were made, but for the order of the architectures and how they are spread, see readInput: that must restart no pod. Without a Deployment it holds no more than
// the facts that the status kept.
func liveRecord(web *elasticwebv1.ElasticWeb, observed Observed) (live *Record, isLost bool) {
	if record := RecordOf(observed.Deployment); record != nil {
		return record, false
	}
	live = &Record{}
	if facts := observed.KnownFacts; facts != nil && facts.isSound() {
		live.Image = facts
	}
	if observed.Deployment == nil {
		return live, false
	}
	live.Generation, live.Pod = web.Generation, podHash(&web.Spec)
	live.Joins = observed.Deployment.Spec.Template.Labels[elasticwebv1.LabelJoined] != ""
	return live, true
}

func (r *Record) spreading() placement.Spreading {
	return placement.Spreading{Host: r.MaxSkew, Whole: r.WholeSkew}
}

func (r *Record) spreadsAs(spreading placement.Spreading) {
	r.MaxSkew, r.WholeSkew = spreading.Host, spreading.Whole
}

// String is the Record as the annotation holds it.
func (r Record) String() string {
	text, _ := json.Marshal(r) // no field of a Record can fail to marshal.
	return string(text)
}

// The bounds of a Record. The greatest that is ever written keeps well within them.
const (
	maxRecordBytes                       = 16 << 10
	maxReference, maxDigest, maxPlatform = 1024, 256, 128
	maxPlatforms, maxArchitectures       = 64, 64
	// maxSkew is beyond what makes a difference, and what a Deployment of a million pods calls for.
	maxSkew = 10_000_000
)

var (
	hashPattern         = regexp.MustCompile(`^[0-9a-f]{16}$`)
	architecturePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$`)
)

// isSound reports whether every field is one that the operator could have written.
func (r *Record) isSound() bool {
	return r.Generation >= 0 && hashPattern.MatchString(r.Pod) && isSkew(r.MaxSkew) && isSkew(r.WholeSkew) && r.Replicas >= 0 && r.Surge >= 0 && r.PlannedQPS >= 0 && r.PlannedQPS <= maxPlannedQPS &&
		(r.Image == nil || r.Image.isSound()) && areSound(r.Levels) && r.TakenUp.isSound() && (r.Restart == nil || *r.Restart == "" || hashPattern.MatchString(*r.Restart))
}

func isSkew(skew int32) bool { return skew >= 0 && skew <= maxSkew }

func (f *ImageFacts) isSound() bool {
	return f.Reference != "" && len(f.Reference) <= maxReference && len(f.Digest) <= maxDigest && len(f.Platforms) <= maxPlatforms &&
		(f.Port == nil || *f.Port >= 1 && *f.Port <= math.MaxUint16) && (f.User == nil || *f.User >= 1 && *f.User <= math.MaxInt32) &&
		!slices.ContainsFunc(f.Platforms, func(platform string) bool { return len(platform) > maxPlatform }) &&
		!slices.ContainsFunc(LinuxArchitectures(f.Platforms), isNoArchitecture)
}

// areSound reports whether the levels name architectures, none of them twice, and none is empty.
func areSound(levels [][]string) bool {
	names := slices.Sorted(slices.Values(slices.Concat(levels...)))
	return len(names) <= maxArchitectures && len(slices.Compact(slices.Clone(names))) == len(names) &&
		!slices.ContainsFunc(names, isNoArchitecture) && !slices.ContainsFunc(levels, func(level []string) bool { return len(level) == 0 })
}

// isNoArchitecture holds a name against what a node label kubernetes.io/arch can be.
func isNoArchitecture(name string) bool { return !architecturePattern.MatchString(name) }
