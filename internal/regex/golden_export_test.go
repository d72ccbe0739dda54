package regex

// Without returns the options with executors switched off, for tests that must find no difference.
func Without(o Options, fast, superset bool) Options {
	o.off.fast, o.off.superset = fast, superset
	return o
}
