#include "protocol/kbs/message.h"

#include <algorithm>
#include <utility>

#include "codec/jcs.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::protocol::kbs {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kErrorUri = "https://github.com/confidential-containers/kbs/errors/";
constexpr codec::JsonLimits kLimits{.max_bytes = kMaxMessageBytes};
// Evidence is passed on as it came. AMD's holds whole certificates as lists of numbers, six levels
// down; no key has so many.
constexpr codec::JsonLimits kOfAttestation{.max_bytes = kMaxMessageBytes, .kept_depth = 5};
constexpr codec::JsonLimits kFormOnly{.max_bytes = kMaxMessageBytes, .kept_depth = 0};
constexpr std::size_t kMaxVersion = 32;
constexpr std::size_t kMaxDetail = 16384;

using Parsed = Result<JsonValue, Diag>;

// Doc is a parsed object with its text, for positions.
class Doc {
 public:
  Doc(Bytes text, const JsonValue& value, std::string path)
      : text_(text), value_(value), path_(std::move(path)) {}

  [[nodiscard]] Diag wrong(std::string_view name, std::string_view expected) const {
    const JsonValue* member = value_.find(name);
    const std::size_t at = member != nullptr ? member->begin() : value_.begin();
    return diag_at(text_, at, path_ + std::string(name), expected);
  }

  [[nodiscard]] Result<std::string, Diag> string(std::string_view name, std::size_t max) const {
    const JsonValue* member = value_.find(name);
    const auto text = member != nullptr ? member->as_string() : std::nullopt;
    if (!text) return wrong(name, "a string");
    if (text->size() > max) {
      return wrong(name, "at most " + std::to_string(max) + " octets");
    }
    return std::string(*text);
  }

  [[nodiscard]] const JsonValue* object(std::string_view name) const {
    const JsonValue* member = value_.find(name);
    return member != nullptr && member->is_object() ? member : nullptr;
  }

  // canonical is an object in the form of RFC 8785.
  [[nodiscard]] Result<std::string, Diag> canonical(std::string_view name) const {
    const JsonValue* member = object(name);
    if (member == nullptr) return wrong(name, "an object");
    auto text = codec::canonical_json(*member);
    if (!text) return wrong(name, "a JWK");
    return *std::move(text);
  }

  // without refuses a member that only messages of the version `other` have.
  [[nodiscard]] Result<void, Diag> without(std::string_view name, Version session,
                                           Version other) const {
    if (value_.find(name) == nullptr) return {};
    return of_another(name, session, other);
  }

  [[nodiscard]] Diag of_another(std::string_view name, Version session, Version other) const {
    return wrong(name, "a message of version " + std::string(to_text(session)) +
                           ", which /auth chose; this is of " + std::string(to_text(other)));
  }

 private:
  Bytes text_;
  const JsonValue& value_;
  std::string path_;
};

Parsed parse_object(Bytes json, const codec::JsonLimits& limits = kLimits) {
  auto value = codec::parse_json(json, limits);
  if (value && !value->is_object()) return diag_at(json, value->begin(), "", "an object");
  return value;
}

Result<std::string> canonical_object(std::string_view json) {
  const auto value = codec::parse_json(as_bytes(json), kLimits);
  if (!value || !value->is_object()) return Error(Errc::kMalformed, "kbs: not a JSON object");
  return codec::canonical_json(*value);
}

Result<std::string> bound(const std::string* additional, std::string_view nonce,
                          std::string_view tee_pubkey) {
  WARD_TRY(const std::string key, canonical_object(tee_pubkey));
  JsonWriter w;
  w.begin_object();
  if (additional != nullptr) w.member("additional-evidence", *additional);
  w.member("nonce", nonce).name("tee-pubkey").raw_json(key).end_object();
  WARD_TRY(const std::string text, w.take());
  return canonical_object(text);
}

Result<std::optional<InitData>, Diag> parse_init_data(const Doc& message, Bytes json,
                                                      const JsonValue& root) {
  const JsonValue* member = root.find("init-data");
  if (member == nullptr || member->kind() == JsonValue::Kind::kNull) return {std::nullopt};
  if (!member->is_object()) return message.wrong("init-data", "an object or null");
  const Doc doc(json, *member, "init-data.");
  InitData out;
  WARD_TRY(out.format, doc.string("format", kMaxVersion));
  WARD_TRY(out.body, doc.string("body", kMaxInitDataBytes));
  return {std::move(out)};
}

