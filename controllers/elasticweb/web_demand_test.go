// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package elasticweb

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/demand"
	"github.com/elasticweb/elasticweb-operator/internal/metrics"
	"github.com/elasticweb/elasticweb-operator/internal/plan"
	"github.com/elasticweb/elasticweb-operator/internal/status"
	"github.com/elasticweb/elasticweb-operator/internal/traffic"
)

const period = 15 * time.Second

var shop = types.NamespacedName{Namespace: "dev", Name: "shop"}

// noted is a TrafficReader that takes note of what it is told.
type noted struct{ told []string }

func (n *noted) Read(key types.NamespacedName, query traffic.Query, window time.Duration, earlierDays bool) {
	told := fmt.Sprintf("read %s %s %s", key.Name, query.Prometheus, window)
	if earlierDays {
		told += " and earlier days"
	}
	n.told = append(n.told, told)
}

func (n *noted) Forget(key types.NamespacedName) { n.told = append(n.told, "forget "+key.Name) }

// following is an ElasticWeb whose traffic is read, an operator, and the time.
type following struct {
	*testing.T
	r      *Reconciler
	clock  *clocktesting.FakePassiveClock
	reader *noted
	web    *elasticwebv1.ElasticWeb
	// deployment is the one that the passes see.
	deployment *appsv1.Deployment
	changes    int
	// again is when the last pass is to be followed by another.
	again time.Duration
}

func follows(t *testing.T, changes ...func(*elasticwebv1.ElasticWeb)) *following {
	t.Helper()
	f := &following{T: t, clock: clocktesting.NewFakePassiveClock(time.Unix(1_800_000_000, 0)), web: &elasticwebv1.ElasticWeb{}}
	f.web.Namespace, f.web.Name, f.web.UID = shop.Namespace, shop.Name, "1"
	f.web.Spec.Demand = &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}, Forecast: elasticwebv1.ForecastOff}
	for _, change := range changes {
		change(f.web)
	}
	f.restart()
	return f
}

func (f *following) restart() {
	f.r, f.reader = &Reconciler{}, &noted{}
	f.r.demands.reader, f.r.demands.period, f.r.demands.clock = f.reader, period, f.clock
	f.r.demands.changed = func(types.NamespacedName) { f.changes++ }
}

// pass is what a reconcile does with the traffic.
func (f *following) pass(pods ...plan.Pod) (decided plan.Traffic, told status.Traffic) {
	f.Helper()
	seen := plan.Observed{Pods: pods, Deployment: f.deployment}
	told, f.again = f.r.observeDemand(f.web, &seen)
	return ptr.Deref(seen.Traffic, plan.Traffic{}), told
}

// answers delivers numbers a period apart, and reports whether a pass was asked for after the last.
func (f *following) answers(numbers ...float64) (isDue bool) {
	for _, qps := range numbers {
		isDue = f.delivers(traffic.Answer{Samples: []demand.Sample{{At: f.clock.Now().Add(period), QPS: qps}}})
	}
	return isDue
}

func (f *following) lacks(trouble demand.Reason, message string) (isDue bool) {
	return f.delivers(traffic.Answer{Samples: []demand.Sample{{At: f.clock.Now().Add(period), Trouble: trouble}}, Message: message})
}

func (f *following) delivers(answer traffic.Answer) (isDue bool) {
	before := f.changes
	f.clock.SetTime(f.clock.Now().Add(period))
	f.r.Deliver(shop, answer)
	return f.changes > before
}

func (f *following) want(what string, isTrue bool) {
	f.Helper()
	if !isTrue {
		f.Errorf("not so: %s", what)
	}
}

