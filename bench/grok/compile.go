package main

import (
	"fmt"
	"runtime"
	"time"

	"sluice/internal/grok"
	"sluice/internal/regex"
	"sluice/internal/regex/corpus"
	"sluice/patterns"
)

// measureCompile measures how long the patterns of both sets take to compile, each alone, and how large the usual one is then.
func (b *bench) measureCompile() {
	fmt.Println("\ncompiling every pattern, from its name")
	var total time.Duration
	n := 0
	for _, set := range []string{"ecs", "legacy"} {
		begin := cpuTime()
		lib := patterns.NewLibrary(set == "ecs")
		names := lib.Names()
		slowest, which := time.Duration(0), ""
		for _, name := range names {
			t := cpuTime()
			if err := compile(lib, name); err != nil {
				fmt.Printf("  %s: %v\n", name, err)
				b.failed = true
			}
			if t = cpuTime() - t; t > slowest {
				slowest, which = t, name
			}
		}
		spent := cpuTime() - begin
		total += spent
		n += len(names)
		fmt.Printf("  %-7s %4d patterns in %v, slowest %v (%s)\n", set, len(names), spent.Round(time.Millisecond), slowest.Round(10*time.Microsecond), which)
		if set == "ecs" {
			b.reach("compiling the whole ECS set", spent.Seconds(), 1, " s")
		}
	}
	b.reach("compiling, on average", total.Seconds()*1000/float64(n), 3, " ms")

	const copies = 16
	var programs [copies]*regex.Program
	before := heap()
	for i := range programs {
		p, err := regex.Compile(corpus.Expr("apache"), regex.Options{})
		if err != nil {
			panic("BUG: " + err.Error())
		}
		programs[i] = p
	}
	mb := float64(heap()-before) / copies / 1e6
	runtime.KeepAlive(programs)
	fmt.Printf("  COMBINEDAPACHELOG takes %.3g MB\n", mb)
	b.reach("memory of COMBINEDAPACHELOG", mb, 1, " MB")
}

func compile(lib *patterns.Library, name string) error {
	x, err := lib.Expand("%{"+name+"}", true)
	if err != nil {
		return err
	}
	_, err = grok.Compile(x, 0)
	return err
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
