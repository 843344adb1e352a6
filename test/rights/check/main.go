// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Command check fails where the manifests grant what no suite used, or a suite asked for what they do not grant.
package main

import (
	"fmt"
	"os"

	"github.com/elasticweb/elasticweb-operator/test/rights"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: check FOLDER, with what make test and make e2e wrote there")
		os.Exit(2)
	}
	if err := check(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "rights:", err)
		os.Exit(1)
	}
}

func check(folder string) error {
	granted, err := rights.Granted()
	if err != nil {
		return err
	}
	requests, err := rights.Requests(folder)
	if err != nil {
		return err
	}
	if len(requests) == 0 {
		return fmt.Errorf("%s holds no requests: run make test first", folder)
	}
	complaints := rights.Complaints(granted, requests)
	for _, complaint := range complaints {
		fmt.Println(complaint)
	}
	if len(complaints) > 0 {
		return fmt.Errorf("%d differences between what is granted and what was asked for", len(complaints))
	}
	for installation, of := range granted {
		fmt.Printf("%s: %d rights, each of them used\n", installation, len(of))
	}
	return nil
}
