// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// unseenFor is how long an object that was written may stay out of the cache before a live read has to tell
// whether it is still there. Watches deliver within milliseconds.
const unseenFor = 5 * time.Second

type objectKey struct {
	kind string
	types.NamespacedName
}

// Written remembers objects as the API server answered them, until the cache shows that version or a newer
// one. The zero value is not ready for use; see NewWritten.
type Written struct {
	clock   clock.PassiveClock
	mu      sync.Mutex
	objects map[objectKey]writtenObject
}

type writtenObject struct {
	object client.Object
	at     time.Time
}

// NewWritten returns an empty Written.
func NewWritten(clock clock.PassiveClock) *Written {
	return &Written{clock: clock, objects: map[objectKey]writtenObject{}}
}

// Remember notes an object that the API server answered a write with.
func (w *Written) Remember(kind string, object client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[objectKey{kind, client.ObjectKeyFromObject(object)}] = writtenObject{object, w.clock.Now()}
}

// Forget drops what was remembered.
func (w *Written) Forget(kind string, name types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.objects, objectKey{kind, name})
}

// Newest is the newer of the cached object, nil where the cache has none, and the one that was written
// last. unseen is true where a written object has been missing from the cache for so long that only a live
// read can tell whether it still exists.
func Newest[T client.Object](w *Written, kind string, name types.NamespacedName, cached T) (newest T, unseen bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := objectKey{kind, name}
	entry, isThere := w.objects[key]
	if !isThere {
		return cached, false
	}
	written, isSameType := entry.object.(T)
	if !isSameType {
		return cached, false
	}
	// What a caller got here before is no news of the cache either.
	if any(cached) == any(*new(T)) || any(cached) == any(written) {
		return written, w.clock.Since(entry.at) > unseenFor
	}
	if shows(cached, written) {
		delete(w.objects, key)
		return cached, false
	}
	return written, false
}

// shows reports whether a cached object is what was written, or newer.
func shows(cached, written client.Object) bool {
	order, err := resourceversion.CompareResourceVersion(cached.GetResourceVersion(), written.GetResourceVersion())
	return err != nil || order >= 0
}

// Seen forgets what was written of an object where the cache shows it now. Newest does so, too, but its caller may be far
// down in a queue, and the objects of all that wait there are large.
func (w *Written) Seen(kind string, cached client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := objectKey{kind, client.ObjectKeyFromObject(cached)}
	if entry, isThere := w.objects[key]; isThere && shows(cached, entry.object) {
		delete(w.objects, key)
	}
}

// CaughtUp reports whether this very version of an object, which the cache now shows, is the one that was
// written last, and then forgets it.
func (w *Written) CaughtUp(kind string, cached client.Object) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := objectKey{kind, client.ObjectKeyFromObject(cached)}
	entry, isThere := w.objects[key]
	if !isThere || entry.object.GetResourceVersion() != cached.GetResourceVersion() {
		return false
	}
	delete(w.objects, key)
	return true
}
