#include "explain/explanation.h"

#include <algorithm>

#include "attest/recall.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "explain/visible.h"

namespace ward::explain {
namespace {

using attest::Check;

constexpr std::int64_t kSecondsADay = 86400;

// The advice on one verdict, collected check by check.
class Adviser {
 public:
  Adviser(const attest::Appraisal& appraisal, const attest::Work& work,
          const std::vector<attest::CollateralRequest>& requests, const attest::Policy& policy)
      : appraisal_(appraisal),
        facts_(appraisal.facts),
        work_(work),
        requests_(requests),
        policy_(policy) {}

  std::vector<Advice> run() {
    for (const Check& check : appraisal_.checks) {
      if (check.outcome == attest::Outcome::kFailed) {
        fetch(check);
        update(check);
        accept(check);
      } else if (check.not_done == attest::NotDone::kAbsent) {
        fetch(check);
      } else {
        // Nothing is wrong with what nobody asked for.
        if (check.not_done == attest::NotDone::kNotAsked) ask(check);
        continue;
      }
      add(check, AdviceKind::kHint, check.info->hint);
    }
    return std::move(out_);
  }

 private:
  void add(const Check& check, AdviceKind kind, std::string what, std::string meaning = "") {
    out_.push_back({kind, check.info->id, std::move(what), std::move(meaning)});
  }

  // The document that the check is of, where its maker serves it.
  void fetch(const Check& check) {
    const std::string object = attest::object_of(*check.info);
    for (const attest::CollateralRequest& request : requests_) {
      if (request.address.empty()) continue;
      const attest::CheckInfo of{.id = request.check.c_str()};
      if (attest::object_of(of) == object) add(check, AdviceKind::kFetch, request.address);
    }
  }

  void update(const Check& check) {
    const bool of_tcb = check.info == facts_.tcb_status_check ||
                        check.info == facts_.tcb_advisories_check ||
                        check.info == facts_.tcb_date_check;
    if (!of_tcb) return;
    for (const std::string& behind : appraisal_.tcb.behind) {
      add(check, AdviceKind::kUpdate, behind);
    }
  }

  // The option that would accept what was found. What the evidence says is offered only where its
  // maker vouches for it: of forged or altered evidence nothing is to be accepted.
  void accept(const Check& check) {
    if (accept_surroundings(check) || !appraisal_.genuine) return;
    if (check.info == facts_.tcb_status_check) {
      accept_status(check);
    } else if (check.info == facts_.tcb_advisories_check) {
      for (const std::string& advisory : appraisal_.tcb.advisories) {
        tolerate(check, advisory);
      }
    } else if (check.info == facts_.tcb_date_check && appraisal_.tcb.date) {
      option(check, "--min-tcb-date " + format_rfc3339(*appraisal_.tcb.date).substr(0, 10),
             "platforms that lack what was published since then are accepted");
    } else if (check.info == facts_.tcb_evaluation_check) {
      option(check, "--min-tcb-evaluation " + check.found,
             "TCB documents from before a TCB recovery are accepted, which call platforms up to "
             "date that no longer are");
    } else if (check.info == facts_.debug_check) {
      option(check, "--allow-debug",
             "the operator can read and change what the workload holds: for tests alone");
    } else if (check.info == facts_.development_check) {
      option(check, "--allow-development",
             "results of a platform that protects nothing from root are accepted, and marked");
    } else if (check.info == facts_.measurement_check) {
      option(check, "--measurement " + check.found,
             "this code is trusted, too: only where you built it, or can build it again");
    } else if (check.info == facts_.workload_check) {
      option(check, "--workload " + check.found, "this workload is trusted, too");
    } else if (check.info == facts_.chip_check) {
      option(check,
             "a line `" + check.found.substr(0, check.found.find(',')) + "` in the file of --chips",
             "whoever holds this machine is trusted not to tamper with its hardware");
    } else if (check.info == facts_.product_check) {
      option(check, "leave out --refuse-product",
             "the weaknesses for which the product was refused are accepted");
    } else {
      accept_field(check);
    }
  }

