// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package platforms

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// maxExposedPorts bounds the memory that one config can cost.
const maxExposedPorts = 1024

// imageConfig is what the config of one image says.
type imageConfig struct {
	platform ociPlatform
	port     *int32
	user     *int64
}

// parseConfig reads an image config.
func parseConfig(body []byte) (imageConfig, error) {
	var c struct {
		ociPlatform

		Config struct {
			User         string       `json:"User"`
			ExposedPorts exposedPorts `json:"ExposedPorts"`
		} `json:"config"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		return imageConfig{}, errMalformedConfig
	}
	return imageConfig{
		platform: c.ociPlatform,
		port:     onlyTCPPort(c.Config.ExposedPorts),
		user:     numericUser(c.Config.User),
	}, nil
}

// exposedPorts are the keys of ExposedPorts, such as 8080/tcp.
type exposedPorts []string

func (p *exposedPorts) UnmarshalJSON(data []byte) error {
	*p = nil
	return decodeBounded(data, '{', maxExposedPorts, func(dec *json.Decoder) error {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var ignored json.RawMessage
		if err := dec.Decode(&ignored); err != nil {
			return err
		}
		// The decoder has made sure that a key is a string.
		port, _ := key.(string)
		*p = append(*p, port)
		return nil
	})
}

// onlyTCPPort returns the one TCP port among ports, and nil when there is none
// or more than one. A range counts as several.
func onlyTCPPort(ports []string) *int32 {
	var only *int32
	for _, s := range ports {
		number, protocol, _ := strings.Cut(s, "/")
		if protocol != "" && !strings.EqualFold(protocol, "tcp") {
			continue
		}
		if strings.Contains(number, "-") {
			return nil
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n == 0 {
			continue
		}
		port := int32(n)
		if only != nil && *only != port {
			return nil
		}
		only = &port
	}
	return only
}

// numericUser returns the user ID of a config's User, which is one of user,
// uid, user:group, uid:gid. It is nil unless it is a number from 1 to the
// highest that runAsUser takes.
func numericUser(user string) *int64 {
	uid, _, _ := strings.Cut(user, ":")
	if strings.HasPrefix(uid, "+") {
		return nil
	}
	n, err := strconv.ParseInt(uid, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt32 {
		return nil
	}
	return &n
}
