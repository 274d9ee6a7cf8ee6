#include "verifier/composite.h"

#include <algorithm>
#include <set>

namespace ward::verifier {
namespace {

using attest::Check;
using attest::Expected;
using attest::Verdict;

enum class CheckId : std::uint8_t {
#define WARD_CHECK(name, id, reference, meaning, hint) name,
#include "verifier/composite.def"
#undef WARD_CHECK
};

constexpr attest::CheckInfo kChecks[] = {
#define WARD_CHECK(name, id, reference, meaning, hint) {id, reference, meaning, hint},
#include "verifier/composite.def"
#undef WARD_CHECK
};

Check new_check(CheckId id) {
  Check out;
  out.info = &kChecks[static_cast<std::size_t>(id)];
  return out;
}

void add(std::vector<Check>& checks, CheckId id, bool passed, std::string_view found,
         const attest::ExpectationView& expected) {
  attest::decide(checks.emplace_back(new_check(id)), passed, found, expected);
}

// is_field_size is true where report data of a TEE may have this size.
bool is_field_size(std::size_t size, const attest::SchemeInfo& info) {
  if (info.report_data_size != 0) return size == info.report_data_size;
  const auto& sizes = info.report_data_sizes;
  return sizes.empty() ? size != 0 : std::ranges::find(sizes, size) != sizes.end();
}

Result<Expected> expected_field(const PartRequest& part, const attest::SchemeInfo& info) {
  const auto* values = std::get_if<std::vector<Buffer>>(&part.binding);
  if (values == nullptr) return Expected(attest::Unchecked{});
  if (part.whole_field) {
    const bool right = std::ranges::all_of(
        *values, [&](const Buffer& value) { return is_field_size(value.size(), info); });
    if (right) return part.binding;
    return Error(Errc::kMalformed, "composite: report data of another size than its field");
  }
  std::vector<Buffer> out;
  for (const Buffer& value : *values) {
    if (value.size() < kMinBinding || value.size() > kMaxBinding) {
      return Error(Errc::kMalformed, "composite: a binding is a digest of 32 to 48 octets");
    }
    out.push_back(field_of(value, info));
  }
  return Expected(std::move(out));
}

// carries is true where a field is a digest, or the beginning of one, with nothing but zeros
// behind: what stands there another part could not be bound to.
bool carries(const Buffer& field) {
  return field.size() >= kMinBinding && !all_zero(Bytes(field).first(kMinBinding)) &&
         (field.size() <= kMaxBinding || all_zero(Bytes(field).subspan(kMaxBinding)));
}

bool same_binding(const Buffer& first, const Buffer& other) {
  const std::size_t common = std::min(first.size(), other.size());
  return carries(first) && carries(other) &&
         std::ranges::equal(Bytes(first).first(common), Bytes(other).first(common));
}

attest::Collateral joined(const attest::Collateral& shared, const attest::Collateral& own) {
  attest::Collateral out = shared;
  out.documents.insert(out.documents.end(), own.documents.begin(), own.documents.end());
  return out;
}

// judge_binding compares every part's field with every other's: of two that are cut differently
// the first may not have what a third has. Where the caller names the binding of each part, each
// part's own check compares it; those of a protocol need not be the same.
void judge_binding(const CompositeRequest& request, CompositeAppraisal& out) {
  if (std::ranges::none_of(request.parts, [](const PartRequest& part) {
        return std::holds_alternative<attest::Unchecked>(part.binding);
      })) {
    return;
  }
  for (std::size_t i = 0; i < out.parts.size(); ++i) {
    for (std::size_t j = i + 1; j < out.parts.size(); ++j) {
      const PartAppraisal& first = out.parts[i];
      const PartAppraisal& other = out.parts[j];
      const Buffer& field = first.appraisal.facts.report_data;
      if (same_binding(field, other.appraisal.facts.report_data)) continue;
      add(out.checks, CheckId::kBinding, false,
          other.name + ": " + to_hex(other.appraisal.facts.report_data),
          {first.name + ": " + to_hex(field) +
           ", a digest of 32 to 48 octets or as much of it as there is room for"});
      return;
    }
  }
  add(out.checks, CheckId::kBinding, true, "one binding", {"one binding"});
}

bool share_one(std::span<const Buffer> a, std::span<const Buffer> b) {
  return std::ranges::any_of(
      a, [&](const Buffer& one) { return std::ranges::find(b, one) != b.end(); });
}

bool same_device(const attest::Appraisal& a, const attest::Appraisal& b) {
  return a.tee == b.tee &&
         (share_one(a.facts.chips, b.facts.chips) || share_one(a.facts.devices, b.facts.devices));
}

// devices_of counts the different devices of a TEE; a part that names none is one.
std::size_t devices_of(const std::string& tee, std::span<const PartAppraisal> parts) {
  std::set<Buffer> different;
  std::size_t nameless = 0;
  for (const PartAppraisal& part : parts) {
    if (part.appraisal.tee != tee) continue;
    const auto& devices = part.appraisal.facts.devices;
    if (devices.empty()) ++nameless;
    different.insert(devices.begin(), devices.end());
  }
  return different.size() + nameless;
}

void judge_distinct(const CompositeRequest& request, CompositeAppraisal& out) {
  for (std::size_t i = 0; i < out.parts.size(); ++i) {
    for (std::size_t j = i + 1; j < out.parts.size(); ++j) {
      const bool same = std::ranges::equal(request.parts[i].evidence, request.parts[j].evidence) ||
                        same_device(out.parts[i].appraisal, out.parts[j].appraisal);
      if (!same) continue;
      add(out.checks, CheckId::kDistinct, false, out.parts[i].name + " and " + out.parts[j].name,
          {"a device each"});
      return;
    }
  }
  add(out.checks, CheckId::kDistinct, true, "a device each", {"a device each"});
}

void judge_required(const CompositeRequest& request, CompositeAppraisal& out) {
  if (request.required.empty()) return;
  std::string found;
  std::string expected;
  bool passed = true;
  for (const auto& [tee, number] : request.required) {
    const std::size_t there = devices_of(tee, out.parts);
    const char* between = found.empty() ? "" : ", ";
    found += between + std::to_string(there) + " of " + tee;
    expected += between + std::string("at least ") + std::to_string(number) + " of " + tee;
    passed = passed && there >= number;
  }
  add(out.checks, CheckId::kRequired, passed, found,
      {expected, attest::Origin::kCaller, "required parts"});
}

// judge_part records how a part behind the first came out: refused fails, undetermined is absent.
void judge_part(const PartAppraisal& part, CompositeAppraisal& out) {
  const std::string found = part.name + ": " + attest::summary(part.appraisal);
  if (part.appraisal.verdict != Verdict::kUndetermined) {
    add(out.checks, CheckId::kPart, part.appraisal.verdict == Verdict::kAccepted, found,
        {part.name + ": accepted"});
    return;
  }
  Check& check = out.checks.emplace_back(new_check(CheckId::kPart));
  check.not_done = attest::NotDone::kAbsent;
  check.found = found;
  check.expected = part.name + ": accepted";
}

// verdict_of is the worst of the first part's and the checks'.
Verdict whole_verdict(const CompositeAppraisal& c) {
  const Verdict first = c.parts.front().appraisal.verdict;
  const Verdict rest = c.checks.empty() ? first : attest::verdict_of(c.checks);
  for (const Verdict worst : {Verdict::kRefused, Verdict::kUndetermined}) {
    if (first == worst || rest == worst) return worst;
  }
  return Verdict::kAccepted;
}

}  // namespace

std::span<const attest::CheckInfo> composite_checks() { return kChecks; }

Buffer field_of(Bytes binding, const attest::SchemeInfo& info) {
  const std::size_t room = info.binding_size != 0 ? info.binding_size : info.report_data_size;
  Buffer out = to_buffer(binding);
  if (room != 0) out.resize(room);
  return out;
}

Result<std::vector<std::string>> names_of(const Verifier& verifier,
                                          std::span<const Bytes> evidence) {
  std::vector<std::string> out;
  std::map<std::string, std::size_t> seen;
  for (const Bytes one : evidence) {
    const attest::Scheme* scheme = verifier.recognise(one);
    if (scheme == nullptr) {
      return Error(Errc::kUnsupported, "composite: no kind of evidence that ward knows: part",
                   out.size() + 1);
    }
    const std::string tee = scheme->info().name;
    out.push_back(tee + std::to_string(seen[tee]++));
  }
  return out;
}

Result<CompositeAppraisal> appraise_composite(const Verifier& verifier,
                                              const CompositeRequest& request) {
  if (request.parts.empty()) return Error(Errc::kMalformed, "composite: no parts");
  if (request.parts.size() > kMaxParts) return Error(Errc::kLimit, "composite: more than 64 parts");
  CompositeAppraisal out{.at = request.now};
  for (const PartRequest& part : request.parts) {
    const attest::Scheme* scheme = verifier.recognise(part.evidence);
    if (scheme == nullptr) {
      return Error(Errc::kUnsupported, "composite: no kind of evidence that ward knows: part",
                   out.parts.size() + 1);
    }
    PartAppraisal& judged = out.parts.emplace_back(PartAppraisal{.name = part.name});
    WARD_TRY(Expected field, expected_field(part, scheme->info()));
    const bool alone = part.beside.documents.empty();
    const attest::Collateral all =
        alone ? attest::Collateral{} : joined(request.collateral, part.beside);
    WARD_TRY(judged.appraisal,
             verifier.appraise({.evidence = part.evidence,
                                .collateral = alone ? request.collateral : all,
                                .now = request.now,
                                .expected = {std::move(field), part.measurement, part.workload},
                                .work = request.work ? &judged.work : nullptr,
                                .prepared = request.prepared}));
    out.development = out.development || judged.appraisal.development;
  }
  judge_binding(request, out);
  judge_distinct(request, out);
  judge_required(request, out);
  for (std::size_t i = 1; i < out.parts.size(); ++i) {
    judge_part(out.parts[i], out);
  }
  out.verdict = whole_verdict(out);
  return out;
}

attest::Appraisal in_one(const CompositeAppraisal& composite) {
  attest::Appraisal out = composite.parts.front().appraisal;
  out.checks.insert(out.checks.end(), composite.checks.begin(), composite.checks.end());
  out.verdict = composite.verdict;
  out.development = composite.development;
  for (std::size_t i = 1; i < composite.parts.size(); ++i) {
    const PartAppraisal& part = composite.parts[i];
    out.genuine = out.genuine && part.appraisal.genuine;
    for (const std::string& advisory : part.appraisal.tcb.advisories) {
      const bool known = std::ranges::count(out.tcb.advisories, advisory) != 0;
      if (!known) out.tcb.advisories.push_back(advisory);
    }
    for (const std::string& name : part.appraisal.unchecked) {
      out.unchecked.push_back(part.name + "." + name);
    }
    for (const std::string& warning : part.appraisal.warnings) {
      out.warnings.push_back(part.name + ": " + warning);
    }
    for (const std::string& note : part.appraisal.notes) {
      out.notes.push_back(part.name + ": " + note);
    }
  }
  return out;
}

std::string summary(const CompositeAppraisal& composite) {
  std::string out = attest::to_text(composite.verdict);
  const char* between = ": ";
  for (const PartAppraisal& part : composite.parts) {
    if (part.appraisal.verdict == Verdict::kAccepted) continue;
    out += between + part.name + ": " + attest::summary(part.appraisal);
    between = "; ";
  }
  for (const Check& check : composite.checks) {
    if (check.outcome != attest::Outcome::kFailed) continue;
    if (check.info == &kChecks[static_cast<std::size_t>(CheckId::kPart)]) continue;
    out += between + std::string(check.info->id);
    between = "; ";
  }
  return out;
}

}  // namespace ward::verifier
