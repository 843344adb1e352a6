// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

func exposedByGateway(accepted, resolved, reason, message string, about int64) func(*Input) {
	return func(in *Input) {
		in.Web.Spec.Expose = &elasticwebv1.ExposeSpec{HTTPRoute: &elasticwebv1.HTTPRouteSpec{
			ParentRefs: []elasticwebv1.GatewayReference{{Name: "public", Namespace: "gateways"}}, Hostnames: []elasticwebv1.Hostname{"shop.example.com"},
		}}
		condition := func(kind, status string) way.Condition {
			return way.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: about}
		}
		in.Observed.HTTPRoute = &way.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Generation: 3}}
		in.Observed.HTTPRoute.Status.Parents = []way.ParentStatus{{
			ParentRef: way.ParentReference{Name: "public", Namespace: "gateways"}, Conditions: []way.Condition{condition("Accepted", accepted), condition("ResolvedRefs", resolved)},
		}}
	}
}

func exposedByRoute(ingress string) func(*Input) {
	return func(in *Input) {
		in.Web.Spec.Expose = &elasticwebv1.ExposeSpec{Route: &elasticwebv1.RouteSpec{TLS: &elasticwebv1.RouteTLS{Termination: "edge"}}}
		in.Observed.Route = &way.Route{Spec: `{"host": "shop-dev.apps.example.com"}`}
		if err := json.Unmarshal([]byte(`{"ingress": [`+ingress+`]}`), &in.Observed.Route.Status); err != nil {
			panic(err)
		}
	}
}

func exposedByIngress(in *Input) {
	in.Web.Spec.Expose = &elasticwebv1.ExposeSpec{Ingress: &elasticwebv1.IngressSpec{Host: "shop.example.com", Path: "/a"}}
	in.Observed.Ingress = &networkingv1.Ingress{Spec: networkingv1.IngressSpec{IngressClassName: new("traefik")}}
}

// The condition, the address, and that none of it makes an ElasticWeb less ready.
func TestExposed(t *testing.T) {
	const describe = "look at it with kubectl describe httproutes.gateway.networking.k8s.io shop"
	for name, test := range map[string]struct {
		change        func(*Input)
		want, address string
	}{
		"accepted":          {exposedByGateway("True", "True", "Accepted", "", 3), "True Admitted the Gateway gateways/public serves the HTTPRoute", "http://shop.example.com/"},
		"of before":         {exposedByGateway("True", "True", "Accepted", "", 2), "Unknown AwaitingAdmission the Gateway gateways/public has said nothing of the HTTPRoute yet: see that there is such a Gateway, and that its controller runs", "http://shop.example.com/"},
		"refused":           {exposedByGateway("False", "True", "NotAllowedByListeners", "no", 3), "False NotAdmitted the Gateway gateways/public does not serve the HTTPRoute (NotAllowedByListeners: no): have the Gateway's listeners allow routes of this namespace (allowedRoutes), or name another Gateway", ""},
		"refused otherwise": {exposedByGateway("False", "True", "", "", 3), "False NotAdmitted the Gateway gateways/public does not serve the HTTPRoute (without a reason): " + describe, ""},
		"unresolved":        {exposedByGateway("True", "False", "BackendNotFound", "a\u2028b\n", 3), "False BackendUnresolved the Gateway gateways/public does not find what the HTTPRoute leads to (BackendNotFound: a b): " + describe, "http://shop.example.com/"},
		"a Route":           {exposedByRoute(`{"routerName": "default", "host": "shop-dev.apps.example.com", "conditions": [{"type": "Admitted", "status": "True"}]}`), "True Admitted the router default serves the Route", "https://shop-dev.apps.example.com/"},
		"a host that another has": {exposedByRoute(`{"routerName": "default", "host": "shop-dev.apps.example.com", "conditions": [{"type": "Admitted", "status": "False", "reason": "HostAlreadyClaimed", "message": "m"}]}`),
			"False NotAdmitted the router default does not serve the Route (HostAlreadyClaimed: m): another Route has this host: take another one, or have that Route given up", ""},
		"an Ingress": {exposedByIngress, "Unknown AwaitingAdmission an ingress controller has said nothing of the Ingress yet: see that spec.expose.ingress.className is that of a controller that runs; some controllers never say anything, and serve all the same", "http://shop.example.com/a"},
		"an Ingress that lost its class": {func(in *Input) { exposedByIngress(in); in.Observed.Ingress.Spec.IngressClassName = nil },
			"Unknown AwaitingAdmission an ingress controller has said nothing of the Ingress yet: the Ingress has no class, and the cluster's default one is given only as it is made: set spec.expose.ingress.className, or delete the Ingress, which is made again", "http://shop.example.com/a"},
		"an Ingress with an address": {func(in *Input) {
			exposedByIngress(in)
			in.Observed.Ingress.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}
		}, "True Admitted the ingress controller at 192.0.2.1 serves the Ingress", "http://shop.example.com/a"},
		"a status of another shape": {func(in *Input) {
			exposedByGateway("True", "True", "", "", 3)(in)
			in.Observed.HTTPRoute.Status = way.HTTPRouteStatus{IsUnreadable: true}
		}, "Unknown AwaitingAdmission the status of the HTTPRoute is too long, or none of such an object, and is not read: see who writes it; " + describe, "http://shop.example.com/"},
		"not there": {func(in *Input) { exposedByIngress(in); in.Observed.Ingress = nil }, "Unknown AwaitingAdmission the Ingress is not made yet", ""},
		"without demand": {func(in *Input) {
			exposedByIngress(in)
			in.Observed.Ingress, in.Plan.Wanted = nil, false
		}, "Unknown NoDemand the Ingress is made once there is demand: set spec.totalQPS, spec.replicas or spec.demand", ""},
		"none": {func(*Input) {}, "none", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := planned()
			test.change(&in)
			result, _ := Make(in)
			got := "none"
			if found := meta.FindStatusCondition(result.Conditions, elasticwebv1.ConditionExposed); found != nil {
				got = fmt.Sprintf("%s %s %s", found.Status, found.Reason, found.Message)
			}
			if got != test.want || result.Address != test.address {
				t.Errorf("%s\nat %q, want\n%s\nat %q", got, result.Address, test.want, test.address)
			}
			if !meta.IsStatusConditionTrue(result.Conditions, elasticwebv1.ConditionReady) {
				t.Errorf("it is not Ready: %+v", result.Conditions)
			}
		})
	}
}