func TestAPassIsAskedForWhereSomethingChanges(t *testing.T) {
	f := follows(t)
	f.pass()
	f.want("the first number is news", f.answers(1000))
	decided, told := f.pass()
	f.want("it is planned, and pods stay until a window was seen", decided == plan.Traffic{PlannedQPS: 1000, Holds: true})
	f.want("it is told", told.Reason == "Observed" && told.ObservedQPS == 1000 && told.ExpectedQPS == 1000 && told.LeadTime == time.Minute)
	f.want("the same number is none", !f.answers(1000, 1000, 1000))
	f.want("nor are some less, within a tenth", !f.answers(950, 910, 1000))
	f.want("what is needed more is at once", f.answers(1500))
	decided, _ = f.pass()
	f.want("and planned", decided.PlannedQPS == 1500)
	f.want("a tenth less is told after half a minute", !f.answers(1200) && f.answers(1200))
	_, told = f.pass()
	f.want("with the plan as it was", told.ObservedQPS == 1200 && told.PlannedQPS == 1500)
	f.want("once", !f.answers(1200, 1200))
	f.want("trouble is told at once", f.lacks(demand.SourceUnreachable, "look at it"))
	_, told = f.pass()
	f.want("with its message", told.Reason == "SourceUnreachable" && told.Message == "look at it" && !told.IsLasting && told.ObservedQPS == 1200)
	f.want("once", !f.lacks(demand.SourceUnreachable, "look at it"))
	f.want("other trouble, too", f.lacks(demand.MetricInvalid, "sum it up"))
	f.pass()
	f.lacks(demand.MetricInvalid, "sum it up")
	f.want("and that it lasts", f.lacks(demand.MetricInvalid, "sum it up"))
	_, told = f.pass()
	f.want("after a minute", told.IsLasting)
	f.want("and its end", f.answers(1200))
	decided, told = f.pass()
	f.want("no pod goes for it", decided.PlannedQPS == 1500 && told.Reason == "Observed")
}

func TestAClockThatIsSetBackHoldsNothingBack(t *testing.T) {
	f := follows(t)
	f.pass()
	f.answers(make([]float64, 30)...)
	f.answers(1000)
	f.pass()
	f.clock.SetTime(f.clock.Now().Add(-time.Hour))
	f.answers(900)
	f.pass()
	f.want("what moved is told half a minute later", f.answers(800, 800, 800))
	decided, told := f.pass()
	f.want("and no pod goes", decided.PlannedQPS == 1000 && told.ObservedQPS == 800)
	f.clock.SetTime(f.clock.Now().Add(-time.Hour))
	f.lacks(demand.SourceUnreachable, "look at it")
	f.pass()
	f.want("there is another look after a minute", f.again <= 61*time.Second)
	f.clock.SetTime(f.clock.Now().Add(f.again))
	_, told = f.pass()
	f.want("trouble lasts after a minute", told.IsLasting)
}

func TestOnlyAPassTells(t *testing.T) {
	f := follows(t)
	f.pass()
	f.want("the number is news", f.answers(1000))
	f.want("until a pass took it", f.answers(1000))
	f.pass()
	f.want("and no longer", !f.answers(1000))
	_, told := f.pass()
	f.answers(1000, 950)
	_, later := f.pass()
	f.want("a pass for something else tells what was told", told == later)
}

func TestPodsStayUntilAWindowWasSeen(t *testing.T) {
	f := follows(t)
	f.pass()
	for range 20 {
		f.answers(100)
		decided, _ := f.pass()
		f.want("it holds", decided.Holds)
	}
	f.want("the window is whole", f.answers(100))
	decided, _ := f.pass()
	f.want("it no longer holds", decided == plan.Traffic{PlannedQPS: 100})
}

func TestAHistoryIsAWindow(t *testing.T) {
	f := follows(t)
	f.pass()
	var samples []demand.Sample
	for i := range 21 {
		samples = append(samples, demand.Sample{At: f.clock.Now().Add(time.Duration(i-19) * period), QPS: 100 + float64(i)})
	}
	f.delivers(traffic.Answer{Samples: samples})
	decided, _ := f.pass()
	f.want("nothing holds, and the greatest is planned", decided == plan.Traffic{PlannedQPS: 120})
}

// restarted gives an ElasticWeb the status that an operator of before told.
func restarted(planned int64, observed *int32) func(*elasticwebv1.ElasticWeb) {
	return func(web *elasticwebv1.ElasticWeb) {
		web.Status.Demand = &elasticwebv1.DemandStatus{PlannedQPS: &planned, ObservedQPS: observed, ExpectedQPS: observed, LeadTime: "25s"}
	}
}

