#include "explain/script.h"

#include <algorithm>
#include <optional>

#include "crypto/digest.h"
#include "explain/script_text.h"

namespace ward::explain {
namespace {

using attest::DigestFact;
using attest::KeyForm;
using attest::Material;
using attest::MaterialKind;
using attest::Part;
using attest::SignatureFact;
using attest::SignatureForm;
using attest::Work;

constexpr std::size_t kMaxText = 200;
constexpr std::size_t kBase64Line = 64;
// A step of a register takes the script processes, not a loop of a program: logs of firmware have
// some hundred events, and a hostile one must not keep a reader for hours.
constexpr std::size_t kMaxExtended = 4096;

struct DigestName {
  std::string_view name;  // attest::DigestFact::algorithm
  const char* openssl;
  const char* octets;
};

constexpr DigestName kDigests[] = {
    {"SHA-256", "sha256", "32"}, {"SHA-384", "sha384", "48"}, {"SHA-512", "sha512", "64"}};

// plain leaves out what a shell or a terminal could read as more than text.
std::string plain(std::string_view text) {
  constexpr std::string_view kAllowed = " .,:;()[]/_+=@#%-'";
  std::string out;
  for (const char c : text.substr(0, kMaxText)) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += word || kAllowed.find(c) != std::string_view::npos ? c : '?';
  }
  if (text.size() > kMaxText) out += "...";
  return out;
}

// quoted is one argument of a command.
std::string quoted(std::string_view safe) {
  std::string out = "'";
  for (const char c : safe) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string word(std::string_view text) { return quoted(plain(text)); }

std::string number(std::size_t n) { return std::to_string(n); }

bool is_key_of_certificate(const Work& work, const SignatureFact& fact) {
  return fact.key_form == KeyForm::kSpki &&
         work.materials.at(fact.key.material).kind == MaterialKind::kCertificate;
}

bool is_signed_object(const Material& material) {
  return material.kind == MaterialKind::kCertificate ||
         material.kind == MaterialKind::kRevocationList;
}

std::string name_of(const Work& work, std::size_t material) {
  if (material == 0) return "the evidence";
  const Material& m = work.materials.at(material);
  std::string out = std::string(attest::to_text(m.kind)) + " " + number(material);
  return m.title.empty() ? out : out + " (" + plain(m.title) + ")";
}

std::string range_text(const Part& part) {
  return "octets " + number(part.offset) + " to " + number(part.offset + part.size - 1);
}

std::string text_of(const Work& work, const Part& part) {
  if (part.size == 0) return "no octets of " + name_of(work, part.material);
  return range_text(part) + " of " + name_of(work, part.material);
}

std::string octets(const Part& part) {
  return "octets " + number(part.material) + " " + number(part.offset) + " " + number(part.size);
}

std::string base64_lines(Bytes bytes) {
  const std::string all = to_base64(bytes, Base64::kStandard);
  std::string out;
  for (std::size_t at = 0; at < all.size(); at += kBase64Line) {
    out += all.substr(at, kBase64Line) + "\n";
  }
  return out;
}

std::string without(std::string_view text, bool (*drop)(char)) {
  std::string out(text);
  std::erase_if(out, drop);
  return out;
}

bool not_base64(char c) {
  const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return !word && c != '+' && c != '/' && c != '=';
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_json(const Material& document) {
  const std::string_view text = as_text(document.bytes);
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size())).starts_with('{');
}

std::string as_numbers(Bytes bytes) {
  std::string out;
  for (const std::uint8_t octet : bytes) {
    out += (out.empty() ? "[" : ",") + std::to_string(octet);
  }
  return out + "]";
}

// Forms are the evidence in each form that a certificate can stand in.
struct Forms {
  std::string base64;  // PEM without its line ends
  std::string json;    // without blanks
};

// form_in says how a certificate stands in the evidence: the word that the script's `stands` takes.
std::optional<std::string> form_in(const Work& work, const Forms& forms, std::size_t material) {
  const Bytes der = work.materials.at(material).bytes;
  if (work.part(0, der)) return "octets";
  if (forms.base64.find(to_base64(der, Base64::kStandard)) != std::string::npos) return "pem";
  if (forms.json.find(as_numbers(der)) != std::string::npos) return "numbers";
  return std::nullopt;
}

class Writer {
 public:
  explicit Writer(const Explanation& explanation)
      : appraisal_(explanation.appraisal), work_(explanation.work) {
    if (work_.materials.empty()) return;
    const std::string_view evidence = as_text(work_.materials.front().bytes);
    forms_ = {without(evidence, not_base64), without(evidence, is_blank)};
  }

