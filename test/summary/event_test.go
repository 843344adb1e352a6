// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestDecodeEventsKeepsWhatPrecedesAnError(t *testing.T) {
	events, err := decodeEvents(strings.NewReader(`{"Action":"start","Package":"p"}` + "\n" + `{"Action":"pa`))
	if err == nil {
		t.Error("no error for half an event")
	}
	if len(events) != 1 || events[0].Package != "p" {
		t.Errorf("got %v, want the one event of p", events)
	}
}
