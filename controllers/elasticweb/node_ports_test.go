// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/types"
)

func TestNodePortsKnowWhoHasThemAndWhoWaits(t *testing.T) {
	name := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "dev", Name: name} }
	a, b, other := portHolder{name("a"), true}, portHolder{name("b"), true}, portHolder{name("other"), false}
	ports := &nodePorts{}
	expectHolder := func(port int32, want string) {
		t.Helper()
		if got := ports.await(name("c"), port); got != want {
			t.Errorf("port %d is held by %q, want %q", port, got, want)
		}
	}
	expectWoken := func(holder portHolder, before, after []int32, want ...types.NamespacedName) {
		t.Helper()
		if got := ports.moved(holder, before, after); !reflect.DeepEqual(got, want) {
			t.Errorf("woken are %v, want %v", got, want)
		}
	}
	expectHolder(1, "")
	expectWoken(a, nil, []int32{1, 2})
	expectWoken(other, nil, []int32{3})
	expectHolder(3, "Service dev/other")
	expectHolder(2, "ElasticWeb dev/a")
	expectWoken(a, []int32{1, 2}, []int32{1, 2})
	expectWoken(a, []int32{1, 2}, []int32{2}) // c waits for 2, not for 1.
	expectHolder(1, "")
	expectHolder(2, "ElasticWeb dev/a")
	expectWoken(b, nil, []int32{2}) // seen before a's event: they may be of two watches.
	expectWoken(a, []int32{2}, nil, name("c"))
	expectHolder(2, "ElasticWeb dev/b")
	ports.stopWaiting(name("c"))
	expectWoken(b, []int32{2}, nil)
	if len(ports.holders) != 1 || len(ports.waiting) != 0 {
		t.Errorf("%v and %v are kept", ports.holders, ports.waiting)
	}
}
