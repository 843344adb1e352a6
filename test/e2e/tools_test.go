// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux && e2e

package e2e_test

import (
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/elasticweb/elasticweb-operator/test/nodes"
)

// tool is the path of a program that make builds.
func tool(name string) string {
	GinkgoHelper()
	path, err := filepath.Abs(filepath.Join(root, "bin", name))
	Expect(err).NotTo(HaveOccurred())
	Expect(path).To(BeARegularFile(), "build it first: make bin/%s", name)
	return path
}

// withHosts runs a program with another file of hosts. That of this machine stays as it is: the mount is the program's own.
const withHosts = `mount --bind "$1" /etc/hosts && shift && exec "$@"`

// runTool runs a program that make builds, for a user to whom the scenario's registry is the public ones.
func (s *scenario) runTool(ctx context.Context, name string, args ...string) string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	hosts, authority := filepath.Join(folder, "hosts"), filepath.Join(folder, "ca.crt")
	for path, content := range map[string]string{
		hosts:     "127.0.0.1 localhost\n" + s.Registry().Hosts(),
		authority: string(s.Registry().CertificateAuthority),
		// Without it opm pulls nothing. Packages of Debian that this machine may lack have the same.
		filepath.Join(folder, ".config/containers/policy.json"): `{"default": [{"type": "insecureAcceptAnything"}]}`,
	} {
		Expect(os.MkdirAll(filepath.Dir(path), 0o755)).To(Succeed())
		Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
	}
	command := exec.CommandContext(ctx, "unshare", append([]string{"--mount", "sh", "-c", withHosts, "sh", hosts, tool(name)}, args...)...)
	command.Dir = folder // where some of the programs keep what they pull
	command.Env = append(os.Environ(), "HOME="+folder, "TMPDIR="+folder, "KUBECONFIG="+s.Kubeconfig(), "SSL_CERT_FILE="+authority, "NO_PROXY=*", "no_proxy=*")
	command.Stderr = GinkgoWriter
	output, err := command.Output()
	Expect(err).NotTo(HaveOccurred(), "%s %v: %s", name, args, output)
	return string(output)
}

// busybox is the path of a program that is a shell, cp, tar and more, by the name under which it is called, and needs no
// other file.
func busybox(ctx context.Context) string {
	GinkgoHelper()
	path, err := nodes.SystemProgram(ctx, GinkgoWriter, "busybox", "busybox-static")
	Expect(err).NotTo(HaveOccurred())
	program, err := elf.Open(path)
	Expect(err).NotTo(HaveOccurred())
	defer program.Close()
	isInterpreter := func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }
	Expect(slices.ContainsFunc(program.Progs, isInterpreter)).To(BeFalse(), "%s needs libraries, which the images lack: apt-get install busybox-static", path)
	return path
}
