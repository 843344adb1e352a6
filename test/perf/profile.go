// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// profiled runs a scenario. Where profiles are asked for, it writes what the CPU did during the first seconds
// of it, and what is on the heap after it.
func (s *scene) profiled(ctx context.Context, scenario string, run func(context.Context) error) error {
	if s.profile == "" {
		return run(ctx)
	}
	cpu := make(chan error, 1)
	go func() {
		query := fmt.Sprintf("profile?seconds=%d", int(s.profileTime.Seconds()))
		cpu <- s.saveProfile(ctx, query, scenario, "cpu")
	}()
	if err := run(ctx); err != nil {
		return err
	}
	if err := <-cpu; err != nil {
		return err
	}
	return s.saveProfile(ctx, "heap?gc=1", scenario, "heap")
}

func (s *scene) saveProfile(ctx context.Context, query, scenario, kind string) error {
	if err := os.MkdirAll(s.profile, 0o755); err != nil {
		return fmt.Errorf("write a profile: %w", err)
	}
	name := fmt.Sprintf("%s-%d-%s.pprof", strings.ReplaceAll(scenario, " ", "-"), s.n, kind)
	file, err := os.Create(filepath.Join(s.profile, name))
	if err != nil {
		return fmt.Errorf("write a profile: %w", err)
	}
	err = get(ctx, s.operator.profiles+query, file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// get copies what a URL serves.
func get(ctx context.Context, url string, to io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	_, err = io.Copy(to, response.Body)
	return err
}
