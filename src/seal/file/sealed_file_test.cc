#include "seal/file/sealed_file.h"

#include <string>

#include <gtest/gtest.h>

#include "test/seal/fixture.h"

namespace ward::seal {
namespace {

constexpr std::size_t kFirst = segment_plaintext_bytes(0);
constexpr std::size_t kNext = segment_plaintext_bytes(1);

class SealedFileTest : public SealedFixture {
 protected:
  static std::size_t head_size(Bytes file) {
    const auto head = parse_head(file);
    return head ? head->bytes().size() : 0;
  }

  std::optional<Fault> fault_when_cut(Bytes file, std::size_t size) {
    return fault_in(open(file.first(size)));
  }

  std::optional<Fault> fault_when_flipped(Buffer file, std::size_t at) {
    file[at] ^= 1U;
    return fault_in(open(file));
  }
};

TEST_F(SealedFileTest, OpensWhatItSealedAtEverySizeAroundSegments) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kFirst - 1, kFirst, kFirst + 1, kFirst + kNext - 1,
        kFirst + kNext, kFirst + kNext + 1, kFirst + 3 * kNext + 5}) {
    const Buffer plaintext = some_bytes(size);
    for (const bool size_said : {true, false}) {
      const auto said = size_said ? std::optional<std::uint64_t>(size) : std::nullopt;
      const Buffer file = sealed(plaintext, request(said));
      EXPECT_EQ(file.size() - head_size(file), body_size(size)) << size;
      Buffer out;
      const auto opened = open(file, credentials(), out);
      ASSERT_TRUE(opened.has_value()) << size << ' ' << opened.error().what();
      EXPECT_TRUE(equal(out, plaintext)) << size;
    }
  }
}

TEST_F(SealedFileTest, ReadsStreamsThatComeInSmallPieces) {
  const Buffer plaintext = some_bytes(kFirst + 100);
  const Buffer file = sealed(plaintext);
  for (const std::size_t step : {std::size_t{977}, std::size_t{65536}, kSegmentBytes}) {
    Buffer out;
    ASSERT_TRUE(open(file, credentials(), out, step).has_value());
    EXPECT_TRUE(equal(out, plaintext));
  }
}

TEST_F(SealedFileTest, TwoSealingsOfOneFileShareNothing) {
  const Buffer plaintext = some_bytes(1000);
  const auto a = parse_head(sealed(plaintext));
  const auto b = parse_head(sealed(plaintext));
  ASSERT_TRUE(a && b);
  EXPECT_NE(a->header.id, b->header.id);
  EXPECT_NE(a->header.commitment, b->header.commitment);
}

TEST_F(SealedFileTest, CutAtEveryLengthOfASmallFileItIsTruncated) {
  const Buffer file = sealed(some_bytes(100));
  EXPECT_EQ(fault_when_cut(file, 0), Fault::kNotSealed);
  for (std::size_t size = 1; size < file.size(); ++size)
    ASSERT_EQ(fault_when_cut(file, size), Fault::kTruncated) << size;
}

TEST_F(SealedFileTest, CutAroundEverySegmentItIsTruncated) {
  const std::size_t plain = kFirst + 2 * kNext + 10;
  for (const bool size_said : {true, false}) {
    const Buffer file = sealed(
        some_bytes(plain), request(size_said ? std::optional<std::uint64_t>(plain) : std::nullopt));
    const std::size_t body = head_size(file);
    for (std::size_t segment = 1; segment <= 3; ++segment) {
      const std::size_t boundary = body + segment * kSegmentBytes;
      EXPECT_EQ(fault_when_cut(file, boundary), Fault::kTruncated) << segment;
      // Inside a segment only a size that was said beforehand can tell a cut from a change.
      const Fault inside = size_said ? Fault::kTruncated : Fault::kSegmentChanged;
      EXPECT_EQ(fault_when_cut(file, boundary - 1), inside) << segment;
      EXPECT_EQ(fault_when_cut(file, boundary + 1), Fault::kTruncated) << segment;
      EXPECT_EQ(fault_when_cut(file, boundary + 15), Fault::kTruncated) << segment;
    }
  }
}

