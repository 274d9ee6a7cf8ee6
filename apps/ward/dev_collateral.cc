#include "apps/ward/dev_collateral.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "codec/pem.h"
#include "pki/certificate.h"
#include "tee/dcap/tcb_documents.h"
#include "tee/snp/vek.h"
#include "tee/soft/attester/files.h"

namespace ward::cli {
namespace {

using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kPem = "application/x-pem-file";
constexpr const char* kCrl = "application/pkix-crl";
constexpr const char* kCertificate = "application/pkix-cert";
constexpr const char* kJson = "application/json";
constexpr unsigned kOk = 200;

HttpResponse reply(unsigned status, const char* type, Bytes body,
                   std::vector<protocol::Header> headers = {}) {
  headers.emplace_back("Content-Type", type);
  return {.status = status, .headers = std::move(headers), .body = to_buffer(body)};
}

HttpResponse refusal(unsigned status, const std::string& why) {
  return reply(status, kText, as_bytes(why + "\n"));
}

// RFC 3986 section 2.1: everything that is not unreserved, as Intel writes chains into headers.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto octet = static_cast<std::uint8_t>(c);
      out += '%';
      out += to_hex(Bytes(&octet, 1));
    }
  }
  return out;
}

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, small, small);
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || text.size() > 9 || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return out;
}

std::string text_of(const SecretBytes& octets) { return std::string(as_text(octets.expose())); }

// The parameters of a query; nullopt where one occurs twice or has no "=".
std::optional<std::map<std::string, std::string, std::less<>>> parameters_of(
    std::string_view query) {
  std::map<std::string, std::string, std::less<>> out;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    if (!out.emplace(one.substr(0, equals), one.substr(equals + 1)).second) return std::nullopt;
  }
  return out;
}

// The path with a chip's id at its end in small letters: it may be written in either.
std::string with_small_chip(std::string_view path) {
  std::string out(path);
  const std::size_t slash = out.rfind('/');
  if (slash == std::string::npos || !is_hex(path.substr(slash + 1), path.size() - slash - 1)) {
    return out;
  }
  std::transform(out.begin() + static_cast<std::ptrdiff_t>(slash), out.end(),
                 out.begin() + static_cast<std::ptrdiff_t>(slash), small);
  return out;
}

}  // namespace

Result<DevCollateral, std::string> DevCollateral::load(const std::string& dir) {
  const std::string folder = dir + "/collateral";
  std::error_code failed;
  const bool intel = std::filesystem::exists(folder + "/root_ca.pem", failed);
  const bool amd = std::filesystem::exists(folder + "/ark.pem", failed);
  if (!intel && !amd) return soft::foreign(folder, "no maker's root certificate is there");
  DevCollateral out;
  if (intel) WARD_CHECK_OK(out.add_intel(folder));
  if (amd) WARD_CHECK_OK(out.add_amd(folder));
  return out;
}

Result<void, std::string> DevCollateral::add_intel(const std::string& folder) {
  WARD_TRY(const SecretBytes root_crl, soft::read_public(folder + "/root_ca.crl"));
  WARD_TRY(const SecretBytes pck_crl, soft::read_public(folder + "/pck_platform_ca.crl"));
  WARD_TRY(const SecretBytes pck_chain, soft::read_public(folder + "/pck_platform_ca.pem"));
  WARD_TRY(const SecretBytes signing, soft::read_public(folder + "/tcb_signing.pem"));
  const std::string signing_chain = percent_encoded(text_of(signing));
  // A PCCS gives CRLs as hexadecimal text, Intel's own service as it is asked.
  entries_["/sgx/certification/v4/rootcacrl"] = {
      {}, [hex = to_hex(root_crl.expose())](const Parameters&) {
        return reply(kOk, kCrl, as_bytes(hex));
      }};
  // Where the certificates themselves say that the lists are.
  entries_["/root_ca.crl"] = {{}, [der = to_buffer(root_crl.expose())](const Parameters&) {
                                return reply(kOk, kCrl, der);
                              }};
  entries_["/pck_platform_ca.crl"] = {
      {}, [der = to_buffer(pck_crl.expose())](const Parameters&) { return reply(kOk, kCrl, der); }};
  entries_["/sgx/certification/v4/pckcrl"] = {
      {{"ca", true, [](std::string_view v) { return v == "platform" || v == "processor"; },
        [](std::string_view v) { return v == "platform"; }, "platform"},
       {"encoding", false, [](std::string_view v) { return v == "der" || v == "pem"; },
        [](std::string_view) { return true; }, "der"}},
      [der = to_buffer(pck_crl.expose()),
       chain = percent_encoded(text_of(pck_chain))](const Parameters& given) {
        const auto encoding = given.find("encoding");
        std::string body = to_hex(der);
        if (encoding != given.end()) {
          body = encoding->second == "pem" ? codec::to_pem("X509 CRL", der)
                                           : std::string(as_text(der));
        }
        return reply(kOk, kCrl, as_bytes(body), {{"SGX-PCK-CRL-Issuer-Chain", chain}});
      }};
  constexpr Face kSgx{"/sgx", "/sgx_tcb_info.json", "/qe_identity.json"};
  constexpr Face kTdx{"/tdx", "/tdx_tcb_info.json", "/td_qe_identity.json"};
  WARD_CHECK_OK(add_face(folder, kSgx, signing_chain));
  return add_face(folder, kTdx, signing_chain);
}

