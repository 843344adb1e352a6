// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

const pollInterval = 500 * time.Millisecond

// testContainer is the name that scorecard gives the container of a test.
const testContainer = "scorecard-test"

// application is what the ElasticWeb runs.
type application struct {
	image       string
	command     []string
	pullSecrets []corev1.LocalObjectReference
}

// findApplication takes the image of the pod in which the test runs: the nodes
// can pull it, since they did, and this program can serve.
func findApplication(ctx context.Context, cluster client.Client, o options) (application, error) {
	if o.image != "" {
		return application{image: o.image}, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return application{}, fmt.Errorf("find the pod of this test: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return application{}, fmt.Errorf("find this program in its image: %w", err)
	}
	pod := &corev1.Pod{}
	if err := cluster.Get(ctx, types.NamespacedName{Namespace: o.namespace, Name: host}, pod); err != nil {
		return application{}, fmt.Errorf("find the pod of this test, for its image (elsewhere, use --image): %w", err)
	}
	for _, container := range pod.Spec.Containers {
		if container.Name == testContainer {
			return application{image: container.Image, command: []string{self, "serve"}, pullSecrets: pod.Spec.ImagePullSecrets}, nil
		}
	}
	return application{}, fmt.Errorf("the pod %s has no container %s to take the image from: use --image", host, testContainer)
}

// observation is what came of a demand so far.
type observation struct {
	generation     int64
	observed       int64
	pods, realQPS  int32
	ready, message string
}

func observe(ctx context.Context, cluster client.Client, web *elasticwebv1.ElasticWeb) (observation, error) {
	if err := cluster.Get(ctx, client.ObjectKeyFromObject(web), web); err != nil {
		return observation{}, fmt.Errorf("read the ElasticWeb %s: %w", web.Name, err)
	}
	deployment := &appsv1.Deployment{}
	if err := cluster.Get(ctx, client.ObjectKeyFromObject(web), deployment); client.IgnoreNotFound(err) != nil {
		return observation{}, fmt.Errorf("read the Deployment %s: %w", web.Name, err)
	}
	o := observation{generation: web.Generation, observed: web.Status.ObservedGeneration, ready: "not there"}
	if deployment.Spec.Replicas != nil {
		o.pods = *deployment.Spec.Replicas
	}
	if web.Status.RealQPS != nil {
		o.realQPS = *web.Status.RealQPS
	}
	if condition := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady); condition != nil {
		o.ready, o.message = string(condition.Status), condition.Reason+": "+condition.Message
	}
	return o, nil
}

func (o observation) fits(d demand) bool {
	return o.observed == o.generation && o.ready == "True" && o.pods == d.pods && o.realQPS == d.realQPS
}

func (o observation) String() string {
	return fmt.Sprintf("%d pods and realQPS %d, Ready %s (%s)", o.pods, o.realQPS, o.ready, o.message)
}

// remove deletes the ElasticWeb, and waits until what it owned is gone too.
func remove(ctx context.Context, cluster client.Client, web *elasticwebv1.ElasticWeb) error {
	if err := cluster.Delete(ctx, web); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete the ElasticWeb %s: %w", web.Name, err)
	}
	for _, object := range []client.Object{&elasticwebv1.ElasticWeb{}, &appsv1.Deployment{}, &corev1.Service{}} {
		for {
			err := cluster.Get(ctx, client.ObjectKeyFromObject(web), object)
			if apierrors.IsNotFound(err) {
				break
			}
			if err != nil {
				return fmt.Errorf("see that what the ElasticWeb %s owned is gone: %w", web.Name, err)
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the %T %s is still there a minute after the ElasticWeb was deleted", object, web.Name)
			case <-time.After(pollInterval):
			}
		}
	}
	return nil
}
