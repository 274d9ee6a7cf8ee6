#include "apps/ward/verify_composite.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "apps/ward/appraisal_text.h"
#include "apps/ward/cli.h"
#include "apps/ward/evidence_input.h"
#include "apps/ward/evidence_kind.h"
#include "apps/ward/expected_values.h"
#include "explain/composite.h"
#include "explain/tree.h"
#include "tee/all.h"
#include "verifier/composite.h"

namespace ward::cli {
namespace {

using attest::Expected;
using verifier::PartRequest;

// Part is one device's evidence with what judges it.
struct Part {
  std::string name;
  Buffer evidence;
  attest::SchemeInfo info;
};

int usage(const Usage& u) { return fail(kUsage, u.what, u.hint); }

Result<std::vector<Part>, int> read_parts(const CompositeSubject& s) {
  std::vector<std::string> files = {s.file};
  files.insert(files.end(), s.options.with.begin(), s.options.with.end());
  if (files.size() > verifier::kMaxParts) {
    return fail(kUsage, "more than " + std::to_string(verifier::kMaxParts) + " parts");
  }
  if (std::ranges::count(files, "-") > 1) {
    return fail(kUsage, "standard input is one part, not several", "name files");
  }
  std::vector<Part> out;
  std::map<std::string, std::size_t> seen;
  for (const std::string& file : files) {
    WARD_TRY(Buffer evidence, read_evidence(file));
    const attest::Scheme* scheme = judge_of(evidence);
    if (scheme == nullptr) return no_judge(file, evidence);
    const std::string tee = scheme->info().name;
    out.push_back({tee + std::to_string(seen[tee]++), std::move(evidence), scheme->info()});
  }
  return out;
}

std::string names(const std::vector<Part>& parts) {
  std::string out;
  for (const Part& part : parts) {
    out += (out.empty() ? "" : ", ") + part.name;
  }
  return out;
}

// values_of sorts "tpm0=HEX" and "HEX" to the parts that they are for.
Result<std::vector<std::vector<std::string>>, Usage> values_of(
    const char* option, const std::vector<std::string>& texts, const std::vector<Part>& parts) {
  std::vector<std::vector<std::string>> out(parts.size());
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      out.front().push_back(text);
      continue;
    }
    const auto part = std::ranges::find(parts, text.substr(0, equals), &Part::name);
    if (part == parts.end()) {
      return Usage{std::string(option) + ": no part " + text.substr(0, equals),
                   "the parts are " + names(parts)};
    }
    out[static_cast<std::size_t>(part - parts.begin())].push_back(text.substr(equals + 1));
  }
  return out;
}

Result<Expected, Usage> binding_of(const std::string& text) {
  if (text.empty()) return Expected(attest::Unchecked{});
  WARD_TRY(Buffer value, hex_value("--report-data", text, 0, "the binding"));
  if (value.size() < verifier::kMinBinding || value.size() > verifier::kMaxBinding) {
    return Usage{"--report-data: " + std::to_string(value.size()) + " octets",
                 "of several parts give the digest over nonce and key, 32 to 48 octets: each part "
                 "carries as much of it as its field holds (a TPM's quote the first 32)"};
  }
  return Expected(std::vector<Buffer>{std::move(value)});
}

Result<std::vector<PartRequest>, Usage> requests_of(const CompositeSubject& s,
                                                    const std::vector<Part>& parts) {
  WARD_TRY(const Expected binding, binding_of(s.report_data));
  WARD_TRY(const auto measurements, values_of("--measurement", s.measurements, parts));
  WARD_TRY(const auto workloads, values_of("--workload", s.workloads, parts));
  std::vector<PartRequest> out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    WARD_TRY(Expected measurement,
             expected_values(measurements[i], {.option = "--measurement",
                                               .name = "the measurement of " + part.name,
                                               .size = part.info.measurement_size,
                                               .sizes = part.info.measurement_sizes}));
    WARD_TRY(Expected workload,
             workload_values(workloads[i], {.option = "--workload",
                                            .name = "the workload field of " + part.name,
                                            .size = part.info.workload_size,
                                            .sizes = part.info.workload_sizes}));
    out.push_back({.name = part.name,
                   .evidence = part.evidence,
                   .binding = binding,
                   .measurement = std::move(measurement),
                   .workload = std::move(workload)});
  }
  return out;
}

