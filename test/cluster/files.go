// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	_ "embed" // for the configuration files
	"fmt"
	"os"
)

//go:embed config/stages.yaml
var stages []byte

const schedulerConfig = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: %q, qps: 1000, burst: 2000}
`

// writeFiles writes what the components read.
func (c *Cluster) writeFiles() error {
	frontProxy, err := c.credentials.frontProxy.issueClient(frontProxyUser)
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		c.pki("ca.crt"):               c.credentials.authority.pem,
		c.pki("serving.crt"):          c.credentials.serving.certificate,
		c.pki("serving.key"):          c.credentials.serving.key,
		c.pki("service-account.key"):  c.credentials.serviceAccount,
		c.pki("front-proxy-ca.crt"):   c.credentials.frontProxy.pem,
		c.pki("front-proxy.crt"):      frontProxy.certificate,
		c.pki("front-proxy.key"):      frontProxy.key,
		c.config("audit-policy.yaml"): c.auditPolicy(),
		c.config("stages.yaml"):       stages,
		c.config("scheduler.yaml"):    fmt.Appendf(nil, schedulerConfig, c.kubeconfigOf(Scheduler)),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return c.writeKubeconfigs()
}

func (c *Cluster) writeKubeconfigs() error {
	if err := WriteKubeconfig(c.Kubeconfig(), c.admin); err != nil {
		return err
	}
	for name, u := range map[Component]user{
		ControllerManager: controllerManagerUser,
		Scheduler:         schedulerUser,
		Kwok:              kwokUser,
	} {
		config, err := c.restConfigFor(u)
		if err != nil {
			return err
		}
		if err := WriteKubeconfig(c.kubeconfigOf(name), config); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) pki(name string) string {
	return c.folder.path("pki", name)
}

func (c *Cluster) config(name string) string {
	return c.folder.path("config", name)
}

func (c *Cluster) kubeconfigOf(name Component) string {
	return c.config(string(name) + ".kubeconfig")
}
