package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// kinds in the order in which they are shown.
func kinds() []plugin.Kind {
	return []plugin.Kind{plugin.InputKind, plugin.CodecKind, plugin.FilterKind, plugin.OutputKind}
}

func (a *app) pluginsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "plugins [[KIND/]NAME]",
		Short: "List the plugins, or explain the options of one",
		Long: "List the plugins of this program by kind. With a name, explain the options of each plugin of that name;\n" +
			"KIND/NAME (filter/grok) means just one.",
		Example: "  " + a.p.Name + " plugins\n  " + a.p.Name + " plugins file\n  " + a.p.Name + " plugins output/file",
		Args: func(cmd *cobra.Command, args []string) error {
			return noArgs(cmd, args[min(1, len(args)):])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.pluginNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				a.listPlugins()
				return nil
			}
			return a.explainPlugins(args[0])
		},
	}
}

func (a *app) sortedNames(k plugin.Kind) []string {
	names := a.p.Plugins.Names(k)
	slices.Sort(names)
	return names
}

// pluginNames lists the names of all kinds, each once.
func (a *app) pluginNames() []string {
	names := map[string]bool{}
	for _, k := range kinds() {
		for _, n := range a.p.Plugins.Names(k) {
			names[n] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (a *app) listPlugins() {
	w := tabwriter.NewWriter(a.s.Out, 0, 0, 2, ' ', 0)
	for _, k := range kinds() {
		_, _ = fmt.Fprintf(w, "%ss\n", k)
		for _, n := range a.sortedNames(k) {
			spec, _ := a.p.Plugins.Get(k, n)
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", n, spec.Summary)
		}
	}
	_ = w.Flush()
}

func (a *app) explainPlugins(name string) error {
	kind, short, qualified := strings.Cut(name, "/")
	if !qualified {
		kind, short = "", name
	}
	found := false
	for _, k := range kinds() {
		if kind != "" && kind != string(k) {
			continue
		}
		if spec, ok := a.p.Plugins.Get(k, short); ok {
			if found {
				a.printf("\n")
			}
			found = true
			a.explainPlugin(spec)
		}
	}
	if !found {
		return didYouMean(fmt.Errorf("there is no plugin %q in %s", name, a.p.Name), short, a.pluginNames())
	}
	return nil
}

func (a *app) explainPlugin(spec plugin.Spec) {
	a.printf("%s %s: %s\n", spec.Kind, spec.Name, spec.Summary)
	own := config.PluginOptions(spec)
	if len(own) == 0 {
		a.printf("\nThere are no options of its own.\n")
	}
	a.printOptions(own)
	if shared := config.FrameworkOptions(spec.Kind); len(shared) > 0 {
		a.printf("\nOptions of every %s\n", spec.Kind)
		a.printOptions(shared)
	}
}

func (a *app) printOptions(options []config.Option) {
	for _, o := range options {
		facts := []string{o.Type}
		if o.Required {
			facts = append(facts, "required")
		}
		if o.Default != "" {
			facts = append(facts, "default "+o.Default)
		}
		a.printf("\n  %s (%s)\n", o.Name, strings.Join(facts, ", "))
		doc := o.Doc
		if o.Enum != nil {
			doc = strings.TrimSpace(doc + " One of " + strings.Join(o.Enum, ", ") + ".")
		}
		for _, line := range wrap(doc) {
			a.printf("      %s\n", line)
		}
	}
}

// wrap breaks text into lines.
func wrap(text string) []string {
	const width = 90
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Long: "Print the JSON Schema of a configuration file. An editor with YAML support completes, explains and\n" +
			"validates by it: save it, and begin the configuration with\n\n" +
			"  # yaml-language-server: $schema=" + a.p.Name + ".schema.json",
		Example: "  " + a.p.Name + " schema > " + a.p.Name + ".schema.json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if _, err := a.s.Out.Write(config.Schema(a.p.Plugins)); err != nil {
				return failed(errors.Join(errors.New("write schema"), err))
			}
			return nil
		},
	}
}
