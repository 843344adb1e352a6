// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/test/olm/inventory"
	"github.com/elasticweb/elasticweb-operator/test/olm/lifecycle"
)

// installation is the operator in a namespace, by OLM.
type installation struct {
	*scenario
	namespace string
	before    inventory.Inventory
}

// newInstallation notes what there is before, so that it can tell what is left.
func (s *scenario) newInstallation(ctx context.Context, namespace string) *installation {
	GinkgoHelper()
	s.publishCertificate(ctx, namespace)
	before, err := inventory.Take(ctx, s.RESTConfig())
	Expect(err).NotTo(HaveOccurred())
	return &installation{scenario: s, namespace: namespace, before: before}
}

// trustingRegistry is trustRegistry for an operator that OLM installs.
var trustingRegistry = &operatorsv1alpha1.SubscriptionConfig{
	Volumes: []corev1.Volume{{Name: "registry", VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "registry"}},
	}}},
	VolumeMounts: []corev1.VolumeMount{{Name: "registry", MountPath: "/registry", ReadOnly: true}},
	Env:          []corev1.EnvVar{{Name: "SSL_CERT_FILE", Value: "/registry/ca.crt"}},
}

// awaitSucceeded waits until OLM says that a release is installed, and its operator, alone, runs from its image. It waits
// for the install plan, too: OLM goes through it again until each step is seen to be there, and one that is not complete
// when the CSV is deleted makes the cluster's roles and bindings anew, with nobody to take them away.
func (i *installation) awaitSucceeded(ctx context.Context, r release) {
	GinkgoHelper()
	csv, containers := &operatorsv1alpha1.ClusterServiceVersion{}, r.csv.Spec.InstallStrategy.StrategySpec.DeploymentSpecs[0].Spec.Template.Spec.Containers
	Eventually(ctx, func(g Gomega) {
		g.Expect(i.admin.Get(ctx, client.ObjectKey{Namespace: i.namespace, Name: r.csv.Name}, csv)).To(Succeed())
		g.Expect(csv.Status.Phase).To(Equal(operatorsv1alpha1.CSVPhaseSucceeded), "%s: %s", csv.Status.Reason, csv.Status.Message)
		plan, err := lifecycle.InstallPlanOf(ctx, i.admin, i.namespace, r.csv.Name)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(plan.Status.Phase).To(Equal(operatorsv1alpha1.InstallPlanPhaseComplete))
		pods := i.operatorPods(ctx, g)
		g.Expect(pods).To(HaveLen(1))
		g.Expect(pods[0].Spec.Containers[0].Image).To(Equal(containers[0].Image))
		g.Expect(pods[0].Spec.Containers[0].Env).To(ContainElement(trustingRegistry.Env[0]))
		g.Expect(pods[0].Status.ContainerStatuses).To(ConsistOf(And(HaveField("Ready", true), HaveField("RestartCount", BeZero()))))
	}).Should(Succeed(), func() string { return i.explain(ctx, r.csv) })
}

func (i *installation) operatorPods(ctx context.Context, g Gomega) []corev1.Pod {
	var list corev1.PodList
	g.ExpectWithOffset(1, i.admin.List(ctx, &list, client.InNamespace(i.namespace),
		client.MatchingLabels{"control-plane": "controller-manager"})).To(Succeed())
	return list.Items
}

// explain says what OLM, the cluster and the operator say of a release that does not run.
func (i *installation) explain(ctx context.Context, csv *operatorsv1alpha1.ClusterServiceVersion) string {
	explanation := ""
	for _, args := range [][]string{
		{"get", "installplans", "--output=jsonpath={range .items[*]}{.metadata.name}: {.status.phase} {.status.message} {.status.conditions[*].message}{'\\n'}{end}"},
		{"get", "clusterserviceversion", csv.Name, "--output=jsonpath={range .status.requirementStatus[?(@.status!='Present')]}{.kind} {.name}: {.status} {.message}{'\\n'}{end}"},
		{"get", "events", "--field-selector=type=Warning", "--output=custom-columns=OBJECT:.involvedObject.name,REASON:.reason,MESSAGE:.message"},
		{"logs", "--selector=control-plane=controller-manager", "--tail=10"},
	} {
		output, err := i.Kubectl(context.WithoutCancel(ctx), "", append(args, "--namespace="+i.namespace)...)
		explanation += fmt.Sprintf("%s %s: %v %s\n", args[0], args[1], err, output)
	}
	return explanation
}

// awaitGone waits until a ClusterServiceVersion is no more.
func (i *installation) awaitGone(ctx context.Context, csv *operatorsv1alpha1.ClusterServiceVersion) {
	GinkgoHelper()
	Eventually(ctx, func() bool {
		key := client.ObjectKey{Namespace: i.namespace, Name: csv.Name}
		return apierrors.IsNotFound(i.admin.Get(ctx, key, &operatorsv1alpha1.ClusterServiceVersion{}))
	}).Should(BeTrue(), csv.Name)
}

// expectNothingLeft holds that the cluster has what it had before, once the user has deleted what docs/install.md names.
func (i *installation) expectNothingLeft(ctx context.Context) {
	GinkgoHelper()
	i.kubectl(ctx, "delete", "lease", "elasticweb-operator.elasticweb.example.com", "--namespace="+i.namespace)
	left := func(ctx context.Context) ([]string, error) {
		now, err := inventory.Take(ctx, i.RESTConfig())
		return now.Without(i.before), err
	}
	// OLM makes its record of the operator anew while there is something to record.
	record := packageName + "." + i.namespace
	Eventually(ctx, left).Should(ConsistOf("operators /" + record))
	i.kubectl(ctx, "delete", "operators.operators.coreos.com", record)
	Eventually(ctx, left).Should(BeEmpty())
}

// lives are the pods of an ElasticWeb, and how often their containers were restarted.
func (w web) lives(ctx context.Context) map[types.UID][]int32 {
	GinkgoHelper()
	lives := map[types.UID][]int32{}
	for _, pod := range w.pods(ctx, Default) {
		lives[pod.UID] = []int32{}
		for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			lives[pod.UID] = append(lives[pod.UID], container.RestartCount)
		}
	}
	return lives
}
