// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"errors"
	"fmt"

	helmclient "github.com/operator-framework/helm-operator-plugins/pkg/client"
	helmreconciler "github.com/operator-framework/helm-operator-plugins/pkg/reconciler"
	"github.com/operator-framework/helm-operator-plugins/pkg/values"
	"github.com/operator-framework/helm-operator-plugins/pkg/watches"
	"github.com/operator-framework/operator-lib/proxy"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/helmrelease"
)

// releaseHistory is how many revisions of a release are kept.
const releaseHistory = 2

// ReleaseReconciler sets up helm-operator-plugins' reconciler for ElasticWebBenchmarks: it makes the Jobs of the runs that
// Reconciler begins, and removes them.
type ReleaseReconciler struct {
	// Live reads from the API server, Writer writes.
	Live   client.Reader
	Writer client.Client
	// Namespace that the releases are kept in.
	Namespace string
	// Watch is what watches.yaml says of the kind, with the chart.
	Watch watches.Watch

	// cached reads from the informers.
	cached client.Reader
}

// LoadWatch reads the one entry that watches.yaml must have, that of ElasticWebBenchmark, and its chart.
func LoadWatch(path string) (watches.Watch, error) {
	list, err := watches.Load(path)
	if err != nil {
		return watches.Watch{}, fmt.Errorf("read %s: %w", path, err)
	}
	if wanted := v1alpha1.GroupVersion.WithKind(Kind); len(list) != 1 || list[0].GroupVersionKind != wanted {
		return watches.Watch{}, fmt.Errorf("%s must name %s, and nothing else", path, wanted)
	}
	return list[0], nil
}

// SetupWithManager registers the reconciler and its watches.
func (r *ReleaseReconciler) SetupWithManager(mgr ctrl.Manager) error {
	r.cached = mgr.GetCache()
	actions, err := r.actionClients(mgr)
	if err != nil {
		return err
	}
	options := []helmreconciler.Option{
		helmreconciler.WithGroupVersionKind(r.Watch.GroupVersionKind),
		helmreconciler.SkipPrimaryGVKSchemeRegistration(true),
		helmreconciler.WithChart(*r.Watch.Chart),
		helmreconciler.WithSelector(*r.Watch.Selector),
		helmreconciler.WithOverrideValues(r.Watch.OverrideValues),
		helmreconciler.WithMaxReleaseHistory(releaseHistory),
		helmreconciler.WithClient(&helmrelease.Client{Client: r.Writer, Live: r.Live, HasWork: r.hasWork, RunOf: benchmark.RunOf}),
		helmreconciler.WithActionClientGetter(actions),
		helmreconciler.WithValueTranslator(values.TranslatorFunc(translate)),
		// The dependents are Jobs alone, which another reconciler watches already: that informer is shared.
		helmreconciler.SkipDependentWatches(true),
		helmreconciler.WithControllerSetupFunc(func(c helmreconciler.ControllerSetup) error { return c.Watch(lostJobs(mgr)) }),
	}
	if r.Watch.MaxConcurrentReconciles != nil {
		options = append(options, helmreconciler.WithMaxConcurrentReconciles(*r.Watch.MaxConcurrentReconciles))
	}
	reconciler, err := helmreconciler.New(options...)
	if err != nil {
		return fmt.Errorf("set up the Helm reconciler: %w", err)
	}
	if err := reconciler.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("set up the Helm reconciler: %w", err)
	}
	return nil
}

// actionClients run Helm's actions.
func (r *ReleaseReconciler) actionClients(mgr ctrl.Manager) (helmclient.ActionClientGetter, error) {
	configs, err := helmclient.NewActionConfigGetter(mgr.GetConfig(), mgr.GetRESTMapper(),
		helmclient.StorageDriverMapper(helmrelease.Storage(r.Namespace)))
	if err != nil {
		return nil, fmt.Errorf("set up Helm: %w", err)
	}
	actions, err := helmclient.NewActionClientGetter(configs,
		// What failed is upgraded by the next try. Rolling back would start Jobs of the previous run again.
		helmclient.WithFailureRollbacks(false),
		// The API server validates what it gets; Helm would fetch the schemas of all kinds for that each time.
		// Hooks, of which the chart has none, would be applied without a look at them.
		helmclient.AppendInstallOptions(func(install *action.Install) error {
			install.DisableOpenAPIValidation, install.DisableHooks = true, true
			return nil
		}),
		helmclient.AppendUpgradeOptions(func(upgrade *action.Upgrade) error {
			upgrade.DisableOpenAPIValidation, upgrade.DisableHooks = true, true
			return nil
		}),
		helmclient.AppendUninstallOptions(func(uninstall *action.Uninstall) error { uninstall.DisableHooks = true; return nil }))
	if err != nil {
		return nil, fmt.Errorf("set up Helm: %w", err)
	}
	return helmrelease.Recover(helmrelease.Rendered(actions, applied)), nil
}

