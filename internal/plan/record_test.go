// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/internal/placement"
)

func recorded(text string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{AnnotationRecord: text}}}
}

func TestRecordOf(t *testing.T) {
	record := Record{
		Generation: 4, Pod: "0123456789abcdef", MaxSkew: 2, Replicas: 3, Levels: [][]string{{"arm64"}, {"amd64", "386"}},
		Image: &ImageFacts{Reference: "shop:1", Digest: "sha256:1", Platforms: []string{"linux/arm64", "linux/arm/v7", "windows/x"}, Port: ptr.To[int32](80), User: ptr.To[int64](1000)},
	}
	if diff := cmp.Diff(&record, RecordOf(recorded(record.String()))); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	old := `{"generation":4,"pod":"0123456789abcdef","maxSkew":2,"basis":"arm64","topUp":3,"grown":true}`
	if got := RecordOf(recorded(old)); got == nil || got.MaxSkew != 2 {
		t.Errorf("the record of an older operator reads as %v", got)
	}
	if RecordOf(nil) != nil || RecordOf(&appsv1.Deployment{}) != nil {
		t.Error("there is a record where there is none")
	}
}

// damaged are records that the operator cannot have written.
func damaged() map[string]string {
	const sound = `"generation":1,"pod":"0123456789abcdef"`
	names := make([]string, 65)
	for i := range names {
		names[i] = fmt.Sprintf("%q", fmt.Sprint("a", i))
	}
	return map[string]string{
		"empty": "", "cut off": "{", "no object": "[]", "null": "null", "another type": `{"generation":"1"}`,
		"too long":                 `{` + sound + `,"x":"` + strings.Repeat("x", 16<<10) + `"}`,
		"negative generation":      `{"generation":-1,"pod":"0123456789abcdef"}`,
		"no hash":                  `{"generation":1}`,
		"a hash that is none":      `{"generation":1,"pod":"0123456789abcdeg"}`,
		"negative maxSkew":         `{` + sound + `,"maxSkew":-1}`,
		"absurd maxSkew":           `{` + sound + `,"maxSkew":10000001}`,
		"absurd wholeSkew":         `{` + sound + `,"wholeSkew":10000001}`,
		"negative replicas":        `{` + sound + `,"replicas":-1}`,
		"an architecture twice":    `{` + sound + `,"levels":[["arm64"],["arm64"]]}`,
		"a level without any":      `{` + sound + `,"levels":[["arm64"],[]]}`,
		"what is no architecture":  `{` + sound + `,"levels":[["arm 64"]]}`,
		"too many architectures":   `{` + sound + `,"levels":[[` + strings.Join(names, ",") + `]]}`,
		"facts of nothing":         `{` + sound + `,"image":{}}`,
		"a huge reference":         `{` + sound + `,"image":{"reference":"` + strings.Repeat("x", 1025) + `"}}`,
		"a huge digest":            `{` + sound + `,"image":{"reference":"a","digest":"` + strings.Repeat("x", 257) + `"}}`,
		"a huge platform":          `{` + sound + `,"image":{"reference":"a","platforms":["` + strings.Repeat("x", 129) + `"]}}`,
		"too many platforms":       `{` + sound + `,"image":{"reference":"a","platforms":[` + strings.Join(names, ",") + `]}}`,
		"a platform of nothing":    `{` + sound + `,"image":{"reference":"a","platforms":["linux/a b"]}}`,
		"port 0":                   `{` + sound + `,"image":{"reference":"a","port":0}}`,
		"a port that is none":      `{` + sound + `,"image":{"reference":"a","port":65536}}`,
		"the user root":            `{` + sound + `,"image":{"reference":"a","user":0}}`,
		"a restart that is none":   `{` + sound + `,"restart":"` + strings.Repeat("<", 2700) + `"}`,
		"taken up before 1970":     `{` + sound + `,"takenUp":{"at":-1,"wait":60}}`,
		"a wait for ever":          `{` + sound + `,"takenUp":{"at":1,"wait":3601}}`,
		"a wait of less than none": `{` + sound + `,"takenUp":{"at":1,"wait":-1}}`,
		"a user that cannot be":    `{` + sound + `,"image":{"reference":"a","user":2147483648}}`,
	}
}

