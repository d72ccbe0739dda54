package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"sluice/internal/regex/corpus"
	"sluice/internal/regex/regextest"
)

// How much of each kind the golden file has.
const (
	goldenAll, goldenFast, goldenRegular = 4200, 2200, 800 // expressions, with 4 texts each
	goldenLines                          = 40              // lines of each kind and format, and as many damaged ones three times
)

// writeGolden asks joni all cases and writes the golden file. What joni cannot answer is left out.
func (o *options) writeGolden() error {
	cases, err := o.goldenCases()
	if err != nil {
		return err
	}
	var questions []question
	for _, c := range cases {
		for _, s := range c.Subjects {
			questions = append(questions, question{c.Expr, s})
		}
	}
	answers, err := o.joni.ask(questions)
	if err != nil {
		return err
	}
	f, err := os.Create(o.golden)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(z)
	written, at := 0, 0
	fmt.Fprintln(w, "# Expressions and texts of ours, and what joni makes of them; written by e2e/oracle/oracle.sh -write.") //nolint:errcheck // Flush tells
	for _, c := range cases {
		g := golden(c, answers[at:at+len(c.Subjects)])
		at += len(c.Subjects)
		if g.Refused || len(g.Cases) > 0 {
			written += max(1, len(g.Cases))
			g.Write(w) //nolint:errcheck // Flush tells
		}
	}
	for _, step := range []func() error{w.Flush, z.Close, f.Close} {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Fprintf(o.out, "%s: %d cases\n", o.golden, written) //nolint:errcheck // it is a report
	return nil
}

// golden is a case with its answers.
func golden(c regextest.Case, answers []answer) regextest.Golden {
	g := regextest.Golden{Expr: c.Expr}
	for i, a := range answers {
		switch a.kind {
		case refused:
			g.Refused = true
			return g
		case matched:
			g.Names = a.names
			g.Cases = append(g.Cases, regextest.GoldenCase{Subject: c.Subjects[i], Caps: a.caps})
		case noMatch:
			g.Cases = append(g.Cases, regextest.GoldenCase{Subject: c.Subjects[i]})
		}
	}
	return g
}

// goldenCases are those written by hand, random ones, and lines of the six formats.
func (o *options) goldenCases() ([]regextest.Case, error) {
	f, err := os.Open(o.cases)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	cases, err := readCases(f)
	if err != nil {
		return nil, err
	}
	for mode, n := range []int{goldenAll, goldenFast, goldenRegular} {
		g := regextest.Seeded(uint64(1000+mode), regextest.Options{Mode: regextest.Mode(mode)})
		for range n {
			if c := g.Next(); len(c.Expr) > 0 {
				cases = append(cases, c)
			}
		}
	}
	for _, f := range corpus.Formats() {
		c := regextest.Case{Expr: corpus.Expr(f.Name)}
		for _, k := range corpus.Kinds() {
			c.Subjects = append(c.Subjects, corpus.Lines(f.Name, k, goldenLines)...)
		}
		c.Subjects = append(c.Subjects, corpus.Mutated(f.Name, 3*goldenLines)...)
		cases = append(cases, c)
	}
	return cases, nil
}

// readCases reads cases written by hand: a block of lines "> EXPR" and lines "< TEXT", and each expression of a block is tried on each
// text. What is in double quotes is quoted as Go does. A line with # is a comment, an empty one ends the block.
func readCases(r io.Reader) ([]regextest.Case, error) {
	var cases []regextest.Case
	var exprs, subjects []string
	end := func() {
		for _, e := range exprs {
			cases = append(cases, regextest.Case{Expr: e, Subjects: subjects})
		}
		exprs, subjects = nil, nil
	}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		if line == "" {
			end()
			continue
		}
		text := strings.TrimPrefix(line[1:], " ")
		if strings.HasPrefix(text, `"`) {
			var err error
			if text, err = strconv.Unquote(text); err != nil {
				return nil, fmt.Errorf("cases, line %d: %w", n, err)
			}
		}
		switch line[0] {
		case '>':
			exprs = append(exprs, text)
		case '<':
			subjects = append(subjects, text)
		case '#':
		default:
			return nil, fmt.Errorf("cases, line %d: found %q, expected >, < or #", n, line)
		}
	}
	end()
	return cases, s.Err()
}
