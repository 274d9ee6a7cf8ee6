#include "tee/soft/faces.h"

#include <algorithm>

namespace ward::soft {
namespace {

using dcap::BodyType;
using snp::SigningKey;

constexpr snp::Line kLine = snp::Line::kGenoa;

constexpr Face kFaces[] = {
    {"sgx", "SGX, quote version 3", "sgx", QuoteForm{3, BodyType::kSgxReport}},
    {"tdx", "TDX, quote version 4, TD report 1.0", "tdx", QuoteForm{4, BodyType::kTdReport10}},
    {"snp", "SEV-SNP, report version 5, signed with the VCEK", "snp",
     AmdFace{kLine, 5, SigningKey::kVcek}},
    {"sgx-v4", "SGX, quote version 4", "sgx", QuoteForm{4, BodyType::kSgxReport}},
    {"sgx-v5", "SGX, quote version 5", "sgx", QuoteForm{5, BodyType::kSgxReport}},
    {"tdx-v5", "TDX, quote version 5, TD report 1.0", "tdx", QuoteForm{5, BodyType::kTdReport10}},
    {"tdx-v5-1.5", "TDX, quote version 5, TD report 1.5", "tdx",
     QuoteForm{5, BodyType::kTdReport15}},
    {"snp-v2", "SEV-SNP, report version 2, signed with the VCEK", "snp",
     AmdFace{kLine, 2, SigningKey::kVcek}},
    {"snp-v3", "SEV-SNP, report version 3, signed with the VCEK", "snp",
     AmdFace{kLine, 3, SigningKey::kVcek}},
    {"snp-vlek", "SEV-SNP, report version 5, signed with the VLEK", "snp",
     AmdFace{kLine, 5, SigningKey::kVlek}},
    {"snp-v2-vlek", "SEV-SNP, report version 2, signed with the VLEK", "snp",
     AmdFace{kLine, 2, SigningKey::kVlek}},
    {"snp-v3-vlek", "SEV-SNP, report version 3, signed with the VLEK", "snp",
     AmdFace{kLine, 3, SigningKey::kVlek}},
};

}  // namespace

std::span<const Face> faces() { return kFaces; }

const Face* find_face(std::string_view name) {
  const auto* found =
      std::ranges::find_if(kFaces, [name](const Face& face) { return name == face.name; });
  return found == std::end(kFaces) ? nullptr : found;
}

}  // namespace ward::soft
