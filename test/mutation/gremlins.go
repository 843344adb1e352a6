// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// mutant is one change of the code, and what became of it.
type mutant struct {
	// file of the repository, with the place in it, and the code there with a mark before what was changed.
	file         string
	line, column int
	code         string
	// change is gremlins' name of the kind of change.
	change, status string
}

// key tells mutants apart, and stays when lines are added above.
func (m mutant) key() string { return fmt.Sprintf("%s %s `%s`", m.file, m.change, m.code) }

// report is what gremlins writes.
type report struct {
	Files []struct {
		Name      string `json:"file_name"`
		Mutations []struct {
			Type, Status string
			Line, Column int
		}
	}
}

// copyTree copies files and folders of the repository: gremlins copies the whole of the module that it finds, with all that was
// built in it.
func copyTree(paths ...string) (folder string, err error) {
	if folder, err = os.MkdirTemp("", "mutation"); err != nil {
		return "", err
	}
	for _, path := range paths {
		to := filepath.Join(folder, path)
		info, err := os.Stat(path)
		if err != nil {
			return folder, err
		}
		if info.IsDir() {
			if err := os.CopyFS(to, os.DirFS(path)); err != nil {
				return folder, err
			}
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return folder, err
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return folder, err
		}
		if err := os.WriteFile(to, content, 0o600); err != nil {
			return folder, err
		}
	}
	return folder, nil
}

// mutate runs gremlins on a package.
func mutate(gremlins, folder, name string, workers int) ([]mutant, error) {
	output := filepath.Join(folder, "report.json")
	if err := os.Remove(output); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	// A mutant may run for ever. It has many times what the tests took: on a machine with other work to do, compiling it takes longer.
	arguments := []string{"unleash", "./" + name, "--silent", "--output", output, "--timeout-coefficient", "50"}
	if workers > 0 {
		arguments = append(arguments, "--workers", strconv.Itoa(workers))
	}
	command := exec.Command(gremlins, arguments...)
	command.Dir, command.Stderr = folder, os.Stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("run gremlins on %s: %w", name, err)
	}
	content, err := os.ReadFile(output)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it found nothing to change.
	}
	if err != nil {
		return nil, err
	}
	r := &report{}
	if err := json.Unmarshal(content, r); err != nil {
		return nil, fmt.Errorf("read the report of gremlins on %s: %w", name, err)
	}
	return r.mutants(folder, name)
}

func (r *report) mutants(folder, name string) ([]mutant, error) {
	var mutants []mutant
	for _, file := range r.Files {
		path := filepath.ToSlash(filepath.Join(name, file.Name))
		source, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		lines := strings.Split(string(source), "\n")
		for _, m := range file.Mutations {
			code, err := mark(lines, m.Line, m.Column)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			mutants = append(mutants, mutant{
				file: path, line: m.Line, column: m.Column, code: code, change: m.Type, status: m.Status,
			})
		}
	}
	return mutants, nil
}

// mark is a line of code with a mark before a column.
func mark(lines []string, line, column int) (string, error) {
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1])+1 {
		return "", fmt.Errorf("no line %d with a column %d", line, column)
	}
	code := lines[line-1]
	return strings.TrimSpace(code[:column-1] + "«" + code[column-1:]), nil
}
