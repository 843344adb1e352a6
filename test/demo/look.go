// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func (s *stage) showTables(ctx context.Context) error {
	s.out.command("kubectl get elasticwebs -n " + namespace + " -o wide")
	webs, err := s.cluster.Kubectl(ctx, "", "get", "elasticwebs", "-n", namespace, "-o", "wide")
	if err != nil {
		return err
	}
	nodes, pods := &corev1.NodeList{}, &corev1.PodList{}
	if err := s.client.List(ctx, nodes); err != nil {
		return err
	}
	if err := s.client.List(ctx, pods, client.InNamespace(namespace)); err != nil {
		return err
	}
	s.out.table(webs)
	s.out.table(podTable(nodes.Items, pods.Items))
	return nil
}

func (s *stage) inviteToLookAround() {
	s.out.heading("Look around, in another terminal")
	s.out.text("  export KUBECONFIG='%s' PATH='%s':\"$PATH\"", s.cluster.Kubeconfig(), filepath.Dir(s.cluster.KubectlPath()))
	s.out.text("  %s", s.page)
	for _, command := range []string{
		"kubectl get elasticwebs,deployments,services,pods -n dev -o wide",
		"kubectl describe elasticweb shop -n dev",
		`kubectl patch ew elasticweb-sample -n dev --type=merge -p '{"spec":{"totalQPS":2401}}'`,
		"kubectl get ew -n dev --watch",
		"tail -f '" + s.operator.log + "'",
	} {
		s.out.text("  %s", command)
	}
	s.out.text("\nCtrl-C ends the demo.")
}
