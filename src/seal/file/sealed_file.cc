#include "seal/file/sealed_file.h"

#include <algorithm>
#include <utility>

#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "seal/file/body.h"
#include "seal/file/fault.h"
#include "seal/file/head_bytes.h"
#include "seal/file/provenance.h"

namespace ward::seal {
namespace {

constexpr std::string_view kLabelPrefix = "ward.sealed-file.v1 ";

// How many other places a segment that does not authenticate is tried in, to tell order from
// change.
constexpr std::uint64_t kMaxMoveSearch = 1024;

crypto::Hmac content_mac(const FileKey& key, const FileId& id) {
  const Secret<32> content_key = derive(key, id, "content");
  return {crypto::Hash::kSha256, content_key.expose()};
}

Result<Digest> mac_of_content(const FileKey& key, const FileId& id, const ReadFn& content) {
  crypto::Hmac mac = content_mac(key, id);
  SecretBytes piece(kSegmentBytes);
  for (;;) {
    WARD_TRY(const std::size_t n, content(piece.expose_mut()));
    if (n == 0) break;
    mac.update(piece.expose().first(n));
  }
  return *to_array<32>(mac.finish());
}

// SegmentReader cuts a stream into pieces of given sizes and knows, by reading one octet ahead,
// which is the last.
class SegmentReader {
 public:
  explicit SegmentReader(const ReadFn& in) : in_(in), buffer_(kSegmentBytes + 1) {}

  // next reads a piece of `size` octets, fewer only at the end; the view holds until the next call.
  [[nodiscard]] Result<std::span<std::uint8_t>> next(std::size_t size) {
    const auto octets = buffer_.expose_mut();
    if (ahead_) octets[0] = octets[at_];
    const std::size_t held = ahead_ ? 1 : 0;
    WARD_TRY(const std::size_t n, read_full(in_, octets.subspan(held, size + 1 - held)));
    ahead_ = held + n > size;
    at_ = size;
    return octets.first(std::min(held + n, size));
  }

  [[nodiscard]] bool last() const { return !ahead_; }

 private:
  const ReadFn& in_;
  SecretBytes buffer_;
  bool ahead_ = false;  // an octet behind the piece was read
  std::size_t at_ = 0;  // where it is
};

class BodyWriter {
 public:
  BodyWriter(SegmentCipher cipher, const ReadFn& in, const WriteFn& out)
      : cipher_(std::move(cipher)), reader_(in), out_(out) {}

  Result<void> run(const std::optional<std::uint64_t>& size, crypto::Hmac* digest) {
    WARD_CHECK_OK(out_(cipher_.header()));
    Buffer sealed(kSegmentBytes);
    std::uint64_t total = 0;
    for (std::uint64_t number = 0; number < kMaxSegments; ++number) {
      WARD_TRY(const auto piece, reader_.next(segment_plaintext_bytes(number)));
      total += piece.size();
      if (size && total > *size) return fault_error(Fault::kSizeMismatch, total);
      if (digest != nullptr) digest->update(piece);
      const std::span<std::uint8_t> out =
          std::span(sealed).first(piece.size() + crypto::kAeadTagBytes);
      WARD_CHECK_OK(cipher_.seal(static_cast<std::uint32_t>(number), reader_.last(), piece, out));
      WARD_CHECK_OK(out_(out));
      if (!reader_.last()) continue;
      if (size && total != *size) return fault_error(Fault::kSizeMismatch, total);
      return {};
    }
    return Error(Errc::kLimit, "seal.file: segments", kMaxSegments);
  }

 private:
  SegmentCipher cipher_;
  SegmentReader reader_;
  const WriteFn& out_;
};

class BodyReader {
 public:
  BodyReader(SegmentCipher cipher, const Head& head, const ReadFn& in, const WriteFn& out)
      : cipher_(std::move(cipher)), size_(head.header.size), reader_(in), out_(out) {}

