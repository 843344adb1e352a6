// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package output keeps what programs write, for tests that read it while they run.
package output

import (
	"bytes"
	"sync"
)

// Buffer is what a program has written so far. The zero value is ready to use.
type Buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

// String is all of it.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// tailLength is how many bytes of a log a failed test shows.
const tailLength = 3000

// Tail is the end of it.
func (b *Buffer) Tail() string {
	text := b.String()
	return text[max(0, len(text)-tailLength):]
}
