// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// damage is what somebody else does to an object that an ElasticWeb owns.
type damage func(context.Context, *elasticwebv1.ElasticWeb)

// changed is damage to the fields of an object.
func changed[T client.Object](object T, change func(T)) damage {
	return func(ctx context.Context, web *elasticwebv1.ElasticWeb) { edit(ctx, web, object, change) }
}

func deleted(object client.Object) damage {
	return func(ctx context.Context, web *elasticwebv1.ElasticWeb) {
		Expect(k8s.Delete(ctx, read(ctx, web, object))).To(Succeed())
	}
}

func labelsStripped(object client.Object) damage {
	return changed(object, func(o client.Object) { o.SetLabels(nil) })
}

func annotationsStripped(object client.Object) damage {
	return changed(object, func(o client.Object) { o.SetAnnotations(nil) })
}

func webContainer(deployment *appsv1.Deployment) *corev1.Container {
	return &deployment.Spec.Template.Spec.Containers[0]
}

func deploymentDamage(change func(*appsv1.Deployment)) damage {
	return changed(&appsv1.Deployment{}, change)
}

func serviceDamage(change func(*corev1.Service)) damage { return changed(&corev1.Service{}, change) }

func budgetDamage(change func(*policyv1.PodDisruptionBudget)) damage {
	return changed(&policyv1.PodDisruptionBudget{}, change)
}

// children are the objects of an ElasticWeb, without what changes by itself.
type children struct {
	Deployment appsv1.DeploymentSpec
	Service    corev1.ServiceSpec
	Budget     policyv1.PodDisruptionBudgetSpec
	Metadata   []metadata
}

type metadata struct{ Labels, Annotations map[string]string }

func readChildren(ctx context.Context, web *elasticwebv1.ElasticWeb) (children, error) {
	found, objects := children{}, newChildren()
	for _, object := range objects {
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(web), object); err != nil {
			return found, err
		}
		annotations := object.GetAnnotations()
		delete(annotations, "deployment.kubernetes.io/revision")
		delete(annotations, "elasticweb.example.com/record")
		found.Metadata = append(found.Metadata, metadata{object.GetLabels(), annotations})
	}
	found.Deployment = objects[0].(*appsv1.Deployment).Spec
	found.Service = objects[1].(*corev1.Service).Spec
	found.Budget = objects[2].(*policyv1.PodDisruptionBudget).Spec
	// A Service that was made anew, or was none for a moment, has another address. The name of one that is
	// of another type is without effect, and not the operator's.
	found.Service.ClusterIP, found.Service.ClusterIPs, found.Service.ExternalName = "", nil, ""
	return found, nil
}

