#!/usr/bin/env bash
# Copyright The ElasticWeb Authors.
# SPDX-License-Identifier: Apache-2.0
#
# Builds Traefik, of tools/traefik, into the file that the argument names, without the clients of some 190 providers of DNS, by which it
# asks for certificates: they take longer to compile than all the rest.
set -euo pipefail

output=$(realpath --canonicalize-missing "${1:?which file to make, for instance bin/traefik}")
cd "$(dirname "$0")/../tools/traefik"
work=$output.build # the same each time: the folder of a module is a part of what Go's cache knows its packages by.
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work"

go mod download github.com/go-acme/lego/v4
cp -R "$(go list -m -f '{{.Dir}}' github.com/go-acme/lego/v4)" "$work/lego"
chmod -R u+w "$work/lego"
cat >"$work/lego/providers/dns/zz_gen_dns_providers.go" <<'END'
package dns

import (
	"fmt"

	"github.com/go-acme/lego/v4/challenge"
)

func NewDNSChallengeProviderByName(name string) (challenge.Provider, error) {
	return nil, fmt.Errorf("the DNS provider %s is not compiled in", name)
}
END
cp go.mod go.sum "$work"
go mod edit -replace "github.com/go-acme/lego/v4=$work/lego" "$work/go.mod"
go build -modfile "$work/go.mod" -o "$output" github.com/traefik/traefik/v3/cmd/traefik
