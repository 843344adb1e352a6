// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The narrowest and the widest that is drawn for.
const (
	Narrowest = 60
	Usual     = 80
	Widest    = 120
)

// Style is what a terminal can do. Colours only repeat what words say.
type Style struct {
	Width  int
	Colour bool
	// IsPiped is true where a program reads it, and not somebody at a terminal.
	IsPiped bool
}

// Fit is a Style for a terminal of so many columns; 0 where that is not known.
func Fit(width int, colour bool) Style {
	if width == 0 {
		width = Usual
	}
	return Style{Width: min(max(width, Narrowest), Widest), Colour: colour}
}

// mood is how good a piece of news is.
type mood int

const (
	plain mood = iota
	good
	uncertain
	bad
	strong
)

// Those that are told apart with every common form of colour blindness, too: blue and red, not green and red.
var escapes = map[mood]string{good: "34", uncertain: "33", bad: "31;1", strong: "1"}

func (s Style) paint(m mood, text string) string {
	if escapes[m] == "" || !s.Colour {
		return text
	}
	return "\x1b[" + escapes[m] + "m" + text + "\x1b[0m"
}

// bar of so many columns says how much of a whole there is. What is not quite full never looks full, and what is there never looks empty.
func (s Style) bar(part, whole int64, width int) string {
	filled := 0
	switch {
	case whole <= 0 || part >= whole:
		filled = width
	case part > 0:
		share := float64(part) / float64(whole)
		filled = min(max(int(math.Round(share*float64(width))), 1), width-1)
	}
	m := uncertain
	if part >= whole {
		m = good
	}
	return "[" + s.paint(m, strings.Repeat("█", filled)) + strings.Repeat("░", width-filled) + "]"
}

// percent is how much of a whole there is, rounded down: 99% is not all.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "100%"
	}
	return fmt.Sprintf("%d%%", int64(math.Floor(float64(part)/float64(whole)*100)))
}

// Counted is a number of things: 1 pod, 2 pods.
func Counted(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + one + "s"
}

// Number has its thousands apart.
func Number(n int64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// table is lines of aligned columns, the widest of which give way where the terminal is too narrow.
func (s Style) table(head []string, rows [][]string) []string {
	all := append([][]string{head}, rows...)
	widths := s.fitted(all)
	lines := make([]string, 0, len(all))
	for _, row := range all {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(columns.FillRight(columns.Truncate(cell, widths[i], "…"), widths[i]+gap))
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	lines[0] = s.paint(strong, lines[0])
	return lines
}

// gap is between two columns, leastColumn what is left of one.
const (
	gap         = 2
	leastColumn = 5
)

func (s Style) fitted(rows [][]string) []int {
	widths := widthsOf(rows)
	for total := widthOf(widths); total > s.Width; total-- {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= leastColumn {
			break
		}
		widths[widest]--
	}
	return widths
}

func widthsOf(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columns.StringWidth(cell))
		}
	}
	return widths
}

// widthOf is that of a line of such columns.
func widthOf(widths []int) int {
	total := -gap
	for _, width := range widths {
		total += width + gap
	}
	return total
}