// A change of weights makes the route newer than what was said of it: that calls nothing into question for the spec that it was told of.
func TestExposedStaysWhenOnlyTheRouteChanges(t *testing.T) {
	in := planned()
	exposedByGateway("True", "True", "Accepted", "", 3)(&in)
	in.Web.Status, _ = Make(in)
	in.Observed.HTTPRoute.Generation = 4
	for generation, want := range map[int64]string{in.Web.Generation: elasticwebv1.ReasonAdmitted, in.Web.Generation + 1: elasticwebv1.ReasonAwaitingAdmission} {
		in.Web.Generation = generation
		result, _ := Make(in)
		if found := meta.FindStatusCondition(result.Conditions, elasticwebv1.ConditionExposed); found.Reason != want {
			t.Errorf("generation %d: %s, want %s", generation, found.Reason, want)
		}
	}
}

func TestWhatKeepsAWayInFromBeingMadeIsTold(t *testing.T) {
	in := planned()
	exposedByIngress(&in)
	in.Observed.Ingress = nil
	missing := KindNotServed(way.KindIngress)
	in.WayIn, in.Problems = &missing, []Problem{missing}
	result, _ := Make(in)
	for _, kind := range []string{elasticwebv1.ConditionExposed, elasticwebv1.ConditionReady} {
		found := meta.FindStatusCondition(result.Conditions, kind)
		if found.Status != metav1.ConditionFalse || found.Reason != elasticwebv1.ReasonKindNotServed || found.Message != missing.Message {
			t.Errorf("%s: %+v", kind, found)
		}
	}
	if served := result.RealQPS; *served == 0 {
		t.Error("the pods serve all the same")
	}
}

// What others say is quoted with bounds, and the remedy is not what is cut.
func TestWhatGatewaysSayIsBounded(t *testing.T) {
	in := planned()
	exposedByGateway("False", "True", strings.Repeat("r", 2000), strings.Repeat("m ", 2000), 3)(&in)
	result, _ := Make(in)
	message := meta.FindStatusCondition(result.Conditions, elasticwebv1.ConditionExposed).Message
	if len(message) > quote.LongestMessage || !strings.HasSuffix(message, "kubectl describe httproutes.gateway.networking.k8s.io shop") {
		t.Errorf("%d bytes: %s", len(message), message)
	}
}

// A Service by architecture that is refused, or whose name is taken, costs the weights alone.
func TestWhatKeepsWeightsFromBeingUsedIsToldAside(t *testing.T) {
	taken := NameConflict([]string{"Service shop-1-arm64 exists and has no owner"}).Message
	for name, test := range map[string]struct {
		unweighed, want string
		tiers           []capacity.Tier
	}{
		"none":          {"", "the Gateway gateways/public serves the HTTPRoute", nil},
		"taken":         {taken, "the Gateway gateways/public serves the HTTPRoute; it leads to the Service shop, not by weights: " + taken, nil},
		"not put right": {taken, "the Gateway gateways/public serves the HTTPRoute; it leads by weights, but a Service by architecture cannot be put right: " + taken, make([]capacity.Tier, 2)},
		"long":          {strings.Repeat("m ", 2000), "", nil},
		"refused": {WeightsRefused(way.KindHTTPRoute, way.Answer{Outcome: way.Refused, Who: "gateways/public", Reason: "UnsupportedValue", Said: "one\nbackend"}),
			"the Gateway gateways/public serves the HTTPRoute; it leads to the Service shop, not by weights: the Gateway gateways/public refused weights (UnsupportedValue: one backend), " +
				"which are tried again when spec.expose changes, and else ever more seldom: see whether it takes several Services for one HTTPRoute", nil},
	} {
		in := planned()
		exposedByGateway("True", "True", "Accepted", "", 3)(&in)
		before := readyOf(in)
		in.Unweighed, in.Plan.Tiers = test.unweighed, test.tiers
		result, _ := Make(in)
		found := meta.FindStatusCondition(result.Conditions, elasticwebv1.ConditionExposed)
		if found.Status != metav1.ConditionTrue || found.Reason != elasticwebv1.ReasonAdmitted || len(found.Message) > quote.LongestMessage ||
			test.want != "" && found.Message != test.want {
			t.Errorf("%s: %+v", name, found)
		}
		if after := readyOf(in); after.Status != before.Status || after.Reason != before.Reason || after.Message != before.Message {
			t.Errorf("%s: Ready is %+v", name, after)
		}
	}
}
