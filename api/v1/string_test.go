// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

func TestString(t *testing.T) {
	for name, test := range map[string]struct {
		web  *elasticwebv1.ElasticWeb
		want string
	}{
		"nil": {nil, "ElasticWeb nil"},
		"nil fields": {
			&elasticwebv1.ElasticWeb{},
			"ElasticWeb /: image [], port [nil], singlePodsQPS [nil], totalQPS [nil], replicas [nil], realQPS [nil]",
		},
		"all fields": {
			&elasticwebv1.ElasticWeb{
				ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop"},
				Spec: elasticwebv1.ElasticWebSpec{
					Image: "shop:1.4", Port: ptr.To[int32](30003), SinglePodsQPS: ptr.To[int32](800),
					TotalQPS: ptr.To[int32](2400), Replicas: ptr.To[int32](0),
				},
				Status: elasticwebv1.ElasticWebStatus{RealQPS: ptr.To[int32](2147483647)},
			},
			"ElasticWeb dev/shop: image [shop:1.4], port [30003], singlePodsQPS [800], totalQPS [2400], replicas [0], realQPS [2147483647]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.web.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
