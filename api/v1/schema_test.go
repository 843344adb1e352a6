// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	elasticwebv1 "github.com/elasticweb/elasticweb-operator/api/v1"
	"github.com/elasticweb/elasticweb-operator/test/apiserver"
)

func TestEveryPartOfTheSchemaIsBounded(t *testing.T) {
	leaves := apiserver.Leaves(t, crdPath)
	for _, leaf := range leaves {
		if said := leaf.Unbounded(); said != "" {
			t.Errorf("%s: %s; run make manifests", leaf.Path, said)
		}
	}
	if len(leaves) < 700 {
		t.Errorf("the schema has %d parts", len(leaves))
	}
}

func TestBoundsOfWhatASpecMayWeigh(t *testing.T) {
	needsAPIServer(t)
	list := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+", ", n), ", ") + "]"
	}
	text := func(n int) string { return `"` + strings.Repeat("a", n) + `"` }
	for format, test := range map[string]struct {
		most func(n int) string
		n    int
	}{
		`{"imagePullSecrets": [{"name": %s}]}`:                                                             {text, 253},
		`{"serviceAccountName": %s}`:                                                                       {text, 253},
		`{"envFrom": [{"secretRef": {"name": %s}}]}`:                                                       {text, 253},
		`{"volumes": [{"name": "v", "secret": {"secretName": %s}}]}`:                                       {text, 253},
		`{"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {"volumeName": %s}}}}]}`: {text, 253},
		`{"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {"dataSource": {"kind": "VolumeSnapshot", "name": %s}}}}}]}`: {text, 253},
		`{"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "a", "namespaces": [%s]}]}}}`:        {text, 253},
		`{"podSecurityContext": {"windowsOptions": {"gmsaCredentialSpecName": %s}}}`:                                                           {text, 253},
		`{"env": [{"name": "A", "value": %s}]}`:                     {text, 65536},
		`{"args": [%s]}`:                                            {text, 65536},
		`{"args": %s}`:                                              {func(n int) string { return list(n, `"a"`) }, 256},
		`{"tolerations": %s}`:                                       {func(n int) string { return list(n, `{"key": "a"}`) }, 64},
		`{"nodeSelector": {%s: "a"}}`:                               {text, 317},
		`{"podAnnotations": {"a": %s}}`:                             {text, 32768},
		`{"readinessProbe": {"exec": {"command": %s}}}`:             {func(n int) string { return list(n, `"a"`) }, 256},
		`{"readinessProbe": {"httpGet": {"port": 80, "path": %s}}}`: {text, 4096},
		`{"lifecycle": {"preStop": {"httpGet": {"port": %s}}}}`:     {strconv.Itoa, 2147483647},
		`{"terminationGracePeriodSeconds": %s}`:                     {strconv.Itoa, 9007199254740991},
		`{"args": [` + text(30000) + `, "", %s]}`:                   {text, 65536 - 30000},
		`{"env": [{"name": "A", "value": ` + text(65536) + `}, {"name": "B", "value": ` + text(65000) + `}, {"name": "C", "value": %s}]}`: {text, 536},
	} {
		for n, isRefused := range map[int]bool{test.n: false, test.n + 1: true} {
			err := k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, "shop", fmt.Sprintf(format, test.most(n))), client.DryRunAll)
			if isRefused != apierrors.IsInvalid(err) || !isRefused && err != nil {
				t.Errorf("%.80s with %d: refused: %t, want %t (%.300v)", format, n, err != nil, isRefused, err)
			}
		}
	}
	for _, name := range []string{"../admin", "A", "a/b", "a b", "-a"} {
		err := k8s.Create(t.Context(), newManifest(t, metav1.NamespaceDefault, "shop", fmt.Sprintf(`{"imagePullSecrets": [{"name": %q}]}`, name)), client.DryRunAll)
		checkRefused(t, err, "spec.imagePullSecrets[0].name", "should match")
	}
}

func TestWhatWasNotReadIsNotWrittenBack(t *testing.T) {
	web := &elasticwebv1.ElasticWeb{}
	if err := json.Unmarshal([]byte(`{"metadata": {"name": "shop"}, "spec": {"image": "shop:1", "port": 99999999999}}`), web); err != nil {
		t.Fatal(err)
	}
	if text, err := json.Marshal(web.DeepCopy()); err == nil {
		t.Errorf("written as %s", text)
	}
	if err := json.Unmarshal([]byte(`{"metadata": {"name": "shop"}, "spec": {"image": "shop:1", "port": 8080}}`), web); err != nil || web.Spec.Image != "shop:1" {
		t.Fatalf("%+v, %v", web, err)
	}
	if text, err := json.Marshal(web); err != nil || !strings.Contains(string(text), "8080") {
		t.Errorf("once it can be read it is written as %s, %v", text, err)
	}
}

// What the schema accepts and the type does not would end every list and watch, of all ElasticWebs.
func TestWhatTheSchemaAcceptsCanBeDecoded(t *testing.T) {
	namespace := newNamespace(t)
	createWeb(t, namespace, "edges", `{"totalQPS": null}`)
	k8s.Decodes(t, crdPath, "/apis/elasticweb.example.com/v1/namespaces/"+namespace+"/elasticwebs/edges", func(text []byte) error {
		web := &elasticwebv1.ElasticWeb{}
		if err := json.Unmarshal(text, web); err != nil || web.UnreadableSpec+web.UnreadableStatus != "" {
			return errors.Join(err, errors.New(web.UnreadableSpec+web.UnreadableStatus))
		}
		return nil
	})
}
