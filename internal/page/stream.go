// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/elasticweb/elasticweb-operator/internal/screen"
)

const (
	// mostStreams at a time: each is a window of a browser.
	mostStreams = 16
	// pace is the least time between two lots of news for a stream.
	pace = 250 * time.Millisecond
	// lookAgain is how often what somebody looks at is read without news of it: a pod that is ready long enough, an event.
	lookAgain = 10 * time.Second
	// writePatience is how long a browser may take to read what it is sent.
	writePatience = 10 * time.Second
	// rowsAtOnce are sent in one event.
	rowsAtOnce = 200
)

// stream is a window of a browser that is told of news. What it has not been told yet is put together: however slowly it reads, no more is
// kept for it than a mark for each ElasticWeb.
type stream struct {
	// opened is the one that is looked at; zero for none.
	opened types.NamespacedName
	wake   chan struct{}

	// Guarded by the board.
	rows          map[types.NamespacedName]bool
	isStale       bool // what is looked at may be another.
	isClusterNews bool
}

func (s *stream) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake.
	}
}

// join has a stream told of everything, and of all that changes from now on; nil where there are too many.
func (b *Board) join(opened types.NamespacedName) *stream {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.streams) >= mostStreams {
		return nil
	}
	s := &stream{opened: opened, wake: make(chan struct{}, 1), rows: map[types.NamespacedName]bool{}, isStale: true, isClusterNews: true}
	for key := range b.webs {
		s.rows[key] = true
	}
	b.streams[s] = struct{}{}
	s.wakeUp()
	return s
}

func (b *Board) leave(s *stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.streams, s)
}

// news is what a stream has not been told.
type news struct {
	cluster *ClusterState
	rows    []Row
	gone    []types.NamespacedName
	isStale bool
}

func (b *Board) take(s *stream) (n news) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.isClusterNews {
		state := b.state
		n.cluster = &state
	}
	for key := range s.rows {
		if known := b.webs[key]; known != nil {
			n.rows = append(n.rows, known.row)
		} else {
			n.gone = append(n.gone, key)
		}
	}
	n.isStale = s.isStale && s.opened.Name != ""
	clear(s.rows)
	s.isStale, s.isClusterNews = false, false
	return n
}

// serveStream sends news until the browser leaves, or does not read them.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	opened, isValid := keyIn(r.URL.Query(), true)
	if !isValid {
		http.Error(w, "namespace and name are those of an ElasticWeb, or are left out", http.StatusBadRequest)
		return
	}
	joined := s.Board.join(opened)
	if joined == nil {
		http.Error(w, "too many windows show this page: close some", http.StatusServiceUnavailable)
		return
	}
	defer s.Board.leave(joined)
	w.Header().Set("Content-Type", "text/event-stream")
	out := &sender{to: w, control: http.NewResponseController(w)}
	out.send("hello", struct{}{}) // a browser forgets what it had of an earlier stream.
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for out.err == nil {
		isDue := false
		select {
		case <-r.Context().Done():
			return
		case <-joined.wake:
		case <-again.C:
			isDue = true
		}
		s.sendNews(r.Context(), out, joined, isDue)
		select {
		case <-r.Context().Done():
			return
		case <-time.After(pace):
		}
	}
}

// Gone is what a browser is told to take off its list.
type Gone struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

func (s *Server) sendNews(ctx context.Context, out *sender, joined *stream, isDue bool) {
	n := s.Board.take(joined)
	for at := 0; at < len(n.rows); at += rowsAtOnce {
		out.send("rows", n.rows[at:min(at+rowsAtOnce, len(n.rows))])
	}
	gone := []Gone{}
	for _, key := range n.gone {
		gone = append(gone, Gone{key.Namespace, key.Name})
	}
	if len(gone) > 0 {
		out.send("gone", gone)
	}
	if n.cluster != nil { // after the rows: once it is loaded, all are there.
		out.send("cluster", n.cluster)
	}
	switch {
	case joined.opened.Name == "":
		if isDue {
			out.comment() // so that a browser that is gone is found out.
		}
	case n.isStale || isDue:
		s.sendWeb(ctx, out, joined)
	}
}

// sendWeb sends what is looked at, unless it is as it was.
func (s *Server) sendWeb(ctx context.Context, out *sender, joined *stream) {
	detail, err := s.look(ctx, joined.opened)
	switch {
	case apierrors.IsNotFound(err):
		out.sendChanged("missing", Gone{joined.opened.Namespace, joined.opened.Name})
	case err != nil:
		out.sendChanged("unread", screen.Line(err.Error(), longestMessage))
	default:
		out.sendChanged("web", detail)
	}
	if out.err == nil {
		out.comment()
	}
}

// sender writes server-sent events. After an error it writes no more.
type sender struct {
	to      http.ResponseWriter
	control *http.ResponseController
	last    []byte
	err     error
}

func (s *sender) send(event string, data any) { s.write(s.marshal(event, data)) }

// sendChanged sends what is looked at, unless it was the last that was sent of it.
func (s *sender) sendChanged(event string, data any) {
	if text := s.marshal(event, data); !bytes.Equal(text, s.last) {
		s.last = text
		s.write(text)
	}
}

func (s *sender) marshal(event string, data any) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		s.err = fmt.Errorf("marshal the event %s: %w", event, err)
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", event, text)
}

func (s *sender) comment() { s.write([]byte(":\n\n")) }

func (s *sender) write(text []byte) {
	if s.err != nil {
		return
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writePatience)) // a recorder of a test has none.
	if _, s.err = s.to.Write(text); s.err == nil {
		s.err = s.control.Flush()
	}
}