  std::string write(std::string_view program) {
    out_ = "#!/bin/sh\n# The work behind a verdict, to be done again without " + plain(program) +
           ", which wrote this.\n";
    out_ += kScriptHead;
    out_ += kScriptFunctions;
    out_ += "\nverdict=" + word(attest::summary(appraisal_)) + "\n";
    out_ += "printf 'evidence of %s, judged as of %s\\n\\n' " + word(appraisal_.tee) + " " +
            word(format_rfc3339(appraisal_.at)) + "\n";
    for (std::size_t i = 0; i < work_.materials.size(); ++i) {
      material(i);
    }
    out_ += "\n";
    for (std::size_t i = 0; i < work_.materials.size(); ++i) {
      if (work_.materials[i].kind == MaterialKind::kRevocationList) listed(i);
    }
    out_ += "\nprintf '\\n'\n[ $# -eq 0 ] || own_evidence \"$1\"\n";
    for (const SignatureFact& fact : work_.signatures) {
      signature(fact);
    }
    for (const DigestFact& fact : work_.digests) {
      digest(fact);
    }
    out_ += kScriptEnd;
    return std::move(out_);
  }

 private:
  void line(const std::string& text) { out_ += text + "\n"; }

  void here_document(const std::string& command, const std::string& text) {
    out_ += command + " <<'END'\n" + text + "END\n";
  }

  void material(std::size_t i) {
    const Material& m = work_.materials[i];
    out_ += "\n";
    here_document("material " + number(i) + " " + to_hex(crypto::sha256(m.bytes)) + " " +
                      word(attest::to_text(m.kind)) + " " + word(m.title) + " " + word(m.name),
                  base64_lines(m.bytes));
    switch (m.kind) {
      case MaterialKind::kCertificate:
        return line("certificate_facts " + number(i));
      case MaterialKind::kRevocationList:
        return line("list_facts " + number(i));
      case MaterialKind::kDocument:
        return line("document_facts " + number(i));
      case MaterialKind::kExtract:
        return line("printf '       made by ward of another material; not derived here\\n'");
      case MaterialKind::kEvidence:
        return;
    }
  }

  // The certificates that the list's issuer issued.
  void listed(std::size_t list) {
    const auto of_list = std::ranges::find(
        work_.signatures, list, [](const SignatureFact& f) { return f.message.material; });
    if (of_list == work_.signatures.end()) return;
    const std::size_t issuer = of_list->key.material;
    for (const SignatureFact& fact : work_.signatures) {
      const std::size_t subject = fact.message.material;
      const bool issued = fact.key.material == issuer && subject != issuer;
      if (!issued || work_.materials[subject].kind != MaterialKind::kCertificate) continue;
      line("listed " + number(list) + " " + number(subject) + " " + word(name_of(work_, subject)));
    }
  }

  void begin(const char* kind, const char* check, bool found, const std::string& text) {
    out_ += "\n";
    line(std::string("step ") + kind + " " + word(check) + (found ? " yes" : " no") + " \\");
    line("  " + quoted(text));
  }

  void signature(const SignatureFact& fact) {
    const Material& signed_material = work_.materials.at(fact.message.material);
    const std::string what = is_signed_object(signed_material)
                                 ? name_of(work_, fact.message.material)
                                 : text_of(work_, fact.message);
    const std::string key = is_key_of_certificate(work_, fact)
                                ? "the key of " + name_of(work_, fact.key.material)
                                : "the key in " + text_of(work_, fact.key);
    begin("signature", fact.check->id, fact.holds,
          "signature over " + what + " by " + key + ", " + plain(fact.algorithm));
    line(octets(fact.message) + " >\"$dir/message\"");
    line(key_line(fact));
    line(octets(fact.signature) + signature_pipe(fact));
    conditions(fact);
    line("verify " + word(fact.algorithm));
  }

