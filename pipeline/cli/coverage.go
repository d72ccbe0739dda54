package cli

import (
	"fmt"
	"strconv"

	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// coverage remembers which branches, outputs and alternatives of a pipeline the cases took.
type coverage struct {
	p        *config.Pipeline
	then     map[string]bool
	els      map[string]bool
	outputs  map[int]bool
	patterns map[string]bool // step and option -> used
	texts    map[string]string
	order    []string
}

func newCoverage(p *config.Pipeline) *coverage {
	return &coverage{
		p: p, then: map[string]bool{}, els: map[string]bool{}, outputs: map[int]bool{},
		patterns: map[string]bool{}, texts: map[string]string{},
	}
}

func (c *coverage) branch(step string, then, otherwise bool) {
	c.then[step] = c.then[step] || then
	c.els[step] = c.els[step] || otherwise
}

func (c *coverage) output(i int) { c.outputs[i] = true }

func (c *coverage) alternative(step, option, text string, used bool) {
	key := step + "." + option
	if _, seen := c.texts[key]; !seen {
		c.order = append(c.order, key)
		c.texts[key] = text
	}
	c.patterns[key] = c.patterns[key] || used
}

// missing lists what no case took, in the order of the configuration.
func (c *coverage) missing() []string {
	list := c.branches(nil, c.p.Filters)
	for _, key := range c.order {
		if !c.patterns[key] {
			list = append(list, fmt.Sprintf("%s: no line matched %s", key, shorten(c.texts[key])))
		}
	}
	for i := range c.p.Outputs {
		if o := &c.p.Outputs[i]; o.If != nil && !c.outputs[i] {
			list = append(list, fmt.Sprintf("%s: no event met %s", o.ID, shorten(o.Text)))
		}
	}
	return list
}

func (c *coverage) branches(list []string, steps []plugin.FilterStep) []string {
	for i := range steps {
		s := &steps[i]
		if s.If == nil {
			continue
		}
		if !c.then[s.ID] {
			list = append(list, fmt.Sprintf("%s: no event met %s", s.ID, shorten(s.Text)))
		}
		if len(s.Else) > 0 && !c.els[s.ID] {
			list = append(list, fmt.Sprintf("%s: no event went to the else of %s", s.ID, shorten(s.Text)))
		}
		list = c.branches(list, s.Then)
		list = c.branches(list, s.Else)
	}
	return list
}

// shorten quotes text of the configuration for a message.
func shorten(s string) string {
	const most = 128
	if len(s) > most {
		return strconv.Quote(s[:most]) + "..."
	}
	return strconv.Quote(s)
}
