// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"syscall"
)

// watchdog removes what is not in a namespace when this process dies, however it
// dies: it is a shell that waits for the end of a pipe whose other end only this
// process has. The machines do the same, and so end by themselves.
type watchdog struct {
	command *exec.Cmd
	life    io.WriteCloser
}

// The control groups can be removed when the processes in them are gone, and the
// folder when nobody writes to it any more.
const watchdogScript = `trap "" HUP INT TERM
read -r _
folder=$1
formats=$2
shift 2
for attempt in $(seq 300); do
	left=
	for group; do
		[ -d "$group" ] || continue
		find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
		[ -d "$group" ] && left=yes
	done
	[ "$left" ] || break
	sleep 0.1
done
[ -z "$formats" ] || unshare --mount /bin/sh -c "$formats" sh "${folder##*/}"
rm -rf -- "$folder"`

func startWatchdog(folder, formatsScript string, groups controlGroups) (*watchdog, error) {
	args := append([]string{"-c", watchdogScript, "elasticweb-nodes-watchdog", folder, formatsScript}, slices.Sorted(maps.Values(groups))...)
	w := &watchdog{command: exec.Command("/bin/sh", args...)}
	w.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if w.life, err = w.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := w.command.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the watchdog: %w", err)
	}
	return w, nil
}

// dismiss ends the watchdog when there is nothing left to watch over.
func (w *watchdog) dismiss() {
	_ = w.command.Process.Kill()
	_ = w.command.Wait()
	_ = w.life.Close()
}
