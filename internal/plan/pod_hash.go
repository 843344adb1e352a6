// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// isOf reports whether the Record was made from a spec that shapes the pods as this one does. Older operators had the hash depend on
// the order of spec.architectures.
func (r *Record) isOf(spec *elasticwebv1.ElasticWebSpec) bool {
	return r != nil && (r.Pod == podHash(spec) || r.Pod == hashOf(spec, shapesOf(spec)))
}

// podHash covers what the user shapes the pods with. QPS is left out: a new number must restart no pod unless it changes the order of
// the architectures. So is the order of the list, which is a map.
func podHash(spec *elasticwebv1.ElasticWebSpec) string {
	shapes := shapesOf(spec)
	slices.Sort(shapes)
	return hashOf(spec, shapes)
}

// shapesOf are what the entries of spec.architectures say about the pods, in the order of the list.
func shapesOf(spec *elasticwebv1.ElasticWebSpec) []string {
	var shapes []string
	for _, architecture := range spec.Architectures {
		shape := string(architecture.Name)
		if architecture.Weight != nil {
			shape += ":" + strconv.Itoa(int(*architecture.Weight))
		}
		shapes = append(shapes, shape)
	}
	return shapes
}

// hashOf must stay as it is, in every byte: another hash looks like a change by the user, and takes the newest facts up.
func hashOf(spec *elasticwebv1.ElasticWebSpec, architectures []string) string {
	text, _ := json.Marshal(struct {
		Image         string
		ContainerPort *int32
		Architectures []string
		Pod           elasticwebv1.PodSettings
	}{spec.Image, spec.ContainerPort, architectures, spec.PodSettings}) // API types always marshal.
	return shortHash(text)
}

func shortHash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
