package scan

func run(s string, i int, t *Set) int { return loop(s, i, t) }
