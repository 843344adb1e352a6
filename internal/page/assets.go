// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// assets are what make web builds from web.
//
//go:embed assets
var assets embed.FS

// file is one that is served.
type file struct {
	kind string
	text []byte
}

// kinds are told, since the system's list of them may say otherwise.
var kinds = map[string]string{".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}

// embedded are the files by the path below the page's folder.
func embedded() map[string]file {
	files := map[string]file{}
	_ = fs.WalkDir(assets, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := assets.ReadFile(name)
		served := strings.TrimPrefix(name, "assets")
		if served == "/index.html" {
			served = "/"
		}
		files[served] = file{mime.FormatMediaType(kinds[path.Ext(name)], map[string]string{"charset": "utf-8"}), text}
		return err
	}) // what is embedded can be read.
	return files
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	found, isThere := s.files[r.URL.Path]
	if !isThere {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", found.kind)
	_, _ = w.Write(found.text) // who has left needs no answer.
}
