// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package screen draws what kubectl elasticweb shows: text for a terminal of a given width. It does no I/O. What comes from a cluster is
// made harmless before it is drawn: whoever may write an object must not be able to write on the terminal of whoever looks at it.
package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// columns of a text are counted the same on every machine, whatever its locale.
var columns = runewidth.Condition{StrictEmojiNeutral: true}

// Line is a text of others on one line of at most so many columns: without control characters, escape sequences, or what changes the
// direction of text or hides some of it. What is cut off is marked by an ellipsis.
func Line(text string, most int) string {
	if most <= 0 {
		return ""
	}
	if bound := 16 * most; len(text) > bound { // of characters without a width any number fits into a column.
		text = text[:bound] + "…"
	}
	return columns.Truncate(strings.TrimSpace(strings.Map(harmless, strings.ToValidUTF8(text, "\uFFFD"))), most, "…")
}

// Name is a text of others that is bounded, but by the width of no terminal.
func Name(text string) string { return Line(text, 253) }

func harmless(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == '…' || unicode.IsPrint(r):
		return r
	default: // controls, formats such as the bidirectional ones, private use, unassigned.
		return utf8.RuneError
	}
}

// longestText is as much of a text as is shown, in columns.
const longestText = 1200

// Lines is a text of others, wrapped at blanks to lines of so many columns; words that are longer are broken.
func Lines(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(Line(text, longestText)) {
		for columns.StringWidth(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			head := columns.Truncate(word, width, "")
			if head == "" {
				break // a single character is wider.
			}
			lines, word = append(lines, head), word[len(head):]
		}
		switch {
		case line == "":
			line = word
		case columns.StringWidth(line)+1+columns.StringWidth(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