// recorded is a Deployment that was made for a demand.
func recorded(planned int64) *appsv1.Deployment {
	deployment := &appsv1.Deployment{}
	deployment.Annotations = map[string]string{plan.AnnotationRecord: plan.Record{Pod: "0123456789abcdef", PlannedQPS: planned}.String()}
	return deployment
}

// A cache may show late what an operator of before wrote last.
func TestARecordThatComesLateCounts(t *testing.T) {
	f := follows(t)
	f.deployment = recorded(1000)
	f.pass()
	f.deployment = recorded(2000)
	decided, _ := f.pass()
	f.want("before an answer", decided == plan.Traffic{PlannedQPS: 2000})
	f.answers(100)
	f.deployment = recorded(3000)
	decided, _ = f.pass()
	f.want("before a window was seen", decided == plan.Traffic{PlannedQPS: 3000})
	f.answers(make([]float64, 20)...)
	decided, _ = f.pass()
	f.want("not after it", decided == plan.Traffic{PlannedQPS: 100})
	f.deployment = recorded(110)
	decided, _ = f.pass()
	f.want("what somebody else writes there then is no demand", decided == plan.Traffic{PlannedQPS: 100})

	f.restart()
	f.deployment = recorded(1000)
	f.pass()
	f.deployment = recorded(0)
	decided, _ = f.pass()
	f.want("pods without a number are held", decided == plan.Traffic{PlannedQPS: 1000, Holds: true})
	f.web.Spec.Demand.MaxQPS = ptr.To[int32](500)
	f.deployment = recorded(1000)
	decided, _ = f.pass()
	f.want("the user's bounds hold for it", decided.PlannedQPS == 500)
}

// What an operator of before expected from earlier days is in no window that is read back.
func TestARestartWaitsForWhatWasExpected(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*elasticwebv1.DemandSpec)
		pods   []plan.Pod
		atMost time.Duration
	}{
		"without a forecast": {func(*elasticwebv1.DemandSpec) {}, nil, 75 * time.Second},
		"with slow pods":     {func(*elasticwebv1.DemandSpec) {}, []plan.Pod{startedIn(10 * time.Minute)}, 10*time.Minute + 15*time.Second},
		"until earlier days": {func(demand *elasticwebv1.DemandSpec) { demand.Forecast = elasticwebv1.ForecastAuto }, nil, lateHistory},
		"where there are none": {func(demand *elasticwebv1.DemandSpec) {
			demand.Forecast, demand.Prometheus = elasticwebv1.ForecastAuto, nil
			demand.External = &elasticwebv1.ExternalDemand{}
		}, nil, 75 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f := follows(t, func(web *elasticwebv1.ElasticWeb) { tc.change(web.Spec.Demand) })
			f.deployment = recorded(2000)
			f.pass(tc.pods...)
			f.delivers(traffic.Answer{Samples: f.window(1000)})
			began := f.clock.Now()
			for f.clock.Now().Sub(began) <= tc.atMost {
				decided, _ := f.pass(tc.pods...)
				f.want("it stays after "+f.clock.Now().Sub(began).String(), decided.PlannedQPS == 2000)
				f.answers(1000)
			}
			f.deployment = recorded(1000)
			decided, _ := f.pass(tc.pods...)
			f.want("it goes then", decided.PlannedQPS == 1000)
		})
	}
}

// Nor is it there where there was no number for long, or there is another query.
func TestWhatWasExpectedIsHeldUntilItIsKnownAgain(t *testing.T) {
	for name, lose := range map[string]func(*following){
		"the query is written in other words": func(f *following) { f.web.Spec.Demand.Prometheus.Query = "sum(up)" },
		"there was no answer for an hour": func(f *following) {
			for range 240 {
				f.lacks(demand.SourceUnreachable, "look at it")
			}
		},
		"nor for an operator that was started then": func(f *following) {
			f.deployment = recorded(2000)
			f.restart()
			f.pass()
			for range 240 {
				f.lacks(demand.SourceUnreachable, "look at it")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := follows(t)
			f.pass()
			f.answers(2000)
			f.pass()
			lose(f)
			f.pass()
			f.delivers(traffic.Answer{Samples: f.window(1000)})
			began := f.clock.Now()
			for f.clock.Now().Sub(began) <= 75*time.Second {
				decided, _ := f.pass()
				f.want("it stays after "+f.clock.Now().Sub(began).String(), decided.PlannedQPS == 2000)
				f.answers(1000)
			}
			f.deployment = nil
			decided, _ := f.pass()
			f.want("it goes then", decided.PlannedQPS == 1000)
		})
	}
}

