package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/go-tdx-guest/verify"
	"github.com/google/logger"
	"ward.example/gobench"
)

type fetched struct {
	header map[string][]string
	body   []byte
}

// remembered answers from memory: making up an answer of Intel's service is not the library's work.
type remembered struct {
	from    *collateral
	answers map[string]fetched
}

func (r *remembered) Get(address string) (map[string][]string, []byte, error) {
	if known, there := r.answers[address]; there {
		return known.header, known.body, nil
	}
	header, body, err := r.from.Get(address)
	if err == nil {
		r.answers[address] = fetched{header, body}
	}
	return header, body, err
}

// prepare knows the modes full, and chain: without collateral, as the library verifies by default.
func prepare(mode string, text []byte) (gobench.Run, error) {
	var c testCase
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	quote, err := hex.DecodeString(c.Quote)
	if err != nil {
		return nil, err
	}
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	getter := &remembered{&c.Collateral, map[string]fetched{}}
	if mode != "full" && mode != "chain" {
		return nil, fmt.Errorf("unknown mode %s", mode)
	}
	return func() error {
		return verify.RawTdxQuote(quote, &verify.Options{
			CheckRevocations: mode == "full",
			GetCollateral:    mode == "full",
			Getter:           getter,
			Now:              time.Unix(c.Now, 0),
			TrustedRoots:     roots,
		})
	}, nil
}

func bench() error {
	logger.Init("", false, false, io.Discard)
	return gobench.Serve(prepare)
}
