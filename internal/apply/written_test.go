// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

// version is an object with a resource version.
func version(version string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", ResourceVersion: version}}
}

func TestSeenForgetsWhatTheCacheShows(t *testing.T) {
	name := types.NamespacedName{Namespace: "dev", Name: "shop"}
	for cached, isForgotten := range map[string]bool{"9": false, "10": true, "11": true} {
		t.Run(cached, func(t *testing.T) {
			written := NewWritten(clocktesting.NewFakePassiveClock(time.Now()))
			written.Remember("ConfigMap", version("10"))
			written.Seen("Secret", version(cached))
			if newest, _ := Newest(written, "ConfigMap", name, version("8")); newest.ResourceVersion != "10" {
				t.Fatalf("what another kind shows made version %s the newest", newest.ResourceVersion)
			}
			written.Seen("ConfigMap", version(cached))
			newest, _ := Newest(written, "ConfigMap", name, version("8"))
			if wasForgotten := newest.ResourceVersion == "8"; wasForgotten != isForgotten {
				t.Errorf("with version %s in the cache, the newest is %s", cached, newest.ResourceVersion)
			}
		})
	}
}

func TestEventsOfOwnWrites(t *testing.T) {
	name := types.NamespacedName{Namespace: "dev", Name: "shop"}
	failure := errors.New("no answer")
	for what, test := range map[string]struct {
		during, after       []string
		failure             error
		areEchoes, isMissed bool
		newest              string
	}{
		"the event after the answer":              {after: []string{"10"}, areEchoes: true, newest: "8"},
		"the event before the answer":             {during: []string{"10"}, newest: "8"},
		"another's event before the answer":       {during: []string{"9"}, isMissed: true, newest: "10"},
		"another's and ours before the answer":    {during: []string{"10", "11"}, isMissed: true, newest: "8"},
		"another's event after the answer":        {after: []string{"11"}, newest: "8"},
		"an older event after the answer":         {after: []string{"9"}, newest: "10"},
		"an event while a write failed":           {during: []string{"10"}, failure: failure, isMissed: true, newest: "8"},
		"the event of a write that has no answer": {after: []string{"10"}, failure: failure, newest: "8"},
	} {
		t.Run(what, func(t *testing.T) {
			written := NewWritten(clocktesting.NewFakePassiveClock(time.Now()))
			object := version("8")
			err := written.During("ConfigMap", object, func() error {
				for _, shown := range test.during {
					if !written.Seen("ConfigMap", version(shown)) {
						t.Errorf("version %s, while the write is under way, is no echo", shown)
					}
				}
				object.ResourceVersion = "10"
				return test.failure
			})
			if !errors.Is(err, test.failure) {
				t.Errorf("error %v, want %v", err, test.failure)
			}
			for _, shown := range test.after {
				if isEcho := written.Seen("ConfigMap", version(shown)); isEcho != test.areEchoes {
					t.Errorf("version %s is an echo: %t", shown, isEcho)
				}
			}
			if isMissed := written.Missed(name); isMissed != test.isMissed {
				t.Errorf("an event was missed: %t", isMissed)
			}
			if written.Missed(name) {
				t.Error("it was missed twice")
			}
			if newest, _ := Newest(written, "ConfigMap", name, version("8")); newest.ResourceVersion != test.newest {
				t.Errorf("the newest is version %s, want %s", newest.ResourceVersion, test.newest)
			}
		})
	}
}

func TestWriteThatPanicsIsOver(t *testing.T) {
	written := NewWritten(clocktesting.NewFakePassiveClock(time.Now()))
	func() {
		defer func() { _ = recover() }()
		_ = written.During("ConfigMap", version("8"), func() error { panic("in the client") })
	}()
	if written.Seen("ConfigMap", version("9")) {
		t.Error("a later event is an echo of it")
	}
}