// parse_older reads the shape of 0.1.1 and 0.2.0: {"tee-pubkey":{...},"tee-evidence":...}.
Result<Attestation, Diag> parse_older(const Doc& doc, Bytes json, const JsonValue& root,
                                      Version version) {
  WARD_CHECK_OK(doc.without("runtime-data", version, Version::k0_4_0));
  WARD_CHECK_OK(doc.without("init-data", version, Version::k0_4_0));
  Attestation out;
  WARD_TRY(out.tee_pubkey, doc.canonical("tee-pubkey"));
  const JsonValue* evidence = root.find("tee-evidence");
  const auto text = evidence != nullptr ? evidence->as_string() : std::nullopt;
  if (version == Version::k0_1_1) {
    if (evidence != nullptr && evidence->is_object()) {
      return doc.of_another("tee-evidence", version, Version::k0_2_0);
    }
    if (!text || !codec::parse_json(as_bytes(*text), kFormOnly)) {
      return doc.wrong("tee-evidence", "JSON in a string");
    }
    out.primary_evidence = std::string(*text);
    return out;
  }
  if (text) return doc.of_another("tee-evidence", version, Version::k0_1_1);
  if (evidence == nullptr || !evidence->is_object()) return doc.wrong("tee-evidence", "an object");
  if (evidence->find("primary_evidence") != nullptr) {
    return doc.of_another("tee-evidence", version, Version::k0_4_0);
  }
  out.primary_evidence = std::string(as_text(evidence->raw(json)));
  return out;
}

bool is_nonce(std::string_view text) {
  const auto octets = from_base64(text, Base64::kStandard);
  return octets && octets->size() == kNonceBytes;
}

}  // namespace

std::string_view to_text(Version version) {
  switch (version) {
    case Version::k0_1_1:
      return "0.1.1";
    case Version::k0_2_0:
      return "0.2.0";
    case Version::k0_4_0:
      break;
  }
  return "0.4.0";
}

std::optional<Version> version_of(std::string_view text) {
  for (const Version version : kVersions) {
    if (to_text(version) == text) return version;
  }
  return std::nullopt;
}

Result<std::string> write_request(const Request& request) {
  JsonWriter w;
  w.begin_object().member("version", request.version).member("tee", request.tee);
  w.member("extra-params", std::string_view{});
  return w.end_object().take();
}

Result<Request, Diag> parse_request(Bytes json) {
  WARD_TRY(const JsonValue root, parse_object(json));
  const Doc doc(json, root, "");
  Request out;
  WARD_TRY(out.version, doc.string("version", kMaxVersion));
  WARD_TRY(const std::string tee, doc.string("tee", kMaxVersion));
  auto canonical = canonical_tee(tee);
  if (!canonical) return doc.wrong("tee", "a TEE of the protocol");
  out.tee = *std::move(canonical);
  return out;
}

Result<std::string> write_challenge(const Challenge& challenge) {
  JsonWriter w;
  w.begin_object().member("nonce", challenge.nonce).member("extra-params", std::string_view{});
  return w.end_object().take();
}

Result<Challenge, Diag> parse_challenge(Bytes json) {
  WARD_TRY(const JsonValue root, parse_object(json));
  const Doc doc(json, root, "");
  Challenge out;
  WARD_TRY(out.nonce, doc.string("nonce", kMaxInitDataBytes));
  if (!is_nonce(out.nonce)) return doc.wrong("nonce", "32 octets in base64");
  return out;
}

Result<std::string> write_attestation(const Attestation& attestation, Version version) {
  JsonWriter w;
  if (version != Version::k0_4_0) {
    if (attestation.init_data || !attestation.additional_evidence.empty()) {
      return Error(Errc::kInternal, "kbs: this version carries no init-data and no other devices");
    }
    w.begin_object().name("tee-pubkey").raw_json(attestation.tee_pubkey).name("tee-evidence");
    if (version == Version::k0_1_1) {
      w.string(attestation.primary_evidence);
    } else {
      w.raw_json(attestation.primary_evidence);
    }
    return w.end_object().take();
  }
  w.begin_object().name("init-data");
  if (attestation.init_data) {
    w.begin_object().member("format", attestation.init_data->format);
    w.member("body", attestation.init_data->body).end_object();
  } else {
    w.null();
  }
  w.name("runtime-data").begin_object().member("nonce", attestation.nonce);
  w.name("tee-pubkey").raw_json(attestation.tee_pubkey).end_object();
  w.name("tee-evidence").begin_object().name("primary_evidence");
  w.raw_json(attestation.primary_evidence);
  w.member("additional_evidence", attestation.additional_evidence).end_object();
  return w.end_object().take();
}

