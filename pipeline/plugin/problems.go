package plugin

import "fmt"

// Problem is one thing that is wrong, or doubtful, with a plugin's options.
type Problem struct {
	Field   string // the option, as a path below the plugin: "match", "match.message[0]"; "" is the plugin itself
	Text    string // cause, and a suggestion after "; "
	At      int    // where in the option's text, in bytes
	Warning bool
}

// Problems collects what is wrong with a configuration, so that one run shows everything. Config turns a
// field into a position in the file. The nil *Problems forgets what it is told.
type Problems struct{ List []Problem }

// Errorf reports that an option is wrong.
func (p *Problems) Errorf(field, format string, args ...any) {
	if p != nil {
		p.List = append(p.List, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
	}
}

// ErrorAt reports that an option's text is wrong at a place in it, in bytes.
func (p *Problems) ErrorAt(field string, at int, text string) {
	if p != nil {
		p.List = append(p.List, Problem{Field: field, At: at, Text: text})
	}
}

// WarnAt is ErrorAt for what works but is doubtful.
func (p *Problems) WarnAt(field string, at int, text string) {
	if p != nil {
		p.List = append(p.List, Problem{Field: field, At: at, Text: text, Warning: true})
	}
}

// Warnf reports that an option works but is doubtful, or differs from Logstash on purpose.
func (p *Problems) Warnf(field, format string, args ...any) {
	if p != nil {
		p.List = append(p.List, Problem{Field: field, Text: fmt.Sprintf(format, args...), Warning: true})
	}
}

// Failed reports whether anything but warnings was reported.
func (p *Problems) Failed() bool {
	if p == nil {
		return false
	}
	for _, x := range p.List {
		if !x.Warning {
			return true
		}
	}
	return false
}
