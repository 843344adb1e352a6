// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package packed

import (
	"fmt"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kind is what the packed objects of one transform share.
type kind struct {
	empty func() Message
	// recent are the metadata that were read last. What handles an event asks each of an old and a new object for its
	// labels, then for its owners, and so on, and each question would decode all of the metadata.
	recent [2]atomic.Pointer[decoded]
	next   atomic.Uint32
}

type decoded struct {
	of       *Object
	metadata *metav1.ObjectMeta
}

// metadataOf reads no more than the first field of an object, which is the metadata of every kind.
func (k *kind) metadataOf(o *Object) *metav1.ObjectMeta {
	for i := range k.recent {
		if recent := k.recent[i].Load(); recent != nil && recent.of == o {
			return recent.metadata
		}
	}
	partial := &metav1.PartialObjectMetadata{}
	if err := partial.Unmarshal(o.text); err != nil {
		panic(fmt.Sprintf("unpack the metadata of %s/%s: %v", o.namespace, o.name, err)) // it was marshalled by pack.
	}
	k.recent[k.next.Add(1)%uint32(len(k.recent))].Store(&decoded{of: o, metadata: &partial.ObjectMeta})
	return &partial.ObjectMeta
}
