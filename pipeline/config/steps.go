package config

import (
	"reflect"
	"slices"
	"strconv"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// inputOptions are the options that every input has.
type inputOptions struct {
	ID           string                         `yaml:"id" doc:"The step's name in logs and metrics; by default its place."`
	EnableMetric bool                           `yaml:"enable_metric" doc:"Whether the step has metrics."`
	Type         string                         `yaml:"type" doc:"Sets the field type of events that have none."`
	Tags         []string                       `yaml:"tags" doc:"Tags to add."`
	AddField     plugin.Pairs[[]event.Template] `yaml:"add_field" doc:"Fields to add; an existing one becomes a list."`
}

// filterOptions are the options that every filter has; they apply to the events on which it did its work.
type filterOptions struct {
	ID           string                         `yaml:"id" doc:"The step's name in logs and metrics; by default its place."`
	EnableMetric bool                           `yaml:"enable_metric" doc:"Whether the step has metrics."`
	AddField     plugin.Pairs[[]event.Template] `yaml:"add_field" doc:"Fields to add where the filter did its work; an existing one becomes a list."`
	RemoveField  []event.Template               `yaml:"remove_field" doc:"Fields to remove where the filter did its work."`
	AddTag       []event.Template               `yaml:"add_tag" doc:"Tags to add where the filter did its work."`
	RemoveTag    []event.Template               `yaml:"remove_tag" doc:"Tags to remove where the filter did its work."`
}

// outputOptions are the options that every output has.
type outputOptions struct {
	ID           string          `yaml:"id" doc:"The step's name in logs and metrics; by default its place."`
	EnableMetric bool            `yaml:"enable_metric" doc:"Whether the step has metrics."`
	Policy       string          `yaml:"policy" oneof:"required|best_effort" doc:"Whether an event is done only when this output has it, or is tried once and dropped."`
	Timeout      plugin.Duration `yaml:"timeout" doc:"How long one write of a best_effort output may take."`
}

const (
	nullPlugin        = "null"
	bestEffort        = "best_effort"
	bestEffortTimeout = 5 * time.Second
	maxNesting        = 60 // of conditions; the engine counts them in eight bits, two for each
)

func defaultInputOptions() inputOptions   { return inputOptions{EnableMetric: true} }
func defaultFilterOptions() filterOptions { return filterOptions{EnableMetric: true} }
func defaultOutputOptions() outputOptions {
	return outputOptions{EnableMetric: true, Policy: "required", Timeout: plugin.Duration(bestEffortTimeout)}
}

// assembly puts one pipeline together.
type assembly struct {
	l        *loader
	settings plugin.Settings
	ids      map[string]*node
	p        *plugin.Pipeline
}

// pipeline builds the pipeline of a group of files.
func (l *loader) pipeline(g *group, defaults *node) Pipeline {
	a := &assembly{l: l, ids: map[string]*node{}, settings: l.settings(l.mergeSettings(g, defaults))}
	a.p = &plugin.Pipeline{Settings: a.settings}
	out := Pipeline{Pipeline: a.p}
	var inputs, filters, outputs int
	for _, s := range g.sources {
		out.Files = append(out.Files, s.name)
		lintAll(l, s.root)
		for i, n := range a.section(s, "inputs") {
			a.input(n, place("inputs", i), place("inputs", inputs+i))
		}
		inputs += len(s.root.get("inputs").list())
		steps := a.section(s, "filters")
		a.p.Filters = append(a.p.Filters, a.filters(steps, block{path: "filters", id: "filters", from: filters})...)
		filters += len(steps)
		steps = a.section(s, "outputs")
		a.outputs(steps, block{path: "outputs", id: "outputs", from: outputs}, nil, "")
		outputs += len(steps)
	}
	if !l.broken && !l.o.Partial {
		a.needs(g, "inputs", inputs)
		a.needs(g, "outputs", outputs)
	}
	for _, s := range g.sources {
		out.Tests = append(out.Tests, a.tests(a.section(s, "tests"))...)
	}
	return out
}

func (a *assembly) needs(g *group, what string, n int) {
	if n == 0 {
		a.l.report(g.sources[0].root, "", "pipeline %s has no %s", quote(g.id), what)
	}
}

func place(what string, i int) string { return what + "[" + strconv.Itoa(i) + "]" }

// list returns the items of a list, nil for anything else.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// section returns the items of a list at the top of a file.
func (a *assembly) section(s *source, key string) []*node {
	return a.steps(s.root.get(key), key)
}

// steps returns the items of a list of steps.
func (a *assembly) steps(n *node, path string) []*node {
	switch {
	case n == nil || n.isNull():
		return nil
	case n.kind != listNode:
		if !n.undefined {
			a.l.report(n, path, `found %s, expected a list; begin each item with "- "`, n.kind)
		}
		return nil
	}
	return n.items
}

// block is a list of steps: its place in the file, and the place that ids are made of, which goes on
// counting from file to file.
type block struct {
	path, id string
	from     int
	depth    int
}

func (b block) step(i int) (path, id string) { return place(b.path, i), place(b.id, b.from+i) }

func (b block) branch(i int, key string) block {
	path, id := b.step(i)
	return block{path: path + "." + key, id: id + "." + key, depth: b.depth + 1}
}

// plugin finds the plugin that an item names.
func (a *assembly) plugin(n *node, path string, kind plugin.Kind) (u unit, ok bool) {
	name, at, opts := n.text, n, &node{src: n.src, line: n.line, col: n.col, tag: "!!null"}
	switch {
	case n.undefined:
		return u, false
	case n.isNull() && n.text == nullPlugin: // the name of a plugin, which YAML takes for nothing
	case n.kind == mapNode && len(n.entries) > 1:
		first, second := n.entries[0], n.entries[1]
		a.l.report(second.at, path, `found the keys %s and %s, expected one plugin; indent the options below its name, and begin each step with "- "`,
			quote(first.key), quote(second.key))
		return u, false
	case n.kind == mapNode && len(n.entries) == 1:
		e := n.entries[0]
		name, at, opts = e.key, e.at, e.val
	case n.kind != scalarNode || n.isNull():
		a.l.report(n, path, "found %s, expected a plugin's name", (&decoder{}).found(n))
		return u, false
	}
	spec, known := a.l.o.Set.Get(kind, name)
	if !known {
		a.l.report(at, path, "%s", a.l.unknownPlugin(kind, name))
		return u, false
	}
	u = unit{spec: spec, path: path + "." + name, at: at, opts: []*node{opts}}
	u.unfold()
	if len(u.opts) == 0 {
		a.l.report(opts, u.path, "the list of options is empty")
	}
	return u, len(u.opts) > 0
}

// own returns the options of the framework, decoded into v, and leaves the plugin the rest. An option that the
// plugin has too is the plugin's.
func (a *assembly) own(u *unit, v reflect.Value, shared ...string) {
	names := optionNames(optionsOf(v.Type()))
	if t := reflect.TypeOf(u.spec.Defaults()).Elem(); t.Kind() == reflect.Struct {
		theirs := optionNames(optionsOf(t))
		names = slices.DeleteFunc(names, func(s string) bool { return slices.Contains(theirs, s) && !slices.Contains(shared, s) })
	}
	u.skip = names
	d := &decoder{l: a.l, loc: a.settings.Location}
	for i, n := range u.opts {
		if n.kind != mapNode {
			continue
		}
		mine := *n
		mine.entries = slices.DeleteFunc(slices.Clone(n.entries), func(e entry) bool { return !slices.Contains(names, e.key) })
		d.options(&mine, u.optionPath(i), v, nil)
	}
}

// env is what a step is built with.
func (a *assembly) env(u *unit, id string, metrics bool) plugin.Env {
	var env plugin.Env
	if a.l.o.Env != nil {
		env = a.l.o.Env(a.settings, id, u.spec.Name)
	}
	env.Pipeline, env.ID, env.Location, env.ECS = a.settings.ID, id, a.settings.Location, a.settings.ECS
	env.Dir, env.DataDir = u.at.src.dir, a.settings.DataDir
	if !metrics {
		env.Metrics = nil
	}
	return env
}

// id returns the step's id, which must be its own.
func (a *assembly) id(u *unit, given, byPlace string) string {
	id, at := byPlace+"."+u.spec.Name, u.at
	if u.from > 0 {
		id = place(id, u.from)
	}
	if given != "" {
		id = given
		for _, n := range u.opts {
			if e := n.get("id"); e != nil {
				at = e
			}
		}
	}
	if first := a.ids[id]; first != nil {
		a.l.report(at, u.path+".id", "the id %s is taken by the step in %s:%d", quote(id), first.src.name, first.line)
	} else {
		a.ids[id] = at
	}
	return id
}

func (a *assembly) input(n *node, path, byPlace string) {
	if e := n.entry("if"); e != nil {
		a.l.report(e.at, path, "inputs take no conditions; put the condition around filters or outputs")
		return
	}
	u, ok := a.plugin(n, path, plugin.InputKind)
	if !ok {
		return
	}
	o := defaultInputOptions()
	a.own(&u, reflect.ValueOf(&o).Elem())
	id := a.id(&u, o.ID, byPlace)
	u.env = a.env(&u, id, o.EnableMetric)
	built, _ := a.l.build(u).(*plugin.BuiltInput)
	a.p.Inputs = append(a.p.Inputs, plugin.InputStep{
		ID: id, Plugin: u.spec.Name, Built: built, NoMetrics: !o.EnableMetric,
		Decor: plugin.Decor{Type: o.Type, Tags: o.Tags, AddField: a.addField(&u, o.AddField)},
	})
}

// addField compiles the names of add_field, which are templates too.
func (a *assembly) addField(u *unit, pairs plugin.Pairs[[]event.Template]) []plugin.AddField {
	list := make([]plugin.AddField, 0, len(pairs))
	for _, p := range pairs {
		name, err := event.ParseTemplate(p.Key, a.settings.Location)
		if err != nil {
			n, path := u.field("add_field." + p.Key)
			a.l.report(n, path, "%v", err)
		}
		list = append(list, plugin.AddField{Name: name, Values: p.Value})
	}
	return list
}

func (a *assembly) filters(items []*node, b block) []plugin.FilterStep {
	var steps []plugin.FilterStep
	for i, n := range items {
		path, byPlace := b.step(i)
		if isCondition(n) {
			if step, ok := a.ifFilter(n, b, i); ok {
				steps = append(steps, step)
			}
			continue
		}
		if u, ok := a.plugin(n, path, plugin.FilterKind); ok {
			steps = append(steps, a.filter(u, byPlace)...)
		}
	}
	return steps
}

// filter makes the step of one filter. Where options are a list, items that carry options of the framework
// end a step, so that the written order holds for these too.
func (a *assembly) filter(u unit, byPlace string) []plugin.FilterStep {
	if !u.list {
		return []plugin.FilterStep{a.filterStep(u, byPlace)}
	}
	names := optionNames(optionsOf(reflect.TypeFor[filterOptions]()))
	isOwn := func(e entry) bool { return slices.Contains(names, e.key) }
	var steps []plugin.FilterStep
	from := 0
	for i, n := range u.opts {
		last := i == len(u.opts)-1
		if !last && !slices.ContainsFunc(n.entries, isOwn) {
			continue
		}
		part := u
		part.opts, part.from = u.opts[from:i+1], from
		steps = append(steps, a.filterStep(part, byPlace))
		from = i + 1
	}
	return steps
}

func (a *assembly) filterStep(u unit, byPlace string) plugin.FilterStep {
	o := defaultFilterOptions()
	a.own(&u, reflect.ValueOf(&o).Elem())
	id := a.id(&u, o.ID, byPlace)
	u.env = a.env(&u, id, o.EnableMetric)
	built, _ := a.l.build(u).(*plugin.BuiltFilter)
	return plugin.FilterStep{
		ID: id, Plugin: u.spec.Name, Built: built, NoMetrics: !o.EnableMetric,
		Decor: plugin.Decor{AddField: a.addField(&u, o.AddField), RemoveField: o.RemoveField, AddTag: o.AddTag, RemoveTag: o.RemoveTag},
	}
}

// conditionKeys are the keys of an if block.
func conditionKeys() []string { return []string{"if", "then", "else"} }

func isCondition(n *node) bool {
	return n.kind == mapNode && slices.ContainsFunc(n.entries, func(e entry) bool { return slices.Contains(conditionKeys(), e.key) })
}

// branches is a condition with the steps of its two branches. cond is nil when something is wrong.
type branches struct {
	cond            plugin.Condition
	text            string
	then, otherwise []*node
}

// condition compiles the condition of an if block.
func (a *assembly) condition(n *node, b block, i int) branches {
	path, _ := b.step(i)
	strange := false
	for _, e := range n.entries {
		if !slices.Contains(conditionKeys(), e.key) {
			a.l.report(e.at, path, "found the key %s; a condition has the keys if, then and else%s", quote(e.key), suggest(e.key, conditionKeys()))
			strange = true
		}
	}
	if b.depth >= maxNesting {
		a.l.report(n, path, "conditions are nested deeper than %d", maxNesting)
		return branches{}
	}
	out := branches{then: a.steps(n.get("then"), path+".then"), otherwise: a.steps(n.get("else"), path+".else")}
	cond := n.get("if")
	switch {
	case cond == nil:
		a.l.report(n, path, "found then or else without if")
	case cond.undefined:
	case cond.kind != scalarNode || cond.tag != "!!str":
		a.l.report(cond, path+".if", "found %s, expected a condition; put it in single quotes: if: '[field] == \"text\"'", (&decoder{}).found(cond))
	case out.then == nil && out.otherwise == nil && !strange:
		a.l.report(n, path, "neither then nor else has a step")
	default:
		out.cond, out.text = a.compile(cond, path+".if"), cond.raw
	}
	return out
}

func (a *assembly) compile(n *node, path string) plugin.Condition {
	c, warnings, err := parseCondition(n.text)
	for _, w := range warnings {
		a.l.reportWithin(n, w.off, path, w.text, true)
	}
	if err != nil {
		a.l.reportWithin(n, err.off, path, err.text, false)
		return nil
	}
	return c
}

func (a *assembly) ifFilter(n *node, b block, i int) (plugin.FilterStep, bool) {
	c := a.condition(n, b, i)
	_, byPlace := b.step(i)
	step := plugin.FilterStep{
		ID: byPlace + ".if", Plugin: "if", If: c.cond, Text: c.text,
		Then: a.filters(c.then, b.branch(i, "then")), Else: a.filters(c.otherwise, b.branch(i, "else")),
	}
	return step, c.cond != nil
}

// outputs makes the steps of a list of outputs. cond is what the blocks around it ask for, nil for none.
func (a *assembly) outputs(items []*node, b block, cond plugin.Condition, text string) {
	for i, n := range items {
		path, byPlace := b.step(i)
		if !isCondition(n) {
			if u, ok := a.plugin(n, path, plugin.OutputKind); ok {
				a.output(u, byPlace, cond, text)
			}
			continue
		}
		c := a.condition(n, b, i)
		yes, no := c.cond, plugin.Condition(&notCond{c.cond})
		yesText, noText := c.text, "!("+c.text+")"
		if cond != nil {
			yes, no = &andCond{cond, yes}, &andCond{cond, no}
			yesText, noText = "("+text+") and ("+c.text+")", "("+text+") and "+noText
		}
		a.outputs(c.then, b.branch(i, "then"), yes, yesText)
		a.outputs(c.otherwise, b.branch(i, "else"), no, noText)
	}
}

func (a *assembly) output(u unit, byPlace string, cond plugin.Condition, text string) {
	o := defaultOutputOptions()
	n := u.opts[0]
	policy := n.get("policy")
	best := policy != nil && policy.text == bestEffort
	var shared []string
	if best { // a plugin's own timeout bounds a write of a best-effort output too
		shared = []string{"timeout"}
	}
	a.own(&u, reflect.ValueOf(&o).Elem(), shared...)
	if at := n.entry("timeout"); at != nil && !best && slices.Contains(u.skip, "timeout") {
		a.l.report(at.at, u.path+".timeout", "a timeout needs policy: best_effort; a required output is tried until it succeeds")
	}
	if best && o.Timeout == 0 {
		a.l.report(n.get("timeout"), u.path+".timeout", "found 0, expected a duration above 0")
	}
	id := a.id(&u, o.ID, byPlace)
	u.env = a.env(&u, id, o.EnableMetric)
	built, _ := a.l.build(u).(*plugin.BuiltOutput)
	step := plugin.OutputStep{ID: id, Plugin: u.spec.Name, Built: built, If: cond, Text: text, BestEffort: best, NoMetrics: !o.EnableMetric}
	if best {
		step.Timeout = o.Timeout.D()
	}
	a.p.Outputs = append(a.p.Outputs, step)
}
