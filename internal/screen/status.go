// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Web is what a screen about one ElasticWeb is drawn from.
type Web struct {
	Web      *elasticwebv1.ElasticWeb
	Observed plan.Observed
	Plan     plan.Plan
	Events   []Event
	// Missing says what could not be read.
	Missing []string
	// Where is how kubectl finds the cluster and the namespace, as flags of commands that are there to be copied.
	Where string
	Now   time.Time
}

// Event is one that was recorded about an ElasticWeb or what was made for it.
type Event struct {
	Type, Reason, Object, Message string
	Count                         int32
	Last                          time.Time
}

// Of lists that grow with the cluster so much is shown.
const (
	mostNodes  = 12
	mostEvents = 6
	mostDots   = 40
	// mostBackends of a way in are as many as there are architectures, unless somebody else wrote it.
	mostBackends = 8
)

// Status is one screen: demand and capacity, pods, rollout, image, conditions with their remedies, the last events.
func Status(in Web, style Style) string {
	lines, parts := []string{}, []func(Web, Style) []string{title, amounts, architectures, nodes, conditions, events, missing}
	if in.Web.UnreadableSpec != "" { // it is empty: what would be said of it is of nobody's spec.
		parts = []func(Web, Style) []string{title, unreadable, nodes, conditions, events, missing}
	}
	for _, part := range parts {
		if drawn := part(in, style); len(drawn) > 0 {
			lines = append(append(lines, drawn...), "")
		}
	}
	return strings.Join(lines[:len(lines)-1], "\n") + "\n"
}

// Readiness is the condition Ready, also of one of which the operator has said nothing, or nothing of its newest spec.
func Readiness(web *elasticwebv1.ElasticWeb) metav1.Condition {
	ready := ptr.Deref(meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady), metav1.Condition{
		Status: metav1.ConditionUnknown, Reason: "NoStatus", Message: "the operator has not reported on this ElasticWeb yet: see whether it runs, and watches this namespace"})
	if web.Generation > web.Status.ObservedGeneration && web.Status.ObservedGeneration > 0 {
		ready.Message += " (this is about an older spec: the operator has not reported on the newest yet)"
	}
	return ready
}

func title(in Web, style Style) []string {
	name := Name(in.Web.Name) + " in " + Name(in.Web.Namespace)
	ready := Readiness(in.Web)
	state := Line(string(ready.Status), 20) + ", " + Line(ready.Reason, 40)
	head := style.paint(strong, Line(name, style.Width-columns.StringWidth(state)-10)) + "  Ready: " + style.paint(moodOf(ready), state)
	return append([]string{head}, indented("  ", ready.Message, style)...)
}

func unreadable(in Web, style Style) []string {
	return indented("", "The spec cannot be read, and nothing is planned: "+in.Web.UnreadableSpec, style)
}

// Mood is how good a condition is, in a word: good, bad or uncertain.
func Mood(condition metav1.Condition) string {
	return map[mood]string{good: "good", bad: "bad", uncertain: "uncertain"}[moodOf(condition)]
}

func moodOf(condition metav1.Condition) mood {
	isGood := condition.Status == metav1.ConditionTrue
	switch condition.Type {
	case elasticwebv1.ConditionStalled, elasticwebv1.ConditionContested:
		return bad
	case elasticwebv1.ConditionReconciling:
		return uncertain
	}
	switch {
	case isGood:
		return good
	case condition.Status == metav1.ConditionFalse:
		return bad
	}
	return uncertain
}

const labelWidth = 10

// labelled lines begin with a word on the first of them.
func labelled(label, text string, style Style) []string {
	lines := indented(strings.Repeat(" ", labelWidth), text, style)
	if len(lines) > 0 {
		lines[0] = style.paint(strong, columns.FillRight(label, labelWidth)) + lines[0][labelWidth:]
	}
	return lines
}

func indented(indent, text string, style Style) []string {
	lines := Lines(text, style.Width-len(indent))
	for i := range lines {
		lines[i] = indent + lines[i]
	}
	return lines
}

// Fact is a text with a label. The text may hold what others wrote, as they did.
type Fact struct{ Label, Text string }

// Facts are what is said of an ElasticWeb in a line each, beside bars and tables: its demand first.
func Facts(in Web) []Fact {
	facts := []Fact{{"Demand", demand(in)}, {"Rollout", rollout(in)}, {"Image", image(in)}, {"Service", service(in)}}
	if way.KindOf(in.Web) != "" {
		facts = append(facts, Fact{"Way in", wayIn(in)})
	}
	if in.Web.Status.Address != "" {
		facts = append(facts, Fact{"Address", in.Web.Status.Address})
	}
	return facts
}

