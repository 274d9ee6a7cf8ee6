#include "apps/ward/channel_options.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "apps/ward/cli.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/expected_values.h"
#include "apps/ward/input.h"
#include "apps/ward/key_files.h"
#include "args/args.h"
#include "attest/demands.h"
#include "crypto/digest.h"
#include "pki/build.h"
#include "tee/all.h"

namespace ward::cli {
namespace {

namespace channel = protocol::channel;

constexpr std::int64_t kDay_s = 86400;
constexpr std::int64_t kSecondMs = 1000;
constexpr std::uint64_t kMaxSeconds = std::uint64_t{1} << 31U;

Result<attest::Expectations, Usage> expectations(const ChannelOptions& o,
                                                 const attest::SchemeInfo& info,
                                                 const channel::ReportData& report_data) {
  attest::Expectations out;
  const std::string of = std::string(" of ") + info.name;
  out.report_data = std::vector<Buffer>{to_buffer(report_data)};
  WARD_TRY(out.measurement, expected_values(o.measurements, {.option = "--measurement",
                                                             .name = "the measurement" + of,
                                                             .size = info.measurement_size,
                                                             .sizes = info.measurement_sizes}));
  WARD_TRY(out.workload, workload_values(o.workloads, {.option = "--workload",
                                                       .name = "the workload field" + of,
                                                       .size = info.workload_size,
                                                       .sizes = info.workload_sizes}));
  return out;
}

channel::Judgement undetermined(std::string found, std::string expected) {
  channel::Judgement out;
  out.verdict = attest::Verdict::kUndetermined;
  out.found = std::move(found);
  out.expected = std::move(expected);
  return out;
}

// A self-signed certificate that carries the key: nobody reads its names or dates.
Result<Buffer> certificate_for(const crypto::PrivateKey& key, crypto::Rng& rng) {
  const pki::NamePart part{.type = "CN", .value = "ward attested channel"};
  WARD_TRY(const pki::Name name, pki::make_name(std::span(&part, 1)));
  pki::CertificateSpec spec;
  auto serial = crypto::random_array<16>(rng);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7fU) | 0x40U);
  spec.serial = to_buffer(serial);
  spec.signature_algorithm = crypto::SignatureAlgorithm::kEcdsaP256Sha256;
  spec.issuer = name;
  spec.subject = name;
  const UnixTime now = system_now();
  spec.not_before = UnixTime{now.seconds - kDay_s};
  spec.not_after = UnixTime{now.seconds + 365 * kDay_s};
  spec.spki = key.public_key().to_spki();
  return pki::build_certificate(
      spec, [&](Bytes signed_part) { return key.sign(spec.signature_algorithm, signed_part); });
}

Result<std::unique_ptr<channel::Appraiser>, int> make_judge(const ChannelOptions& o) {
  std::unique_ptr<channel::Appraiser> out;
  if (!o.require) {
    out = std::make_unique<NoJudge>();
    return out;
  }
  if (o.measurements.empty()) {  // a workload is what whoever launches it says
    return fail(kUsage, "nothing says what may stand at the other end",
                "--measurement HEX, and --workload HEX if one of its workloads alone may: `ward "
                "keep measure` prints them");
  }
  const attest::Demands demands(tee::all_schemes(), kDemandOptions);
  WARD_TRY(auto policy, make_policy(o.policy, demands));
  WARD_TRY(auto roots, named_roots(o.roots));
  WARD_TRY(const auto readable, read_all_collateral(o.collateral, o.roots));
  (void)readable;  // it is read again for each appraisal: here, that it can be
  out = std::make_unique<PeerJudge>(
      verifier::Verifier(tee::all_schemes(), std::move(roots), std::move(policy)), o);
  return out;
}

Result<crypto::PrivateKey, int> tls_key(const ChannelOptions& o, crypto::Rng& rng) {
  if (o.tls_key.empty()) {
    auto made = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
    if (!made) return fail(kCouldNotTell, error_text(made.error()));
    return *std::move(made);
  }
  auto read = read_identity(o.tls_key);
  if (!read) return own_file_failure(o.tls_key, read.error(), "--tls-key takes a P-256 key in PEM");
  return *std::move(read);
}

// judges is true where an option says what the other end must be.
bool judges(const ChannelOptions& o) {
  const PolicyOptions& p = o.policy;
  const bool demands = !p.accept_tcb.empty() || !p.accept_value.empty() ||
                       !p.refuse_value.empty() || !p.min_value.empty() || !p.tolerate.empty() ||
                       !p.refuse_product.empty() || !p.chips.empty() || !p.min_tcb_date.empty() ||
                       p.min_tcb_evaluation || p.require_crl || p.allow_debug ||
                       p.allow_development;
  return demands || !o.measurements.empty() || !o.workloads.empty() || !o.collateral.empty() ||
         !o.roots.trust_root.empty() || !o.roots.hardware_roots.empty() || o.reattest_s != 0 ||
         o.max_age_s != 0;
}

