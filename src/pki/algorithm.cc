#include "pki/algorithm.h"

#include "codec/der.h"
#include "pki/oid.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerReader;
using codec::DerWriter;
using enum crypto::SignatureAlgorithm;

enum class Parameters : std::uint8_t { kAbsent, kNull, kPss };

struct Row {
  crypto::SignatureAlgorithm algorithm;
  Bytes oid;
  Parameters parameters;
  Bytes hash;               // RSA-PSS only
  std::uint64_t salt_size;  // RSA-PSS only
};

const Row kRows[] = {
    {kEcdsaP256Sha256, oid::kEcdsaSha256, Parameters::kAbsent, {}, 0},
    {kEcdsaP384Sha384, oid::kEcdsaSha384, Parameters::kAbsent, {}, 0},
    {kEcdsaP521Sha512, oid::kEcdsaSha512, Parameters::kAbsent, {}, 0},
    {kEd25519, oid::kEd25519, Parameters::kAbsent, {}, 0},
    {kRsaPkcs1Sha256, oid::kSha256WithRsa, Parameters::kNull, {}, 0},
    {kRsaPkcs1Sha384, oid::kSha384WithRsa, Parameters::kNull, {}, 0},
    {kRsaPkcs1Sha512, oid::kSha512WithRsa, Parameters::kNull, {}, 0},
    {kRsaPssSha256, oid::kRsaPss, Parameters::kPss, oid::kSha256, 32},
    {kRsaPssSha384, oid::kRsaPss, Parameters::kPss, oid::kSha384, 48},
    {kRsaPssSha512, oid::kRsaPss, Parameters::kPss, oid::kSha512, 64},
};

// Takes SEQUENCE { oid, NULL or nothing }. RFC 4055 section 2.1: both forms must be accepted.
bool hash_identifier(DerReader& in, Bytes hash) {
  DerReader fields({});
  Bytes found;
  if (!in.nested(tag::kSequence, fields) || !fields.oid(found) || !equal(found, hash)) return false;
  return fields.empty() || (fields.null() && fields.empty());
}

// RSASSA-PSS-params (RFC 4055 section 3.1). Every field but the trailer differs from its default
// (SHA-1, salt of 20) and so must be present.
bool pss_parameters(DerReader& in, const Row& row) {
  DerReader params({});
  DerReader hash({});
  DerReader mask({});
  DerReader mask_fields({});
  DerReader salt({});
  Bytes found;
  std::uint64_t number = 0;
  if (!in.nested(tag::kSequence, params) || !in.empty()) return false;
  if (!params.nested(tag::context_constructed(0), hash) || !hash_identifier(hash, row.hash) ||
      !hash.empty()) {
    return false;
  }
  if (!params.nested(tag::context_constructed(1), mask) ||
      !mask.nested(tag::kSequence, mask_fields) || !mask.empty() || !mask_fields.oid(found) ||
      !equal(found, oid::kMgf1) || !hash_identifier(mask_fields, row.hash) ||
      !mask_fields.empty()) {
    return false;
  }
  if (!params.nested(tag::context_constructed(2), salt) || !salt.small_uint(number) ||
      number != row.salt_size || !salt.empty()) {
    return false;
  }
  if (params.empty()) return true;
  DerReader trailer({});  // the default, which makers write out all the same
  return params.nested(tag::context_constructed(3), trailer) && trailer.small_uint(number) &&
         number == 1 && trailer.empty() && params.empty();
}

bool parameters_fit(DerReader in, const Row& row) {
  switch (row.parameters) {
    case Parameters::kAbsent:
      return in.empty();
    case Parameters::kNull:
      return in.empty() || (in.null() && in.empty());
    case Parameters::kPss:
      return pss_parameters(in, row);
  }
  return false;
}

void put_hash_identifier(DerWriter& out, Bytes hash) {
  DerWriter fields;
  fields.oid(hash);
  fields.null();
  out.element(tag::kSequence, fields.view());
}

void put_pss_parameters(DerWriter& out, const Row& row) {
  DerWriter hash;
  put_hash_identifier(hash, row.hash);
  DerWriter mask_fields;
  mask_fields.oid(oid::kMgf1);
  put_hash_identifier(mask_fields, row.hash);
  DerWriter mask;
  mask.element(tag::kSequence, mask_fields.view());
  DerWriter salt;
  salt.small_uint(row.salt_size);
  DerWriter params;
  params.element(tag::context_constructed(0), hash.view());
  params.element(tag::context_constructed(1), mask.view());
  params.element(tag::context_constructed(2), salt.view());
  out.element(tag::kSequence, params.view());
}

}  // namespace

Result<crypto::SignatureAlgorithm> parse_signature_algorithm(Bytes contents) {
  DerReader in(contents);
  Bytes found;
  if (!in.oid(found)) return Error(Errc::kMalformed, "pki.algorithm: identifier");
  for (const Row& row : kRows) {
    if (equal(found, row.oid) && parameters_fit(in, row)) return row.algorithm;
  }
  return Error(Errc::kUnsupported, "pki.algorithm: signature algorithm or its parameters");
}

Buffer write_signature_algorithm(crypto::SignatureAlgorithm algorithm) {
  DerWriter fields;
  for (const Row& row : kRows) {
    if (row.algorithm != algorithm) continue;
    fields.oid(row.oid);
    if (row.parameters == Parameters::kNull) fields.null();
    if (row.parameters == Parameters::kPss) put_pss_parameters(fields, row);
  }
  DerWriter out;
  out.element(tag::kSequence, fields.view());
  return out.take();
}

}  // namespace ward::pki
