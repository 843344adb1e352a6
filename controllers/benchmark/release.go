// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/go-logr/logr"
	helmclient "github.com/operator-framework/helm-operator-plugins/pkg/client"
	"github.com/operator-framework/helm-operator-plugins/pkg/hook"
	helmreconciler "github.com/operator-framework/helm-operator-plugins/pkg/reconciler"
	"github.com/operator-framework/helm-operator-plugins/pkg/values"
	"github.com/operator-framework/helm-operator-plugins/pkg/watches"
	"github.com/operator-framework/operator-lib/proxy"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
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
	// deployed is the run that the release was seen to hold: a deployedRun by the benchmark's types.NamespacedName.
	deployed sync.Map
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
		helmreconciler.WithPostHook(hook.PostHookFunc(r.noteDeployed)),
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

// hasWork reports whether Helm has something to do: to uninstall, to make the Jobs of a run that was begun, or to
// make one again that is gone before it had a result. A run that ended needs its Jobs no longer, but those of the run before
// have to go.
func (r *ReleaseReconciler) hasWork(ctx context.Context, name types.NamespacedName) (bool, error) {
	b, err := r.get(ctx, name)
	if apierrors.IsNotFound(err) {
		r.deployed.Delete(name)
		return false, nil
	}
	switch {
	case err != nil:
		return false, err
	case !b.DeletionTimestamp.IsZero():
		return controllerutil.ContainsFinalizer(b, helmrelease.Finalizer), nil
	case benchmark.NeedsRun(b):
		return false, nil
	case benchmark.IsFinished(b.Status.Run):
		return r.isHalfMade(ctx, b)
	case !r.isDeployed(name, deployedRun{b.UID, b.Status.Run.ID}):
		return true, nil
	}
	jobs, err := ownedJobs(ctx, r.cached, b)
	return err == nil && isJobLost(b.Status.Run, jobs), err
}

// isHalfMade reports whether an operator was killed between making the Jobs of a run, which have ended since, and removing those of
// the run before. Where a Job of the run is gone there is no way back: Helm would start it again.
func (r *ReleaseReconciler) isHalfMade(ctx context.Context, b *v1alpha1.ElasticWebBenchmark) (bool, error) {
	if holdsRun(b) {
		return false, nil
	}
	jobs, err := ownedJobs(ctx, r.cached, b)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(benchmark.Measured(b.Status.Run), func(architecture string) bool {
		return !hasJob(jobs, b.Status.Run.ID, architecture)
	}), nil
}

// holdsRun reports whether the release that was deployed last is the current run's.
func holdsRun(b *v1alpha1.ElasticWebBenchmark) bool {
	release := b.Status.DeployedRelease
	if release == nil || !meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionDeployed) {
		return false
	}
	// Operators of before did not note the run. What has ended then is not measured once more because of that.
	return release.Run == b.Status.Run.ID || release.Run == "" && benchmark.IsFinished(b.Status.Run)
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

func isJobLost(run *v1alpha1.BenchmarkRun, jobs []batchv1.Job) bool {
	return slices.ContainsFunc(run.Architectures, func(a v1alpha1.ArchitectureRun) bool {
		return a.State != v1alpha1.RunStateFinished && !hasJob(jobs, run.ID, string(a.Architecture))
	})
}

func hasJob(jobs []batchv1.Job, run, architecture string) bool {
	return slices.ContainsFunc(jobs, func(job batchv1.Job) bool {
		return job.Labels[v1alpha1.LabelRun] == run && job.Labels[v1alpha1.LabelArchitecture] == architecture
	})
}

// noteDeployed remembers that the release is the run's. After a restart of the operator each release is looked at once.
func (r *ReleaseReconciler) noteDeployed(object *unstructured.Unstructured, made release.Release, _ logr.Logger) error {
	run, _, err := unstructured.NestedString(object.Object, "status", "run", "id")
	if err != nil || run == "" {
		return errors.Join(errors.New("the benchmark has no run"), err)
	}
	if made.Info != nil && made.Info.Status == release.StatusDeployed {
		r.deployed.Store(client.ObjectKeyFromObject(object), deployedRun{object.GetUID(), run})
	}
	return nil
}

func (r *ReleaseReconciler) isDeployed(name types.NamespacedName, run deployedRun) bool {
	deployed, isThere := r.deployed.Load(name)
	return isThere && deployed == run
}

// deployedRun is a run of a benchmark.
type deployedRun struct {
	uid types.UID
	run string
}
