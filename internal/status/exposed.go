// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/quote"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// exposed is True while whoever serves the way in of spec.expose says that it does. It is there only where the spec has one. What keeps
// the operator from making the way in is told by Ready as well. What others make of it is not: it says nothing about the pods, and may be
// another team's to mend.
func exposed(in Input) (metav1.ConditionStatus, verdict) {
	kind := way.KindOf(in.Web)
	answer, isThere := answerOf(in, kind)
	switch {
	case in.WayIn != nil:
		return metav1.ConditionFalse, verdict{reason: in.WayIn.Reason, message: in.WayIn.Message}
	case isThere:
		result, v := exposedAs(in, kind, answer)
		return result, withUnweighed(in, v)
	case in.Paused:
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonPaused, message: "the " + kind + " is not made while the ElasticWeb is paused"}
	case !in.Plan.Wanted:
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonNoDemand, message: "the " + kind + " is made once there is demand: set spec.totalQPS, spec.replicas or spec.demand"}
	default:
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonAwaitingAdmission, message: "the " + kind + " is not made yet"}
	}
}

// answerOf is what is said of the way in that the spec asks for; false where there is none.
func answerOf(in Input, kind string) (way.Answer, bool) {
	observed := &in.Observed
	switch {
	case kind == way.KindHTTPRoute && observed.HTTPRoute != nil:
		return observed.HTTPRoute.Of(way.ParentReferences(in.Web), since(in, observed.HTTPRoute.Generation)), true
	case kind == way.KindRoute && observed.Route != nil:
		return observed.Route.Of(), true
	case kind == way.KindIngress && observed.Ingress != nil:
		return way.OfIngress(observed.Ingress), true
	default:
		return way.Answer{}, false
	}
}

// since is from which generation of the way in on counts what is said of it: the present one, until something was told of this spec. What
// changes after that are weights, and each change would call into question what is known.
func since(in Input, generation int64) int64 {
	before := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionExposed)
	told := []string{elasticwebv1.ReasonAdmitted, elasticwebv1.ReasonNotAdmitted, elasticwebv1.ReasonBackendUnresolved}
	if before != nil && before.ObservedGeneration == in.Web.Generation && slices.Contains(told, before.Reason) {
		return 0
	}
	return generation
}

// WeightsRefused is what is told where whoever serves a way in refused weights.
func WeightsRefused(kind string, answer way.Answer) string {
	return fmt.Sprintf("%s refused weights (%s), which are tried again when spec.expose changes, and else ever more seldom: see whether it takes several Services for one %s",
		speaker(kind, answer.Who), wordsOf(answer), kind)
}

// wordsOf are the reason and the message of an answer.
func wordsOf(answer way.Answer) string {
	words := quote.Value(quote.Said(cmp.Or(answer.Reason, "without a reason")))
	if answer.Said != "" {
		words += ": " + quote.Said(answer.Said)
	}
	return words
}

func exposedAs(in Input, kind string, answer way.Answer) (metav1.ConditionStatus, verdict) {
	who := speaker(kind, answer.Who)
	words := wordsOf(answer)
	look := "look at it with kubectl describe " + resourceOf[kind] + " " + in.Web.Name
	if answer.IsUnreadable {
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonAwaitingAdmission,
			message: "the status of the " + kind + " is too long, or none of such an object, and is not read: see who writes it; " + look}
	}
	switch answer.Outcome {
	case way.Admitted:
		return metav1.ConditionTrue, verdict{reason: elasticwebv1.ReasonAdmitted, message: fmt.Sprintf("%s serves the %s", who, kind)}
	case way.Unresolved:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonBackendUnresolved,
			message: fmt.Sprintf("%s does not find what the %s leads to (%s): %s", who, kind, words, look)}
	case way.Refused:
		return metav1.ConditionFalse, verdict{reason: elasticwebv1.ReasonNotAdmitted,
			message: fmt.Sprintf("%s does not serve the %s (%s): %s", who, kind, words, orLook(refusalRemedies[answer.Reason], look))}
	default:
		return metav1.ConditionUnknown, verdict{reason: elasticwebv1.ReasonAwaitingAdmission,
			message: fmt.Sprintf("%s has said nothing of the %s yet: %s", who, kind, silenceRemedy(in, kind))}
	}
}

// withUnweighed says as well what keeps requests from being spread by weights. It makes nothing less ready or served.
func withUnweighed(in Input, v verdict) verdict {
	if in.Unweighed == "" {
		return v
	}
	what := "; it leads by weights, but a Service by architecture cannot be put right: "
	if len(in.Plan.Tiers) == 0 {
		what = "; it leads to the Service " + in.Web.Name + ", not by weights: "
	}
	v.message = quote.Bounded(v.message, quote.LongestMessage/2) + what + quote.Bounded(in.Unweighed, quote.LongestMessage/2-len(what))
	return v
}

