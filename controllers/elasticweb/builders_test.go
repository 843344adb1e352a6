// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

var lastPort atomic.Int32

// freePort gives each ElasticWeb of the suite a node port of its own.
func freePort() int32 { return 20000 + lastPort.Add(1) }

// newWeb is the walk-through's sample: 3 pods of 800 for 2400, changed by the given functions.
func newWeb(namespace, name string, changes ...func(*elasticwebv1.ElasticWeb)) *elasticwebv1.ElasticWeb {
	web := &elasticwebv1.ElasticWeb{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: elasticwebv1.ElasticWebSpec{
			Image: "nginx:1.17.1", Port: ptr.To(freePort()),
			SinglePodsQPS: ptr.To[int32](800), TotalQPS: ptr.To[int32](2400),
		},
	}
	for _, change := range changes {
		change(web)
	}
	return web
}

// readyReason reads the reason of Ready, once the status speaks of the newest spec; "" before.
func readyReason(ctx context.Context, web *elasticwebv1.ElasticWeb) func() string {
	return func() string {
		current := &elasticwebv1.ElasticWeb{}
		if k8s.Get(ctx, client.ObjectKeyFromObject(web), current) != nil ||
			current.Status.ObservedGeneration != current.Generation {
			return ""
		}
		if ready := meta.FindStatusCondition(current.Status.Conditions, elasticwebv1.ConditionReady); ready != nil {
			return ready.Reason
		}
		return ""
	}
}

// expectReason waits until Ready has the reason.
func expectReason(ctx context.Context, web *elasticwebv1.ElasticWeb, reason string) {
	GinkgoHelper()
	Eventually(readyReason(ctx, web)).WithContext(ctx).Should(Equal(reason))
}

// update changes an ElasticWeb, again where it changed in the meantime.
func update(ctx context.Context, web *elasticwebv1.ElasticWeb, change func(*elasticwebv1.ElasticWeb)) {
	GinkgoHelper()
	Eventually(func() error {
		current := &elasticwebv1.ElasticWeb{}
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(web), current); err != nil {
			return err
		}
		change(current)
		return k8s.Update(ctx, current)
	}).WithContext(ctx).Should(Succeed())
}
