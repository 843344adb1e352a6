// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"

	"k8s.io/apimachinery/pkg/types"
)

// NodePort is which node port an ElasticWeb's Service has, 0 for none, and which one its spec wants.
type NodePort struct {
	Has, Wants int32
}

// YieldsNodePort reports whether an ElasticWeb must let go of its node port. It must where it waits for the
// port of another one, that one for the port of a third, and so on, back to its own: in such a ring nobody
// can move. One of the ring has to yield, and the first by name does.
func YieldsNodePort(name types.NamespacedName, ports map[types.NamespacedName]NodePort) bool {
	holder := make(map[int32]types.NamespacedName, len(ports))
	for other, port := range ports {
		if port.Has != 0 {
			holder[port.Has] = other
		}
	}
	at := name
	for range ports {
		port := ports[at]
		if port.Has == 0 || port.Has == port.Wants {
			return false
		}
		next, isHeld := holder[port.Wants]
		if !isHeld {
			return false
		}
		if next == name {
			return true
		}
		if cmp.Or(cmp.Compare(next.Namespace, name.Namespace), cmp.Compare(next.Name, name.Name)) < 0 {
			return false
		}
		at = next
	}
	return false
}
