//go:build !race

package regex_test

// goldenShare is one in how many expressions of the golden file is tried.
const goldenShare = 1
