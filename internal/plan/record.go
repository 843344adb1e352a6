// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// AnnotationRecord is the annotation of the Deployment that holds its Record.
const AnnotationRecord = "elasticweb.example.com/record"

// Record is what a Deployment was made from, beside the spec. It is written in the same request as the
// template, so that an operator that was restarted makes the same template again, with no registry and
// no memory of its own.
type Record struct {
	// Generation of the ElasticWeb. A spec of an older generation must not overwrite this Deployment.
	Generation int64 `json:"generation"`
	// Pod is a hash of the fields of the spec that the user shapes the pods with: while it stays, no
	// rollout is the user's.
	Pod string `json:"pod"`
	// Image holds the facts in use.
	Image *ImageFacts `json:"image,omitempty"`
	// Stale is true from a rollout for which the registry gave no answer until it gives one.
	Stale bool `json:"stale,omitempty"`
	// Restart stands for the last restart by kubectl that was followed by a look at the image's facts: see restartOf.
	Restart *string `json:"restart,omitempty"`
	// Levels is the order of the architectures in use.
	Levels placement.Levels `json:"levels,omitempty"`
	// MaxSkew of the derived spread constraint in use.
	MaxSkew int32 `json:"maxSkew,omitempty"`
	// Basis is the architecture whose QPS the replicas were worked out with.
	Basis string `json:"basis,omitempty"`
	// TopUp is the number of pods beyond that, added in the hope of room on the faster architectures.
	TopUp int64 `json:"topUp,omitempty"`
	// Grown is true from when the replicas grew because of where pods landed until these serve the demand.
	Grown bool `json:"grown,omitempty"`
}

// RecordOf reads the Record of a Deployment; nil where there is none or it cannot be read, which then
// counts as never written.
func RecordOf(deployment *appsv1.Deployment) *Record {
	if deployment == nil {
		return nil
	}
	text, isThere := deployment.Annotations[AnnotationRecord]
	if !isThere {
		return nil
	}
	record := &Record{}
	if json.Unmarshal([]byte(text), record) != nil {
		return nil
	}
	return record
}

// observedRecord is the Record of the live Deployment. Where somebody removed it, it is put together from
// what else tells how the pods were made: a lost annotation must restart no pod.
func observedRecord(web *elasticwebv1.ElasticWeb, observed Observed) *Record {
	record := RecordOf(observed.Deployment)
	if record != nil || observed.Deployment == nil {
		return record
	}
	record = &Record{Generation: web.Generation, Pod: podHash(&web.Spec)}
	if facts := observed.KnownFacts; facts != nil && sameRepository(facts.Reference, web.Spec.Image) {
		record.Image = facts
	}
	for _, constraint := range observed.Deployment.Spec.Template.Spec.TopologySpreadConstraints {
		record.MaxSkew = constraint.MaxSkew
	}
	return record
}

// String is the Record as the annotation holds it.
func (r Record) String() string {
	text, err := json.Marshal(r)
	if err != nil {
		return "" // no field of a Record can fail to marshal.
	}
	return string(text)
}

// podHash covers what the user shapes the pods with. QPS is left out: a new number must restart no pod
// unless it changes the order of the architectures.
func podHash(spec *elasticwebv1.ElasticWebSpec) string {
	shape := struct {
		Image         string
		ContainerPort *int32
		Architectures []string
		Pod           elasticwebv1.PodSettings
	}{Image: spec.Image, ContainerPort: spec.ContainerPort, Pod: spec.PodSettings}
	for _, architecture := range spec.Architectures {
		entry := string(architecture.Name)
		if architecture.Weight != nil {
			entry += ":" + strconv.Itoa(int(*architecture.Weight))
		}
		shape.Architectures = append(shape.Architectures, entry)
	}
	text, err := json.Marshal(shape)
	if err != nil {
		return "" // API types always marshal.
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
