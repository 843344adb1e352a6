// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package supportreport

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const object = `{
  "kind": "ElasticWeb",
  "metadata": {"name": "shop", "labels": {"a": "b"}, "managedFields": [{"manager": "secret"}],
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "secret", "elasticweb.example.com/record": "{}", "other": "secret"}},
  "spec": {
    "image": "shop:1", "podAnnotations": {"x": "secret"}, "args": ["--password", "secret"], "command": ["secret"],
    "env": [{"name": "A", "value": "secret"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "b"}}}],
    "livenessProbe": {"exec": {"command": ["secret"]}, "httpGet": {"path": "/", "httpHeaders": [{"name": "Authorization", "value": "secret"}]}},
    "podTemplate": {"metadata": {"annotations": {"y": "secret"}}, "spec": {"containers": [{"name": "logs", "env": [{"name": "C", "value": "secret"}], "args": ["secret"]}],
      "volumes": [{"name": "data", "csi": {"volumeAttributes": {"name": "secret", "list": [{"name": "a", "value": "secret"}]}}}]}}
  },
  "status": {"containerStatuses": [{"lastState": {"terminated": {"message": "secret", "exitCode": 1}}}], "conditions": [{"message": "the ready pods serve"}]}
}`

const want = `{
  "kind": "ElasticWeb",
  "metadata": {"name": "shop", "labels": {"a": "b"},
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "(masked)", "elasticweb.example.com/record": "{}", "other": "(masked)"}},
  "spec": {
    "image": "shop:1", "podAnnotations": {"x": "(masked)"}, "args": ["(masked)", "(masked)"], "command": ["(masked)"],
    "env": [{"name": "A", "value": "(masked)"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "b"}}}],
    "livenessProbe": {"exec": {"command": ["(masked)"]}, "httpGet": {"path": "/", "httpHeaders": [{"name": "Authorization", "value": "(masked)"}]}},
    "podTemplate": {"metadata": {"annotations": {"y": "(masked)"}}, "spec": {"containers": [{"name": "logs", "env": [{"name": "C", "value": "(masked)"}], "args": ["(masked)"]}],
      "volumes": [{"name": "data", "csi": {"volumeAttributes": {"name": "(masked)", "list": [{"name": "a", "value": "(masked)"}]}}}]}}
  },
  "status": {"containerStatuses": [{"lastState": {"terminated": {"message": "(masked)", "exitCode": 1}}}], "conditions": [{"message": "the ready pods serve"}]}
}`

func decoded(t *testing.T, text string) (result map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func TestMask(t *testing.T) {
	given := decoded(t, object)
	if diff := cmp.Diff(decoded(t, want), Mask(given)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(decoded(t, object), given); diff != "" {
		t.Errorf("it changed what it was given: %s", diff)
	}
	for _, text := range []string{
		`{"kind":"Event","message":"Error: failed to start: exec: \"/bin/app --password=secret\": no such file"}`,
		`{"status":{"state":{"waiting":{"message":"exec: \"app\\t-p secret\": not found"}}}}`, `{"note":"GET \"http://u:secret@db\""}`,
		`{"kind":"Event","message":"Readiness probe failed: password=secret\nsecret"}`, `{"note":"Startup probe failed: secret"}`,
		`{"httpGet":{"path":"/ready?token=secret"}}`, `{"prometheus":{"query":"up{key=\"secret\"}"}}`,
		`{"filters":[{"requestHeaderModifier":{"set":[{"name":"Authorization","value":"secret"}],"remove":["secret"]}}],"matches":[{"headers":[{"name":"a","value":"secret"}],"queryParams":[{"name":"b","value":"secret"}]}]}`,
		`{"spec":{"tls":{"termination":"edge","key":"secret","certificate":"secret","caCertificate":"secret","destinationCACertificate":["secret"]}}}`,
	} {
		if got, _ := json.Marshal(Mask(decoded(t, text))); strings.Contains(string(got), "secret") {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{
		`{"labels":{"command":"x","env":"prod","options":"y"}}`, `{"nodeSelector":{"env":"prod"}}`, `{"matchLabels":{"args":"z"}}`,
		`{"message":"pods \"shop-1\" is forbidden: a = b of \"dev\""}`, `{"path":"/ready"}`,
		`{"message":"Readiness probe failed: HTTP probe failed with statuscode: 503"}`, `{"message":"Liveness probe failed: dial tcp 10.0.0.1:80: connect: connection refused"}`, `{"secretKeyRef":{"key":"b"},"tls":{"termination":"edge"}}`, `{"tls":[{"hosts":["a"],"secretName":"b"}]}`,
	} {
		if got, _ := json.Marshal(Mask(decoded(t, text))); string(got) != text {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{`{"env":"secret"}`, `{"env":["secret"]}`, `{"env":{"a":"secret"}}`, `{"args":"secret","command":{"a":["secret"]}}`} {
		if got, _ := json.Marshal(Mask(decoded(t, text))); strings.Contains(string(got), "secret") {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestFileName(t *testing.T) {
	for given, want := range map[string]string{"shop": "shop", "../../etc": "_.._etc", "": "_", "a\x1b/b": "a__b", strings.Repeat("x", 300): strings.Repeat("x", 100), strings.Repeat("x", 300) + ".yaml": strings.Repeat("x", 95) + ".yaml"} {
		if got := FileName("pods", given); got != "pods/"+want {
			t.Errorf("%q: got %q", given, got)
		}
	}
}

func TestArchive(t *testing.T) {
	a := &Archive{}
	a.Add("b.txt", []byte("b"))
	a.Add("a.txt", bytes.Repeat([]byte("x"), MostFileBytes+1))
	for range MostBytes / MostFileBytes {
		a.Add("many", bytes.Repeat([]byte("y"), MostFileBytes))
	}
	a.Note(Note("list nodes", errors.New("not allowed\nat all")))
	var out bytes.Buffer
	if err := a.Write(&out, "report", time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	names, contents := []string{}, ""
	for packed := tar.NewReader(unzipped); ; {
		header, err := packed.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if names = append(names, header.Name); header.Name == "report/CONTENTS.txt" {
			text, _ := io.ReadAll(packed)
			contents = string(text)
		}
	}
	if len(names) != 1+2+MostBytes/MostFileBytes-2 || names[1] != "report/a.txt" || names[2] != "report/b.txt" {
		t.Errorf("%q", names)
	}
	for _, want := range []string{"a.txt: the first 1 bytes are left out", "many: left out, since the report is full", "- list nodes: not allowed at all\n"} {
		if !strings.Contains(contents, want) {
			t.Errorf("lacks %q:\n%s", want, contents)
		}
	}
}
