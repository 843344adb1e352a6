// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

const (
	namespace = "perf"
	firstPort = 10000
	lastPort  = 65000
	crd       = "config/crd/bases/elasticweb.example.com_elasticwebs.yaml"
)

func newClient(c *cluster.Cluster) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := elasticwebv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return client.New(c.RESTConfig(), client.Options{Scheme: scheme})
}

// prepare makes the namespace, and has ElasticWebs served.
func prepare(ctx context.Context, api client.Client) error {
	return prepareWith(ctx, api, crd, &elasticwebv1.ElasticWebList{})
}

// prepareWith does it for the CRD of a file, and waits until its objects can be listed.
func prepareWith(ctx context.Context, api client.Client, path string, list client.ObjectList) error {
	definitions, err := manifests.ReadFile(path)
	if err != nil {
		return fmt.Errorf("run this in the root of the repository: %w", err)
	}
	for _, definition := range definitions {
		if err := api.Create(ctx, definition); err != nil {
			return err
		}
	}
	if err := api.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	// Pods are refused without, and the controller that makes it is stopped.
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}}
	if err := api.Create(ctx, account); client.IgnoreAlreadyExists(err) != nil {
		return err
	}
	return wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		return api.List(ctx, list) == nil, nil
	})
}

func web(i int) *elasticwebv1.ElasticWeb {
	return &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("web-%05d", i)},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: "registry.example.com/shop:1.4", Port: ptr.To(int32(firstPort + i)),
			SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
		},
	}
}

// forEach calls do for every number of a span, concurrency at a time.
func forEach(ctx context.Context, part span, concurrency int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for i := part.begin; i < part.end; i++ {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

const (
	firstDemand = `{"spec":{"totalQPS":2400}}`
	otherDemand = `{"spec":{"totalQPS":4800}}`
	otherImage  = `{"spec":{"image":"registry.example.com/shop:1.5"}}`
)

// patching patches an ElasticWeb, and gives it as it is then.
func patching(api client.Client, patch string) func(context.Context, int) (*elasticwebv1.ElasticWeb, error) {
	return func(ctx context.Context, i int) (*elasticwebv1.ElasticWeb, error) {
		w := web(i)
		return w, api.Patch(ctx, w, client.RawPatch(types.MergePatchType, []byte(patch)))
	}
}
