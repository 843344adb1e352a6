// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/olm/inventory"
	"github.com/elasticweb/elasticweb-operator/test/olm/lifecycle"
)

// installation is the operator in one install mode.
type installation struct {
	mode      operatorsv1alpha1.InstallModeType
	namespace string   // of the operator
	targets   []string // the namespaces that it watches; none: all
	elsewhere string   // a namespace that it does not watch, if there is one
	before    inventory.Inventory
}

var _ = DescribeTable("The bundle is installed, serves, is upgraded and leaves nothing behind",
	func(ctx SpecContext, i *installation) {
		i.prepare(ctx)
		By("installing the previous release")
		i.subscribe(ctx, released.previous.Name)
		i.approve(ctx, released.previous.Name)
		i.awaitSucceeded(ctx, released.previous.Name)
		i.expectDeclaredRights(ctx, released.previous)

		if i.mode == operatorsv1alpha1.InstallModeTypeAllNamespaces {
			i.expectScorecardSeesNoOperator(ctx)
		}

		By("serving")
		manager := i.runManager(ctx, released.previous)
		i.expectService(ctx, "before")
		i.expectUpgradeable(ctx, released.previous.Name)
		before := i.operand(ctx, "before")

		By("upgrading")
		manager.Stop()
		i.approve(ctx, released.current.Name)
		i.awaitSucceeded(ctx, released.current.Name)
		i.awaitGone(ctx, released.previous)
		i.expectDeclaredRights(ctx, released.current)
		i.expectUsersMayUse(ctx)
		manager = i.runManager(ctx, released.current)
		// Once another one is served, the first was looked at too.
		i.expectService(ctx, "after")
		i.expectUntouched(ctx, before)
		i.expectUpgradeable(ctx, released.current.Name)
		if i.mode == operatorsv1alpha1.InstallModeTypeAllNamespaces {
			i.expectScorecardCapacity(ctx)
		}

		By("uninstalling")
		manager.Stop()
		i.unsubscribe(ctx)
		i.expectUntouched(ctx, before)
		i.removeOperands(ctx)
		i.expectNothingLeft(ctx)
	},
	Entry("in its own namespace", &installation{
		mode: operatorsv1alpha1.InstallModeTypeOwnNamespace, namespace: "own", targets: []string{"own"}, elsewhere: "not-own",
	}, SpecTimeout(specTimeout)),
	Entry("in a single other namespace", &installation{
		mode: operatorsv1alpha1.InstallModeTypeSingleNamespace, namespace: "single-operator", targets: []string{"single"}, elsewhere: "single-operator",
	}, SpecTimeout(specTimeout)),
	Entry("in several namespaces", &installation{
		mode: operatorsv1alpha1.InstallModeTypeMultiNamespace, namespace: "multi-operator", targets: []string{"multi-1", "multi-2"}, elsewhere: "not-multi",
	}, SpecTimeout(specTimeout)),
	Entry("in all namespaces", &installation{
		mode: operatorsv1alpha1.InstallModeTypeAllNamespaces, namespace: "all-operator",
	}, SpecTimeout(specTimeout)),
)

const specTimeout = 15 * time.Minute

// applications are the namespaces of the ElasticWebs.
func (i *installation) applications() []string {
	if len(i.targets) == 0 {
		return []string{"all-1", "all-2"}
	}
	return i.targets
}

// prepare makes what the bundle does not: namespaces and the OperatorGroup.
func (i *installation) prepare(ctx SpecContext) {
	GinkgoHelper()
	Expect(released.current.Spec.InstallModes).To(ContainElement(operatorsv1alpha1.InstallMode{Type: i.mode, Supported: true}))
	names := append(i.applications(), i.namespace)
	if i.elsewhere != "" {
		names = append(names, i.elsewhere)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		Expect(admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})).To(Succeed())
	}
	i.before = takeInventory(ctx)
	group := &operatorsv1.OperatorGroup{
		ObjectMeta: metav1.ObjectMeta{Name: "elasticweb", Namespace: i.namespace},
		Spec:       operatorsv1.OperatorGroupSpec{TargetNamespaces: i.targets},
	}
	Expect(admin.Create(ctx, group)).To(Succeed())
}

const subscriptionName = "elasticweb"

// subscribe starts with the bundle of a CSV; each one is installed when its plan is approved.
func (i *installation) subscribe(ctx SpecContext, first string) {
	GinkgoHelper()
	Expect(admin.Create(ctx, &operatorsv1alpha1.Subscription{
		ObjectMeta: metav1.ObjectMeta{Name: subscriptionName, Namespace: i.namespace},
		Spec: &operatorsv1alpha1.SubscriptionSpec{
			CatalogSource: catalogName, CatalogSourceNamespace: olmNamespace,
			Package: released.packageName, Channel: channel,
			StartingCSV:         first,
			InstallPlanApproval: operatorsv1alpha1.ApprovalManual,
		},
	})).To(Succeed())
}

// approve waits for the install plan of a CSV, and approves it, as a user does
// who has read the plan: one that is written to before OLM has filled in its
// status is never carried out.
func (i *installation) approve(ctx SpecContext, csv string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega, ctx SpecContext) {
		plan, err := lifecycle.InstallPlanOf(ctx, admin, i.namespace, csv)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(plan.Status.Phase).To(Equal(operatorsv1alpha1.InstallPlanPhaseRequiresApproval))
		plan.Spec.Approved = true
		g.Expect(admin.Update(ctx, plan)).To(Succeed())
	}).Should(Succeed())
}

// awaitSucceeded waits for the CSV and for its install plan. OLM goes through a plan again until each step is seen to be
// there: one that is not complete when the CSV is deleted makes the cluster's roles and bindings anew, with nobody to
// take them away.
func (i *installation) awaitSucceeded(ctx SpecContext, name string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega, ctx SpecContext) {
		csv := &operatorsv1alpha1.ClusterServiceVersion{}
		g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: i.namespace, Name: name}, csv)).To(Succeed())
		g.Expect(csv.Status.Phase).To(Equal(operatorsv1alpha1.CSVPhaseSucceeded), "%s: %s", csv.Status.Reason, csv.Status.Message)
		plan, err := lifecycle.InstallPlanOf(ctx, admin, i.namespace, name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(plan.Status.Phase).To(Equal(operatorsv1alpha1.InstallPlanPhaseComplete))
	}).Should(Succeed())
}
