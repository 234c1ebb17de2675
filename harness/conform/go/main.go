// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Conform runs programs with Go's own channels, locks, contexts and timers, many times each, and
// prints every outcome with its count.
//
//	conform FILE         the programs in FILE; "program N", then lines of count, blank, outcome
//	conform -text NAME   the least program that makes Go say one of its texts (texts.go)
//
// A fatal error of Go's ends the process, and goroutines that are stuck stay stuck: so programs run
// in child processes, which a parent starts anew where the last one ended.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// stuckMax is how many stuck goroutines a child collects before it asks for a successor.
const stuckMax = 400

func main() {
	log.SetFlags(0)
	log.SetPrefix("conform: ")
	switch {
	case len(os.Args) == 3 && os.Args[1] == "-text":
		texts[os.Args[2]]()
	case len(os.Args) == 5 && os.Args[1] == "-child":
		child(os.Args[2], number(os.Args[3]), number(os.Args[4]))
	case len(os.Args) == 2:
		parent(os.Args[1])
	default:
		log.Fatal("usage: conform FILE, or conform -text NAME")
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

// child runs the programs from the given run of the given one on and prints an outcome a line.
func child(file string, first, run int) {
	out := bufio.NewWriter(os.Stdout)
	for _, p := range read(file)[first:] {
		for ; run < p.runs; run++ {
			outcome, stuck := p.play(p.firstRun + run)
			fmt.Fprintln(out, outcome)
			// What comes next may end the process.
			out.Flush()
			if stuck > stuckMax {
				return
			}
		}
		run = 0
	}
}

type counts struct {
	order []string
	of    map[string]int
}

func (c *counts) add(outcome string) {
	if c.of == nil {
		c.of = map[string]int{}
	}
	if c.of[outcome] == 0 {
		c.order = append(c.order, outcome)
	}
	c.of[outcome]++
}

func parent(file string) {
	programs := read(file)
	all := make([]counts, len(programs))
	at, run := 0, 0
	count := func(outcome string) {
		all[at].add(outcome)
		if run++; run == programs[at].runs {
			at, run = at+1, 0
		}
	}
	for at < len(programs) {
		fatal := children(file, at, run, count)
		if fatal != "" {
			count("fatal error: " + fatal)
		}
	}
	out := bufio.NewWriter(os.Stdout)
	for i, c := range all {
		fmt.Fprintf(out, "program %d\n", programs[i].number)
		for _, outcome := range c.order {
			fmt.Fprintf(out, "%d %s\n", c.of[outcome], outcome)
		}
	}
	out.Flush()
}

// children starts one child; returns the fatal error that ended it, or "".
func children(file string, at, run int, count func(string)) string {
	cmd := exec.Command(os.Args[0], "-child", file, strconv.Itoa(at), strconv.Itoa(run))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		log.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		count(lines.Text())
	}
	if cmd.Wait() == nil {
		return ""
	}
	line, _, _ := strings.Cut(stderr.String(), "\n")
	text := strings.TrimPrefix(line, "fatal error: ")
	if text == line {
		log.Fatalf("a child ended in an unexpected way: %s", stderr.String())
	}
	return text
}
