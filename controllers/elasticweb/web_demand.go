// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"time"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

// toldEvery is how often the status tells numbers that moved, where the plan stays.
const toldEvery = 30 * time.Second

// webDemand is what is known of the traffic of one ElasticWeb.
type webDemand struct {
	uid   types.UID
	query traffic.Query
	// settings are those of many, so that each is kept once.
	settings unique.Handle[demand.Settings]
	memory   demand.Memory
	// planned is what the plan is made with, and handed what the last pass made its plan with.
	planned, handed plan.Traffic
	decision        demand.Decision
	// starts are changed by passes alone, and all but the lead time is read by them alone.
	starts podStarts

	// answer is the last sample, message what is wrong with it, and history that of earlier days.
	answer  sample
	message string
	history *traffic.History
	// numberAt is when there was a number last; hasNumber is true where that was since this process came.
	numberAt  instant
	hasNumber bool
	// began is when it was first looked at, in seconds since 1970, or when there was a number again, or one of another query; 0 where there was
	// nothing of before.
	began uint32

	// told is what the status tells, since toldAt.
	told   status.Traffic
	toldAt instant
}

// instant is a time in nanoseconds since 1970, 0 for none: a third of the size of a time.Time.
type instant int64

func seconds(at time.Time) uint32 { return uint32(at.Unix()) } //nolint:gosec // until 2106.

func (i instant) ago(now time.Time) time.Duration { return time.Duration(now.UnixNano() - int64(i)) }

// sample is a demand.Sample; its zero value is none.
type sample struct {
	at      instant
	qps     float64
	trouble demand.Reason
}

func (s sample) isNone() bool { return s.at == 0 }

func (s sample) whole() demand.Sample {
	return demand.Sample{At: time.Unix(0, int64(s.at)), QPS: s.qps, Trouble: s.trouble}
}

// newWebDemand goes on where an operator of before ended, as far as the status says so.
func newWebDemand(web *elasticwebv1.ElasticWeb, deployment *appsv1.Deployment, patience time.Duration, now time.Time) *webDemand {
	result := &webDemand{uid: web.UID, told: status.Traffic{ObservedQPS: status.NeverObserved}}
	if deployment != nil || web.Status.Demand != nil {
		result.began = seconds(now)
	}
	if before := web.Status.Demand; before != nil && before.ObservedQPS != nil {
		if !wasLasting(web.Status.Conditions, patience, now) {
			result.numberAt = instant(now.UnixNano()) // it has its time before it, as after any gap.
		}
		result.told.ObservedQPS, result.told.ExpectedQPS = int64(*before.ObservedQPS), int64(ptr.Deref(before.ExpectedQPS, 0))
		result.told.LeadTime, _ = time.ParseDuration(before.LeadTime)
	}
	return result
}

// wasLasting reports whether an operator of before had told long enough that there is no number: another one makes nothing Ready that was not.
// A fallback did not make it less ready, and has its time before it, too.
func wasLasting(conditions []metav1.Condition, patience time.Duration, now time.Time) bool {
	told := meta.FindStatusCondition(conditions, elasticwebv1.ConditionDemandObserved)
	return told != nil && told.Status == metav1.ConditionFalse && told.Reason != elasticwebv1.ReasonFallback && now.Sub(told.LastTransitionTime.Time) > patience
}

const (
	// lateRecord is how late the record that an operator of before wrote last may come into the cache.
	lateRecord = time.Minute
	// lateHistory is how long earlier days may take to be read, of thousands of applications.
	lateHistory = 15 * time.Minute
)

// resume goes on with what the Deployment was made for. It does so until a window was seen, and not only once: what an operator of before
// wrote last may come into the cache late, and the pods that it asked for must not go unseen. A window that is read from a history is seen at once.
func (w *webDemand) resume(web *elasticwebv1.ElasticWeb, deployment *appsv1.Deployment, now time.Time) {
	if !w.holds(now) && w.memory.SawWindow(w.settings.Value().Stabilization) {
		return
	}
	resumed := plan.ResumedTraffic(web, deployment)
	w.planned.PlannedQPS = max(w.planned.PlannedQPS, resumed.PlannedQPS)
	w.planned.Holds = w.planned.Holds || resumed.Holds
}

// holds is true for as long as what is planned may be for what was expected before, which a window that was read back does not tell: from
// earlier days, until they are read, and for as long as an expectation counts.
func (w *webDemand) holds(now time.Time) bool {
	settings, age := w.settings.Value(), now.Sub(time.Unix(int64(w.began), 0))
	waitsForDays := settings.Forecast.GrowthRank > 0 && w.query.Prometheus != "" && !w.history.IsWhole(now)
	return age <= max(lateRecord, w.starts.lead+settings.Period) || waitsForDays && age <= lateHistory
}

// another is the same for another query: what is planned stays until its window was seen, and its earlier days.
func (w *webDemand) another(now time.Time) *webDemand {
	return &webDemand{uid: w.uid, began: seconds(now), planned: w.planned, handed: w.handed, starts: w.starts, told: status.Traffic{ObservedQPS: status.NeverObserved}}
}