  Result<void> run(crypto::Hmac* digest) {
    for (std::uint64_t number = 0; number < kMaxSegments; ++number) {
      const std::size_t most = segment_plaintext_bytes(number) + crypto::kAeadTagBytes;
      WARD_TRY(const auto sealed, reader_.next(most));
      WARD_CHECK_OK(check_size(number, sealed.size()));
      WARD_TRY(const Bytes plain, open(number, sealed));
      if (digest != nullptr) digest->update(plain);
      WARD_CHECK_OK(out_(plain));
      total_ += plain.size();
      if (reader_.last()) return {};
    }
    return Error(Errc::kLimit, "seal.file: segments", kMaxSegments);
  }

 private:
  // What the header says about the size is authentic, so a file of another size was cut or
  // lengthened, whatever its segments hold.
  Result<void> check_size(std::uint64_t number, std::size_t sealed) const {
    if (sealed < crypto::kAeadTagBytes) return fault_error(Fault::kTruncated, total_);
    const std::size_t plain = sealed - crypto::kAeadTagBytes;
    if (!size_) {
      if (number > 0 && plain == 0) return fault_error(Fault::kTrailingData, total_);
      return {};
    }
    const std::uint64_t left = *size_ - total_;
    const std::uint64_t want = std::min<std::uint64_t>(left, segment_plaintext_bytes(number));
    if (plain < want || (reader_.last() && plain < left)) {
      return fault_error(Fault::kTruncated, total_ + plain);
    }
    if (plain > want || (!reader_.last() && plain == left)) {
      return fault_error(Fault::kTrailingData, *size_);
    }
    return {};
  }

  Result<Bytes> open(std::uint64_t number, Bytes sealed) {
    const auto place = static_cast<std::uint32_t>(number);
    const auto plain = plain_.expose_mut().first(sealed.size() - crypto::kAeadTagBytes);
    const auto opened = cipher_.open(place, reader_.last(), sealed, plain);
    if (opened) return Bytes(plain);
    if (opened.error().code() != Errc::kUntrusted) return opened.error();
    return why_not(place, sealed, plain);
  }

  // One of the segment's other possible places tells what was done to it.
  Error why_not(std::uint32_t number, Bytes sealed, std::span<std::uint8_t> plain) {
    const auto opens_as = [&](std::uint32_t place, bool last) {
      const bool yes = cipher_.open(place, last, sealed, plain).has_value();
      wipe(plain);
      return yes;
    };
    if (opens_as(number, !reader_.last())) {
      return reader_.last() ? fault_error(Fault::kTruncated, total_ + plain.size())
                            : fault_error(Fault::kTrailingData, total_ + plain.size());
    }
    const std::uint64_t segments = size_ ? *size_ / segment_plaintext_bytes(1) + 2 : kMaxMoveSearch;
    for (std::uint32_t other = 0; other < std::min(segments, kMaxMoveSearch); ++other) {
      // A segment that is not full can only be a last one.
      const bool last = plain.size() < segment_plaintext_bytes(other);
      if (other != number && opens_as(other, last)) return fault_error(Fault::kSegmentMoved, other);
    }
    return fault_error(Fault::kSegmentChanged, number);
  }

