// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	corev1 "k8s.io/api/core/v1"
)

// login is a user name and a password for a registry.
type login struct {
	username, password string
}

func (l login) authenticator() authn.Authenticator {
	if l == (login{}) {
		return authn.Anonymous
	}
	return &authn.Basic{Username: l.username, Password: l.password}
}

// keyring finds the logins for an image the way the kubelet does
// (pkg/credentialprovider in Kubernetes): what works here works on the node.
type keyring map[string][]login

// newKeyring reads pull secrets of both kinds. Secrets of another type, and
// those without the data of their type, are passed over.
func newKeyring(secrets []corev1.Secret) (keyring, *Error) {
	k := keyring{}
	for i := range secrets {
		auths, err := dockerAuths(&secrets[i])
		if err != nil {
			// The cause may quote the secret.
			return nil, &Error{
				Reason:  ReasonRegistryUnauthorized,
				Message: fmt.Sprintf("the pull secret %s is not a valid %s: make it with kubectl create secret docker-registry", secrets[i].Name, secrets[i].Type),
			}
		}
		k.add(auths)
	}
	return k, nil
}

func dockerAuths(secret *corev1.Secret) (map[string]authn.AuthConfig, error) {
	switch secret.Type {
	case corev1.SecretTypeDockerConfigJson:
		var config struct {
			Auths map[string]authn.AuthConfig `json:"auths"`
		}
		err := decodeSecret(secret.Data[corev1.DockerConfigJsonKey], &config)
		return config.Auths, err
	case corev1.SecretTypeDockercfg:
		var auths map[string]authn.AuthConfig
		err := decodeSecret(secret.Data[corev1.DockerConfigKey], &auths)
		return auths, err
	}
	return nil, nil
}

func decodeSecret(data []byte, into any) error {
	if len(data) == 0 {
		return nil
	}
	return json.Unmarshal(data, into)
}

// add takes the entries in a fixed order, so that of two for one place the same
// one is tried first every time.
func (k keyring) add(auths map[string]authn.AuthConfig) {
	locations := make([]string, 0, len(auths))
	for location := range auths {
		locations = append(locations, location)
	}
	slices.Sort(locations)
	for _, location := range locations {
		place, ok := keyringPlace(location)
		if !ok {
			continue
		}
		l := login{auths[location].Username, auths[location].Password}
		if !slices.Contains(k[place], l) {
			k[place] = append(k[place], l)
		}
	}
}

// keyringPlace strips a location of the scheme and of the API version that
// docker login puts in: https://index.docker.io/v1/ is index.docker.io.
func keyringPlace(location string) (string, bool) {
	if !strings.HasPrefix(location, "https://") && !strings.HasPrefix(location, "http://") {
		location = "https://" + location
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", false
	}
	p := u.Path
	if strings.HasPrefix(p, "/v1/") || strings.HasPrefix(p, "/v2/") {
		p = p[len("/v1"):]
	}
	if p == "/" {
		p = ""
	}
	return u.Host + p, true
}

// logins returns those to try for a repository, such as
// docker.io/library/nginx, the most specific place first. None means that the
// registry is asked anonymously.
func (k keyring) logins(repository string) []login {
	places := make([]string, 0, len(k))
	for place := range k {
		if placeMatches(place, repository) {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	slices.Reverse(places)

	var found []login
	for _, place := range places {
		found = append(found, k[place]...)
	}
	if len(found) == 0 && strings.HasPrefix(repository, dockerHubName+"/") {
		return k[dockerHubAPI]
	}
	return found
}

// placeMatches compares host names part by part, with * standing within a
// part, ports exactly, and paths by prefix.
func placeMatches(place, repository string) bool {
	wantHost, wantPath := splitPlace(place)
	host, repositoryPath := splitPlace(repository)
	want, wantPort := splitHost(wantHost)
	have, port := splitHost(host)
	if port != wantPort || len(have) != len(want) || !strings.HasPrefix(repositoryPath, wantPath) {
		return false
	}
	for i := range want {
		if ok, err := path.Match(want[i], have[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

func splitPlace(place string) (host, path string) {
	if i := strings.IndexByte(place, '/'); i >= 0 {
		return place[:i], place[i:]
	}
	return place, ""
}

func splitHost(host string) (parts []string, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	return strings.Split(name, "."), port
}
