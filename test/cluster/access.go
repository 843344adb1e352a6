// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func (c *Cluster) restConfigFor(u user) (*rest.Config, error) {
	pair, err := c.credentials.authority.issueClient(u)
	if err != nil {
		return nil, err
	}
	return &rest.Config{
		Host: "https://" + c.address(APIServer),
		QPS:  -1,
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   c.credentials.authority.pem,
			CertData: pair.certificate,
			KeyData:  pair.key,
		},
	}, nil
}

// UserConfig returns a configuration for clients that are a user of some groups,
// by a client certificate.
func (c *Cluster) UserConfig(name string, groups ...string) (*rest.Config, error) {
	return c.restConfigFor(user{name: name, groups: groups})
}

// AuthorityPEM returns the certificate of who signs the clients' certificates.
func (c *Cluster) AuthorityPEM() []byte {
	return c.credentials.authority.pem
}

// ServiceAccountConfig returns a configuration for clients that have the rights
// of a service account, by a token that is valid for a day.
func (c *Cluster) ServiceAccountConfig(ctx context.Context, namespace, name string) (*rest.Config, error) {
	day := int64(24 * 60 * 60)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &day}}
	token, err := c.client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("no token for the service account %s/%s: %w", namespace, name, err)
	}
	config := rest.AnonymousClientConfig(c.admin)
	config.QPS = c.admin.QPS
	config.BearerToken = token.Status.Token
	return config, nil
}

// WriteServiceAccountKubeconfig puts into a file what ServiceAccountConfig returns.
func (c *Cluster) WriteServiceAccountKubeconfig(ctx context.Context, path, namespace, name string) error {
	config, err := c.ServiceAccountConfig(ctx, namespace, name)
	if err != nil {
		return err
	}
	return WriteKubeconfig(path, config)
}

// WriteKubeconfig puts into a file what config says.
func WriteKubeconfig(path string, config *rest.Config) error {
	const name = "elasticweb-cluster"
	return clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{name: {
			Server:                   config.Host,
			CertificateAuthorityData: config.CAData,
		}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{name: {
			ClientCertificateData: config.CertData,
			ClientKeyData:         config.KeyData,
			Token:                 config.BearerToken,
		}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}, path)
}
