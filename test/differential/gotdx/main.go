// ward-go-tdx-guest judges TDX quotes with Google's go-tdx-guest: a case a line in, as ward-resigned
// prints it, a verdict a line out. It opens no socket: the collateral stands in the case, but where that names a server
// (`ward dev serve`), which the library's own getter then asks. With the
// argument `samples` it prints the quote of the library's own tests, with its collateral, instead; with `bench` it is
// a contestant of bench/compare.py.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	samples "github.com/google/go-tdx-guest/testing"
	"github.com/google/go-tdx-guest/testing/testdata"
	"github.com/google/go-tdx-guest/verify"
	"github.com/google/go-tdx-guest/verify/trust"
	"github.com/google/logger"
)

type collateral struct {
	PckCrlIssuerChain     string `json:"pck_crl_issuer_chain"`
	RootCaCrl             string `json:"root_ca_crl"`
	PckCrl                string `json:"pck_crl"`
	TcbInfoIssuerChain    string `json:"tcb_info_issuer_chain"`
	TcbInfo               string `json:"tcb_info"`
	TcbInfoSignature      string `json:"tcb_info_signature"`
	QeIdentityIssuerChain string `json:"qe_identity_issuer_chain"`
	QeIdentity            string `json:"qe_identity"`
	QeIdentitySignature   string `json:"qe_identity_signature"`
}

type testCase struct {
	Quote      string     `json:"quote"`
	Root       string     `json:"root"` // empty: Intel's, which the library carries
	Now        int64      `json:"now"`
	Collateral collateral `json:"collateral"`
	Server     string     `json:"server"` // "http://127.0.0.1:8081": has the collateral
}

type verdict struct {
	Accepted bool   `json:"accepted"`
	Why      string `json:"why,omitempty"`
}

// Get answers as Intel's PCS would: the library asks for four documents by their addresses.
func (c *collateral) Get(address string) (map[string][]string, []byte, error) {
	chain := func(name string, pem string) map[string][]string {
		return map[string][]string{name: {url.QueryEscape(pem)}}
	}
	signed := func(name string, text string, signature string) []byte {
		return []byte(fmt.Sprintf(`{"%s":%s,"signature":"%s"}`, name, text, signature))
	}
	switch {
	case strings.Contains(address, "/tcb?"):
		return chain("Tcb-Info-Issuer-Chain", c.TcbInfoIssuerChain),
			signed("tcbInfo", c.TcbInfo, c.TcbInfoSignature), nil
	case strings.Contains(address, "/qe/identity"):
		return chain("Sgx-Enclave-Identity-Issuer-Chain", c.QeIdentityIssuerChain),
			signed("enclaveIdentity", c.QeIdentity, c.QeIdentitySignature), nil
	case strings.Contains(address, "/pckcrl?"):
		crl, err := hex.DecodeString(c.PckCrl)
		return chain("Sgx-Pck-Crl-Issuer-Chain", c.PckCrlIssuerChain), crl, err
	}
	// What is left is a distribution point of the root's certificate.
	crl, err := hex.DecodeString(c.RootCaCrl)
	return nil, crl, err
}

func (c *testCase) roots() (*x509.CertPool, error) {
	if c.Root == "" {
		return nil, nil
	}
	der, err := hex.DecodeString(c.Root)
	if err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	return roots, nil
}

// served has the library's own getter ask `server` where it would ask Intel.
type served struct{ server string }

func (s *served) Get(address string) (map[string][]string, []byte, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	return new(trust.SimpleHTTPSGetter).Get(s.server + at.RequestURI())
}

func (c *testCase) getter() trust.HTTPSGetter {
	if c.Server != "" {
		return &served{c.Server}
	}
	return &c.Collateral
}

func judge(c *testCase) (out verdict) {
	defer func() {
		if r := recover(); r != nil {
			out = verdict{Why: fmt.Sprint("the peer panicked: ", r)}
		}
	}()
	quote, err := hex.DecodeString(c.Quote)
	if err != nil {
		return verdict{Why: err.Error()}
	}
	roots, err := c.roots()
	if err != nil {
		return verdict{Why: err.Error()}
	}
	err = verify.RawTdxQuote(quote, &verify.Options{
		CheckRevocations: true,
		GetCollateral:    true,
		Getter:           c.getter(),
		Now:              time.Unix(c.Now, 0),
		TrustedRoots:     roots,
	})
	if err != nil {
		return verdict{Why: err.Error()}
	}
	return verdict{Accepted: true}
}

func serve() error {
	logger.Init("", false, false, io.Discard)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(in)
	for {
		var c testCase
		if err := decoder.Decode(&c); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := out.Encode(judge(&c)); err != nil {
			return err
		}
	}
}

// split takes {"NAME":...,"signature":"..."} apart; the signature is over the text as it stands.
func split(name string, body []byte) (text string, signature string, err error) {
	var members map[string]json.RawMessage
	if err = json.Unmarshal(body, &members); err != nil {
		return "", "", err
	}
	err = json.Unmarshal(members["signature"], &signature)
	return string(members[name]), signature, err
}

func printSamples() error {
	var c collateral
	var err error
	if c.TcbInfo, c.TcbInfoSignature, err = split("tcbInfo", testdata.TcbInfoBody); err != nil {
		return err
	}
	if c.QeIdentity, c.QeIdentitySignature, err = split("enclaveIdentity", testdata.QeIdentityBody); err != nil {
		return err
	}
	c.RootCaCrl = hex.EncodeToString(testdata.RootCrlBody)
	c.PckCrl = hex.EncodeToString(testdata.PckCrlBody)
	for _, chain := range []struct {
		out  *string
		from string
	}{
		{&c.PckCrlIssuerChain, samples.PckCrlHeader["Sgx-Pck-Crl-Issuer-Chain"][0]},
		{&c.TcbInfoIssuerChain, samples.TcbInfoHeader["Tcb-Info-Issuer-Chain"][0]},
		{&c.QeIdentityIssuerChain, samples.QeIdentityHeader["Sgx-Enclave-Identity-Issuer-Chain"][0]},
	} {
		if *chain.out, err = url.QueryUnescape(chain.from); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"name":       "tdx_prod_quote_SPR_E4.dat",
		"quote":      hex.EncodeToString(testdata.RawQuote),
		"collateral": c,
		"at":         "2023-07-01T01:00:00Z", // verify_test.go, currentTime
	})
}

func main() {
	work := serve
	switch {
	case len(os.Args) == 2 && os.Args[1] == "samples":
		work = printSamples
	case len(os.Args) == 2 && os.Args[1] == "bench":
		work = bench
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
