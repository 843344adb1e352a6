// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package benchmark reconciles ElasticWebBenchmarks: Reconciler begins runs and collects what they found, ReleaseReconciler has
// Helm make their Jobs.
package benchmark

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/controllers/images"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/helmrelease"
)

// Kind is the kind that Reconciler reconciles.
const Kind = "ElasticWebBenchmark"

// Reconciler begins the runs of ElasticWebBenchmarks and collects their results. The Jobs are made by
// the Helm release that ReleaseReconciler looks after.
type Reconciler struct {
	// Cached reads from the informers, Live from the API server, Writer writes.
	Cached client.Reader
	Live   client.Reader
	Writer client.Client
	// Events records what went wrong and what was measured.
	Events events.EventRecorder
	// Images looks up what an image holds; nil to look nothing up.
	Images images.Lookup
	// ImageWait is how long a run waits for its image.
	ImageWait time.Duration
	// WatchesNodes is false where the operator may not read nodes.
	WatchesNodes bool
	// GeneratorImage is the image of the load generator.
	GeneratorImage string
	Clock          clock.PassiveClock

	images  images.Observer
	applier *apply.Applier
}

// +kubebuilder:rbac:groups=elasticweb.example.com,resources=elasticwebbenchmarks,verbs=get;list;watch,roleName=benchmark-role
// +kubebuilder:rbac:groups=elasticweb.example.com,resources=elasticwebbenchmarks/status,verbs=patch,roleName=benchmark-role
// +kubebuilder:rbac:groups=elasticweb.example.com,resources=elasticwebbenchmarks/finalizers,verbs=update,roleName=benchmark-role
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create;patch;delete,roleName=benchmark-role

// Reconcile reads what there is, decides what the status says, writes it where it differs, and prunes.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	b := &v1alpha1.ElasticWebBenchmark{}
	err := r.Cached.Get(ctx, request.NamespacedName, b)
	if apierrors.IsNotFound(err) {
		r.images.Forget(request.NamespacedName)
		r.applier.Forget(Kind, request.NamespacedName)
		r.applier.Forget(kindJob, request.NamespacedName)
		return ctrl.Result{}, nil
	}
	if err != nil || !b.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, err // what is being deleted takes its Jobs with it.
	}
	now := metav1.NewTime(r.Clock.Now().Truncate(time.Second))
	switch {
	case b.UnreadableStatus != "":
		return ctrl.Result{}, r.resetStatus(ctx, b)
	case b.UnreadableSpec != "": // its run, if there is one, is left alone.
		retry, err := r.report(ctx, b, benchmark.Unreadable(b, now))
		return ctrl.Result{RequeueAfter: retry}, err
	}
	observed, retry, err := r.observe(ctx, b)
	if err != nil {
		return ctrl.Result{}, err
	}
	untold, err := r.report(ctx, b, benchmark.Make(b, observed, now))
	pruned, errPrune := r.prune(ctx, b)
	return ctrl.Result{RequeueAfter: controllers.Soonest(untold, retry, pruned)}, errors.Join(err, errPrune)
}

// resetStatus takes away a status that could not be decoded: half of a run could pass for one that has ended, and an apply would meet
// what nobody can read. The event of it brings the benchmark again, with a status that is empty.
func (r *Reconciler) resetStatus(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) error {
	patch := fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q},"status":null}`, b.ResourceVersion)
	err := r.Writer.Status().Patch(ctx, b, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(controllers.FieldManager))
	if err != nil && !apply.IsGone(err) {
		return fmt.Errorf("reset the status, which cannot be read: %w", err)
	}
	return nil
}

// report writes the part of the status that this reconciler owns, where it differs. retry is when to try again what could not be told.
func (r *Reconciler) report(ctx context.Context, b *v1alpha1.ElasticWebBenchmark, wanted v1alpha1.ElasticWebBenchmarkStatus) (retry time.Duration, _ error) {
	if equality.Semantic.DeepEqual(ownStatus(b), wanted) {
		return 0, nil
	}
	status, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&wanted)
	if err != nil {
		return 0, fmt.Errorf("convert the status: %w", err)
	}
	applied := helmrelease.StatusOf(b, v1alpha1.GroupVersion.WithKind(Kind), status)
	applied.SetResourceVersion(b.ResourceVersion) // as it was looked at.
	write := apply.Write{Kind: Kind, Namespace: b.Namespace, Name: b.Name, What: fmt.Sprintf("the status of generation %d", b.Generation)}
	err = r.applier.Try(write, func() error {
		err := r.Writer.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner(controllers.FieldManager), client.ForceOwnership)
		if kind, reason, message := benchmark.News(&b.Status, &wanted); reason != "" && err == nil {
			r.Events.Eventf(b, nil, kind, reason, "Measure", "%s", message)
		}
		if apply.IsGone(err) {
			return nil
		}
		return err
	})
	return controllers.Untold(ctx, r.Events, Kind, b, controllers.StaleStatus, err)
}

// ownStatus is the part of the status that this reconciler writes.
func ownStatus(b *v1alpha1.ElasticWebBenchmark) v1alpha1.ElasticWebBenchmarkStatus {
	status := *b.Status.DeepCopy()
	status.DeployedRelease = nil
	own := []string{v1alpha1.ConditionComplete, v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled}
	status.Conditions = slices.DeleteFunc(status.Conditions, func(c metav1.Condition) bool { return !slices.Contains(own, c.Type) })
	return status
}
