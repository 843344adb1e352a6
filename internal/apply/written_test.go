// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestSeenForgetsWhatTheCacheShows(t *testing.T) {
	of := func(version string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", ResourceVersion: version}}
	}
	name := types.NamespacedName{Namespace: "dev", Name: "shop"}
	for cached, isForgotten := range map[string]bool{"9": false, "10": true, "11": true} {
		t.Run(cached, func(t *testing.T) {
			written := NewWritten(clocktesting.NewFakePassiveClock(time.Now()))
			written.Remember("ConfigMap", of("10"))
			written.Seen("Secret", of(cached))
			if newest, _ := Newest(written, "ConfigMap", name, of("8")); newest.ResourceVersion != "10" {
				t.Fatalf("what another kind shows made version %s the newest", newest.ResourceVersion)
			}
			written.Seen("ConfigMap", of(cached))
			newest, _ := Newest(written, "ConfigMap", name, of("8"))
			if wasForgotten := newest.ResourceVersion == "8"; wasForgotten != isForgotten {
				t.Errorf("with version %s in the cache, the newest is %s", cached, newest.ResourceVersion)
			}
		})
	}
}
