// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package nodes

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/elasticweb/elasticweb-operator/test/nodes/machine"
)

// processorFolder has what a node sees of its processors, where that is not what this machine has.
const processorFolder = "etc/processors"

// processorMounts show them. The kubelet for s390x reads what it knows only there.
func (n *node) processorMounts(root string) []machine.Mount {
	if n.arch != "s390x" {
		return nil
	}
	return []machine.Mount{
		{Source: filepath.Join(root, processorFolder, "cpuinfo"), Target: "/proc/cpuinfo", ReadOnly: true},
		{Source: filepath.Join(root, processorFolder, "cpu"), Target: "/sys/devices/system/cpu", ReadOnly: true},
	}
}

func (n *node) furnishProcessors(root string) error {
	if n.arch != "s390x" {
		return nil
	}
	for path, content := range mainframe(runtime.NumCPU()) {
		if err := writeFile(filepath.Join(root, processorFolder, path), []byte(content)); err != nil {
			return err
		}
	}
	return nil
}

// mainframe describes processors as the kernel of a z13 does, by file.
func mainframe(processors int) map[string]string {
	all := fmt.Sprintf("0-%d\n", processors-1)
	files := map[string]string{"cpu/online": all, "cpu/possible": all, "cpu/present": all}
	var head, tail strings.Builder
	fmt.Fprintf(&head, "vendor_id       : IBM/S390\n# processors    : %d\nbogomips per cpu: 3033.00\nmax thread id   : 0\n", processors)
	for i := range processors {
		fmt.Fprintf(&head, "processor %d: version = FF,  identification = 0123%02X,  machine = 2964\n", i, i)
		fmt.Fprintf(&tail, "\ncpu number      : %d\ncpu MHz dynamic : 5000\ncpu MHz static  : 5000\n", i)
		folder := fmt.Sprintf("cpu/cpu%d/", i)
		files[folder+"online"] = "1\n"
		for file, value := range map[string]int{"core_id": i, "physical_package_id": 0, "book_id": 0, "drawer_id": 0, "thread_siblings_list": i} {
			files[folder+"topology/"+file] = fmt.Sprintln(value)
		}
	}
	files["cpuinfo"] = head.String() + tail.String()
	return files
}
