// Package config reads pipelines from YAML: it loads files and folders, replaces ${VARIABLES}, compiles
// conditions, decodes each plugin's options into its Config struct and builds it. Everything that is wrong
// is reported in one run, each problem with its file, line and column.
//
// The way of a file: bytes -> yaml.v3 nodes -> a tree of our own (aliases and variables resolved, duplicate
// keys refused) -> structs. Only tree.go and syntax.go know the YAML library.
package config
