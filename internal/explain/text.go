// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// say is fmt.Sprintf with the thousands of numbers apart.
func say(format string, args ...any) string {
	for i, arg := range args {
		if number := reflect.ValueOf(arg); number.CanInt() {
			args[i] = spaced(number.Int())
		}
	}
	return fmt.Sprintf(format, args...)
}

type spaced int64

// Format implements fmt.Formatter, whatever the verb.
func (s spaced) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, screen.Number(int64(s))) }

// Text is the steps for people, numbered.
func Text(name, namespace string, steps []Step, style screen.Style) string {
	var out strings.Builder
	fmt.Fprintf(&out, "ElasticWeb %s in %s\n", screen.Name(name), screen.Name(namespace))
	for i, step := range steps {
		fmt.Fprintf(&out, "\n%d. %s\n", i+1, step.Title)
		for _, sentence := range step.Sentences {
			for _, line := range screen.Lines(sentence, style.Width-len(indent)) {
				out.WriteString(indent + line + "\n")
			}
		}
	}
	return out.String()
}

const indent = "   "
