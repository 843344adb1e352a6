// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
)

const imageWait = 5 * time.Second

var _ = Describe("Images", func() {
	var (
		registry  *localRegistry
		namespace string
	)
	BeforeEach(func(ctx SpecContext) {
		registry = startRegistry()
		namespace = newNamespace(ctx)
	})

	withImage := func(image string) func(*elasticwebv1.ElasticWeb) {
		return func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = image }
	}

	It("2.7: requires what the manifest list holds, and 5.5: takes port and user from the image", func(ctx SpecContext) {
		startOperator(registry.lookUps())
		image := registry.push("library/nginx", "1.17.1",
			v1.Config{ExposedPorts: map[string]struct{}{"80/tcp": {}}, User: "101:101"}, "arm64", "amd64", "s390x")
		web := newWeb(namespace, "shop", withImage(image))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)

		spec := deploymentOf(ctx, web).Spec.Template.Spec
		Expect(requiredArchitectures(&spec)).To(Equal([]string{"amd64", "arm64", "s390x"}))
		Expect(spec.Containers[0].Ports[0].ContainerPort).To(Equal(int32(80)))
		Expect(spec.Containers[0].ReadinessProbe.TCPSocket).NotTo(BeNil(), "the port is known, so that it is probed")
		Expect(spec.SecurityContext.RunAsNonRoot).To(HaveValue(BeTrue()))
		Expect(spec.Containers[0].SecurityContext.AllowPrivilegeEscalation).To(HaveValue(BeFalse()))

		status := current(ctx, web).Status
		Expect(status.Image.Reference).To(Equal(image))
		Expect(status.Image.Digest).To(HavePrefix("sha256:"))
		Expect(status.Image.Platforms).To(Equal([]string{"linux/amd64", "linux/arm64", "linux/s390x"}))
		Expect(meta.IsStatusConditionTrue(status.Conditions, elasticwebv1.ConditionPlatformsResolved)).To(BeTrue())
	})

	It("leaves security to Kubernetes for an image that runs as root", func(ctx SpecContext) {
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(registry.push("shop", "1", v1.Config{}, "amd64")))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		spec := deploymentOf(ctx, web).Spec.Template.Spec
		Expect(spec.SecurityContext.RunAsNonRoot).To(BeNil())
		Expect(spec.Containers[0].SecurityContext).To(BeNil())
		Expect(spec.Containers[0].ReadinessProbe).To(BeNil(), "8080 is a guess, and a guess is not probed")
	})

	It("names an image for architectures that the cluster lacks, before a pod is made", func(ctx SpecContext) {
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(registry.push("shop", "1", v1.Config{}, "s390x")))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonNoCompatibleNodes)
		Expect(message(ctx, web, elasticwebv1.ConditionReady)).To(ContainSubstring("s390x"))
	})

	It("names a contradiction of the spec, and leaves the running pods alone", func(ctx SpecContext) {
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(registry.push("shop", "1", v1.Config{}, "amd64")))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		before := deploymentOf(ctx, web)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) {
			w.Spec.NodeSelector = map[string]string{corev1.LabelArchStable: "s390x"}
		})
		expectReason(ctx, web, elasticwebv1.ReasonNoCompatibleNodes)
		Expect(message(ctx, web, elasticwebv1.ConditionReady)).To(ContainSubstring("spec.nodeSelector"))
		Expect(deploymentOf(ctx, web).Generation).To(Equal(before.Generation))
	})

	It("keeps every pod template while the registry goes, the operator restarts, and the registry returns", func(ctx SpecContext) {
		first := startOperator(registry.lookUps())
		image := registry.push("shop", "1", v1.Config{ExposedPorts: map[string]struct{}{"9000/tcp": {}}}, "amd64", "arm64")
		web := newWeb(namespace, "shop", withImage(image))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		before := deploymentOf(ctx, web)

		registry.isDown.Store(true)
		first.stop()
		asked := registry.requests.Load()
		second := startOperator(registry.lookUps())
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.TotalQPS = ptr.To[int32](3200) })
		Eventually(func() *int32 { return deploymentOf(ctx, web).Spec.Replicas }).WithContext(ctx).Should(HaveValue(Equal(int32(4))))
		Expect(deploymentOf(ctx, web).Spec.Template).To(Equal(before.Spec.Template))
		Expect(registry.requests.Load()).To(Equal(asked), "at rest, and for a new number, no registry is asked")

		// Even the Deployment can be lost: the status has the facts.
		Expect(k8s.Delete(ctx, deploymentOf(ctx, web))).To(Succeed())
		Eventually(func() (*appsv1.Deployment, error) {
			d := &appsv1.Deployment{}
			return d, k8s.Get(ctx, client.ObjectKeyFromObject(web), d)
		}).WithContext(ctx).Should(HaveField("Spec.Template", Equal(before.Spec.Template)))
		registry.isDown.Store(false)
		second.stop()
		startOperator(registry.lookUps())
		Consistently(func() corev1.PodTemplateSpec { return deploymentOf(ctx, web).Spec.Template }, time.Second).Should(Equal(before.Spec.Template))
	})

	It("goes on without the registry: spec.architectures holds, and late facts restart nothing", func(ctx SpecContext) {
		image := registry.push("shop", "1", v1.Config{}, "amd64", "arm64")
		registry.isDown.Store(true)
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(image), func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "amd64"}}
		})
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(requiredArchitectures(&deploymentOf(ctx, web).Spec.Template.Spec)).To(Equal([]string{"amd64"}))
		Expect(meta.FindStatusCondition(current(ctx, web).Status.Conditions, elasticwebv1.ConditionPlatformsResolved)).
			To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Reason", elasticwebv1.ReasonRegistryUnreachable)))
		before := deploymentOf(ctx, web)
		registry.isDown.Store(false)
		Eventually(func() bool {
			return meta.IsStatusConditionTrue(current(ctx, web).Status.Conditions, elasticwebv1.ConditionPlatformsResolved)
		}, 40*time.Second).WithContext(ctx).Should(BeTrue())
		Expect(deploymentOf(ctx, web).Spec.Template).To(Equal(before.Spec.Template))
	})

	allowedArchitectures := func(ctx context.Context, web *elasticwebv1.ElasticWeb) func() []string {
		return func() []string {
			spec := deploymentOf(ctx, web).Spec.Template.Spec
			if spec.Affinity == nil {
				return nil
			}
			return requiredArchitectures(&spec)
		}
	}

	It("rolls once where pods that may run anywhere turn out to run on amd64 only", func(ctx SpecContext) {
		image := registry.push("shop", "1", v1.Config{}, "amd64")
		registry.isDown.Store(true)
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(image))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(message(ctx, web, elasticwebv1.ConditionPlatformsResolved)).To(ContainSubstring("any architecture"))
		registry.isDown.Store(false)
		Eventually(allowedArchitectures(ctx, web), 20*time.Second).WithContext(ctx).Should(Equal([]string{"amd64"}))
		Eventually(func() string { return reasonOf(ctx, web, elasticwebv1.ConditionPlatformsResolved) }).
			WithContext(ctx).Should(Equal(elasticwebv1.ReasonResolved)) // the status follows the Deployment.
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
	})

	It("waits out one 503, and makes the pods from the second answer", func(ctx SpecContext) {
		image := registry.push("shop", "1", v1.Config{}, "arm64")
		registry.isDown.Store(true)
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(image))
		asked := registry.requests.Load()
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(registry.requests.Load).WithContext(ctx).Should(BeNumerically(">", asked))
		registry.isDown.Store(false)
		Eventually(func() *elasticwebv1.ImageStatus { return current(ctx, web).Status.Image }).WithContext(ctx).ShouldNot(BeNil())
		Expect(allowedArchitectures(ctx, web)()).To(Equal([]string{"arm64"}))
		Expect(deploymentOf(ctx, web).Generation).To(Equal(int64(1)), "the first template has them")
	})

	It("notices what a new tag lost, though the registry was down at the rollout", func(ctx SpecContext) {
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(registry.push("shop", "1", v1.Config{}, "amd64", "arm64")))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		newer := registry.push("shop", "2", v1.Config{}, "arm64")
		registry.isDown.Store(true)
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = newer })
		Eventually(func() string { return deploymentOf(ctx, web).Spec.Template.Spec.Containers[0].Image }).WithContext(ctx).Should(Equal(newer))
		Expect(allowedArchitectures(ctx, web)()).To(Equal([]string{"amd64", "arm64"}))
		registry.isDown.Store(false)
		Eventually(allowedArchitectures(ctx, web), 20*time.Second).WithContext(ctx).Should(Equal([]string{"arm64"}))
	})

	It("takes up a wider choice with kubectl rollout restart", func(ctx SpecContext) {
		startOperator(registry.lookUps())
		image := registry.push("shop", "1", v1.Config{}, "amd64")
		web := newWeb(namespace, "shop", withImage(image))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		registry.push("shop", "1", v1.Config{}, "amd64", "arm64")
		time.Sleep(2 * time.Second) // an answer of less than a minute ago would do.
		asked := registry.requests.Load()
		deployment := deploymentOf(ctx, web)
		patch := []byte(`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}}}}}`)
		Expect(k8s.Patch(ctx, deployment, client.RawPatch(types.StrategicMergePatchType, patch))).To(Succeed())
		Eventually(func() *plan.Record { return plan.RecordOf(deploymentOf(ctx, web)) }).WithContext(ctx).
			Should(HaveField("Restart", HaveValue(Not(BeEmpty()))))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		Expect(registry.requests.Load()).To(Equal(asked), "the answer was young enough")
		Expect(deploymentOf(ctx, web).Spec.Template.Annotations).To(HaveKeyWithValue("kubectl.kubernetes.io/restartedAt", "now"))
	})

	It("writes nothing while a registry that only nodes can reach is asked again, nor when the operator restarts", func(ctx SpecContext) {
		image := registry.push("shop", "1", v1.Config{}, "amd64")
		registry.isDown.Store(true)
		first := startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(image))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(func() string { return reasonOf(ctx, web, elasticwebv1.ConditionPlatformsResolved) }).
			WithContext(ctx).Should(Equal(elasticwebv1.ReasonRegistryUnreachable))
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		before := current(ctx, web)
		asksAgain := func(times int64) {
			GinkgoHelper()
			asked := registry.requests.Load()
			Eventually(registry.requests.Load, 30*time.Second).WithContext(ctx).Should(BeNumerically(">=", asked+times))
			Expect(current(ctx, web)).To(HaveField("ObjectMeta.ResourceVersion", before.ResourceVersion))
		}
		asksAgain(2)
		first.stop()
		startOperator(registry.lookUps())
		asksAgain(2)
	})

	It("takes up a new tag's platforms with the rollout to it, and a wider choice only then", func(ctx SpecContext) {
		startOperator(registry.lookUps())
		web := newWeb(namespace, "shop", withImage(registry.push("shop", "1", v1.Config{}, "amd64")))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		expectReason(ctx, web, elasticwebv1.ReasonAsPlanned)
		newer := registry.push("shop", "2", v1.Config{}, "amd64", "arm64")
		update(ctx, web, func(w *elasticwebv1.ElasticWeb) { w.Spec.Image = newer })
		Eventually(func() []string { return requiredArchitectures(&deploymentOf(ctx, web).Spec.Template.Spec) }).
			WithContext(ctx).Should(Equal([]string{"amd64", "arm64"}))
	})

	It("looks up with the pull secrets of the spec and of the service account, and logs neither", func(ctx SpecContext) {
		image := registry.push("shop", "1", v1.Config{}, "amd64")
		registry.password.Store("s3cret")
		startOperator(registry.lookUps())
		web := newWeb(namespace, "public", withImage(image))
		Expect(k8s.Create(ctx, web)).To(Succeed())
		Eventually(func() string { return reasonOf(ctx, web, elasticwebv1.ConditionPlatformsResolved) }).
			WithContext(ctx).Should(Equal(elasticwebv1.ReasonRegistryUnauthorized))

		Expect(k8s.Create(ctx, pullSecret(namespace, "pull", registry.host, "s3cret"))).To(Succeed())
		named := newWeb(namespace, "named", withImage(image), func(w *elasticwebv1.ElasticWeb) {
			w.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "pull"}}
		})
		Expect(k8s.Create(ctx, named)).To(Succeed())
		Eventually(func() string { return reasonOf(ctx, named, elasticwebv1.ConditionPlatformsResolved) }).
			WithContext(ctx).Should(Equal(elasticwebv1.ReasonResolved))

		Expect(k8s.Create(ctx, &corev1.ServiceAccount{
			ObjectMeta:       metav1.ObjectMeta{Namespace: namespace, Name: "puller"},
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}},
		})).To(Succeed())
		account := newWeb(namespace, "account", withImage(image), func(w *elasticwebv1.ElasticWeb) {
			w.Spec.ServiceAccountName = "puller"
		})
		Expect(k8s.Create(ctx, account)).To(Succeed())
		Eventually(func() string { return reasonOf(ctx, account, elasticwebv1.ConditionPlatformsResolved) }).
			WithContext(ctx).Should(Equal(elasticwebv1.ReasonResolved))
	})

	It("asks the registry once for many ElasticWebs of one image", func(ctx SpecContext) {
		image := registry.push("shop", "1", v1.Config{}, "amd64")
		before := registry.requests.Load()
		startOperator(registry.lookUps())
		const webs = 40
		for i := range webs {
			Expect(k8s.Create(ctx, newWeb(namespace, fmt.Sprintf("shop-%d", i), withImage(image)))).To(Succeed())
		}
		list := &elasticwebv1.ElasticWebList{}
		Eventually(func(g Gomega) {
			g.Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
			for i := range list.Items {
				g.Expect(list.Items[i].Status.Image).NotTo(BeNil())
			}
		}).WithContext(ctx).Should(Succeed())
		Expect(registry.requests.Load()-before).To(BeNumerically("<=", 5), "a ping, a token or not, an index, a manifest, a config")
	})
})