func TestPodsOfAChangeOverStayUntilWhatIsExpectedIsKnown(t *testing.T) {
	f := follows(t)
	f.deployment = recorded(0)
	f.pass()
	f.delivers(traffic.Answer{Samples: f.window(100)})
	decided, _ := f.pass()
	f.want("a window that was read back does not tell it", decided == plan.Traffic{PlannedQPS: 100, Holds: true})
	f.answers(repeat(100, 6)...)
	f.deployment = recorded(100)
	decided, _ = f.pass()
	f.want("a lead time and a period later it is", decided == plan.Traffic{PlannedQPS: 100})
}

func TestAClockThatIsSetBackHoldsNoLonger(t *testing.T) {
	f := follows(t)
	f.deployment = recorded(2000)
	f.pass()
	f.clock.SetTime(f.clock.Now().Add(-24 * time.Hour))
	f.answers(repeat(1000, 30)...)
	f.deployment = recorded(1000)
	decided, _ := f.pass()
	f.want("it goes after a window", decided.PlannedQPS == 1000)
}

func repeat(qps float64, times int) []float64 { return slices.Repeat([]float64{qps}, times) }

// window is what is read back with the next answer.
func (f *following) window(qps float64) (samples []demand.Sample) {
	for i := range 21 {
		samples = append(samples, demand.Sample{At: f.clock.Now().Add(time.Duration(i-19) * period), QPS: qps})
	}
	return samples
}

// startedIn is a pod that took so long.
func startedIn(took time.Duration) plan.Pod {
	ready := time.Unix(1_799_000_000, 0)
	return plan.Pod{Name: "a", Ready: true, Created: ready.Add(-took), ReadySince: ready}
}

func TestARestartGoesOn(t *testing.T) {
	f := follows(t, restarted(1500, ptr.To[int32](1200)))
	f.deployment = recorded(1500)
	pod := plan.Pod{Name: "a", Ready: true, Created: f.clock.Now().Add(-time.Hour), ReadySince: f.clock.Now().Add(-time.Hour + 25*time.Second)}
	decided, told := f.pass(pod)
	f.want("with what was planned", decided == plan.Traffic{PlannedQPS: 1500})
	f.want("nothing is told before an answer", told == status.Traffic{})
	f.lacks(demand.SourceUnreachable, "look at it")
	_, told = f.pass(pod)
	f.want("trouble has its minute", !told.IsLasting && told.ObservedQPS == 1200)
	f.answers(1190)
	decided, told = f.pass(pod)
	f.want("numbers that are alike change no status", told.ObservedQPS == 1200 && told.LeadTime == 25*time.Second && decided.PlannedQPS == 1500)
	f.want("the lead time is known from the pods", f.r.Demands()[0].LeadTime == 25*time.Second)
	f.answers(800)
	decided, _ = f.pass()
	f.want("nothing goes down before a window was seen", decided == plan.Traffic{PlannedQPS: 1500})
}

func TestARestartMakesNothingReady(t *testing.T) {
	for name, tc := range map[string]struct {
		status metav1.ConditionStatus
		reason string
		ago    time.Duration
		want   bool
	}{
		"there was a number":       {metav1.ConditionTrue, elasticwebv1.ReasonObserved, 24 * time.Hour, false},
		"there was none for long":  {metav1.ConditionFalse, elasticwebv1.ReasonSourceUnreachable, 24 * time.Hour, true},
		"there was one before":     {metav1.ConditionFalse, elasticwebv1.ReasonSourceUnreachable, 30 * time.Second, false},
		"the fallback makes Ready": {metav1.ConditionFalse, elasticwebv1.ReasonFallback, 24 * time.Hour, false},
		"it was paused":            {metav1.ConditionUnknown, elasticwebv1.ReasonPaused, 24 * time.Hour, false},
	} {
		f := follows(t, restarted(1500, ptr.To[int32](1200)))
		f.web.Spec.Demand.FallbackQPS = ptr.To[int32](2000)
		f.web.Status.Conditions = []metav1.Condition{{Type: elasticwebv1.ConditionDemandObserved, Status: tc.status, Reason: tc.reason, LastTransitionTime: metav1.NewTime(f.clock.Now().Add(-tc.ago))}}
		f.pass()
		f.lacks(demand.SourceUnreachable, "look at it")
		_, told := f.pass()
		f.want(name, told.IsLasting == tc.want)
		f.want(name+": there is another look for the fallback", f.again > 0 && f.again <= 61*time.Second)
	}
}

