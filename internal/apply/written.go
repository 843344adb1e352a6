// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"slices"
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

func (k objectKey) changed(err error) error {
	return &ChangedError{Kind: k.kind, Name: k.Name, Err: err}
}

// Written remembers objects as the API server answered them, until the cache shows that version or a newer
// one, and tells the events of these writes from others. The zero value is not ready for use; see NewWritten.
type Written struct {
	clock   clock.PassiveClock
	mu      sync.Mutex
	objects map[objectKey]writtenObject
	// underWay are the versions that the cache showed of an object while a write of it had no answer yet.
	underWay map[objectKey][]string
	// missed are the names of objects of which Seen left out an event that turned out to be no echo.
	missed map[types.NamespacedName]struct{}
}

type writtenObject struct {
	object client.Object
	at     time.Time
}

// NewWritten returns an empty Written.
func NewWritten(clock clock.PassiveClock) *Written {
	return &Written{
		clock: clock, objects: map[objectKey]writtenObject{},
		underWay: map[objectKey][]string{}, missed: map[types.NamespacedName]struct{}{},
	}
}

// During sends a write of an object, which decodes the answer into it, and remembers that, without its managed fields. The
// write's event may come before the answer; see Missed for other events in between.
func (w *Written) During(kind string, object client.Object, write func() error) error {
	key := objectKey{kind, client.ObjectKeyFromObject(object)}
	w.begin(key)
	var written client.Object
	defer func() { w.end(key, written) }()
	if err := write(); err != nil {
		return err
	}
	object.SetManagedFields(nil)
	written = object
	return nil
}

func (w *Written) begin(key objectKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.underWay[key] = nil // no version yet, but the key is there.
}

// end notes what was written, nil where nothing was.
func (w *Written) end(key objectKey, written client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	shown, version := w.underWay[key], ""
	delete(w.underWay, key)
	if written != nil {
		version = written.GetResourceVersion()
	}
	if slices.ContainsFunc(shown, func(other string) bool { return other != version }) {
		w.missed[key.NamespacedName] = struct{}{}
	}
	switch {
	case slices.Contains(shown, version):
		delete(w.objects, key)
	case written != nil:
		w.objects[key] = writtenObject{written, w.clock.Now()}
	}
}

// Missed reports, once, whether Seen took an event of an object of this name for the echo of a write under way, and it was
// none: look again.
func (w *Written) Missed(name types.NamespacedName) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, wasMissed := w.missed[name]
	delete(w.missed, name)
	return wasMissed
}

// Remember notes an object as a live read gave it.
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

// Seen forgets what was written of an object where the cache shows that now, or something newer. Newest does so, too, but
// its caller may be far down in a queue, and the objects of all that wait there are large. isEcho is true where the cache
// shows what was written and nothing else: whoever wrote it knows it already. While a write is under way, everything is
// taken for its echo; see Missed.
func (w *Written) Seen(kind string, cached client.Object) (isEcho bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := objectKey{kind, client.ObjectKeyFromObject(cached)}
	if shown, isUnderWay := w.underWay[key]; isUnderWay {
		w.underWay[key] = append(shown, cached.GetResourceVersion())
		return true
	}
	entry, isThere := w.objects[key]
	if !isThere || !shows(cached, entry.object) {
		return false
	}
	delete(w.objects, key)
	return cached.GetResourceVersion() == entry.object.GetResourceVersion()
}
