// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package whatif works out what a change of an ElasticWeb would do, by the plan that the operator itself would make. It does no I/O.
package whatif

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/podtemplate"
	"github.com/elasticweb/elasticweb-operator/internal/resources"
	"github.com/elasticweb/elasticweb-operator/internal/screen"
	"github.com/elasticweb/elasticweb-operator/internal/way"
)

// Side is an ElasticWeb, before or after the change, and what is known around it.
type Side struct {
	// Web as podtemplate.Resolved gives it; nil for one that is not there, or cannot be read.
	Web *elasticwebv1.ElasticWeb
	// Given is the same as the user wrote it, and Words name fields as the user did.
	Given *elasticwebv1.ElasticWeb
	Words podtemplate.Words
	// Unreadable says why the spec of one that is there cannot be read; "" where it can.
	Unreadable string
	Observed   plan.Observed
	// Refusal says why its podTemplate is refused; nil where it is not.
	Refusal error
	// Where is how kubectl finds the cluster and the namespace, as flags of commands that are there to be copied.
	Where string

	planned plan.Plan
	unfit   error
}

func (s *Side) plan() {
	if s.Web != nil {
		s.planned, s.unfit = resources.PlanFor(s.Web, &s.Observed)
	}
}

// hasNoDeployment reports whether the operator makes none: what is asked for cannot be.
func (s *Side) hasNoDeployment() bool { return s.planned.LacksTemplate(&s.Observed) }

// runs reports whether the pods that there are were made by what a side says. A record that is lost is put together by the operator from
// the spec, so that no pod is restarted for it.
func (s *Side) runs(existing *appsv1.Deployment) bool {
	record := plan.RecordOf(existing)
	if record == nil {
		return true
	}
	return shapeOf(record) == shapeOf(&s.planned.Record)
}

// shapeOf is as much of a record as pods are replaced for.
func shapeOf(record *plan.Record) string {
	return plan.Record{Pod: record.Pod, Image: record.Image, Levels: record.Levels}.String()
}

// Outcome is what would happen.
type Outcome struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Changes is true where anything would be another.
	Changes bool `json:"changes"`
	// IsNew is true of one that is not there, Paused of one of which nothing is carried out.
	IsNew  bool `json:"isNew,omitempty"`
	Paused bool `json:"paused,omitempty"`
	// PodsNow are asked for at present, but for those that are to bring others back, Pods after the change, and PodsSettled once the pods are on the nodes that the order of the
	// architectures calls for, as far as these have room.
	PodsNow     int32 `json:"podsNow"`
	Pods        int32 `json:"pods"`
	PodsSettled int32 `json:"podsSettled"`
	// PodsAsked is what the demand calls for, whatever the limits.
	PodsAsked int64 `json:"podsAsked"`
	// Serves is what the pods serve together then, in requests per second. Backends are what the way in of spec.expose leads to, by their
	// weights; Joined are the architectures of the pods that are sent requests, Waiting those of the others.
	Serves   int64         `json:"serves"`
	Backends []way.Backend `json:"backends,omitempty"`
	Joined   []string      `json:"joined,omitempty"`
	Waiting  []string      `json:"waiting,omitempty"`
	// Architectures in their order, the best first, of which equal ones are put together; ArchitecturesNow those in use. nil where none
	// is known, so that pods may run on any.
	Architectures    [][]string `json:"architectures,omitempty"`
	ArchitecturesNow [][]string `json:"architecturesNow,omitempty"`
	// Restarts is true where all pods would be replaced, Causes are the fields that bring it about.
	Restarts bool     `json:"restarts"`
	Causes   []string `json:"causes,omitempty"`
	// Refused says what the operator would not do, and the remedy.
	Refused []string `json:"refused,omitempty"`
	Notes   []string `json:"notes,omitempty"`
	// Diff of the objects.
	Diff string `json:"diff,omitempty"`
}

// Compare works out what comes of a change. The operator is taken to have carried out what there was before, unless what runs says otherwise.
func Compare(before, after Side) Outcome {
	before.plan()
	after.plan()
	existing := after.Observed.Deployment
	result := Outcome{
		Namespace: after.Web.Namespace, Name: after.Web.Name, IsNew: before.Web == nil && before.Unreadable == "",
		Paused: plan.IsPaused(after.Web),
		Pods:   after.planned.Replicas, PodsAsked: after.planned.Asked,
		Architectures: after.planned.Record.Levels, Refused: refused(&after), Diff: diff(&before, &after),
	}
	if existing != nil {
		result.PodsNow = ptr.Deref(existing.Spec.Replicas, 1)
	}
	if record := plan.RecordOf(existing); record != nil {
		result.ArchitecturesNow = record.Levels
		result.PodsNow = max(result.PodsNow-record.Surge, 0)
	}
	if isKept := after.Observed.KeepsTemplate || len(result.Refused) > 0; existing != nil && result.PodsNow > 0 && !isKept {
		result.restart(&before, &after)
	}
	result.settle(&after)
	result.Changes = result.Diff != "" || result.PodsNow != result.Pods || result.Restarts
	result.Notes = append(result.Notes, notes(&before, &after, &result)...)
	return result
}

