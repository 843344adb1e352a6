// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package supportreport

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Bounds of an archive, before it is compressed.
const (
	MostBytes     = 64 << 20
	MostFileBytes = 4 << 20
)

// Archive collects files. Its zero value is empty.
type Archive struct {
	files []file
	notes []string
	bytes int
}

type file struct {
	name    string
	content []byte
}

// Add takes a file, of a large one the end, unless the archive is full.
func (a *Archive) Add(name string, content []byte) {
	if over := len(content) - MostFileBytes; over > 0 {
		a.Note(fmt.Sprintf("%s: the first %d bytes are left out", name, over))
		content = content[over:]
	}
	if a.bytes+len(content) > MostBytes {
		a.Note(name + ": left out, since the report is full")
		return
	}
	a.bytes += len(content)
	a.files = append(a.files, file{name, content})
}

// Note says what is missing.
func (a *Archive) Note(text string) { a.notes = append(a.notes, text) }

// Contents say what is in the archive, and what is not.
func (a *Archive) Contents() string {
	var out strings.Builder
	for _, file := range a.sorted() {
		fmt.Fprintf(&out, "%8d  %s\n", len(file.content), file.name)
	}
	if len(a.notes) > 0 {
		out.WriteString("\nNot in it:\n")
	}
	for _, note := range a.notes {
		out.WriteString("- " + strings.ReplaceAll(note, "\n", " ") + "\n")
	}
	return out.String()
}

func (a *Archive) sorted() []file {
	return slices.SortedFunc(slices.Values(a.files), func(x, y file) int { return strings.Compare(x.name, y.name) })
}

// Write writes it, with a list of what is in it, as a compressed tar file below one folder.
func (a *Archive) Write(to io.Writer, folder string, now time.Time) error {
	zipped := gzip.NewWriter(to)
	packed := tar.NewWriter(zipped)
	for _, file := range append([]file{{"CONTENTS.txt", []byte(a.Contents())}}, a.sorted()...) {
		header := &tar.Header{Name: folder + "/" + file.name, Mode: 0o600, Size: int64(len(file.content)), ModTime: now, Typeflag: tar.TypeReg}
		if err := packed.WriteHeader(header); err != nil {
			return fmt.Errorf("write the archive: %w", err)
		}
		if _, err := packed.Write(file.content); err != nil {
			return fmt.Errorf("write the archive: %w", err)
		}
	}
	if err := packed.Close(); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return zipped.Close()
}
