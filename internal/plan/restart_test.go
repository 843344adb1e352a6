// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// What a rollout of the user's would take up is taken up without one, and stays.
func TestTakesUpWhatWaits(t *testing.T) {
	web, observed, first := live(t)
	late := *first.Facts
	late.Port = ptr.To[int32](9000)
	first.Record.Image, first.Record.Joins = &ImageFacts{Reference: repository(first.Facts.Reference) + ":before", Platforms: first.Facts.Platforms}, false
	first.Record.spreadsAs(placement.Spreading{Host: 7})
	observed.Deployment, observed.Image = deploymentOf(first), Image{State: ImageResolved, Facts: &late}
	observed.Nodes = &Nodes{Schedulable: map[string]int{"arm64": 3, "amd64": 3}}

	waits := Make(web, observed)
	if waits.Record.TakenUp != nil || waits.Record.Joins || waits.ContainerPort == 9000 || waits.Record.spreading() != (placement.Spreading{Host: 7}) {
		t.Fatalf("taken up unasked: %+v", waits.Record)
	}
	observed.TakesUp = &TakenUp{At: 1000, Wait: 60}
	taken := Make(web, observed)
	if !taken.Record.Joins || taken.ContainerPort != 9000 || taken.Record.spreading() != (placement.Spreading{Host: 5, Whole: 1}) {
		t.Fatalf("not taken up: %+v", taken.Record)
	}
	if cause := CauseOf(observed.Deployment, deploymentOf(taken), false); cause != CauseRebalance {
		t.Errorf("counted as %s", cause)
	}
	observed.TakesUp, observed.Deployment = nil, deploymentOf(taken)
	after := Make(web, observed)
	if diff := cmp.Diff(taken.Record, after.Record); diff != "" {
		t.Errorf("it does not stay (-taken +after):\n%s", diff)
	}
	observed.Deployment, observed.KeepsTemplate, observed.TakesUp = deploymentOf(first), true, &TakenUp{}
	if kept := Make(web, observed).Record; kept.Joins || kept.spreading() != (placement.Spreading{Host: 7}) {
		t.Errorf("taken up though the template is kept: %+v", kept)
	}
}

