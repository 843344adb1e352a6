// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package observed

import (
	"errors"
	"fmt"
	"time"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// QueueWait is how long an object waits for the turn of its image. Thousands of new images take minutes, which is no reason to
// make pods without their platforms; that none has its turn is no reason to make none for ever.
const QueueWait = 5 * time.Minute

// ImageWait is for how long an object has waited for its image. Its zero value has not begun.
type ImageWait struct {
	image string
	// queued is when the wait began, asked when the registry was asked first; zero before.
	queued, asked time.Time
	// isOver once it was decided without the image, which another try does not undo.
	isOver bool
}

// Image is what a look-up says of an image: that is waited for as long as wait from when the registry is asked. retry is when to look
// again, though nobody tells; 0 for never.
func (w *ImageWait) Image(reference string, result platforms.Result, now time.Time, wait time.Duration) (image plan.Image, retry time.Duration) {
	if result.Facts != nil && result.Err == nil && !result.Pending {
		*w = ImageWait{}
		return plan.Image{State: plan.ImageResolved, Facts: imageFacts(reference, result.Facts)}, 0
	}
	if w.queued.IsZero() || w.image != reference {
		*w = ImageWait{image: reference, queued: now}
	}
	left := w.left(result, now, wait)
	if w.isOver = left <= 0; !w.isOver {
		return plan.Image{State: plan.ImagePending}, left
	}
	return failedImage(reference, result, wait, now)
}

// left is how much of the wait for the image is left at most until it has to be looked at again; 0 where it is over.
func (w *ImageWait) left(result platforms.Result, now time.Time, wait time.Duration) time.Duration {
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
		return min(w.queued.Add(QueueWait).Sub(now), wait) // nobody tells when the registry is asked.
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

// failedImage is what the look-up has to say without waiting any longer. While it is tried again that stays what it said
// before.
func failedImage(reference string, result platforms.Result, waited time.Duration, now time.Time) (image plan.Image, retry time.Duration) {
	image = plan.Image{State: plan.ImageFailed, Reason: elasticwebv1.ReasonRegistryUnreachable}
	if result.Facts != nil {
		image.Facts = imageFacts(reference, result.Facts)
	}
	failed, isFailure := errors.AsType[*platforms.Error](result.Err)
	switch {
	case isFailure && failed.Reason == platforms.ReasonInvalidImage:
		image.Reason, image.Message = elasticwebv1.ReasonImageNotFound, failed.Message
	case isFailure:
		image.Reason, image.Message = string(failed.Reason), failed.Message
	case result.Asked.IsZero():
		image.Message = fmt.Sprintf("so many images are being looked up that this one had no turn within %s", QueueWait)
	default:
		image.Message = fmt.Sprintf("the registry has not answered within %s: check that the operator can reach it", waited)
	}
	if !result.RetryAt.IsZero() {
		retry = max(result.RetryAt.Sub(now), time.Second)
	}
	return image, retry
}

func imageFacts(reference string, facts *platforms.Facts) *plan.ImageFacts {
	result := &plan.ImageFacts{Reference: reference, Digest: facts.Digest, Port: facts.Port, User: facts.User}
	for _, platform := range facts.Platforms {
		result.Platforms = append(result.Platforms, platform.String())
	}
	return result
}