  [[nodiscard]] std::string key_line(const SignatureFact& fact) const {
    if (fact.key_form == KeyForm::kPoint) return octets(fact.key) + " | point_key";
    if (is_key_of_certificate(work_, fact)) return "certificate_key " + number(fact.key.material);
    return octets(fact.key) + " | spki_key";
  }

  static std::string signature_pipe(const SignatureFact& fact) {
    switch (fact.form) {
      case SignatureForm::kOwn:
        return " >\"$dir/signature\"";
      case SignatureForm::kFixed:
        return " | r_and_s " + number(fact.signature.size / 2);
      case SignatureForm::kHex:
        return " | xxd -r -p | r_and_s " + number(fact.signature.size / 4);
      case SignatureForm::kLittleEndian:
        return " | little_endian";
    }
    return "";
  }

  // What must be so beside the signature itself, so that it is one of what was given.
  void conditions(const SignatureFact& fact) {
    const std::size_t material = fact.message.material;
    const MaterialKind kind = work_.materials.at(material).kind;
    if (kind == MaterialKind::kCertificate) {
      if (const auto form = form_in(work_, forms_, material)) {
        line("stands " + *form + " " + number(material));
      }
    }
    if (kind == MaterialKind::kExtract) line("from_json");
    if (kind != MaterialKind::kDocument || !is_json(work_.materials[material])) return;
    const std::string digits = fact.form == SignatureForm::kHex
                                   ? octets(fact.signature)
                                   : octets(fact.signature) + " | in_hex";
    line("signed_member " + number(material) + " \"$(" + digits + ")\"");
  }

  void digest(const DigestFact& fact) {
    const auto known = std::ranges::find(kDigests, fact.algorithm, &DigestName::name);
    const DigestName& algorithm = known == std::end(kDigests) ? kDigests[0] : *known;
    begin("digest", fact.check->id, fact.holds, digest_text(fact));
    if (fact.extended && fact.message.size() > kMaxExtended) {
      return line("left_out 'more than " + number(kMaxExtended) + " digests'");
    }
    if (fact.place) {
      line("expected=$(" + octets(*fact.place) + " | in_hex)");
    } else {
      line("expected=" + word(to_hex(fact.expected)));
    }
    if (fact.extended) {
      parts_in_hex(fact);
      line(std::string("same \"$(extend ") + algorithm.openssl + " " + algorithm.octets +
           " <\"$dir/parts\")\" \"$expected\"");
      return;
    }
    std::string all;
    for (const Part& part : fact.message) {
      all += (all.empty() ? "" : "; ") + octets(part);
    }
    if (fact.message.empty()) all = ":";
    line("same \"$({ " + all + "; } | digest " + algorithm.openssl + ")\" \"$expected\"");
  }

  // The parts of one material after the other, in their order.
  void parts_in_hex(const DigestFact& fact) {
    line(": >\"$dir/parts\"");
    for (auto at = fact.message.begin(); at != fact.message.end();) {
      const std::size_t material = at->material;
      std::string list;
      for (; at != fact.message.end() && at->material == material; ++at) {
        list += number(at->offset) + " " + number(at->size) + "\n";
      }
      here_document("ranges " + number(material) + " >>\"$dir/parts\"", list);
    }
  }

  [[nodiscard]] std::string digest_text(const DigestFact& fact) const {
    std::string what;
    if (fact.extended) {
      what = "a register of zeros extended with " + number(fact.message.size()) + " digests";
      if (!fact.message.empty()) what += " of " + name_of(work_, fact.message.front().material);
    } else {
      what = fact.algorithm + " of ";
      for (std::size_t i = 0; i < fact.message.size(); ++i) {
        what += (i == 0 ? "" : " and ") + text_of(work_, fact.message[i]);
      }
    }
    std::string with = plain(fact.expected_from);
    if (fact.place) with += (with.empty() ? "" : ", ") + text_of(work_, *fact.place);
    return what + ", against " + with;
  }

  const attest::Appraisal& appraisal_;
  const Work& work_;
  Forms forms_;
  std::string out_;
};

}  // namespace

std::string work_script(const Explanation& explanation, std::string_view program) {
  return Writer(explanation).write(program);
}

}  // namespace ward::explain