// The record at each bound is sound.
func TestSoundRecords(t *testing.T) {
	names := make([]string, 64)
	for i := range names {
		names[i] = fmt.Sprint("a", i)
	}
	for name, change := range map[string]func(*Record){
		"nothing but the hash": func(*Record) {},
		"maxSkew":              func(r *Record) { r.MaxSkew, r.WholeSkew = 10_000_000, 10_000_000 },
		"taken up":             func(r *Record) { r.TakenUp = &TakenUp{At: 1 << 40, Wait: 3600} },
		"architectures":        func(r *Record) { r.Levels = [][]string{names} },
		"facts": func(r *Record) {
			r.Image = &ImageFacts{Reference: strings.Repeat("x", 1024), Digest: strings.Repeat("x", 256), Port: ptr.To[int32](65535), User: ptr.To[int64](1<<31 - 1)}
		},
		"least facts": func(r *Record) { r.Image = &ImageFacts{Reference: "x", Port: ptr.To[int32](1), User: ptr.To[int64](1)} },
		"platforms":   func(r *Record) { r.Image = &ImageFacts{Reference: "x", Platforms: names} },
		"a platform":  func(r *Record) { r.Image = &ImageFacts{Reference: "x", Platforms: []string{strings.Repeat("x", 128)}} },
	} {
		record := Record{Pod: "0123456789abcdef"}
		if change(&record); RecordOf(recorded(record.String())) == nil {
			t.Errorf("%s: %s counts as damaged", name, record)
		}
	}
}

// live is an ElasticWeb at rest with what was made of it.
func live(t *testing.T) (*elasticwebv1.ElasticWeb, Observed, Plan) {
	t.Helper()
	web := shop(listing(
		elasticwebv1.ArchitectureSpec{Name: "arm64", SinglePodsQPS: ptr.To[int32](1000)}, elasticwebv1.ArchitectureSpec{Name: "amd64"}, elasticwebv1.ArchitectureSpec{Name: "s390x", SinglePodsQPS: ptr.To[int32](10)}))
	facts := &ImageFacts{Reference: web.Spec.Image, Platforms: []string{"linux/amd64", "linux/arm64", "linux/s390x"}}
	first := Make(web, Observed{Image: Image{State: ImageResolved, Facts: facts}})
	observed := Observed{Deployment: deploymentOf(first), KnownFacts: facts, Image: Image{State: ImageFailed}}
	templated(observed.Deployment, first.Placement)
	return web, observed, first
}

func templated(deployment *appsv1.Deployment, placed placement.Placement) {
	deployment.Spec.Template.Labels = map[string]string{elasticwebv1.LabelJoined: elasticwebv1.JoinedTrue}
	pods := &deployment.Spec.Template.Spec
	pods.Affinity, pods.Tolerations, pods.TopologySpreadConstraints = placed.Affinity, placed.Tolerations, placed.Spread
}

// A record that is damaged, or not there, restarts no pod, and the next write repairs it.
func TestDamagedRecordsRestartNothing(t *testing.T) {
	for name, text := range damaged() {
		web, observed, first := live(t)
		observed.Deployment.Annotations[AnnotationRecord] = text
		if RecordOf(observed.Deployment) != nil {
			t.Errorf("%s: counts as sound", name)
		}
		got := Make(web, observed)
		if diff := cmp.Diff(first.Placement, got.Placement); diff != "" || got.Replicas != first.Replicas || got.WaitsForImage {
			t.Errorf("%s: %d replicas, and the placement changed (-before +after):\n%s", name, got.Replicas, diff)
		}
		if !got.Record.IsDue(observed.Deployment) {
			t.Errorf("%s: is not repaired", name)
		}
		if diff := cmp.Diff(first.Record, got.Record); diff != "" {
			t.Errorf("%s: is repaired to another one (-before +after):\n%s", name, diff)
		}
	}
}