func orLook(remedy, look string) string {
	if remedy == "" {
		return look
	}
	return remedy
}

// speaker is who speaks of a way in, or is expected to.
func speaker(kind, who string) string {
	switch {
	case kind == way.KindHTTPRoute && who != "":
		return "the Gateway " + quote.Value(quote.Said(who))
	case kind == way.KindRoute && who != "":
		return "the router " + quote.Value(quote.Said(who))
	case kind == way.KindRoute:
		return "a router"
	case who != "":
		return "the ingress controller at " + quote.Value(quote.Said(who))
	default:
		return "an ingress controller"
	}
}

// resourceOf is what kubectl calls a way in: a cluster may have several kinds that are called Route.
var resourceOf = map[string]string{
	way.KindHTTPRoute: "httproutes.gateway.networking.k8s.io", way.KindRoute: "routes.route.openshift.io", way.KindIngress: "ingress",
}

// silenceRemedy is what to do where nobody says anything. The default class is given to an Ingress as it is made alone: one that had another, which
// went from the spec, has none.
func silenceRemedy(in Input, kind string) string {
	if ingress := in.Observed.Ingress; kind == way.KindIngress && ingress != nil && ingress.Spec.IngressClassName == nil {
		return "the Ingress has no class, and the cluster's default one is given only as it is made: set spec.expose.ingress.className, or delete the Ingress, which is made again"
	}
	return silenceRemedies[kind]
}

// silenceRemedies are what to look at where nobody says anything.
var silenceRemedies = map[string]string{
	way.KindHTTPRoute: "see that there is such a Gateway, and that its controller runs",
	way.KindRoute:     "see that a router runs, and that it takes Routes of this namespace",
	way.KindIngress:   "see that spec.expose.ingress.className is that of a controller that runs; some controllers never say anything, and serve all the same",
}

// refusalRemedies are by the reasons of the Gateway API and of OpenShift's router.
var refusalRemedies = map[string]string{
	"NotAllowedByListeners":       "have the Gateway's listeners allow routes of this namespace (allowedRoutes), or name another Gateway",
	"NoMatchingListenerHostname":  "take hostnames that a listener of the Gateway serves",
	"NoMatchingParent":            "correct sectionName and port in spec.expose.httpRoute.parentRefs",
	"HostAlreadyClaimed":          "another Route has this host: take another one, or have that Route given up",
	"RouteNotAdmitted":            "the router's policy is against it: take a host that it allows, or ask an administrator of the cluster",
	"ExtendedValidationFailed":    "correct spec.expose.route",
	"ExternalCertificateNotFound": "correct the certificate",
}

// KindNotServed is the problem of a way in of a kind that the cluster does not have.
func KindNotServed(kind string) Problem {
	remedies := map[string]string{
		way.KindHTTPRoute: "install the Gateway API's CRDs, of release 1.0 or a later one, and a controller for it, or use spec.expose.ingress",
		way.KindRoute:     "use spec.expose.httpRoute or spec.expose.ingress, since only OpenShift has Routes",
		way.KindIngress:   "have the API server serve networking.k8s.io/v1, or use spec.expose.httpRoute",
	}
	return Problem{Reason: elasticwebv1.ReasonKindNotServed, IsAside: true,
		Message: fmt.Sprintf("the cluster does not have the kind %s (%s) in version v1, and all but the way in goes on: %s", kind, resourceOf[kind], remedies[kind])}
}

// KindUnreadable is the problem of a way in of a kind that the operator cannot watch.
func KindUnreadable(kind string, err error) Problem {
	return Problem{Reason: elasticwebv1.ReasonForbidden, IsAside: true, Message: fmt.Sprintf(
		"the operator cannot watch %s, and all but the way in goes on: %s: ask an administrator of the cluster to give it that right",
		resourceOf[kind], quote.Said(err.Error()))}
}

// address is the URL of the application; "" where it has none that is known, or where whoever serves the way in refuses to: the host may
// be somebody else's.
func address(in Input) string {
	if in.Web.Spec.Expose == nil {
		return ""
	}
	answer, isThere := answerOf(in, way.KindOf(in.Web))
	if !isThere || answer.Outcome == way.Refused {
		return ""
	}
	return way.Address(in.Web, answer.Host)
}

// exposureNews are the events of a way in that is refused.
func exposureNews(before, now []metav1.Condition) (news []Event) {
	was, is := meta.FindStatusCondition(before, elasticwebv1.ConditionExposed), meta.FindStatusCondition(now, elasticwebv1.ConditionExposed)
	isOthers := is != nil && (is.Reason == elasticwebv1.ReasonNotAdmitted || is.Reason == elasticwebv1.ReasonBackendUnresolved)
	if isOthers && (was == nil || was.Reason != is.Reason) {
		news = append(news, Event{corev1.EventTypeWarning, is.Reason, is.Message})
	}
	return news
}
