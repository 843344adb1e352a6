// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/elasticweb/elasticweb-operator/internal/page"
)

const (
	// beat is how often it is asked whether the cluster answers, while somebody looks; answerPatience is how long that may take.
	beat           = 2 * time.Second
	answerPatience = 5 * time.Second
	// mostAnswerBytes of an answer are read.
	mostAnswerBytes = 64 << 10
)

// watched is the cluster as the page sees it: caches that are kept up by watches, told to a board. When the cluster was away they are made
// anew, since watches wait longer and longer for one that does not answer. What was read before is shown until then.
type watched struct {
	*environment
	board      *page.Board
	live       client.Client
	config     *rest.Config
	http       *http.Client
	version    string   // an address that everybody may read.
	namespaces []string // those asked for; none for all.
	home       string   // where the kubeconfig leads.

	mu     sync.Mutex
	seen   *view // the newest that was read; nil before the first.
	events map[types.NamespacedName]readEventsOf
}

func newWatched(e *environment, config *rest.Config, board *page.Board, namespaces []string, home string) (w *watched, err error) {
	w = &watched{environment: e, board: board, config: config, namespaces: namespaces, home: home, events: map[types.NamespacedName]readEventsOf{}}
	if w.live, err = e.client(); err != nil {
		return nil, err
	}
	if w.http, err = rest.HTTPClientFor(config); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	host, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	w.version = host.JoinPath("version").String()
	return w, nil
}

// run reads the cluster until ctx ends. It fails where the cluster cannot be read at the beginning.
func (w *watched) run(ctx context.Context) error {
	for first := true; ctx.Err() == nil; first = false {
		err := w.readOnce(ctx)
		if ctx.Err() != nil || err == nil {
			continue
		}
		if first {
			return err
		}
		w.board.Away(err.Error())
		pause(ctx, beat)
	}
	return nil
}

// readOnce makes caches, and keeps them until the cluster was away and answers again.
func (w *watched) readOnce(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	v, err := w.newView(ctx)
	if err != nil {
		return err
	}
	if err := v.await(ctx); err != nil {
		return err
	}
	w.mu.Lock()
	w.seen = v
	w.mu.Unlock()
	if err := v.tellAll(ctx); err != nil {
		return err
	}
	for wasAway := false; ; {
		if pause(ctx, beat); ctx.Err() != nil {
			return nil
		}
		v.tellRefused()
		if !w.board.IsWatched() {
			continue
		}
		switch err := w.answers(ctx); {
		case err != nil:
			w.board.Away(err.Error())
			wasAway = true
		case wasAway:
			return nil
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// answers reports whether the API server answers, whatever it says, as long as it works and knows who asks.
func (w *watched) answers(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, answerPatience)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.version, nil)
	if err != nil {
		return err
	}
	response, err := w.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, mostAnswerBytes)) // so that the connection can be used again.
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized:
		return errors.New("the API server does not know you any more: log in again")
	case code >= http.StatusInternalServerError:
		return fmt.Errorf("the API server answers %s", response.Status)
	}
	return nil
}

// current is the newest view.
func (w *watched) current() (*view, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		return nil, errors.New("the cluster was not read yet")
	}
	return w.seen, nil
}
