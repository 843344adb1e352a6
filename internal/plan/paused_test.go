// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func TestIsPaused(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "True": true, "1": true, "false": false, "0": false, "yes": false, "": false} {
		web := &elasticwebv1.ElasticWeb{}
		web.Annotations = map[string]string{elasticwebv1.AnnotationPaused: value}
		if got := IsPaused(web); got != want {
			t.Errorf("%q: %t", value, got)
		}
	}
	if IsPaused(&elasticwebv1.ElasticWeb{}) {
		t.Error("without the annotation")
	}
}
