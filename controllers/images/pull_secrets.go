// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/platforms"
)

// credentials are the pull secrets of the pods, and those of their service account: read live, and only when the
// registry is about to be asked.
func credentials(live client.Reader, namespace, account string, secrets []corev1.LocalObjectReference) platforms.Credentials {
	if account == "" {
		account = "default"
	}
	names := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		names = append(names, secret.Name)
	}
	return platforms.Credentials{
		Identity: strings.Join(append([]string{namespace, account}, names...), "/"),
		Secrets: func(ctx context.Context) ([]corev1.Secret, error) {
			return pullSecrets(ctx, live, namespace, account, names)
		},
	}
}

func pullSecrets(ctx context.Context, live client.Reader, namespace, account string, names []string) ([]corev1.Secret, error) {
	serviceAccount := &corev1.ServiceAccount{}
	err := live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: account}, serviceAccount)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return nil, fmt.Errorf("read service account %s: %w", account, err)
	}
	for _, reference := range serviceAccount.ImagePullSecrets {
		if !slices.Contains(names, reference.Name) {
			names = append(slices.Clone(names), reference.Name)
		}
	}
	var secrets []corev1.Secret
	for _, name := range names {
		secret := corev1.Secret{}
		err := live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &secret)
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
			continue // as the kubelet does: the registry may do without.
		}
		if err != nil {
			return nil, fmt.Errorf("read secret %s: %w", name, err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}
