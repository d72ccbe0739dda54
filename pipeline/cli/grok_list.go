package cli

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sluice/internal/grok"
	"sluice/patterns"
)

func (a *app) grokListCommand() *cobra.Command {
	f := grokFlags{}
	cmd := &cobra.Command{
		Use:   "list [NAME]",
		Short: "List the named patterns, or show one",
		Long: `List the named patterns of both sets: the one with the classic names of fields, and that of the Elastic Common
Schema (ecs_compatibility: v1). With a name, show its definition in each set, where it stands, and what it captures,
the patterns that it refers to included. Part of a name, written with "*", lists the names that fit.`,
		Example: "  " + a.p.Name + " grok list\n  " + a.p.Name + " grok list 'HTTPD*'\n  " + a.p.Name + " grok list --patterns-dir patterns/ MY_LINE",
		Args: func(_ *cobra.Command, args []string) error {
			return noArgs(nil, args[min(1, len(args)):])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return patterns.NewLibrary(false).Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.grokList(&f, args) },
	}
	cmd.Flags().StringArrayVar(&f.dirs, "patterns-dir", nil, "a file or folder with patterns of your own (may be repeated)")
	cmd.Flags().StringArrayVar(&f.define, "define", nil, "a pattern of your own: NAME=EXPRESSION (may be repeated)")
	return cmd
}

// set is the patterns under one choice of ecs_compatibility.
type set struct {
	name string
	lib  *patterns.Library
}

// sets returns the classic set and that of the Elastic Common Schema, with the user's own patterns in both.
func (f *grokFlags) sets() ([]set, error) {
	var list []set
	for _, name := range []string{"legacy", "ecs"} {
		f.ecs = name == "ecs"
		lib, err := f.newLibrary()
		if err != nil {
			return nil, err
		}
		list = append(list, set{name, lib})
	}
	return list, nil
}

func (a *app) grokList(f *grokFlags, args []string) error {
	sets, err := f.sets()
	if err != nil {
		return err
	}
	if len(args) == 1 && !strings.Contains(args[0], "*") {
		return a.showPattern(sets, args[0])
	}
	var names []string
	for _, s := range sets {
		names = append(names, s.lib.Names()...)
	}
	slices.Sort(names)
	w := tabwriter.NewWriter(a.s.Out, 0, 0, 2, ' ', 0)
	found := false
	for _, name := range slices.Compact(names) {
		if len(args) == 1 && !fitsStars(name, args[0]) {
			continue
		}
		found = true
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, strings.Join(originsOf(sets, name), ", "))
	}
	_ = w.Flush()
	if !found {
		return fmt.Errorf("no pattern's name fits %q", args[0])
	}
	return nil
}

// originsOf says where a pattern stands: once where both sets have the same one.
func originsOf(sets []set, name string) []string {
	var list []string
	for _, s := range sets {
		if d := s.lib.Definition(name); d != nil && !slices.Contains(list, originOf(d)) {
			list = append(list, originOf(d))
		}
	}
	return list
}

func originOf(d *grok.Definition) string {
	if o := d.Origin(); o != "" {
		return o
	}
	return "--define"
}

// showPattern shows the definitions of a name, once where both sets have the same one.
func (a *app) showPattern(sets []set, name string) error {
	var shown []string
	for _, s := range sets {
		d := s.lib.Definition(name)
		if d == nil {
			continue
		}
		x, err := s.lib.Expand("%{"+name+"}", true)
		if err != nil {
			return bad(err)
		}
		var b strings.Builder
		_, _ = fmt.Fprintf(&b, "%s  %s\n  %s\n", name, originOf(d), d.Text)
		for _, c := range capturesOf(x) {
			b.WriteString("  captures " + c + "\n")
		}
		if !slices.Contains(shown, b.String()) {
			shown = append(shown, b.String())
		}
	}
	if len(shown) == 0 {
		return didYouMean(fmt.Errorf("there is no pattern %q", name), name, slices.Concat(sets[0].lib.Names(), sets[1].lib.Names()))
	}
	a.printf("%s", strings.Join(shown, "\n"))
	return nil
}

// capturesOf lists the fields that an expanded expression captures by its references, with their types.
func capturesOf(x *grok.Expanded) []string {
	var list []string
	for _, r := range x.Refs[1:] {
		if r.Group == "" {
			continue
		}
		_, field, _ := strings.Cut(r.Group, ":")
		if field != "" && !slices.Contains(list, field) {
			list = append(list, field)
		}
	}
	return list
}

// fitsStars reports whether a name fits a text in which "*" stands for any text, whatever the case of letters.
func fitsStars(name, stars string) bool {
	parts := strings.Split(strings.ToUpper(stars), "*")
	name, ok := strings.CutPrefix(strings.ToUpper(name), parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		i := strings.Index(name, p)
		if i < 0 {
			return false
		}
		name = name[i+len(p):]
	}
	return strings.HasSuffix(name, parts[last])
}
