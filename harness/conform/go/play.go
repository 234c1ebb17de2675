// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	atStart = 0
	atEnd   = 255

	chanOfContext = 10
	chanOfTimer   = 20
)

// record is what one goroutine, known by the number of its block, has seen and where it is. Only
// its goroutine writes it; at is stored last, so that who loads it may read the rest.
type record struct {
	at   atomic.Int32
	seen []string
	luck *rand.Rand
	pace time.Duration // some goroutines are slower than others
}

// world is one run of a program.
type world struct {
	p        *program
	chans    []chan int64
	mutexes  []sync.Mutex
	rwmutex  []sync.RWMutex
	wgs      []sync.WaitGroup
	onces    []sync.Once
	conds    []*sync.Cond
	contexts []context.Context
	cancels  []context.CancelFunc
	timers   []*time.Timer
	made     chan struct{} // closed when all objects are
	records  []record
	luck     *rand.Rand
	slot     time.Duration // injected delays are multiples of it; 0: none
	started  atomic.Int32  // goroutines, also those that a timer starts
	ended    atomic.Int32
	panicked atomic.Pointer[string] // text of the first panic that nobody recovered
	armed    time.Duration          // how long the root took to arm all timers
}

// frame is a block that runs, for the goroutine of a record.
type frame struct {
	w *world
	r *record
}

func (f frame) see(format string, values ...any) {
	f.r.seen = append(f.r.seen, fmt.Sprintf(format, values...))
}

// delay gives the others a random chance, with no operation that they could see. A panic has ended
// the program for all.
func (f frame) delay() {
	if f.w.panicked.Load() != nil {
		select {}
	}
	slots := f.r.luck.Intn(8)
	switch {
	case f.w.slot == 0 || slots == 0:
	case slots == 1:
		runtime.Gosched()
	default:
		pause := time.Duration(slots) * f.w.slot * f.r.pace
		for until := time.Now().Add(pause); time.Now().Before(until); {
			runtime.Gosched()
		}
	}
}

// run executes the operations of a block as the body of one function: what it defers is called when
// they are over.
func (f frame) run(number int) {
	for i := range f.w.p.blocks[number].ops {
		o := &f.w.p.blocks[number].ops[i]
		f.delay()
		f.r.at.Store(int32(o.id))
		if o.name == "defer" {
			defer f.run(o.block)
			continue
		}
		operations[o.name](f, o)
	}
}

// ---- Channels

// send and receive have the type of their channel: values of programs, of contexts, of timers.

func (f frame) receive(number int) {
	switch {
	case number >= chanOfTimer:
		<-f.w.timers[number-chanOfTimer].C
		f.see("tick")
	case number >= chanOfContext:
		<-f.w.contexts[number-chanOfContext].Done()
		f.see("closed")
	default:
		v, ok := <-f.w.chans[number]
		f.seeReceived(v, ok)
	}
}

func (f frame) seeReceived(v int64, ok bool) {
	if ok {
		f.see("%d", v)
	} else {
		f.see("closed")
	}
}

// place is one case of a select: its channel where it belongs, nil (never ready) elsewhere.
type place struct {
	send, recv chan int64
	done       <-chan struct{}
	tick       <-chan time.Time
}

func (f frame) place(o *op, i int) (c place) {
	if i >= len(o.cases) {
		return
	}
	switch number := o.cases[i].ch; {
	case number >= chanOfTimer:
		c.tick = f.w.timers[number-chanOfTimer].C
	case number >= chanOfContext:
		c.done = f.w.contexts[number-chanOfContext].Done()
	case o.cases[i].sends:
		c.send = f.w.chans[number]
	default:
		c.recv = f.w.chans[number]
	}
	return
}

func (f frame) seeCase(i int, what string) {
	f.see("case%d", i)
	if what != "" {
		f.see("%s", what)
	}
}

