// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package way_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/elasticweb/elasticweb-operator/internal/way"
)

func httpRoute(t *testing.T, parents string) *way.HTTPRoute {
	t.Helper()
	route := &way.HTTPRoute{}
	if err := json.Unmarshal([]byte(`{"metadata": {"namespace": "dev"}, "spec": {"hostnames": ["a"]}, "status": {"parents": `+parents+`}}`), route); err != nil {
		t.Fatal(err)
	}
	return route
}

func said(gateway, conditions string) string {
	return fmt.Sprintf(`{"parentRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", %s}, "controllerName": "example.com/c", "conditions": [%s]}`, gateway, conditions)
}

func condition(kind, status string, generation int) string {
	return fmt.Sprintf(`{"type": %q, "status": %q, "reason": "R", "message": "M", "observedGeneration": %d}`, kind, status, generation)
}

func TestWhatGatewaysSay(t *testing.T) {
	a, b := way.ParentReference{Name: "a"}, way.ParentReference{Name: "b", Namespace: "gateways", SectionName: "https", Port: 443}
	ofA, ofB := `"namespace": "dev", "name": "a"`, `"namespace": "gateways", "name": "b", "sectionName": "https", "port": 443`
	yes, resolved := condition("Accepted", "True", 2), condition("ResolvedRefs", "True", 2)
	for name, test := range map[string]struct {
		parents string
		since   int64
		want    way.Answer
	}{
		"nothing":                {`[]`, 2, way.Answer{Outcome: way.Awaiting, Who: "dev/a"}},
		"null":                   {`null`, 2, way.Answer{Outcome: way.Awaiting, Who: "dev/a"}},
		"both accept":            {"[" + said(ofA, yes+","+resolved) + "," + said(ofB, yes) + "]", 2, way.Answer{Outcome: way.Admitted, Who: "dev/a"}},
		"one is silent":          {"[" + said(ofA, yes) + "]", 2, way.Answer{Outcome: way.Awaiting, Who: "gateways/b"}},
		"one refuses":            {"[" + said(ofA, yes) + "," + said(ofB, condition("Accepted", "False", 2)) + "]", 2, way.Answer{Outcome: way.Refused, Who: "gateways/b", Reason: "R", Said: "M"}},
		"one finds no Service":   {"[" + said(ofA, yes+","+condition("ResolvedRefs", "False", 2)) + "," + said(ofB, yes) + "]", 2, way.Answer{Outcome: way.Unresolved, Who: "dev/a", Reason: "R", Said: "M"}},
		"another listener":       {"[" + said(ofA, yes) + "," + said(strings.Replace(ofB, "https", "http", 1), yes) + "]", 2, way.Answer{Outcome: way.Awaiting, Who: "gateways/b"}},
		"another namespace":      {"[" + said(strings.Replace(ofA, "dev", "prod", 1), yes) + "," + said(ofB, yes) + "]", 2, way.Answer{Outcome: way.Awaiting, Who: "dev/a"}},
		"of an older generation": {"[" + said(ofA, yes) + "," + said(ofB, yes) + "]", 3, way.Answer{Outcome: way.Awaiting, Who: "dev/a"}},
		"of whichever":           {"[" + said(ofA, yes) + "," + said(ofB, yes) + "]", 0, way.Answer{Outcome: way.Admitted, Who: "dev/a"}},
		"one that was left behind": {
			"[" + said(ofA, condition("Accepted", "False", 2)) + "," + said(ofA, yes) + "," + said(ofB, yes) + "]", 2, way.Answer{Outcome: way.Admitted, Who: "dev/a"}},
		"no status of an HTTPRoute": {`"x"`, 2, way.Answer{Outcome: way.Awaiting, Who: "dev/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, httpRoute(t, test.parents).Of([]way.ParentReference{a, b}, test.since)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWhatRoutersSay(t *testing.T) {
	router := func(name, host, status string) string {
		return fmt.Sprintf(`{"routerName": %q, "host": %q, "conditions": [{"type": "Admitted", "status": %q, "reason": "R", "message": "M"}]}`, name, host, status)
	}
	for name, test := range map[string]struct {
		ingress string
		want    way.Answer
	}{
		"nothing":         {``, way.Answer{Outcome: way.Awaiting}},
		"admitted":        {router("default", "a.example.com", "True"), way.Answer{Outcome: way.Admitted, Who: "default", Host: "a.example.com"}},
		"refused":         {router("default", "a.example.com", "False"), way.Answer{Outcome: way.Refused, Who: "default", Host: "a.example.com", Reason: "R", Said: "M"}},
		"admitted by one": {router("x", "a.example.com", "False") + "," + router("y", "a.example.com", "True"), way.Answer{Outcome: way.Admitted, Who: "y", Host: "a.example.com"}},
		"of the old host": {router("x", "old.example.com", "True"), way.Answer{Outcome: way.Awaiting}},
	} {
		route := &way.Route{}
		if err := json.Unmarshal([]byte(`{"spec": {"host": "a.example.com"}, "status": {"ingress": [`+test.ingress+`]}}`), route); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, route.Of()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// Whatever others write into a way in, it is decoded, so that the rest of a list is; and of what they say so much is kept as is bounded.
func TestWhatOthersWriteIsBounded(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	many := strings.TrimSuffix(strings.Repeat(said(`"name": "a"`, strings.TrimSuffix(strings.Repeat(condition("Other", "True", 1)+",", 30), ","))+",", 15), ",")
	for name, status := range map[string]string{
		"too long":         `{"parents": ["` + strings.Repeat("x", 100_000) + `"]}`,
		"of another shape": `[1, {"parents": 7}]`,
		"a number":         `7`,
		"long words":       `{"parents": [` + said(`"name": "`+long+`"`, `{"type": "Accepted", "message": "`+long+`"}`) + `]}`,
		"many":             `{"parents": [` + many + `]}`,
		"unusual lines":    `{"parents": [` + said(`"name": "a\u2028b"`, `{"type": "Accepted", "status": "False", "message": "a\u2028b"}`) + `]}`,
	} {
		list := &way.HTTPRouteList{}
		if err := json.Unmarshal([]byte(`{"items": [{"spec": [1], "status": `+status+`}, {"spec": {}}]}`), list); err != nil || len(list.Items) != 2 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, parent := range list.Items[0].Status.Parents {
			if len(parent.ParentRef.Name) > 1024 || len(parent.Conditions) > 16 {
				t.Errorf("%s: a name of %d bytes and %d conditions", name, len(parent.ParentRef.Name), len(parent.Conditions))
			}
			for _, said := range parent.Conditions {
				if len(said.Message) > 4096 {
					t.Errorf("%s: a message of %d bytes", name, len(said.Message))
				}
			}
		}
	}
	routes := &way.RouteList{}
	if err := json.Unmarshal([]byte(`{"items": [{"spec": "x", "status": {"ingress": {"a": 1}}}]}`), routes); err != nil || !routes.Items[0].Status.IsUnreadable {
		t.Errorf("a Route: %v, %+v", err, routes)
	}
}

func TestBackendsKeepWithinWhatTheKindsTake(t *testing.T) {
	backends := []way.Backend{{"a", 5}, {"b", 2_000_000}, {"c", -1}, {"d", 256}, {"e", 1}}
	want := []way.BackendRef{
		{Kind: "Service", Name: "a", Port: 80, Weight: 5}, {Kind: "Service", Name: "b", Port: 80, Weight: way.MaxHTTPRouteWeight},
		{Kind: "Service", Name: "c", Port: 80}, {Kind: "Service", Name: "d", Port: 80, Weight: 256}, {Kind: "Service", Name: "e", Port: 80, Weight: 1},
	}
	if diff := cmp.Diff(want, way.BackendRefs(backends, 80)); diff != "" {
		t.Errorf("HTTPRoute: (-want +got)\n%s", diff)
	}
	to, alternates := way.RouteTargets(backends)
	if diff := cmp.Diff(way.RouteTarget{Kind: "Service", Name: "a", Weight: 5}, to); diff != "" {
		t.Errorf("Route: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]way.RouteTarget{
		{Kind: "Service", Name: "b", Weight: way.MaxRouteWeight}, {Kind: "Service", Name: "c"}, {Kind: "Service", Name: "d", Weight: 256},
	}, alternates); diff != "" {
		t.Errorf("Route: (-want +got)\n%s", diff)
	}
}
