// Copyright The ElasticWeb Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/elasticweb/elasticweb-operator/internal/demand"
)

const (
	width, height, below = 960, 360, 30
	// drawnDay of the trace is drawn, with this headroom and start time.
	drawnDay, drawnHeadroom, drawnStart = 3, 20, time.Minute
)

// draw writes a picture of a day: the requests, and the capacity of each.
func draw(t *testing.T, path string, recording trace) error {
	on, s := arrivals(recording), setting{start: drawnStart}
	demanded := make([]float64, len(on.requests))
	for i, requests := range on.requests {
		demanded[i] = requests / step.Seconds()
	}
	lines := []struct {
		label, color string
		values       []float64
	}{
		{"HorizontalPodAutoscaler, 70%", "#d97706", capacityOf(on, s, &numbers{recordHPA(t, on, 70)})},
		{fmt.Sprintf("operator, %d%% headroom", drawnHeadroom), "#2563eb", capacityOf(on, s, newOperator(drawnHeadroom, demand.Auto, s))},
		{"requests per second", "#6b7280", demanded},
	}
	greatest := 0.0
	for _, line := range lines {
		greatest = max(greatest, slices.Max(ofDrawnDay(line.values)))
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="title desc" font-family="sans-serif" font-size="14">`+"\n", width, height+below, width, height+below)
	fmt.Fprintf(&svg, `<title id="title">A day of traffic, and the capacity for it</title>`+"\n")
	fmt.Fprintf(&svg, `<desc id="desc">Day %d of the trace %s, pods that start in %v: what is asked for, and what the pods serve that the operator and a HorizontalPodAutoscaler keep.</desc>`+"\n", drawnDay+1, recording.name, drawnStart)
	fmt.Fprintf(&svg, `<rect width="%d" height="%d" rx="14" fill="#f8fafc" stroke="#94a3b8"/>`+"\n", width, height+below)
	for hour := 6; hour <= 18; hour += 6 {
		fmt.Fprintf(&svg, `<text x="%d" y="%d" fill="#475569" text-anchor="middle">%d:00</text>`+"\n", hour*width/24, height+20, hour)
	}
	for i, line := range lines {
		fmt.Fprintf(&svg, `<path d="%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", polyline(line.values, greatest), line.color)
		fmt.Fprintf(&svg, `<text x="16" y="%d" fill="%s">%s</text>`+"\n", 26+20*i, line.color, line.label)
	}
	svg.WriteString("</svg>\n")
	if err := os.WriteFile(path, []byte(svg.String()), 0o644); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

func capacityOf(on traffic, s setting, decides scaler) (serves []float64) {
	replay(on, s, decides, func(_ time.Duration, _ float64, c *cluster) { serves = append(serves, c.serves()) })
	return serves
}

func ofDrawnDay(values []float64) []float64 {
	perDay := int(day / step)
	return values[drawnDay*perDay : (drawnDay+1)*perDay]
}

// polyline is a line through the means of each two minutes of the drawn day, below the labels.
func polyline(values []float64, greatest float64) string {
	const mean, labels = int(2 * time.Minute / step), 70
	points := slices.Collect(slices.Chunk(ofDrawnDay(values), mean))
	var line strings.Builder
	for i, point := range points {
		sum := 0.0
		for _, value := range point {
			sum += value
		}
		fmt.Fprintf(&line, "L%.0f %.0f", float64(i*width)/float64(len(points)), height-(height-labels)*sum/float64(mean)/greatest)
	}
	return "M" + line.String()[1:]
}
