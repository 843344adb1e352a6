// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// nodePool is what Karpenter makes nodes by: a cluster whose API server knows the kind has it, be all its pools at zero.
var nodePool = schema.GroupKind{Group: "karpenter.sh", Kind: "NodePool"}

// karpenterAgain is how long a cluster without Karpenter counts as one.
const karpenterAgain = time.Minute

// karpenter remembers whether the cluster has it. The zero value has not asked yet.
type karpenter struct {
	mu      sync.Mutex
	isThere bool
	asked   time.Time
}

// makesNodes asks the API server, which every client may, no more than once a minute while it is not there, and never again once it is.
func (k *karpenter) makesNodes(mapper meta.RESTMapper, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.isThere && (k.asked.IsZero() || now.Sub(k.asked) >= karpenterAgain) {
		k.isThere, k.asked = serves(mapper), now
	}
	return k.isThere
}

func serves(mapper meta.RESTMapper) bool {
	_, err := mapper.RESTMapping(nodePool)
	return err == nil // what is not known counts as not there: the nodes that it makes tell, too.
}

// hasKarpenter does so for whoever looks.
func hasKarpenter(reader client.Reader) bool {
	mapped, knowsKinds := reader.(interface{ RESTMapper() meta.RESTMapper })
	return knowsKinds && serves(mapped.RESTMapper())
}