func TestAFallback(t *testing.T) {
	f := follows(t, func(web *elasticwebv1.ElasticWeb) { web.Spec.Demand.FallbackQPS = ptr.To[int32](2000) })
	f.pass()
	f.answers(1000)
	f.pass()
	for range 4 {
		f.lacks(demand.MetricMissing, "look at the query")
		decided, _ := f.pass()
		f.want("a minute goes by", decided.PlannedQPS == 1000)
	}
	f.want("it is due", f.lacks(demand.MetricMissing, "look at the query"))
	decided, told := f.pass()
	f.want("it is in force", decided.PlannedQPS == 2000 && told.Reason == "Fallback" && told.Message == "look at the query")
}

// A source that fails is asked less often than a fallback can wait for.
func TestThereIsAnotherLookAfterAMinute(t *testing.T) {
	f := follows(t)
	f.pass()
	f.want("nothing is waited for", f.again == 0)
	f.answers(1000)
	f.pass()
	f.want("a number needs none", f.again == 0)
	f.lacks(demand.SourceUnreachable, "look at it")
	f.pass()
	f.want("it is told then", f.again == 61*time.Second-period)
	f.clock.SetTime(f.clock.Now().Add(f.again))
	_, told := f.pass()
	f.want("that it lasts, and nothing more", told.IsLasting && f.again == 0)
	f.web.Spec.Demand.FallbackQPS = ptr.To[int32](2000)
	decided, told := f.pass()
	f.want("or it falls back", decided.PlannedQPS == 2000 && told.Reason == "Fallback" && f.again == 0)
}

func TestANewOneFallsBackAfterAMinute(t *testing.T) {
	f := follows(t, func(web *elasticwebv1.ElasticWeb) { web.Spec.Demand.FallbackQPS = ptr.To[int32](2000) })
	f.pass()
	f.lacks(demand.SourceNotConfigured, "set --prometheus-url")
	f.pass()
	f.want("there is another look", f.again == 61*time.Second)
	f.clock.SetTime(f.clock.Now().Add(f.again))
	decided, _ := f.pass()
	f.want("it is in force", decided.PlannedQPS == 2000 && f.again == 0)
}

func TestTheUsersBoundsCountAtOnce(t *testing.T) {
	f := follows(t)
	f.pass()
	f.answers(1000)
	f.pass()
	f.web.Spec.Demand.MinQPS, f.web.Spec.HeadroomPercent = ptr.To[int32](3000), ptr.To[int32](50)
	decided, _ := f.pass()
	f.want("upwards, with headroom", decided.PlannedQPS == 4500)
	f.web.Spec.Demand.MinQPS, f.web.Spec.Demand.MaxQPS = nil, ptr.To[int32](500)
	decided, _ = f.pass()
	f.want("downwards", decided.PlannedQPS == 750)
	f.want("with the window that was seen", f.r.demands.byName[shop].memory.SawWindow(0))
}

func TestANewOneHasItsLeastBeforeAnAnswer(t *testing.T) {
	f := follows(t, func(web *elasticwebv1.ElasticWeb) { web.Spec.Demand.MinQPS = ptr.To[int32](400) })
	decided, _ := f.pass()
	f.want("is planned", decided == plan.Traffic{PlannedQPS: 400, Holds: true})
}

