#include "attest/identity.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::attest {
namespace {

constexpr std::size_t kLikeIdentifier = 2 * kMinIdentifier;  // hex digits

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_id_digit(char c) {
  const char l = lower(c);
  return (l >= '0' && l <= '9') || (l >= 'a' && l <= 'f');
}

bool is_printable(Bytes octets) {
  return std::ranges::all_of(octets, [](std::uint8_t c) { return c > ' ' && c < 0x7f; });
}

// Form is one way to write an identifier, and what stands there instead.
struct Form {
  std::string text;  // in lower case
  std::string instead;
};

using Forms = std::vector<Form>;

Forms forms_of(const std::vector<Buffer>& ids, const NameOf& name) {
  Forms out;
  for (const Buffer& id : ids) {
    if (id.size() < kMinIdentifier || all_zero(id)) continue;  // all zeros: it is hidden
    const Bytes least = trimmed_id(id);
    const std::string instead = std::string(kSaltedMark) + name(least);  // in lower case as well
    out.push_back({to_hex(id), instead});
    if (least.size() != id.size()) out.push_back({to_hex(least), instead});
    if (id.size() < kMinIdentifierText || !is_printable(id)) continue;
    std::string text(as_text(id));
    std::ranges::transform(text, text.begin(), lower);
    out.push_back({std::move(text), instead});
  }
  // The longest first, so that of one that holds another nothing is left.
  std::ranges::stable_sort(
      out, [](const Form& a, const Form& b) { return a.text.size() > b.text.size(); });
  return out;
}

// replace writes over every place of a form in `text`; true where there was one.
bool replace(const Forms& forms, std::string& text) {
  bool any = false;
  std::string folded;  // `text` in lower case, once it is searched
  for (const Form& form : forms) {
    if (text.size() < form.text.size()) continue;
    if (folded.size() != text.size()) {
      folded = text;
      std::ranges::transform(folded, folded.begin(), lower);
    }
    std::size_t at = folded.find(form.text);
    while (at != std::string::npos) {
      text.replace(at, form.text.size(), form.instead);
      folded.replace(at, form.text.size(), form.instead);
      any = true;
      at = folded.find(form.text, at + form.instead.size());
    }
  }
  return any;
}

// octets_of are those that the digits stand for; of a name with an odd number of digits, as
// instances of clouds have, the digits.
Buffer octets_of(const std::string& digits) {
  auto octets = from_hex(digits);
  return octets ? *std::move(octets) : to_buffer(as_bytes(digits));
}

// replace_like writes over everything that could be an identifier in hex.
void replace_like(const NameOf& name, std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = std::find_if_not(begin, text.end(), is_id_digit);
    const std::string run(begin, end);
    const bool done = out.ends_with(kSaltedMark);
    const auto octets = run.size() >= kLikeIdentifier && !done ? octets_of(run) : Buffer{};
    if (!all_zero(octets)) {
      out.append(kSaltedMark).append(name(trimmed_id(octets)));
    } else {
      out += run;
    }
    at += run.size();
    if (at < text.size()) out += text[at++];
  }
  text = std::move(out);
}

// replace_times writes over every time of RFC 3339 to the second: a certificate that is one
// machine's begins and ends when no other's does. Where a check failed by it, its day stays.
void replace_times(const NameOf& name, bool failed, std::string& text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  constexpr std::size_t kDay = 10;  // "0000-00-00"
  const auto fits = [&](std::string_view part) {
    return std::ranges::equal(part, kShape, [](char c, char shape) {
      return shape == '0' ? c >= '0' && c <= '9' : c == shape;
    });
  };
  for (std::size_t at = 0; at + kShape.size() <= text.size(); ++at) {
    const std::string time = text.substr(at, kShape.size());
    if (!fits(time)) continue;
    const std::string instead =
        failed ? time.substr(0, kDay) : std::string(kSaltedMark) + name(as_bytes(time));
    text.replace(at, time.size(), instead);
    at += instead.size() - 1;
  }
}

void replace_in(const Forms& forms, ClaimValue& value) {
  if (auto* text = std::get_if<std::string>(&value)) {
    replace(forms, *text);
  } else if (auto* items = std::get_if<std::vector<std::string>>(&value)) {
    for (std::string& item : *items) {
      replace(forms, item);
    }
  } else if (const auto* octets = std::get_if<Buffer>(&value)) {
    std::string hex = to_hex(*octets);
    if (replace(forms, hex)) value = std::move(hex);
  }
}

// Texts that name machines have no form by which they could be told in a list of them.
bool is_of_text(const Facts& facts, const CheckInfo* check) {
  return std::ranges::any_of(facts.fields, [&](const FieldFact& field) {
    return field.check == check && field.form.kind == FieldKind::kText;
  });
}

void replace_all(const Forms& forms, std::vector<std::string>& texts) {
  for (std::string& text : texts) {
    replace(forms, text);
  }
}

}  // namespace

Bytes trimmed_id(Bytes id) {
  while (id.size() > kMinIdentifier && id.back() == 0) {
    id = id.first(id.size() - 1);
  }
  return id;
}

Identity identity_of(std::span<const char* const> identifying, const Appraisal& appraisal) {
  Identity out{.ids = appraisal.facts.chips, .names = {identifying.begin(), identifying.end()}};
  const std::vector<Buffer>& devices = appraisal.facts.devices;
  const auto hidden = [](const Buffer& id) { return all_zero(id); };
  out.unnamed =
      appraisal.facts.chip_check != nullptr && std::ranges::all_of(appraisal.facts.chips, hidden);
  out.ids.insert(out.ids.end(), devices.begin(), devices.end());
  for (const Claim& claim : appraisal.claims) {
    if (std::ranges::find(out.names, claim.name) == out.names.end()) continue;
    if (const auto* octets = std::get_if<Buffer>(&claim.value)) {
      out.ids.push_back(*octets);
    } else if (const auto* text = std::get_if<std::string>(&claim.value)) {
      out.ids.push_back(to_buffer(as_bytes(*text)));
    }
  }
  return out;
}

void join(Identity& identity, Identity more) {
  std::ranges::move(more.ids, std::back_inserter(identity.ids));
  std::ranges::move(more.names, std::back_inserter(identity.names));
  identity.unnamed = identity.unnamed || more.unnamed;
}

void conceal(const Identity& identity, const NameOf& name, Appraisal& appraisal) {
  Facts& facts = appraisal.facts;
  const Forms forms = forms_of(identity.ids, name);
  for (Claim& claim : appraisal.claims) {
    replace_in(forms, claim.value);
  }
  for (Check& check : appraisal.checks) {
    const bool found = replace(forms, check.found);
    replace(forms, check.expected);
    replace(forms, check.expected_from);
    const bool of_machine =
        check.info == facts.chip_check ||
        std::ranges::find(identity.names, check.info->id) != identity.names.end();
    if (of_machine) {
      replace_like(name, check.found);
      replace_times(name, check.outcome == Outcome::kFailed, check.found);
    }
    if (of_machine && is_of_text(facts, check.info)) {
      check.expected = "what the policy lists";
    } else if (found || of_machine) {
      replace_like(name, check.expected);
    }
  }
  replace_all(forms, appraisal.notes);
  replace_all(forms, appraisal.warnings);
  for (FieldFact& field : facts.fields) {
    replace_all(forms, field.values);
  }
  facts.chips.clear();
  facts.devices.clear();
}

}  // namespace ward::attest
