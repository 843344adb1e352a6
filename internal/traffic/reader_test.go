// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

const window = 5 * time.Minute

// after lets time pass, and all that is to happen in it happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestOneAnswerAPeriod: for each key, whatever happens.
func TestOneAnswerAPeriod(t *testing.T) {
	down := troubled(demand.SourceUnreachable, "down")
	for name, tc := range map[string]struct {
		takes    time.Duration
		fails    *trouble
		requests int // for numbers of now, in ten periods.
		want     demand.Reason
		message  string
	}{
		"a number":                       {requests: 10},
		"a failure is asked less often":  {fails: down, requests: 4, want: demand.SourceUnreachable, message: "down"},
		"an answer that takes too long":  {takes: time.Hour, requests: 4, want: demand.SourceUnreachable, message: tookLong("the source", "the query").message},
		"an answer that takes a little":  {takes: 2 * time.Second, requests: 10},
		"nothing is there to be scraped": {fails: noSeries(), requests: 4, want: demand.MetricMissing, message: noSeries().message},
	} {
		t.Run(name, func(t *testing.T) {
			read(t, func(t *testing.T, h *harness) {
				h.takes = func(question) time.Duration { return tc.takes }
				h.fails = func(question) *trouble { return tc.fails }
				h.Read(key("dev", "shop"), promQL("dev", "shop"), window)
				after(10*period + period/2)
				answers := h.of(key("dev", "shop"))
				if got := len(answers); got < 10 || got > 11 {
					t.Errorf("%d answers in 10 periods", got)
				}
				requests := 0
				for _, asked := range h.asked() {
					if asked.to.IsZero() {
						requests++
					}
				}
				if requests < tc.requests || requests > tc.requests+1 {
					t.Errorf("%d requests, want %d", requests, tc.requests)
				}
				last := answers[len(answers)-1]
				sample := last.Samples[len(last.Samples)-1]
				if sample.Trouble != tc.want || last.Message != tc.message || time.Since(sample.At) > 2*period {
					t.Errorf("at %v: %+v", time.Now(), last)
				}
			})
		})
	}
}

// TestPanicOfASource is told, in whichever request it is, and the others are read on.
func TestPanicOfASource(t *testing.T) {
	for name, test := range map[string]func(request) bool{
		"now":  func(r request) bool { return r.to.IsZero() },
		"then": func(r request) bool { return !r.to.IsZero() },
	} {
		t.Run(name, func(t *testing.T) {
			read(t, func(t *testing.T, h *harness) {
				h.panics = func(r request) bool { return r.promQL == "bad" && test(r) }
				h.Read(key("dev", "bad"), promQL("dev", "bad"), window)
				h.Read(key("dev", "good"), promQL("dev", "good"), window)
				after(10*period + period/2)
				for of, isTold := range map[string]bool{"bad": name == "now", "good": false} {
					answers := h.of(key("dev", of))
					if len(answers) < 10 {
						t.Fatalf("%s: %d answers", of, len(answers))
					}
					for _, answer := range answers {
						if isTold != (answer.Samples[len(answer.Samples)-1].Trouble == demand.SourceUnreachable) || isTold != strings.Contains(answer.Message, queryField) {
							t.Errorf("%s: %+v", of, answer)
						}
					}
				}
			})
		})
	}
}

// TestAfterFailuresTheNextNumberIsSoon: within a minute.
func TestAfterFailuresTheNextNumberIsSoon(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.fails = func(question) *trouble { return noSeries() }
		h.Read(key("dev", "shop"), promQL("dev", "shop"), window)
		after(time.Hour)
		h.set(func() { h.fails = nil })
		after(time.Minute + time.Second)
		answers := h.of(key("dev", "shop"))
		if last := answers[len(answers)-1]; last.Message != "" {
			t.Errorf("%+v", last)
		}
	})
}

// TestMissingNumbersAreReadBack: those of the window at first, and those of a gap.
func TestMissingNumbersAreReadBack(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.past = func(time.Time) float64 { return 50 }
		shop := key("dev", "shop")
		h.Read(shop, promQL("dev", "shop"), window)
		after(3 * period)
		h.set(func() { h.fails = func(question) *trouble { return noSeries() } })
		after(4 * period)
		h.set(func() { h.fails = nil })
		after(4 * period)

		var seen []demand.Sample
		for _, answer := range h.of(shop) {
			for _, sample := range answer.Samples {
				if sample.Trouble == "" {
					seen = append(seen, sample)
				}
			}
		}
		if first := seen[0]; first.QPS != 50 || h.of(shop)[0].at.Sub(first.At) != window {
			t.Errorf("the first number is %+v", first)
		}
		for i := range seen[1:] {
			if apart := seen[i+1].At.Sub(seen[i].At); apart > period {
				t.Errorf("after %v there is none for %v", seen[i].At, apart)
			}
		}
		if seen[len(seen)-1].At.Sub(seen[0].At) < window+9*period {
			t.Errorf("the last is of %v", seen[len(seen)-1].At)
		}
	})
}

// TestWhoComesLaterSeesTheWindow: though the query is asked already.
func TestWhoComesLaterSeesTheWindow(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.past = func(time.Time) float64 { return 50 }
		h.Read(key("dev", "one"), promQL("dev", "shop"), window)
		after(3 * period)
		h.Read(key("dev", "two"), promQL("dev", "shop"), 2*window)
		after(period)
		answers := h.of(key("dev", "two"))
		if len(answers) != 1 || answers[0].at.Sub(answers[0].Samples[0].At) != 2*window {
			t.Errorf("%+v", answers)
		}
	})
}

