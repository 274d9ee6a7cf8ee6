#include "tee/snp/report.h"

#include <algorithm>

#include "attest/field_table.h"
#include "base/writer.h"

namespace ward::snp {
namespace {

using attest::field_row;
using attest::FieldRow;
using attest::little_endian;

constexpr bool kInteger = true;
constexpr bool kReserved = true;

constexpr FieldRow kHead[] = {
    field_row<report::Version>("version", kInteger),
    field_row<report::GuestSvn>("guest_svn", kInteger),
    field_row<report::Policy>("guest_policy"),
    field_row<report::FamilyId>("family_id"),
    field_row<report::ImageId>("image_id"),
    field_row<report::Vmpl>("vmpl", kInteger),
    field_row<report::SignatureAlgo>("signature_algo", kInteger),
    field_row<report::CurrentTcb>("current_tcb"),
    field_row<report::PlatformInfo>("platform_info"),
    field_row<report::KeyInfo>("key_info"),
    field_row<report::Reserved1>("reserved1", false, kReserved),
    field_row<report::ReportData>("report_data"),
    field_row<report::Measurement>("measurement"),
    field_row<report::HostData>("host_data"),
    field_row<report::IdKeyDigest>("id_key_digest"),
    field_row<report::AuthorKeyDigest>("author_key_digest"),
    field_row<report::ReportId>("report_id"),
    field_row<report::ReportIdMa>("report_id_ma"),
    field_row<report::ReportedTcb>("reported_tcb"),
};
using NoCpuid = Field<0x188, 24>;
constexpr FieldRow kNoCpuid[] = {field_row<NoCpuid>("reserved2", false, kReserved)};
constexpr FieldRow kCpuid[] = {
    field_row<report::CpuidFamId>("cpuid_fam_id", kInteger),
    field_row<report::CpuidModId>("cpuid_mod_id", kInteger),
    field_row<report::CpuidStep>("cpuid_step", kInteger),
    field_row<report::Reserved2>("reserved2", false, kReserved),
};
constexpr FieldRow kMiddle[] = {
    field_row<report::ChipId>("chip_id"),
    field_row<report::CommittedTcb>("committed_tcb"),
    field_row<report::CurrentBuild>("current_build", kInteger),
    field_row<report::CurrentMinor>("current_minor", kInteger),
    field_row<report::CurrentMajor>("current_major", kInteger),
    field_row<report::Reserved3>("reserved3", false, kReserved),
    field_row<report::CommittedBuild>("committed_build", kInteger),
    field_row<report::CommittedMinor>("committed_minor", kInteger),
    field_row<report::CommittedMajor>("committed_major", kInteger),
    field_row<report::Reserved4>("reserved4", false, kReserved),
    field_row<report::LaunchTcb>("launch_tcb"),
};
using NoMitVectors = Field<0x1f8, 168>;
constexpr FieldRow kNoMitVectors[] = {field_row<NoMitVectors>("reserved5", false, kReserved)};
constexpr FieldRow kMitVectors[] = {
    field_row<report::LaunchMitVector>("launch_mit_vector", kInteger),
    field_row<report::CurrentMitVector>("current_mit_vector", kInteger),
    field_row<report::Reserved5>("reserved5", false, kReserved),
};
constexpr FieldRow kSignature[] = {
    field_row<report::SignatureR>("signature.r", false, kReserved),  // no claims
    field_row<report::SignatureS>("signature.s", false, kReserved),
    field_row<report::SignatureReserved>("signature.reserved", false, kReserved),
};

constexpr std::uint32_t kFirstWithCpuid = 3;
constexpr std::uint32_t kFirstWithMitVectors = 5;
constexpr std::uint32_t kOldest = 2;
constexpr std::uint32_t kNewest = 5;

using Tables = std::array<std::span<const FieldRow>, 5>;

Tables tables(std::uint32_t version) {
  const std::span<const FieldRow> cpuid = kCpuid;
  const std::span<const FieldRow> vectors = kMitVectors;
  return {kHead, version >= kFirstWithCpuid ? cpuid : kNoCpuid, kMiddle,
          version >= kFirstWithMitVectors ? vectors : kNoMitVectors, kSignature};
}

struct Bit {
  unsigned number;
  const char* name;
};

constexpr Bit kPolicyBits[] = {
    {guest_policy::kSmt, "smt"},
    {guest_policy::kMigrateMa, "migrate_ma"},
    {guest_policy::kDebug, "debug"},
    {guest_policy::kSingleSocket, "single_socket"},
    {guest_policy::kCxlAllow, "cxl_allow"},
    {guest_policy::kMemAes256Xts, "mem_aes_256_xts"},
    {guest_policy::kRaplDis, "rapl_dis"},
    {guest_policy::kCiphertextHidingDram, "ciphertext_hiding_dram"},
    {guest_policy::kPageSwapDisable, "page_swap_disable"},
};

// PLATFORM_INFO. Firmware that is newer than a report's version sets bits that older ones leave
// zero; those without a name here are a claim of their own.
constexpr Bit kPlatformBits[] = {
    {0, "smt_en"},
    {1, "tsme_en"},
    {2, "ecc_en"},
    {3, "rapl_dis"},
    {4, "ciphertext_hiding_dram_en"},
    {5, "alias_check_complete"},
    {6, "iommu_write_safe"},
    {7, "tio_en"},
};

template <std::size_t N>
std::uint64_t mask_of(const Bit (&bits)[N]) {
  std::uint64_t out = 0;
  for (const Bit& bit : bits) {
    out |= std::uint64_t{1} << bit.number;
  }
  return out;
}

bool bit_of(std::uint64_t value, unsigned number) { return ((value >> number) & 1U) != 0; }

// KEY_INFO.
constexpr unsigned kAuthorKeyEn = 0;
constexpr unsigned kMaskChipKey = 1;
constexpr std::uint64_t kKeyInfoKnown = 0x1f;

std::uint64_t key_info(const Report& r) { return little_endian(r.get<report::KeyInfo>()); }

const char* signing_key_text(SigningKey key) {
  if (key == SigningKey::kVcek) return "VCEK";
  return key == SigningKey::kVlek ? "VLEK" : "none";
}

bool reserved_zero(const Report& r) {
  const bool late = all_zero(r.get<report::Reserved5>());
  const bool vectors = r.version() >= kFirstWithMitVectors || all_zero(r.get<Field<0x1f8, 16>>());
  const bool cpuid = r.version() >= kFirstWithCpuid || all_zero(r.get<Field<0x188, 3>>());
  return late && vectors && cpuid && (key_info(r) & ~kKeyInfoKnown) == 0 &&
         all_zero(r.get<report::Reserved1>()) && all_zero(r.get<report::Reserved2>()) &&
         all_zero(r.get<report::Reserved3>()) && all_zero(r.get<report::Reserved4>());
}

template <std::size_t N>
void copy(Bytes from, std::array<std::uint8_t, N>& to) {
  std::copy_n(from.begin(), N, to.begin());
}

std::string version_text(Bytes build_minor_major) {
  return std::to_string(build_minor_major[2]) + "." + std::to_string(build_minor_major[1]) + "." +
         std::to_string(build_minor_major[0]);
}

// `prefix` is the field's name and a point.
void add_tcb_claims(std::string_view prefix, const Tcb& tcb, attest::ClaimList& out) {
  if (tcb.fmc) out.number({prefix, "fmc"}, *tcb.fmc);
  out.number({prefix, "bootloader"}, tcb.bootloader);
  out.number({prefix, "tee"}, tcb.tee);
  out.number({prefix, "snp"}, tcb.snp);
  out.number({prefix, "microcode"}, tcb.microcode);
}

// What encrypts memory, and on whose word. The reverse map table keeps the host's software from
// writing; nothing notices a line that a device on the bus changed or put back.
void add_protection_claims(const Report& r, attest::ClaimList& out) {
  const char* engine = r.policy_bit(guest_policy::kMemAes256Xts) ? kAes256Xts : kAesEither;
  out.text("memory_encryption.engine", engine);
  out.text("memory_encryption.integrity", kRmp);
  out.flag("memory_encryption.freshness", false);
  out.text("memory_encryption.source", "AMD 56860; guest policy of the report");
  out.text("cpu_state_encryption.place", "VMSA, in the guest's private memory");
  out.text("cpu_state_encryption.engine", engine);
  out.text("cpu_state_encryption.source", "AMD APM volume 2, 15.35 and 15.36");
}

FormError wrong(CheckId check, std::string found, std::string expected) {
  return {check, std::move(found), std::move(expected)};
}

}  // namespace

std::uint32_t Report::version() const {
  return static_cast<std::uint32_t>(little_endian(get<report::Version>()));
}

std::uint32_t Report::vmpl() const {
  return static_cast<std::uint32_t>(little_endian(get<report::Vmpl>()));
}

bool Report::policy_bit(unsigned bit) const {
  return bit_of(little_endian(get<report::Policy>()), bit);
}

bool Report::policy_reserved_right() const {
  constexpr std::uint64_t kAbi = 0xffff;
  const std::uint64_t known =
      kAbi | mask_of(kPolicyBits) | (std::uint64_t{1} << guest_policy::kReservedOne);
  return policy_bit(guest_policy::kReservedOne) &&
         (little_endian(get<report::Policy>()) & ~known) == 0;
}

SigningKey Report::signing_key() const {
  return static_cast<SigningKey>((key_info(*this) >> 2U) & 7U);
}

std::optional<Cpuid> Report::cpuid() const {
  if (version() < kFirstWithCpuid) return std::nullopt;
  return Cpuid{get<report::CpuidFamId>()[0], get<report::CpuidModId>()[0],
               get<report::CpuidStep>()[0]};
}

bool Report::chip_id_masked() const { return all_zero(get<report::ChipId>()); }

std::optional<std::array<std::uint8_t, 96>> Report::signature_rs() const {
  constexpr std::size_t kHalf = 48;
  const Bytes r = get<report::SignatureR>();
  const Bytes s = get<report::SignatureS>();
  if (!all_zero(r.subspan(kHalf)) || !all_zero(s.subspan(kHalf)) ||
      !all_zero(get<report::SignatureReserved>())) {
    return std::nullopt;
  }
  std::array<std::uint8_t, 2 * kHalf> out{};
  std::reverse_copy(r.begin(), r.begin() + kHalf, out.begin());
  std::reverse_copy(s.begin(), s.begin() + kHalf, out.begin() + kHalf);
  return out;
}

std::vector<attest::LayoutField> Report::layout() const {
  std::vector<attest::LayoutField> out;
  for (const auto& table : tables(version())) {
    attest::add_table_layout(table, raw_, {0, "report.", "ATTESTATION_REPORT"}, out);
  }
  return out;
}

void Report::add_claims(std::optional<Line> product, attest::ClaimList& out) const {
  for (const auto& table : tables(version())) {
    attest::add_table_claims(table, raw_, "", out);
  }
  const std::uint64_t policy = little_endian(get<report::Policy>());
  out.number("guest_policy.abi_major", (policy >> 8U) & 0xffU);
  out.number("guest_policy.abi_minor", policy & 0xffU);
  for (const Bit& bit : kPolicyBits) {
    out.flag({"guest_policy.", bit.name}, bit_of(policy, bit.number));
  }
  out.flag("debug", policy_bit(guest_policy::kDebug));
  const std::uint64_t platform = little_endian(get<report::PlatformInfo>());
  for (const Bit& bit : kPlatformBits) {
    out.flag({"platform_info.", bit.name}, bit_of(platform, bit.number));
  }
  out.number("platform_info.unknown_bits", platform & ~mask_of(kPlatformBits));
  out.flag("author_key_en", bit_of(key_info(*this), kAuthorKeyEn));
  out.flag("mask_chip_key", bit_of(key_info(*this), kMaskChipKey));
  out.text("signing_key", signing_key_text(signing_key()));
  out.flag("chip_id_masked", chip_id_masked());
  const Bytes current = raw_.subspan<report::CurrentBuild::kBegin, 3>();
  const Bytes committed = raw_.subspan<report::CommittedBuild::kBegin, 3>();
  out.text("current_version", version_text(current));
  out.text("committed_version", version_text(committed));
  out.flag(
      "provisional_firmware",
      !equal(current, committed) || !equal(get<report::CurrentTcb>(), get<report::CommittedTcb>()));
  if (product) {
    add_tcb_claims("reported_tcb.", read_tcb(get<report::ReportedTcb>(), *product), out);
    add_tcb_claims("committed_tcb.", read_tcb(get<report::CommittedTcb>(), *product), out);
    add_tcb_claims("current_tcb.", read_tcb(get<report::CurrentTcb>(), *product), out);
    add_tcb_claims("launch_tcb.", read_tcb(get<report::LaunchTcb>(), *product), out);
  }
  add_protection_claims(*this, out);
}

std::optional<FormError> check_form(Bytes octets) {
  const auto raw = to_array<kReportSize>(octets);
  if (!raw) {
    return wrong(CheckId::kReportForm, std::to_string(octets.size()) + " octets",
                 std::to_string(kReportSize) + " octets");
  }
  const Report r{*raw};
  if (r.version() < kOldest || r.version() > kNewest) {
    return wrong(CheckId::kReportVersion, std::to_string(r.version()), "2, 3, 4 or 5");
  }
  const std::uint64_t algorithm = little_endian(r.get<report::SignatureAlgo>());
  if (algorithm != 1) {
    return wrong(CheckId::kReportSignatureAlgo, std::to_string(algorithm), "1");
  }
  if (r.signing_key() != SigningKey::kVcek && r.signing_key() != SigningKey::kVlek) {
    return wrong(CheckId::kReportSigningKey, std::to_string(static_cast<unsigned>(r.signing_key())),
                 "0 (VCEK) or 1 (VLEK)");
  }
  if (!reserved_zero(r)) return wrong(CheckId::kReportReserved, "another value", "zero");
  if (!r.policy_reserved_right()) {
    return wrong(CheckId::kGuestPolicyReserved, to_hex(r.get<report::Policy>()),
                 "bit 17 one, bits 26 to 63 zero");
  }
  if (r.vmpl() > 3) return wrong(CheckId::kReportVmpl, std::to_string(r.vmpl()), "0 to 3");
  return std::nullopt;
}

std::optional<Report> parse_report(Bytes octets) {
  if (check_form(octets)) return std::nullopt;
  return Report(octets.first<kReportSize>());
}

Buffer write_report(const ReportParts& p) {
  Writer w;
  w.u32le(p.version);
  w.u32le(p.guest_svn);
  w.u64le(p.policy);
  w.bytes(p.family_id);
  w.bytes(p.image_id);
  w.u32le(p.vmpl);
  w.u32le(p.signature_algo);
  w.bytes(p.current_tcb);
  w.u64le(p.platform_info);
  w.u32le(p.key_info);
  w.zeros(report::Reserved1::kEnd - report::Reserved1::kBegin);
  w.bytes(p.report_data);
  w.bytes(p.measurement);
  w.bytes(p.host_data);
  w.bytes(p.id_key_digest);
  w.bytes(p.author_key_digest);
  w.bytes(p.report_id);
  w.bytes(p.report_id_ma);
  w.bytes(p.reported_tcb);
  w.bytes(p.cpuid.value_or(std::array<std::uint8_t, 3>{}));
  w.zeros(report::Reserved2::kEnd - report::Reserved2::kBegin);
  w.bytes(p.chip_id);
  w.bytes(p.committed_tcb);
  for (const auto* version : {&p.current_version, &p.committed_version}) {
    w.u8((*version)[2]);
    w.u8((*version)[1]);
    w.u8((*version)[0]);
    w.u8(0);
  }
  w.bytes(p.launch_tcb);
  for (const std::uint64_t vector : p.mit_vectors.value_or(std::array<std::uint64_t, 2>{})) {
    w.u64le(vector);
  }
  w.zeros(report::Reserved5::kEnd - report::Reserved5::kBegin);
  w.bytes(p.signature_r);
  w.bytes(p.signature_s);
  w.zeros(report::SignatureReserved::kEnd - report::SignatureReserved::kBegin);
  return w.take();
}

ReportParts report_parts(const Report& r) {
  ReportParts p;
  p.version = r.version();
  p.guest_svn = static_cast<std::uint32_t>(little_endian(r.get<report::GuestSvn>()));
  p.policy = little_endian(r.get<report::Policy>());
  copy(r.get<report::FamilyId>(), p.family_id);
  copy(r.get<report::ImageId>(), p.image_id);
  p.vmpl = r.vmpl();
  p.signature_algo = static_cast<std::uint32_t>(little_endian(r.get<report::SignatureAlgo>()));
  copy(r.get<report::CurrentTcb>(), p.current_tcb);
  p.platform_info = little_endian(r.get<report::PlatformInfo>());
  p.key_info = static_cast<std::uint32_t>(key_info(r));
  copy(r.get<report::ReportData>(), p.report_data);
  copy(r.get<report::Measurement>(), p.measurement);
  copy(r.get<report::HostData>(), p.host_data);
  copy(r.get<report::IdKeyDigest>(), p.id_key_digest);
  copy(r.get<report::AuthorKeyDigest>(), p.author_key_digest);
  copy(r.get<report::ReportId>(), p.report_id);
  copy(r.get<report::ReportIdMa>(), p.report_id_ma);
  copy(r.get<report::ReportedTcb>(), p.reported_tcb);
  if (const auto cpuid = r.cpuid()) p.cpuid = {cpuid->family, cpuid->model, cpuid->stepping};
  copy(r.get<report::ChipId>(), p.chip_id);
  copy(r.get<report::CommittedTcb>(), p.committed_tcb);
  p.current_version = {r.get<report::CurrentMajor>()[0], r.get<report::CurrentMinor>()[0],
                       r.get<report::CurrentBuild>()[0]};
  p.committed_version = {r.get<report::CommittedMajor>()[0], r.get<report::CommittedMinor>()[0],
                         r.get<report::CommittedBuild>()[0]};
  copy(r.get<report::LaunchTcb>(), p.launch_tcb);
  if (p.version >= kFirstWithMitVectors) {
    p.mit_vectors = {little_endian(r.get<report::LaunchMitVector>()),
                     little_endian(r.get<report::CurrentMitVector>())};
  }
  copy(r.get<report::SignatureR>(), p.signature_r);
  copy(r.get<report::SignatureS>(), p.signature_s);
  return p;
}

}  // namespace ward::snp
