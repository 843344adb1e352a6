// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package argocd_test runs the health scripts of config/argocd in the Lua engine that Argo CD has: over their own tests, which are
// in the form that Argo CD's repository takes, and over every reason in the tables of the API.
package argocd_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"sigs.k8s.io/yaml"
)

const (
	root    = "../.."
	scripts = root + "/config/argocd/elasticweb.example.com"
)

// health is what Argo CD reads of a script's result.
type health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// run does what Argo CD does: few libraries, a second of time, the object as a table.
func run(t *testing.T, kind string, object map[string]any) health {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(scripts, kind, "health.lua"))
	if err != nil {
		t.Fatal(err)
	}
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", luaValue(state, object))
	if err := state.DoString(string(script)); err != nil {
		t.Fatal(err)
	}
	result, isTable := state.Get(-1).(*lua.LTable)
	if !isTable {
		t.Fatalf("the script returned %v", state.Get(-1))
	}
	return health{fmt.Sprint(result.RawGetString("status")), fmt.Sprint(result.RawGetString("message"))}
}

func luaValue(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, inner := range value {
			table.RawSetString(key, luaValue(state, inner))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, inner := range value {
			table.Append(luaValue(state, inner))
		}
		return table
	case string:
		return lua.LString(value)
	case float64:
		return lua.LNumber(value)
	case int64:
		return lua.LNumber(value)
	case bool:
		return lua.LBool(value)
	}
	return lua.LNil
}

// TestScripts is what Argo CD's repository does with these files.
func TestScripts(t *testing.T) {
	for _, kind := range []string{"ElasticWeb", "ElasticWebBenchmark"} {
		t.Run(kind, func(t *testing.T) {
			var suite struct {
				Tests []struct {
					HealthStatus health `json:"healthStatus"`
					InputPath    string `json:"inputPath"`
				} `json:"tests"`
			}
			read(t, filepath.Join(scripts, kind, "health_test.yaml"), &suite)
			inputs, err := filepath.Glob(filepath.Join(scripts, kind, "testdata", "*.yaml"))
			if err != nil || len(inputs) == 0 || len(inputs) != len(suite.Tests) {
				t.Fatalf("%d tests of %d files: %v", len(suite.Tests), len(inputs), err)
			}
			for _, test := range suite.Tests {
				object := map[string]any{}
				read(t, filepath.Join(scripts, kind, test.InputPath), &object)
				if got := run(t, kind, object); got != test.HealthStatus {
					t.Errorf("%s: got %+v, want %+v", test.InputPath, got, test.HealthStatus)
				}
			}
		})
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