func TestRestartNext(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	ready := RebalanceScene{IsOn: true, IsAtRest: true, IsReady: true, IsMet: true, IsImageSettled: true, Awaits: []string{"a"}}
	due := Restart{What: ready.Awaits, Since: now.Add(-time.Minute), Wait: time.Minute}
	try := &TakenUp{At: now.Unix(), Wait: 60}
	tried := due
	tried.Try = try
	refused := tried
	refused.Said = "no"
	for name, tc := range map[string]struct {
		before Restart
		surge  int32
		change func(*RebalanceScene)
		want   Restart
		again  time.Duration
	}{
		"nothing waits":                  {due, 0, func(s *RebalanceScene) { s.Awaits = nil }, Restart{}, 0},
		"it was taken up":                {tried, 0, func(s *RebalanceScene) { s.Awaits, s.IsAtRest = nil, false }, due, 0},
		"something is found":             {Restart{}, 0, nil, Restart{What: ready.Awaits, Since: now, Wait: time.Minute}, time.Minute},
		"paused":                         {due, 0, func(s *RebalanceScene) { s.IsPaused = true }, due, 0},
		"a rollout":                      {tried, 0, func(s *RebalanceScene) { s.IsRollingOut = true }, due, 0},
		"pods are on the move":           {due, 0, func(s *RebalanceScene) { s.IsAtRest = false }, due, 0},
		"one is not ready":               {due, 0, func(s *RebalanceScene) { s.IsReady = false }, due, 0},
		"the demand is not met":          {due, 0, func(s *RebalanceScene) { s.IsMet = false }, due, 0},
		"the registry may answer":        {due, 0, func(s *RebalanceScene) { s.IsImageSettled = false }, due, 0},
		"pods are brought back":          {due, 1, nil, due, 0},
		"they are to go":                 {due, 0, func(s *RebalanceScene) { s.Recorded = 1 }, due, 0},
		"it is due":                      {due, 0, nil, tried, 0},
		"another write was there":        {tried, 0, nil, tried, 0},
		"it was undone":                  {tried, 0, func(s *RebalanceScene) { s.TakenUp = try }, Restart{What: ready.Awaits, Since: now, Wait: time.Minute}, time.Minute},
		"it was refused":                 {refused, 0, nil, Restart{What: ready.Awaits, Since: now, Wait: 2 * time.Minute, Said: "no"}, 2 * time.Minute},
		"the last time was a moment ago": {due, 0, func(s *RebalanceScene) { s.TakenUp = &TakenUp{At: now.Unix() - 10, Wait: 240} }, due, 230 * time.Second},
		"the last time was some time ago": {due, 0, func(s *RebalanceScene) { s.TakenUp = &TakenUp{At: now.Unix() - 300, Wait: 240} },
			Restart{What: due.What, Since: due.Since, Wait: due.Wait, Try: &TakenUp{At: now.Unix(), Wait: 480}}, 0},
		"the last time was long ago":       {due, 0, func(s *RebalanceScene) { s.TakenUp = &TakenUp{At: now.Unix() - 3840, Wait: 240} }, tried, 0},
		"the last time is yet to come":     {due, 0, func(s *RebalanceScene) { s.TakenUp = &TakenUp{At: now.Unix() + 3601, Wait: 240} }, tried, 0},
		"another clock is a little faster": {due, 0, func(s *RebalanceScene) { s.TakenUp = &TakenUp{At: now.Unix() + 30, Wait: 60} }, due, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			scene := ready
			if tc.change != nil {
				tc.change(&scene)
			}
			after, again := tc.before.Next(scene, tc.surge, now)
			if diff := cmp.Diff(tc.want, after); diff != "" || again != tc.again {
				t.Errorf("again %s, want %s; (-want +got):\n%s", again, tc.again, diff)
			}
		})
	}
}

// Whatever comes to wait, is undone, refused or forgotten, and however often: pods are replaced a handful of times an hour and some dozen
// times a day at most, never within a minute of the last time, and once an hour where it goes on.
func TestRestartsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		begin := time.Unix(1_000_000, 0)
		var state Restart
		var taken *TakenUp
		var times []time.Time
		isConstant := rapid.Bool().Draw(t, "always")
		step := rapid.IntRange(1, 4000)
		for now := begin; now.Sub(begin) < 24*time.Hour; {
			isThere := isConstant || rapid.IntRange(0, 3).Draw(t, "there") > 0
			scene := RebalanceScene{IsOn: true, IsAtRest: true, IsReady: true, IsMet: true, IsImageSettled: true, TakenUp: taken}
			if isThere {
				scene.Awaits = []string{"a"}
			}
			if rapid.IntRange(0, 9).Draw(t, "operator") == 0 {
				state = Restart{} // it is restarted.
			}
			var again time.Duration
			if state, again = state.Next(scene, 0, now); state.Try != nil {
				if len(times) > 0 && now.Sub(times[len(times)-1]) < time.Minute {
					t.Fatalf("after %s", now.Sub(times[len(times)-1]))
				}
				switch rapid.IntRange(0, 4).Draw(t, "outcome") {
				case 0:
					state.Said = "refused"
				default: // written, and undone at once.
					taken, times = state.Try, append(times, now)
				}
			}
			if again == 0 || rapid.Bool().Draw(t, "event") {
				again = time.Duration(step.Draw(t, "seconds")) * time.Second
			}
			now = now.Add(again)
		}
		for i, at := range times {
			inAnHour := 0
			for _, later := range times[i:] {
				if later.Sub(at) < time.Hour {
					inAnHour++
				}
			}
			if inAnHour > 6 {
				t.Fatalf("%d within an hour: %v", inAnHour, times)
			}
		}
		if len(times) > 90 || isConstant && len(times) > 45 {
			t.Fatalf("%d in a day: %v", len(times), times)
		}
	})
}
