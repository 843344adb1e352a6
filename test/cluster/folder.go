// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// folder is where a cluster keeps its state.
type folder struct {
	dir  string
	logs string
	made bool // by newFolder, so it goes with its contents
}

// contents are the entries of the folder that a cluster makes.
var contents = []string{"config", "etcd", "kubeconfig", "logs", "pki"}

func newFolder(dir, logs string) (*folder, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot use the cluster's folder: %w", err)
	}
	f.logs = logs
	if logs == "" {
		f.logs = f.path("logs")
	}
	for _, sub := range []string{f.path("config"), f.path("pki"), f.logs} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, errors.Join(err, f.remove())
		}
	}
	return f, nil
}

func openFolder(dir string) (*folder, error) {
	if dir == "" {
		dir, err := os.MkdirTemp("", "elasticweb-cluster-")
		return &folder{dir: dir, made: true}, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return &folder{dir: dir, made: true}, os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		for _, name := range contents {
			if entry.Name() == name {
				return nil, fmt.Errorf("%s holds a cluster already", dir)
			}
		}
	}
	return &folder{dir: dir}, nil
}

func (f *folder) path(elements ...string) string {
	return filepath.Join(append([]string{f.dir}, elements...)...)
}

// belongings are the paths that go when the cluster does.
func (f *folder) belongings() []string {
	if f.made {
		return []string{f.dir}
	}
	var paths []string
	for _, name := range contents {
		paths = append(paths, f.path(name))
	}
	return paths
}

func (f *folder) remove() error {
	var errs []error
	for _, path := range f.belongings() {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}
