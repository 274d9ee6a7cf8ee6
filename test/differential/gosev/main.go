// ward-go-sev-guest judges SEV-SNP reports with Google's go-sev-guest: a case a line in, as
// ward-resigned-snp prints it, a verdict a line out. It opens no socket: certificates and CRL stand in the
// case, but where that names a server (`ward dev serve`), which the library's own getter then asks. With the argument `samples` it prints the report of the library's own tests, with the
// certificates that the library carries, instead; with `bench` it is
// a contestant of bench/compare.py.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/google/go-sev-guest/abi"
	spb "github.com/google/go-sev-guest/proto/sevsnp"
	"github.com/google/go-sev-guest/validate"
	"github.com/google/go-sev-guest/verify"
	"github.com/google/go-sev-guest/verify/testdata"
	"github.com/google/go-sev-guest/verify/trust"
	"github.com/google/logger"
)

// octets stand in the case in hexadecimal.
type octets []byte

func (o *octets) UnmarshalJSON(text []byte) error {
	var digits string
	if err := json.Unmarshal(text, &digits); err != nil {
		return err
	}
	value, err := hex.DecodeString(digits)
	*o = value
	return err
}

type testCase struct {
	Evidence octets `json:"evidence"` // a report, or one with its certificate table
	Line     string `json:"line"`     // whose root is trusted
	Ark      octets `json:"ark"`      // empty: AMD's, which the library carries
	Ask      octets `json:"ask"`
	Asvk     octets `json:"asvk"`
	Vek      octets `json:"vek"` // empty where the table has it
	Crl      octets `json:"crl"` // empty where none is asked for
	Now      int64  `json:"now"`
	Server   string `json:"server"` // "http://127.0.0.1:8081": has what is missing, and the CRL
}

type verdict struct {
	Accepted bool   `json:"accepted"`
	Why      string `json:"why,omitempty"`
}

// Get answers as AMD's KDS would: the library asks for the CRL alone.
func (c *testCase) Get(string) ([]byte, error) { return c.Crl, nil }

// served has the library's own getter ask `server` where it would ask AMD.
type served struct{ server string }

func (s *served) Get(address string) ([]byte, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return new(trust.SimpleHTTPSGetter).Get(s.server + at.RequestURI())
}

func (c *testCase) getter() trust.HTTPSGetter {
	if c.Server != "" {
		return &served{c.Server}
	}
	return c
}

// optional is nil where there are no octets.
func optional(der octets) (*x509.Certificate, error) {
	if len(der) == 0 {
		return nil, nil
	}
	return x509.ParseCertificate(der)
}

func (c *testCase) roots() (map[string][]*trust.AMDRootCerts, error) {
	if len(c.Ark) == 0 {
		return nil, nil
	}
	var errs [3]error
	certs := new(trust.ProductCerts)
	certs.Ark, errs[0] = optional(c.Ark)
	certs.Ask, errs[1] = optional(c.Ask)
	certs.Asvk, errs[2] = optional(c.Asvk)
	root := trust.AMDRootCertsProduct(c.Line)
	root.ProductCerts = certs
	return map[string][]*trust.AMDRootCerts{c.Line: {root}}, errors.Join(errs[:]...)
}

func (c *testCase) attestation() (*spb.Attestation, error) {
	attestation, err := abi.ReportCertsToProto(c.Evidence)
	if err != nil {
		return nil, err
	}
	chain := attestation.CertificateChain
	info, err := abi.ParseSignerInfo(attestation.Report.SignerInfo)
	if err != nil || len(c.Vek) == 0 {
		return attestation, err
	}
	if info.SigningKey == abi.VlekReportSigner {
		chain.VlekCert = c.Vek
	} else {
		chain.VcekCert = c.Vek
	}
	return attestation, nil
}

func (c *testCase) judge() error {
	roots, err := c.roots()
	if err != nil {
		return err
	}
	attestation, err := c.attestation()
	if err != nil {
		return err
	}
	err = verify.SnpAttestation(attestation, &verify.Options{
		CheckRevocations:    len(c.Crl) > 0 || c.Server != "",
		DisableCertFetching: c.Server == "",
		Getter:              c.getter(),
		Now:                 time.Unix(c.Now, 0),
		TrustedRoots:        roots,
	})
	if err != nil {
		return err
	}
	// What ward judges by default: no debugging, no migration agent, firmware not behind what it committed to.
	return validate.SnpAttestation(attestation, &validate.Options{
		GuestPolicy:               abi.SnpPolicy{SMT: true, CXLAllowed: true},
		PermitProvisionalFirmware: true,
	})
}

func safely(c *testCase) (out verdict) {
	defer func() {
		if r := recover(); r != nil {
			out = verdict{Why: fmt.Sprint("the peer panicked: ", r)}
		}
	}()
	if err := c.judge(); err != nil {
		return verdict{Why: err.Error()}
	}
	return verdict{Accepted: true}
}

func serve() error {
	logger.Init("", false, false, io.Discard)
	out := json.NewEncoder(os.Stdout)
	decoder := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	for {
		var c testCase
		if err := decoder.Decode(&c); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := out.Encode(safely(&c)); err != nil {
			return err
		}
	}
}

func printSamples() error {
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"name":       "attestation.bin",
		"report":     hex.EncodeToString(testdata.AttestationBytes),
		"vcek":       hex.EncodeToString(testdata.VcekBytes),
		"cert_chain": string(trust.AskArkMilanVcekBytes),
		"at":         "2022-09-24T01:00:00Z", // verify_test.go, TestVerifyVcekCert
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
