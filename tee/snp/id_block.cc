#include "tee/snp/id_block.h"

#include <algorithm>

#include "base/writer.h"

namespace ward::snp {
namespace {

using crypto::SignatureAlgorithm;
using Signature = std::array<std::uint8_t, kIdSignatureSize>;
using Key = std::array<std::uint8_t, kIdPublicKeySize>;

constexpr std::uint32_t kBlockVersion = 1;
constexpr std::uint32_t kEcdsaP384 = 1;
constexpr std::uint32_t kCurveP384 = 2;
constexpr std::size_t kNumber = 48;  // octets of a number of P-384
constexpr std::size_t kSlot = 72;    // octets of the field that holds one, little-endian

// Two numbers in their slots at the front of `octets`, zeros everywhere else.
bool is_pair(Bytes octets) {
  return all_zero(octets.subspan(kNumber, kSlot - kNumber)) &&
         all_zero(octets.subspan(kSlot + kNumber));
}

// The two numbers, big-endian, one behind the other.
std::array<std::uint8_t, 2 * kNumber> read_pair(Bytes octets) {
  std::array<std::uint8_t, 2 * kNumber> out{};
  const Bytes first = octets.first(kNumber);
  const Bytes second = octets.subspan(kSlot, kNumber);
  std::reverse_copy(first.begin(), first.end(), out.begin());
  std::reverse_copy(second.begin(), second.end(), out.begin() + kNumber);
  return out;
}

void write_pair(Bytes big_endian, std::span<std::uint8_t> out) {
  const Bytes first = big_endian.first(kNumber);
  const Bytes second = big_endian.subspan(kNumber);
  std::reverse_copy(first.begin(), first.end(), out.begin());
  std::reverse_copy(second.begin(), second.end(), out.begin() + kSlot);
}

Bytes coordinates(const Key& key) { return Bytes(key).subspan(sizeof(std::uint32_t)); }

bool is_p384(const Key& key) {
  const std::array<std::uint8_t, 4> curve = {kCurveP384, 0, 0, 0};
  return equal(Bytes(key).first(curve.size()), curve) && is_pair(coordinates(key));
}

bool verifies(const Key& key, Bytes message, const Signature& signature) {
  const auto parsed =
      crypto::PublicKey::from_ec_xy(crypto::KeyType::kP384, read_pair(coordinates(key)));
  return parsed &&
         parsed->verify_rs(SignatureAlgorithm::kEcdsaP384Sha384, message, read_pair(signature));
}

Result<Key> key_of(const crypto::PrivateKey& key) {
  if (key.type() != crypto::KeyType::kP384) {
    return Error(Errc::kUnsupported, "snp.id_block: the key is not one of P-384");
  }
  Key out{};
  out[0] = kCurveP384;
  write_pair(key.public_key().to_ec_xy(), std::span(out).subspan(sizeof(std::uint32_t)));
  return out;
}

Result<Signature> sign(const crypto::PrivateKey& key, Bytes message) {
  WARD_TRY(const Buffer rs, key.sign_rs(SignatureAlgorithm::kEcdsaP384Sha384, message));
  Signature out{};
  write_pair(rs, out);
  return out;
}

Result<void> check_size(Bytes in, std::size_t size) {
  if (in.size() < size) return Error(Errc::kTruncated, "snp.id_block: size", in.size());
  if (in.size() > size) return Error(Errc::kMalformed, "snp.id_block: size", in.size());
  return {};
}

}  // namespace

crypto::Sha384Digest IdAuth::id_key_digest() const { return crypto::sha384(id_key); }

crypto::Sha384Digest IdAuth::author_key_digest() const {
  return has_author ? crypto::sha384(author_key) : crypto::Sha384Digest{};
}

Result<IdBlock> parse_id_block(Bytes in) {
  WARD_CHECK_OK(check_size(in, kIdBlockSize));
  Reader r(in);
  IdBlock out;
  std::uint32_t version = 0;
  if (!r.array(out.launch_digest) || !r.array(out.family_id) || !r.array(out.image_id) ||
      !r.u32le(version) || !r.u32le(out.guest_svn) || !r.u64le(out.policy)) {
    return Error(Errc::kTruncated, "snp.id_block: size", in.size());
  }
  if (version != kBlockVersion) return Error(Errc::kUnsupported, "snp.id_block: version", version);
  return out;
}

Result<IdAuth> parse_id_auth(Bytes in) {
  WARD_CHECK_OK(check_size(in, kIdAuthSize));
  Reader r(in);
  IdAuth out;
  std::uint32_t id_algo = 0;
  std::uint32_t author_algo = 0;
  Bytes reserved1;
  Bytes reserved2;
  if (!r.u32le(id_algo) || !r.u32le(author_algo) || !r.bytes(56, reserved1) ||
      !r.array(out.id_block_signature) || !r.array(out.id_key) || !r.bytes(60, reserved2) ||
      !r.array(out.id_key_signature) || !r.array(out.author_key)) {
    return Error(Errc::kTruncated, "snp.id_auth: size", in.size());
  }
  if (id_algo != kEcdsaP384) return Error(Errc::kUnsupported, "snp.id_auth: ID_KEY_ALGO", id_algo);
  if (author_algo != 0 && author_algo != kEcdsaP384) {
    return Error(Errc::kUnsupported, "snp.id_auth: AUTH_KEY_ALGO", author_algo);
  }
  if (!all_zero(reserved1) || !all_zero(reserved2) || !all_zero(r.rest())) {
    return Error(Errc::kMalformed, "snp.id_auth: reserved octets are not zero");
  }
  out.has_author = author_algo != 0;
  if (!is_p384(out.id_key) || !is_pair(out.id_block_signature)) {
    return Error(Errc::kMalformed, "snp.id_auth: ID key or its signature");
  }
  if (out.has_author ? !is_p384(out.author_key) || !is_pair(out.id_key_signature)
                     : !all_zero(out.author_key) || !all_zero(out.id_key_signature)) {
    return Error(Errc::kMalformed, "snp.id_auth: author key or its signature");
  }
  return out;
}

Buffer write_id_block(const IdBlock& block) {
  Writer w;
  w.bytes(block.launch_digest);
  w.bytes(block.family_id);
  w.bytes(block.image_id);
  w.u32le(kBlockVersion);
  w.u32le(block.guest_svn);
  w.u64le(block.policy);
  return w.take();
}

Buffer write_id_auth(const IdAuth& auth) {
  Writer w;
  w.u32le(kEcdsaP384);
  w.u32le(auth.has_author ? kEcdsaP384 : 0);
  w.zeros(id_auth::Reserved1::kEnd - id_auth::Reserved1::kBegin);
  w.bytes(auth.id_block_signature);
  w.bytes(auth.id_key);
  w.zeros(id_auth::Reserved2::kEnd - id_auth::Reserved2::kBegin);
  w.bytes(auth.id_key_signature);
  w.bytes(auth.author_key);
  w.zeros(id_auth::Reserved3::kEnd - id_auth::Reserved3::kBegin);
  return w.take();
}

Result<void> verify_id_block(const IdBlock& block, const IdAuth& auth) {
  if (!verifies(auth.id_key, write_id_block(block), auth.id_block_signature)) {
    return Error(Errc::kUntrusted, "snp.id_block: signature of the ID key");
  }
  if (auth.has_author && !verifies(auth.author_key, auth.id_key, auth.id_key_signature)) {
    return Error(Errc::kUntrusted, "snp.id_block: signature of the author key over the ID key");
  }
  return {};
}

Result<IdAuth> sign_id_block(const IdBlock& block, const crypto::PrivateKey& id_key,
                             const crypto::PrivateKey* author_key) {
  IdAuth out;
  WARD_TRY(out.id_key, key_of(id_key));
  WARD_TRY(out.id_block_signature, sign(id_key, write_id_block(block)));
  if (author_key == nullptr) return out;
  out.has_author = true;
  WARD_TRY(out.author_key, key_of(*author_key));
  WARD_TRY(out.id_key_signature, sign(*author_key, out.id_key));
  return out;
}

}  // namespace ward::snp