// selectCases is a select statement of Go's, with room for every kind of case at every index.
func (f frame) selectCases(o *op) {
	v := int64(o.id)
	a, b, c := f.place(o, 0), f.place(o, 1), f.place(o, 2)
	if len(o.cases) == 0 && o.name == "select" {
		select {}
	}
	var got int64
	var ok bool
	i, received := 0, false
	what := ""
	if o.name == "select" {
		select {
		case a.send <- v:
		case got, ok = <-a.recv:
			received = true
		case <-a.done:
			what = "closed"
		case <-a.tick:
			what = "tick"
		case b.send <- v:
			i = 1
		case got, ok = <-b.recv:
			i, received = 1, true
		case <-b.done:
			i, what = 1, "closed"
		case <-b.tick:
			i, what = 1, "tick"
		case c.send <- v:
			i = 2
		case got, ok = <-c.recv:
			i, received = 2, true
		case <-c.done:
			i, what = 2, "closed"
		case <-c.tick:
			i, what = 2, "tick"
		}
	} else {
		select {
		case a.send <- v:
		case got, ok = <-a.recv:
			received = true
		case <-a.done:
			what = "closed"
		case <-a.tick:
			what = "tick"
		case b.send <- v:
			i = 1
		case got, ok = <-b.recv:
			i, received = 1, true
		case <-b.done:
			i, what = 1, "closed"
		case <-b.tick:
			i, what = 1, "tick"
		case c.send <- v:
			i = 2
		case got, ok = <-c.recv:
			i, received = 2, true
		case <-c.done:
			i, what = 2, "closed"
		case <-c.tick:
			i, what = 2, "tick"
		default:
			i = len(o.cases)
		}
	}
	f.seeCase(i, what)
	if received {
		f.seeReceived(got, ok)
	}
}

// ---- All operations

func (f frame) try(o *op, locked bool) {
	f.see("%t", locked)
	if locked {
		f.run(o.block)
	}
}

// text is what Go prints behind "panic: ".
func text(recovered any) string {
	if own, is := recovered.(ownPanic); is {
		return strconv.Itoa(int(own))
	}
	return fmt.Sprint(recovered)
}

type ownPanic int

func (f frame) protect(o *op) {
	defer func() {
		if r := recover(); r != nil {
			f.see("panic:%s", text(r))
		}
	}()
	f.run(o.block)
	f.see("no-panic")
}

func errText(err error) string {
	switch err {
	case nil:
		return "nil"
	case context.Canceled:
		return "canceled"
	default:
		return "exceeded"
	}
}

var operations map[string]func(f frame, o *op)

func init() {
	operations = map[string]func(f frame, o *op){
		"go":            func(f frame, o *op) { f.w.start(o.block) },
		"send":          func(f frame, o *op) { f.w.chans[o.object] <- int64(o.id) },
		"recv":          func(f frame, o *op) { f.receive(o.object) },
		"close":         func(f frame, o *op) { close(f.w.chans[o.object]) },
		"len":           func(f frame, o *op) { f.see("len%d", len(f.w.chans[o.object])) },
		"select":        frame.selectCases,
		"selectdefault": frame.selectCases,
		"lock":          func(f frame, o *op) { f.w.mutexes[o.object].Lock() },
		"trylock":       func(f frame, o *op) { f.try(o, f.w.mutexes[o.object].TryLock()) },
		"unlock":        func(f frame, o *op) { f.w.mutexes[o.object].Unlock() },
		"rlock":         func(f frame, o *op) { f.w.rwmutex[o.object].RLock() },
		"tryrlock":      func(f frame, o *op) { f.try(o, f.w.rwmutex[o.object].TryRLock()) },
		"runlock":       func(f frame, o *op) { f.w.rwmutex[o.object].RUnlock() },
		"wlock":         func(f frame, o *op) { f.w.rwmutex[o.object].Lock() },
		"trywlock":      func(f frame, o *op) { f.try(o, f.w.rwmutex[o.object].TryLock()) },
		"wunlock":       func(f frame, o *op) { f.w.rwmutex[o.object].Unlock() },
		"add":           func(f frame, o *op) { f.w.wgs[o.object].Add(1) },
		"done":          func(f frame, o *op) { f.w.wgs[o.object].Done() },
		"wait":          func(f frame, o *op) { f.w.wgs[o.object].Wait() },
		"once":          func(f frame, o *op) { f.w.onces[o.object].Do(func() { f.run(o.block) }) },
		"condwait":      func(f frame, o *op) { f.w.conds[o.object].Wait() },
		"signal":        func(f frame, o *op) { f.w.conds[o.object].Signal() },
		"broadcast":     func(f frame, o *op) { f.w.conds[o.object].Broadcast() },
		"cancel":        func(f frame, o *op) { f.w.cancels[o.object]() },
		"err":           func(f frame, o *op) { f.see("%s", errText(f.w.contexts[o.object].Err())) },
		"stop":          func(f frame, o *op) { f.see("%t", f.w.timers[o.object].Stop()) },
		"reset":         func(f frame, o *op) { f.see("%t", f.w.timers[o.object].Reset(f.w.p.unit)) },
		"sleep":         func(f frame, o *op) { time.Sleep(f.w.p.unit) },
		"protect":       frame.protect,
		"panic":         func(f frame, o *op) { panic(ownPanic(o.id)) },
		"goexit":        func(f frame, o *op) { runtime.Goexit() },
	}
}

