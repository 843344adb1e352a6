// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// documented is what the sources of the API say about reasons.
type documented struct {
	// values of the constants whose names begin with Reason, by name.
	constants map[string]string
	// table has the cells after the reason, by reason.
	table map[string][]string
	// lists are the reasons that other conditions have, by condition.
	lists map[string][]string
}

// readReasons parses the sources of the API: a constant that nobody registered is one that no test would look for.
func readReasons(t *testing.T) documented {
	t.Helper()
	paths, err := filepath.Glob("../../api/v1/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sources of the API: %v", err)
	}
	result := documented{constants: map[string]string{}, table: map[string][]string{}, lists: map[string][]string{}}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			if group, ok := declaration.(*ast.GenDecl); ok && group.Tok == token.CONST {
				result.add(t, group)
			}
		}
	}
	return result
}

func (d *documented) add(t *testing.T, group *ast.GenDecl) {
	t.Helper()
	isReasons := false
	for _, spec := range group.Specs {
		constants := spec.(*ast.ValueSpec)
		for i, name := range constants.Names {
			if !strings.HasPrefix(name.Name, "Reason") {
				continue
			}
			isReasons = true
			value, err := strconv.Unquote(constants.Values[i].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			d.constants[name.Name] = value
		}
	}
	if isReasons {
		d.readDoc(group.Doc.Text())
	}
}

func (d *documented) readDoc(doc string) {
	for paragraph := range strings.SplitSeq(doc, "\n\n") {
		if condition, list, ok := strings.Cut(strings.TrimPrefix(paragraph, "Reasons of "), ": "); ok && strings.HasPrefix(paragraph, "Reasons of ") {
			for reason := range strings.SplitSeq(list, ",") {
				d.lists[condition] = append(d.lists[condition], strings.Trim(reason, " .\n"))
			}
		}
	}
	for line := range strings.Lines(doc) {
		if cells := strings.Fields(line); strings.HasPrefix(line, "\t") && cells[0] != "Reason" {
			d.table[cells[0]] = cells[1:]
		}
	}
}

func TestEveryReasonIsRegistered(t *testing.T) {
	reasons := readReasons(t)
	others := slices.Concat(reasons.lists["CapacityMet"], reasons.lists["PlatformsResolved"], reasons.lists["DemandObserved"], reasons.lists["Exposed"], reasons.lists["Contested"])
	byValue := map[string]string{}
	for name, value := range reasons.constants {
		if name != "Reason"+value {
			t.Errorf("%s has the value %q", name, value)
		}
		if _, isReady := rows[value]; !isReady && !slices.Contains(others, value) {
			t.Errorf("%s is neither in the table of the status nor documented for CapacityMet, PlatformsResolved, DemandObserved, Exposed or Contested", name)
		}
		byValue[value] = name
	}
	for _, reason := range others {
		if byValue[reason] == "" {
			t.Errorf("the documentation has the reason %s, for which there is no constant", reason)
		}
	}
	for reason := range rows {
		if byValue[reason] == "" {
			t.Errorf("the table of the status has the reason %s, for which there is no constant", reason)
		}
	}
}

// Each reason of Ready has its place in the order of the checks, and no other reason has.
func TestEveryReasonHasItsPlace(t *testing.T) {
	// What is left where no check applies, and what comes before all of them.
	placed := map[string]bool{"AsPlanned": true, "InvalidSpec": true}
	for _, check := range checks {
		if check.because == "" || len(check.reasons) == 0 {
			t.Errorf("a check for %v has no reason for its place", check.reasons)
		}
		for _, reason := range check.reasons {
			placed[reason] = true
			if _, isReason := rows[reason]; !isReason {
				t.Errorf("a check finds %s, which is no reason of Ready", reason)
			}
		}
	}
	for reason := range rows {
		if !placed[reason] {
			t.Errorf("no check finds %s", reason)
		}
	}
	for class, reason := range reasonOf {
		if !slices.Contains(podFailures, reason) {
			t.Errorf("class %d has the reason %s, which is not among those of pods that fail", class, reason)
		}
	}
}

func TestDocumentedTableIsTheTable(t *testing.T) {
	presence := map[bool]string{true: string(metav1.ConditionTrue), false: "-"}
	stalled := map[stall]string{never: "-", later: "later", atOnce: string(metav1.ConditionTrue)}
	want := map[string][]string{}
	for reason, meaning := range rows {
		want[reason] = []string{string(meaning.ready), presence[meaning.ready == metav1.ConditionFalse && meaning.stalls != atOnce], stalled[meaning.stalls]}
	}
	got := map[string][]string{}
	for reason, cells := range readReasons(t).table {
		if len(cells) != 4 || !slices.Contains([]string{"True", "False", "Unknown", "measured"}, cells[3]) {
			t.Errorf("the row of %s ends with %v", reason, cells)
			continue
		}
		got[reason] = cells[:3]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the documentation of the reasons differs from the table of the status (-status +documentation):\n%s", diff)
	}
}

// Reasons that the functions of CapacityMet and PlatformsResolved name are those that are documented for them.
func TestDocumentedReasonsAreUsed(t *testing.T) {
	reasons := readReasons(t)
	for condition, path := range map[string]string{"CapacityMet": "capacity_met.go", "PlatformsResolved": "platforms_resolved.go", "DemandObserved": "demand_observed.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if ok && reasons.constants[selector.Sel.Name] != "" && !slices.Contains(reasons.lists[condition], reasons.constants[selector.Sel.Name]) {
				t.Errorf("%s uses %s, which is not documented for %s", path, selector.Sel.Name, condition)
			}
			return true
		})
	}
}
