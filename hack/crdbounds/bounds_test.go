// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// What it does not know it must not pass over: that would be the next thing that nobody can decode.
func TestWhatIsNotKnownIsRefused(t *testing.T) {
	for name, schema := range map[string]map[string]any{
		"a float":                   {"type": "number"},
		"an integer of any size":    {"type": "integer"},
		"a text with a format":      {"type": "string", "format": "byte"},
		"no type":                   {},
		"anything":                  {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
		"a float in a list in maps": {"type": "object", "additionalProperties": map[string]any{"type": "array", "items": map[string]any{"type": "number"}}},
	} {
		if err := bound([]string{"spec", "field"}, schema); err == nil {
			t.Errorf("%s: bounded as %v", name, schema)
		}
	}
}

func TestWhatTheTypesSayIsKept(t *testing.T) {
	schema := map[string]any{"type": "integer", "format": "int32", "minimum": 1.0, "maximum": 100.0}
	before := maps.Clone(schema)
	if err := bound([]string{"spec", "weight"}, schema); err != nil || !maps.Equal(schema, before) {
		t.Errorf("%v became %v, %v", before, schema, err)
	}
}

func TestBoundingTwiceChangesNothing(t *testing.T) {
	schema := map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
	for range 2 {
		if err := bound([]string{"spec", "podLabels"}, schema); err != nil {
			t.Fatal(err)
		}
	}
	if rules := schema["x-kubernetes-validations"].([]any); len(rules) != 1 {
		t.Errorf("it has the rules %v", rules)
	}
}

func TestEveryQuantityOfThePatternParses(t *testing.T) {
	pattern, random := regexp.MustCompile(quantity), rand.New(rand.NewPCG(1, 2))
	matched := 0
	for range 300_000 {
		text := randomText(random, "+-.0123456789eEKMGTPinumk")
		if !pattern.MatchString(text) {
			continue
		}
		matched++
		begin := time.Now()
		if _, err := resource.ParseQuantity(text); err != nil || time.Since(begin) > time.Second {
			t.Errorf("%q: %v, in %s", text, err, time.Since(begin))
		}
	}
	if matched < 1000 {
		t.Errorf("only %d texts were tried", matched)
	}
}

func TestEveryTimeOfThePatternParses(t *testing.T) {
	pattern := regexp.MustCompile(dateTime)
	for year := 1890; year < 2410; year += 1 {
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			if text := day.Format(time.RFC3339); !pattern.MatchString(text) {
				t.Errorf("%s is refused", text)
			}
		}
		for _, day := range []string{"-02-29", "-02-30", "-04-31", "-13-01", "-00-01", "-01-00", "-01-32"} {
			text := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006") + day + "T00:00:00Z"
			if _, err := time.Parse(time.RFC3339, text); pattern.MatchString(text) != (err == nil) {
				t.Errorf("%s matches: %t, %v", text, pattern.MatchString(text), err)
			}
		}
	}
}

func randomText(random *rand.Rand, of string) string {
	text := strings.Builder{}
	for range 1 + random.IntN(7) {
		text.WriteByte(of[random.IntN(len(of))])
	}
	return text.String()
}
