// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	gateway     = `"parentRefs": [{"name": "public"}]`
	ingressHost = `"host": "shop.example.com"`
)

func TestRefusedWaysIn(t *testing.T) {
	for name, test := range map[string]struct{ expose, field, message string }{
		"none":                         {`{}`, "", "expose takes exactly one of httpRoute, route and ingress"},
		"two":                          {`{"route": {}, "ingress": {` + ingressHost + `}}`, "", "expose takes exactly one of httpRoute, route and ingress"},
		"no Gateway":                   {`{"httpRoute": {"parentRefs": [], "hostnames": ["a"]}}`, ".httpRoute.parentRefs", "should have at least 1 items"},
		"a Gateway twice":              {`{"httpRoute": {"parentRefs": [{"name": "a"}, {"name": "a"}], "hostnames": ["a"]}}`, ".httpRoute.parentRefs", "names a Gateway twice"},
		"a Gateway of another path":    {`{"httpRoute": {"parentRefs": [{"name": "../a"}], "hostnames": ["a"]}}`, ".httpRoute.parentRefs[0].name", "should match"},
		"a port beyond all":            {`{"httpRoute": {"parentRefs": [{"name": "a", "port": 65536}], "hostnames": ["a"]}}`, ".httpRoute.parentRefs[0].port", "should be less than or equal to 65535"},
		"no host":                      {`{"httpRoute": {` + gateway + `, "hostnames": []}}`, ".httpRoute.hostnames", "should have at least 1 items"},
		"a host in capitals":           {`{"httpRoute": {` + gateway + `, "hostnames": ["Shop.example.com"]}}`, ".httpRoute.hostnames[0]", "should match"},
		"a host with a scheme":         {`{"ingress": {"host": "https://shop.example.com"}}`, ".ingress.host", "should match"},
		"a host of two lines":          {`{"ingress": {"host": "shop.example.com\n"}}`, ".ingress.host", "should match"},
		"a host with U+2028":           {`{"ingress": {"host": "shop\u2028.example.com"}}`, ".ingress.host", "should match"},
		"a host without end":           {`{"ingress": {"host": "` + strings.Repeat("a", 254) + `"}}`, ".ingress.host", "may not be more than 253 / may not be longer than 253"},
		"a Route for many names":       {`{"route": {"host": "*.example.com"}}`, ".route.host", "a Route takes no name that begins with *"},
		"a path without a slash":       {`{"ingress": {` + ingressHost + `, "path": "shop"}}`, ".ingress.path", "should match"},
		"a path that leads up":         {`{"httpRoute": {` + gateway + `, "hostnames": ["a"], "pathPrefix": "/a/../b"}}`, ".httpRoute.pathPrefix", "a . or .. as a part"},
		"a path with an empty part":    {`{"route": {"path": "/a//b"}}`, ".route.path", "an empty part"},
		"a path with a hidden slash":   {`{"route": {"path": "/a%2Fb"}}`, ".route.path", "an encoded slash"},
		"a path behind passthrough":    {`{"route": {"path": "/a", "tls": {"termination": "passthrough"}}}`, ".route.path", "path and the termination passthrough exclude each other"},
		"HTTP beside passthrough":      {`{"route": {"tls": {"termination": "passthrough", "insecureEdgeTerminationPolicy": "Allow"}}}`, ".route.tls.insecureEdgeTerminationPolicy", "cannot serve HTTP as well"},
		"a termination that is none":   {`{"route": {"tls": {"termination": "Edge"}}}`, ".route.tls.termination", `supported values: "edge", "passthrough", "reencrypt"`},
		"an annotation of ours":        {`{"route": {"annotations": {"elasticweb.example.com/intent": "x"}}}`, ".route.annotations", "belong to the operator: choose another key"},
		"an annotation without end":    {`{"ingress": {` + ingressHost + `, "annotations": {"a": "` + strings.Repeat("a", 32769) + `"}}}`, ".ingress.annotations.a", "may not be more than 32768 / may not be longer than 32768"},
		"a Secret of another path":     {`{"ingress": {` + ingressHost + `, "tls": {"secretName": "a/b"}}}`, ".ingress.tls.secretName", "should match"},
		"a class that is no such name": {`{"ingress": {` + ingressHost + `, "className": "A"}}`, ".ingress.className", "should match"},
	} {
		t.Run(name, func(t *testing.T) {
			needsAPIServer(t)
			web := newManifest(t, metav1.NamespaceDefault, "shop", `{"expose": `+test.expose+`}`)
			checkRefused(t, k8s.Create(t.Context(), web, client.DryRunAll), "spec.expose"+test.field, test.message)
		})
	}
}

func TestAcceptedWaysIn(t *testing.T) {
	for name, expose := range map[string]string{
		"an HTTPRoute": `{"httpRoute": {` + gateway + `, "hostnames": ["shop.example.com"]}}`,
		"an HTTPRoute with all": `{"httpRoute": {"parentRefs": [{"name": "a", "namespace": "gateways", "sectionName": "https", "port": 443}, {"name": "a", "namespace": "gateways", "sectionName": "http"}],
			"hostnames": ["*.example.com", "shop.example.com"], "pathPrefix": "/shop/a-b_c.d~e/%20"}}`,
		"a Route":          `{"route": {}}`,
		"a Route with all": `{"route": {"host": "shop.example.com", "path": "/", "tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"}, "annotations": {"haproxy.router.openshift.io/timeout": "30s", "a": "b\u2028c"}}}`,
		"an Ingress":       `{"ingress": {` + ingressHost + `}}`,
		"an Ingress with all": `{"ingress": {"className": "traefik", "host": "*.example.com", "path": "/shop", "tls": {"secretName": "shop-tls"},
			"annotations": {"cert-manager.io/cluster-issuer": "a"}}}`,
		"an Ingress with the controller's certificate": `{"ingress": {` + ingressHost + `, "tls": {}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			needsAPIServer(t)
			if err := k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, "shop", `{"expose": `+expose+`}`), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}
