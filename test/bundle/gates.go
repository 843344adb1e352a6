// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/blang/semver/v4"
	"github.com/operator-framework/api/pkg/validation"
	interfaces "github.com/operator-framework/api/pkg/validation/interfaces"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// Gate is a check of a bundle that needs nothing beside it.
type Gate struct {
	Name  string
	Check func(*Bundle) []string
}

// Gates are those that look at the bundle alone.
var Gates = []Gate{
	{"validators", Validators},
	{"required fields", RequiredFields},
	{"kinds", Kinds},
	{"metadata", Metadata},
	{"related images", RelatedImages},
	{"upgrade edges", UpgradeEdges},
	{"install modes", InstallModes},
	{"nested descriptors", NestedDescriptors},
	{"features", Features},
	{"restricted pods", RestrictedPods},
}

// Validators runs the validators of operator-framework/api, all but that of architectures, which asks docker: the gate
// for it is in images_test.go.
func Validators(b *Bundle) []string {
	validators := slices.Concat(validation.DefaultBundleValidators, interfaces.Validators{
		validation.OperatorHubV2Validator, validation.StandardCapabilitiesValidator, validation.StandardCategoriesValidator,
		validation.ObjectValidator, validation.AlphaDeprecatedAPIsValidator, validation.GoodPracticesValidator,
		validation.CommunityOperatorValidator,
	})
	objects := []any{b.Bundle, b.CSV, map[string]string{"k8s-version": b.CSV.Spec.MinKubeVersion, "index-path": b.root + "/bundle.Dockerfile"}}
	for _, crd := range b.V1CRDs {
		objects = append(objects, crd)
	}
	for _, object := range b.Objects {
		objects = append(objects, object)
	}
	var mistakes []string
	for _, result := range validators.Validate(objects...) {
		for _, mistake := range slices.Concat(result.Errors, result.Warnings) {
			mistakes = append(mistakes, fmt.Sprintf("%s: %s", mistake.Type, mistake.Detail))
		}
	}
	return mistakes
}

// RelatedImages compares the list of images, by which they are mirrored, with those that are used.
func RelatedImages(b *Bundle) []string {
	var mistakes, listed []string
	for _, related := range b.CSV.Spec.RelatedImages {
		listed = append(listed, related.Image)
		if related.Name == "" {
			mistakes = append(mistakes, related.Image+" has no name in spec.relatedImages")
		}
	}
	for _, image := range b.images() {
		if !slices.Contains(listed, image) {
			mistakes = append(mistakes, image+" is used, and is missing in spec.relatedImages")
		}
	}
	for _, image := range listed {
		if !slices.Contains(b.images(), image) {
			mistakes = append(mistakes, image+" is in spec.relatedImages, and nothing uses it")
		}
	}
	pinned := !slices.ContainsFunc(listed, func(image string) bool { return !strings.Contains(image, "@sha256:") })
	if claim := b.CSV.Annotations[featurePrefix+"disconnected"] == "true"; claim != pinned {
		mistakes = append(mistakes, fmt.Sprintf("%sdisconnected is %t, while all images are given by digest: %t", featurePrefix, claim, pinned))
	}
	return mistakes
}

// UpgradeEdges sees to it that replaces and olm.skipRange are both there or both not, and agree.
func UpgradeEdges(b *Bundle) []string {
	version := b.CSV.Spec.Version.Version
	replaces, skipRange := b.CSV.Spec.Replaces, b.CSV.Annotations["olm.skipRange"]
	if replaces == "" && skipRange == "" {
		return nil
	}
	if replaces == "" || skipRange == "" {
		return []string{fmt.Sprintf("spec.replaces is %q and olm.skipRange is %q: set both or neither", replaces, skipRange)}
	}
	contains, err := semver.ParseRange(skipRange)
	if err != nil {
		return []string{fmt.Sprintf("olm.skipRange %q is no range: %v", skipRange, err)}
	}
	older, err := semver.Parse(strings.TrimPrefix(replaces, packageName+".v"))
	if err != nil {
		return []string{fmt.Sprintf("spec.replaces %q is no %s.vVERSION: %v", replaces, packageName, err)}
	}
	var mistakes []string
	if !contains(older) {
		mistakes = append(mistakes, fmt.Sprintf("olm.skipRange %q leaves out %s, which spec.replaces names", skipRange, older))
	}
	if contains(version) || !older.LT(version) {
		mistakes = append(mistakes, fmt.Sprintf("%s would upgrade itself, by olm.skipRange %q and spec.replaces %q", version, skipRange, replaces))
	}
	return mistakes
}

