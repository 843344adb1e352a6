// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"errors"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// queueWait is how long an object waits for the turn of its image. Thousands of new images take minutes, which is no reason to
// make pods without their platforms; that none has its turn is no reason to make none for ever.
const queueWait = 5 * time.Minute

// waits remembers for how long objects wait for their image. Its zero value is empty.
type waits struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]imageWait
}

type imageWait struct {
	image string
	// queued is when the wait began, asked when the registry was asked first; zero before.
	queued, asked time.Time
	// isOver once it was decided without the image, which another try does not undo.
	isOver bool
}

// left is how much of the wait for the image is left at most until it has to be looked at again; 0 where it is over.
func (w *waits) left(name types.NamespacedName, image string, result platforms.Result, now time.Time, wait time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	noted, isThere := w.byName[name]
	if !isThere || noted.image != image {
		noted = imageWait{image: image, queued: now}
	}
	left := noted.left(result, now, wait)
	noted.isOver = left <= 0
	if w.byName == nil {
		w.byName = map[types.NamespacedName]imageWait{}
	}
	w.byName[name] = noted
	return left
}

func (w *imageWait) left(result platforms.Result, now time.Time, wait time.Duration) time.Duration {
	if w.isOver {
		return 0
	}
	if w.asked.IsZero() {
		switch {
		case !result.Pending:
			w.asked = now
		case result.Asked.Before(w.queued) && !result.Asked.IsZero():
			w.asked = w.queued // on behalf of others.
		default:
			w.asked = result.Asked
		}
	}
	if w.asked.IsZero() {
		return min(w.queued.Add(queueWait).Sub(now), wait) // nobody tells when the registry is asked.
	}
	left := w.asked.Add(wait).Sub(now)
	if result.Pending {
		return left
	}
	retry := result.RetryAt.Sub(now)
	if failed, isFailure := errors.AsType[*platforms.Error](result.Err); !isFailure || !failed.Transient || retry >= left {
		return 0 // no other answer can come in time.
	}
	return max(retry, time.Millisecond)
}

func (w *waits) forget(name types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byName, name)
}