// A lost record is put together from the template, whose order measurements within noise may contradict, and weights do not tell.
func TestALostRecordRestartsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		web, results := anyMeasured(t)
		facts := &ImageFacts{Reference: web.Spec.Image, Platforms: []string{"linux/amd64", "linux/arm64", "linux/ppc64le", "linux/s390x"}}
		first := Make(web, Observed{Image: Image{State: ImageResolved, Facts: facts}, Benchmark: results})
		if first.Placement.Contradiction != "" {
			t.Skip("no template is made")
		}
		observed := Observed{Deployment: deploymentOf(first), KnownFacts: facts, Image: Image{State: ImageFailed}}
		templated(observed.Deployment, first.Placement)
		for name, measured := range first.Measured {
			web.Status.Architectures = append(web.Status.Architectures, elasticwebv1.ArchitectureStatus{Name: name, Benchmark: measured.Benchmark,
				SinglePodsQPS: int32(measured.QPS), AtLeast: measured.AtLeast, Source: elasticwebv1.QPSSourceMeasured})
		}
		observed.Benchmark = map[string]Measurement{}
		for _, name := range slices.Sorted(maps.Keys(results)) {
			result := results[name]
			result.QPS = result.QPS * rapid.SampledFrom([]int64{85, 97, 103, 115}).Draw(t, "percent") / 100
			observed.Benchmark[name] = result
		}
		pods := func() corev1.PodSpec {
			deployment := &appsv1.Deployment{}
			templated(deployment, Make(web, observed).Placement)
			return deployment.Spec.Template.Spec
		}
		want := pods()
		preferred := first.Placement.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
		if !cmp.Equal(observed.Deployment.Spec.Template.Spec, want) || len(preferred) == 0 && len(givenWeights(&web.Spec)) > 0 {
			t.Skip("the numbers have another template, or this one tells no order: the weights given make those of all equal")
		}
		delete(observed.Deployment.Annotations, AnnotationRecord)
		if diff := cmp.Diff(want, pods()); diff != "" {
			t.Fatalf("the template changed (-before +after):\n%s", diff)
		}
	})
}

// Where the constraints are the user's own, none is derived that would tell which operator made the template, and the nodes that there were
// at the last rollout are not known.
func TestALostRecordBesideTheUsersConstraintsIsRepairedAsItWas(t *testing.T) {
	for name, nodes := range map[string]*Nodes{"no node": nil, "one": {Schedulable: map[string]int{"arm64": 1}}} {
		for _, architectures := range [][]elasticwebv1.ArchitectureSpec{{{Name: "arm64"}}, {{Name: "arm64", Weight: ptr.To[int32](9)}, {Name: "amd64"}, {Name: "s390x"}}} {
			web := shop(listing(architectures...))
			web.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{
				{MaxSkew: 2, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway}}
			first := Make(web, Observed{Nodes: nodes, HasKarpenter: true})
			observed := Observed{Deployment: deploymentOf(first)}
			templated(observed.Deployment, first.Placement)
			delete(observed.Deployment.Annotations, AnnotationRecord)
			if diff := cmp.Diff(first.Record, Make(web, observed).Record); diff != "" {
				t.Errorf("%s, %d architectures: is repaired to another one (-before +after):\n%s", name, len(architectures), diff)
			}
		}
	}
}

// What others put beside the operator's own terms says nothing of the order, nor of the spread.
func TestALostRecordIsReadBesideOthersTerms(t *testing.T) {
	for name, add := range map[string]func(*corev1.PodSpec){
		"a constraint on zones": func(pods *corev1.PodSpec) {
			pods.TopologySpreadConstraints = append(pods.TopologySpreadConstraints,
				corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway},
				corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule})
		},
		"pods to keep apart from": func(pods *corev1.PodSpec) {
			pods.Affinity = pods.Affinity.DeepCopy()
			pods.Affinity.PodAntiAffinity = &corev1.PodAntiAffinity{}
		},
	} {
		web, observed, first := live(t)
		web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"}
		observed.Benchmark = map[string]Measurement{"amd64": {QPS: 1010}, "arm64": {QPS: 1000}, "s390x": {QPS: 990}}
		add(&observed.Deployment.Spec.Template.Spec)
		delete(observed.Deployment.Annotations, AnnotationRecord)
		if diff := cmp.Diff(first.Placement, Make(web, observed).Placement); diff != "" {
			t.Errorf("%s: the placement changed (-before +after):\n%s", name, diff)
		}
	}
}

