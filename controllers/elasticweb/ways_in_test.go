// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// The pass that writes a way in goes on with the answer: the event of that causes no other one.
func TestChangesOfWaysInByOthersAloneCauseAPass(t *testing.T) {
	route := func(version, owner string) *way.HTTPRoute {
		made := &way.HTTPRoute{}
		made.Namespace, made.Name, made.ResourceVersion = "dev", "shop", version
		made.OwnerReferences = []metav1.OwnerReference{{APIVersion: elasticwebv1.GroupVersion.String(), Kind: Kind, Name: owner, Controller: ptr.To(true)}}
		return made
	}
	for name, tc := range map[string]struct {
		after *way.HTTPRoute
		want  int
	}{
		"the operator's write":     {route("8", "shop"), 0},
		"somebody's":               {route("9", "shop"), 1},
		"somebody's, who took it":  {route("9", "blog"), 2},
		"what was there already":   {route("7", "shop"), 0},
		"somebody's, who freed it": {&way.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "dev", Name: "shop", ResourceVersion: "9"}}, 1},
	} {
		r := &Reconciler{written: apply.NewWritten(clocktesting.NewFakePassiveClock(time.Now()))}
		r.written.Remember(way.KindHTTPRoute, route("8", "shop"))
		queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
		(&waysIn{reconciler: r}).handler(t.Context(), way.KindHTTPRoute, queue).OnUpdate(route("7", "shop"), tc.after)
		if got := queue.Len(); got != tc.want {
			t.Errorf("%s: %d are brought, want %d", name, got, tc.want)
		}
		queue.ShutDown()
	}
}
