package grok

// Use is an expression as a filter uses it.
type Use struct {
	Option   string // its place in the filter's options: "match.message[1]"
	Field    string // the field whose text it is tried on
	Expanded *Expanded
	Budget   int64 // as Compile takes it
}
