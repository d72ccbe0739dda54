//go:build race

package fast

// Counted says whether machines count their steps: only builds with the race detector, which are for tests, do.
const Counted = counted

const counted = true
