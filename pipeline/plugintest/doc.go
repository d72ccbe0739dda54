// Package plugintest holds the conformance suite of each kind of plugin, the runner of a plugin's txtar
// cases, and stand-ins for the two ends of a pipeline. For tests only.
//
// A plugin's test calls its suite once with the configurations that matter:
//
//	plugintest.Filter(t, mutate.Plugin(), plugintest.Case{Config: "rename: {a: b}", Fields: []string{"a"}})
//
// and runs its case files:
//
//	plugintest.Files(t, mutate.Plugin(), "testdata/*.txtar")
//
// The suites must not run in parallel with other tests of the package: they count the goroutines and the
// acknowledgements that are left.
package plugintest
