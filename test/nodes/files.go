// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"bytes"
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"k8s.io/client-go/rest"

	"github.com/elasticweb/elasticweb-operator/test/cluster"
)

// furniture are the files of a node, as templates, by their path on it.
//
//go:embed all:files
var furniture embed.FS

const (
	clusterDNS   = "10.96.0.10"
	sysctlFolder = "etc/kernel"
	sandboxImage = "registry.k8s.io/pause:elasticweb"
)

// kernelSettings are those that the kubelet wants, by their path below /proc/sys. The node sees these instead of those of
// the kernel, which all nodes and this machine share.
var kernelSettings = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// furnish writes what a node's programs read into its root folder.
func (c *Cluster) furnish(n *node, root string) error {
	for _, folder := range []string{"root", "var/lib/kubelet", "var/lib/containerd", "etc/cni/net.d", "opt"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	if err := c.renderFurniture(n, root); err != nil {
		return err
	}
	for sysctl, value := range kernelSettings {
		if err := writeFile(filepath.Join(root, sysctlFolder, sysctl), []byte(value+"\n")); err != nil {
			return err
		}
	}
	if err := n.furnishProcessors(root); err != nil {
		return err
	}
	kubernetes := filepath.Join(root, "etc", "kubernetes")
	if err := writeFile(filepath.Join(kubernetes, "ca.crt"), c.AuthorityPEM()); err != nil {
		return err
	}
	for file, user := range map[string]func() (*rest.Config, error){
		"kubelet":    func() (*rest.Config, error) { return c.UserConfig("system:node:"+n.name, "system:nodes") },
		"kube-proxy": func() (*rest.Config, error) { return c.UserConfig("system:kube-proxy") },
	} {
		config, err := user()
		if err != nil {
			return err
		}
		if err := cluster.WriteKubeconfig(filepath.Join(kubernetes, file+".kubeconfig"), config); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) renderFurniture(n *node, root string) error {
	runc, err := lookPath("runc")
	if err != nil {
		return err
	}
	values := map[string]string{
		"Name": n.name, "Address": n.address.String(), "Registry": c.registry.Address, "Runc": runc, "CNIFolder": cniFolder,
		"SandboxImage": sandboxImage, "ClusterDNS": clusterDNS, "RuntimeSocket": n.runtimeSocket(),
	}
	return fs.WalkDir(furniture, "files", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := furniture.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := template.New(path).Delims("<<", ">>").Option("missingkey=error").Parse(string(source))
		if err != nil {
			return err
		}
		var content bytes.Buffer
		if err := parsed.Execute(&content, values); err != nil {
			return err
		}
		return writeFile(filepath.Join(root, strings.TrimPrefix(path, "files")), content.Bytes())
	})
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}
