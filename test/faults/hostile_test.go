// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

const (
	tenantAccount = "tenant"
	// attackers act side by side.
	attackers = 6
	// namesOfTenant is how many objects of a kind the tenant makes in a namespace that has no object quota.
	namesOfTenant = 150
)

// hostile is a tenant with a service account that has the roles edit and elasticweb-editor in some namespaces.
type hostile struct {
	*run
	as         client.Client
	namespaces []string
	registries []string
	// foreign are namespaces of others, foreignOwner is an ElasticWeb in one of them, and port a node port that is taken.
	foreign      []string
	foreignOwner metav1.OwnerReference
	port         int32
	schema       schema

	mu       sync.Mutex
	outcomes map[string]*outcomes
}

// outcomes are what the API server said to an act. An unwanted one is an answer that it must not give.
type outcomes struct{ accepted, refused, unwanted int }

func (r *run) newHostile(n *neighbours) *hostile {
	r.t.Helper()
	h := &hostile{run: r, outcomes: map[string]*outcomes{}, foreign: []string{n.bystander.namespace, systemNamespace}, port: n.bystander.firstPort}
	h.foreign = append(h.foreign, n.victims[0].namespace)
	h.foreignOwner = metav1.OwnerReference{APIVersion: "elasticweb.example.com/v1", Kind: "ElasticWeb", Name: webName, UID: types.UID(n.victims[0].namespace)}
	var err error
	h.schema, err = specSchema()
	r.must(err)
	h.startRegistries()
	editor, err := manifests.ReadFile("../../config/rbac/elasticweb_editor_role.yaml")
	r.must(err)
	if err := r.world.live.Create(r.ctx, editor[0]); !apierrors.IsAlreadyExists(err) {
		r.must(err)
	}
	for i := range 6 + r.random.IntN(6) {
		namespace := r.newPlace().namespace
		h.namespaces = append(h.namespaces, namespace)
		// The nodes are not the operator's to share out.
		quota := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("4")}
		if i%2 == 0 {
			quota["count/elasticwebs.elasticweb.example.com"] = resource.MustParse("20")
			quota["count/elasticwebbenchmarks.elasticweb.example.com"] = resource.MustParse("5")
		}
		r.must(r.world.live.Create(r.ctx, &corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "quota"}, Spec: corev1.ResourceQuotaSpec{Hard: quota},
		}))
		for _, role := range []string{"edit", editor[0].GetName()} {
			r.must(r.world.live.Create(r.ctx, bind("ClusterRole", role, namespace, h.namespaces[0], tenantAccount)))
		}
	}
	r.must(r.world.live.Create(r.ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: h.namespaces[0], Name: tenantAccount}}))
	config, err := r.world.plane.ServiceAccountConfig(r.ctx, h.namespaces[0], tenantAccount)
	r.must(err)
	config.QPS = -1
	h.as, err = client.New(config, client.Options{Scheme: newScheme(), Mapper: r.world.live.RESTMapper()})
	r.must(err)
	r.t.Cleanup(h.letGo)
	return h
}

// letGo takes away the finalizers that the tenant left: its namespaces could not end.
func (h *hostile) letGo() {
	for _, kind := range kinds() {
		for _, namespace := range h.namespaces {
			all := listOf(kind)
			_ = h.world.live.List(context.Background(), all, client.InNamespace(namespace))
			for _, object := range itemsOf(all) {
				if len(object.GetFinalizers()) > 0 {
					_ = h.world.live.Patch(context.Background(), object, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
				}
			}
		}
	}
}

// attack begins what ends after a while: each attacker does all acts again and again, in an order of its own.
func (h *hostile) attack(lasts time.Duration) (done <-chan struct{}) {
	ctx, cancel := context.WithTimeout(h.ctx, lasts)
	var group sync.WaitGroup
	for range attackers {
		random := h.another()
		group.Go(func() {
			for ctx.Err() == nil {
				all := acts()
				random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				for _, chosen := range all {
					namespace := h.namespaces[random.IntN(len(h.namespaces))]
					h.count(ctx, chosen, chosen.do(&attacker{hostile: h, ctx: ctx, random: random, namespace: namespace}))
				}
			}
		})
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer cancel()
		group.Wait()
	}()
	return over
}

func (h *hostile) count(ctx context.Context, chosen act, err error) {
	if ctx.Err() != nil {
		return
	}
	h.injected(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	of := h.outcomes[chosen.name]
	if of == nil {
		of = &outcomes{}
		h.outcomes[chosen.name] = of
	}
	switch {
	case chosen.isBeyond && !apierrors.IsForbidden(err):
		of.unwanted++
	case err == nil:
		of.accepted++
	case !errors.Is(err, errNothingThere):
		of.refused++
	}
}

// leastTries is how often an act is tried before it counts as one that comes to nothing, and tests nothing.
const leastTries = 20

// expectAttack fails where an act came to nothing, and where one did what no right allows.
func (h *hostile) expectAttack() {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var told []string
	for _, chosen := range acts() {
		of := h.outcomes[chosen.name]
		switch {
		case of == nil:
			continue
		case of.unwanted > 0:
			h.differ("%s: not refused", chosen.name)
		case of.accepted == 0 && of.refused > leastTries && !chosen.isBeyond:
			h.t.Errorf("%s: refused %d times, and never accepted", chosen.name, of.refused)
		}
		told = append(told, fmt.Sprintf("%s %d+%d", chosen.name, of.accepted, of.refused))
	}
	h.t.Logf("in %d namespaces, accepted and refused: %s", len(h.namespaces), strings.Join(told, ", "))
}

var errNothingThere = errors.New("there is nothing to act on")

// attacker does one act in one namespace.
type attacker struct {
	*hostile
	ctx       context.Context //nolint:containedctx // it ends with the attack.
	random    *rand.Rand
	namespace string
}

func (a *attacker) name(prefix string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: a.namespace, Name: fmt.Sprintf("%s-%d", prefix, a.random.IntN(namesOfTenant))}
}

// put makes an object, or replaces the one of its name.
func (a *attacker) put(object client.Object) error {
	err := a.as.Create(a.ctx, object)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	there, _ := object.DeepCopyObject().(client.Object)
	if err := a.as.Get(a.ctx, client.ObjectKeyFromObject(object), there); err != nil {
		return err
	}
	object.SetResourceVersion(there.GetResourceVersion())
	return a.as.Update(a.ctx, object)
}

// any is one of the objects of a kind that there are.
func (a *attacker) any(kind client.Object) (client.Object, error) {
	first := a.random.IntN(len(a.namespaces))
	for i := range a.namespaces {
		list := listOf(kind)
		if err := a.as.List(a.ctx, list, client.InNamespace(a.namespaces[(first+i)%len(a.namespaces)]), client.Limit(50)); err != nil {
			return nil, err
		}
		if all := itemsOf(list); len(all) > 0 {
			return all[a.random.IntN(len(all))], nil
		}
	}
	return nil, errNothingThere
}

// patch changes one of the objects of a kind.
func (a *attacker) patch(kind client.Object, patch string) error {
	object, err := a.any(kind)
	if err != nil {
		return err
	}
	return a.as.Patch(a.ctx, object, client.RawPatch(types.MergePatchType, []byte(patch)))
}

// pick is one of several.
func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }
