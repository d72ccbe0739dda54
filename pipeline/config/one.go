package config

import (
	"strings"

	"sluice/pipeline/plugin"
)

// Build builds one plugin of a set from its options as YAML text, "" for none, without variables: for tests of
// plugins. What is set in env is used as it is. The result is nil if one of the problems is more than a
// warning; else it is a *plugin.BuiltInput, BuiltFilter, BuiltOutput or BuiltCodec.
func Build(set *plugin.Set, kind plugin.Kind, name, yaml string, env plugin.Env) (any, []Problem) {
	l := &loader{o: Options{Set: set, LookupEnv: noEnv, Program: "this program"}}
	s := &source{name: name, dir: env.Dir}
	n := &node{src: s, line: 1, col: 1, tag: "!!null"}
	if strings.TrimSpace(yaml) != "" {
		if l.parse(s, []byte(yaml)); s.root != nil {
			n = s.root
		}
	}
	spec, ok := set.Get(kind, name)
	if !ok {
		l.report(n, "", "%s", l.unknownPlugin(kind, name))
	}
	var built any
	if !Failed(l.problems) {
		u := unit{spec: spec, path: name, at: n, opts: []*node{n}, env: env}
		u.unfold()
		built = l.build(u)
	}
	sortProblems(l.problems)
	l.redact.problems(l.problems)
	if Failed(l.problems) {
		return nil, l.problems
	}
	return built, l.problems
}
