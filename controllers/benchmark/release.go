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
	"helm.sh/helm/v3/pkg/storage/driver"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/controllers"
	"github.com/elasticweb/elasticweb-operator/internal/benchmark"
	"github.com/elasticweb/elasticweb-operator/internal/helmrelease"
)

// ReleaseReconciler has helm-operator-plugins' reconciler make the Jobs of the runs that Reconciler begins.
type ReleaseReconciler struct {
	// Cached reads from the informers, Live from the API server, Writer writes.
	Cached client.Reader
	Live   client.Reader
	Writer client.Client
	// Watch is what watches.yaml says of the kind, with the chart.
	Watch watches.Watch
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
	if len(list[0].OverrideValues) > 0 {
		return watches.Watch{}, fmt.Errorf("%s has overrideValues: take them out, since a benchmark runs what its spec says", path)
	}
	return list[0], nil
}

// SetupWithManager registers the reconciler and its watches. helm-operator-plugins' own would watch Secrets, and objects without types
// beside those of Reconciler.
func (r *ReleaseReconciler) SetupWithManager(mgr ctrl.Manager) error {
	selected, err := predicate.LabelSelectorPredicate(*r.Watch.Selector)
	if err != nil {
		return fmt.Errorf("read the selector of watches.yaml: %w", err)
	}
	reconciler, err := r.reconciler(mgr)
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("elasticwebbenchmark-release").
		For(&v1alpha1.ElasticWebBenchmark{}, builder.WithPredicates(selected, concernsHelm)).
		Owns(&batchv1.Job{}).
		WithOptions(controllers.Options(ptr.Deref(r.Watch.MaxConcurrentReconciles, 1))).
		Complete(controllers.UntilStopped(reconciler))
}

// concernsHelm leaves out what is reported of a release: an attempt that failed would bring about the next one at once.
var concernsHelm = predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, predicate.LabelChangedPredicate{},
	predicate.Funcs{UpdateFunc: func(change event.UpdateEvent) bool {
		before, isBefore := change.ObjectOld.(*v1alpha1.ElasticWebBenchmark)
		after, isAfter := change.ObjectNew.(*v1alpha1.ElasticWebBenchmark)
		return !isBefore || !isAfter || !equality.Semantic.DeepEqual(before.Status.Run, after.Status.Run)
	}})

// reconciler is that of helm-operator-plugins.
func (r *ReleaseReconciler) reconciler(mgr ctrl.Manager) (reconcile.Reconciler, error) {
	actions, err := r.actionClients(mgr)
	if err != nil {
		return nil, err
	}
	reconciler, err := helmreconciler.New(
		helmreconciler.WithLog(mgr.GetLogger().WithName("controllers").WithName("Helm")),
		helmreconciler.WithGroupVersionKind(r.Watch.GroupVersionKind),
		helmreconciler.WithChart(*r.Watch.Chart),
		helmreconciler.WithClient(&helmrelease.Client{Client: r.Writer, Find: r.find}),
		helmreconciler.WithActionClientGetter(actions),
		helmreconciler.WithValueTranslator(values.TranslatorFunc(translate)),
		//nolint:staticcheck // without one it fails, and sets its own only where it sets up its watches.
		helmreconciler.WithValueMapper(values.MapperFunc(func(same chartutil.Values) chartutil.Values { return same })),
	)
	if err != nil {
		return nil, fmt.Errorf("set up the Helm reconciler: %w", err)
	}
	return reconciler, nil
}

// actionClients run Helm's actions. Each pass begins without a release: what is made already the Jobs tell.
func (r *ReleaseReconciler) actionClients(mgr ctrl.Manager) (helmclient.ActionClientGetter, error) {
	configs, err := helmclient.NewActionConfigGetter(mgr.GetConfig(), mgr.GetRESTMapper(), helmclient.StorageDriverMapper(
		func(context.Context, client.Object, *rest.Config) (driver.Driver, error) {
			return driver.NewMemory(), nil
		}))
	if err != nil {
		return nil, fmt.Errorf("set up Helm: %w", err)
	}
	actions, err := helmclient.NewActionClientGetter(configs,
		// An installation that failed is tried again. To uninstall it would remove Jobs that run.
		helmclient.WithFailureRollbacks(false),
		// The API server validates what it gets; Helm would fetch the schemas of all kinds for that each time.
		// Hooks, of which the chart has none, would be applied without a look at them.
		helmclient.AppendInstallOptions(func(install *action.Install) error {
			install.DisableOpenAPIValidation, install.DisableHooks = true, true
			return nil
		}))
	if err != nil {
		return nil, fmt.Errorf("set up Helm: %w", err)
	}
	return helmrelease.Rendered(actions, r.look), nil
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

// find reads the benchmark where Helm has something to do. The caches say whether to ask, and the benchmark that Helm gets decides: its
// spec may be newer than the run that the caches know, and it may be another one of the same name.
func (r *ReleaseReconciler) find(ctx context.Context, name types.NamespacedName, object client.Object) (bool, error) {
	b := &v1alpha1.ElasticWebBenchmark{}
	if err := r.Cached.Get(ctx, name, b, client.UnsafeDisableDeepCopy); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	if hasWork, err := r.hasWork(ctx, b); err != nil || !hasWork {
		return false, err
	}
	if err := r.Live.Get(ctx, name, object); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	b, err := typed(object)
	if err != nil {
		return false, err
	}
	return r.hasWork(ctx, b)
}

// hasWork reports whether Helm has something to do. What is being deleted takes its Jobs with it.
func (r *ReleaseReconciler) hasWork(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) (bool, error) {
	if !b.DeletionTimestamp.IsZero() {
		return false, nil
	}
	jobs, err := ownedJobs(ctx, r.Cached, b)
	return err == nil && benchmark.NeedsRelease(b, jobs), err
}

func typed(object client.Object) (*v1alpha1.ElasticWebBenchmark, error) {
	content, isUnstructured := object.(*unstructured.Unstructured)
	if !isUnstructured {
		return nil, fmt.Errorf("read the benchmark: %T is not unstructured", object)
	}
	b := &v1alpha1.ElasticWebBenchmark{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content.Object, b); err != nil {
		return nil, fmt.Errorf("read the benchmark: %w", err)
	}
	return b, nil
}