// What a flipped octet of the head may look like; never anything else, and never an open file.
bool is_fault_of_head(Fault fault) {
  using enum Fault;
  switch (fault) {
    case kNotSealed:
    case kHeaderMalformed:
    case kHeaderLimit:
    case kUnsupportedVersion:
    case kUnsupportedSuite:
    case kNoSlot:  // the resource's path was changed
    case kHeaderChanged:
    case kTruncated:  // header_size was changed
      return true;
    case kWrongKey:
    case kNameMismatch:
    case kIdMismatch:
    case kContentVersion:
    case kSegmentChanged:
    case kSegmentMoved:
    case kTrailingData:
    case kContentChanged:
    case kSizeMismatch:
    case kNoProvenance:
    case kProvenanceUnchecked:
    case kTokenUntrusted:
    case kTokenStale:
    case kTokenIssuer:
    case kTokenDenied:
    case kTokenWarning:
    case kDevelopment:
    case kSignature:
    case kInitData:
    case kWorkload:
    case kInputs:
      return false;
  }
  return false;
}

TEST_F(SealedFileTest, AFlippedBitOfAnyOctetOfTheHeadIsTheHeadsFault) {
  const Buffer file = sealed(some_bytes(100));
  const std::size_t head = head_size(file);
  std::size_t changed = 0;
  for (std::size_t at = 0; at < head; ++at) {
    for (const unsigned bit : {1U, 0x80U}) {
      Buffer copy = file;
      copy[at] = static_cast<std::uint8_t>(copy[at] ^ bit);
      const auto fault = fault_in(open(copy));
      ASSERT_TRUE(fault.has_value()) << at;
      ASSERT_TRUE(is_fault_of_head(*fault)) << at << ' ' << to_text(*fault);
      if (fault == Fault::kHeaderChanged) ++changed;
    }
  }
  EXPECT_GT(changed, head / 2);  // many octets keep the header's form
}

TEST_F(SealedFileTest, EachPartOfTheHeadIsNamedWhenItWasChanged) {
  const Buffer file = sealed(some_bytes(100));
  const std::size_t head = head_size(file);
  EXPECT_EQ(fault_when_flipped(file, 0), Fault::kNotSealed);
  EXPECT_EQ(fault_when_flipped(file, head - 1), Fault::kHeaderChanged);  // mac
  const std::string text(as_text(file));
  EXPECT_EQ(fault_when_flipped(file, text.find("records.csv")), Fault::kHeaderChanged);
  EXPECT_EQ(fault_when_flipped(file, text.find("hospital")), Fault::kHeaderChanged);
  EXPECT_EQ(fault_when_flipped(file, text.find(kResource)), Fault::kNoSlot);
  EXPECT_EQ(fault_when_flipped(file, text.find("wrapped") + 12), Fault::kHeaderChanged);
  EXPECT_EQ(fault_when_flipped(file, text.find("check") + 10), Fault::kHeaderChanged);
  EXPECT_EQ(fault_when_flipped(file, text.find("commitment") + 20), Fault::kHeaderChanged);
  EXPECT_EQ(fault_when_flipped(file, text.find("AES256")), Fault::kUnsupportedSuite);
}

TEST_F(SealedFileTest, AFlippedBitInASegmentNamesTheSegment) {
  const Buffer file = sealed(some_bytes(kFirst + 2 * kNext + 10));
  const std::size_t body = head_size(file);
  for (std::size_t segment = 0; segment < 4; ++segment) {
    Buffer copy = file;
    copy[body + segment * kSegmentBytes + 50 - (segment == 3 ? 30 : 0)] ^= 4U;
    const auto opened = open(copy);
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(fault_in(opened), Fault::kSegmentChanged);
    EXPECT_EQ(opened.error().value(), segment);
  }
}

TEST_F(SealedFileTest, AFlippedBitInAnyOctetOfASmallBodyChangesSegment0) {
  const Buffer file = sealed(some_bytes(20));
  for (std::size_t at = head_size(file); at < file.size(); ++at)
    ASSERT_EQ(fault_when_flipped(file, at), Fault::kSegmentChanged) << at;
}

TEST_F(SealedFileTest, ReorderedSegmentsAreToldFromChangedOnes) {
  Buffer file = sealed(some_bytes(kFirst + 4 * kNext));
  const auto at = [&](std::size_t segment) {
    return file.begin() + static_cast<std::ptrdiff_t>(head_size(file) + segment * kSegmentBytes);
  };
  std::swap_ranges(at(1), at(2), at(3));
  auto opened = open(file);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(fault_in(opened), Fault::kSegmentMoved);
  EXPECT_EQ(opened.error().value(), 3U);
  std::swap_ranges(at(1), at(2), at(3));
  ASSERT_TRUE(open(file).has_value());
  std::copy(at(1), at(2), at(2));  // segment 1 again in place of 2
  opened = open(file);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(fault_in(opened), Fault::kSegmentMoved);
  EXPECT_EQ(opened.error().value(), 1U);
}

