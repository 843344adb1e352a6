// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

const pageProgram = "page"

var pageAddress = regexp.MustCompile(`(?m)^The page is at (http://\S+)$`)

// startPage has kubectl elasticweb dashboard show what happens, with the rights of the cluster's administrator. It ends with the cluster.
func (s *stage) startPage(ctx context.Context) error {
	program, err := s.cluster.StartProgram(pageProgram, exec.Command(s.programs["kubectl-elasticweb"], "dashboard", "--no-browser",
		"--kubeconfig", s.cluster.Kubeconfig(), "--cache-dir", filepath.Join(s.folder(), "discovery")))
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; {
		log, err := os.ReadFile(s.cluster.LogPath(pageProgram))
		if err != nil {
			return err
		}
		if found := pageAddress.FindSubmatch(log); found != nil {
			s.page = string(found[1])
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the page has no address: %s", program.LogTail())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-program.Exited():
			return errors.New("the page has ended: " + program.LogTail())
		case <-time.After(pollInterval):
		}
	}
}
