// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rights compares what the operator may do, by the manifests, with what it did while the suites ran, by the audit logs of their
// API servers.
package rights

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Variable names the folder that what was asked for is written to, one file for each control plane. Unset, nothing is logged.
const Variable = "RIGHTS_LOG"

// Scope is where a right holds, or a request was made.
type Scope string

// Cluster is everywhere, Watched the namespaces that the operator watches, Own that in which it runs.
const (
	Cluster Scope = "the cluster"
	Watched Scope = "watched namespaces"
	Own     Scope = "its own namespace"
)

// Request is what the operator asked for, whatever the name and however often.
type Request struct {
	Verb, Group, Resource string
	Scope                 Scope
	IsAllowed             bool
}

// accounts are the names that the suites, and the manifests, have for the operator's service account.
var accounts = []string{"controller-manager", "elasticweb-controller-manager"}

// event is of an audit log what is looked at.
type event struct {
	Verb           string
	User           struct{ Username string }
	Annotations    map[string]string
	ObjectRef      *struct{ Namespace, APIGroup, Resource, Subresource string }
	ResponseStatus struct{ Code int }
}

// Record writes the requests of the operator in an audit log to a new file of the folder.
func Record(auditLog, folder string) error {
	log, err := os.Open(auditLog)
	if err != nil {
		return err
	}
	defer log.Close()
	requests, err := read(log)
	if err != nil || len(requests) == 0 {
		return err
	}
	text, err := json.Marshal(requests)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, "*.json")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// read finds the requests of the operator that a right decided about. A line that an API server was killed at is no event.
func read(auditLog io.Reader) ([]Request, error) {
	var requests []Request
	note := func(request Request) {
		if !slices.Contains(requests, request) {
			requests = append(requests, request)
		}
	}
	lines := bufio.NewScanner(auditLog)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		e := event{}
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		request, isOne := e.request()
		if !isOne {
			continue
		}
		note(request)
		// An apply that finds nothing takes the right to create as well.
		if e.Verb == "patch" && e.ResponseStatus.Code == http.StatusCreated {
			request.Verb = "create"
			note(request)
		}
	}
	return requests, lines.Err()
}

// request is what an event tells; false where it is not the operator's, or is allowed to everybody.
func (e *event) request() (Request, bool) {
	account, isAccount := strings.CutPrefix(e.User.Username, "system:serviceaccount:")
	namespace, name, _ := strings.Cut(account, ":")
	if !isAccount || !slices.Contains(accounts, name) || namespace == "kube-system" || e.ObjectRef == nil {
		return Request{}, false
	}
	request := Request{
		Verb: e.Verb, Group: e.ObjectRef.APIGroup, Resource: e.ObjectRef.Resource, Scope: Watched,
		IsAllowed: e.Annotations["authorization.k8s.io/decision"] == "allow",
	}
	if e.ObjectRef.Subresource != "" {
		request.Resource += "/" + e.ObjectRef.Subresource
	}
	switch e.ObjectRef.Namespace {
	case "":
		request.Scope = Cluster
	case namespace:
		request.Scope = Own
	}
	return request, !strings.Contains(e.Annotations["authorization.k8s.io/reason"], `of ClusterRole "system:`)
}

// Requests are those of all files of a folder.
func Requests(folder string) ([]Request, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Request
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var requests []Request
		if err := json.Unmarshal(text, &requests); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		all = append(all, requests...)
	}
	return all, nil
}