TEST_F(SealedFileTest, ARemovedSegmentIsTruncatedOrMoved) {
  const std::size_t plain = kFirst + 3 * kNext;
  for (const bool size_said : {true, false}) {
    Buffer file = sealed(some_bytes(plain),
                         request(size_said ? std::optional<std::uint64_t>(plain) : std::nullopt));
    const auto body = file.begin() + static_cast<std::ptrdiff_t>(head_size(file));
    file.erase(body + kSegmentBytes, body + 2 * kSegmentBytes);
    EXPECT_EQ(fault_in(open(file)), Fault::kSegmentMoved);
  }
}

TEST_F(SealedFileTest, DataBehindTheEndIsRefused) {
  for (const std::size_t plain : {std::size_t{0}, std::size_t{5}, kFirst, kFirst + kNext}) {
    Buffer file = sealed(some_bytes(plain));
    file.push_back(0);
    EXPECT_EQ(fault_in(open(file)), Fault::kTrailingData) << plain;
    file.resize(file.size() + kSegmentBytes);
    EXPECT_EQ(fault_in(open(file)), Fault::kTrailingData) << plain;
  }
}

TEST_F(SealedFileTest, WithoutASizeDataBehindTheEndDoesNotOpenEither) {
  Buffer file = sealed(some_bytes(kFirst), request(std::nullopt));
  file.push_back(0);
  EXPECT_EQ(fault_in(open(file)), Fault::kTrailingData);  // the last segment no longer is the last
  file = sealed(some_bytes(5), request(std::nullopt));
  file.push_back(0);
  EXPECT_EQ(fault_in(open(file)), Fault::kSegmentChanged);
}

TEST_F(SealedFileTest, ABodyOfAnotherFileUnderTheSameKeyIsRefused) {
  const Buffer plaintext = some_bytes(100);
  Buffer file = sealed(plaintext);
  const Buffer other = sealed(plaintext);
  ASSERT_EQ(file.size(), other.size());
  const auto body = static_cast<std::ptrdiff_t>(head_size(file));
  std::copy(other.begin() + body, other.end(), file.begin() + body);
  EXPECT_EQ(fault_in(open(file)), Fault::kSegmentChanged);
}

TEST_F(SealedFileTest, AFileKeyThatIsWrongIsToldFromAChangedHeader) {
  const Buffer file = sealed(some_bytes(10));
  auto head = parse_head(file);
  ASSERT_TRUE(head.has_value());
  const FileKey wrong{crypto::random_secret<32>(rng_)};
  EXPECT_EQ(fault_in(authenticate(*head, wrong)), Fault::kWrongKey);
  const auto right = unlock(*head, credentials());
  ASSERT_TRUE(right.has_value());
  head->mac[0] ^= 1U;
  EXPECT_EQ(fault_in(authenticate(*head, *right)), Fault::kHeaderChanged);
  Buffer out;
  EXPECT_EQ(fault_in(open_body(*head, *right, reader_of({}), writer_to(out))),
            Fault::kHeaderChanged);
  EXPECT_EQ(fault_in(open_body(*head, wrong, reader_of({}), writer_to(out))), Fault::kWrongKey);
}

// The attack that a commitment is for: two slots that hold different keys, so that two receivers
// would read different contents. The second receiver's key does not fit the commitment.
TEST_F(SealedFileTest, ASlotThatHoldsAnotherFileKeyIsRefused) {
  keys::SoftKeys second;
  ASSERT_TRUE(second.add_wrapping_key("a/b/c", random_secret(rng_, 32)).has_value());
  auto with_two = request(10);
  with_two.receivers.emplace_back(ToResource{.keys = &second, .resource = "a/b/c"});
  auto head = parse_head(sealed(some_bytes(10), with_two));
  ASSERT_TRUE(head.has_value());
  const Credentials as_second{.keys = &second, .identity = nullptr, .passphrase = nullptr};
  ASSERT_TRUE(unlock(*head, as_second).has_value());
  const Secret<32> other = crypto::random_secret<32>(rng_);
  const auto wrapped = second.wrap("a/b/c", other.expose());
  std::get<ResourceSlot>(head->header.slots[1]).wrapped = *to_array<40>(*wrapped);
  const auto unlocked = unlock(*head, as_second);
  ASSERT_FALSE(unlocked.has_value());
  EXPECT_EQ(fault_of(unlocked.error()), Fault::kHeaderChanged);
}