// Whoever may edit Deployments can take the record away and write a template of any size: the reading of it takes no worker's time.
func BenchmarkReadInput(b *testing.B) {
	web := shop()
	facts := &ImageFacts{Reference: web.Spec.Image}
	var names []string
	for i := range 64 {
		names = append(names, fmt.Sprintf("x%02d", i))
		facts.Platforms = append(facts.Platforms, "linux/"+names[i])
	}
	observed := Observed{KnownFacts: facts, Image: Image{State: ImageResolved, Facts: facts}}
	observed.Deployment = deploymentOf(Make(web, observed))
	delete(observed.Deployment.Annotations, AnnotationRecord)
	node := &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: make([]corev1.NodeSelectorTerm, 1)}}
	for i := range 10_000 {
		names = append(names, fmt.Sprintf("y%d", i))
	}
	node.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions = []corev1.NodeSelectorRequirement{
		{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: names}}
	for i := range 9 {
		node.PreferredDuringSchedulingIgnoredDuringExecution = append(node.PreferredDuringSchedulingIgnoredDuringExecution, corev1.PreferredSchedulingTerm{
			Weight: 5, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: names[i : i+1]}}}})
	}
	observed.Deployment.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: node}
	for b.Loop() {
		Make(web, observed)
	}
}

// anyMeasured is an ElasticWeb with weights, numbers and terms of its own, and what a benchmark says of it.
func anyMeasured(t *rapid.T) (*elasticwebv1.ElasticWeb, map[string]Measurement) {
	qps := rapid.SampledFrom([]int32{300, 480, 500, 800, 820, 860, 930, 1000})
	web, results := shop(), map[string]Measurement{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"amd64", "arm64", "ppc64le", "s390x"}), 0, 4, rapid.ID).Draw(t, "listed") {
		entry := elasticwebv1.ArchitectureSpec{Name: elasticwebv1.Architecture(name)}
		entry.Weight = rapid.SampledFrom([]*int32{nil, nil, ptr.To[int32](1), ptr.To[int32](50), ptr.To[int32](100)}).Draw(t, "weight")
		if rapid.Bool().Draw(t, "has a rate") {
			entry.SinglePodsQPS = ptr.To(qps.Draw(t, "rate"))
		}
		web.Spec.Architectures = append(web.Spec.Architectures, entry)
	}
	if rapid.Bool().Draw(t, "has a benchmark") {
		web.Spec.BenchmarkRef = &elasticwebv1.BenchmarkReference{Name: "b"}
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"amd64", "arm64", "ppc64le", "s390x"}), rapid.ID).Draw(t, "measured") {
			results[name] = Measurement{QPS: int64(qps.Draw(t, "result")), AtLeast: rapid.IntRange(0, 3).Draw(t, "at least") == 0}
		}
	}
	if term := rapid.SampledFrom([]corev1.NodeSelectorOperator{"", corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn}).Draw(t, "term"); term != "" {
		web.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: corev1.LabelArchStable, Operator: term, Values: []string{"s390x", "amd64"}}}}}}}}
	}
	if rapid.IntRange(0, 3).Draw(t, "prefers") == 0 {
		if web.Spec.Affinity == nil {
			web.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}
		}
		web.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = preferring("amd64").NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	}
	return web, results
}

