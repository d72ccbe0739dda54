package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"sluice/internal/regex/regextest"
)

// oracle is an engine behind a command: joni, or Ruby's.
type oracle struct{ command string }

// question is one expression and one text.
type question struct{ expr, subject string }

// kind is what sort of answer it is.
type kind uint8

const (
	matched kind = iota
	noMatch
	refused
	unknown // it took too long, or joni itself failed
)

// answer is what joni says.
type answer struct {
	kind  kind
	caps  []int32
	names []string
	text  string // the answer as it came
}

// ask answers the questions, in their order.
func (o *oracle) ask(questions []question) ([]answer, error) {
	args := strings.Fields(o.command)
	if len(args) == 0 {
		return nil, errors.New("run the oracle: found no -joni, expected the command; use oracle.sh")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("run the oracle: %w", err)
	}
	sent := make(chan error, 1)
	go func() {
		w := bufio.NewWriterSize(in, 1<<16)
		for _, q := range questions {
			w.WriteString(strconv.Quote(q.expr) + "\t" + strconv.Quote(q.subject) + "\n") //nolint:errcheck // Flush tells
		}
		err := w.Flush()
		if e := in.Close(); err == nil {
			err = e
		}
		sent <- err
	}()
	answers := make([]answer, 0, len(questions))
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		a, err := parseAnswer(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%+q: %w", questions[len(answers)], err)
		}
		answers = append(answers, a)
	}
	if err := <-sent; err != nil {
		return nil, fmt.Errorf("talk to the oracle: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("run the oracle: %w", err)
	}
	if len(answers) != len(questions) {
		return nil, fmt.Errorf("found %d answers for %d questions", len(answers), len(questions))
	}
	return answers, nil
}

func parseAnswer(line string) (answer, error) {
	word, rest, _ := strings.Cut(line, " ")
	a := answer{text: line}
	switch word {
	case "match":
		offsets, names, named := strings.Cut(rest, "\t")
		if named {
			a.names = strings.Split(names, "\t")
		}
		var err error
		a.caps, err = regextest.ParseCaps(offsets)
		return a, err
	case "nomatch":
		a.kind = noMatch
	case "error":
		a.kind = refused
	case "timeout", "crash":
		a.kind = unknown
	default:
		return a, fmt.Errorf("found the answer %q", line)
	}
	return a, nil
}
