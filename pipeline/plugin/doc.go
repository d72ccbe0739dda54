// Package plugin is the contract between the engine and its plugins: inputs, filters, outputs and codecs,
// how each describes itself (Spec), what it is given when it is built (Env), and the graph of built steps
// that configuration makes and the engine runs.
//
// The life of a plugin has three stages. Its Spec says what it is and which options it has. Build checks
// and compiles a configuration and opens nothing exclusive: no lock, port, file or connection; so a new
// configuration can be built while the old one runs, and `check` builds all that `run` builds. Start takes
// what is exclusive. Filters have no Start: build returns a func that makes one instance per worker.
package plugin
