// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	autoscalinginformers "k8s.io/client-go/informers/autoscaling/v2"
	coreinformers "k8s.io/client-go/informers/core/v1"
	autoscalingclient "k8s.io/client-go/kubernetes/typed/autoscaling/v2"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	autoscalinglisters "k8s.io/client-go/listers/autoscaling/v2"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
)

// The defaults of kube-controller-manager.
const (
	stabilization  = 5 * time.Minute
	tolerance      = 0.1
	initialization = 5 * time.Minute
	readinessDelay = 30 * time.Second
)

const namespace, name = "default", "shop"

// hpa is kube-controller-manager's controller of HorizontalPodAutoscalers, whole, in the time of testing/synctest: what stands
// here is what it reads and writes. The metric is external, with a target for each pod, as KEDA sets it up: it sees every request,
// while a processor shows no more than is served.
type hpa struct {
	object *autoscalingv2.HorizontalPodAutoscaler
	// milliQPS is what the metric says, existing the number of pods, and wanted that which was set.
	milliQPS         int64
	existing, wanted int32
}

// An error of the controller would show as an HPA that does nothing; and its handler waits in the time of the machine.
func init() {
	utilruntime.ErrorHandlers = []utilruntime.ErrorHandler{func(_ context.Context, err error, said string, _ ...any) {
		panic(fmt.Sprint(said, err))
	}}
}

// newHPA starts the controller, with a target in percent of what a pod serves. It has to run in a bubble of synctest, until ctx ends.
func newHPA(ctx context.Context, percent int64) *hpa {
	target := resource.NewMilliQuantity(podQPS*percent*10, resource.DecimalSI)
	h := &hpa{object: &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MaxReplicas:    10 * peakPods,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
				Metric: autoscalingv2.MetricIdentifier{Name: "requests_per_second"},
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: target},
			}}},
		},
	}}
	apps := schema.GroupVersion{Group: "apps", Version: "v1"}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{apps})
	mapper.Add(apps.WithKind("Deployment"), meta.RESTScopeNamespace)
	ctx = klog.NewContext(ctx, logr.Discard())
	informer := &hpaInformer{h: h}
	controller := podautoscaler.NewHorizontalController(ctx, noEvents{}, scales{h: h}, statuses{h: h}, mapper, external{h: h},
		informer, noPods{}, period, stabilization, tolerance, initialization, readinessDelay)
	informer.handler.OnAdd(h.object, true)
	go controller.Run(ctx, 1)
	return h
}

// decide lets the controller have its next turn, a period after the last.
func (*hpa) spreads() capacity.Spread { return capacity.Even }

func (h *hpa) decide(qps float64, c *cluster) {
	h.milliQPS, h.existing, h.wanted = int64(qps*1000), int32(len(c.pods)), int32(len(c.pods))
	time.Sleep(period)
	synctest.Wait()
	c.scale(int(h.wanted))
}

// external is the metrics API.
type external struct {
	metrics.MetricsClient
	h *hpa
}

func (e external) GetExternalMetric(string, string, labels.Selector) ([]int64, time.Time, error) {
	return []int64{e.h.milliQPS}, time.Now(), nil
}

// scales is the scale of the Deployment.
type scales struct {
	scale.ScaleInterface
	h *hpa
}

func (s scales) Scales(string) scale.ScaleInterface { return s }

func (s scales) Get(context.Context, schema.GroupResource, string, metav1.GetOptions) (*autoscalingv1.Scale, error) {
	return &autoscalingv1.Scale{
		Spec:   autoscalingv1.ScaleSpec{Replicas: s.h.wanted},
		Status: autoscalingv1.ScaleStatus{Replicas: s.h.existing, Selector: "app=" + name},
	}, nil
}

func (s scales) Update(_ context.Context, _ schema.GroupResource, to *autoscalingv1.Scale, _ metav1.UpdateOptions) (*autoscalingv1.Scale, error) {
	s.h.wanted = to.Spec.Replicas
	return to, nil
}

// statuses takes the status of the HorizontalPodAutoscaler.
type statuses struct {
	autoscalingclient.HorizontalPodAutoscalerInterface
	h *hpa
}

func (s statuses) HorizontalPodAutoscalers(string) autoscalingclient.HorizontalPodAutoscalerInterface {
	return s
}

func (s statuses) UpdateStatus(_ context.Context, to *autoscalingv2.HorizontalPodAutoscaler, _ metav1.UpdateOptions) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	s.h.object = to
	return to, nil
}

// hpaInformer has the one HorizontalPodAutoscaler.
type hpaInformer struct {
	cache.SharedIndexInformer
	autoscalinglisters.HorizontalPodAutoscalerNamespaceLister
	h       *hpa
	handler cache.ResourceEventHandler
}

var _ autoscalinginformers.HorizontalPodAutoscalerInformer = &hpaInformer{}

func (i *hpaInformer) Informer() cache.SharedIndexInformer { return i }

func (i *hpaInformer) Lister() autoscalinglisters.HorizontalPodAutoscalerLister {
	return hpaLister{i: i}
}

func (i *hpaInformer) AddEventHandlerWithResyncPeriod(handler cache.ResourceEventHandler, _ time.Duration) (cache.ResourceEventHandlerRegistration, error) {
	i.handler = handler
	return nil, nil
}

func (i *hpaInformer) HasSynced() bool { return true }

func (i *hpaInformer) Get(string) (*autoscalingv2.HorizontalPodAutoscaler, error) {
	return i.h.object, nil
}

type hpaLister struct {
	autoscalinglisters.HorizontalPodAutoscalerLister
	i *hpaInformer
}

func (l hpaLister) HorizontalPodAutoscalers(string) autoscalinglisters.HorizontalPodAutoscalerNamespaceLister {
	return l.i
}

// noPods is the informer of pods: with a target for each pod, the scale tells their number.
type noPods struct{ cache.SharedIndexInformer }

var _ coreinformers.PodInformer = noPods{}

func (noPods) Informer() cache.SharedIndexInformer { return noPods{} }

func (noPods) Lister() corelisters.PodLister {
	return corelisters.NewPodLister(cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}))
}

func (noPods) HasSynced() bool { return true }

// noEvents takes events.
type noEvents struct{ coreclient.EventInterface }

func (noEvents) Events(string) coreclient.EventInterface { return noEvents{} }

func (noEvents) CreateWithEventNamespace(event *corev1.Event) (*corev1.Event, error) {
	return event, nil
}

func (noEvents) PatchWithEventNamespace(event *corev1.Event, _ []byte) (*corev1.Event, error) {
	return event, nil
}
