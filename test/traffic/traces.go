// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	// podQPS is what a pod serves on the fast architecture, and peakPods how many of them the peak of a trace takes.
	podQPS   = 100
	peakPods = 50
	// enough counts make a rate: with fewer, what is noise in them would be scaled up to bursts.
	enough = 400
)

//go:embed testdata/*.txt
var recordings embed.FS

// trace is the rate of requests, in requests per second, in steps of the same length.
type trace struct {
	name  string
	width time.Duration
	rates []float64
}

// at is the rate at a time since the beginning.
func (t trace) at(since time.Duration) float64 {
	return t.rates[min(int(since/t.width), len(t.rates)-1)]
}

func (t trace) length() time.Duration { return time.Duration(len(t.rates)) * t.width }

// recorded are the traces of testdata. With raw, counts are scaled as they are.
func recorded(raw bool) ([]trace, error) {
	nasa, err := read(recordings, "testdata/nasa-1995-07-first-week.txt", time.Minute, raw)
	if err != nil {
		return nil, err
	}
	twitter, err := read(recordings, "testdata/twitter-2021-08-four-days.txt", 15*time.Second, raw)
	return []trace{nasa, twitter}, err
}

// read reads a file with the count of each width in a line.
func read(from fs.FS, name string, width time.Duration, raw bool) (trace, error) {
	file, err := from.Open(name)
	if err != nil {
		return trace{}, fmt.Errorf("open a trace: %w", err)
	}
	defer file.Close()
	var counts []float64
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		count, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			return trace{}, fmt.Errorf("read the trace %s: %w", name, err)
		}
		counts = append(counts, count)
	}
	counts = withoutGaps(counts)
	if !raw {
		counts = smooth(counts)
	}
	short, _, _ := strings.Cut(path.Base(name), "-")
	return trace{short, width, scaled(counts)}, nil
}

// withoutGaps puts a line where the recording has a gap: there was traffic then.
func withoutGaps(counts []float64) []float64 {
	filled := append([]float64{}, counts...)
	last := -1
	for i, count := range counts {
		if count == 0 {
			continue
		}
		for j := last + 1; j < i && last >= 0; j++ {
			part := float64(j-last) / float64(i-last)
			filled[j] = counts[last]*(1-part) + count*part
		}
		last = i
	}
	for j := last + 1; j < len(filled); j++ {
		filled[j] = counts[last]
	}
	return filled
}

// smooth is the mean over as many steps before and after as hold enough counts.
func smooth(counts []float64) []float64 {
	rates := make([]float64, len(counts))
	for i := range counts {
		for reach := 0; ; reach++ {
			from, to := max(i-reach, 0), min(i+reach+1, len(counts))
			sum := 0.0
			for _, count := range counts[from:to] {
				sum += count
			}
			rates[i] = sum / float64(to-from)
			if sum >= enough || to-from == len(counts) {
				break
			}
		}
	}
	return rates
}

// scaled makes the greatest rate one that takes peakPods.
func scaled(rates []float64) []float64 {
	greatest := 0.0
	for _, rate := range rates {
		greatest = max(greatest, rate)
	}
	for i := range rates {
		rates[i] *= peakPods * podQPS / greatest
	}
	return rates
}
