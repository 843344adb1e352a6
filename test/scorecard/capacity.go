// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// demand is a step of the test, and what has to come of it.
type demand struct {
	totalQPS, singlePodsQPS int32
	pods, realQPS           int32
}

// demands go up by a part of a pod, down, and away.
var demands = []demand{
	{totalQPS: 2400, singlePodsQPS: 800, pods: 3, realQPS: 2400},
	{totalQPS: 2401, singlePodsQPS: 800, pods: 4, realQPS: 3200},
	{totalQPS: 600, singlePodsQPS: 500, pods: 2, realQPS: 1000},
	{totalQPS: 0, singlePodsQPS: 500, pods: 0, realQPS: 0},
}

// checkCapacity has the operator of the cluster run an ElasticWeb, changes what
// it must serve, and compares the pods and realQPS. It leaves nothing behind.
func checkCapacity(ctx context.Context, o options) (mistakes []string, err error) {
	if o.namespace == "" {
		return nil, errors.New("no namespace for the ElasticWeb: scorecard sets SCORECARD_NAMESPACE, elsewhere use --namespace")
	}
	ctx, cancel := context.WithTimeout(ctx, o.capacityLimit)
	defer cancel()
	cluster, err := connect()
	if err != nil {
		return nil, err
	}
	app, err := findApplication(ctx, cluster, o)
	if err != nil {
		return nil, err
	}
	web := newElasticWeb(o.namespace, app)
	if err := cluster.Create(ctx, web); err != nil {
		return nil, fmt.Errorf("create an ElasticWeb in %s (is the operator installed, and may this service account create them?): %w", o.namespace, err)
	}
	defer func() {
		// Not in ctx, which may have ended: nothing is left behind even then.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, remove(ctx, cluster, web))
	}()
	for _, d := range demands {
		if mistake, err := try(ctx, cluster, web, d); mistake != "" || err != nil {
			return []string{mistake}, err
		}
	}
	return nil, nil
}

func connect() (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), elasticwebv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	restConfig, err := config.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	return client.New(restConfig, client.Options{Scheme: scheme})
}

func newElasticWeb(namespace string, app application) *elasticwebv1.ElasticWeb {
	port := int32(8080)
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "scorecard-", Namespace: namespace},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: app.image,
			Port:  &port, ContainerPort: &port,
			// No node port, which might be somebody's.
			Service: &elasticwebv1.ServiceSpec{Type: elasticwebv1.ServiceTypeClusterIP},
			PodSettings: elasticwebv1.PodSettings{
				Command:          app.command,
				ImagePullSecrets: app.pullSecrets,
				Resources: &corev1.ResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi"),
				}},
			},
		},
	}
	demands[0].writeTo(web)
	return web
}

func (d demand) writeTo(web *elasticwebv1.ElasticWeb) {
	web.Spec.TotalQPS, web.Spec.SinglePodsQPS = &d.totalQPS, &d.singlePodsQPS
}

// try asks for the demand, and says what did not come of it.
func try(ctx context.Context, cluster client.Client, web *elasticwebv1.ElasticWeb, d demand) (mistake string, err error) {
	before := web.DeepCopy()
	d.writeTo(web)
	if err := cluster.Patch(ctx, web, client.MergeFrom(before)); err != nil {
		return "", fmt.Errorf("change totalQPS of the ElasticWeb %s: %w", web.Name, err)
	}
	for {
		observed, err := observe(ctx, cluster, web)
		if err == nil && observed.fits(d) {
			return "", nil
		}
		if err != nil && ctx.Err() == nil {
			return "", err
		}
		select {
		case <-ctx.Done():
			return fmt.Sprintf("totalQPS %d at singlePodsQPS %d: want %d pods and realQPS %d, got %s within the time",
				d.totalQPS, d.singlePodsQPS, d.pods, d.realQPS, observed), nil
		case <-time.After(pollInterval):
		}
	}
}