TEST_F(SealedFileTest, ExpectationsAreCompared) {
  const auto head = parse_head(sealed(some_bytes(1)));
  ASSERT_TRUE(head.has_value());
  FileId id = head->header.id;
  const auto version = head->header.content_version;
  EXPECT_TRUE(expect(head->header, {"records.csv", id, version}).has_value());
  EXPECT_TRUE(expect(head->header, {}).has_value());
  EXPECT_TRUE(expect(head->header, {{}, {}, version - 1}).has_value());
  EXPECT_EQ(fault_in(expect(head->header, {{}, {}, version + 1})), Fault::kContentVersion);
  EXPECT_EQ(fault_in(expect(head->header, {"records", id, {}})), Fault::kNameMismatch);
  id[15] ^= 1U;
  EXPECT_EQ(fault_in(expect(head->header, {"records.csv", id, {}})), Fault::kIdMismatch);
}

TEST_F(SealedFileTest, APlaintextOfAnotherSizeThanWasSaidIsNotSealed) {
  const Buffer plaintext = some_bytes(100);
  for (const std::uint64_t said : {99U, 101U, 0U}) {
    Buffer out;
    const auto head = seal(request(said), rng_, reader_of(plaintext), writer_to(out));
    ASSERT_FALSE(head.has_value());
    EXPECT_EQ(fault_of(head.error()), Fault::kSizeMismatch);
  }
}

TEST_F(SealedFileTest, ErrorsOfReaderAndWriterArePassedOn) {
  const Error broken(Errc::kUnavailable, "disk");
  const ReadFn no_in = [&](std::span<std::uint8_t>) -> Result<std::size_t> { return broken; };
  const WriteFn no_out = [&](Bytes) -> Result<void> { return broken; };
  Buffer out;
  EXPECT_EQ(seal(request(1), rng_, no_in, writer_to(out)).error().code(), Errc::kUnavailable);
  EXPECT_EQ(seal(request(1), rng_, reader_of(as_bytes("x")), no_out).error().code(),
            Errc::kUnavailable);
  EXPECT_EQ(read_head(no_in).error().code(), Errc::kUnavailable);
  const Buffer file = sealed(some_bytes(10));
  const auto head = parse_head(file);
  ASSERT_TRUE(head.has_value());
  const auto key = unlock(*head, credentials());
  ASSERT_TRUE(key.has_value());
  const Bytes body = Bytes(file).subspan(head_size(file));
  EXPECT_EQ(open_body(*head, *key, no_in, writer_to(out)).error().code(), Errc::kUnavailable);
  EXPECT_EQ(open_body(*head, *key, reader_of(body), no_out).error().code(), Errc::kUnavailable);
}

TEST_F(SealedFileTest, RequestsThatTheFormatDoesNotHoldAreRefused) {
  Buffer out;
  const auto code = [&](const SealRequest& bad) {
    const auto head = seal(bad, rng_, reader_of(as_bytes("x")), writer_to(out));
    return head ? std::optional<Errc>() : std::optional<Errc>(head.error().code());
  };
  auto bad = request(1);
  bad.receivers.clear();
  EXPECT_EQ(code(bad), Errc::kMalformed);
  bad = request(1);
  bad.receivers.assign(kMaxSlots, bad.receivers.front());
  EXPECT_EQ(code(bad), std::nullopt);
  bad.receivers.push_back(bad.receivers.front());
  EXPECT_EQ(code(bad), Errc::kLimit);
  bad = request(1);
  bad.name = "two\nlines";
  EXPECT_EQ(code(bad), Errc::kMalformed);
  bad.name = "";
  EXPECT_EQ(code(bad), Errc::kMalformed);
  bad.name = std::string(kMaxNameBytes + 1, 'n');
  EXPECT_EQ(code(bad), Errc::kLimit);
  bad = request(1);
  bad.created = UnixTime{-1};
  EXPECT_EQ(code(bad), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::seal