func pullSecret(namespace, name, host, password string) *corev1.Secret {
	GinkgoHelper()
	config, err := json.Marshal(map[string]any{"auths": map[string]any{
		host: map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte("user:" + password))},
	}})
	Expect(err).NotTo(HaveOccurred())
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Type:       corev1.SecretTypeDockerConfigJson,
		Data:       map[string][]byte{corev1.DockerConfigJsonKey: config},
	}
}

// requiredArchitectures are those of the only required node term.
func requiredArchitectures(spec *corev1.PodSpec) []string {
	GinkgoHelper()
	terms := spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	Expect(terms).To(HaveLen(1))
	for _, expression := range terms[0].MatchExpressions {
		if expression.Key == corev1.LabelArchStable {
			return expression.Values
		}
	}
	return nil
}

func reasonOf(ctx context.Context, web *elasticwebv1.ElasticWeb, kind string) string {
	if condition := meta.FindStatusCondition(current(ctx, web).Status.Conditions, kind); condition != nil {
		return condition.Reason
	}
	return ""
}

func message(ctx context.Context, web *elasticwebv1.ElasticWeb, kind string) string {
	if condition := meta.FindStatusCondition(current(ctx, web).Status.Conditions, kind); condition != nil {
		return condition.Message
	}
	return ""
}