func TestRecordIsDue(t *testing.T) {
	record := Record{Generation: 2, Pod: "0123456789abcdef", Replicas: 3}
	for name, tc := range map[string]struct {
		live string
		want bool
	}{
		"the same":                                      {record.String(), false},
		"an older generation":                           {Record{Generation: 1, Pod: record.Pod, Replicas: 3}.String(), false},
		"a generation that never was":                   {Record{Generation: 3, Pod: record.Pod, Replicas: 3}.String(), true},
		"another number of pods":                        {Record{Generation: 2, Pod: record.Pod, Replicas: 4}.String(), true},
		"a restart that an older operator did not note": {(Record{Generation: 2, Pod: record.Pod, Replicas: 3, Restart: ptr.To("0123456789abcdef")}).String(), false},
		"another shape of the pods":                     {Record{Generation: 2, Pod: "fedcba9876543210", Replicas: 3}.String(), true},
		"another order":                                 {Record{Generation: 2, Pod: record.Pod, Replicas: 3, Levels: [][]string{{"arm64"}}}.String(), true},
		"another demand":                                {Record{Generation: 2, Pod: record.Pod, Replicas: 3, PlannedQPS: 1}.String(), true},
		"of before that number was kept":                {Record{Generation: 2, Pod: record.Pod}.String(), false},
		"none":                                          {"", true},
	} {
		if got := record.IsDue(recorded(tc.live)); got != tc.want {
			t.Errorf("%s: due: %t, want %t", name, got, tc.want)
		}
	}
}

// A change of the spec that gives the pods no other template is taken note of: else it would be a rollout for ever, and what the registry or a
// benchmark says later would replace the pods.
func TestAChangeThatShapesNothingIsNoted(t *testing.T) {
	web := shop()
	facts := &ImageFacts{Reference: web.Spec.Image, Platforms: []string{"linux/amd64", "linux/arm64"}}
	observed := Observed{Image: Image{State: ImageResolved, Facts: facts}}
	first := Make(web, observed)
	observed.Deployment = deploymentOf(first)
	web.Generation++
	web.Spec.Architectures = []elasticwebv1.ArchitectureSpec{{Name: "amd64"}, {Name: "arm64"}}
	second, reasons := Explained(web, observed)
	if !reasons.Rolls || !second.Record.IsDue(observed.Deployment) || cmp.Diff(first.Placement, second.Placement) != "" {
		t.Fatalf("rolls %t, due %t: %s", reasons.Rolls, second.Record.IsDue(observed.Deployment), cmp.Diff(first.Placement, second.Placement))
	}
	observed.Deployment = deploymentOf(second)
	observed.Image.Facts = &ImageFacts{Reference: web.Spec.Image, Platforms: facts.Platforms, Port: new(int32(9090))}
	third, reasons := Explained(web, observed)
	if reasons.Rolls || third.Record.IsDue(observed.Deployment) || third.ContainerPort != second.ContainerPort {
		t.Errorf("it is a rollout still: rolls %t, port %d", reasons.Rolls, third.ContainerPort)
	}
}

// FuzzRecord: whatever somebody writes into the annotation, the plan takes no long time, and what it records is sound.
func FuzzRecord(f *testing.F) {
	f.Add(`{"generation":1,"pod":"0123456789abcdef","levels":[["arm64"],["amd64"]],"maxSkew":3,"replicas":4}`)
	for _, text := range damaged() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		web := shop(armThenAmd)
		observed := Observed{Deployment: deploymentOf(Make(web, Observed{})), Image: Image{State: ImageFailed}}
		observed.Deployment.Annotations[AnnotationRecord] = text
		var got Plan
		least := time.Hour
		for range 10 { // the machine may have other work to do for a while.
			began := time.Now()
			got = Make(web, observed)
			if least = min(least, time.Since(began)); least <= 100*time.Millisecond {
				break
			}
		}
		if least > 100*time.Millisecond {
			t.Fatalf("a plan takes %s", least)
		}
		if got.Record.String() == "" || RecordOf(recorded(got.Record.String())) == nil {
			t.Fatalf("what is recorded is damaged: %s", got.Record)
		}
		if got.Replicas < 1 || !json.Valid([]byte(got.Record.String())) {
			t.Fatalf("%d replicas", got.Replicas)
		}
	})
}