// InstallModes sees to it that the manager watches what the subscription's OperatorGroup selects.
func InstallModes(b *Bundle) []string {
	var mistakes []string
	for _, mode := range b.CSV.Spec.InstallModes {
		if !mode.Supported {
			mistakes = append(mistakes, string(mode.Type)+" is not supported, though the manager can do it")
		}
	}
	if len(b.CSV.Spec.InstallModes) != 4 {
		mistakes = append(mistakes, fmt.Sprintf("%d install modes are named, want 4", len(b.CSV.Spec.InstallModes)))
	}
	for _, container := range b.containers() {
		if !slices.ContainsFunc(container.Env, watchesTargets) {
			mistakes = append(mistakes, "the container "+container.Name+" does not take WATCH_NAMESPACE from the annotation olm.targetNamespaces")
		}
	}
	for _, permission := range b.CSV.Spec.InstallStrategy.StrategySpec.ClusterPermissions {
		for _, rule := range permission.Rules {
			for _, resource := range rule.Resources {
				if !slices.Contains(clusterScoped, resource) {
					mistakes = append(mistakes, resource+" are in namespaces, and the right to them is on the whole cluster: make it one of spec.install.spec.permissions")
				}
			}
		}
	}
	return mistakes
}

// clusterScoped are the resources that have no namespace and that the manager needs.
var clusterScoped = []string{"nodes", "tokenreviews", "subjectaccessreviews"}

func watchesTargets(variable corev1.EnvVar) bool {
	return variable.Name == "WATCH_NAMESPACE" && variable.ValueFrom != nil && variable.ValueFrom.FieldRef != nil &&
		variable.ValueFrom.FieldRef.FieldPath == "metadata.annotations['olm.targetNamespaces']"
}

const featurePrefix = "features.operators.openshift.io/"

// Features wants a word on each feature that the console filters by, and no claim that is not true. What disconnected may
// claim depends on the images.
func Features(b *Bundle) []string {
	truths := map[string]string{
		"cnf": "false", "cni": "false", "csi": "false", "fips-compliant": "false", "proxy-aware": "true", "tls-profiles": "false",
		"token-auth-aws": "false", "token-auth-azure": "false", "token-auth-gcp": "false",
	}
	var mistakes []string
	for feature, truth := range truths {
		if claim := b.CSV.Annotations[featurePrefix+feature]; claim != truth {
			mistakes = append(mistakes, fmt.Sprintf("%s%s is %q, want %q", featurePrefix, feature, claim, truth))
		}
	}
	if claim := b.CSV.Annotations[featurePrefix+"disconnected"]; claim != "true" && claim != "false" {
		mistakes = append(mistakes, fmt.Sprintf("%sdisconnected is %q, want true or false", featurePrefix, claim))
	}
	return mistakes
}

// RestrictedPods wants the manager's pod to be one that the pod security standard restricted and OpenShift's security
// context constraint restricted-v2 both take: the latter gives the user and the groups itself.
func RestrictedPods(b *Bundle) []string {
	var mistakes []string
	for _, deployment := range b.CSV.Spec.InstallStrategy.StrategySpec.DeploymentSpecs {
		pod := deployment.Spec.Template.Spec
		context := ptr.Deref(pod.SecurityContext, corev1.PodSecurityContext{})
		if !ptr.Deref(context.RunAsNonRoot, false) || context.SeccompProfile == nil || context.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			mistakes = append(mistakes, deployment.Name+" lacks runAsNonRoot or the seccomp profile RuntimeDefault")
		}
		if context.RunAsUser != nil || context.RunAsGroup != nil || context.FSGroup != nil {
			mistakes = append(mistakes, deployment.Name+" sets runAsUser, runAsGroup or fsGroup, which restricted-v2 refuses")
		}
	}
	for _, container := range b.containers() {
		context := ptr.Deref(container.SecurityContext, corev1.SecurityContext{})
		if ptr.Deref(context.AllowPrivilegeEscalation, true) || context.Capabilities == nil || !slices.Equal(context.Capabilities.Drop, []corev1.Capability{"ALL"}) {
			mistakes = append(mistakes, "the container "+container.Name+" may gain privileges")
		}
		if context.RunAsUser != nil || context.RunAsGroup != nil {
			mistakes = append(mistakes, "the container "+container.Name+" sets runAsUser or runAsGroup, which restricted-v2 refuses")
		}
	}
	return mistakes
}
