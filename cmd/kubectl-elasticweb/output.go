// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"sync"
)

// checked is an output that remembers what went wrong first, so that no command has to look after each line.
type checked struct {
	io.Writer
	mu  sync.Mutex
	err error
}

// checkedFile is one that may be a terminal.
type checkedFile struct {
	*checked
	file interface{ Fd() uintptr }
}

// Fd is what tells whether it is one.
func (c checkedFile) Fd() uintptr { return c.file.Fd() }

// checkedOut is an output that knows whether it failed.
type checkedOut interface {
	io.Writer
	failure() error
}

func checkedOf(out io.Writer) checkedOut {
	result := &checked{Writer: out}
	if file, isFile := out.(interface{ Fd() uintptr }); isFile {
		return checkedFile{result, file}
	}
	return result
}

// Write implements io.Writer.
func (c *checked) Write(text []byte) (n int, err error) {
	n, err = c.Writer.Write(text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	return n, err
}

func (c *checked) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