// restart works out whether the pods are replaced, and why.
func (o *Outcome) restart(before, after *Side) {
	isBehind := before.Web == nil || len(refused(before)) > 0 || !before.runs(after.Observed.Deployment)
	if o.Restarts = before.template() != after.template(); isBehind { // the spec of before says nothing of the pods that there are.
		o.Restarts = !after.runs(after.Observed.Deployment)
	}
	if o.Restarts {
		o.Causes = causes(before, after, isBehind)
	}
}

// settle works out what the number of pods, and who gets the requests, come to.
func (o *Outcome) settle(after *Side) {
	if after.hasNoDeployment() {
		o.Pods, o.PodsSettled, o.Architectures = o.PodsNow, o.PodsNow, o.ArchitecturesNow
		return
	}
	planned, observed, isWorkedOut := settled(after, o.Restarts)
	if o.PodsSettled = planned.Replicas; !isWorkedOut {
		o.Notes = append(o.Notes, fmt.Sprintf("how many pods it takes once they are on the nodes that are filled first is worked out for %s at most", screen.Number(mostSettled)))
		return
	}
	o.spread(after.Web, &planned, observed.Pods)
}

// spread works out who gets the requests.
func (o *Outcome) spread(web *elasticwebv1.ElasticWeb, planned *plan.Plan, pods []plan.Pod) {
	serves := func(pod *plan.Pod) bool { return pod.IsAvailable() && planned.Serves(pod) }
	o.Serves = planned.Served(plan.GroupsOf(planned.Rates, pods, serves))
	for i := range pods {
		into := &o.Waiting
		if serves(&pods[i]) {
			into = &o.Joined
		}
		if name := pods[i].Architecture; name != "" && pods[i].Ready && !slices.Contains(*into, name) {
			*into = append(*into, name)
		}
	}
	slices.Sort(o.Joined)
	slices.Sort(o.Waiting)
	if kind := way.KindOf(web); kind != "" && kind != way.KindIngress && planned.Wanted {
		o.Backends = resources.Backends(web, planned)
	}
}

// template is that of the pods, as the operator writes it; "" where it writes none.
func (s *Side) template() string {
	if s.Web == nil {
		return ""
	}
	deployment, err := resources.Deployment(s.Web, &s.planned)
	if err != nil {
		return ""
	}
	text, _ := json.Marshal(deployment.Spec.Template) // it was made from JSON.
	return string(text)
}

func refused(after *Side) (all []string) {
	for _, err := range []error{after.Refusal, after.unfit} {
		if err != nil {
			all = append(all, err.Error()+"; the pods keep the template that they have")
		}
	}
	if contradiction := after.planned.Placement.Contradiction; contradiction != "" && !after.planned.Demand.IsNone() {
		all = append(all, after.Words.Say(contradiction))
	}
	return all
}

// causes are the fields whose change alone gives the pods another template; where none does, those without whose change they would keep
// theirs. Where there is no such field either, it is what was learnt of the image. A rollout takes up other changes as well, which are no cause.
// Where what there was before was not carried out, that is a cause as well.
func causes(before, after *Side, isBehind bool) (fields []string) {
	if before.Web == nil {
		return []string{notCarriedOut}
	}
	changed := changedFields(before, after)
	alone := func(field string) bool { return with(before, after, field).template() != before.template() }
	without := func(field string) bool { return with(after, before, field).template() == before.template() }
	those := func(isCause func(field string) bool) (fields []string) {
		for _, field := range changed {
			if isCause(field) {
				fields = append(fields, asGiven(before, after, field))
			}
		}
		return fields
	}
	isPending := isBehind && len(refused(before)) == 0
	if isPending { // its rollout takes up what is no cause, as the number of pods, so that templates would tell too much.
		alone = func(field string) bool {
			return shapeOf(&with(before, after, field).planned.Record) != shapeOf(&before.planned.Record)
		}
	}
	fields = those(alone)
	if isPending || isBehind && len(fields) == 0 {
		return append(fields, notCarriedOut)
	}
	if len(fields) == 0 {
		fields = those(without)
	}
	if len(fields) == 0 {
		return []string{"what the registry says of the image now"}
	}
	return fields
}

// notCarriedOut is a cause that no field of the change is.
const notCarriedOut = "what the spec said before, which was not carried out"

