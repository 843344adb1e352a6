// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Dashboards writes the dashboards of config/observability: for Grafana, and for OpenShift's console, whose schema is an older one. Both
// are made of one description, in fleet.go, elasticweb.go and operator.go. Equal inputs give equal bytes.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	output := flag.String("output", "../../config/observability", "Folder that gets grafana/*.json and console/*.json.")
	flag.Parse()
	if err := run(*output); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

func run(output string) error {
	for _, board := range []board{fleet(), elasticWeb(), operator()} {
		content, err := forGrafana(board)
		if err != nil {
			return fmt.Errorf("%s for Grafana: %w", board.name, err)
		}
		if err := write(filepath.Join(output, "grafana", board.name+".json"), content); err != nil {
			return err
		}
		if !board.isInConsole {
			continue
		}
		if err := write(filepath.Join(output, "console", board.name+".json"), forConsole(board)); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, content any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // queries compare.
	encoder.SetIndent("", " ")
	if err := encoder.Encode(content); err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return os.WriteFile(path, text.Bytes(), 0o644) //nolint:gosec // everybody may read it.
}