Result<void, std::string> DevCollateral::add_face(const std::string& folder, const Face& face,
                                                  const std::string& signing_chain) {
  const auto standard = [](std::string_view v) { return v == "standard" || v == "early"; };
  const auto any = [](std::string_view) { return true; };
  WARD_TRY(const SecretBytes info, soft::read_public(folder + face.tcb_info));
  WARD_TRY(const SecretBytes identity, soft::read_public(folder + face.identity));
  const auto parsed = dcap::parse_tcb_info(info.expose());
  if (!parsed) return soft::foreign(folder + face.tcb_info, to_text(parsed.error()));
  const std::string fmspc = to_hex(parsed->fmspc);
  const std::string path = std::string(face.path) + "/certification/v4";
  const Parameter update{"update", false, standard, any, ""};
  const Parameter evaluation{
      "tcbEvaluationDataNumber", false, [](std::string_view v) { return number(v).has_value(); },
      [mine = parsed->evaluation_number](std::string_view v) { return number(v) == mine; }, ""};
  entries_[path + "/tcb"] = {
      {{"fmspc", true, [](std::string_view v) { return is_hex(v, 12); },
        [fmspc](std::string_view v) { return same_letters(v, fmspc); }, fmspc},
       update,
       evaluation},
      [body = to_buffer(info.expose()), signing_chain](const Parameters&) {
        return reply(kOk, kJson, body, {{"TCB-Info-Issuer-Chain", signing_chain}});
      }};
  entries_[path + "/qe/identity"] = {
      {update, evaluation},
      [body = to_buffer(identity.expose()), signing_chain](const Parameters&) {
        return reply(kOk, kJson, body, {{"SGX-Enclave-Identity-Issuer-Chain", signing_chain}});
      }};
  return {};
}

Result<void, std::string> DevCollateral::add_amd(const std::string& folder) {
  WARD_TRY(const SecretBytes ark, soft::read_public(folder + "/ark.pem"));
  WARD_TRY(const SecretBytes crl, soft::read_public(folder + "/amd_crl.der"));

  struct Key {
    const char* path;
    const char* certificate;
    const char* issuer;
  };

  for (const Key& key :
       {Key{"/vcek/v1/", "/vcek.der", "/ask.der"}, Key{"/vlek/v1/", "/vlek.der", "/asvk.der"}}) {
    WARD_TRY(const SecretBytes der, soft::read_public(folder + key.certificate));
    WARD_TRY(const SecretBytes issuer, soft::read_public(folder + key.issuer));
    const auto certificate = pki::parse_certificate(der.expose());
    if (!certificate) return soft::foreign(folder + key.certificate, certificate.error().what());
    const auto says = snp::parse_vek_extensions(*certificate);
    if (!says) return soft::foreign(folder + key.certificate, says.error().what());
    const auto line = snp::line_of_name(says->product_name);
    if (!line) return soft::foreign(folder + key.certificate, "of no product line");
    const std::string path = key.path + std::string(snp::line_name(*line));
    const std::string chain = codec::to_pem("CERTIFICATE", issuer.expose()) + text_of(ark);
    entries_[path + "/cert_chain"] = {
        {}, [chain](const Parameters&) { return reply(kOk, kPem, as_bytes(chain)); }};
    entries_[path + "/crl"] = {
        {}, [body = to_buffer(crl.expose())](const Parameters&) { return reply(kOk, kCrl, body); }};
    Entry own{{}, [body = to_buffer(der.expose())](const Parameters&) {
                return reply(kOk, kCertificate, body);
              }};
    const auto part = [&](const char* name, unsigned value) {
      own.parameters.push_back(
          {name, true,
           [](std::string_view v) { return v.size() <= 3 && number(v).value_or(256) < 256; },
           [value](std::string_view v) { return number(v) == value; }, std::to_string(value)});
    };
    part("blSPL", says->tcb.bootloader);
    part("teeSPL", says->tcb.tee);
    part("snpSPL", says->tcb.snp);
    part("ucodeSPL", says->tcb.microcode);
    entries_[path + "/" + (says->hwid ? to_hex(*says->hwid) : "cert")] = std::move(own);
  }
  return {};
}

HttpResponse DevCollateral::answer(const HttpRequest& request) const {
  if (request.method != "GET") {
    HttpResponse out = refusal(405, "GET alone");
    out.headers.emplace_back("Allow", "GET");
    return out;
  }
  const std::string_view target = request.target;
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  const auto given =
      parameters_of(mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1));
  if (path == "/") return list();
  const auto entry = entries_.find(with_small_chip(path));
  if (entry == entries_.end()) {
    return refusal(404,
                   "this development platform has nothing at that address; / lists what it has");
  }
  if (!given) return refusal(400, "parameters are NAME=VALUE, each once");
  const auto& [parameters, make] = entry->second;
  for (const auto& [name, value] : *given) {
    const auto known = std::ranges::find(parameters, name, &Parameter::name);
    if (known == parameters.end()) {
      return refusal(400, "a parameter that this address does not take");
    }
    if (!known->well_formed(value)) return refusal(400, known->name + ": malformed");
  }
  for (const Parameter& parameter : parameters) {
    const auto value = given->find(parameter.name);
    if (value == given->end()) {
      if (parameter.required) return refusal(400, parameter.name + " is missing");
    } else if (!parameter.fits(value->second)) {
      return refusal(404, parameter.name + ": this development platform has none of that value");
    }
  }
  return make(*given);
}

HttpResponse DevCollateral::list() const {
  std::string out = "A development platform's collateral. NOT A TEE.\n\n";
  for (const auto& [path, entry] : entries_) {
    out += path;
    char between = '?';
    for (const Parameter& parameter : entry.parameters) {
      if (parameter.example.empty()) continue;
      out += between + parameter.name + "=" + parameter.example;
      between = '&';
    }
    out += '\n';
  }
  return reply(kOk, kText, as_bytes(out));
}

}  // namespace ward::cli
