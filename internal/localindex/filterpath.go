package localindex

import (
	"strings"

	"sluice/internal/json"
)

// filter returns what filter_path leaves of a reply: names separated by dots, * within one level and ** over
// any number, a leading minus to take away. https://www.elastic.co/guide/en/elasticsearch/reference/8.19/common-options.html
func filter(n node, paths string) node {
	var keep, drop [][]string
	for p := range strings.SplitSeq(paths, ",") {
		for strings.Contains(p, "**.**") { // the same, and dear
			p = strings.ReplaceAll(p, "**.**", "**")
		}
		if rest, minus := strings.CutPrefix(p, "-"); minus {
			drop = append(drop, strings.Split(rest, "."))
		} else if p != "" {
			keep = append(keep, strings.Split(p, "."))
		}
	}
	if len(keep) > 0 {
		n, _ = keepPaths(n, keep)
		if n.kind != json.Object {
			n = *object()
		}
	}
	if len(drop) > 0 {
		n = dropPaths(n, drop)
	}
	return n
}

// step returns what is left of the patterns below name, and whether one ends at it.
func step(patterns [][]string, name string) (below [][]string, ends bool) {
	for _, p := range patterns {
		switch {
		case p[0] == "**":
			below = append(below, p)
			if len(p) > 1 {
				b, e := step([][]string{p[1:]}, name)
				below, ends = append(below, b...), ends || e
			} else {
				ends = true
			}
		case fits(p[0], name):
			if len(p) == 1 {
				ends = true
			} else {
				below = append(below, p[1:])
			}
		}
	}
	return below, ends
}

// keepPaths returns what the patterns name of n and whether that is anything.
func keepPaths(n node, patterns [][]string) (node, bool) {
	out := node{kind: n.kind}
	switch n.kind {
	case json.Object:
		for _, f := range n.fields {
			below, ends := step(patterns, f.name)
			if ends {
				out.fields = append(out.fields, f)
			} else if len(below) > 0 {
				if v, ok := keepPaths(f.value, below); ok {
					out.fields = append(out.fields, member{f.name, v})
				}
			}
		}
		return out, len(out.fields) > 0
	case json.Array:
		for _, item := range n.items {
			if v, ok := keepPaths(item, patterns); ok {
				out.items = append(out.items, v)
			}
		}
		return out, len(out.items) > 0
	default:
		return out, false
	}
}

func dropPaths(n node, patterns [][]string) node {
	out := node{kind: n.kind}
	switch n.kind {
	case json.Object:
		for _, f := range n.fields {
			below, ends := step(patterns, f.name)
			if !ends {
				out.fields = append(out.fields, member{f.name, dropPaths(f.value, below)})
			}
		}
	case json.Array:
		for _, item := range n.items {
			out.items = append(out.items, dropPaths(item, patterns))
		}
	default:
		return n
	}
	return out
}
