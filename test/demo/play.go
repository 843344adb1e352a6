// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

const (
	namespace  = "dev"
	sample     = "elasticweb-sample"
	shop       = "shop"
	samplePath = "config/samples/elasticweb_v1_elasticweb.yaml"
)

const shopManifest = `apiVersion: elasticweb.example.com/v1
kind: ElasticWeb
metadata: {name: shop, namespace: dev}
spec:
  image: %s
  port: 30004
  singlePodsQPS: 500
  totalQPS: 6000
  architectures:
  - {name: arm64, singlePodsQPS: 1000}
  - {name: amd64}
  - {name: s390x, singlePodsQPS: 250}
  expose:
    httpRoute: {parentRefs: [{name: public}], hostnames: [shop.example.com]}
`

// play is the show itself, an act after the other.
func (s *stage) play(ctx context.Context) error {
	for _, act := range []func(context.Context) error{s.theSample, s.theShop, s.theSpillOver, s.theReturn, s.theBurst} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) theSample(ctx context.Context) error {
	s.out.heading("The sample: 2400 requests per second (QPS), of which a pod serves 800")
	if err := s.run(ctx, "create", "namespace", namespace); err != nil {
		return err
	}
	if err := s.run(ctx, "apply", "-f", samplePath); err != nil {
		return err
	}
	web, err := s.await(ctx, sample, "3 pods are ready, and serve 2400", func(web *elasticwebv1.ElasticWeb) bool {
		return isReady(web) && web.Status.ReadyReplicas == 3 && *web.Status.RealQPS == 2400
	})
	if err == nil && !meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionPlatformsResolved) {
		s.out.text("  The registry of %s gives no answer; the pods run all the same.", web.Spec.Image)
	}
	return err
}

func (s *stage) theShop(ctx context.Context) error {
	s.out.heading("An image that ppc64le is missing from, and what its pods serve on the others")
	manifest := fmt.Sprintf(shopManifest, s.image)
	s.out.command("kubectl apply -f - <<END")
	for line := range strings.Lines(manifest + "END\n") {
		s.out.text("    %s", strings.TrimSuffix(line, "\n"))
	}
	if _, err := s.cluster.Kubectl(ctx, manifest, "apply", "-f", "-"); err != nil {
		return err
	}
	web, err := s.await(ctx, shop, "6 pods are ready, all on arm64, and serve 6000", func(web *elasticwebv1.ElasticWeb) bool {
		return isReady(web) && web.Status.PodsByArchitecture == "arm64=6" && web.Status.Address != "" &&
			meta.IsStatusConditionTrue(web.Status.Conditions, elasticwebv1.ConditionExposed)
	})
	if err != nil {
		return err
	}
	if image := web.Status.Image; image != nil && image.Port != nil && image.User != nil {
		s.out.text("  The registry says: it is for %s,", list(image.Platforms))
		s.out.text("  listens on port %d, and runs as user %d.", *image.Port, *image.User)
	}
	s.out.text("  Its way in is accepted: %s", web.Status.Address)
	return s.showTables(ctx)
}

func (s *stage) theReturn(ctx context.Context) error {
	s.out.heading("The arm64 nodes are back, and a rollout brings the pods home")
	if err := s.run(ctx, "uncordon", "-l", "kubernetes.io/arch=arm64"); err != nil {
		return err
	}
	if err := s.run(ctx, "rollout", "restart", "deployment/"+shop, "-n", namespace); err != nil {
		return err
	}
	if _, err := s.await(ctx, shop, "8 pods are ready, all on arm64, and serve 8000", func(web *elasticwebv1.ElasticWeb) bool {
		return isReady(web) && web.Status.PodsByArchitecture == "arm64=8"
	}); err != nil {
		return err
	}
	return s.showTables(ctx)
}

// run shows a command and runs it.
func (s *stage) run(ctx context.Context, args ...string) error {
	shown := []string{"kubectl"}
	for _, arg := range args {
		if strings.Contains(arg, `"`) {
			arg = "'" + arg + "'"
		}
		shown = append(shown, arg)
	}
	s.out.command(strings.Join(shown, " "))
	_, err := s.cluster.Kubectl(ctx, "", args...)
	return err
}
