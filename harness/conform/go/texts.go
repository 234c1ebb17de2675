// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"context"
	"os"
	"sync"
	"time"
)

// texts are the least programs that make Go say each of its texts; their twins are in texts.c.
// Where Go finds out by chance, they try until it does.
var texts = map[string]func(){
	"close_closed": func() {
		c := make(chan int)
		close(c)
		close(c)
	},
	"close_nil": func() {
		var c chan int
		close(c)
	},
	"send_closed": func() {
		c := make(chan int, 1)
		close(c)
		c <- 1
	},
	"negative_waitgroup": func() {
		var wg sync.WaitGroup
		wg.Done()
	},
	"waitgroup_reuse": func() {
		for {
			var wg sync.WaitGroup
			wg.Add(1)
			go wg.Wait()
			time.Sleep(10 * time.Microsecond)
			wg.Done()
			wg.Add(1)
		}
	},
	"nil_map": func() {
		var m map[uint64]int
		m[1] = 1
	},
	"nil_pointer": func() {
		var p *int
		*p = 1
	},
	"own_panic": func() { panic("own") },
	"nil_context": func() {
		_, cancel := context.WithCancel(nil)
		cancel()
	},
	"nil_key":     func() { _ = context.WithValue(context.Background(), nil, nil) },
	"zero_ticker": func() { time.NewTicker(0) },
	"zero_ticker_reset": func() {
		time.NewTicker(time.Second).Reset(0)
	},
	"unlock_mutex": func() {
		var m sync.Mutex
		m.Unlock()
	},
	"unlock_rwmutex": func() {
		var m sync.RWMutex
		m.Unlock()
	},
	"runlock_rwmutex": func() {
		var m sync.RWMutex
		m.RUnlock()
	},
	"map_writes": func() {
		m := map[int]int{}
		go write(m)
		write(m)
	},
	"map_read_write": func() {
		m := map[int]int{}
		go write(m)
		for {
			_ = m[1]
		}
	},
	"nil_function": func() {
		var fn func()
		go fn()
	},
	"deadlock":    func() { <-make(chan int) },
	"exit_status": func() { os.Exit(3) },
}

func write(m map[int]int) {
	for i := 0; ; i++ {
		m[i%1000] = i
	}
}