  // Times and roots, which are not the evidence's to say; true where it was one.
  bool accept_surroundings(const Check& check) {
    if (check.origin == attest::Origin::kCaller &&
        check.expected_from == attest::kTimeOfAppraisal) {
      option(check, "--at TIME, within the document's validity",
             "the verdict is of that time, and says nothing of today");
      return true;
    }
    const bool root = std::ranges::any_of(work_.digests, [&](const attest::DigestFact& digest) {
      return digest.check == check.info && !digest.place && !digest.holds;
    });
    if (root) {
      option(check, "--trust-root FILE --allow-development",
             "only for a development platform of your own, whose root you have made");
    }
    return root;
  }

  void accept_status(const Check& check) {
    const attest::Tcb& tcb = appraisal_.tcb;
    if (!tcb.status || *tcb.status == "Revoked") return;
    const std::string open = tcb.advisories.empty()
                                 ? "the maker names no advisory for what this platform lacks"
                                 : "this platform is open to " + join(tcb.advisories);
    option(check, "--accept-tcb " + *tcb.status,
           "every platform of this status is accepted, whatever it is open to; " + open);
    if (tcb.advisories.empty() || !std::ranges::all_of(tcb.parts, [&](const auto& part) {
          return !part.advisories.empty() ||
                 std::ranges::count(policy_.accepted_tcb, part.status) > 0;
        })) {
      return;
    }
    option(check, "--tolerate ADVISORY until DATE, for each of these advisories",
           "as long as the documents name no other advisory, and no longer than you said; "
           "documents of an older TCB recovery name fewer: give --min-tcb-evaluation, too");
  }

  void tolerate(const Check& check, const std::string& advisory) {
    if (check.found.find(advisory) == std::string::npos) return;  // it is tolerated
    option(check, "--tolerate " + advisory + " until DATE",
           "what the advisory describes can be done to this workload until then");
  }

  // What of the field's demands is not met.
  void accept_field(const Check& check) {
    const auto field = std::ranges::find(facts_.fields, check.info, &attest::FieldFact::check);
    // Of a log's many values ward cannot know which is meant.
    if (field == facts_.fields.end() || field->values.size() != 1) return;
    const std::string id = check.info->id;
    const std::string& value = field->values.front();
    const std::string named = shell_word(id + "=" + value);
    const auto least = policy_.minimum_values.find(id);
    const bool below =
        least != policy_.minimum_values.end() && !attest::is_at_least(value, least->second);
    if (below) {
      option(check, "--min-value " + named + " instead of " + least->second,
             "platforms and workloads as old as this one are accepted");
    }
    const auto refused = policy_.refused_values.find(id);
    const bool named_refused = refused != policy_.refused_values.end() &&
                               attest::is_accepted(field->form, value, refused->second);
    if (named_refused) {
      option(check, "leave out --refuse-value " + named,
             "that for which this value was refused is accepted");
    }
    const auto accepted = policy_.accepted_values.find(id);
    const bool other = accepted != policy_.accepted_values.end() &&
                       !attest::is_accepted(field->form, value, accepted->second);
    if (other || (!below && !named_refused)) {
      option(check, "--accept-value " + named, "this value is accepted as well");
    }
  }

  // What nobody asked for, where an option asks for it.
  void ask(const Check& check) {
    const auto say = [&](const char* text) { add(check, AdviceKind::kHint, text); };
    if (check.info == facts_.report_data_check) {
      say("--report-data HEX compares it with the nonce or key that you expect: without it, this "
          "may be somebody else's evidence, or an old one");
    } else if (check.info == facts_.measurement_check) {
      say("--measurement HEX compares it with the code that you expect: without it, any code may "
          "run there");
    } else if (!facts_.revocation_checks.empty() &&
               check.info == facts_.revocation_checks.front()) {
      fetch(check);
      say("--require-crl demands the maker's revocation list: without it, a key that the maker "
          "revoked is not noticed");
    }
  }

