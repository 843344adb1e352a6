// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	metadatafake "k8s.io/client-go/metadata/fake"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// What is no longer in the way takes up no watch: there are few, and they are everybody's.
func TestOnlyWhatIsInTheWayIsWatched(t *testing.T) {
	silent := metadatafake.NewSimpleMetadataClient(metadatafake.NewTestScheme())
	silent.PrependReactor("list", "*", func(k8stesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New("no answer") })
	watching := &obstacles{api: silent, live: t.Context(), watched: map[obstacle]context.CancelFunc{}}
	shop, blog := types.NamespacedName{Namespace: "dev", Name: "shop"}, types.NamespacedName{Namespace: "dev", Name: "blog"}
	for _, step := range []struct {
		name  types.NamespacedName
		kinds []string
		want  int
	}{
		{shop, []string{kindService, kindBudget}, 2},
		{shop, []string{kindService, kindBudget}, 2},
		{blog, []string{kindDeployment}, 3},
		{shop, []string{kindBudget}, 2},
		{shop, nil, 1},
		{blog, nil, 0},
	} {
		watching.keep(step.name, foreignOf(step.kinds...))
		if len(watching.watched) != step.want {
			t.Errorf("%v of %s in the way: watched are %v", step.kinds, step.name, slices.Collect(maps.Keys(watching.watched)))
		}
	}
}

// An ElasticWeb that is paused asks for nothing, and one that is gone as little.
func TestNobodyWaitsForObstaclesAnyMore(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{
		Namespace: "dev", Name: "shop", Annotations: map[string]string{elasticwebv1.AnnotationPaused: "true"}}}
	for title, end := range map[string]func(*Reconciler){
		"paused": func(r *Reconciler) { r.carryOut(t.Context(), web, &plan.Plan{}, &plan.Observed{}, nil) },
		"gone":   func(r *Reconciler) { r.forget(client.ObjectKeyFromObject(web)) },
	} {
		written := apply.NewWritten(clock.RealClock{})
		r := &Reconciler{written: written, applier: apply.New(nil, nil, "test", written, clock.RealClock{})}
		ctx, cancel := context.WithCancel(t.Context())
		r.obstacles.watched = map[obstacle]context.CancelFunc{{kindService, client.ObjectKeyFromObject(web)}: cancel}
		if end(r); ctx.Err() == nil || len(r.obstacles.watched) != 0 {
			t.Errorf("%s, and its obstacles are watched: %v", title, r.obstacles.watched)
		}
	}
}

// Anybody may make an ElasticWeb of a name that is taken: one namespace leaves watches to the others, and there is an end to them all.
func TestWatchesOfObstaclesAreBounded(t *testing.T) {
	watching := &obstacles{api: metadatafake.NewSimpleMetadataClient(metadatafake.NewTestScheme()), live: t.Context(), moved: func(obstacle) {}, watched: map[obstacle]context.CancelFunc{}}
	for space := range 2 * mostObstacles / mostObstaclesPerNamespace {
		for i := range 2 * mostObstaclesPerNamespace {
			watching.keep(types.NamespacedName{Namespace: fmt.Sprint("dev-", space), Name: fmt.Sprint("shop-", i)}, foreignOf(kindService))
			if want := min(i+1, mostObstaclesPerNamespace) + space*mostObstaclesPerNamespace; len(watching.watched) != min(want, mostObstacles) {
				t.Fatalf("%d are watched, after %d of namespace %d", len(watching.watched), i+1, space)
			}
		}
	}
}

func foreignOf(kinds ...string) (foreign []*apply.NotOwnedError) {
	for _, kind := range kinds {
		foreign = append(foreign, &apply.NotOwnedError{Kind: kind, Name: "shop"})
	}
	return foreign
}

// What carryOut watches is what the writes of the pass met, be it about to end or not, and it is told together.
func TestForeignObjectsAreThoseThatWereMet(t *testing.T) {
	result := outcome{}
	met := append(foreignOf(kindService, kindBudget), &apply.NotOwnedError{Kind: kindDeployment, Name: "shop", Ending: true})
	for _, foreign := range met {
		result.add(&apply.RefusedError{Kind: foreign.Kind, Name: "shop", Err: foreign})
	}
	result.add(&apply.RefusedError{Kind: kindDeployment, Name: "shop", Err: errors.New("denied request: no")})
	if !slices.Equal(result.foreign, met) {
		t.Errorf("met %v, want %v", result.foreign, met)
	}
	var told []string
	for _, problem := range result.told() {
		told = append(told, problem.Reason)
	}
	if want := []string{elasticwebv1.ReasonForbidden, elasticwebv1.ReasonRollingOut, elasticwebv1.ReasonNameConflict}; !slices.Equal(told, want) {
		t.Errorf("told is %v, want %v", told, want)
	}
}
