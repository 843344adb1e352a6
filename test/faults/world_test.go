// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/way"
	"github.com/elasticweb/elasticweb-operator/test/cluster"
	"github.com/elasticweb/elasticweb-operator/test/manifests"
)

const (
	systemNamespace = "elasticweb-system"
	operatorAccount = "controller-manager"
	pollInterval    = 100 * time.Millisecond
)

// world is a control plane that has the CRD and the operator's account, and what watches over both.
type world struct {
	plane *cluster.Cluster
	// live reads and writes with all rights, cached reads what watches bring.
	live     client.Client
	cached   cache.Cache
	watched  *invariants
	lastPort atomic.Int32
	// isMixed is true where the nodes are of several architectures.
	isMixed bool
	// images are looked up in this registry.
	images       *images
	installing   sync.Once
	installError error
}

func startWorld(ctx context.Context, progress io.Writer, nodes ...cluster.NodePool) (*world, error) {
	plane, err := cluster.Start(ctx, cluster.Options{
		NodePortRange: "10000-60000",
		Nodes:         nodes,
		Progress:      progress,
		ExtraArgs:     thrift(),
	})
	if err != nil {
		return nil, err
	}
	w := &world{plane: plane, watched: &invariants{}, isMixed: len(nodes) > 1, images: startImages()}
	w.lastPort.Store(10_000)
	if w.live, err = client.New(plane.RESTConfig(), client.Options{Scheme: newScheme()}); err != nil {
		return nil, err
	}
	if err := w.install(ctx); err != nil {
		return nil, err
	}
	return w, w.watch(ctx)
}

// thrift keeps the control plane from what takes much of the processor, and which neither the operator nor a run looks at: the
// endpoints of Services, the certificates of each namespace, the leases of nodes, whose kubelets never fail, and fair queues.
func thrift() map[cluster.Component][]string {
	return map[cluster.Component][]string{
		cluster.APIServer: {"--enable-priority-and-fairness=false", "--max-requests-inflight=0", "--max-mutating-requests-inflight=0"},
		cluster.ControllerManager: {
			"--controllers=*,-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller," +
				"-root-ca-certificate-publisher-controller,-ttl-controller",
			"--node-monitor-grace-period=24h",
		},
		cluster.Kwok: {"--node-lease-duration-seconds=0"},
	}
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, elasticwebv1.AddToScheme, v1alpha1.AddToScheme, way.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return scheme
}

// install gives the operator's account the rights that its manifests give, and no others.
func (w *world) install(ctx context.Context) error {
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: systemNamespace}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: systemNamespace, Name: operatorAccount}},
	}
	definitions, err := filepath.Glob("../../config/crd/bases/*.yaml")
	if err != nil {
		return err
	}
	for _, path := range append(definitions, "../../config/rbac/role.yaml", "../../config/rbac/leader_election_role.yaml") {
		ofFile, err := manifests.ReadFile(path)
		if err != nil {
			return err
		}
		for _, object := range ofFile {
			if object.GetNamespace() != "" || object.GetKind() == "Role" {
				object.SetNamespace(systemNamespace)
			}
			objects = append(objects, object)
			if object.GroupVersionKind().Group == rbacv1.GroupName {
				objects = append(objects, bind(object.GetKind(), object.GetName(), object.GetNamespace(), systemNamespace, operatorAccount))
			}
		}
	}
	for _, object := range objects {
		if err := w.live.Create(ctx, object); err != nil {
			return fmt.Errorf("create %T %s: %w", object, object.GetName(), err)
		}
	}
	return wait.PollUntilContextTimeout(ctx, pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
		return w.live.List(ctx, &elasticwebv1.ElasticWebList{}) == nil, nil
	})
}

// bind gives an account the rights of a role, in a namespace or, without one, everywhere.
func bind(kind, role, namespace, accountNamespace, account string) client.Object {
	reference := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: role}
	subjects := []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: accountNamespace, Name: account}}
	name := metav1.ObjectMeta{Namespace: namespace, Name: role}
	if namespace == "" {
		return &rbacv1.ClusterRoleBinding{ObjectMeta: name, RoleRef: reference, Subjects: subjects}
	}
	return &rbacv1.RoleBinding{ObjectMeta: name, RoleRef: reference, Subjects: subjects}
}

// kinds are those that the operator writes, the ElasticWeb first.
func kinds() []client.Object {
	return []client.Object{&elasticwebv1.ElasticWeb{}, &appsv1.Deployment{}, &corev1.Service{}, &policyv1.PodDisruptionBudget{}}
}

// watch fills the cache, and has the invariants see every change.
func (w *world) watch(ctx context.Context) (err error) {
	if w.cached, err = cache.New(w.plane.RESTConfig(), cache.Options{Scheme: newScheme()}); err != nil {
		return err
	}
	for _, kind := range kinds() {
		informer, err := w.cached.GetInformer(ctx, kind, cache.BlockUntilSynced(false))
		if err != nil {
			return err
		}
		if _, err := informer.AddEventHandler(w.watched.handler()); err != nil {
			return err
		}
	}
	go func() { _ = w.cached.Start(ctx) }()
	if !w.cached.WaitForCacheSync(ctx) {
		return ctx.Err()
	}
	return nil
}
