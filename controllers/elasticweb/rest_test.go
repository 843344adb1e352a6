// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/controllers"
)

// idleWebs is how many ElasticWebs are at rest in the specs.
const idleWebs = 50

// createIdle makes ElasticWebs of different kinds, and waits until each is as planned.
func createIdle(ctx context.Context, namespace string) {
	GinkgoHelper()
	kinds := []func(*elasticwebv1.ElasticWeb){
		func(*elasticwebv1.ElasticWeb) {},
		byReplicas(1),
		byAutoscaler(2, 3),
		serving(0),
		func(web *elasticwebv1.ElasticWeb) {
			web.Spec.ContainerPort = ptr.To[int32](80)
			web.Spec.Service = &elasticwebv1.ServiceSpec{
				Type: elasticwebv1.ServiceTypeClusterIP, Annotations: map[string]string{"example.com/a": "b"},
			}
			web.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "amd64"}, {Name: "arm64", SinglePodsQPS: ptr.To[int32](400)}}
			web.Spec.Env = []corev1.EnvVar{{Name: "EMPTY"}, {Name: "NODE", ValueFrom: &corev1.EnvVarSource{
				FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.nodeName"},
			}}}
			web.Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
			web.Spec.VolumeMounts = []corev1.VolumeMount{{Name: "scratch", MountPath: "/tmp"}}
			web.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
			web.Spec.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/"}}}
			web.Spec.LivenessProbe.HTTPGet.Port.StrVal, web.Spec.LivenessProbe.HTTPGet.Port.Type = "http", 1
			web.Spec.PodLabels = map[string]string{"tier": "front"}
			web.Spec.NodeSelector = map[string]string{corev1.LabelOSStable: "linux"}
		},
	}
	for i := range idleWebs {
		Expect(k8s.Create(ctx, newWeb(namespace, fmt.Sprintf("idle-%d", i), kinds[i%len(kinds)]))).To(Succeed())
	}
	Eventually(func(g Gomega) {
		list := &elasticwebv1.ElasticWebList{}
		g.Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		for i := range list.Items {
			g.Expect(meta.IsStatusConditionTrue(list.Items[i].Status.Conditions, elasticwebv1.ConditionReady)).
				To(BeTrue(), "%s: %v", list.Items[i].Name, list.Items[i].Status.Conditions)
		}
	}).WithContext(ctx).WithTimeout(time.Minute).Should(Succeed())
}

// versions is what tells a write of the operator to anything that it writes in a namespace.
func versions(ctx context.Context, namespace string) map[string]string {
	GinkgoHelper()
	result := map[string]string{}
	for _, list := range []client.ObjectList{
		&elasticwebv1.ElasticWebList{}, &appsv1.DeploymentList{}, &corev1.ServiceList{}, &policyv1.PodDisruptionBudgetList{},
	} {
		Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		items, err := meta.ExtractList(list)
		Expect(err).NotTo(HaveOccurred())
		for _, item := range items {
			object, isObject := item.(client.Object)
			Expect(isObject).To(BeTrue())
			result[fmt.Sprintf("%T %s", item, object.GetName())] = versionOf(object)
		}
	}
	return result
}

// versionOf is the resource version of what the operator alone writes. Others write the status of Deployments and budgets,
// at a time of their own; there it is the spec's generation, and when the operator's fields changed.
func versionOf(object client.Object) string {
	switch object.(type) {
	case *appsv1.Deployment, *policyv1.PodDisruptionBudget:
	default:
		return object.GetResourceVersion()
	}
	version := fmt.Sprint(object.GetGeneration())
	for _, entry := range object.GetManagedFields() {
		if entry.Manager == controllers.FieldManager {
			version += fmt.Sprintf(" %s %s", entry.Operation, entry.Time)
		}
	}
	return version
}

// lists are the requests with which a cache begins: for what resources there are, and for all objects of one.
var lists = regexp.MustCompile("^" + http.MethodGet + ` /apis?(/([^/]+/)?v[^/]+(/(namespaces/[^/]+/)?[^/]+)?)?$`)

