// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"k8s.io/utils/lru"
)

// minMaxAge is the shortest age that a tag's answer is refused for. A shorter
// one could pass between an answer and the visit of the waiter that it wakes,
// who would then ask again for ever.
const minMaxAge = 10 * time.Second

// answerKey stands for an image and who asks for it: a tenant with a name for
// its credentials before they are read, their fingerprint afterwards. It is a
// hash, since users choose how long these are.
type answerKey [sha256.Size]byte

func keyOf(parts ...string) answerKey {
	var all []byte
	for _, part := range parts {
		all = binary.BigEndian.AppendUint64(all, uint64(len(part)))
		all = append(all, part...)
	}
	return sha256.Sum256(all)
}

// answer is what is known of an image.
type answer struct {
	facts *Facts
	// asked is when the look-up began that brought the facts.
	asked time.Time
	// err is why the last look-up failed, failures how many failed in a row,
	// and retryAt when there may be another one.
	err      *Error
	failures int
	retryAt  time.Time
}

// satisfies reports whether the facts are young enough. A maxAge of 0 takes any.
func (a answer) satisfies(maxAge time.Duration, now time.Time) bool {
	return a.facts != nil && (maxAge == 0 || now.Sub(a.asked) <= maxAge)
}

func (a answer) failing(now time.Time) bool {
	return a.err != nil && now.Before(a.retryAt)
}

// failed keeps the facts: they hold until a look-up says otherwise.
func (a answer) failed(err *Error, now time.Time, o Options) answer {
	a.err = err
	a.retryAt = now.Add(max(err.RetryAfter, backoff(a.failures, err.Transient, o)))
	a.failures++
	return a
}

// postponed is failed for a look-up that was not made.
func (a answer) postponed(err *Error, until time.Time) answer {
	a.err = err
	a.retryAt = until
	return a
}

func (a answer) result() Result {
	res := Result{RetryAt: a.retryAt}
	if a.facts != nil {
		facts := a.facts.Clone()
		res.Facts = &facts
	}
	if a.err != nil {
		res.Err = a.err
	}
	return res
}

func (a answer) pending(asked time.Time) Result {
	res := a.result()
	res.Pending, res.Asked = true, asked
	res.RetryAt = time.Time{}
	return res
}

// satisfied leaves a failure out that the caller need not care for.
func (a answer) satisfied() Result {
	return answer{facts: a.facts}.result()
}

// answers is a bounded cache: the answers that were not used for the longest
// time go first.
type answers struct {
	cache *lru.Cache
}

func newAnswers(size int) answers { return answers{lru.New(size)} }

func (a answers) get(k answerKey) answer {
	if known, ok := a.cache.Get(k); ok {
		return known.(answer)
	}
	return answer{}
}

func (a answers) put(k answerKey, known answer) { a.cache.Add(k, known) }
