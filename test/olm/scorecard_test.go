// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package olm_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	scorecardv1alpha3 "github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
)

// expectScorecardCapacity runs the scorecard test that uses the operator.
func (i *installation) expectScorecardCapacity(ctx SpecContext) {
	GinkgoHelper()
	result := i.runScorecardCapacity(ctx)
	Expect(result.Errors).To(BeEmpty())
	Expect(result.State).To(Equal(scorecardv1alpha3.PassState))
}

// expectScorecardSeesNoOperator holds that it fails where nobody works, and leaves nothing behind then either.
func (i *installation) expectScorecardSeesNoOperator(ctx SpecContext) {
	GinkgoHelper()
	result := i.runScorecardCapacity(ctx, "--timeout=3s")
	Expect(result.State).To(Equal(scorecardv1alpha3.FailState))
	Expect(result.Errors).To(ConsistOf(ContainSubstring("want 3 pods and realQPS 2400, got 0 pods")))
	webs := &elasticwebv1.ElasticWebList{}
	Expect(admin.List(ctx, webs, client.InNamespace(i.applications()[0]))).To(Succeed())
	Expect(webs.Items).To(BeEmpty())
}

// runScorecardCapacity runs the program of the test's pod, with the rights that make scorecard gives it.
func (i *installation) runScorecardCapacity(ctx SpecContext, flags ...string) scorecardv1alpha3.TestResult {
	GinkgoHelper()
	namespace := i.applications()[0]
	kustomize(ctx, "apply", "config/scorecard/rbac", namespace)
	defer kustomize(ctx, "delete", "config/scorecard/rbac", namespace)
	command := exec.CommandContext(ctx, scorecardPath, append(flags, "--image="+images.image, "capacity")...)
	command.Env = append(os.Environ(), "SCORECARD_NAMESPACE="+namespace,
		"KUBECONFIG="+serviceAccountKubeconfig(ctx, namespace, "elasticweb-scorecard"))
	command.Stderr = GinkgoWriter
	output, err := command.Output()
	Expect(err).NotTo(HaveOccurred())
	var status scorecardv1alpha3.TestStatus
	Expect(json.Unmarshal(output, &status)).To(Succeed())
	Expect(status.Results).To(HaveLen(1))
	return status.Results[0]
}

func kustomize(ctx SpecContext, verb, folder, namespace string) {
	GinkgoHelper()
	_, err := controlPlane.Kubectl(ctx, "", verb, "--namespace="+namespace, "--kustomize="+filepath.Join(root, folder))
	Expect(err).NotTo(HaveOccurred())
}
