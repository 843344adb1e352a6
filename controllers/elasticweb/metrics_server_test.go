// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

const externalMetrics = "external.metrics.k8s.io"

// externalMetric is the only metric that this process, as the API server of external metrics, has.
type externalMetric struct{ value atomic.Int64 }

func (m *externalMetric) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	response.Header().Set("Content-Type", "application/json")
	if request.URL.Path == "/apis/"+externalMetrics+"/v1beta1" {
		fmt.Fprintf(response, `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "%s/v1beta1",
			"resources": [{"name": "qps", "namespaced": true, "kind": "ExternalMetricValueList", "verbs": ["get"]}]}`, externalMetrics)
		return
	}
	fmt.Fprintf(response, `{"kind": "ExternalMetricValueList", "apiVersion": "%s/v1beta1", "metadata": {},
		"items": [{"metricName": "qps", "metricLabels": {}, "timestamp": "2020-01-01T00:00:00Z", "value": "%d"}]}`,
		externalMetrics, m.value.Load())
}

// serveExternalMetric makes this process the API server of external metrics until the spec ends.
func serveExternalMetric(ctx context.Context, namespace string, value int64) *externalMetric {
	GinkgoHelper()
	metric := &externalMetric{}
	metric.value.Store(value)
	server := httptest.NewTLSServer(metric)
	DeferCleanup(server.Close)
	Expect(k8s.Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "metrics"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	})).To(Succeed())
	address, isTCP := server.Listener.Addr().(*net.TCPAddr)
	Expect(isTCP).To(BeTrue())
	registration := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1",
		"kind":       "APIService",
		"metadata":   map[string]any{"name": "v1beta1." + externalMetrics},
		"spec": map[string]any{
			"group": externalMetrics, "version": "v1beta1",
			"groupPriorityMinimum": int64(100), "versionPriority": int64(100),
			"insecureSkipTLSVerify": true,
			"service":               map[string]any{"namespace": namespace, "name": "metrics", "port": int64(address.Port)},
		},
	}}
	Expect(k8s.Create(ctx, registration)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(k8s.Delete(ctx, registration)).To(Succeed()) })
	return metric
}

// newAutoscaler scales an ElasticWeb to one pod for every 500 of the external metric, up and down at once.
func newAutoscaler(web *elasticwebv1.ElasticWeb) *autoscalingv2.HorizontalPodAutoscaler {
	target := resource.MustParse("500")
	return &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: web.Namespace, Name: web.Name},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{
				APIVersion: elasticwebv1.GroupVersion.String(), Kind: "ElasticWeb", Name: web.Name,
			},
			MaxReplicas: 5,
			Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{
				ScaleDown: &autoscalingv2.HPAScalingRules{StabilizationWindowSeconds: ptr.To[int32](0)},
			},
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ExternalMetricSourceType,
				External: &autoscalingv2.ExternalMetricSource{
					Metric: autoscalingv2.MetricIdentifier{Name: "qps"},
					Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &target},
				},
			}},
		},
	}
}