var _ = Describe("ElasticWebs at rest", func() {
	It("make no request, through several resyncs and after a restart", func(ctx SpecContext) {
		const resync = time.Second
		namespace := newNamespace(ctx)
		options := operatorOptions{namespaces: []string{namespace}, resync: resync}
		operator := startOperator(options)
		createIdle(ctx, namespace)
		atRest := versions(ctx, namespace)
		Expect(atRest).To(HaveLen(idleWebs + 40 + 40 + 30))
		count := operator.requests.count()
		Consistently(func() []string { return operator.requests.since(count) }).
			WithContext(ctx).WithTimeout(5 * resync).Should(BeEmpty())

		By("restarting the operator")
		operator.stop()
		operator = startOperator(options)
		Consistently(operator.requests.butLists).WithContext(ctx).WithTimeout(3 * resync).Should(BeEmpty())
		Expect(versions(ctx, namespace)).To(Equal(atRest))
	}, SpecTimeout(2*time.Minute))

	It("change with one write per object that changes", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop")
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectPods(ctx, web, 3)
		Expect(writesByResource(operator, 0)).To(And(
			HaveKeyWithValue("services", 1), HaveKeyWithValue("poddisruptionbudgets", 1), HaveKeyWithValue("deployments", 1),
			HaveKeyWithValue("status", BeNumerically("<=", statusWrites(3)))))
		expectRest(ctx, operator) // a write that meets the last status of the Deployment is a conflict, and made again.
		count := operator.requests.count()
		update(ctx, web, serving(4000))
		expectPods(ctx, web, 5)
		writes := writesByResource(operator, count)
		Expect(writes).To(HaveKeyWithValue("deployments", 1), "%q", operator.requests.since(count))
		Expect(writes).To(HaveKeyWithValue("status", BeNumerically("<=", statusWrites(2))))
		Expect(writes).To(HaveLen(2))
	})

	It("read a changed spec once more where what a predecessor made of a newer one may not be known", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop")
		options := operatorOptions{namespaces: []string{web.Namespace}}
		operator := startOperator(options)
		// Where the Deployment's controller was faster, the operator reads the Deployment, and then the spec.
		grow := func(totalQPS, pods int32) (readsWithoutConflict int) {
			GinkgoHelper()
			expectRest(ctx, operator) // a status that meets the change is a conflict, after which the spec is read.
			count := operator.requests.count()
			update(ctx, web, serving(totalQPS))
			expectPods(ctx, web, pods)
			expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
			for _, request := range operator.requests.since(count) {
				switch {
				case lists.MatchString(request): // of a kind of way in, by an operator that has just begun.
				case strings.HasPrefix(request, http.MethodGet) && strings.Contains(request, "/elasticwebs/"):
					readsWithoutConflict++
				case strings.HasPrefix(request, http.MethodGet):
					readsWithoutConflict--
				}
			}
			return readsWithoutConflict
		}
		create(ctx, web)
		Expect(grow(3200, 4)).To(BeZero(), "the operator that made it")
		operator.stop()
		operator = startOperator(options)
		Expect(grow(4000, 5)).To(Equal(1), "another one, that has written nothing")
		Expect(grow(4800, 6)).To(BeZero(), "the same, that has")
	})

	It("tell of pods that flap no more than once a second", func(ctx SpecContext) {
		web := newWeb(newNamespace(ctx), "shop")
		operator := startOperator(operatorOptions{namespaces: []string{web.Namespace}})
		create(ctx, web)
		pod := podsOf(ctx, web)[0]
		count, begin := operator.requests.count(), time.Now()
		for range 50 {
			makeUnready(ctx, &pod)
			Eventually(func() bool { // kwok mends it at once.
				Expect(k8s.Get(ctx, client.ObjectKeyFromObject(&pod), &pod)).To(Succeed())
				return isReady(&pod)
			}).WithContext(ctx).WithPolling(time.Millisecond).Should(BeTrue())
		}
		mostWrites := 10 + int(time.Since(begin)/time.Second) + 1 // those that may be made at once, and one a second.
		Expect(writesByResource(operator, count)).To(HaveKeyWithValue("status", BeNumerically("<=", mostWrites)))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectPods(ctx, web, 3)
	})
})

func makeUnready(ctx context.Context, pod *corev1.Pod) {
	GinkgoHelper()
	patch := fmt.Appendf(nil, `{"status": {"conditions": [{"type": %q, "status": %q}]}}`, corev1.PodReady, corev1.ConditionFalse)
	Expect(k8s.Status().Patch(ctx, pod, client.RawPatch(types.StrategicMergePatchType, patch))).To(Succeed())
}

// statusWrites is how many there may be while some pods come or go: for each pod when it exists, has a node
// and is ready, and at both ends.
func statusWrites(pods int) int { return 3*pods + 2 }

// writesByResource counts the writes after the first n requests, those of a status apart and events aside.
func writesByResource(o *operator, n int) map[string]int {
	writes := map[string]int{}
	for _, request := range o.requests.since(n) {
		method, path, _ := strings.Cut(request, " ")
		if method == http.MethodGet {
			continue
		}
		parts := strings.Split(path, "/")
		last := parts[len(parts)-1]
		switch last {
		case "events": // made in the background.
		case "status":
			writes[last]++
		default:
			writes[parts[len(parts)-2]]++
		}
	}
	return writes
}
