// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/blang/semver/v4"
)

// The static checks of the pipeline of community-operators that need neither its repository nor its registry. What it
// only warns of is a mistake here.

var (
	capabilities = []string{"Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot"}
	taggedImage  = regexp.MustCompile(`^[^/]+/[^/]+/[^/:@]+:[^/@]+$`)
	webAddress   = regexp.MustCompile(`^https://.+`)
)

// RequiredFields wants what OperatorHub shows.
func RequiredFields(b *Bundle) []string {
	spec, annotations := b.CSV.Spec, b.CSV.Annotations
	var mistakes []string
	want := func(holds bool, format string, arguments ...any) {
		if !holds {
			mistakes = append(mistakes, fmt.Sprintf(format, arguments...))
		}
	}
	_, noTime := time.Parse(time.RFC3339, annotations["createdAt"])
	want(slices.Contains(capabilities, annotations["capabilities"]), "capabilities is %q, want one of %q", annotations["capabilities"], capabilities)
	want(annotations["categories"] != "", "categories is missing")
	want(taggedImage.MatchString(annotations["containerImage"]), "containerImage is %q, want REGISTRY/NAMESPACE/NAME:TAG", annotations["containerImage"])
	want(noTime == nil, "createdAt is %q, want a time such as 2026-01-02T15:04:05Z", annotations["createdAt"])
	want(webAddress.MatchString(annotations["repository"]), "repository is %q, want an address that begins with https://", annotations["repository"])
	want(len(annotations["support"]) >= 3, "support is missing")
	want(len(annotations["description"]) >= 10 && len(annotations["description"]) <= 135, "the annotation description has %d characters, want 10 to 135, which is what a tile shows", len(annotations["description"]))
	want(len(spec.DisplayName) >= 3 && len(spec.DisplayName) <= 50, "spec.displayName is %q", spec.DisplayName)
	want(len(spec.Description) >= 200, "spec.description has %d characters: explain what it is for", len(spec.Description))
	want(len(spec.Maintainers) > 0 && spec.Maintainers[0].Name != "" && spec.Maintainers[0].Email != "", "spec.maintainers is empty")
	want(len(spec.Provider.Name) >= 3, "spec.provider.name is missing")
	want(len(spec.Links) > 0, "spec.links is empty")
	want(len(spec.Keywords) > 0, "spec.keywords is empty")
	want(spec.MinKubeVersion != "", "spec.minKubeVersion is missing")
	return append(append(mistakes, iconMistakes(b)...), exampleMistakes(b)...)
}

func iconMistakes(b *Bundle) []string {
	if len(b.CSV.Spec.Icon) != 1 {
		return []string{fmt.Sprintf("spec.icon has %d entries, want 1", len(b.CSV.Spec.Icon))}
	}
	icon := b.CSV.Spec.Icon[0]
	image, err := base64.StdEncoding.DecodeString(icon.Data)
	if err == nil {
		err = wellFormed(image)
	}
	if err != nil || len(image) == 0 || icon.MediaType != "image/svg+xml" {
		return []string{fmt.Sprintf("spec.icon is no SVG of the type image/svg+xml (%q, %d bytes): %v", icon.MediaType, len(image), err)}
	}
	return nil
}

// exampleMistakes wants an example of each kind. Whether the API server takes it is a test of scorecard.
func exampleMistakes(b *Bundle) []string {
	var examples []struct{ APIVersion, Kind string }
	if err := json.Unmarshal([]byte(b.CSV.Annotations["alm-examples"]), &examples); err != nil {
		return []string{fmt.Sprintf("alm-examples is no list: %v", err)}
	}
	var mistakes []string
	for _, owned := range b.CSV.Spec.CustomResourceDefinitions.Owned {
		found := false
		for _, example := range examples {
			found = found || example.Kind == owned.Kind && strings.HasSuffix(example.APIVersion, "/"+owned.Version)
		}
		if !found {
			mistakes = append(mistakes, "alm-examples has no "+owned.Kind)
		}
	}
	return mistakes
}

// kinds are those that both OLM and the pipeline take. NetworkPolicy is none of them, nor ServiceMonitor, which no cluster
// has that lacks its CRD.
var kinds = []string{"ClusterServiceVersion", "CustomResourceDefinition", "Service", "ClusterRole"}

// Kinds wants no objects that some cluster would refuse, and none that names a namespace.
func Kinds(b *Bundle) []string {
	var mistakes []string
	for _, object := range b.Objects {
		if !slices.Contains(kinds, object.GetKind()) {
			mistakes = append(mistakes, object.GetKind()+" "+object.GetName()+" does not belong in the bundle")
		}
		if object.GetKind() != "ClusterServiceVersion" && object.GetNamespace() != "" {
			mistakes = append(mistakes, object.GetKind()+" "+object.GetName()+" names a namespace, which OLM gives")
		}
	}
	return mistakes
}

const openShiftVersions = "com.redhat.openshift.versions"

var openShiftRange = regexp.MustCompile(`^=?v4\.(\d+)(-v4\.\d+)?$`)

// Metadata wants the name, the channels and the versions to agree wherever they stand.
func Metadata(b *Bundle) []string {
	var mistakes []string
	for key, value := range b.annotations {
		if b.labels[key] != value {
			mistakes = append(mistakes, fmt.Sprintf("%s is %q in annotations.yaml and %q in bundle.Dockerfile", key, value, b.labels[key]))
		}
	}
	for key := range b.labels {
		if _, found := b.annotations[key]; !found {
			mistakes = append(mistakes, key+" is in bundle.Dockerfile and not in annotations.yaml")
		}
	}
	const prefix = "operators.operatorframework.io.bundle."
	if name := b.annotations[prefix+"package.v1"]; name != packageName {
		mistakes = append(mistakes, fmt.Sprintf("the package is %q, want %q", name, packageName))
	}
	if want := packageName + ".v" + b.CSV.Spec.Version.String(); b.CSV.Name != want {
		mistakes = append(mistakes, fmt.Sprintf("the CSV's name is %q, want %q, by its version", b.CSV.Name, want))
	}
	channels := strings.Split(b.annotations[prefix+"channels.v1"], ",")
	if byDefault := b.annotations[prefix+"channel.default.v1"]; !slices.Contains(channels, byDefault) {
		mistakes = append(mistakes, fmt.Sprintf("the default channel %q is none of %q", byDefault, channels))
	}
	return append(mistakes, openShiftMistakes(b)...)
}

// openShiftMistakes compares minKubeVersion with the oldest OpenShift: 4.N is built on Kubernetes 1.(N+13).
func openShiftMistakes(b *Bundle) []string {
	declared := b.annotations[openShiftVersions]
	found := openShiftRange.FindStringSubmatch(declared)
	if found == nil {
		return []string{fmt.Sprintf("%s is %q, want a range such as v4.17", openShiftVersions, declared)}
	}
	kube, err := semver.Parse(b.CSV.Spec.MinKubeVersion)
	if err != nil {
		return []string{fmt.Sprintf("spec.minKubeVersion is %q: %v", b.CSV.Spec.MinKubeVersion, err)}
	}
	if want := fmt.Sprint(kube.Minor - 13); found[1] != want {
		return []string{fmt.Sprintf("%s is %q, and spec.minKubeVersion %s belongs to OpenShift 4.%s", openShiftVersions, declared, kube, want)}
	}
	return nil
}
