// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build images && product

package images

import (
	"strings"
	"testing"
)

// TestProduct makes a release of the product for every platform, with bundle and catalog, and then builds its images
// again from a checkout in another folder.
func TestProduct(t *testing.T) {
	run(t, repository, "go", "mod", "download")
	w := newWorkshop(t, productTree(t))
	lendTools(t, w.tree, "controller-gen", "operator-sdk", "opm")
	w.release("OPM_IMAGE=" + w.reference("base/static:nonroot"))

	released := map[string]string{}
	for image, want := range map[string]built{"operator": operator(w), "operator-scorecard": scorecard(w)} {
		digest, parts := w.index("elasticweb/" + image + ":v1.2.3")
		want.labels["base.name"] = w.baseDigest()
		want.check(t, parts)
		released[image] = digest.String()
	}
	w.checkOLM(released["operator"])

	again := newProductCheckout(w)
	for image, name := range map[string]string{"operator": "operator", "operator-scorecard": "scorecard"} {
		again.make("docker-manifest", append(strings.Fields(w.dist("base-images.txt")),
			"IMAGE="+name, "IMG="+w.reference("again/"+image+":v1.2.3"), "VERSION=1.2.3")...)
		if second, _ := w.index("again/" + image + ":v1.2.3"); second.String() != released[image] {
			t.Errorf("%s built twice, got %s and %s", name, released[image], second)
		}
	}
}

func productTree(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	copyFiles(t, tree, func(string) bool { return true })
	firstCommit(t, tree)
	return tree
}

func newProductCheckout(w *workshop) *workshop {
	other := *w
	other.tree = productTree(w.t)
	return &other
}

// checkOLM looks for the image by its digest in the bundle, and for the bundle by its digest in the catalog.
func (w *workshop) checkOLM(operator string) {
	w.t.Helper()
	bundle, bundles := w.index("elasticweb/operator-bundle:v1.2.3")
	_, catalogs := w.index("elasticweb/operator-catalog:v1.2.3")
	for _, architecture := range architectures {
		csv := string(contents(w.t, bundles["linux/"+architecture])["/manifests/elasticweb-operator.clusterserviceversion.yaml"])
		if !strings.Contains(csv, w.reference("elasticweb/operator@"+operator)) {
			w.t.Errorf("linux/%s: the bundle does not install %s", architecture, operator)
		}
		var catalog strings.Builder
		for path, content := range contents(w.t, catalogs["linux/"+architecture]) {
			if strings.HasPrefix(path, "/configs/") {
				catalog.Write(content)
			}
		}
		if !strings.Contains(catalog.String(), w.reference("elasticweb/operator-bundle@"+bundle.String())) {
			w.t.Errorf("linux/%s: the catalog does not offer the bundle %s", architecture, bundle)
		}
	}
}
