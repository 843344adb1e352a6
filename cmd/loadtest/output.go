// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/elasticweb/elasticweb-operator/internal/loadtest"
)

// write puts the result in place as a whole. A file that exists, like the termination log, which is a mount that nothing
// can be renamed over, is written in one call; the kubelet reads it only when the process has ended.
func write(path string, result loadtest.Result) error {
	encoded, err := result.Encode()
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		if err := os.WriteFile(path, encoded, 0o600); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
	return create(path, encoded)
}

// create writes a file beside path, and renames it.
func create(path string, encoded []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the result: %w", err)
		}
	}()
	file, err := os.CreateTemp(filepath.Dir(path), ".result-*")
	if err != nil {
		return err
	}
	_, err = file.Write(encoded)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(file.Name()))
	}
	return err
}
