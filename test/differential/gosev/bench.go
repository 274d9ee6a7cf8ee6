package main

import (
	"encoding/json"
	"io"

	"github.com/google/logger"
	"ward.example/gobench"
)

// prepare knows one mode: what serve does, with or without a revocation list as the case has one.
func prepare(_ string, text []byte) (gobench.Run, error) {
	c := new(testCase)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, err
	}
	return c.judge, nil
}

func bench() error {
	logger.Init("", false, false, io.Discard)
	return gobench.Serve(prepare)
}
