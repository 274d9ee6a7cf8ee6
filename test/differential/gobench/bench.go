// Package gobench makes a program a contestant of bench/compare.py: it times its own work.
package gobench

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Run is one verification; nil where it was accepted.
type Run func() error

// Prepare makes a case of compare.py ready: what is read once is not timed. `mode` says what is checked.
type Prepare func(mode string, text []byte) (Run, error)

// processor is the time that all threads of this process have used: the collector's, too.
func processor() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func timed(run Run, count int) (string, error) {
	if err := run(); err != nil {
		return "", err
	}
	cpu, wall := processor(), time.Now()
	for i := 0; i < count; i++ {
		if err := run(); err != nil {
			return "", err
		}
	}
	passed := time.Since(wall)
	return fmt.Sprintf("ok %d %d", (processor() - cpu).Nanoseconds(), passed.Nanoseconds()), nil
}

func answer(runs map[string]Run, prepare Prepare, words []string) (string, error) {
	switch {
	case len(words) == 4 && words[0] == "load": // load NAME MODE FILE
		text, err := os.ReadFile(words[3])
		if err != nil {
			return "", err
		}
		run, err := prepare(words[2], text)
		if err != nil {
			return "", err
		}
		runs[words[1]] = run
		return "ok", run()
	case len(words) == 3 && words[0] == "run": // run NAME COUNT
		count, err := strconv.Atoi(words[2])
		if run, known := runs[words[1]]; known && err == nil {
			return timed(run, count)
		}
	}
	return "", fmt.Errorf("unknown: %s", strings.Join(words, " "))
}

// Serve answers on stdout what is asked on stdin, a line each, until that ends.
func Serve(prepare Prepare) error {
	runs := map[string]Run{}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		said, err := answer(runs, prepare, strings.Fields(in.Text()))
		if err != nil {
			said = "error " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(said)
	}
	return in.Err()
}
