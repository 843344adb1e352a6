// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package gateway

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

const byIngress = `
apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: shop}
spec:
  image: registry.example.com/shop:1
  port: 30003
  singlePodsQPS: %[1]d
  totalQPS: %[1]d
  podAnnotations: {elasticweb.test/ready-after: "3"}
  expose: {ingress: {className: traefik, host: shop.example.com}}
`

// Traefik serves the Ingress, and says so.
func TestIngress(t *testing.T) {
	s := newStage(t, cluster.NodePool{Arch: "amd64", Count: 1})
	s.startOperator()
	s.Apply(fmt.Sprintf(byIngress, *fastQPS/2))
	s.eventually(hostShop, func() error { return s.answers(hostShop) })
	s.eventually("the address", func() error {
		web := &elasticwebv1.ElasticWeb{}
		if err := s.Client.Get(s.Context(), client.ObjectKey{Namespace: namespace, Name: "shop"}, web); err != nil {
			return err
		}
		exposed := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionExposed)
		if exposed == nil || exposed.Reason != elasticwebv1.ReasonAdmitted || web.Status.Address != "http://shop.example.com/" {
			return fmt.Errorf("condition %v, address %q", exposed, web.Status.Address)
		}
		return nil
	})
}
