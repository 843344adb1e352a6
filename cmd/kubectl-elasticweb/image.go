// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/elasticweb"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// imagePatience is how long a registry is waited for.
const imagePatience = 15 * time.Second

// lookUp asks a registry for an image as the operator does, from here, with the pull secrets that the user may read.
func (e *environment) lookUp(reader client.Reader, plainHTTP []string) func(context.Context, *elasticwebv1.ElasticWeb, bool) plan.Image {
	return func(ctx context.Context, web *elasticwebv1.ElasticWeb, isFresh bool) plan.Image {
		ctx, stop := context.WithTimeout(ctx, 2*imagePatience)
		defer stop()
		resolver, err := platforms.New(platforms.Options{PlainHTTPRegistries: plainHTTP, UserAgent: "kubectl-elasticweb"})
		if err != nil {
			return plan.Image{State: plan.ImageFailed, Message: err.Error()}
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = resolver.Start(ctx) // ends with ctx.
		}()
		defer func() { stop(); <-ended }()
		observer := &images.Observer{Kind: elasticweb.Kind, Images: resolver, Live: reader, Wait: imagePatience, Clock: clock.RealClock{}}
		pod := images.Pod{Image: web.Spec.Image, ServiceAccount: web.Spec.ServiceAccountName, PullSecrets: web.Spec.ImagePullSecrets}
		for {
			image, _ := observer.Observe(client.ObjectKeyFromObject(web), pod, isFresh)
			if image.State != plan.ImagePending {
				return image
			}
			select {
			case <-ctx.Done():
				return plan.Image{State: plan.ImageFailed, Message: "the registry did not answer in time"}
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}