  void option(const Check& check, std::string what, std::string meaning) {
    add(check, AdviceKind::kAccept, std::move(what), std::move(meaning));
  }

  const attest::Appraisal& appraisal_;
  const attest::Facts& facts_;
  const attest::Work& work_;
  const std::vector<attest::CollateralRequest>& requests_;
  const attest::Policy& policy_;
  std::vector<Advice> out_;
};

void make_utf8(std::string& text) { text = utf8(text); }

struct MakeUtf8 {
  void operator()(bool& /*v*/) const {}

  void operator()(std::uint64_t& /*v*/) const {}

  void operator()(Buffer& /*v*/) const {}

  void operator()(std::string& v) const { make_utf8(v); }

  void operator()(std::vector<std::string>& v) const { std::ranges::for_each(v, make_utf8); }
};

// Names of files and in certificates are octets; what is printed, and JSON, is UTF-8.
void make_utf8(attest::Appraisal& a) {
  const MakeUtf8 all;
  if (a.tcb.status) make_utf8(*a.tcb.status);
  all(a.tcb.advisories);
  all(a.tcb.behind);
  all(a.notes);
  all(a.warnings);
  for (Check& check : a.checks) {
    make_utf8(check.found);
    make_utf8(check.expected);
    make_utf8(check.expected_from);
  }
  for (attest::Claim& claim : a.claims) {
    std::visit(all, claim.value);
  }
}

void make_utf8(attest::Work& work) {
  for (attest::Material& material : work.materials) {
    make_utf8(material.title);
    make_utf8(material.name);
  }
  for (attest::DigestFact& digest : work.digests) {
    make_utf8(digest.expected_from);
  }
}

}  // namespace

const char* to_text(AdviceKind kind) {
  switch (kind) {
    case AdviceKind::kFetch:
      return "fetch";
    case AdviceKind::kUpdate:
      return "update";
    case AdviceKind::kAccept:
      return "accept";
    case AdviceKind::kHint:
      return "hint";
  }
  return "hint";
}

std::optional<std::int64_t> days_left(const attest::Material& material, UnixTime at) {
  if (!material.until) return std::nullopt;
  const std::int64_t seconds = material.until->seconds - at.seconds;
  // Whole days, so that -1 is what ended within the last day.
  return seconds >= 0 ? seconds / kSecondsADay : -((-seconds + kSecondsADay - 1) / kSecondsADay);
}

std::vector<Advice> advice_for(const Explanation& explanation, const Check& check) {
  std::vector<Advice> out;
  std::ranges::copy_if(explanation.advice, std::back_inserter(out),
                       [&](const Advice& a) { return a.check == check.info->id; });
  return out;
}

Explanation explain(attest::Appraisal appraisal, attest::Work work,
                    const std::vector<attest::CollateralRequest>& requests,
                    const attest::Policy& policy) {
  Explanation out{std::move(appraisal), std::move(work), {}, {}};
  make_utf8(out.appraisal);
  make_utf8(out.work);
  out.advice = Adviser(out.appraisal, out.work, requests, policy).run();
  out.exposures = advisory::judge(out.appraisal);
  return out;
}

Result<Explanation> appraise(const verifier::Verifier& verifier, verifier::Request request) {
  attest::Work work;
  request.work = &work;
  WARD_TRY(attest::Appraisal appraisal, verifier.appraise(request));
  // Malformed evidence needs nothing: its form is what is wrong.
  const attest::Scheme* scheme = verifier.recognise(request.evidence);
  const auto needs = scheme->needs(request.evidence);
  return explain(std::move(appraisal), std::move(work),
                 needs ? *needs : std::vector<attest::CollateralRequest>{}, verifier.policy());
}

}  // namespace ward::explain
