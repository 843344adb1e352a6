// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package resources_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
)

// The names are valid, whatever the ElasticWeb's is, differ by it, and are none that somebody gives an ElasticWeb.
func TestTheNamesOfServicesByArchitecture(t *testing.T) {
	if got := resources.TierServiceName("shop", "arm64"); got != "shop-8d9001d3-arm64" {
		t.Errorf("it is %s", got)
	}
	seen := map[string]bool{}
	for _, name := range []string{"a", "shop", "shop-arm64", strings.Repeat("a", 62) + "b", strings.Repeat("a", 63)} {
		for _, architecture := range elasticwebv1.Architectures {
			got := resources.TierServiceName(name, string(architecture))
			if errs := validation.IsDNS1035Label(got); len(errs) > 0 || seen[got] || !strings.HasSuffix(got, "-"+string(architecture)) {
				t.Errorf("%s on %s: %s: %v", name, architecture, got, errs)
			}
			seen[got] = true
		}
	}
}