func TestWhatIsReadBeginsAnew(t *testing.T) {
	const asked = "read shop up 5m0s"
	for name, tc := range map[string]struct {
		change func(*elasticwebv1.ElasticWeb)
		told   []string
		want   plan.Traffic
		isKept bool
	}{
		"the same": {func(*elasticwebv1.ElasticWeb) {}, []string{asked}, plan.Traffic{PlannedQPS: 1000}, true},
		"another window": {func(w *elasticwebv1.ElasticWeb) {
			w.Spec.Demand.Behavior = &elasticwebv1.DemandBehavior{ScaleDown: &elasticwebv1.DemandScaleDown{StabilizationWindowSeconds: ptr.To[int32](60)}}
		}, []string{"read shop up 1m0s"}, plan.Traffic{PlannedQPS: 1000}, true},
		"another query": {func(w *elasticwebv1.ElasticWeb) { w.Spec.Demand.Prometheus.Query = "down" },
			[]string{"forget shop", "read shop down 5m0s"}, plan.Traffic{PlannedQPS: 1000}, false},
		"another of its name": {func(w *elasticwebv1.ElasticWeb) { w.UID, w.Status.Demand = "2", nil },
			[]string{"forget shop", asked}, plan.Traffic{Holds: true}, false},
		"paused": {func(w *elasticwebv1.ElasticWeb) {
			w.Annotations = map[string]string{elasticwebv1.AnnotationPaused: "true"}
		}, []string{"forget shop"}, plan.Traffic{PlannedQPS: 1000}, false},
		"by totalQPS":   {func(w *elasticwebv1.ElasticWeb) { w.Spec.Demand = nil }, []string{"forget shop"}, plan.Traffic{}, false},
		"a forecast on": {func(w *elasticwebv1.ElasticWeb) { w.Spec.Demand.Forecast = "" }, []string{asked + " and earlier days"}, plan.Traffic{PlannedQPS: 1000}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := follows(t, restarted(1000, ptr.To[int32](1000)))
			f.deployment = recorded(1000)
			f.pass()
			f.answers(990)
			f.pass()
			f.reader.told = nil
			if tc.change(f.web); f.web.UID != "1" {
				f.deployment = nil // that one is not its own.
			}
			decided, _ := f.pass()
			if got := fmt.Sprint(f.reader.told); got != fmt.Sprint(tc.told) || decided != tc.want {
				t.Errorf("%s, %+v, want %s, %+v", got, decided, tc.told, tc.want)
			}
			known := f.r.demands.byName[shop]
			if isKept := known != nil && known.hasNumber; isKept != tc.isKept {
				t.Errorf("what was seen is kept: %t, want %t", isKept, tc.isKept)
			}
		})
	}
}

func TestAnAnswerThatComesTooLateIsNone(t *testing.T) {
	f := follows(t)
	f.want("nothing is read", !f.answers(1000))
	f.pass()
	f.r.demands.forget(shop)
	f.want("nothing is read any more", !f.answers(1000) && len(f.r.Demands()) == 0)
	f.r.demands.forget(shop)
	f.want("it is forgotten once", fmt.Sprint(f.reader.told) == "[read shop up 5m0s forget shop]")
}

func TestQueries(t *testing.T) {
	for want, spec := range map[string]elasticwebv1.DemandSpec{
		"{dev up <nil> <nil>}": {Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}},
		"requests":             {External: &elasticwebv1.ExternalDemand{Metric: elasticwebv1.MetricIdentifier{Name: "requests"}}},
		"networking.k8s.io/v1 Ingress way-in requests": {Object: &elasticwebv1.ObjectDemand{
			DescribedObject: elasticwebv1.DescribedObject{APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Name: "way-in"},
			Metric:          elasticwebv1.MetricIdentifier{Name: "requests"}}},
	} {
		web := &elasticwebv1.ElasticWeb{}
		web.Namespace, web.Spec.Demand = "dev", &spec
		query := queryOf(web)
		got := fmt.Sprint(query)
		switch {
		case query.External != nil:
			got = query.External.Name
		case query.Object != nil:
			got = strings.Join([]string{query.Object.APIVersion, query.Object.Kind, query.Object.Name, query.Object.Metric}, " ")
		}
		if got != want || query.Namespace != "dev" {
			t.Errorf("%+v, want %s", query, want)
		}
	}
}

