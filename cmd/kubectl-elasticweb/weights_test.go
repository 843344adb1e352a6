// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// exposed has pods spill on the nodes of the pool tight, behind a way in that knows weights.
func exposed(web *elasticwebv1.ElasticWeb) {
	web.Spec.TotalQPS = ptr.To[int32](9000)
	web.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "arm64", SinglePodsQPS: ptr.To[int32](1100)}, {Name: "amd64", SinglePodsQPS: ptr.To[int32](640)}}
	web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{
		ParentRefs: []elasticwebv1.GatewayReference{{Name: "public", Namespace: "gateways"}}, Hostnames: []elasticwebv1.Hostname{"shop.example.com"}}}
}

// TestWeights: pods that spilled behind a way in that knows weights are worth their sum to whoever looks as they are to the operator.
func TestWeights(t *testing.T) {
	b := newBench(t)
	web := b.shop()
	b.onPool(web, "tight")
	exposed(web)
	b.create(web)
	b.settle()
	if got := b.read().Status.PodsByArchitecture; got != "arm64=8,amd64=1" {
		t.Fatalf("the pods are %s", got)
	}
	b.want(0, []string{"status", "shop"}, "Way in HTTPRoute by weights: shop-8d9001d3-arm64 23, shop-8d9001d3-amd64 36", "Address http://shop.example.com/", "Exposed: True, Admitted", "9,440 of 9,000 QPS", "amd64 1 1 640")
	b.want(0, []string{"why", "shop"}, "Each pod gets its share by what it serves")
	b.want(1, []string{"plan", "shop", "--total-qps", "9441"}, "10, now 9", "no pod is restarted")
	b.want(2, []string{"plan", "shop", "--set", "expose.httpRoute=null", "--set", "expose.route.host=shop.example.com"}, "the cluster does not have the kind Route")
}
