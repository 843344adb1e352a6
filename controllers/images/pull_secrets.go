// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// maxSecrets bounds the pull secrets that are read for an image: a service account may name any number.
const maxSecrets = 32

// credentials are the pull secrets of the pods, and those of their service account: read live, and only when the
// registry is about to be asked.
func credentials(live client.Reader, namespace, account string, secrets []corev1.LocalObjectReference) platforms.Credentials {
	if account == "" {
		account = "default"
	}
	var names []string
	for _, secret := range secrets {
		names = appendName(names, secret.Name)
	}
	return platforms.Credentials{
		Identity: identity(append([]string{namespace, account}, names...)),
		Secrets: func(ctx context.Context, take func(*corev1.Secret)) error {
			return readPullSecrets(ctx, live, namespace, account, names, take)
		},
	}
}

// appendName leaves out what cannot be the name of a Secret, whatever its length, and what is beyond maxSecrets: each name is held against those
// before it, and of the many thousands that fit into a service account that would take a minute.
func appendName(names []string, name string) []string {
	if len(names) >= maxSecrets || slices.Contains(names, name) || len(validation.IsDNS1123Subdomain(name)) > 0 {
		return names
	}
	return append(names, name)
}

// identity is a hash: it is remembered for long, of names that users choose.
func identity(parts []string) string {
	sum := sha256.New()
	for _, part := range parts {
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		sum.Write([]byte(part))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// readPullSecrets has take look at one Secret after the other.
func readPullSecrets(ctx context.Context, live client.Reader, namespace, account string, names []string, take func(*corev1.Secret)) error {
	serviceAccount := &corev1.ServiceAccount{}
	err := live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: account}, serviceAccount)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return fmt.Errorf("read service account %s: %w", account, err)
	}
	names = slices.Clone(names)
	for _, reference := range serviceAccount.ImagePullSecrets {
		names = appendName(names, reference.Name)
	}
	for _, name := range names {
		secret := &corev1.Secret{}
		err := live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, secret)
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
			continue // as the kubelet does: the registry may do without.
		}
		if err != nil {
			return fmt.Errorf("read secret %s: %w", name, err)
		}
		take(secret)
	}
	return nil
}
