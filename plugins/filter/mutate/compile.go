package mutate

import (
	"fmt"
	"slices"
	"strings"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// compiler turns a Config into operations in Logstash's order.
type compiler struct {
	env plugin.Env
	ops []op
}

func (c *compiler) add(o op) { c.ops = append(c.ops, o) }

func (c *compiler) compile(cfg *Config) {
	c.texts("coerce", cfg.Coerce, ifNull)
	for _, p := range cfg.Rename {
		c.rename(p.Key, p.Value)
	}
	c.texts("update", cfg.Update, ifThere)
	c.texts("replace", cfg.Replace, always)
	for _, p := range cfg.Convert {
		if path, ok := c.path("convert", p.Key); ok {
			c.convert(path, p.Key, p.Value)
		}
	}
	c.gsub(cfg.Gsub)
	c.change(cfg.Uppercase, upper)
	c.change(cfg.Capitalize, capital)
	c.change(cfg.Lowercase, lower)
	for _, p := range cfg.Strip {
		c.add(&changeOp{p, strip, true})
	}
	for _, p := range cfg.Split {
		if path, ok := c.path("split", p.Key); ok {
			c.add(&splitOp{path, p.Value})
		}
	}
	for _, p := range cfg.Join {
		if path, ok := c.path("join", p.Key); ok {
			c.add(&joinOp{path, p.Value})
		}
	}
	for _, p := range cfg.Merge {
		c.merge(p.Key, p.Value)
	}
	for _, p := range cfg.Copy {
		if path, ok := c.path("copy", p.Key); ok {
			c.add(&copyOp{path, p.Value})
		}
	}
}

// path compiles a field reference that stands as a key of option.
func (c *compiler) path(option, key string) (event.Path, bool) {
	p, err := event.ParsePath(key)
	if err != nil {
		c.env.Problems.Errorf(option+"."+key, "%v", err)
	}
	return p, err == nil
}

func (c *compiler) texts(option string, pairs plugin.Pairs[event.Template], when when) {
	for _, p := range pairs {
		if path, ok := c.path(option, p.Key); ok {
			c.add(&textOp{path, p.Value, when})
		}
	}
}

func (c *compiler) rename(from string, to event.Template) {
	source, err := event.ParseTemplate(from, c.env.Loc())
	if err != nil {
		c.env.Problems.Errorf("rename."+from, "%v", err)
		return
	}
	if !source.IsConst() || !to.IsConst() {
		c.add(&renameTemplateOp{source, to})
		return
	}
	a, okA := c.path("rename", from)
	b, err := event.ParsePath(to.String())
	if err != nil {
		c.env.Problems.Errorf("rename."+from, "%v", err)
	}
	if okA && err == nil {
		c.add(&renameOp{a, b})
	}
}

func (c *compiler) convert(path event.Path, key, to string) {
	i := slices.IndexFunc(conversions, func(v conversion) bool { return v.name == to })
	if i < 0 {
		names := make([]string, len(conversions))
		for i, v := range conversions {
			names[i] = v.name
		}
		hint := ""
		if i := slices.IndexFunc(names, func(name string) bool { return to != "" && strings.HasPrefix(name, to) }); i >= 0 {
			hint = fmt.Sprintf("; did you mean %q?", names[i]) // int, bool, str
		}
		c.env.Problems.Errorf("convert."+key, "unknown type %q; the types are %s%s", to, strings.Join(names, ", "), hint)
		return
	}
	c.add(&convertOp{path, conversions[i].f})
}

func (c *compiler) change(fields []event.Path, f func(string) string) {
	for _, p := range fields {
		c.add(&changeOp{p, f, false})
	}
}

func (c *compiler) merge(into string, from []string) {
	dest, ok := c.path("merge", into)
	for _, name := range from {
		if source, okSource := c.path("merge", name); ok && okSource {
			c.add(&mergeOp{dest, source})
		}
	}
}

// elements in one substitution of gsub: field, expression, replacement.
const gsubElements = 3

func (c *compiler) gsub(list []string) {
	if len(list)%gsubElements != 0 {
		c.env.Problems.Errorf("gsub", "found %d elements; expected triples of field, expression and replacement", len(list))
		return
	}
	for i := 0; i < len(list); i += gsubElements {
		path, err := event.ParsePath(list[i])
		if err != nil {
			c.env.Problems.Errorf(fmt.Sprintf("gsub[%d]", i), "%v", err)
			continue
		}
		g, err := newGsub(path, list[i+1], list[i+2], c.env.Loc())
		if err != nil {
			c.env.Problems.Errorf(fmt.Sprintf("gsub[%d]", i+1), "field %q: %v", list[i], err)
			continue
		}
		c.add(g)
	}
}
