// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

// redraw draws a screen again and again until that is the last one or the user ends it, in place where that is a terminal. A cluster that does not answer is told
// above what was last seen: a terminal may be too low for what is below.
func (e *environment) redraw(ctx context.Context, interval time.Duration, draw func(context.Context, screen.Style) (text string, isLast bool, err error)) error {
	last, lastSeen, shown := "", e.now(), ""
	for first := true; ; first = false {
		style, height, isTerminal := e.terminal()
		text, isLast, err := draw(ctx, style)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (last == "" || apierrors.IsNotFound(err)): // what was deleted does not come back.
			return err
		case err != nil:
			why := screen.Lines(fmt.Sprintf("Not read since %s: %s", lastSeen.Format(time.TimeOnly), err), style.Width)
			text = strings.Join(why, "\n") + "\n\n" + last
		default:
			last, lastSeen = text, e.now()
		}
		if isTerminal {
			text = inPlace(text, height, first)
		}
		if isTerminal || text != shown {
			if _, err := fmt.Fprint(e.Out, text); err != nil {
				return err
			}
			shown = text
		}
		if isLast {
			return nil
		}
		if pause(ctx, interval); ctx.Err() != nil {
			return nil
		}
	}
}

// inPlace draws over what is there: from the corner, each line to its end, and clears what is below. More than the terminal holds would
// scroll it.
func inPlace(text string, height int, first bool) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if height > 1 && len(lines) > height-1 {
		lines = append(lines[:height-2], "… (the terminal is too low for the rest)")
	}
	var out bytes.Buffer
	if first {
		out.WriteString("\x1b[2J") // what was on the terminal goes out of sight.
	}
	out.WriteString("\x1b[H")
	for _, line := range lines {
		out.WriteString(line + "\x1b[K\n")
	}
	out.WriteString("\x1b[J")
	return out.String()
}