  SegmentCipher cipher_;
  std::optional<std::uint64_t> size_;
  SegmentReader reader_;
  const WriteFn& out_;
  SecretBytes plain_{kSegmentBytes};
  std::uint64_t total_ = 0;  // octets of plaintext so far
};

Result<Head> make_head(const SealRequest& request, const FileKey& key, crypto::Rng& rng) {
  Head head;
  Header& header = head.header;
  header.id = crypto::random_array<16>(rng);
  header.name = request.name;
  header.content_version = request.content_version;
  header.creator = request.creator;
  header.created = request.created;
  header.size = request.size;
  if (request.receivers.size() > kMaxSlots) {
    return fault_error(Fault::kHeaderLimit, request.receivers.size());
  }
  for (const Receiver& receiver : request.receivers) {
    WARD_TRY(Slot slot, make_slot(receiver, key, header.id, rng));
    header.slots.push_back(std::move(slot));
  }
  header.commitment = commitment_of(key, header.id);
  if (request.output) {
    header.provenance = request.output->provenance;
    WARD_TRY(header.provenance->content_mac,
             mac_of_content(key, header.id, request.output->content));
  }
  WARD_TRY(head.octets, write_header(header));
  head.prefix = make_prefix(head.octets.size());
  const Buffer authenticated = head.authenticated();
  head.mac = mac_of(key, header.id, authenticated);
  if (request.output) {
    WARD_TRY(const Buffer signature, request.output->sign(provenance_message(authenticated)));
    head.signature = to_array<kSignatureBytes>(signature);
    if (!head.signature) return Error(Errc::kInternal, "seal.file: size of the signature");
  }
  return head;
}

Result<void> check_content(const std::optional<Provenance>& provenance, crypto::Hmac& mac) {
  if (provenance && !ct_equal(mac.finish(), provenance->content_mac)) {
    return fault_error(Fault::kContentChanged);
  }
  return {};
}

}  // namespace

Secret<32> derive(const FileKey& key, const FileId& id, std::string_view label) {
  const Buffer info = concat({as_bytes(kLabelPrefix), as_bytes(label)});
  return crypto::hkdf<32>(crypto::Hash::kSha256, key.secret.expose(), id, info);
}

Digest commitment_of(const FileKey& key, const FileId& id) {
  const Secret<32> value = derive(key, id, "commitment");
  return *to_array<32>(value.expose());
}

Digest mac_of(const FileKey& key, const FileId& id, Bytes authenticated) {
  const Secret<32> mac_key = derive(key, id, "header mac");
  return *to_array<32>(crypto::hmac(crypto::Hash::kSha256, mac_key.expose(), authenticated));
}

Result<Head> seal(const SealRequest& request, crypto::Rng& rng, const ReadFn& in,
                  const WriteFn& out) {
  const FileKey key{crypto::random_secret<kFileKeyBytes>(rng)};
  WARD_TRY(Head head, make_head(request, key, rng));
  WARD_TRY(SegmentCipher cipher, SegmentCipher::draw(key.secret, head.octets, rng));
  WARD_CHECK_OK(out(head.bytes()));
  crypto::Hmac mac = content_mac(key, head.header.id);
  const bool signed_content = head.header.provenance.has_value();
  BodyWriter writer(std::move(cipher), in, out);
  WARD_CHECK_OK(writer.run(request.size, signed_content ? &mac : nullptr));
  WARD_CHECK_OK(check_content(head.header.provenance, mac));
  return head;
}

Result<void> authenticate(const Head& head, const FileKey& key) {
  const FileId& id = head.header.id;
  if (!ct_equal(commitment_of(key, id), head.header.commitment)) {
    return fault_error(Fault::kWrongKey);
  }
  if (!ct_equal(mac_of(key, id, head.authenticated()), head.mac)) {
    return fault_error(Fault::kHeaderChanged);
  }
  return {};
}

Result<void> expect(const Header& header, const Expectations& expected) {
  if (expected.name && *expected.name != header.name) return fault_error(Fault::kNameMismatch);
  if (expected.id && *expected.id != header.id) return fault_error(Fault::kIdMismatch);
  if (expected.min_content_version && header.content_version < *expected.min_content_version) {
    return fault_error(Fault::kContentVersion, header.content_version);
  }
  return {};
}

Result<void> open_body(const Head& head, const FileKey& key, const ReadFn& in, const WriteFn& out) {
  WARD_CHECK_OK(authenticate(head, key));
  std::array<std::uint8_t, kBodyHeaderBytes> start{};
  WARD_TRY(const std::size_t n, read_full(in, start));
  if (n < start.size()) return fault_error(Fault::kTruncated, 0);
  auto cipher = SegmentCipher::from_header(key.secret, head.octets, start);
  if (!cipher) {
    if (cipher.error().code() == Errc::kMalformed) return fault_error(Fault::kSegmentChanged, 0);
    return cipher.error();
  }
  crypto::Hmac mac = content_mac(key, head.header.id);
  BodyReader reader(*std::move(cipher), head, in, out);
  WARD_CHECK_OK(reader.run(head.header.provenance ? &mac : nullptr));
  return check_content(head.header.provenance, mac);
}

}  // namespace ward::seal
