// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

const externalMetrics = "external.metrics.k8s.io"

func TestAutoscalerReadsMetricsOfThisProcess(t *testing.T) {
	client, namespace := newNamespace(t)
	serveExternalMetric(t, namespace, "1500")
	createDeployment(t, client, namespace, 1, webTemplate(nil))
	target := resource.MustParse("500")
	_, err := client.AutoscalingV2().HorizontalPodAutoscalers(namespace).Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MaxReplicas:    5,
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ExternalMetricSourceType,
				External: &autoscalingv2.ExternalMetricSource{
					Metric: autoscalingv2.MetricIdentifier{Name: "qps"},
					Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &target},
				},
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	awaitReadyReplicas(t, client, namespace, 3)
}

// serveExternalMetric makes this process the API server of external metrics,
// which has one, always of the same value.
func serveExternalMetric(t *testing.T, namespace, value string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		response.Header().Set("Content-Type", "application/json")
		if request.URL.Path == "/apis/"+externalMetrics+"/v1beta1" {
			fmt.Fprintf(response, `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "%s/v1beta1",
				"resources": [{"name": "qps", "namespaced": true, "kind": "ExternalMetricValueList", "verbs": ["get"]}]}`, externalMetrics)
			return
		}
		fmt.Fprintf(response, `{"kind": "ExternalMetricValueList", "apiVersion": "%s/v1beta1", "metadata": {},
			"items": [{"metricName": "qps", "metricLabels": {}, "timestamp": "2020-01-01T00:00:00Z", "value": %q}]}`, externalMetrics, value)
	}))
	t.Cleanup(server.Close)
	port := server.Listener.Addr().(*net.TCPAddr).Port
	_, err := clientOf(t, shared).CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "metrics"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	registerAPIService(t, map[string]any{
		"group": externalMetrics, "version": "v1beta1",
		"groupPriorityMinimum": int64(100), "versionPriority": int64(100),
		"insecureSkipTLSVerify": true,
		"service":               map[string]any{"namespace": namespace, "name": "metrics", "port": int64(port)},
	})
}

func registerAPIService(t *testing.T, spec map[string]any) {
	t.Helper()
	client, err := dynamic.NewForConfig(shared.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	resources := client.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
	name := fmt.Sprintf("%s.%s", spec["version"], spec["group"])
	_, err = resources.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1",
		"kind":       "APIService",
		"metadata":   map[string]any{"name": name},
		"spec":       spec,
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// t.Context has ended by now.
		if err := resources.Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}
