// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package faults_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/api/v1alpha1"
	"github.com/elasticweb/elasticweb-operator/internal/apply"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

// act is something that a tenant does. What is beyond its rights must be forbidden.
type act struct {
	name     string
	do       func(*attacker) error
	isBeyond bool
}

// hostileWords are such as YAML, templates and terminals take for something else.
func hostileWords() []string {
	return []string{
		"x\u2028spec:\u2028  hostNetwork: true", "\u0085---\u0085apiVersion: v1", "a\n---\nkind: Pod", "{{ .Values }}", "{{- fail `x` }}", "$(HOME)",
		"<no value>", "!!binary |", "&a *a", "\u202e\u0007", "': \"", "%!s(MISSING)", strings.Repeat("\u2028", 200), "null", "0x1", "\x1b[31m",
	}
}

func acts() []act {
	return []act{
		{name: "specs from the schema", do: func(a *attacker) error {
			return a.put(a.web(generator{a.random}.spec(a.schema)))
		}},
		{name: "specs of hostile words", do: func(a *attacker) error { return a.put(a.web(a.wordySpec())) }},
		{name: "huge specs", do: func(a *attacker) error {
			spec, env := a.plainSpec(), []any{}
			for i := range 30 {
				env = append(env, map[string]any{"name": fmt.Sprintf("A%d", i), "value": strings.Repeat(pick(a.random, "a", "\u2028", "\\"), 2500)})
			}
			spec["env"] = env
			return a.put(a.web(spec))
		}},
		{name: "many ElasticWebs", do: func(a *attacker) error {
			var err error
			for range 20 {
				err = a.put(a.web(a.plainSpec()))
			}
			return err
		}},
		{name: "other images", do: func(a *attacker) error {
			return a.patch(&elasticwebv1.ElasticWeb{}, fmt.Sprintf(`{"spec":{"image":%q,"imagePullSecrets":[{"name":"pull-%d"}]}}`, a.image(a.random), a.random.IntN(4)))
		}},
		{name: "scaled", do: scaleAny},
		{name: "paused and not", do: func(a *attacker) error {
			return a.patch(&elasticwebv1.ElasticWeb{}, fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, elasticwebv1.AnnotationPaused, pick(a.random, "true", "false", "x")))
		}},
		{name: "finalizers", do: func(a *attacker) error {
			return a.patch(pick(a.random, kinds()...), fmt.Sprintf(`{"metadata":{"finalizers":[%q]}}`, foreignFinalizer))
		}},
		{name: "one deleted", do: func(a *attacker) error {
			object, err := a.any(pick(a.random, kinds()...))
			if err != nil {
				return err
			}
			return a.as.Delete(a.ctx, object, client.PropagationPolicy(pick(a.random, metav1.DeletePropagationOrphan, metav1.DeletePropagationBackground, metav1.DeletePropagationForeground)))
		}},
		{name: "all deleted", do: func(a *attacker) error {
			if a.random.IntN(10) > 0 {
				return a.as.DeleteAllOf(a.ctx, &corev1.ConfigMap{}, client.InNamespace(a.namespace))
			}
			return a.as.DeleteAllOf(a.ctx, &elasticwebv1.ElasticWeb{}, client.InNamespace(a.namespace))
		}},
		{name: "records forged", do: func(a *attacker) error {
			record := pick(a.random, `{"generation":9223372036854775807}`, "{", strings.Repeat("[", 100_000), `{"generation":1,"pod":"\u2028"}`, "")
			text, err := json.Marshal(record)
			if err != nil {
				return err
			}
			return a.patch(&appsv1.Deployment{}, fmt.Sprintf(`{"metadata":{"annotations":{%q:%s,%q:%q}}}`, plan.AnnotationRecord, text, apply.AnnotationIntent, pick(a.random, "x", "")))
		}},
		{name: "labels and owners", do: func(a *attacker) error {
			owner, err := json.Marshal([]metav1.OwnerReference{a.owner()})
			if err != nil {
				return err
			}
			return a.patch(pick(a.random, children()...), pick(a.random, `{"metadata":{"labels":null}}`, `{"metadata":{"ownerReferences":null}}`,
				`{"metadata":{"labels":null,"ownerReferences":null}}`, fmt.Sprintf(`{"metadata":{"ownerReferences":%s}}`, owner)))
		}},
		{name: "Deployments changed", do: func(a *attacker) error {
			return a.patch(&appsv1.Deployment{}, pick(a.random, `{"spec":{"replicas":0}}`, `{"spec":{"replicas":3,"paused":true}}`, `{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}`,
				`{"spec":{"template":{"spec":{"containers":null}}}}`, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"x"}}}}}`))
		}},
		{name: "Services changed", do: func(a *attacker) error {
			return a.patch(&corev1.Service{}, pick(a.random, `{"spec":{"selector":{"app.kubernetes.io/name":"elasticweb"}}}`, `{"spec":{"type":"LoadBalancer"}}`,
				`{"spec":{"type":"ClusterIP"}}`, `{"spec":{"sessionAffinity":"ClientIP"}}`))
		}},
		{name: "budgets changed", do: func(a *attacker) error {
			return a.patch(&policyv1.PodDisruptionBudget{}, `{"spec":{"maxUnavailable":0}}`)
		}},
		{name: "what is in the way", do: func(a *attacker) error {
			return a.put(&corev1.Service{ObjectMeta: a.name("web"), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}})
		}},
		{name: "node ports", do: func(a *attacker) error {
			return a.put(&corev1.Service{ObjectMeta: a.named("port"), Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort,
				Ports: []corev1.ServicePort{{Port: 80, NodePort: pick(a.random, 0, 59_000+a.random.Int32N(900))}}}})
		}},
		{name: "node ports of others", do: func(a *attacker) error {
			spec := a.plainSpec()
			spec["port"] = int64(a.port)
			return a.put(a.web(spec))
		}},
		{name: "large Deployments with labels of the operator", do: func(a *attacker) error {
			deployment := a.deployment(a.named("large"))
			deployment.Annotations = map[string]string{"a": strings.Repeat("a", 200<<10)}
			return a.put(deployment)
		}},
		{name: "large Jobs with labels of the operator", do: func(a *attacker) error {
			job := a.job(a.named("large"))
			job.Spec.Template.Spec.Containers[0].Args = []string{strings.Repeat("a", 700<<10)}
			return a.put(job)
		}},
		{name: "owners of any length", do: func(a *attacker) error {
			deployment := a.deployment(a.named("owned"))
			deployment.OwnerReferences = []metav1.OwnerReference{a.owner()}
			deployment.OwnerReferences[0].Name, deployment.Finalizers = strings.Repeat("a", 500<<10), []string{foreignFinalizer}
			return a.put(deployment)
		}},
		{name: "metrics of what there is not", do: func(a *attacker) error {
			return a.put(a.web(a.withDemand(map[string]any{"object": map[string]any{
				"describedObject": map[string]any{"apiVersion": fmt.Sprintf("x%d.example.com/v1", a.random.Int()), "kind": "Service", "name": "a"},
				"metric":          map[string]any{"name": pick(a.random, "a", "a:b", "*", "..a")},
			}})))
		}},
		{name: "queries", do: func(a *attacker) error {
			query := pick(a.random, hostileWords()...) + pick(a.random, "", `{__name__=~".+"}`, strings.Repeat("(", 4000))
			return a.put(a.web(a.withDemand(map[string]any{"prometheus": map[string]any{"query": query}})))
		}},
		{name: "ways in", do: func(a *attacker) error {
			spec := a.plainSpec()
			spec["expose"] = map[string]any{"ingress": map[string]any{
				"host": pick(a.random, "*.example.com", "victim.example.com"), "className": "x",
				"annotations": map[string]any{"nginx.ingress.kubernetes.io/server-snippet": pick(a.random, hostileWords()...)},
			}}
			return a.put(a.web(spec))
		}},
		{name: "pods forged", do: func(a *attacker) error {
			pod := &corev1.Pod{ObjectMeta: a.named("pod"), Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "a"}}}}
			pod.OwnerReferences = []metav1.OwnerReference{a.owner()}
			pod.Annotations = map[string]string{corev1.PodDeletionCost: pick(a.random, "-2147483648", "x", "1")}
			pod.Labels[v1alpha1.LabelRun], pod.Labels[elasticwebv1.LabelName] = "1", pick(a.random, elasticwebv1.NameValue, v1alpha1.NameValue)
			return a.put(pod)
		}},
		{name: "deletion costs", do: func(a *attacker) error {
			return a.patch(&corev1.Pod{}, fmt.Sprintf(`{"metadata":{"annotations":{%q:"%d"}}}`, corev1.PodDeletionCost, a.random.IntN(1000)-500))
		}},
		{name: "pull secrets", do: fillPullSecret},
		{name: "many pull secrets", do: func(a *attacker) error {
			var names []map[string]string
			for i := range 60 {
				names = append(names, map[string]string{"name": fmt.Sprintf("pull-%d", i%20)})
			}
			text, err := json.Marshal(names)
			if err != nil {
				return err
			}
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: "default"}}
			return a.as.Patch(a.ctx, account, client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"imagePullSecrets":%s}`, text)))
		}},
		{name: "Jobs forged", do: func(a *attacker) error {
			job := a.job(a.named("job"))
			job.OwnerReferences = []metav1.OwnerReference{a.owner()}
			return a.put(job)
		}},
		{name: "ConfigMaps", do: func(a *attacker) error {
			config := &corev1.ConfigMap{ObjectMeta: a.named("config"), Data: map[string]string{"a": strings.Repeat("a", 100<<10)}}
			config.OwnerReferences = []metav1.OwnerReference{a.owner()}
			return a.put(config)
		}},
		{name: "events", do: func(a *attacker) error {
			name := a.name("event")
			return a.put(&corev1.Event{ObjectMeta: name, Reason: "Reconcile", Message: pick(a.random, hostileWords()...), LastTimestamp: metav1.Now(),
				InvolvedObject: corev1.ObjectReference{Kind: "ElasticWeb", Name: webName, Namespace: a.namespace, APIVersion: "elasticweb.example.com/v1"}})
		}},
		{name: "benchmarks", do: func(a *attacker) error { return a.put(a.benchmark()) }},
		{name: "benchmarks run again", do: func(a *attacker) error {
			return a.patch(&v1alpha1.ElasticWebBenchmark{}, fmt.Sprintf(`{"metadata":{"annotations":{%q:"%d"}}}`, v1alpha1.AnnotationRerun, a.random.IntN(100)))
		}},
		{name: "benchmarks deleted", do: func(a *attacker) error {
			object, err := a.any(&v1alpha1.ElasticWebBenchmark{})
			if err != nil {
				return err
			}
			return a.as.Delete(a.ctx, object)
		}},
		{name: "statuses", isBeyond: true, do: func(a *attacker) error {
			web := &elasticwebv1.ElasticWeb{ObjectMeta: a.name("web")}
			return a.as.Status().Patch(a.ctx, web, client.RawPatch("application/merge-patch+json", []byte(`{"status":{"readyReplicas":9}}`)))
		}},
		{name: "Secrets of others", isBeyond: true, do: func(a *attacker) error {
			return a.as.Get(a.ctx, client.ObjectKey{Namespace: pick(a.random, a.foreign...), Name: nameOfPullSecret}, &corev1.Secret{})
		}},
		{name: "ElasticWebs of others", isBeyond: true, do: func(a *attacker) error {
			web := &elasticwebv1.ElasticWeb{ObjectMeta: metav1.ObjectMeta{Namespace: pick(a.random, a.foreign...), Name: webName}}
			return a.as.Patch(a.ctx, web, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"image":"theirs"}}`)))
		}},
	}
}

// plainSpec has few pods.
func (a *attacker) plainSpec() map[string]any {
	spec := map[string]any{"image": a.image(a.random), "port": int64(58_000 + a.random.IntN(900)), "singlePodsQPS": int64(100), "replicas": int64(pick(a.random, 0, 0, 1, 3))}
	if a.random.IntN(2) == 0 {
		spec["imagePullSecrets"] = []any{map[string]any{"name": fmt.Sprintf("pull-%d", a.random.IntN(4))}}
	}
	if a.random.IntN(3) > 0 {
		spec["service"] = map[string]any{"type": "ClusterIP"}
	}
	if a.random.IntN(4) == 0 {
		spec["benchmarkRef"] = map[string]any{"name": "benchmark-1"}
	}
	return spec
}

func (a *attacker) withDemand(demand map[string]any) map[string]any {
	spec := a.plainSpec()
	delete(spec, "replicas")
	spec["demand"] = demand
	return spec
}

func (a *attacker) wordySpec() map[string]any {
	spec, word := a.plainSpec(), func() string { return pick(a.random, hostileWords()...) }
	for field, value := range map[string]any{
		"args": []any{word(), word()}, "command": []any{word()}, "env": []any{map[string]any{"name": "A", "value": word()}},
		"podAnnotations": map[string]any{"example.com/a": word()}, "volumes": []any{map[string]any{"name": "a", "hostPath": map[string]any{"path": word()}}},
		"lifecycle": map[string]any{"preStop": map[string]any{"exec": map[string]any{"command": []any{word()}}}},
	} {
		if a.random.IntN(2) == 0 {
			spec[field] = value
		}
	}
	return spec
}

// web is an ElasticWeb of one of the tenant's names.
func (a *attacker) web(spec map[string]any) client.Object {
	web := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	web.SetGroupVersionKind(elasticwebv1.GroupVersion.WithKind("ElasticWeb"))
	name := a.name("web")
	web.SetNamespace(name.Namespace)
	web.SetName(name.Name)
	return web
}

func (a *attacker) benchmark() client.Object {
	word := func() string { return pick(a.random, hostileWords()...) }
	return &v1alpha1.ElasticWebBenchmark{
		ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: fmt.Sprintf("benchmark-%d", a.random.IntN(20))},
		Spec: v1alpha1.ElasticWebBenchmarkSpec{Image: pick(a.random, a.image(a.random), "a"), Duration: "1m", BenchmarkPodSettings: v1alpha1.BenchmarkPodSettings{
			Args: []string{word(), word()}, Env: []corev1.EnvVar{{Name: "A", Value: word()}}, ServiceAccountName: pick(a.random, "", tenantAccount),
		}},
	}
}

// named is an object of the tenant with the labels of the operator's.
func (a *attacker) named(prefix string) metav1.ObjectMeta {
	name := metav1.ObjectMeta{Namespace: a.namespace, Name: fmt.Sprintf("%s-%d", prefix, a.random.IntN(20)), Labels: maps.Clone(operatorLabels)}
	name.Labels[elasticwebv1.LabelInstance] = pick(a.random, webName, "web-1", "benchmark-1")
	return name
}

var operatorLabels = map[string]string{
	elasticwebv1.LabelName: elasticwebv1.NameValue, elasticwebv1.LabelManagedBy: elasticwebv1.ManagedByValue, elasticwebv1.LabelComponent: elasticwebv1.ComponentValue,
}

// owner is a controller that an object does not have: an ElasticWeb of another namespace, or one that is no more.
func (a *attacker) owner() metav1.OwnerReference {
	owner := *a.foreignOwner.DeepCopy()
	owner.Controller = ptr.To(true)
	owner.UID = pick(a.random, owner.UID, "00000000-0000-0000-0000-000000000000")
	return owner
}

func (a *attacker) deployment(name metav1.ObjectMeta) *appsv1.Deployment {
	labels := map[string]string{"app": "a"}
	return &appsv1.Deployment{ObjectMeta: name, Spec: appsv1.DeploymentSpec{
		Replicas: ptr.To[int32](0), Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}}},
	}}
}

// job has the labels of a benchmark's.
func (a *attacker) job(name metav1.ObjectMeta) *batchv1.Job {
	job := &batchv1.Job{ObjectMeta: name, Spec: batchv1.JobSpec{Suspend: ptr.To(true)}}
	job.Labels[elasticwebv1.LabelName], job.Labels[v1alpha1.LabelRun] = v1alpha1.NameValue, "1"
	job.Spec.Template.Spec = corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "a", Image: "a"}}}
	return job
}

func scaleAny(a *attacker) error {
	web, err := a.any(&elasticwebv1.ElasticWeb{})
	if err != nil {
		return err
	}
	scale := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: pick[int32](a.random, 0, 1, 2, 100_000)}}
	return a.as.SubResource("scale").Update(a.ctx, web, client.WithSubResourceBody(scale))
}

// fillPullSecret writes as many logins as a Secret holds, one of which may be that of the registry.
func fillPullSecret(a *attacker) error {
	var text strings.Builder
	text.WriteString(`{"auths":{`)
	for i := range pick(a.random, 10, 1000, 8000) {
		fmt.Fprintf(&text, `"registry-%d.example.com/%d":{"username":"a","password":"b"},`, i, a.random.IntN(1000))
	}
	for i, registry := range a.registries {
		for j := range 40 {
			fmt.Fprintf(&text, `"%s/any/%d-%d":{"username":"a","password":%q},`, registry, i, j, secretOfTenant)
		}
		fmt.Fprintf(&text, `%q:{"username":"a","password":%q},`, registry, secretOfTenant)
	}
	text.WriteString(`"x":{}}}`)
	name := metav1.ObjectMeta{Namespace: a.namespace, Name: fmt.Sprintf("pull-%d", a.random.IntN(20))}
	return a.put(&corev1.Secret{ObjectMeta: name, Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: []byte(text.String())}})
}

// listOf is an empty list of the kind of an object.
func listOf(object client.Object) client.ObjectList {
	kinds, _, err := newScheme().ObjectKinds(object)
	if err != nil {
		panic(err)
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kinds[0].GroupVersion().WithKind(kinds[0].Kind + "List"))
	return list
}

func itemsOf(list client.ObjectList) []client.Object {
	var items []client.Object
	_ = meta.EachListItem(list, func(item runtime.Object) error { // fails for what is no list.
		if object, isObject := item.(client.Object); isObject {
			items = append(items, object)
		}
		return nil
	})
	return items
}
