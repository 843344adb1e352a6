// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	_ "embed" // for the policies
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/elasticweb/elasticweb-operator/test/rights"
)

//go:embed config/audit-policy.yaml
var auditAll []byte

//go:embed config/audit-policy-accounts.yaml
var auditAccounts []byte

// auditPolicy says what is logged; nil for nothing.
func (c *Cluster) auditPolicy() []byte {
	switch {
	case c.options.AuditLog:
		return auditAll
	case os.Getenv(rights.Variable) != "":
		return auditAccounts
	default:
		return nil
	}
}

func (c *Cluster) auditLog() string { return filepath.Join(c.folder.logs, "audit.log") }

// recordRights keeps what the operator asked for, where somebody wants to know.
func (c *Cluster) recordRights() error {
	folder := os.Getenv(rights.Variable)
	if folder == "" {
		return nil
	}
	err := rights.Record(c.auditLog(), folder)
	if errors.Is(err, os.ErrNotExist) { // the API server never started.
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep the requests of the operator: %w", err)
	}
	return nil
}