// ---- Goroutines

func (w *world) start(number int) {
	w.started.Add(1)
	go w.goroutine(number)
}

// goroutine is the body of one. A panic that leaves it would end the process: that is all there is
// to say of this run, so its text is kept and the process with it.
func (w *world) goroutine(number int) {
	f := frame{w, &w.records[number]}
	defer func() {
		if r := recover(); r != nil {
			s := text(r)
			w.panicked.CompareAndSwap(nil, &s)
		}
		f.r.at.Store(atEnd)
		w.ended.Add(1)
	}()
	if number == 0 {
		w.prepare()
	}
	f.run(number)
}

func (w *world) prepare() {
	before := time.Now()
	for i, add := range w.p.waitgroups {
		w.wgs[i].Add(add)
	}
	for i, c := range w.p.contexts {
		parent := context.Background()
		if c.parent >= 0 {
			parent = w.contexts[c.parent]
		}
		if c.units >= 0 {
			w.contexts[i], w.cancels[i] =
				context.WithTimeout(parent, time.Duration(c.units)*w.p.unit)
		} else {
			w.contexts[i], w.cancels[i] = context.WithCancel(parent)
		}
	}
	for i, t := range w.p.timers {
		duration := time.Duration(t.units) * w.p.unit
		if number := t.block; number != 0 {
			w.timers[i] = time.AfterFunc(duration, func() {
				w.started.Add(1)
				<-w.made
				w.goroutine(number)
			})
		} else {
			w.timers[i] = time.NewTimer(duration)
		}
	}
	close(w.made)
	w.armed = time.Since(before)
}

func newWorld(p *program, luck *rand.Rand) *world {
	w := &world{
		p:        p,
		chans:    make([]chan int64, len(p.chans)),
		mutexes:  make([]sync.Mutex, p.mutexes),
		rwmutex:  make([]sync.RWMutex, p.rwmutexes),
		wgs:      make([]sync.WaitGroup, len(p.waitgroups)),
		onces:    make([]sync.Once, p.onces),
		conds:    make([]*sync.Cond, p.conds),
		contexts: make([]context.Context, len(p.contexts)),
		cancels:  make([]context.CancelFunc, len(p.contexts)),
		timers:   make([]*time.Timer, len(p.timers)),
		made:     make(chan struct{}),
		records:  make([]record, len(p.blocks)),
		luck:     luck,
	}
	for i, capacity := range p.chans {
		if capacity >= 0 {
			w.chans[i] = make(chan int64, capacity)
		}
	}
	for i := range w.conds {
		w.conds[i] = sync.NewCond(&w.mutexes[i])
	}
	for i := range w.records {
		w.records[i].luck = rand.New(rand.NewSource(luck.Int63()))
		w.records[i].pace = []time.Duration{0, 1, 1, 4}[luck.Intn(4)]
	}
	return w
}

// ---- The end of a run

// stuck are goroutines of earlier runs that will never go on, by number.
var stuck = map[int]bool{}

var stackBuffer = make([]byte, 1<<22)

// waits are the states of goroutines that only another one, or a timer, can end. Others end by
// themselves, also some that are not running: those that wait for the garbage collector.
var waits = map[string]bool{
	"chan receive":            true,
	"chan receive (nil chan)": true,
	"chan send":               true,
	"chan send (nil chan)":    true,
	"select":                  true,
	"select (no cases)":       true,
	"semacquire":              true,
	"sync.Cond.Wait":          true,
	"sync.Mutex.Lock":         true,
	"sync.RWMutex.Lock":       true,
	"sync.RWMutex.RLock":      true,
	"sync.WaitGroup.Wait":     true,
}

// blocked says whether nobody but the caller can go on by himself: every goroutine waits for
// another one. Exact, as the stacks are those of one moment at which the world is stopped. What a
// timer could still do is not seen.
func blocked() (now []int, all bool) {
	stacks := stackBuffer[:runtime.Stack(stackBuffer, true)]
	for i, stack := range bytes.Split(stacks, []byte("\n\n")) {
		var number int
		head, _, _ := bytes.Cut(stack, []byte("\n"))
		words := strings.SplitN(string(head), " ", 3)
		number, _ = strconv.Atoi(words[1])
		if i == 0 || stuck[number] { // the first one is the caller
			continue
		}
		state, _, _ := strings.Cut(strings.Trim(words[2], "[]:"), ",")
		// The runtime waits for semaphores of its own, one of which is held by the call above.
		own := state == "semacquire" && !bytes.Contains(stack, []byte("sync.runtime_Semacquire"))
		if own || !waits[state] {
			return nil, false
		}
		now = append(now, number)
	}
	return now, true
}

