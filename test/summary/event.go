// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// event is a line of "go test -json", see "go doc test2json".
type event struct {
	Time    time.Time
	Action  string
	Package string
	Test    string
	Elapsed float64
	Output  string
}

// ends tells whether it is the outcome of a test or a package.
func (e event) ends() bool {
	return e.Action == "pass" || e.Action == "fail" || e.Action == "skip"
}

func readEvents(name string) ([]event, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return decodeEvents(file)
}

// decodeEvents returns the events up to the first error.
func decodeEvents(r io.Reader) ([]event, error) {
	var events []event
	decoder := json.NewDecoder(r)
	for {
		var e event
		switch err := decoder.Decode(&e); {
		case errors.Is(err, io.EOF):
			return events, nil
		case err != nil:
			return events, fmt.Errorf("reading test events: %w", err)
		}
		events = append(events, e)
	}
}
