// Command oracle asks joni, the regular-expression engine of Logstash, and says where our engine answers otherwise. It also
// writes the golden file, by which tests that have no Java compare the two. oracle.sh calls it.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	joni := flag.String("joni", "", "the command that runs Joni.java")
	ruby := flag.String("ruby", "", "the command that runs mri.rb, to ask where we and joni differ")
	write := flag.Bool("write", false, "write the golden file anew, and compare nothing")
	o := options{out: os.Stdout}
	flag.StringVar(&o.golden, "golden", "internal/regex/testdata/golden.txt.gz", "the golden file")
	flag.StringVar(&o.cases, "cases", "e2e/oracle/cases.txt", "the cases for it that are written by hand")
	flag.IntVar(&o.random, "random", 20000, "random expressions of each mode to compare, with 4 texts each")
	flag.Uint64Var(&o.seed, "seed", 1, "where the random expressions begin")
	flag.IntVar(&o.examples, "examples", 400, "examples of the grok patterns to compare each pattern on")
	flag.IntVar(&o.mutated, "mutated", 30000, "damaged lines of each format to compare")
	flag.IntVar(&o.show, "show", 20, "differences to show of each comparison")
	flag.Parse()
	o.joni, o.ruby = &oracle{*joni}, &oracle{*ruby}
	run := o.compare
	if *write {
		run = o.writeGolden
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	joni, ruby      *oracle
	golden, cases   string
	random, mutated int
	examples        int
	seed            uint64
	show            int
	out             io.Writer
}
