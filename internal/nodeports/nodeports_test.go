// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeports

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestNodePortsKnowWhoHasThemAndWhoWaits(t *testing.T) {
	name := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "dev", Name: name} }
	a, b, other := Holder{name("a"), "ElasticWeb"}, Holder{name("b"), "ElasticWeb"}, Holder{name("other"), "Service"}
	ports := &Ports{}
	expectHolder := func(port int32, want string) {
		t.Helper()
		if got := ports.Await(name("c"), port); got != want {
			t.Errorf("port %d is held by %q, want %q", port, got, want)
		}
	}
	expectWoken := func(holder Holder, before, after []int32, want ...types.NamespacedName) {
		t.Helper()
		if got := ports.Moved(holder, before, after); !reflect.DeepEqual(got, want) {
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
	if number := ports.Waiting(); number != 1 {
		t.Errorf("%d wait, want c alone", number)
	}
	ports.StopWaiting(name("c"))
	if number := ports.Waiting(); number != 0 {
		t.Errorf("%d wait, want none", number)
	}
	expectWoken(b, []int32{2}, nil)
	if len(ports.holders) != 1 || len(ports.waiting) != 0 {
		t.Errorf("%v and %v are kept", ports.holders, ports.waiting)
	}
}

func TestNodePortsOfAServiceAreAllThatItTakesUp(t *testing.T) {
	service := &corev1.Service{Spec: corev1.ServiceSpec{HealthCheckNodePort: 30002, Ports: []corev1.ServicePort{{NodePort: 30001}, {Port: 80}}}}
	if got := Of(service); !reflect.DeepEqual(got, []int32{30002, 30001}) {
		t.Errorf("they are %v", got)
	}
}

// Who asks for one node port after the other must not learn what there is in other namespaces.
func TestWhoHasANodePortIsNamedInItsNamespaceAlone(t *testing.T) {
	ports, shop := &Ports{}, types.NamespacedName{Namespace: "dev", Name: "shop"}
	ports.Moved(Holder{shop, "ElasticWeb"}, nil, []int32{1})
	for asking, want := range map[string]string{"dev": "ElasticWeb dev/shop", "other": "the ElasticWeb of another namespace"} {
		if got := ports.Await(types.NamespacedName{Namespace: asking, Name: "a"}, 1); got != want {
			t.Errorf("%s is told of %q, want %q", asking, got, want)
		}
	}
}
