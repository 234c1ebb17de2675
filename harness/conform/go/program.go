// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"bufio"
	"log"
	"os"
	"strings"
	"time"
)

type selectCase struct {
	ch    int
	sends bool
}

type op struct {
	name       string
	id, object int
	block      int
	cases      []selectCase
}

type block struct {
	goroutine bool
	ops       []op
}

type contextMade struct{ parent, units int }
type timerMade struct{ units, block int }

// program is a description as program.h has it.
type program struct {
	number         int
	firstRun, runs int
	unit           time.Duration
	ladder         bool
	chans          []int
	mutexes        int
	rwmutexes      int
	waitgroups     []int
	onces, conds   int
	contexts       []contextMade
	timers         []timerMade
	blocks         []block
}

func (p *program) line(name string, n []int) {
	switch name {
	case "chan":
		p.chans = append(p.chans, n[0])
	case "locks":
		p.mutexes, p.rwmutexes = n[0], n[1]
	case "waitgroup":
		p.waitgroups = append(p.waitgroups, n[0])
	case "onces":
		p.onces = n[0]
	case "conds":
		p.conds = n[0]
	case "context":
		p.contexts = append(p.contexts, contextMade{n[0], n[1]})
	case "timer":
		p.timers = append(p.timers, timerMade{n[0], n[1]})
	case "block":
		p.blocks = append(p.blocks, block{goroutine: n[0] != 0})
	case "end":
	default:
		log.Fatalf("unknown line %q", name)
	}
}

func (b *block) line(name string, n []int) {
	o := op{name: name, id: n[0], object: n[1], block: n[2]}
	for c := 3; c < len(n); c += 2 {
		o.cases = append(o.cases, selectCase{n[c], n[c+1] != 0})
	}
	b.ops = append(b.ops, o)
}

func read(name string) []*program {
	file, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	var programs []*program
	var p *program
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		isOp := words[0] == "op"
		if isOp {
			words = words[1:]
		}
		var n []int
		for _, w := range words[1:] {
			n = append(n, number(w))
		}
		switch {
		case isOp:
			p.blocks[len(p.blocks)-1].line(words[0], n)
		case words[0] == "program":
			unit := time.Duration(n[3]) * time.Microsecond
			p = &program{number: n[0], firstRun: n[1], runs: n[2], unit: unit, ladder: n[4] != 0}
			programs = append(programs, p)
		default:
			p.line(words[0], n)
		}
	}
	return programs
}