// One ElasticWeb is hurt in every way: each time it has to be as it was.
var _ = Describe("Drift of one ElasticWeb", Ordered, ContinueOnFailure, func() {
	var running *operator
	var web *elasticwebv1.ElasticWeb
	BeforeAll(func(ctx SpecContext) {
		var namespace string
		namespace, running = startInNamespace(ctx)
		web = newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.ContainerPort = ptr.To[int32](80)
			w.Spec.Env = []corev1.EnvVar{{Name: "GREETING", Value: "hello"}}
			w.Spec.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false)}
			w.Spec.Tolerations = []corev1.Toleration{{Key: "spot", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}}
			w.Spec.Volumes = []corev1.Volume{{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
			w.Spec.Service = &elasticwebv1.ServiceSpec{Annotations: map[string]string{"example.com/owner": "shop"}}
		})
		create(ctx, web)
	})

	DescribeTable("is put right", func(ctx SpecContext, hurt damage) {
		before, err := readChildren(ctx, web)
		Expect(err).NotTo(HaveOccurred())
		hurt(ctx, web)
		Eventually(func(g Gomega) {
			after, err := readChildren(ctx, web)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(equality.Semantic.DeepEqual(after, before)).To(BeTrue(), "%s\n%s",
				cmp.Diff(before, after), readyMessage(ctx, web))
		}).WithContext(ctx).WithTimeout(15 * time.Second).Should(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		expectRestOf(ctx, running, quietFor/3) // two that undo each other's writes never rest.
	},
		Entry("a deleted Deployment", deleted(&appsv1.Deployment{})),
		Entry("a deleted Service", deleted(&corev1.Service{})),
		Entry("a deleted budget", deleted(&policyv1.PodDisruptionBudget{})),
		Entry("the labels of the Deployment", labelsStripped(&appsv1.Deployment{})),
		Entry("the labels of the Service", labelsStripped(&corev1.Service{})),
		Entry("the labels of the budget", labelsStripped(&policyv1.PodDisruptionBudget{})),
		Entry("the annotations of the Deployment", annotationsStripped(&appsv1.Deployment{})),
		Entry("the annotations of the Service", annotationsStripped(&corev1.Service{})),
		Entry("the annotations of the budget", annotationsStripped(&policyv1.PodDisruptionBudget{})),

		Entry("the replicas", deploymentDamage(func(d *appsv1.Deployment) { d.Spec.Replicas = ptr.To[int32](7) })),
		Entry("the image", deploymentDamage(func(d *appsv1.Deployment) { webContainer(d).Image = "httpd:2.4" })),
		Entry("the strategy", deploymentDamage(func(d *appsv1.Deployment) {
			d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
		})),
		Entry("the resources", deploymentDamage(func(d *appsv1.Deployment) {
			webContainer(d).Resources.Requests[corev1.ResourceCPU] = resource.MustParse("50m")
		})),
		Entry("the environment", deploymentDamage(func(d *appsv1.Deployment) { webContainer(d).Env[0].Value = "bye" })),
		Entry("where a variable of the environment comes from", deploymentDamage(func(d *appsv1.Deployment) {
			webContainer(d).Env[0] = corev1.EnvVar{Name: "GREETING", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}
		})),
		Entry("the container port", deploymentDamage(func(d *appsv1.Deployment) { webContainer(d).Ports[0].ContainerPort = 8443 })),
		Entry("the kind of the readiness probe", deploymentDamage(func(d *appsv1.Deployment) {
			webContainer(d).ReadinessProbe.ProbeHandler = corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromString("http")}}
		})),
		Entry("the kind of the preStop hook", deploymentDamage(func(d *appsv1.Deployment) {
			webContainer(d).Lifecycle.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}
		})),
		Entry("what a container may not, no longer said", deploymentDamage(func(d *appsv1.Deployment) {
			webContainer(d).SecurityContext.AllowPrivilegeEscalation = nil
		})),
		Entry("no time for what was tolerated for ever", deploymentDamage(func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Tolerations[0].TolerationSeconds = ptr.To[int64](0)
		})),
		Entry("the kind of a volume", deploymentDamage(func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		})),
		Entry("the labels of the pods", deploymentDamage(func(d *appsv1.Deployment) {
			delete(d.Spec.Template.Labels, elasticwebv1.LabelManagedBy)
		})),

		Entry("the Service's type, ClusterIP", serviceDamage(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })),
		Entry("the Service's type, LoadBalancer", serviceDamage(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer })),
		Entry("the Service's type, ExternalName", serviceDamage(func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "elsewhere.example.com"
		})),
		Entry("a key more in the Service's selector", serviceDamage(func(s *corev1.Service) { s.Spec.Selector["track"] = "canary" })),
		Entry("a key less in the Service's selector", serviceDamage(func(s *corev1.Service) { delete(s.Spec.Selector, elasticwebv1.LabelInstance) })),
		Entry("the node port", serviceDamage(func(s *corev1.Service) { s.Spec.Ports[0].NodePort = freePort() })),
		Entry("the Service's port", serviceDamage(func(s *corev1.Service) { s.Spec.Ports[0].Port = 8081 })),
		Entry("the protocol of the Service's port", serviceDamage(func(s *corev1.Service) { s.Spec.Ports[0].Protocol = corev1.ProtocolSCTP })),
		Entry("the name of the Service's port", serviceDamage(func(s *corev1.Service) { s.Spec.Ports[0].Name = "web" })),
		Entry("the target of the Service's port", serviceDamage(func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromInt32(1) })),
		Entry("an annotation that the spec gives the Service", serviceDamage(func(s *corev1.Service) { s.Annotations["example.com/owner"] = "me" })),

		Entry("how many pods the budget spares", budgetDamage(func(b *policyv1.PodDisruptionBudget) { b.Spec.MaxUnavailable = ptr.To(intstr.FromString("100%")) })),
		Entry("a budget the other way round", budgetDamage(func(b *policyv1.PodDisruptionBudget) {
			b.Spec.MaxUnavailable, b.Spec.MinAvailable = nil, ptr.To(intstr.FromInt32(3))
		})),
		Entry("a key more in the budget's selector", budgetDamage(func(b *policyv1.PodDisruptionBudget) { b.Spec.Selector.MatchLabels["track"] = "canary" })),
		Entry("an expression more in the budget's selector", budgetDamage(func(b *policyv1.PodDisruptionBudget) {
			b.Spec.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "track", Operator: metav1.LabelSelectorOpExists}}
		})),
	)
})