// What the decisions call their reasons is what the API does.
func TestReasonsOfDemand(t *testing.T) {
	for reason, want := range map[demand.Reason]string{
		demand.Observed: elasticwebv1.ReasonObserved, demand.MetricMissing: elasticwebv1.ReasonMetricMissing, demand.MetricInvalid: elasticwebv1.ReasonMetricInvalid,
		demand.SourceUnreachable: elasticwebv1.ReasonSourceUnreachable, demand.SourceUnauthorized: elasticwebv1.ReasonSourceUnauthorized,
		demand.SourceNotConfigured: elasticwebv1.ReasonSourceNotConfigured, demand.Fallback: elasticwebv1.ReasonFallback,
	} {
		if string(reason) != want {
			t.Errorf("%s is %s", reason, want)
		}
	}
}

func TestDemandsForMetrics(t *testing.T) {
	f := follows(t)
	f.pass()
	f.want("nothing is known", len(f.r.Demands()) == 0)
	f.answers(1000)
	if got, want := f.r.Demands()[0], (metrics.Demand{Namespace: "dev", Name: "shop", Reason: "Observed", IsObserved: true,
		ObservedQPS: 1000, ExpectedQPS: 1000, PlannedQPS: 1000, LeadTime: time.Minute}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	f.lacks(demand.SourceUnreachable, "look at it")
	if got := f.r.Demands()[0]; got.IsObserved || got.Reason != "SourceUnreachable" || got.PlannedQPS != 1000 {
		t.Errorf("%+v", got)
	}
}

func TestOnlyADemandThatMovedIsOne(t *testing.T) {
	none, three, four := plan.Demand{}, plan.Demand{QPS: 2400}, plan.Demand{QPS: 3200}
	made := recorded(0) // of generation 0.
	for name, tc := range map[string]struct {
		last, now  plan.Demand
		made       *appsv1.Deployment
		generation int64
		want       bool
	}{
		"the same":                         {three, three, made, 0, false},
		"another":                          {three, four, made, 1, true},
		"the same of another spec":         {three, three, made, 1, false},
		"the first pass":                   {none, three, made, 0, false},
		"the first pass for another spec":  {none, three, made, 1, true},
		"the first pass without a record":  {none, three, nil, 0, true},
		"the traffic moved between passes": {three, four, made, 0, true},
	} {
		if got := demandMoved(tc.last, tc.now, tc.made, tc.generation); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestWhatIsRememberedOfTrafficIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(webDemand{}) + unsafe.Sizeof(architectureStarts{}); size > 1024+128 {
		t.Errorf("%d bytes for each ElasticWeb with pods on one architecture", size)
	}
}

// For the race detector: pods are looked at without the lock.
func TestAnswersComeInWhilePodsAreLookedAt(t *testing.T) {
	f := follows(t)
	f.pass()
	var delivering sync.WaitGroup
	delivering.Go(func() {
		for range 100 {
			f.r.Deliver(shop, traffic.Answer{Samples: []demand.Sample{{At: f.clock.Now(), QPS: 1000}}})
			f.r.Demands()
		}
	})
	for i := range 100 {
		f.pass(started(fmt.Sprint(i), "arm64", time.Hour, 20*time.Second))
	}
	delivering.Wait()
	f.want("their lead time is known", f.r.Demands()[0].LeadTime == 20*time.Second)
}

func BenchmarkDeliver(b *testing.B) {
	const webs = 1000
	r := &Reconciler{}
	clock := clocktesting.NewFakePassiveClock(time.Unix(1_800_000_000, 0))
	r.demands.reader, r.demands.period, r.demands.clock = &noted{}, period, clock
	web := &elasticwebv1.ElasticWeb{}
	web.Namespace, web.Spec.Demand = "dev", &elasticwebv1.DemandSpec{Prometheus: &elasticwebv1.PrometheusDemand{Query: "up"}}
	keys := make([]types.NamespacedName, webs)
	for i := range webs {
		web.Name = fmt.Sprintf("shop-%d", i)
		keys[i] = types.NamespacedName{Namespace: web.Namespace, Name: web.Name}
		r.observeDemand(web, &plan.Observed{})
	}
	b.ReportAllocs()
	for b.Loop() {
		clock.SetTime(clock.Now().Add(period))
		for _, key := range keys {
			r.Deliver(key, traffic.Answer{Samples: []demand.Sample{{At: clock.Now(), QPS: 1000}}})
		}
	}
}
