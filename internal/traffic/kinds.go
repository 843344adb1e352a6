// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"maps"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// mostKinds API versions are known at a time. Who invents more has them asked for again.
const mostKinds = 256

// kindsKept is for how long the kinds of an API version are kept, and for how long it is known that there is none.
const kindsKept = 5 * time.Minute

// kinds tells the resources of kinds. The manager's own mapper would read the whole discovery for each that nobody knows, without a time-out,
// and under a lock that the reconcilers wait for: here it is one request for the API version that the user names.
type kinds struct {
	meta.RESTMapper // of the other methods none is called.
	ask             func(groupVersion string) (*metav1.APIResourceList, error)

	mu    sync.Mutex
	known map[schema.GroupVersion]servedKinds
}

// servedKinds are those of an API version; none where it is not served.
type servedKinds struct {
	resources []metav1.APIResource
	until     time.Time
}

// find is the resource of a kind; nil where there is none. No lock is held while it asks.
func (k *kinds) find(kind schema.GroupVersionKind, now time.Time) (*metav1.APIResource, error) {
	version := kind.GroupVersion()
	k.mu.Lock()
	found, isKnown := k.known[version]
	k.mu.Unlock()
	if !isKnown || now.After(found.until) {
		list, err := k.ask(version.String())
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, err
		}
		found = servedKinds{until: now.Add(kindsKept)}
		if err == nil {
			found.resources = list.APIResources
		}
		k.keep(version, found, now)
	}
	return found.resource(kind.Kind), nil
}

// keep takes note of an API version, and forgets those that nobody asked for lately, so that what users invent does not add up.
func (k *kinds) keep(version schema.GroupVersion, found servedKinds, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.known, func(_ schema.GroupVersion, other servedKinds) bool { return now.After(other.until) })
	if len(k.known) >= mostKinds {
		maps.DeleteFunc(k.known, func(_ schema.GroupVersion, other servedKinds) bool { return other.resources == nil })
	}
	k.known[version] = found
}

func (s servedKinds) resource(kind string) *metav1.APIResource {
	for i := range s.resources {
		if r := &s.resources[i]; r.Kind == kind && !strings.Contains(r.Name, "/") {
			return r
		}
	}
	return nil
}

// RESTMapping is what the client of custom.metrics.k8s.io asks for, of a kind that was found before.
func (k *kinds) RESTMapping(kind schema.GroupKind, _ ...string) (*meta.RESTMapping, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for version, found := range k.known {
		if r := found.resource(kind.Kind); r != nil && version.Group == kind.Group {
			return &meta.RESTMapping{Resource: version.WithResource(r.Name), GroupVersionKind: version.WithKind(kind.Kind)}, nil
		}
	}
	return nil, &meta.NoKindMatchError{GroupKind: kind}
}
