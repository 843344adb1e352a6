// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/observed"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Onlooker sees of an ElasticWeb what the Reconciler does, with the rights of whoever looks. It remembers nothing and changes nothing.
type Onlooker struct {
	Reader client.Reader
	// Image tells what an image holds, where the operator would ask for it; nil to look nothing up.
	Image func(ctx context.Context, web *elasticwebv1.ElasticWeb, isFresh bool) plan.Image
}

// Sight is what an Onlooker saw.
type Sight struct {
	plan.Observed
	// Web is the ElasticWeb with all of its podTemplate that has a field of its own in that field; Words name fields as the user does.
	Web   *elasticwebv1.ElasticWeb
	Words podtemplate.Words
	// Refusal says why the podTemplate is refused; nil where it is not.
	Refusal error
	// Benchmark is how far the one is that the spec names, where it has no result.
	Benchmark status.BenchmarkState
	// RunningPods are those that Observed has, in the same order.
	RunningPods []*corev1.Pod
	// Missing says what could not be read, and is missing.
	Missing []error
}

// Look reads what the plan of an ElasticWeb depends on. What may not be read is missing in it, and named.
func (o Onlooker) Look(ctx context.Context, web *elasticwebv1.ElasticWeb, now time.Time) (seen Sight, err error) {
	seen.Web, seen.Words, seen.Refusal = podtemplate.Resolved(web)
	seen.KeepsTemplate = seen.Refusal != nil
	seen.KnownFacts = knownFacts(web)
	for _, read := range []func() error{
		func() error { return readOwned(ctx, o.Reader, kindDeployment, web, &seen.Deployment, asRead) },
		func() error { return readOwned(ctx, o.Reader, kindService, web, &seen.Service, asRead) },
		func() error { return readOwned(ctx, o.Reader, kindBudget, web, &seen.Budget, asRead) },
		func() error { return o.lookAtWay(ctx, &seen, now) },
		func() error { return o.lookAtPods(ctx, &seen, now) },
		func() (err error) {
			seen.Observed.Benchmark, seen.Benchmark, err = readBenchmark(ctx, o.Reader, seen.Web)
			return err
		},
	} {
		if err := seen.note(read()); err != nil {
			return seen, err
		}
	}
	if web.Spec.Demand != nil { // only the operator reads the traffic: an onlooker goes by what it planned last.
		seen.Traffic = ptr.To(plan.ResumedTraffic(web, seen.Deployment))
	}
	if record := plan.RecordOf(seen.Deployment); record != nil {
		seen.Surge = record.Surge
	}
	needed, isFresh := plan.Lookup(&seen.Web.Spec, seen.Deployment)
	if needed && o.Image != nil && !seen.KeepsTemplate {
		seen.Image = o.Image(ctx, seen.Web, isFresh)
	}
	return seen, nil
}

func asRead[P client.Object](read P) P { return read }

// note takes what may not be read, or is of a kind that the cluster does not have, for missing. Other errors are given back.
func (s *Sight) note(err error) error {
	if apierrors.IsForbidden(err) || meta.IsNoMatchError(err) {
		s.Missing = append(s.Missing, err)
		return nil
	}
	return err
}

// lookAtPods reads the nodes and the pods: what a pod is on is told by its node.
func (o Onlooker) lookAtPods(ctx context.Context, seen *Sight, now time.Time) error {
	list, nodes := &corev1.NodeList{}, observed.Nodes{}
	// From the memory of the API server: who watches looks often, and there may be thousands.
	err := o.Reader.List(ctx, list, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: "0"}})
	if err == nil {
		nodes = observed.CountNodes(list.Items)
	} else if err := seen.note(fmt.Errorf("list nodes: %w", err)); err != nil {
		return err
	}
	seen.Nodes = nodes.For(nodeTerms(seen.Web, &seen.Observed))
	seen.HasKarpenter = nodes.HasKarpenter || hasKarpenter(o.Reader)
	if seen.Deployment == nil {
		return nil
	}
	pods := &corev1.PodList{}
	if err := o.Reader.List(ctx, pods, client.InNamespace(seen.Web.Namespace), client.MatchingLabels(plan.Selector(seen.Web.Name))); err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	if seen.RunningPods, err = podsOf(ctx, o.Reader, seen.Deployment, pods.Items); err == nil {
		seen.Pods = planPods(seen.Deployment, seen.RunningPods, nodes, now)
	}
	return err
}

// lookAtWay reads the way in that the spec asks for, and what decides about its weights.
func (o Onlooker) lookAtWay(ctx context.Context, seen *Sight, now time.Time) (err error) {
	switch way.KindOf(seen.Web) {
	case way.KindRoute:
		err = readOwned(ctx, o.Reader, way.KindRoute, seen.Web, &seen.Route, asRead)
	case way.KindHTTPRoute:
		err = readOwned(ctx, o.Reader, way.KindHTTPRoute, seen.Web, &seen.HTTPRoute, asRead)
	case way.KindIngress:
		err = readOwned(ctx, o.Reader, way.KindIngress, seen.Web, &seen.Ingress, asRead)
	}
	if err != nil || !plan.Weighs(&seen.Web.Spec) {
		return err
	}
	seen.Way.IsInForce = isInForce(seen.Web, &seen.Observed, &remembered{}, now)
	_, err = readWay(ctx, o.Reader, seen.Web, &seen.Observed, now, func(_ client.ObjectKey, read *corev1.Service) *corev1.Service { return read })
	return err
}
