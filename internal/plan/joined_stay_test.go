// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"github.com/elasticweb/elasticweb-operator/internal/capacity"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

// A probe that fails on the slower pods, for a moment, moves nobody, be the others enough for the demand.
func TestAProbeThatFailsOnTheSlowPodsMovesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		fast, slow int
		demand     *int32
		rate       int32
	}{
		"the others serve the demand": {10, 16, ptr.To[int32](10_000), 400},
		"no demand is known":          {2, 1, nil, 900},
	} {
		web, observed := mixedWeb(tc.fast, tc.slow)
		web.Spec.Architectures[1].SinglePodsQPS = &tc.rate
		if web.Spec.TotalQPS = tc.demand; tc.demand == nil {
			web.Spec.Replicas = ptr.To(int32(tc.fast + tc.slow)) //nolint:gosec // some dozens.
		}
		stampAll(web, &observed)
		for i := tc.fast; i < tc.fast+tc.slow; i++ {
			observed.Pods[i].Ready, observed.Pods[i].WaversUntil = false, time.Unix(1, 0)
		}
		if stamps := stampAll(web, &observed).Stamps; len(stamps) > 0 {
			t.Errorf("%s: %d pods are moved by a probe that fails", name, len(stamps))
		}
		for i := tc.fast; i < tc.fast+tc.slow; i++ {
			observed.Pods[i].Ready, observed.Pods[i].WaversUntil = true, time.Time{}
		}
		if stamps := stampAll(web, &observed).Stamps; len(stamps) > 0 {
			t.Errorf("%s: %d pods are moved when it passes again", name, len(stamps))
		}
	}
}

// A pod that is ready with the label of the template, since it was made while no operator ran, has no others join for its sake.
func TestAPodThatNobodyStampedHasNoOthersJoin(t *testing.T) {
	web, observed := mixedWeb(20, 28)
	web.Spec.TotalQPS = ptr.To[int32](18_000)
	for i := range 28 {
		observed.Pods[20+i].JoinedLabel = "false"
	}
	if stampAll(web, &observed); joinedOn(observed, "s390x") > 0 {
		t.Fatal("they do not wait")
	}
	observed.Pods = append(observed.Pods, Pod{Name: "new", Node: "n", Architecture: "s390x", JoinedLabel: "true", Ready: true})
	if joined := stampAll(web, &observed); joinedOn(observed, "s390x") > 1 {
		t.Errorf("%d of the slow ones join, by %d patches, and 49 x 400 are less than 20 x 1000", joinedOn(observed, "s390x"), len(joined.Stamps))
	}
}

// Behind a way in with weights the number of pods is that of the sum, which spread evenly they never serve.
func TestBehindWeightsAPodThatComesAndGoesMovesNoOthers(t *testing.T) {
	rates := []placement.Rate{{Architecture: "arm64", QPS: 1000}, {Architecture: "s390x", QPS: 400}}
	var pods []Pod
	for i := range 49 {
		pod := Pod{Name: strconv.Itoa(i), Node: "n", Architecture: "arm64", Ready: true, JoinedLabel: "true"}
		if i >= 20 {
			pod.Architecture = "s390x"
		}
		pods = append(pods, pod)
	}
	moved := 0
	for range 20 {
		pods[0].Ready = !pods[0].Ready
		joins := joiners(capacity.Weighted, 31_000, 0, rates, pods)
		for i := range pods {
			if due := strconv.FormatBool(joins(pods[i])); pods[i].JoinedLabel != due {
				pods[i].JoinedLabel = due
				moved++
			}
		}
	}
	if moved > 29 {
		t.Errorf("joined and left %d times, with 29 slow pods", moved)
	}
}

// Slow pods are taken away where the fast ones are enough by themselves: those that are left over drag them down, until somebody stamps them.
func TestComingHomeThoseThatJoinedServeTheDemand(t *testing.T) {
	m := rebalancingModel(0, 12_000, "10%", 10, 2, 5)
	m.web.Spec.Architectures[1].SinglePodsQPS = ptr.To[int32](600)
	joined := func() int64 {
		groups := map[int64]int64{}
		for _, pod := range m.pods {
			if pod.Ready && !pod.terminating && pod.IsJoined() {
				groups[map[string]int64{"arm64": 1000, "amd64": 600}[pod.Architecture]]++
			}
		}
		var all []capacity.Group
		for podQPS, pods := range groups {
			all = append(all, capacity.Group{PodQPS: podQPS, Pods: pods})
		}
		return capacity.Even.Served(all)
	}
	met, wasMet, below := m.demand(), false, ""
	m.check = func() {
		if m.demand() != met {
			met, wasMet = m.demand(), false
		}
		wasMet = wasMet || joined() >= met
		if wasMet && m.served() >= met && joined() < met && below == "" {
			below = fmt.Sprintf("those that joined serve %d of %d: %s", joined(), met, m)
		}
	}
	m.live(time.Minute)
	for range 6 {
		for _, change := range []struct {
			isCordoned bool
			demand     int32
			span       time.Duration
		}{{true, 16_000, 10 * time.Minute}, {false, 16_000, 4 * time.Hour}, {false, 12_000, time.Minute}} {
			m.cordon("arm64", change.isCordoned)
			if change.demand != *m.web.Spec.TotalQPS {
				m.web.Generation++
				m.web.Spec.TotalQPS = ptr.To(change.demand)
			}
			m.live(change.span)
		}
	}
	if below != "" {
		t.Error(below)
	}
}
