// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeGo builds scripts instead of programs and notes each build in a file.
const fakeGo = `#!/bin/sh
[ "$1" = list ] && { printf 'true\ta\t/nowhere\ta.go\n'; exit; }
while [ "$1" != -o ]; do shift; done
mkdir -p "$2"
echo "go: downloading example.com/a v1.0.0" >&2
echo example.com/a >&2
printf '#!/bin/sh\n' > "$2/etcd"
chmod +x "$2/etcd"
echo build >> "$BUILDS"
`

// withGo runs the test with an empty cache and, as go, a script of its own; an
// empty script leaves PATH without go. It returns the file of fakeGo's notes.
func withGo(t *testing.T, script string) (builds string) {
	t.Helper()
	home, bin := t.TempDir(), t.TempDir()
	builds = filepath.Join(home, "builds")
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv("KUBEBUILDER_ASSETS", "")
	t.Setenv("BUILDS", builds)
	path := bin + string(filepath.ListSeparator) + os.Getenv("PATH")
	if script == "" {
		path = bin
	} else if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path)
	return builds
}

func TestConcurrentRunsBuildOnce(t *testing.T) {
	builds := withGo(t, fakeGo)
	var runs sync.WaitGroup
	for range 4 {
		runs.Go(func() {
			paths, err := Ensure(t.Context(), nil, Etcd)
			if err != nil {
				t.Error(err)
			} else if !executable(paths[Etcd]) {
				t.Errorf("%q is no program", paths[Etcd])
			}
		})
	}
	runs.Wait()
	notes, err := os.ReadFile(builds)
	if err != nil || string(notes) != "build\n" {
		t.Errorf("got builds %q, %v, want one", notes, err)
	}
}

func TestCachedBinariesNeedNoGo(t *testing.T) {
	withGo(t, fakeGo)
	if _, err := Ensure(t.Context(), nil, Etcd); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	if _, err := Ensure(t.Context(), nil, Etcd); err != nil {
		t.Error(err)
	}
}

// program makes a folder with a program that says what it is told to.
func program(t *testing.T, name, says string) (folder, path string) {
	t.Helper()
	folder = t.TempDir()
	path = filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho '"+says+"'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder, path
}

func TestProvidedBinariesAreNotBuilt(t *testing.T) {
	withGo(t, "")
	assets, want := program(t, Etcd, "etcd Version: 3.6.9\nGit SHA: Not provided")
	t.Setenv("KUBEBUILDER_ASSETS", assets)
	var progress bytes.Buffer
	paths, err := Ensure(t.Context(), &progress, Etcd)
	if err != nil || paths[Etcd] != want {
		t.Errorf("got %q, %v, want %q", paths[Etcd], err, want)
	}
	if !strings.Contains(progress.String(), "etcd 3.6.9 is used: "+want) {
		t.Errorf("nothing is said of it: %s", progress.String())
	}
}

func TestProvidedBinariesOfAnotherVersionAreNamed(t *testing.T) {
	withGo(t, fakeGo)
	assets, path := program(t, Etcd, "etcd Version: 2.3.7")
	t.Setenv("KUBEBUILDER_ASSETS", assets)
	var progress bytes.Buffer
	paths, err := Ensure(t.Context(), &progress, Etcd)
	if err != nil || paths[Etcd] == path || !executable(paths[Etcd]) {
		t.Errorf("got %q, %v, want one that is built", paths[Etcd], err)
	}
	if !strings.Contains(progress.String(), path+" is not used: it is 2.3.7") {
		t.Errorf("nothing is said of it: %s", progress.String())
	}
}

func TestProgramsInPathAreUsedWhereAskedFor(t *testing.T) {
	withGo(t, fakeGo)
	folder, path := program(t, Etcd, "etcd Version: 3.6.9")
	t.Setenv("PATH", folder+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for inPath, want := range map[bool]bool{true: true, false: false} {
		paths, err := Request{Names: []string{Etcd}, InPath: inPath}.Ensure(t.Context())
		if err != nil || (paths[Etcd] == path) != want {
			t.Errorf("with InPath=%t: got %q, %v", inPath, paths[Etcd], err)
		}
	}
}

func TestOwnProgramsAreCompiledFirst(t *testing.T) {
	builds := withGo(t, fakeGo)
	root, err := repositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	relative, err := filepath.Rel(root, folder)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := Request{Names: []string{Etcd}, Own: []string{"./cmd/manager"}, OwnFolder: relative}.Ensure(t.Context())
	if err != nil || paths["manager"] != filepath.Join(folder, "manager") || paths[Etcd] == "" {
		t.Errorf("got %v, %v", paths, err)
	}
	if notes, err := os.ReadFile(builds); err != nil || string(notes) != "build\nbuild\n" {
		t.Errorf("got builds %q, %v, want two", notes, err)
	}
}

func TestEnsureExplainsFailures(t *testing.T) {
	for name, test := range map[string]struct {
		script, binary, want string
	}{
		"no go in PATH": {
			binary: Etcd,
			want:   "go is not in PATH",
		},
		"no space": {
			script: "#!/bin/sh\necho 'write /tmp/x: no space left on device' >&2; exit 1\n",
			binary: Etcd,
			want:   "no space left on device: the build needs",
		},
		"compiler error": {
			script: "#!/bin/sh\necho 'main.go:1: undefined: x' >&2; exit 1\n",
			binary: Etcd,
			want:   "main.go:1: undefined: x",
		},
		"unknown binary": {
			binary: "kubeadm",
			want:   `no module under tools builds "kubeadm"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			withGo(t, test.script)
			_, err := Ensure(t.Context(), nil, test.binary)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestProgressOutsideATerminal(t *testing.T) {
	withGo(t, fakeGo)
	var progress bytes.Buffer
	if _, err := Ensure(t.Context(), &progress, Etcd); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"building etcd from tools/etcd", "resolving modules", "done after"} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("the progress lacks %q:\n%s", want, progress.String())
		}
	}
	if strings.ContainsAny(progress.String(), "\r\033") {
		t.Errorf("the progress has control characters: %q", progress.String())
	}
}
