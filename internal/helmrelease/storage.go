// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package helmrelease

import (
	"context"
	"fmt"
	"strings"

	helmclient "github.com/operator-framework/helm-operator-plugins/pkg/client"
	"github.com/operator-framework/helm-operator-plugins/pkg/storage"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// SecretType is the type of the Secrets that hold the releases. A cache of Secrets needs no others.
const SecretType = storage.SecretTypeChunkedIndex

// chunkBytes is how much of a release one Secret holds, below the limit of etcd, 1.5 MiB.
const chunkBytes = 1 << 20

// maxChunks bounds what is read and written of one release.
const maxChunks = 8

// Storage keeps the releases of all objects in Secrets of one namespace, told apart by the UID of their object.
func Storage(namespace string) helmclient.ObjectToStorageDriverMapper {
	return func(_ context.Context, object client.Object, config *rest.Config) (driver.Driver, error) {
		secrets, err := corev1client.NewForConfig(config)
		if err != nil {
			return nil, fmt.Errorf("make a client for the Secrets of Helm releases: %w", err)
		}
		owner := "release-" + string(object.GetUID())
		chunked := storage.NewChunkedSecrets(secrets.Secrets(namespace), owner, storage.ChunkedSecretsConfig{
			ChunkSize: chunkBytes, MaxReadChunks: maxChunks, MaxWriteChunks: maxChunks,
		})
		return keyed{Driver: chunked, owner: owner}, nil
	}
}

// keyed names the Secrets after the owner. Helm's own keys hold the name of the release alone: they would be the same
// in every namespace, and some are longer than a label may be.
type keyed struct {
	driver.Driver
	owner string
}

// key is the owner and the revision, which Helm puts at the end: sh.helm.release.v1.NAME.v1.
func (k keyed) key(helms string) string {
	return k.owner + helms[strings.LastIndex(helms, "."):]
}

func (k keyed) Create(key string, r *release.Release) error { return k.Driver.Create(k.key(key), r) }
func (k keyed) Update(key string, r *release.Release) error { return k.Driver.Update(k.key(key), r) }
func (k keyed) Delete(key string) (*release.Release, error) { return k.Driver.Delete(k.key(key)) }
func (k keyed) Get(key string) (*release.Release, error)    { return k.Driver.Get(k.key(key)) }