// take takes in an answer, and reports whether a pass is due.
func (w *webDemand) take(answer traffic.Answer, now time.Time) (isDue bool) {
	last := answer.Samples[len(answer.Samples)-1]
	if last.Trouble == "" && w.wasBlind(now) {
		w.began = seconds(now)
	}
	w.answer, w.message = sample{instant(last.At.UnixNano()), last.QPS, last.Trouble}, answer.Message
	if answer.History != nil {
		w.history = answer.History
	}
	w.decide(answer.Samples, now)
	if w.decision.Reason == demand.Observed {
		w.numberAt, w.hasNumber = instant(now.UnixNano()), true
	}
	current := w.current(now)
	return w.planned != w.handed || !isSameTrouble(current, w.told) || w.hasMoved(current) && w.toldAt.ago(now) >= toldEvery
}

// wasBlind reports whether there was no number for so long that what was expected is forgotten.
func (w *webDemand) wasBlind(now time.Time) bool {
	if w.numberAt == 0 {
		return w.began != 0
	}
	return w.numberAt.ago(now) > w.settings.Value().Gap()
}

// decide works out what is planned. Without new samples it is by the last answer, and by the settings as they are now.
func (w *webDemand) decide(samples []demand.Sample, now time.Time) {
	w.numberAt, w.toldAt, w.began = min(w.numberAt, instant(now.UnixNano())), min(w.toldAt, instant(now.UnixNano())), min(w.began, seconds(now)) // the clock may have been set back.
	settings := w.settings.Value()
	in := demand.Input{Settings: settings, Samples: samples, LeadTime: w.starts.lead, Planned: w.planned.PlannedQPS, Holds: w.holds(now)}
	if len(samples) > 0 && w.history != nil && settings.Forecast != (demand.Forecast{}) {
		in.Earlier = w.history.Days(samples[len(samples)-1].At, settings.Stabilization, settings.Ahead(w.starts.lead))
	}
	if len(samples) == 0 && !w.answer.isNone() {
		in.Samples = []demand.Sample{w.answer.whole()}
	}
	w.decision = w.memory.Decide(in, now)
	w.planned.PlannedQPS = w.decision.Planned
	w.planned.Holds = w.planned.Holds && (in.Holds || !w.memory.SawWindow(settings.Stabilization))
}

// current is what there is to tell.
func (w *webDemand) current(now time.Time) status.Traffic {
	if w.answer.isNone() {
		return status.Traffic{}
	}
	current := status.Traffic{
		Reason: string(w.decision.Reason), ObservedQPS: w.told.ObservedQPS, ExpectedQPS: w.told.ExpectedQPS,
		PlannedQPS: w.planned.PlannedQPS, LeadTime: w.starts.lead,
	}
	if w.decision.Reason != demand.Observed {
		current.Message = w.message
		current.IsLasting = w.numberAt == 0 || w.numberAt.ago(now) > w.settings.Value().Gap()
	}
	if w.hasNumber {
		current.ObservedQPS, current.ExpectedQPS = w.decision.Observed, w.decision.Expected
	}
	return current
}

// tell is what the status is to say: numbers that moved little, or too soon after the last, stay as they were told.
func (w *webDemand) tell(now time.Time) status.Traffic {
	current := w.current(now)
	isDue := w.planned != w.handed || w.hasMoved(current) && w.toldAt.ago(now) >= toldEvery
	w.handed = w.planned
	if current.Reason == "" {
		return current
	}
	if isDue {
		w.toldAt = instant(now.UnixNano())
	} else {
		current.ObservedQPS, current.ExpectedQPS, current.LeadTime = w.told.ObservedQPS, w.told.ExpectedQPS, w.told.LeadTime
	}
	w.told = current
	return current
}

// again is when to look again though no answer may come until then, as a source that fails is asked less often: there has been no number
// for long enough to be told, or to fall back. 0 is never.
func (w *webDemand) again(now time.Time) time.Duration {
	if w.answer.isNone() || w.decision.Reason == demand.Observed || w.decision.Reason == demand.Fallback {
		return 0
	}
	settings := w.settings.Value()
	patience := settings.Gap() + time.Second
	if w.numberAt != 0 {
		return max(patience-w.numberAt.ago(now), 0)
	}
	if settings.FallbackQPS > 0 {
		return patience
	}
	return 0
}

func (w *webDemand) hasMoved(current status.Traffic) bool {
	return moved(w.told.ObservedQPS, current.ObservedQPS) || moved(w.told.ExpectedQPS, current.ExpectedQPS) || moved(int64(w.told.LeadTime), int64(current.LeadTime))
}

// moved reports whether a number did by more than a tenth.
func moved(from, to int64) bool {
	difference := to - from
	return max(difference, -difference) > max(from, -from)/10
}

func isSameTrouble(a, b status.Traffic) bool {
	return a.Reason == b.Reason && a.Message == b.Message && a.IsLasting == b.IsLasting
}