// pending says whether a timer has yet to fire.
func (w *world) pending() bool {
	for i, t := range w.timers {
		if t == nil || (w.p.timers[i].block == 0 && len(t.C) > 0) {
			continue
		}
		if t.Stop() {
			t.Reset(0) // it was late
			return true
		}
	}
	for i, c := range w.contexts {
		if w.p.contexts[i].units >= 0 && c != nil && c.Err() == nil {
			return true
		}
	}
	return false
}

// progress changes whenever a goroutine gets on.
func (w *world) progress() (sum [3]int64) {
	sum[0], sum[1] = int64(w.started.Load()), int64(w.ended.Load())
	for i := range w.records {
		sum[2] = sum[2]*257 + int64(w.records[i].at.Load())
	}
	return
}

func (w *world) timed() bool {
	if len(w.timers) > 0 {
		return true
	}
	for _, c := range w.p.contexts {
		if c.units >= 0 {
			return true
		}
	}
	return false
}

// wait returns when the run is over: every goroutine has ended, or those left are stuck, also those
// that a panic has stopped. Nobody disturbs the next run then.
func (w *world) wait() {
	began := time.Now()
	units := time.Duration(0)
	if w.timed() {
		units = 2
	}
	for _, t := range w.p.timers {
		if units < time.Duration(t.units)+1 {
			units = time.Duration(t.units) + 1
		}
	}
	for _, c := range w.p.contexts {
		if units < time.Duration(c.units)+1 {
			units = time.Duration(c.units) + 1
		}
	}
	for pause := 30 * time.Microsecond; ; pause += pause / 2 {
		for until := time.Now().Add(pause); time.Now().Before(until); {
			runtime.Gosched()
			if !w.timed() && w.ended.Load() == w.started.Load() {
				return
			}
		}
		if w.timed() && time.Since(began) < units*w.p.unit {
			time.Sleep(units*w.p.unit - time.Since(began))
			continue
		}
		before := w.progress()
		now, all := blocked()
		if all && w.timed() && w.panicked.Load() == nil {
			// A timer may have fired meanwhile, and who was woken may have armed another.
			if w.pending() {
				continue
			}
			now, all = blocked()
		}
		if !all || w.progress() != before {
			continue
		}
		for _, number := range now {
			stuck[number] = true
		}
		return
	}
}

func (w *world) outcome() string {
	if s := w.panicked.Load(); s != nil {
		return "panic: " + *s
	}
	var out []string
	for i := range w.records {
		if !w.p.blocks[i].goroutine {
			continue
		}
		r := &w.records[i]
		at := ""
		switch n := r.at.Load(); n {
		case atStart:
			at = "none"
		case atEnd:
			at = "end"
		default:
			at = strconv.Itoa(int(n))
		}
		seen := ""
		for _, s := range r.seen {
			seen += s + ","
		}
		out = append(out, fmt.Sprintf("%d:%s@%s", i, seen, at))
	}
	return strings.Join(out, " ")
}

// play runs the program once. Returns how many goroutines are stuck in this process as well.
func (p *program) play(run int) (string, int) {
	for try := int64(0); ; try++ {
		luck := rand.New(rand.NewSource(int64(run)*1000003 + int64(p.number)*31 + try))
		procs := []int{1, 2, 4}[luck.Intn(3)]
		if runtime.GOMAXPROCS(0) != procs {
			runtime.GOMAXPROCS(procs)
		}
		w := newWorld(p, luck)
		slots := []time.Duration{0, time.Microsecond, 3 * time.Microsecond, 8 * time.Microsecond}
		if w.timed() { // what is done after a timer has fired
			slots = append(slots, p.unit/8, p.unit/3)
		}
		w.slot = slots[luck.Intn(len(slots))]
		w.start(0)
		w.wait()
		outcome := w.outcome()
		// Deadlines that differ are in order only if little time passed between their timers.
		if !p.ladder || w.armed < p.unit/4 {
			return outcome, len(stuck)
		}
	}
}
