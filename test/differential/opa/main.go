// Program opa gives the answers of OPA, the language's own engine, to cases.json. With the Go of the pinned wheel,
// in this folder: `go run -mod=readonly . cases.json > recorded.json` (two minutes of compiling: CI does not);
// src/policy/rego/constructs_test.cc compares.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/types"
)

const version = "1.4.2" // of go.mod

type document struct {
	Input           any            `json:"input"`
	Data            map[string]any `json:"data"`
	ReferenceValues map[string]any `json:"reference_values"`
	NowUnixS        int64          `json:"now_unix_s"`
	Cases           []struct {
		Name, V0, V1 string
	} `json:"cases"`
}

type answer struct {
	V0 string `json:"v0"`
	V1 string `json:"v1"`
}

// referenceValue is what ward, as Trustee, has beside the language: undefined where there is none.
func (d *document) referenceValue() func(*rego.Rego) {
	told := rego.Function{Name: "query_reference_value", Decl: types.NewFunction(types.Args(types.S), types.A)}
	return rego.Function1(&told, func(_ rego.BuiltinContext, id *ast.Term) (*ast.Term, error) {
		name, _ := id.Value.(ast.String)
		found, ok := d.ReferenceValues[string(name)]
		if !ok {
			return nil, nil
		}
		value, err := ast.InterfaceToValue(found)
		return ast.NewTerm(value), err
	})
}

// evaluate is the value of the rule `answer` in JSON, or "undefined".
func (d *document) evaluate(body string, language ast.RegoVersion) (string, error) {
	query := rego.New(
		rego.SetRegoVersion(language),
		rego.Module("t.rego", "package policy\n"+body+"\n"),
		rego.Query("data.policy.answer"),
		rego.Input(d.Input),
		rego.Store(inmem.NewFromObject(d.Data)),
		rego.Time(time.Unix(d.NowUnixS, 0)),
		rego.StrictBuiltinErrors(true),
		d.referenceValue(),
	)
	results, err := query.Eval(context.Background())
	if err != nil {
		return "", err
	}
	if len(results) == 0 {
		return "undefined", nil
	}
	var out bytes.Buffer
	writer := json.NewEncoder(&out)
	writer.SetEscapeHTML(false)
	err = writer.Encode(results[0].Expressions[0].Value)
	return strings.TrimSpace(out.String()), err
}

func run(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var asked document
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.UseNumber()
	if err := reader.Decode(&asked); err != nil {
		return err
	}
	answers := map[string]answer{}
	for _, one := range asked.Cases {
		v0, err := asked.evaluate(one.V0, ast.RegoV0)
		if err != nil {
			return fmt.Errorf("%s, v0: %w", one.Name, err)
		}
		v1, err := asked.evaluate(one.V1, ast.RegoV1)
		if err != nil {
			return fmt.Errorf("%s, v1: %w", one.Name, err)
		}
		answers[one.Name] = answer{v0, v1}
	}
	writer := json.NewEncoder(os.Stdout)
	writer.SetEscapeHTML(false)
	writer.SetIndent("", " ")
	return writer.Encode(map[string]any{"opa": version, "answers": answers})
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
