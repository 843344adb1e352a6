// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package machine makes a part of this machine look like one of its own: with a
// root folder, processes, network, host name and control groups that the rest of
// the machine does not have. What it mounts and starts, and its network, live in
// namespaces, so that the kernel removes them with its first process.
package machine

// Spec says what a machine is made of. It is the input of the command boot,
// which runs as the machine's first process. The machine ends at the end of that
// input, which is to say, with the process that gave it.
type Spec struct {
	// Hostname is the machine's. Empty: the machine is a network and nothing
	// else, and what follows is not used.
	Hostname string

	// Root is a folder that becomes the machine's root. What the machine writes goes there.
	Root string

	// ControlGroups are this machine's folders in each hierarchy, by the path
	// at which the hierarchy is mounted.
	ControlGroups map[string]string

	// Mounts are folders and files of this machine that the new one sees, mounted
	// after those that every machine has.
	Mounts []Mount

	// BinaryFormats are registrations of interpreters for the programs of other
	// architectures, in the words of the kernel's binfmt_misc. They are the
	// kernel's, not the machine's, but end with the last mount that shows them.
	BinaryFormats []string

	// Programs run on the machine. When one of them ends, the machine does.
	Programs []Program
}

// Mount shows a folder or file of this machine at a path of the new one.
type Mount struct {
	Source, Target string
	ReadOnly       bool
}

// Program is what runs on a machine.
type Program struct {
	// Path is the program's on the machine, and Args its arguments.
	Path string
	Args []string

	// Env is its environment beside PATH and HOME.
	Env []string

	// Log is the file on the machine to which its output is appended.
	Log string

	// After is a file, such as a socket, that has to be there before the program starts.
	After string
}