func amounts(in Web, style Style) []string {
	facts := Facts(in)
	lines := slices.Concat(labelled(facts[0].Label, facts[0].Text, style), capacityBar(in, style), podsBar(in, style))
	for _, fact := range facts[1:] {
		lines = append(lines, labelled(fact.Label, fact.Text, style)...)
	}
	return lines
}

func demand(in Web) string {
	spec := in.Web.Spec
	var text string
	switch d := in.Plan.Demand; {
	case spec.Demand != nil:
		text = traffic(in)
	case d.QPS > 0 && ptr.Deref(spec.HeadroomPercent, 0) > 0:
		text = fmt.Sprintf("%s requests per second, with %d%% headroom %s", Number(int64(*spec.TotalQPS)), *spec.HeadroomPercent, Number(d.QPS))
	case d.QPS > 0:
		text = Number(d.QPS) + " requests per second"
	case d.Pods > 0:
		text = "spec.replicas"
	default:
		return "none: set spec.totalQPS, spec.demand or spec.replicas"
	}
	if in.Plan.Asked != int64(in.Plan.Replicas) {
		return fmt.Sprintf("%s: %s, and the limits allow %s", text, Counted(in.Plan.Asked, "pod"), Number(int64(in.Plan.Replicas)))
	}
	return text + ": " + Counted(in.Plan.Asked, "pod")
}

// traffic is what the operator says of it: nobody else reads it. Of a number that cannot be read, its condition says why.
func traffic(in Web) string {
	said, parts := ptr.Deref(in.Web.Status.Demand, elasticwebv1.DemandStatus{}), []string{}
	if said.ObservedQPS != nil {
		parts = append(parts, Number(int64(*said.ObservedQPS))+" requests per second observed")
	}
	if said.ExpectedQPS != nil {
		parts = append(parts, Number(int64(*said.ExpectedQPS))+" expected")
	}
	if planned := plannedByTraffic(in.Web); planned > 0 {
		parts = append(parts, Number(planned)+" planned")
	}
	if len(parts) == 0 {
		parts = append(parts, "by the traffic (spec.demand), of which no number is known yet")
	}
	observed := meta.FindStatusCondition(in.Web.Status.Conditions, elasticwebv1.ConditionDemandObserved)
	if observed != nil && observed.Status != metav1.ConditionTrue {
		parts = append(parts, "DemandObserved is "+string(observed.Status)+", "+observed.Reason)
	}
	return strings.Join(parts, ", ")
}

// plannedByTraffic is what the operator says that the pods have to serve by the traffic; 0 where nothing is known of it.
func plannedByTraffic(web *elasticwebv1.ElasticWeb) int64 {
	if web.Spec.Demand == nil || web.Status.Demand == nil {
		return 0
	}
	return ptr.Deref(web.Status.Demand.PlannedQPS, 0)
}

// Wanted is the rate that an ElasticWeb is to serve, without the headroom that the spec adds to totalQPS; 0 where none is asked for.
func Wanted(web *elasticwebv1.ElasticWeb) int64 {
	return int64(ptr.Deref(web.Spec.TotalQPS, 0)) + plannedByTraffic(web) // a spec has one of the two.
}

// Planned is the rate that the pods are planned for, headroom included; 0 where none is asked for, or known.
func Planned(in Web) int64 {
	if in.Web.Spec.Demand != nil { // the plan has at least 1, be it that nothing is known.
		return plannedByTraffic(in.Web)
	}
	return in.Plan.Demand.QPS
}

// barWidth leaves room for the numbers after it.
func barWidth(style Style) int { return style.Width*3/8 - 2 }

func capacityBar(in Web, style Style) []string {
	served, wanted := int64(ptr.Deref(in.Web.Status.RealQPS, 0)), Planned(in)
	label := style.paint(strong, columns.FillRight("Serving", labelWidth))
	if wanted == 0 {
		return []string{label + "up to " + Number(served) + " requests per second"}
	}
	line := fmt.Sprintf("%s%s %s of %s QPS, %s", label, style.bar(served, wanted, barWidth(style)), Number(served), Number(wanted), percent(served, wanted))
	lines := []string{line}
	if total := int64(ptr.Deref(in.Web.Spec.TotalQPS, 0)); served > total && total > 0 {
		free := (served - total) * 100 / total
		lines = append(lines, labelled("Headroom", fmt.Sprintf("%s QPS above what is asked for, %d%%; spec.headroomPercent is %d",
			Number(served-total), free, ptr.Deref(in.Web.Spec.HeadroomPercent, 0)), style)...)
	}
	return lines
}