var _ = Describe("Drift", func() {
	It("restarts no pod when labels and annotations are stripped", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop", func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Architectures = []elasticwebv1.ArchitectureSpec{
				{Name: "amd64"}, {Name: "arm64", SinglePodsQPS: ptr.To[int32](400)},
			}
		})
		create(ctx, web)
		template := read(ctx, web, &appsv1.Deployment{}).Spec.Template
		Expect(template.Spec.TopologySpreadConstraints).NotTo(BeEmpty())
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](800 * 20) })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		for _, hurt := range []damage{labelsStripped(&appsv1.Deployment{}), annotationsStripped(&appsv1.Deployment{})} {
			hurt(ctx, web)
			deployment := await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) {
				g.Expect(d.Labels).To(HaveKeyWithValue(elasticwebv1.LabelManagedBy, elasticwebv1.ManagedByValue))
				g.Expect(d.Annotations).To(HaveKey("elasticweb.example.com/record"))
			})
			Expect(deployment.Spec.Template).To(Equal(template))
			Expect(deployment.Spec.Replicas).To(HaveValue(Equal(int32(20))))
		}
	})

	It("is put right beside what others added to the same object", func(ctx SpecContext) {
		namespace, _ := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		edit(ctx, web, &corev1.Service{}, func(s *corev1.Service) {
			s.Spec.Ports[0].Port = 8081
			s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "metrics", Port: 9090, NodePort: freePort()})
			s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		})
		edit(ctx, web, &appsv1.Deployment{}, func(d *appsv1.Deployment) {
			webContainer(d).Lifecycle.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}
			d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Name: "proxy", Image: "proxy:1"})
		})
		await(ctx, web, &corev1.Service{}, func(g Gomega, s *corev1.Service) {
			ports := map[string]int32{}
			for _, port := range s.Spec.Ports {
				ports[port.Name] = port.Port
			}
			g.Expect(ports).To(Equal(map[string]int32{"http": 8080, "metrics": 9090}))
			g.Expect(s.Spec.SessionAffinity).To(Equal(corev1.ServiceAffinityClientIP))
		})
		await(ctx, web, &appsv1.Deployment{}, func(g Gomega, d *appsv1.Deployment) {
			hook := webContainer(d).Lifecycle.PreStop
			g.Expect(hook.Exec).To(BeNil())
			g.Expect(hook.Sleep).NotTo(BeNil())
			g.Expect(d.Spec.Template.Spec.Containers).To(HaveLen(2))
		})
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	})

	It("leaves alone what others add, and makes no request because of it", func(ctx SpecContext) {
		namespace, running := startInNamespace(ctx)
		web := newWeb(namespace, "shop")
		create(ctx, web)
		expectRest(ctx, running)
		before := running.requests.count()
		for _, child := range newChildren() {
			edit(ctx, web, child, func(o client.Object) {
				o.GetLabels()["example.com/team"] = "blue"
				if _, isDeployment := o.(*appsv1.Deployment); !isDeployment { // there it is a new generation.
					o.GetAnnotations()["example.com/note"] = "hands off"
				}
			})
		}
		edit(ctx, web, &corev1.Service{}, func(s *corev1.Service) {
			s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
			s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "metrics", Port: 9090, NodePort: freePort()})
		})
		expectRest(ctx, running)
		Expect(running.requests.since(before)).To(BeEmpty())
		edit(ctx, web, &appsv1.Deployment{}, func(d *appsv1.Deployment) {
			d.Annotations["example.com/note"] = "hands off"
			d.Spec.Template.Annotations = map[string]string{"sidecar.example.com/injected": "true"}
			d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Name: "proxy", Image: "proxy:1"})
			d.Spec.RevisionHistoryLimit = ptr.To[int32](3)
		})
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = "nginx:1.18.0" })
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		for _, child := range newChildren() {
			read(ctx, web, child)
			Expect(child.GetLabels()).To(HaveKeyWithValue("example.com/team", "blue"))
			Expect(child.GetAnnotations()).To(HaveKeyWithValue("example.com/note", "hands off"))
		}
		deployment := read(ctx, web, &appsv1.Deployment{})
		Expect(deployment.Spec.Template.Annotations).To(HaveKey("sidecar.example.com/injected"))
		Expect(deployment.Spec.Template.Spec.Containers).To(HaveLen(2))
		Expect(deployment.Spec.RevisionHistoryLimit).To(HaveValue(Equal(int32(3))))
		service := read(ctx, web, &corev1.Service{})
		Expect(service.Spec.SessionAffinity).To(Equal(corev1.ServiceAffinityClientIP))
		Expect(service.Spec.Ports).To(HaveLen(2))
	})
})

var _ = Describe("A pod", func() {
	It("counts as long as its Service selects it, whatever label it lost", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		startOperator(operatorOptions{namespaces: []string{namespace}})
		web := newWeb(namespace, "shop")
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		pods := &corev1.PodList{}
		Expect(k8s.List(ctx, pods, client.InNamespace(namespace))).To(Succeed())
		for i := range pods.Items {
			stripped := pods.Items[i].DeepCopy()
			delete(stripped.Labels, elasticwebv1.LabelManagedBy)
			delete(stripped.Labels, elasticwebv1.LabelComponent)
			Expect(k8s.Patch(ctx, stripped, client.MergeFrom(&pods.Items[i]))).To(Succeed())
		}
		Consistently(func() *int32 { return current(ctx, web).Status.RealQPS }, time.Second).WithContext(ctx).
			Should(HaveValue(Equal(int32(2400))))
	})
})
