// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package quote makes of what others say something that may stand in a condition's message: no longer than it may be, and the
// same from one attempt to the next. It does no I/O and reads no clock.
package quote

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Bounds in bytes. The schema allows a message of 32 kB, but an event's note only 1 kB: a message fits in a note, with the reason
// that an event may put in front. What is quoted in it is bounded more tightly, so that what the operator itself says, the
// remedy above all, is never what is cut.
const (
	LongestMessage = 900
	longestSaid    = 400
	longestValue   = 160
)

// longestLooked is how much of a text is looked through for what differs from one attempt to the next.
const longestLooked = 4096

// Said is what others say: an API server, a scheduler, a kubelet, a registry.
func Said(text string) string {
	text = strings.ToValidUTF8(text, "")
	head, tail := ends(text, longestLooked/2, longestLooked/2)
	return bounded(Steady(head+tail), longestSaid, len(text)-len(head)-len(tail))
}

// Value is what the user wrote: it stays as it is, unless it is too long.
func Value(text string) string { return Bounded(text, longestValue) }

// Bounded is a text of at most limit bytes. What is too much is taken out of its middle, since a text of this kind begins with
// what it is about and ends with the cause or the remedy, and it is said how much that was.
func Bounded(text string, limit int) string { return bounded(text, limit, 0) }

// cutRoom is enough for the words that say what was cut.
const cutRoom = 40

// bounded is about a text from which some bytes were left out already.
func bounded(text string, limit, leftOut int) string {
	text = strings.ToValidUTF8(text, "")
	if len(text) <= limit {
		return text
	}
	tailRoom := (limit - cutRoom) / 3
	head, tail := ends(text, limit-cutRoom-tailRoom, tailRoom)
	leftOut += len(text) - len(head) - len(tail)
	if leftOut < 1024 {
		return fmt.Sprintf("%s ... %d bytes left out ... %s", head, leftOut, tail)
	}
	return fmt.Sprintf("%s ... %d kB left out ... %s", head, leftOut/1024, tail)
}

// ends are the first and the last bytes of a text, whole characters each; all of it where it is no longer than both.
func ends(text string, first, last int) (head, tail string) {
	if len(text) <= first+last {
		return text, ""
	}
	last = len(text) - last
	for !utf8.RuneStart(text[first]) {
		first--
	}
	for last < len(text) && !utf8.RuneStart(text[last]) {
		last++
	}
	return text[:first], text[last:]
}

// gone stands for what was taken out of a text.
const gone = "…"

// generated is the alphabet of the names that Kubernetes generates: no vowels, and nothing that looks like one.
const generated = "[bcdfghjklmnpqrstvwxz2456789]"

// unsteady is what differs from one attempt to the next, in the order in which it is taken out, and what is put in its place.
var unsteady = []struct {
	pattern *regexp.Regexp
	instead string
}{
	// The pods of a ReplicaSet, at each attempt to create one: with nothing in their place, as it is all of them.
	{regexp.MustCompile(`\b(pods|Pod|replicasets(?:\.apps)?|ReplicaSet(?:\.apps)?) "[^"]*"`), "$1"},
	{regexp.MustCompile(`-` + generated + `{6,10}-` + generated + `{5}\b`), "-" + gone},
	// Of a long name the pod's generator cuts the end, with the dash before its own suffix.
	{regexp.MustCompile(`-` + generated + `{11,15}\b`), "-" + gone},
	{regexp.MustCompile(`\b(reserved? sandbox name "[^"\s]*_)\d+"`), "$1" + gone + `"`},
	// What others use of a quota.
	{regexp.MustCompile(`(\bexceeded quota: .*?\bused: ).*?(, limited: )`), "$1" + gone + "$2"},
	{regexp.MustCompile(`\b(containerd-mount)\d+`), "$1" + gone},
	{regexp.MustCompile(`\b0x[0-9a-fA-F]{6,}\b`), gone},
	{regexp.MustCompile(`\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:[A-Z]{3,4}\b|[+-]\d{4}\b)`), gone},
	{regexp.MustCompile(`\bpod=\S+`), "pod=" + gone},
	// Signed URLs, and time-outs in those of webhooks.
	{regexp.MustCompile(`(\bhttps?://[^\s"?]+)\?[^\s"]*`), "$1?" + gone},
	{regexp.MustCompile(`\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d)(?: [A-Z]{3,4}\b)?)?(?: m=[+-][\d.]+)?`), gone},
	{regexp.MustCompile(`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`), gone},
	// Containers, sandboxes, digests of layers and manifests.
	{regexp.MustCompile(`\b[0-9a-f]{12,}\b`), gone},
	{regexp.MustCompile(`(/snapshots|/overlay2|/tasks|/proc)/\d+`), "$1/" + gone},
	{regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}:\d+\b|\[[0-9a-fA-F:]{2,}\]:\d+\b`), gone},
	// Seconds and parts of them; a number with m alone may as well be a quantity.
	{regexp.MustCompile(`\b(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?(?:ns|us|µs|ms|s)\b|\b\d+h\d+m\b`), gone},
	{regexp.MustCompile(`(?i)\b((?:re)?(?:attempts?|tr(?:y|ies))|restarts?|restarted|pid|process|line)([ :=#]+)\d+(?:/\d+)?`), "$1$2" + gone},
	{regexp.MustCompile(`(?i)\b\d+ ((?:more )?(?:times?|attempts?|retries|restarts)\b)`), gone + " $1"},
	{regexp.MustCompile(`(?i)((?:request|trace|correlation|host|ray|operation)[ _-]?id["']?[ :=]+["']?)[\w+/=.-]+`), "$1" + gone},
	{regexp.MustCompile(`(?i)(resource ?version["']?[ :=]+["']?)\d+`), "$1" + gone},
}

// Steady is a text without what differs from one attempt to the next: each would be another message, that is a write of the
// status, for as long as something fails.
func Steady(text string) string {
	for _, rule := range unsteady {
		text = rule.pattern.ReplaceAllString(text, rule.instead)
	}
	return strings.Join(strings.Fields(text), " ")
}
