// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// asked counts what it is asked for.
type asked struct {
	meta.RESTMapper
	times int
}

func (a *asked) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	a.times++
	return a.RESTMapper.RESTMapping(kind, versions...)
}

// A cluster without Karpenter is asked for it once a minute at most, and one with it once.
func TestKarpenterIsAskedForSeldom(t *testing.T) {
	known := meta.NewDefaultRESTMapper([]schema.GroupVersion{nodePool.WithVersion("v1").GroupVersion()})
	mapper, now := &asked{RESTMapper: known}, time.Now()
	var pools karpenter
	for range 3 {
		if pools.makesNodes(mapper, now) {
			t.Fatal("it is there, though its kind is not known")
		}
	}
	if mapper.times != 1 {
		t.Errorf("asked %d times within a minute", mapper.times)
	}
	known.Add(nodePool.WithVersion("v1"), meta.RESTScopeRoot)
	if pools.makesNodes(mapper, now.Add(karpenterAgain-1)) || !pools.makesNodes(mapper, now.Add(karpenterAgain)) {
		t.Error("it is not found when a minute is over")
	}
	for range 3 {
		if !pools.makesNodes(mapper, now.Add(time.Hour)) || mapper.times != 2 {
			t.Errorf("asked %d times, though it is known to be there", mapper.times)
		}
	}
}