// asGiven names a field as the user wrote it, be it in what was taken away.
func asGiven(before, after *Side, field string) string {
	if named := after.Words.Say(field); named != field {
		return named
	}
	if _, isThere := fieldsOf(after.Web)[field[len("spec."):]]; isThere {
		return field
	}
	return before.Words.Say(field)
}

// with is a side but for one field of the spec, which is that of the other, with what is known about it.
func with(side, other *Side, field string) *Side {
	result := &Side{Web: side.Web.DeepCopy(), Observed: side.Observed}
	spec, others := fieldsOf(side.Web), fieldsOf(other.Web)
	spec[field[len("spec."):]] = others[field[len("spec."):]]
	text, _ := json.Marshal(spec)
	result.Web.Spec = elasticwebv1.ElasticWebSpec{}
	if json.Unmarshal(text, &result.Web.Spec) != nil {
		return side
	}
	switch field {
	case "spec.image":
		result.Observed.Image = other.Observed.Image
	case "spec.benchmarkRef":
		result.Observed.Benchmark = other.Observed.Benchmark
	}
	result.plan()
	return result
}

// fieldsOf are the fields of a spec, absent ones left out.
func fieldsOf(web *elasticwebv1.ElasticWeb) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if web != nil {
		text, _ := json.Marshal(web.Spec) // API types always marshal.
		_ = json.Unmarshal(text, &fields)
	}
	return fields
}

func changedFields(before, after *Side) (changed []string) {
	was, is := fieldsOf(before.Web), fieldsOf(after.Web)
	for name := range is {
		if string(was[name]) != string(is[name]) {
			changed = append(changed, "spec."+name)
		}
	}
	for name := range was {
		if _, isThere := is[name]; !isThere {
			changed = append(changed, "spec."+name)
		}
	}
	slices.Sort(changed)
	return changed
}

func notes(before, after *Side, result *Outcome) (notes []string) {
	if before.Unreadable != "" {
		notes = append(notes, "the spec as it is cannot be read, so that all of it counts as new: "+before.Unreadable)
	}
	if result.Paused {
		notes = append(notes, "it is paused: nothing of this is carried out before "+screen.ResumeCommand(after.Where, after.Web))
	}
	if before.Web != nil && !before.hasNoDeployment() && before.planned.Replicas != result.PodsNow {
		notes = append(notes, fmt.Sprintf("without the change the number of pods goes to %d", before.planned.Replicas))
	}
	notes = append(notes, after.takesUp(result)...)
	if asksForTraffic(before, after) {
		notes = append(notes, "the traffic of spec.demand is not read here: the pods stay as many as they are until the operator has read it, and follow it then")
	}
	notes = append(notes, limits(int64(after.planned.Replicas), result.PodsAsked)...)
	switch image := after.Observed.Image; {
	case image.State == plan.ImageFailed:
		notes = append(notes, "the platforms of the image are not known here: "+image.Message+"; the operator may learn more")
	case image.State == plan.ImageNotLookedUp && (result.Restarts || result.PodsNow == 0) && needsImage(after):
		notes = append(notes, "the registry was not asked for the image; the operator asks it, and the architectures follow from what it says")
	}
	if after.planned.Facts == nil && len(result.Architectures) == 0 {
		notes = append(notes, "no architecture is known to be possible: the pods may be put on any node")
	}
	return notes
}

// takesUp says what the operator replaces the pods for though the change does not.
func (s *Side) takesUp(result *Outcome) []string {
	if result.Restarts || s.planned.Demand.IsNone() || !plan.MayRestart(&s.Web.Spec) {
		return nil
	}
	what := resources.Awaits(s.Web, s.Observed, &s.planned)
	if len(what) == 0 {
		return nil
	}
	return []string{"all pods are replaced without a change of yours, since spec.rebalance.restartForTemplate is true, for what waits for a rollout: " + strings.Join(what, ", ")}
}

// limits says what minReplicas and maxReplicas make of what is asked for.
func limits(planned, asked int64) []string {
	switch {
	case asked > planned:
		return []string{fmt.Sprintf("the demand calls for %d pods, and spec.maxReplicas allows %d", asked, planned)}
	case asked < planned:
		return []string{fmt.Sprintf("the demand calls for %d pods, and spec.minReplicas keeps %d", asked, planned)}
	}
	return nil
}

// asksForTraffic reports whether the change is to other traffic than the operator has reported on.
func asksForTraffic(before, after *Side) bool {
	return after.Web.Spec.Demand != nil && !reflect.DeepEqual(demandOf(before.Web), demandOf(after.Web))
}

func demandOf(web *elasticwebv1.ElasticWeb) *elasticwebv1.DemandSpec {
	if web == nil {
		return nil
	}
	return web.Spec.Demand
}

func needsImage(after *Side) bool {
	needed, _ := plan.Lookup(&after.Web.Spec, after.Observed.Deployment)
	return needed && !after.planned.Demand.IsNone()
}
