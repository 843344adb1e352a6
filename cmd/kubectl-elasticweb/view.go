// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers/caches"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
)

// mostNamespaces are watched, of those who may not see all at once.
const mostNamespaces = 100

// allNamespaces is where the sources are that are of no single one.
const allNamespaces = metav1.NamespaceAll

// view is what was read of the cluster at a time, and is kept up since. Each kind of each namespace is a source of its own, so that what may
// not be read keeps nothing else from being read.
type view struct {
	w       *watched
	sources map[sourceKey]*source
	notes   []string
}

type sourceKey struct{ kind, namespace string }

// kinds that are watched, but for nodes.
const (
	kindWeb  = "elasticwebs"
	kindNode = "nodes"
)

// watchedKinds are made anew for each source: a cache goes by the object that it is given.
var watchedKinds = map[string]func() client.Object{
	kindWeb:                func() client.Object { return &elasticwebv1.ElasticWeb{} },
	"deployments":          func() client.Object { return &appsv1.Deployment{} },
	"services":             func() client.Object { return &corev1.Service{} },
	"poddisruptionbudgets": func() client.Object { return &policyv1.PodDisruptionBudget{} },
	"pods":                 func() client.Object { return &corev1.Pod{} },
	"replicasets":          func() client.Object { return caches.ReplicaSet() },
}

// newView begins to read.
func (w *watched) newView(ctx context.Context) (*view, error) {
	v := &view{w: w, sources: map[sourceKey]*source{}}
	namespaces, err := v.scopes(ctx)
	if err != nil {
		return nil, err
	}
	for kind, object := range watchedKinds {
		for _, namespace := range namespaces {
			if err := v.add(ctx, sourceKey{kind, namespace}, object()); err != nil {
				return nil, err
			}
		}
	}
	return v, v.add(ctx, sourceKey{kindNode, allNamespaces}, &corev1.Node{})
}

// scopes are the namespaces to read: all at once where that is allowed, else those that were asked for, or that there are.
func (v *view) scopes(ctx context.Context) ([]string, error) {
	if len(v.w.namespaces) > 0 {
		return slices.Compact(slices.Sorted(slices.Values(v.w.namespaces))), nil
	}
	err := v.w.live.List(ctx, &elasticwebv1.ElasticWebList{}, client.Limit(1))
	if err == nil {
		return []string{allNamespaces}, nil
	}
	if !apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("list ElasticWebs: %w", err)
	}
	list := &corev1.NamespaceList{}
	switch err := v.w.live.List(ctx, list, client.Limit(mostNamespaces+1)); {
	case apierrors.IsForbidden(err):
		v.notes = append(v.notes, "you may not list the ElasticWebs of all namespaces, nor the namespaces: shown is "+v.w.home+"; name others with --namespaces")
		return []string{v.w.home}, nil
	case err != nil:
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	if len(list.Items) > mostNamespaces {
		v.notes = append(v.notes, fmt.Sprintf("you may not list the ElasticWebs of all namespaces, and there are more than the %d that are shown: name them with --namespaces", mostNamespaces))
		list.Items = list.Items[:mostNamespaces]
	}
	var names []string
	for _, namespace := range list.Items {
		names = append(names, namespace.Name)
	}
	return names, nil
}

// source is a kind of a namespace, or of all.
type source struct {
	sourceKey
	cache    cache.Cache
	informer cache.Informer

	mu  sync.Mutex
	err error // the last that kept it from being read.
}

func (v *view) add(ctx context.Context, key sourceKey, object client.Object) (err error) {
	s := &source{sourceKey: key}
	options := caches.Options(nil)
	options.HTTPClient, options.Scheme, options.Mapper = v.w.http, v.w.live.Scheme(), v.w.live.RESTMapper()
	options.DefaultWatchErrorHandler = func(_ context.Context, _ *toolscache.Reflector, err error) { s.failed(err) }
	if key.namespace != allNamespaces {
		options.DefaultNamespaces = map[string]cache.Config{key.namespace: {}}
	}
	if s.cache, err = cache.New(v.w.config, options); err != nil {
		return fmt.Errorf("make a cache of %s: %w", key.kind, err)
	}
	if s.informer, err = s.cache.GetInformer(ctx, object, cache.BlockUntilSynced(false)); err != nil {
		return fmt.Errorf("watch %s: %w", key.kind, err)
	}
	if _, err = s.informer.AddEventHandler(v.handler(ctx, s)); err != nil {
		return fmt.Errorf("watch %s: %w", key.kind, err)
	}
	go func() { _ = s.cache.Start(ctx) }() // ends with ctx.
	v.sources[key] = s
	return nil
}

func (s *source) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// trouble is why a source has nothing; nil where it was read, be it that it cannot be any more.
func (s *source) trouble() error {
	if s.informer.HasSynced() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		return fmt.Errorf("the %s were not read yet", s.kind)
	}
	return s.err
}