// applied is what may be applied of a rendered chart: the Jobs of the run that the status holds, owned by the benchmark, and
// as the types have them. Anything else is refused.
func applied(owner client.Object, rendered []byte) ([]byte, error) {
	object, isUnstructured := owner.(*unstructured.Unstructured)
	if !isUnstructured {
		return nil, fmt.Errorf("check the rendered chart: %T is not unstructured", owner)
	}
	b, err := typed(object)
	if err != nil {
		return nil, err
	}
	jobs, err := benchmark.Rendered(rendered, b, proxy.ReadProxyVarsFromEnv())
	if err != nil {
		return nil, err
	}
	objects := make([]map[string]any, len(jobs))
	for i := range jobs {
		jobs[i].OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(b, v1alpha1.GroupVersion.WithKind(Kind))}
		if objects[i], err = runtime.DefaultUnstructuredConverter.ToUnstructured(&jobs[i]); err != nil {
			return nil, fmt.Errorf("convert the Job: %w", err)
		}
		delete(objects[i], "status")
	}
	return helmrelease.Manifest(objects)
}

// translate gives the values of the run that the status holds.
func translate(_ context.Context, object *unstructured.Unstructured) (chartutil.Values, error) {
	b, err := typed(object)
	if err != nil {
		return nil, err
	}
	if b.UnreadableSpec != "" {
		return nil, errors.New(b.UnreadableSpec)
	}
	return benchmark.Values(b, proxy.ReadProxyVarsFromEnv())
}

// lostJobs brings the benchmark of a Job that is gone.
func lostJobs(mgr ctrl.Manager) source.Source {
	return source.Kind(mgr.GetCache(), client.Object(&batchv1.Job{}),
		handler.TypedEnqueueRequestForOwner[client.Object](mgr.GetScheme(), mgr.GetRESTMapper(),
			&v1alpha1.ElasticWebBenchmark{}, handler.OnlyControllerOwner()),
		predicate.Funcs{
			CreateFunc: func(event.CreateEvent) bool { return false },
			UpdateFunc: func(event.UpdateEvent) bool { return false },
		})
}

// hasWork reports whether Helm has something to do: to uninstall, or what benchmark.NeedsRelease says.
func (r *ReleaseReconciler) hasWork(ctx context.Context, name types.NamespacedName) (bool, error) {
	b, err := r.get(ctx, name)
	switch {
	case err != nil:
		return false, client.IgnoreNotFound(err)
	case !b.DeletionTimestamp.IsZero():
		return controllerutil.ContainsFinalizer(b, helmrelease.Finalizer), nil
	}
	jobs, err := ownedJobs(ctx, r.cached, b)
	return err == nil && benchmark.NeedsRelease(b, jobs), err
}

// get is the benchmark as the informer has it whose events wake the Helm reconciler. That of another reconciler, which has typed
// objects, may be behind it: what an event tells would be overlooked. It has no spec, see the package caches.
func (r *ReleaseReconciler) get(ctx context.Context, name types.NamespacedName) (*v1alpha1.ElasticWebBenchmark, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(r.Watch.GroupVersionKind)
	if err := r.cached.Get(ctx, name, object, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return typed(object)
}

func typed(object *unstructured.Unstructured) (*v1alpha1.ElasticWebBenchmark, error) {
	b := &v1alpha1.ElasticWebBenchmark{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, b); err != nil {
		return nil, fmt.Errorf("read the benchmark: %w", err)
	}
	return b, nil
}
