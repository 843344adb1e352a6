// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// weights are the Services that an HTTPRoute leads to, and their weights.
const weights = `jsonpath={range .spec.rules[0].backendRefs[*]}{.name}{"="}{.weight}{"\n"}{end}`

func (s *stage) theSpillOver(ctx context.Context) error {
	s.out.heading("A spill-over: the arm64 nodes take no more pods, and the demand grows to 8000")
	if err := s.run(ctx, "cordon", "-l", "kubernetes.io/arch=arm64"); err != nil {
		return err
	}
	if err := s.run(ctx, "patch", "ew", shop, "-n", namespace, "--type=merge", "-p", `{"spec":{"totalQPS":8000}}`); err != nil {
		return err
	}
	web, err := s.await(ctx, shop, "10 pods are ready, and serve 8000", func(web *elasticwebv1.ElasticWeb) bool {
		return isReady(web) && web.Status.PodsByArchitecture == "arm64=6,amd64=4" && ptr.Deref(web.Status.RealQPS, 0) == 8000
	})
	if err != nil {
		return err
	}
	if _, err := s.await(ctx, shop, "of these, 6 joined the Service, and 4 wait beside it", func(*elasticwebv1.ElasticWeb) bool {
		joined, err := s.joined(ctx)
		return err == nil && maps.Equal(joined, map[string]int{elasticwebv1.JoinedTrue: 6, elasticwebv1.JoinedFalse: 4})
	}); err != nil {
		return err
	}
	return s.showSum(ctx, web)
}

// joined counts the pods of the shop by whether they joined its Service.
func (s *stage) joined(ctx context.Context) (map[string]int, error) {
	pods, counts := &corev1.PodList{}, map[string]int{}
	if err := s.client.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels{elasticwebv1.LabelInstance: shop}); err != nil {
		return nil, err
	}
	for _, pod := range pods.Items {
		counts[pod.Labels[elasticwebv1.LabelJoined]]++
	}
	return counts, nil
}

// showSum says what the pods are worth behind the Service, and what by weights.
func (s *stage) showSum(ctx context.Context, web *elasticwebv1.ElasticWeb) error {
	fast, slow := web.Status.Architectures[0], web.Status.Architectures[1]
	s.out.text("  The Service spreads requests evenly, so that each pod counts with what the")
	s.out.text("  slowest serves: all would be %d x %d = %d, and the fast ones alone are", fast.Pods+slow.Pods, slow.SinglePodsQPS, (fast.Pods+slow.Pods)*slow.SinglePodsQPS)
	s.out.text("  %d x %d = %d. The way in spreads them by weights: each pod gets its share,", fast.Pods, fast.SinglePodsQPS, fast.Pods*fast.SinglePodsQPS)
	s.out.text("  and all are worth their sum, %s = %d.", sumOf(fast, slow), *web.Status.RealQPS)
	s.out.command("kubectl get httproute " + shop + " -n " + namespace + " -o '" + weights + "'")
	text, err := s.cluster.Kubectl(ctx, "", "get", "httproute", shop, "-n", namespace, "-o", weights)
	if err != nil {
		return err
	}
	if strings.Count(text, "=") != 2 {
		return fmt.Errorf("the HTTPRoute leads to %q, and not to two Services by weights", text)
	}
	s.out.table(text)
	return s.showTables(ctx)
}

func sumOf(groups ...elasticwebv1.ArchitectureStatus) string {
	var parts []string
	for _, group := range groups {
		parts = append(parts, fmt.Sprintf("%d x %d", group.Pods, group.SinglePodsQPS))
	}
	return strings.Join(parts, " + ")
}
