#include "tee/tpm/attester/quoting.h"

namespace ward::tpm {
namespace {

// fits is true where the values are those that were quoted.
bool fits(const RawQuote& raw, const std::vector<Buffer>& values) {
  const auto quote = parse_quote(raw.attest);
  const auto signature = parse_signature(raw.signature);
  const auto hash = signature ? hash_of(signature->hash) : std::nullopt;
  if (!quote || !hash) return false;
  Buffer all;
  for (const Buffer& value : values)
    all.insert(all.end(), value.begin(), value.end());
  return crypto::digest(*hash, all) == quote->pcr_digest;
}

}  // namespace

Result<Evidence> attest(Device& device, const AkChoice& ak, Bytes extra_data,
                        const std::vector<PcrSelection>& selection) {
  if (extra_data.empty() || extra_data.size() > kMaxDigest) {
    return Error(Errc::kLimit, "tpm.attest: octets of report data, 1 to 64", extra_data.size());
  }
  for (int i = 0; i < kMaxQuoteTries; ++i) {
    WARD_TRY(RawQuote raw, device.quote(ak, extra_data, selection));
    WARD_TRY(PcrRead read, device.read_pcrs(selection));
    if (!fits(raw, read.values)) continue;
    return Evidence{.attest = std::move(raw.attest),
                    .signature = std::move(raw.signature),
                    .ak = std::move(raw.ak),
                    .pcrs = std::move(read.values)};
  }
  return Error(Errc::kUnavailable, "tpm.attest: PCRs change faster than they are read");
}

}  // namespace ward::tpm
