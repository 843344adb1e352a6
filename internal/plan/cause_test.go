// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

func TestCauseOf(t *testing.T) {
	base := Record{Generation: 1, Pod: strings.Repeat("a", 16), Levels: placement.Levels{{"arm64"}, {"amd64"}}, MaxSkew: 1, Replicas: 3}
	changed := func(change func(*Record)) *appsv1.Deployment {
		record := base
		change(&record)
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{AnnotationRecord: record.String()}}}
	}
	same := changed(func(*Record) {})
	for name, row := range map[string]struct {
		before, after *appsv1.Deployment
		demandMoved   bool
		want          Cause
	}{
		"nothing was there":   {nil, same, true, CauseCreation},
		"the record was lost": {&appsv1.Deployment{}, same, true, CauseDrift},
		"another image in the spec": {same, changed(func(r *Record) {
			r.Pod, r.Image, r.Generation = strings.Repeat("b", 16), &ImageFacts{Reference: "shop:2"}, 2
		}), false, CauseTemplate},
		"the image lost an architecture": {same, changed(func(r *Record) { r.Image, r.Levels = &ImageFacts{Reference: "shop:1"}, placement.Levels{{"amd64"}} }), false, CauseImage},
		"another order":                  {same, changed(func(r *Record) { r.Levels = placement.Levels{{"amd64"}, {"arm64"}}; r.Replicas = 4 }), false, CauseOrder},
		"another demand":                 {same, changed(func(r *Record) { r.Replicas, r.Generation = 4, 2 }), true, CauseDemand},
		"another traffic":                {same, changed(func(r *Record) { r.PlannedQPS, r.Replicas = 2400, 4 }), false, CauseDemand},
		"another traffic, the same pods": {same, changed(func(r *Record) { r.PlannedQPS = 2400 }), true, CauseDemand},
		"what waited for a rollout":      {same, changed(func(r *Record) { r.TakenUp, r.Image = &TakenUp{At: 1}, &ImageFacts{Reference: "shop:2"} }), false, CauseRebalance},
		"pods that spilled":              {same, changed(func(r *Record) { r.Replicas = 4 }), false, CauseCapacity},
		"another strategy":               {same, changed(func(r *Record) { r.Generation = 2 }), false, CauseSpec},
		"another demand, the same pods":  {same, changed(func(r *Record) { r.Generation = 2 }), true, CauseSpec},
		"somebody scaled it":             {same, same, false, CauseDrift},
	} {
		if got := CauseOf(row.before, row.after, row.demandMoved); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}