int check_sides(net::TlsSide side, const ChannelOptions& o) {
  if (!o.attest && !o.require) {
    return fail(kUsage, "this end neither gives evidence nor wants any",
                "--attest, --require, or both");
  }
  if (side == net::TlsSide::kClient && !o.require && o.server_key.empty()) {
    return fail(kUsage, "nothing says which server this is",
                "--require evidence of it, or name its --server-key");
  }
  if (!o.require && judges(o)) {
    return fail(kUsage, "options say what the other end must be, but its evidence is not asked for",
                "--require it");
  }
  if (!o.attest && !(o.own.device.empty() && o.own.softd.empty() && o.own.agent.empty())) {
    return fail(kUsage, "options say how evidence of this end is made, but none is given",
                "--attest gives it");
  }
  if (o.reattest_s > kMaxSeconds || o.max_age_s > kMaxSeconds) {
    return fail(kUsage, "--reattest, --max-age: at most 2147483648 seconds");
  }
  return kAccepted;
}

channel::Settings settings_of(net::TlsSide side, const ChannelOptions& o) {
  channel::Settings out;
  out.role = side == net::TlsSide::kClient ? channel::Role::kClient : channel::Role::kServer;
  out.gives = o.attest;
  out.wants = o.require;
  out.max_age_ms = static_cast<std::int64_t>(o.max_age_s) * kSecondMs;
  out.reattest_ms = static_cast<std::int64_t>(o.reattest_s) * kSecondMs;
  if (out.reattest_ms == 0) out.reattest_ms = out.max_age_ms / 2;  // so that it is not reached
  return out;
}

}  // namespace

void add_channel_options(args::Command& c, ChannelOptions& o) {
  c.add_flag("--attest", o.attest, "give evidence of this machine where the other end wants it");
  add_own_evidence_options(c, o.own);
  c.add_option("--measurement", o.measurements,
               "an accepted launch measurement of the other end, in hex; may be given again");
  c.add_option("--workload", o.workloads,
               "an accepted workload of the other end, in hex; may be given again");
  c.add_option("--collateral", o.collateral,
               "a file or folder with the maker's documents; may be given again. Read anew for "
               "each appraisal")
      ->allow_extra_args(false);
  add_root_options(c, o.roots);
  add_policy_options(c, o.policy);
  c.add_option("--reattest", o.reattest_s,
               "ask the other end for evidence again every so many seconds");
  c.add_option("--max-age", o.max_age_s,
               "let no octet pass on evidence that is older, in seconds; without --reattest it is "
               "asked for again at half of it");
  c.add_option("--tls-key", o.tls_key, "this end's P-256 TLS key (PEM); a new one if not given");
}

channel::Judgement PeerJudge::appraise(Bytes evidence, const channel::ReportData& report_data) {
  const attest::Scheme* scheme = judge_of(evidence);
  if (scheme == nullptr) return undetermined("evidence of no kind that is known here", "evidence");
  const attest::Demands demands(tee::all_schemes(), kDemandOptions);
  if (const auto wrong = demands.misplaced(*scheme, verifier_.policy())) {
    return undetermined("evidence of " + std::string(scheme->info().name), wrong->what);
  }
  auto expected = expectations(options_, scheme->info(), report_data);
  if (!expected) {
    return undetermined("evidence of " + std::string(scheme->info().name), expected.error().what);
  }
  const auto collateral = read_all_collateral(options_.collateral, options_.roots);
  if (!collateral) return undetermined("collateral that cannot be read", "--collateral");
  const auto appraisal = verifier_.appraise({.evidence = evidence,
                                             .collateral = *collateral,
                                             .now = system_now(),
                                             .expected = *std::move(expected)});
  if (!appraisal) return undetermined(error_text(appraisal.error()), "evidence that can be judged");
  return channel::judgement_of(*appraisal);
}

Result<std::unique_ptr<ChannelEnd>, int> make_channel_end(net::TlsSide side,
                                                          const ChannelOptions& o) {
  if (const int code = check_sides(side, o); code != kAccepted) return code;
  std::optional<crypto::Sha256Digest> pinned;
  if (!o.server_key.empty()) {
    const auto digest = hex_value("--server-key", o.server_key, 32, "the SHA-256 of a public key");
    if (!digest) return fail(kUsage, digest.error().what, digest.error().hint);
    pinned = to_array<32>(*digest);
  }
  WARD_TRY(auto judge, make_judge(o));
  crypto::SystemRng rng;
  WARD_TRY(const crypto::PrivateKey key, tls_key(o, rng));
  const auto certificate = certificate_for(key, rng);
  if (!certificate) return fail(kCouldNotTell, error_text(certificate.error()));
  auto context = net::channel_context(side, *certificate, key);
  if (!context) return fail(kCouldNotTell, error_text(context.error()));
  // NOLINTNEXTLINE(modernize-make-unique): clang 14 makes no aggregate from parentheses
  return std::unique_ptr<ChannelEnd>(
      new ChannelEnd{.side = side,
                     .context = *std::move(context),
                     .own_key = crypto::sha256(key.public_key().to_spki()),
                     .pinned_key = pinned,
                     .settings = settings_of(side, o),
                     .judge = std::move(judge),
                     .options = o,
                     .rng = {}});
}

std::optional<HostPort> host_port(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  HostPort out{.host = text.substr(0, colon)};
  const bool bracketed = out.host.starts_with('[') && out.host.ends_with(']');
  if (bracketed) out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty() || out.host.size() > 255 ||
      out.host.find_first_of("/?#@[]% \t\r\n") != std::string::npos ||
      (!bracketed && out.host.find(':') != std::string::npos)) {
    return std::nullopt;
  }
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, out.port);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return out;
}

}  // namespace ward::cli