Result<Attestation, Diag> parse_attestation(Bytes json, Version version) {
  WARD_TRY(const JsonValue root, parse_object(json, kOfAttestation));
  const Doc doc(json, root, "");
  if (version != Version::k0_4_0) return parse_older(doc, json, root, version);
  WARD_CHECK_OK(doc.without("tee-pubkey", version, Version::k0_2_0));
  Attestation out;
  WARD_TRY(out.init_data, parse_init_data(doc, json, root));

  const JsonValue* runtime = doc.object("runtime-data");
  if (runtime == nullptr) return doc.wrong("runtime-data", "an object");
  const Doc runtime_doc(json, *runtime, "runtime-data.");
  WARD_TRY(out.nonce, runtime_doc.string("nonce", kMaxInitDataBytes));
  WARD_TRY(out.tee_pubkey, runtime_doc.canonical("tee-pubkey"));

  const JsonValue* evidence = doc.object("tee-evidence");
  if (evidence == nullptr) return doc.wrong("tee-evidence", "an object");
  const Doc evidence_doc(json, *evidence, "tee-evidence.");
  const JsonValue* primary = evidence->find("primary_evidence");
  if (primary == nullptr) return evidence_doc.wrong("primary_evidence", "a value");
  out.primary_evidence = std::string(as_text(primary->raw(json)));
  WARD_TRY(out.additional_evidence, evidence_doc.string("additional_evidence", kMaxMessageBytes));
  return out;
}

Result<std::string> write_token_reply(std::string_view token) {
  JsonWriter w;
  return w.begin_object().member("token", token).end_object().take();
}

Result<std::string, Diag> parse_token_reply(Bytes json) {
  WARD_TRY(const JsonValue root, parse_object(json));
  return Doc(json, root, "").string("token", kMaxMessageBytes);
}

std::string write_error(const ErrorBody& error) {
  JsonWriter w;
  w.begin_object().member("type", std::string(kErrorUri) + error.type);
  auto text = w.member("detail", error.detail).end_object().take();
  // Only text that is not UTF-8 fails, and details are ours.
  return text ? *std::move(text) : R"({"type":"about:blank","detail":""})";
}

Result<ErrorBody, Diag> parse_error(Bytes json) {
  WARD_TRY(const JsonValue root, parse_object(json));
  const Doc doc(json, root, "");
  ErrorBody out;
  WARD_TRY(std::string type, doc.string("type", kMaxDetail));
  WARD_TRY(out.detail, doc.string("detail", kMaxDetail));
  const auto slash = type.rfind('/');
  out.type = slash == std::string::npos ? type : type.substr(slash + 1);
  return out;
}

Result<std::string> runtime_data(std::string_view nonce, std::string_view tee_pubkey,
                                 std::string_view additional_evidence) {
  const std::string additional(additional_evidence);
  return bound(&additional, nonce, tee_pubkey);
}

Result<std::string> device_runtime_data(std::string_view nonce, std::string_view tee_pubkey) {
  return bound(nullptr, nonce, tee_pubkey);
}

Result<std::string> bound_text(Version version, const Attestation& message,
                               std::string_view nonce) {
  if (version != Version::k0_4_0) return device_runtime_data(nonce, message.tee_pubkey);
  return runtime_data(nonce, message.tee_pubkey, message.additional_evidence);
}

std::array<std::uint8_t, kReportDataBytes> report_data(std::string_view runtime_data) {
  std::array<std::uint8_t, kReportDataBytes> out{};
  const auto digest = crypto::sha384(as_bytes(runtime_data));
  std::copy(digest.begin(), digest.end(), out.begin());
  return out;
}

std::optional<std::string> canonical_tee(std::string_view name) {
  if (name == "nvidiadpu") return "nvidia-dpu";
  if (name == "azsnpvtpm") return "az-snp-vtpm";  // kbs-types before 2025-09
  if (name == "aztdxvtpm") return "az-tdx-vtpm";
  constexpr std::array<std::string_view, 18> kNames = {
      "nvidia-dpu",   "az-snp-vtpm", "az-tdx-vtpm", "nvidia",  "sgx",      "snp", "tdx",
      "cca",          "csv",         "se",          "sev",     "hygondcu", "tpm", "sample",
      "sampledevice", "nitro",       "psa",         "keystone"};  // ward's own: the protocol has
                                                                  // none for these
  if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) return std::nullopt;
  return std::string(name);
}

std::string ResourcePath::text() const { return repository + "/" + type + "/" + tag; }

Result<ResourcePath> parse_resource_path(std::string_view text) {
  std::array<std::string, 3> pieces;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto slash = text.find('/');
    const bool last = i + 1 == pieces.size();
    if (last != (slash == std::string_view::npos)) {
      return Error(Errc::kMalformed, "kbs: resource path: repository/type/tag");
    }
    const std::string_view piece = text.substr(0, slash);
    text.remove_prefix(last ? text.size() : slash + 1);
    if (piece.size() > kMaxPathPiece) {
      return Error(Errc::kLimit, "kbs: resource path", piece.size());
    }
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-' || c == '.';
    };
    if (piece.empty() || piece.front() == '.' ||
        !std::all_of(piece.begin(), piece.end(), allowed)) {
      return Error(Errc::kMalformed, "kbs: resource path: characters");
    }
    pieces[i] = std::string(piece);
  }
  return ResourcePath{pieces[0], pieces[1], pieces[2]};
}

}  // namespace ward::protocol::kbs