func podsBar(in Web, style Style) []string {
	ready, wanted, there := int64(in.Web.Status.ReadyReplicas), int64(in.Plan.Replicas), int64(in.Web.Status.Replicas)
	label := style.paint(strong, columns.FillRight("Pods", labelWidth))
	text := fmt.Sprintf("%s of %s ready", Number(ready), Number(wanted))
	if there != wanted {
		text += fmt.Sprintf(", %s there", Number(there))
	}
	return []string{label + style.bar(ready, wanted, barWidth(style)) + " " + text}
}

func rollout(in Web) string {
	deployment := in.Observed.Deployment
	switch {
	case plan.IsPaused(in.Web):
		return "paused: go on with " + ResumeCommand(in.Where, in.Web)
	case in.Web.Status.ObservedGeneration == in.Web.Generation && readyReason(in.Web) == elasticwebv1.ReasonResolvingImage:
		return "waits for what the registry says of the image"
	case deployment == nil:
		return "no Deployment"
	case !plan.IsRollingOut(deployment):
		return "done: all pods are of the newest template"
	}
	state := deployment.Status
	return fmt.Sprintf("under way: %d of %d pods are of the newest template, %d old ones are left", state.UpdatedReplicas, in.Plan.Replicas, state.Replicas-state.UpdatedReplicas)
}

// ResumeCommand has the operator go on with an ElasticWeb. where is how kubectl finds the cluster and the namespace, as flags.
func ResumeCommand(where string, web metav1.Object) string {
	return "kubectl elasticweb " + where + " resume " + Name(web.GetName())
}

func readyReason(web *elasticwebv1.ElasticWeb) string {
	if ready := meta.FindStatusCondition(web.Status.Conditions, elasticwebv1.ConditionReady); ready != nil {
		return ready.Reason
	}
	return ""
}

func image(in Web) string {
	text, facts := in.Web.Spec.Image, in.Web.Status.Image
	if facts == nil {
		return text + "; nothing is known of its platforms"
	}
	if facts.Reference != text {
		text += "; the pods run " + facts.Reference
	}
	for _, part := range []string{strings.Join(facts.Platforms, ", "), facts.Digest} {
		if part != "" {
			text += "; " + part
		}
	}
	if facts.Port != nil {
		text += fmt.Sprintf("; port %d", *facts.Port)
	}
	if facts.User != nil {
		text += fmt.Sprintf("; user %d", *facts.User)
	}
	return text
}

// wayIn is the way in of spec.expose: who serves it its condition says.
func wayIn(in Web) string {
	kind := way.KindOf(in.Web)
	var backends []way.Backend
	switch observed := &in.Observed; {
	case kind == way.KindHTTPRoute && observed.HTTPRoute != nil:
		backends = observed.HTTPRoute.Backends()
	case kind == way.KindRoute && observed.Route != nil:
		backends = observed.Route.Backends()
	case kind == way.KindIngress && observed.Ingress != nil:
		backends = []way.Backend{{Service: in.Web.Name}}
	default: // or whoever looks may not read it.
		return kind + ": none was found"
	}
	switch len(backends) {
	case 0: // somebody else wrote it.
		return kind + ": where it leads cannot be read"
	case 1:
		return kind + " to the Service " + Name(backends[0].Service)
	}
	var parts []string
	for _, backend := range backends[:min(len(backends), mostBackends)] {
		parts = append(parts, fmt.Sprintf("%s %d", Name(backend.Service), backend.Weight))
	}
	return kind + " by weights: " + strings.Join(parts, ", ")
}

func service(in Web) string {
	kind := cmp.Or(ptr.Deref(in.Web.Spec.Service, elasticwebv1.ServiceSpec{}).Type, elasticwebv1.ServiceTypeNodePort)
	if in.Observed.Service != nil { // what it is where nobody said depends on when it was made.
		kind = elasticwebv1.ServiceType(in.Observed.Service.Spec.Type)
	}
	return fmt.Sprintf("%s, port %d", cmp.Or(kind, elasticwebv1.ServiceTypeNodePort), ptr.Deref(in.Web.Spec.Port, 0))
}
