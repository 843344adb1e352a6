// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// The patch of a status is the difference alone, for the version that was looked at: another one is a conflict.
func TestStatusChangeIsOfOneVersion(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", ResourceVersion: "7"},
		Spec:       elasticwebv1.ElasticWebSpec{Image: "shop:1"},
		Status:     elasticwebv1.ElasticWebStatus{ObservedGeneration: 1},
	}
	changed, patch := statusChange(web, elasticwebv1.ElasticWebStatus{ObservedGeneration: 2})
	data, err := patch.Data(changed)
	if want := `{"metadata":{"resourceVersion":"7"},"status":{"observedGeneration":2}}`; err != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
}
