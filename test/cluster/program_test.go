// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

func TestStopEndsPrograms(t *testing.T) {
	c, err := cluster.Start(t.Context(), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	forever, err := c.StartProgram("forever", exec.Command("sleep", "3600"))
	if err != nil {
		t.Fatal(err)
	}
	short, err := c.StartProgram("short", exec.Command("echo", "said and done"))
	if err != nil {
		t.Fatal(err)
	}
	<-short.Exited()
	if tail := short.LogTail(); !strings.Contains(tail, "said and done") {
		t.Errorf("the log of a program: got %q", tail)
	}
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
	select {
	case <-forever.Exited():
	default:
		t.Error("a program runs after Stop")
	}
}