// refusal says what may not be read; "" where it may. A source that was read and then refused is named as well.
func (s *source) refusal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !apierrors.IsForbidden(s.err) {
		return ""
	}
	where := " in namespace " + s.namespace
	if s.namespace == allNamespaces {
		where = ""
	}
	return "you may not list or watch " + s.kind + where
}

// handler tells the board of changes, once ctx does not tell all that there is.
func (v *view) handler(ctx context.Context, s *source) toolscache.ResourceEventHandler {
	tell := func(object any, isGone bool) {
		if ctx.Err() != nil { // a newer view has taken over.
			return
		}
		if deleted, isUnknown := object.(toolscache.DeletedFinalStateUnknown); isUnknown {
			object = deleted.Obj
		}
		s.failed(nil)
		v.tell(s.kind, object, isGone)
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { tell(object, false) },
		UpdateFunc: func(_, object any) { tell(object, false) },
		DeleteFunc: func(object any) { tell(object, true) },
	}
}

func (v *view) tell(kind string, object any, isGone bool) {
	about, hasMeta := object.(metav1.Object)
	if !hasMeta {
		return
	}
	key := types.NamespacedName{Namespace: about.GetNamespace(), Name: about.GetName()}
	switch kind {
	case kindWeb:
		if web, isWeb := object.(*elasticwebv1.ElasticWeb); isWeb && !isGone {
			v.w.board.Set(web)
		} else {
			v.w.board.Remove(key)
		}
	case kindNode:
		v.w.board.TouchAll()
	case "pods":
		key.Name = about.GetLabels()[elasticwebv1.LabelInstance]
		v.w.board.Touch(key)
	default:
		v.w.board.Touch(key)
	}
}

// await waits until the ElasticWebs are read that may be read, as long as the cluster answers.
func (v *view) await(ctx context.Context) error {
	for asked := time.Now(); ; {
		isRead := true
		for key, s := range v.sources {
			if key.kind == kindWeb && s.trouble() != nil && s.refusal() == "" {
				isRead = false
			}
		}
		if isRead || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(asked) > beat {
			if err := v.w.answers(ctx); err != nil {
				return err
			}
			asked = time.Now()
		}
		pause(ctx, readingPause)
	}
}

// readingPause is how often it is looked whether all is read.
const readingPause = 20 * time.Millisecond

// tellAll has the board know of all that there are, and of none besides.
func (v *view) tellAll(ctx context.Context) error {
	var all []*elasticwebv1.ElasticWeb
	for key, s := range v.sources {
		if key.kind != kindWeb || s.trouble() != nil {
			continue
		}
		list := &elasticwebv1.ElasticWebList{}
		if err := s.cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return fmt.Errorf("list ElasticWebs: %w", err)
		}
		for i := range list.Items {
			all = append(all, &list.Items[i])
		}
	}
	v.w.board.Replace(all)
	v.tellRefused()
	return nil
}

// tellRefused has the board know what may not be read.
func (v *view) tellRefused() {
	texts := slices.Clone(v.notes)
	for _, s := range v.sources {
		if text := s.refusal(); text != "" {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	v.w.board.Refused(texts)
}

// Get implements client.Reader: what is watched is read from the caches, all else from the cluster.
func (v *view) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	reader, err := v.readerOf(object, key.Namespace)
	if err != nil {
		return err
	}
	return reader.Get(ctx, key, object, options...)
}

// List implements client.Reader.
func (v *view) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	asked := &client.ListOptions{}
	asked.ApplyOptions(options)
	reader, err := v.readerOf(list, asked.Namespace)
	if err != nil {
		return err
	}
	asked.Raw = nil // a cache has no versions to choose from.
	return reader.List(ctx, list, asked)
}

func (v *view) readerOf(object any, namespace string) (client.Reader, error) {
	kind := ""
	switch object.(type) {
	case *elasticwebv1.ElasticWeb:
		kind = kindWeb
	case *appsv1.Deployment:
		kind = "deployments"
	case *corev1.Service:
		kind = "services"
	case *policyv1.PodDisruptionBudget:
		kind = "poddisruptionbudgets"
	case *corev1.PodList:
		kind = "pods"
	case *metav1.PartialObjectMetadata:
		kind = "replicasets"
	case *corev1.NodeList:
		kind, namespace = kindNode, allNamespaces
	default: // a benchmark, events: few are read.
		return v.w.live, nil
	}
	for _, where := range []string{namespace, allNamespaces} {
		s := v.sources[sourceKey{kind, where}]
		if s == nil {
			continue
		}
		err := s.trouble()
		if err == nil {
			return s.cache, nil
		}
		if where == allNamespaces && namespace != allNamespaces && s.refusal() != "" { // it may be allowed in this one.
			return v.w.live, nil
		}
		return nil, err
	}
	return nil, fmt.Errorf("the namespace %s is not shown: name it with --namespaces", quote.Value(namespace))
}