Result<std::map<std::string, std::size_t>, Usage> required_of(
    const std::vector<std::string>& texts) {
  std::map<std::string, std::size_t> out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    const std::string tee = text.substr(0, equals);
    const std::string digits = equals == std::string::npos ? "1" : text.substr(equals + 1);
    std::size_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    if (error != std::errc{} || stop != end || number == 0 || number > verifier::kMaxParts) {
      return Usage{"--require-part: " + text + ": not a number of devices from 1 to " +
                       std::to_string(verifier::kMaxParts),
                   "write nvidia, or nvidia=8"};
    }
    std::string known;
    for (const attest::Scheme* scheme : tee::all_schemes()) {
      known += (known.empty() ? "" : ", ") + std::string(scheme->info().name);
    }
    const bool found = std::ranges::any_of(tee::all_schemes(), [&](const attest::Scheme* scheme) {
      return scheme->info().name == tee;
    });
    if (!found) return Usage{"--require-part: no such TEE: " + tee, "they are " + known};
    out[tee] = std::max(out[tee], number);
  }
  return out;
}

// misplaced is the first field that the policy demands something of and that no part has.
std::optional<Usage> misplaced(const attest::Policy& policy, const std::vector<Part>& parts) {
  for (const std::string& field : attest::named_fields(policy)) {
    const bool has = std::ranges::any_of(parts, [&](const Part& part) {
      return attest::find_field(part.info.fields, field) != nullptr;
    });
    if (!has) {
      return Usage{field + " is demanded, and no part has it", "the parts are " + names(parts)};
    }
  }
  return std::nullopt;
}

int print_verdict(const CompositeSubject& s, const explain::CompositeExplanation& e) {
  std::string text;
  if (s.json) {
    codec::JsonWriter writer(codec::JsonWriter::Style::kPretty);
    explain::write_composite(writer, e);
    auto taken = writer.take();
    if (!taken) return fail(kCouldNotTell, error_text(taken.error()));
    text = *std::move(taken) + "\n";
  } else {
    text = explain::composite_head(e);
    for (std::size_t i = 0; i < e.parts.size(); ++i) {
      text += "\n" + e.composite.parts[i].name + "\n" +
              (s.explain ? explain::tree(e.parts[i]) : short_text(e.parts[i]));
    }
  }
  const int printed = print(text);
  return printed == kAccepted ? exit_code(e.composite.verdict) : printed;
}

}  // namespace

void add_composite_options(args::Command& command, CompositeOptions& options) {
  command
      .add_option("--with", options.with,
                  "evidence of another device of the same machine, for one verdict on all; may be "
                  "given again")
      ->allow_extra_args(false);
  command
      .add_option("--require-part", options.required,
                  "refuse where no evidence of this TEE is among the parts (nvidia), or not of so "
                  "many devices (nvidia=8); may be given again")
      ->allow_extra_args(false);
}

int verify_composite(const CompositeSubject& s) {
  WARD_TRY(const std::vector<Part> parts, read_parts(s));
  if (const auto wrong = misplaced(s.verifier.policy(), parts)) return usage(*wrong);
  const auto requests = requests_of(s, parts);
  if (!requests) return usage(requests.error());
  auto required = required_of(s.options.required);
  if (!required) return usage(required.error());
  const auto out = explain::appraise_composite(s.verifier, {.parts = *requests,
                                                            .collateral = s.collateral,
                                                            .now = s.at,
                                                            .required = *std::move(required)});
  if (!out) return fail(kCouldNotTell, error_text(out.error()));
  return print_verdict(s, *out);
}

}  // namespace ward::cli
