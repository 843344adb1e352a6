// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// pair is a cluster with an ElasticWeb and a Deployment of its name, which takes note of what is patched.
type pair struct {
	client.Client
	owner   types.UID
	patched int
}

func (p *pair) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	object.SetName(key.Name)
	object.SetUID("1")
	if _, isDeployment := object.(*appsv1.Deployment); isDeployment && p.owner != "" {
		owner := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Name: key.Name, UID: p.owner}}
		object.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, elasticwebv1.GroupVersion.WithKind("ElasticWeb"))})
	}
	return nil
}

func (p *pair) Patch(_ context.Context, object client.Object, _ client.Patch, _ ...client.PatchOption) error {
	if object.GetName() == "missing" {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "elasticwebs"}, "missing")
	}
	p.patched++
	return nil
}

// TestRestartLeavesOthersAlone: a Deployment that only has the name of an ElasticWeb is somebody else's.
func TestRestartLeavesOthersAlone(t *testing.T) {
	for owner, want := range map[types.UID]int{"1": 1, "2": 0, "": 0} {
		var out bytes.Buffer
		e, cluster := newEnvironment(genericiooptions.IOStreams{Out: &out}), &pair{owner: owner}
		o := restarting()
		o.environment, o.client, o.namespace, o.names = e, cluster, "dev", []string{"shop"}
		err := o.run(t.Context())
		if cluster.patched != want || (err == nil) != (want == 1) || err != nil && !strings.Contains(err.Error(), "is not that of the ElasticWeb shop") {
			t.Errorf("of %q: patched %d times, %v", owner, cluster.patched, err)
		}
	}
}

// Of several names one that is refused keeps the others from nothing.
func TestOneRefusalStopsNoOther(t *testing.T) {
	var out bytes.Buffer
	e, cluster := newEnvironment(genericiooptions.IOStreams{Out: &out}), &pair{}
	o := &annotateOptions{environment: e, object: elasticWeb, done: "paused", patch: func(time.Time) string { return "{}" }, client: cluster, namespace: "dev", names: []string{"missing", "shop"}}
	if err := o.run(t.Context()); !apierrors.IsNotFound(err) || out.String() != "shop paused\n" {
		t.Errorf("%v; it says %q", err, out.String())
	}
}
