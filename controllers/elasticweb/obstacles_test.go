// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	metadatafake "k8s.io/client-go/metadata/fake"
	k8stesting "k8s.io/client-go/testing"

	"github.com/elasticweb/elasticweb-operator/internal/apply"
)

// What is no longer in the way takes up no watch: there are few, and they are everybody's.
func TestOnlyWhatIsInTheWayIsWatched(t *testing.T) {
	silent := metadatafake.NewSimpleMetadataClient(metadatafake.NewTestScheme())
	silent.PrependReactor("list", "*", func(k8stesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New("no answer") })
	watching := &obstacles{api: silent, live: t.Context()}
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
		watching.keep(step.name, step.kinds)
		if len(watching.watched) != step.want || watching.inSpaces["dev"] != step.want {
			t.Errorf("%v of %s in the way: watched are %v, counted %d", step.kinds, step.name, slices.Collect(maps.Keys(watching.watched)), watching.inSpaces["dev"])
		}
	}
}

// What carryOut watches is what the writes of the pass met.
func TestForeignKindsAreThoseThatWereMet(t *testing.T) {
	result := outcome{}
	for _, kind := range []string{kindService, kindBudget} {
		result.add(&apply.RefusedError{Kind: kind, Name: "shop", Err: &apply.NotOwnedError{Kind: kind, Name: "shop"}})
	}
	result.add(&apply.RefusedError{Kind: kindDeployment, Name: "shop", Err: errors.New("denied request: no")})
	if want := []string{kindService, kindBudget}; !slices.Equal(result.foreignKinds, want) {
		t.Errorf("met %v, want %v", result.foreignKinds, want)
	}
}
