//go:build race

package regex_test

// goldenShare is one in how many expressions of the golden file is tried: with the race detector all take half a minute.
const goldenShare = 8
