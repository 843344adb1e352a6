// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
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

const (
	// maxSecretEntries bounds the entries of one pull secret: a MiB of tiny ones
	// would become ten times as much memory.
	maxSecretEntries = 1024
	// maxLogins bounds how often a registry is asked for one image, and
	// maxLoginBytes what is kept for that. Tokens take some thousand bytes.
	maxLogins     = 16
	maxLoginBytes = 16 << 10
)

// keyring finds the logins for a repository, such as docker.io/library/nginx,
// the way the kubelet does (pkg/credentialprovider in Kubernetes): what works
// here works on the node. It keeps no others.
type keyring struct {
	repository string
	// found are the logins in the order in which they are to be tried, hub those
	// for Docker Hub by the name that docker login writes.
	found, hub []placedLogin
	err        *Error
}

type placedLogin struct {
	place string
	login
}

// take reads a pull secret of either kind. One of another type, or without the
// data of its type, is passed over.
func (k *keyring) take(secret *corev1.Secret) {
	var err error
	auths := matchingAuths{repository: k.repository}
	switch secret.Type {
	case corev1.SecretTypeDockerConfigJson:
		config := struct {
			Auths *matchingAuths `json:"auths"`
		}{&auths}
		err = decodeSecret(secret.Data[corev1.DockerConfigJsonKey], &config)
	case corev1.SecretTypeDockercfg:
		err = decodeSecret(secret.Data[corev1.DockerConfigKey], &auths)
	}
	if err != nil && k.err == nil {
		// The cause may quote the secret.
		k.err = &Error{
			Reason:  ReasonRegistryUnauthorized,
			Message: fmt.Sprintf("the pull secret %s is not a valid %s of at most %d entries: make it with kubectl create secret docker-registry", secret.Name, secret.Type, maxSecretEntries),
		}
	}
	k.add(auths.found)
}

func decodeSecret(data []byte, into any) error {
	if len(data) == 0 {
		return nil
	}
	return json.Unmarshal(data, into)
}

// matchingAuths are the entries of a pull secret by location, without those
// for other repositories.
type matchingAuths struct {
	repository string
	found      map[string]login
}

// UnmarshalJSON decodes one entry after the other, as all of them would cost
// many times what the secret does.
func (m *matchingAuths) UnmarshalJSON(data []byte) error {
	m.found = map[string]login{}
	return decodeBounded(data, '{', maxSecretEntries, func(dec *json.Decoder) error {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var auth authn.AuthConfig
		if err := dec.Decode(&auth); err != nil {
			return err
		}
		// The decoder has made sure that a key is a string.
		location, _ := key.(string)
		if place, ok := keyringPlace(location); ok && (isHub(place, m.repository) || placeMatches(place, m.repository)) &&
			len(place)+len(auth.Username)+len(auth.Password) <= maxLoginBytes {
			m.found[location] = login{auth.Username, auth.Password}
		}
		return nil
	})
}

func isHub(place, repository string) bool {
	return place == dockerHubAPI && strings.HasPrefix(repository, dockerHubName+"/")
}

// add takes the entries in a fixed order, so that of two for one place the same
// one is tried first every time, and the most specific place before the others.
func (k *keyring) add(auths map[string]login) {
	for _, location := range slices.Sorted(maps.Keys(auths)) {
		place, _ := keyringPlace(location)
		l, list := placedLogin{place, auths[location]}, &k.found
		if isHub(place, k.repository) {
			list = &k.hub
		}
		if !slices.Contains(*list, l) {
			*list = append(*list, l)
		}
	}
	for _, list := range []*[]placedLogin{&k.found, &k.hub} {
		slices.SortStableFunc(*list, func(a, b placedLogin) int { return cmp.Compare(b.place, a.place) })
		*list = slices.Clone((*list)[:min(len(*list), maxLogins)])
	}
}

// logins returns those to try. None means that the registry is asked
// anonymously.
func (k *keyring) logins() ([]login, *Error) {
	if k.err != nil {
		return nil, k.err
	}
	list := k.found
	if len(list) == 0 {
		list = k.hub
	}
	var found []login
	for _, l := range list {
		found = append(found, l.login)
	}
	return found, nil
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
