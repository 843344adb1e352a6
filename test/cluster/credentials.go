// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// user is someone whom the API server knows by a client certificate.
type user struct {
	name   string
	groups []string
}

var (
	adminUser             = user{name: "admin", groups: []string{"system:masters"}}
	controllerManagerUser = user{name: "system:kube-controller-manager"}
	schedulerUser         = user{name: "system:kube-scheduler"}
	kwokUser              = user{name: "kwok", groups: []string{"system:masters"}}
	frontProxyUser        = user{name: "front-proxy-client"}
)

// credentials are the certificates and keys of a cluster, all in PEM.
type credentials struct {
	authority      *authority // of clients and servers
	frontProxy     *authority // of the API server towards extension API servers
	serving        keyPair
	serviceAccount []byte // the private key that signs their tokens
}

// newCredentials makes those of a cluster whose API server listens on an address.
func newCredentials(address string) (_ *credentials, err error) {
	c := &credentials{}
	if c.authority, err = newAuthority("elasticweb-cluster"); err != nil {
		return nil, err
	}
	if c.frontProxy, err = newAuthority("elasticweb-cluster-front-proxy"); err != nil {
		return nil, err
	}
	if c.serving, err = c.authority.issueServing(address); err != nil {
		return nil, err
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	c.serviceAccount, err = encodeKey(key)
	return c, err
}

// keyPair is a certificate and its key.
type keyPair struct {
	certificate, key []byte
}

// authority signs certificates.
type authority struct {
	template *x509.Certificate
	key      *ecdsa.PrivateKey
	pem      []byte
}

func newAuthority(name string) (*authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template := newTemplate(pkix.Name{CommonName: name})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &authority{template: template, key: key, pem: encodeCertificate(der)}, nil
}

func (a *authority) issueServing(address string) (keyPair, error) {
	template := newTemplate(pkix.Name{CommonName: "localhost"})
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	template.IPAddresses = []net.IP{net.ParseIP(loopbackAddress), net.ParseIP(address), net.ParseIP(apiServerService)}
	return a.issue(template)
}

func (a *authority) issueClient(u user) (keyPair, error) {
	template := newTemplate(pkix.Name{CommonName: u.name, Organization: u.groups})
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(template)
}

func (a *authority) issue(template *x509.Certificate) (keyPair, error) {
	key, err := newKey()
	if err != nil {
		return keyPair{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.template, key.Public(), a.key)
	if err != nil {
		return keyPair{}, err
	}
	encoded, err := encodeKey(key)
	return keyPair{certificate: encodeCertificate(der), key: encoded}, err
}

func newTemplate(subject pkix.Name) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		// Unique among those of one cluster, which is all that is asked of it.
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      subject,
		NotBefore:    now.Add(-time.Hour), // the clock may be set back
		NotAfter:     now.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func newKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), err
}
