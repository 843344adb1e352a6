// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
)

var admittedPort = intstr.FromInt32(8080)

// What the sample for tenants answers to an ElasticWeb within its limits that is so changed; "" where it admits it.
var webRows = map[string]struct {
	change  func(*elasticwebv1.ElasticWeb)
	refusal string
}{
	"a default service account by name": {func(w *elasticwebv1.ElasticWeb) { w.Spec.ServiceAccountName = "default" }, ""},
	"a ConfigMap": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Volumes = volumeOf(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}})
	}, ""},
	"the largest pod": {func(w *elasticwebv1.ElasticWeb) { w.Spec.Resources = requests(corev1.ResourceMemory, "8Gi") }, ""},
	"a probe of the pod": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.ReadinessProbe = &corev1.Probe{ProbeHandler: asking("")}
	}, ""},
	"an annotation of the pods": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.PodAnnotations = map[string]string{"prometheus.io/scrape": "true"}
	}, ""},
	"an annotation of the pods that an injector reads": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.PodAnnotations = map[string]string{"sidecar.istio.io/proxyImage": "evil.org/a"}
	}, "podAnnotations has one that is not allowed: use none but prometheus.io/scrape"},
	"an annotation of the Service": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Service.Annotations = map[string]string{"external-dns.alpha.kubernetes.io/hostname": "www.example.com"}
	}, "expose or service has an annotation that is not allowed"},
	"an HTTPRoute": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{
			ParentRefs: []elasticwebv1.GatewayReference{{Name: "public"}}, Hostnames: []elasticwebv1.Hostname{"www.example.com"},
		}}
	}, "expose names a host that is not allowed"},
	"a Route of a host that OpenShift makes up": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Expose = &elasticwebv1.ExposeSpec{Route: &elasticwebv1.RouteSpec{}}
	}, "expose names a host that is not allowed"},
	"an Ingress": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Expose = &elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{
			Host: "www.example.com", Annotations: map[string]string{"nginx.ingress.kubernetes.io/server-snippet": "x"},
		}}
	}, "expose names a host that is not allowed"},
	"a template of the pods": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.PodTemplate = &runtime.RawExtension{Raw: []byte(`{"spec": {"hostNetwork": true}}`)}
	}, "podTemplate is not admitted here"},
	"a foreign registry": {func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "registry.example.com.evil.org/shop:1" }, "use one that begins with registry.example.com/"},
	"a service account":  {func(w *elasticwebv1.ElasticWeb) { w.Spec.ServiceAccountName = "admin" }, "use one of default"},
	"a folder of the node": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Volumes = volumeOf(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}})
	}, "volumes of this kind are not allowed: data"},
	"a volume of the network": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Volumes = volumeOf(corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "10.0.0.1", Path: "/"}})
	}, "volumes of this kind are not allowed: data"},
	"an image as a volume": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Volumes = volumeOf(corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "evil.org/a"}})
	}, "a volume holds an image"},
	"no greatest number": {func(w *elasticwebv1.ElasticWeb) { w.Spec.MaxReplicas = nil }, "at most 50"},
	"a greater number":   {func(w *elasticwebv1.ElasticWeb) { w.Spec.MaxReplicas = ptr.To[int32](51) }, "at most 50"},
	"too much memory":    {func(w *elasticwebv1.ElasticWeb) { w.Spec.Resources = requests(corev1.ResourceMemory, "8193Mi") }, "at most 4 CPU and 8Gi"},
	"too much CPU": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Resources = &corev1.ResourceRequirements{Limits: requests(corev1.ResourceCPU, "4001m").Requests}
	}, "at most 4 CPU and 8Gi"},
	"a probe of another host": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.LivenessProbe = &corev1.Probe{ProbeHandler: asking("169.254.169.254")}
	}, "a probe names a host"},
	"a hook to another host": {func(w *elasticwebv1.ElasticWeb) {
		w.Spec.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Host: "10.0.0.1", Port: admittedPort}}}
	}, "a lifecycle hook names a host"},
}

// What it answers to an ElasticWebBenchmark.
var benchmarkRows = map[string]struct {
	change  func(*v1alpha1.ElasticWebBenchmark)
	refusal string
}{
	"a benchmark":                      {func(*v1alpha1.ElasticWebBenchmark) {}, ""},
	"a benchmark of another registry":  {func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.Image = "nginx:1.27" }, "use one that begins with"},
	"a benchmark with an account":      {func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.ServiceAccountName = "admin" }, "use one of default"},
	"a benchmark with a higher rate":   {func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.MaxQPS = ptr.To[int32](100001) }, "at most 100000"},
	"a benchmark with too much memory": {func(b *v1alpha1.ElasticWebBenchmark) { b.Spec.Resources = requests(corev1.ResourceMemory, "9Gi") }, "at most 4 CPU and 8Gi"},
	"a benchmark with a folder": {func(b *v1alpha1.ElasticWebBenchmark) {
		b.Spec.Volumes = volumeOf(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}})
	}, "volumes of this kind are not allowed"},
	"a benchmark with a probe of another host": {func(b *v1alpha1.ElasticWebBenchmark) {
		b.Spec.StartupProbe = &corev1.Probe{ProbeHandler: asking("10.0.0.1")}
	}, "a probe names a host"},
}