// TestWidenedWindowIsReadBack once, also where a number is under way when it is widened.
func TestWidenedWindowIsReadBack(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		h.past = func(time.Time) float64 { return 50 }
		h.takes = func(question) time.Duration { return 5 * time.Second }
		shop := key("dev", "shop")
		h.Read(shop, promQL("dev", "shop"), window)
		for len(h.asked()) == 0 {
			after(time.Second)
		}
		h.Read(shop, promQL("dev", "shop"), 2*window)
		after(4 * period)
		h.Read(shop, promQL("dev", "shop"), window)
		h.Read(shop, promQL("dev", "shop"), 2*window)
		after(4 * period)
		var reach []time.Duration
		for _, answer := range h.of(shop) {
			if ago := answer.Samples[len(answer.Samples)-1].At.Sub(answer.Samples[0].At); ago > period {
				reach = append(reach, ago)
			}
		}
		if diff := cmp.Diff([]time.Duration{window, 2 * window}, reach); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// TestWhatIsTheSameIsAskedOnce: in one namespace; another one has rights of its own.
func TestWhatIsTheSameIsAskedOnce(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		for _, namespace := range []string{"dev", "prod"} {
			for i := range 5 {
				h.Read(key(namespace, fmt.Sprint(i)), promQL(namespace, "shop"), 0)
			}
		}
		after(period)
		asked := map[string]int{}
		for _, r := range h.asked() {
			if r.to.IsZero() {
				asked[r.namespace]++
			}
		}
		if diff := cmp.Diff(map[string]int{"dev": 1, "prod": 1}, asked); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		for i := range 5 {
			if answers := h.of(key("prod", fmt.Sprint(i))); len(answers) != 1 {
				t.Errorf("%d: %+v", i, answers)
			}
		}
	})
}

// TestReadIsIdempotent: neither the answers nor the requests become more.
func TestReadIsIdempotent(t *testing.T) {
	read(t, func(t *testing.T, h *harness) {
		for range 20 {
			h.Read(key("dev", "shop"), promQL("dev", "shop"), window)
			after(period / 20)
		}
		after(9 * period)
		if got := len(h.of(key("dev", "shop"))); got != 10 {
			t.Errorf("%d answers in 10 periods", got)
		}
	})
}

// TestNothingOfAnOlderQuery comes after Read of another one, or after Forget, returned.
func TestNothingOfAnOlderQuery(t *testing.T) {
	for name, change := range map[string]func(*harness){
		"Read":   func(h *harness) { h.Read(key("dev", "shop"), promQL("dev", "new"), window) },
		"Forget": func(h *harness) { h.Forget(key("dev", "shop")) },
	} {
		t.Run(name, func(t *testing.T) {
			read(t, func(t *testing.T, h *harness) {
				h.takes = func(question) time.Duration { return 5 * time.Second }
				h.fails = func(q question) *trouble { return troubled(demand.MetricInvalid, "%s", q.promQL) }
				h.Read(key("dev", "shop"), promQL("dev", "old"), window)
				for len(h.asked()) == 0 {
					after(time.Second)
				}
				change(h)
				after(10 * period)
				for _, answer := range h.of(key("dev", "shop")) {
					if answer.Message == "old" {
						t.Errorf("%+v", answer)
					}
				}
				for _, r := range h.asked()[1:] {
					if r.promQL == "old" {
						t.Errorf("asked at %v", r.at)
					}
				}
				if name == "Forget" && len(h.feeds)+len(h.subjects)+len(h.outlet(question{}).turns.byName) > 0 {
					t.Errorf("something is kept: %v, %v, %v", h.feeds, h.subjects, h.outlet(question{}).turns.byName)
				}
			})
		})
	}
}

// TestRequestsAreSpreadOverThePeriod: in no twentieth of it there are four times as many as there would be evenly.
func TestRequestsAreSpreadOverThePeriod(t *testing.T) {
	const keys, parts = 1000, 20
	read(t, func(t *testing.T, h *harness) {
		for i := range keys {
			h.Read(key("dev", fmt.Sprint(i)), promQL("dev", fmt.Sprint(i)), 0)
		}
		after(40 * period) // the earlier days of all have been asked for once by then: they give way to numbers of now.
		h.forgetRequests()
		began := time.Now()
		after(10 * period)
		var in [parts]int
		asked := h.asked()
		for _, r := range asked {
			in[r.at.Sub(began)%period*parts/period]++
		}
		numbers, total := 0, 0
		for _, r := range asked {
			if r.to.IsZero() {
				numbers++
			}
		}
		for part, got := range in {
			total += got
			if got > 4*10*keys/parts {
				t.Errorf("%d requests in part %d of the period: %v", got, part, in)
			}
		}
		// Each of the earlier days is asked for every half hour.
		if numbers < 10*keys-10 || numbers > 10*keys+10 || total > 10*keys*11/10 {
			t.Errorf("%d requests in 10 periods, %d of them for numbers of now", total, numbers)
		}
	})
}

// TestEndIsTheEnd: nothing is delivered once Start has returned.
func TestEndIsTheEnd(t *testing.T) {
	var h *harness
	read(t, func(_ *testing.T, running *harness) {
		h = running
		h.takes = func(question) time.Duration { return 5 * time.Second }
		for i := range 100 {
			h.Read(key("dev", fmt.Sprint(i)), promQL("dev", fmt.Sprint(i)), 0)
		}
		after(period / 2)
	})
	if len(h.asked()) == 0 {
		t.Fatal("nothing was asked")
	}
}
