// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"path/filepath"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
	"github.com/elasticweb/elasticweb-operator/test/olm/lifecycle"
)

const (
	catalogName      = "elasticweb-catalog"
	subscriptionName = "elasticweb"
)

var _ = Describe("The bundle, installed by OLM from a catalog's image", Ordered, func() {
	var (
		s                 *scenario
		i                 *installation
		previous, current release
		sample            web
		before            map[types.UID][]int32
	)

	BeforeAll(func(ctx SpecContext) {
		s = startScenario(ctx, "olm", nodes.Pool{Arch: runtime.GOARCH, Count: 1})
		previous, current = s.pushReleases(ctx)
		s.pushCatalog(ctx, previous, current)
		s.pushWebServer(ctx, "library/nginx:1.17.1", "one", runtime.GOARCH)
		s.startOLM(ctx)
		s.kubectl(ctx, "create", "namespace", "dev")
		i = s.newInstallation(ctx, operatorsNamespace)
		sample = web{scenario: s, key: client.ObjectKey{Namespace: "dev", Name: "elasticweb-sample"}}
	}, NodeTimeout(20*time.Minute)) // From nothing, the operator is compiled.

	AfterEach(func() { s.keepLogs() })

	It("serves the catalog, unpacks the bundle's image, and runs the operator", func(ctx SpecContext) {
		s.addCatalog(ctx)
		i.subscribe(ctx, previous)
		i.approve(ctx, previous)
		i.awaitSucceeded(ctx, previous)
		s.expectUnpacked(ctx, previous)
		s.kubectl(ctx, "apply", "--filename="+filepath.Join(root, "config/samples/elasticweb_v1_elasticweb.yaml"))
		sample.eventuallyServes(ctx, 3, 2400)
		eventuallyAnswer(ctx, "http://"+s.nodeAddresses(ctx)[0]+":30003/", sample.podNames(ctx))
		before = sample.lives(ctx)
	}, NodeTimeout(5*time.Minute))

	It("upgrades the operator, and restarts no pod of an ElasticWeb", func(ctx SpecContext) {
		i.approve(ctx, current)
		i.awaitSucceeded(ctx, current)
		i.awaitGone(ctx, previous.csv)
		s.expectUnpacked(ctx, current)
		// Once another one is served, the sample was looked at, too.
		w := s.newWeb(ctx, "after", `{"image": "nginx:1.17.1", "port": 30004, "singlePodsQPS": 100, "totalQPS": 100, `+small+`}`)
		w.eventuallyServes(ctx, 1, 100)
		sample.eventuallyServes(ctx, 3, 2400)
		Expect(sample.lives(ctx)).To(Equal(before))
	}, NodeTimeout(5*time.Minute))

	It("is uninstalled: the ElasticWebs serve on, and when they are deleted nothing is left", func(ctx SpecContext) {
		s.kubectl(ctx, "delete", "subscription", subscriptionName, "--namespace="+i.namespace)
		s.kubectl(ctx, "delete", "clusterserviceversion", current.csv.Name, "--namespace="+i.namespace)
		Eventually(ctx, func(g Gomega) { g.Expect(i.operatorPods(ctx, g)).To(BeEmpty()) }).Should(Succeed())
		eventuallyAnswer(ctx, "http://"+s.nodeAddresses(ctx)[0]+":30003/", sample.podNames(ctx))
		Expect(sample.lives(ctx)).To(Equal(before))

		s.kubectl(ctx, "delete", "elasticwebs", "--all", "--namespace=dev", "--cascade=foreground")
		s.kubectl(ctx, "delete", "customresourcedefinitions", "elasticwebs.elasticweb.example.com", "elasticwebbenchmarks.elasticweb.example.com")
		s.kubectl(ctx, "delete", "catalogsource", catalogName, "--namespace="+olmNamespace)
		i.expectNothingLeft(ctx)
	}, NodeTimeout(5*time.Minute))
})

// addCatalog waits until OLM is connected with the pod that it makes of the image.
func (s *scenario) addCatalog(ctx context.Context) {
	GinkgoHelper()
	source := &operatorsv1alpha1.CatalogSource{
		ObjectMeta: metav1.ObjectMeta{Name: catalogName, Namespace: olmNamespace},
		Spec: operatorsv1alpha1.CatalogSourceSpec{
			SourceType: operatorsv1alpha1.SourceTypeGrpc, Image: "quay.io/" + catalogRepository, DisplayName: "ElasticWeb",
			GrpcPodConfig: &operatorsv1alpha1.GrpcPodConfig{SecurityContextConfig: operatorsv1alpha1.Restricted},
		},
	}
	Expect(s.admin.Create(ctx, source)).To(Succeed())
	Eventually(ctx, func(g Gomega) {
		g.Expect(s.admin.Get(ctx, client.ObjectKeyFromObject(source), source)).To(Succeed())
		g.Expect(source.Status.GRPCConnectionState).NotTo(BeNil(), source.Status.Message)
		g.Expect(source.Status.GRPCConnectionState.LastObservedState).To(Equal("READY"))
	}).Should(Succeed())
	var pods corev1.PodList
	Expect(s.admin.List(ctx, &pods, client.InNamespace(olmNamespace), client.MatchingLabels{"olm.catalogSource": catalogName})).To(Succeed())
	Expect(pods.Items).To(ConsistOf(HaveField("Spec.Containers", ConsistOf(HaveField("Image", source.Spec.Image)))))
}

// expectUnpacked holds that a Job took the manifests of a release out of its bundle's image.
func (s *scenario) expectUnpacked(ctx context.Context, r release) {
	GinkgoHelper()
	var jobs batchv1.JobList
	Expect(s.admin.List(ctx, &jobs, client.InNamespace(olmNamespace))).To(Succeed())
	Expect(jobs.Items).To(ContainElement(And(
		HaveField("Spec.Template.Spec.InitContainers", ContainElement(HaveField("Image", r.image))),
		HaveField("Status.Succeeded", BeEquivalentTo(1)),
	)), r.image)
}

// subscribe begins with a release; each is installed when its plan is approved.
func (i *installation) subscribe(ctx context.Context, first release) {
	GinkgoHelper()
	Expect(i.admin.Create(ctx, &operatorsv1alpha1.Subscription{
		ObjectMeta: metav1.ObjectMeta{Name: subscriptionName, Namespace: i.namespace},
		Spec: &operatorsv1alpha1.SubscriptionSpec{
			CatalogSource: catalogName, CatalogSourceNamespace: olmNamespace, Package: packageName, Channel: "stable",
			StartingCSV: first.csv.Name, InstallPlanApproval: operatorsv1alpha1.ApprovalManual, Config: trustingRegistry,
		},
	})).To(Succeed())
}

// approve waits for the install plan of a release, and approves it, as a user does who has read the plan: one that is
// written to before OLM has filled in its status is never carried out.
func (i *installation) approve(ctx context.Context, r release) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		plan, err := lifecycle.InstallPlanOf(ctx, i.admin, i.namespace, r.csv.Name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(plan.Status.Phase).To(Equal(operatorsv1alpha1.InstallPlanPhaseRequiresApproval))
		plan.Spec.Approved = true
		g.Expect(i.admin.Update(ctx, plan)).To(Succeed())
	}).Should(Succeed())
}
