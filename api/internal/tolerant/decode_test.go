// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package tolerant

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type object struct {
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Number int32                        `json:"number,omitempty"`
		Probe  *corev1.Probe                `json:"probe,omitempty"`
		Env    []corev1.EnvVar              `json:"env,omitempty"`
		Needs  *corev1.ResourceRequirements `json:"needs,omitempty"`
		Labels map[string]string            `json:"labels,omitempty"`
	} `json:"spec"`
	Status struct {
		At    metav1.Time `json:"at,omitempty"`
		Count int32       `json:"count,omitempty"`
		Items []struct {
			Name  string `json:"name"`
			Count int32  `json:"count,omitempty"`
		} `json:"items,omitempty"`
	} `json:"status"`
}

func TestOnePartIsLeftOut(t *testing.T) {
	const odd = " holds a value that is of another type, or out of range"
	for text, want := range map[string]Unreadable{
		`{}`:                                  {},
		`{"spec": {"number": 1}}`:             {},
		`{"spec": null}`:                      {},
		`{"spec": {"unknown": 1}}`:            {},
		`{"spec": {"number": 99999999999}}`:   {Spec: "spec.number" + odd},
		`{"spec": {"number": 1.5}}`:           {Spec: "spec.number" + odd},
		`{"spec": {"number": "1"}}`:           {Spec: "spec.number" + odd},
		`{"spec": {"number": {"number": 1}}}`: {Spec: "spec.number" + odd},
		`{"spec": []}`:                        {Spec: "spec" + odd},
		`{"spec": "x"}`:                       {Spec: "spec" + odd},
		`{"spec": {"probe": {"httpGet": {"path": "/", "port": 99999999999}}}}`:                {Spec: "spec.probe.httpGet.port" + odd},
		`{"spec": {"probe": {"httpGet": {"port": true}}}}`:                                    {Spec: "spec.probe.httpGet.port" + odd},
		`{"spec": {"env": [{"name": "A"}, {"name": "B", "value": 1}]}}`:                       {Spec: "spec.env[1].value" + odd},
		`{"spec": {"env": {"name": "A"}}}`:                                                    {Spec: "spec.env" + odd},
		`{"spec": {"needs": {"limits": {"cpu": "1", "memory": "1e1.5"}}}}`:                    {Spec: "spec.needs.limits.memory" + odd},
		`{"spec": {"labels": {"a": "b", "c": 1}}}`:                                            {Spec: "spec.labels.c" + odd},
		`{"spec": {"labels": {"` + strings.Repeat("k", 300) + `": 1}}}`:                       {Spec: "spec.labels." + strings.Repeat("k", 244) + "..." + odd},
		`{"status": {"at": "2026-01-01t00:00:00z"}}`:                                          {Status: "status.at" + odd},
		`{"status": {"at": 1}, "spec": {"number": "1"}}`:                                      {Spec: "spec.number" + odd, Status: "status.at" + odd},
		`{"spec": {"labels": {"a": "` + strings.Repeat("x", mostBytes) + `"}}}`:               {Spec: "spec has more than 262144 bytes"},
		`{"unknown": "` + strings.Repeat("x", mostBytes) + `"}`:                               {},
		`{"spec": {"number": ` + strings.Repeat("9", 10000) + `}}`:                            {Spec: "spec.number" + odd},
		`{"spec": {"number": ` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `}}`: {Spec: "spec.number" + odd},
	} {
		text = strings.Replace(text, "{", `{"metadata": {"name": "shop", "generation": 7}, `, 1)
		text = strings.Replace(text, ", }", "}", 1)
		got := object{}
		unreadable, err := Decode([]byte(text), &got)
		if len(text) > 200 {
			text = text[:200] + "..."
		}
		if err != nil || unreadable != want {
			t.Errorf("%s:\n%+v, want %+v (%v)", text, unreadable, want, err)
		}
		if got.Name != "shop" || got.Generation != 7 {
			t.Errorf("%s: of the metadata %+v was read", text, got.ObjectMeta)
		}
		if want.Spec != "" && fmt.Sprint(got.Spec) != fmt.Sprint(object{}.Spec) {
			t.Errorf("%s: a part of the spec was kept: %+v", text, got.Spec)
		}
	}
}

func TestWhatIsReadableIsKeptBesideWhatIsNot(t *testing.T) {
	got := object{}
	got.Spec.Number = 5
	if _, err := Decode([]byte(`{"spec": {"number": 3}, "status": {"at": 1}}`), &got); err != nil || got.Spec.Number != 3 {
		t.Errorf("%+v, %v", got.Spec, err)
	}
}

func TestOfAStatusThatStaysWhichCanBeRead(t *testing.T) {
	const good = `{"name": "a", "count": 1}`
	for text, want := range map[string]string{
		`{"at": 1, "count": 2, "items": [` + good + `]}`:                           `2 [{a 1}]`,
		`{"count": 2, "items": [{"name": "b", "count": "many"}, ` + good + `]}`:    `2 [{a 1}]`,
		`{"count": "many", "items": [` + good + `]}`:                               `0 [{a 1}]`,
		`{"count": 2, "items": {"name": "a"}}`:                                     `2 []`,
		`{"count": 2, "items": [` + strings.Repeat("7, ", mostItems) + good + `]}`: `2 []`,
		`{"at": "` + strings.Repeat("x", mostBytes) + `", "count": 2}`:             `0 []`,
		`[{"count": 2}]`: `0 []`,
		`"many"`:         `0 []`,
	} {
		got := object{}
		unreadable, err := Decode([]byte(`{"status": `+text+`}`), &got)
		if have := fmt.Sprint(got.Status.Count, " ", got.Status.Items); err != nil || have != want || unreadable.Status == "" {
			t.Errorf("%.99s: %s is read, want %s (%+v, %v)", text, have, want, unreadable, err)
		}
	}
}

func TestWhatIsNoObjectIsRefused(t *testing.T) {
	for _, text := range []string{``, `[]`, `{`, `{"spec": }`, `{"metadata": 1}`} {
		if unreadable, err := Decode([]byte(text), &object{}); err == nil {
			t.Errorf("%s: read as %+v", text, unreadable)
		}
	}
}
