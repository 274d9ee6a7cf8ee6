#include <algorithm>

#include "crypto/digest.h"
#include "explain/page_parts.h"

// What the verdict rests on, and each signature and digest of it.
namespace ward::explain {
namespace {

using attest::DigestFact;
using attest::Material;
using attest::MaterialKind;
using attest::SignatureFact;
using attest::Work;

std::size_t owner_of(const Work& work, std::size_t material) {
  if (work.materials[material].kind != MaterialKind::kExtract) return material;
  for (std::size_t i = material; i-- > 0;) {
    const Material& m = work.materials[i];
    const Material& extract = work.materials[material];
    if (m.kind != MaterialKind::kExtract && m.object == extract.object && m.name == extract.name) {
      return i;
    }
  }
  return material;
}

// True where `above` is `material` or stands above it.
bool stands_above(const Tree& tree, std::size_t above, std::size_t material) {
  std::optional<std::size_t> at = material;
  while (at && *at != above) {
    at = tree.nodes[*at].parent;
  }
  return at.has_value();
}

void hang(Tree& tree, std::size_t child, std::size_t parent, const SignatureFact* by) {
  if (tree.broken[child] || tree.known[child] || tree.nodes[child].parent ||
      stands_above(tree, child, parent)) {
    return;
  }
  tree.nodes[child].parent = parent;
  tree.nodes[child].by = by;
}

// The material that a digest is of.
std::optional<std::size_t> subject_of(const Tree& tree, const DigestFact& fact) {
  if (fact.message.empty()) return std::nullopt;
  return tree.owner[fact.message[0].material];
}

void mark_broken(Tree& tree, const Work& work) {
  tree.broken.resize(work.materials.size());
  for (const SignatureFact& fact : work.signatures) {
    if (!fact.holds) tree.broken[tree.owner[fact.signature.material]] = true;
  }
  for (const DigestFact& fact : work.digests) {
    const auto subject = subject_of(tree, fact);
    if (subject && !fact.holds) tree.broken[*subject] = true;
  }
}

// True for a certificate whose key's digest is one that was known beforehand, and for such a key
// that stands alone, where nothing of it is broken.
bool is_known(const Tree& tree, const Work& work, std::size_t material) {
  if (tree.broken[material]) return false;
  const bool certificate = work.materials[material].kind == MaterialKind::kCertificate;
  return std::ranges::any_of(work.digests, [&](const DigestFact& fact) {
    const bool of_root = certificate || std::string_view(fact.check->id).ends_with(".root");
    return of_root && fact.holds && !fact.place && !fact.expected.empty() && !fact.extended &&
           subject_of(tree, fact) == material;
  });
}

bool holds_evidence(const Tree& tree, std::size_t material) {
  return stands_above(tree, material, 0);
}

// The branch that ends in the evidence first.
void order(const Tree& tree, std::vector<std::size_t>& list) {
  std::stable_partition(list.begin(), list.end(),
                        [&](std::size_t i) { return holds_evidence(tree, i); });
}

const char* kind_text(MaterialKind kind) {
  switch (kind) {
    case MaterialKind::kEvidence:
      return "Evidence";
    case MaterialKind::kCertificate:
      return "Certificate";
    case MaterialKind::kRevocationList:
      return "Revocation list";
    case MaterialKind::kDocument:
      return "Document";
    case MaterialKind::kExtract:
      return "Taken from another";
  }
  return "Document";
}

std::string anchor_name(std::size_t material) { return "material-" + std::to_string(material + 1); }

void write_validity(Html& html, const Material& m, UnixTime at) {
  if (!m.from && !m.until) return;
  html.open("div").element("dt", "Valid").open("dd");
  const std::string from = m.from ? format_rfc3339(*m.from) : "";
  const std::string until = m.until ? format_rfc3339(*m.until) : "no stated end";
  html.open("span", {{"class", "dates"}}).text(from.empty() ? until : from + " to " + until);
  html.close().text(" ");
  const auto days = days_left(m, at);
  if (m.from && at < *m.from) {
    html.element("span", "not valid yet", {{"class", "chip bad"}});
  } else if (days && *days < 0) {
    html.element("span",
                 "ended " + count(static_cast<std::size_t>(-*days), "day", "days") + " before",
                 {{"class", "chip bad"}});
  } else if (days) {
    html.element("span", count(static_cast<std::size_t>(*days), "day", "days") + " left",
                 {{"class", *days < 7 ? "chip open" : "chip"}});
  }
  html.close().close();
}

// Where the page's script puts what it found; until then it is empty.
void write_again_place(Html& html, char kind, std::size_t index) {
  const std::string id = kind + std::to_string(index);
  html.element("span", "", {{"class", "again"}, {"data-again", id}});
}

class TreeWriter {
 public:
  TreeWriter(Html& html, const Explanation& e, const PageFacts& facts, const Tree& tree)
      : html_(html), e_(e), facts_(facts), tree_(tree) {}

  // NOLINTBEGIN(misc-no-recursion): as deep as a chain of certificates, whose length schemes bound
  void list(const std::vector<std::size_t>& materials, const char* kind) {
    html_.open("ul", {{"class", kind}});
    for (const std::size_t i : materials) {
      html_.open("li");
      card(i);
      if (!tree_.nodes[i].children.empty()) list(tree_.nodes[i].children, "branch");
      html_.close();
    }
    html_.close();
  }

  // NOLINTEND(misc-no-recursion)

 private:
  void card(std::size_t i) {
    const Material& m = e_.work.materials[i];
    const bool evidence = m.kind == MaterialKind::kEvidence;
    html_.open("div", {{"class", evidence ? "card evidence" : "card"}, {"id", anchor_name(i)}});
    html_.element("p", kind_text(m.kind), {{"class", "brow"}});
    const bool kind_known = evidence && !facts_.evidence_kind.empty();
    html_.element("h3", kind_known ? facts_.evidence_kind : material_title(m));
    vouched(i);
    html_.open("dl");
    write_row(html_, "From", evidence && m.name.empty() ? facts_.evidence_name : m.name);
    write_validity(html_, m, e_.appraisal.at);
    const bool decoded = evidence && facts_.evidence_decoded;
    write_row(html_, "Size",
              count(m.bytes.size(), "octet", "octets") +
                  (decoded ? ", which the file's text stands for" : ""));
    html_.open("div").element("dt", "SHA-256").open("dd");
    html_.element("code", to_hex(crypto::sha256(m.bytes)))
        .text(decoded ? " of the octets that the file's text stands for " : " ");
    write_again_place(html_, 'm', i);
    html_.close().close().close();
    html_.own("\n<p class=\"tools needs-script\" hidden><button type=\"button\" data-save=\"");
    html_.text(std::to_string(i)).own("\">Save these octets</button></p>").close();
  }

  void vouched(std::size_t i) {
    bool any = false;
    for (std::size_t n = 0; n < e_.work.signatures.size(); ++n) {
      const SignatureFact& fact = e_.work.signatures[n];
      if (tree_.owner[fact.signature.material] != i) continue;
      any = true;
      const std::size_t key = tree_.owner[fact.key.material];
      const bool own = key == i && e_.work.materials[i].kind == MaterialKind::kCertificate;
      std::string by = own        ? "its own key"
                       : key == i ? "a key that it holds"
                                  : material_title(e_.work.materials[key]);
      line(fact.holds, fact.holds ? "Signed by " : "Not signed by ", by, fact.algorithm);
      write_again_place(html_, 's', n);
      html_.close();
    }
    for (std::size_t n = 0; n < e_.work.digests.size(); ++n) {
      const DigestFact& fact = e_.work.digests[n];
      if (fact.message.empty() || tree_.owner[fact.message[0].material] != i) continue;
      any = true;
      const bool known = !fact.expected.empty();
      const char* right = fact.extended ? "Extended step by step, it gives " : "Digest equals ";
      const char* wrong = fact.extended ? "Extended step by step, it does not give "
                          : known       ? "Digest differs from "
                                        : "Not trusted: ";
      line(fact.holds, fact.holds ? right : wrong, fact.expected_from, fact.algorithm);
      write_again_place(html_, 'd', n);
      if (!fact.place && known) html_.own("<br>").element("code", to_hex(fact.expected));
      html_.close();
    }
    if (!any) html_.element("p", "Nothing that was given vouches for it.", {{"class", "vouched"}});
  }

  void line(bool holds, const char* words, std::string_view by, std::string_view algorithm) {
    html_.open("p", {{"class", "vouched"}});
    write_mark(html_, holds ? Mark::kGood : Mark::kBad);
    html_.own(" ").open("span").text(words).element("strong", by).text(" ");
    html_.element("span", algorithm, {{"class", "algorithm"}}).close().text(" ");
  }

  Html& html_;
  const Explanation& e_;
  const PageFacts& facts_;
  const Tree& tree_;
};

void write_fact(Html& html, const attest::CheckInfo& check, const std::string& what,
                std::string_view algorithm, bool holds) {
  html.open("tr").open("th", {{"scope", "row"}}).text(what).own("<br>");
  html.open("a", {{"href", std::string("#") + check.id}}).element("code", check.id);
  html.close().close().element("td", algorithm).open("td");
  write_mark(html, holds ? Mark::kGood : Mark::kBad);
  html.text(holds ? " holds" : " does not hold").close();
}

void write_place(Html& html, char kind, std::size_t n) {
  html.open("td");
  write_again_place(html, kind, n);
  html.close().close();
}

std::string key_text(const Work& work, const Tree& tree, const SignatureFact& fact) {
  const std::size_t key = tree.owner[fact.key.material];
  const bool inside = key == tree.owner[fact.signature.material];
  if (inside && work.materials[key].kind == MaterialKind::kCertificate) return "its own key";
  return (inside ? "a key in the " : "") + material_title(work.materials[key]);
}

std::string digest_text(const Work& work, const Tree& tree, const DigestFact& fact) {
  const std::string of =
      fact.message.empty()
          ? "zeros, extended by nothing"
          : "part of " + material_title(work.materials[tree.owner[fact.message[0].material]]);
  if (fact.expected.empty()) return of + ": " + fact.expected_from;
  const bool extended = fact.extended && !fact.message.empty();
  return of + (extended ? ": extended step by step, it must give " : ": its digest must equal ") +
         fact.expected_from;
}

std::string tree_lead(const Explanation& e, const Tree& tree) {
  if (tree.tops.empty()) {
    return "Nothing here hangs below a root key that was known beforehand: nobody vouches for any "
           "of it.";
  }
  const bool certificate = e.work.materials[tree.tops[0]].kind == MaterialKind::kCertificate;
  const std::string root = e.appraisal.development
                               ? "a development root, which was named with --trust-root,"
                           : certificate ? "a maker's root key, which ward knows beforehand,"
                                         : "a key, which was named with --hardware-root,";
  const bool whole =
      std::ranges::none_of(tree.apart, [&](std::size_t i) { return tree.broken[i] || i == 0; });
  return "Read it from the top: " + root + " vouches for what hangs below it" +
         (whole ? ", down to the evidence." : ". What it does not vouch for stands apart.");
}

void write_facts(Html& html, const Work& work, const Tree& tree) {
  html.own(
      "\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"again-title\">"
      "<table class=\"again-table\">"
      "<thead><tr><th scope=\"col\">Signature or digest</th><th scope=\"col\">Algorithm</th>"
      "<th scope=\"col\">ward found</th><th scope=\"col\">This browser</th></tr></thead><tbody>");
  for (std::size_t n = 0; n < work.signatures.size(); ++n) {
    const SignatureFact& fact = work.signatures[n];
    const Material& signed_material = work.materials[tree.owner[fact.signature.material]];
    write_fact(html, *fact.check,
               material_title(signed_material) + ": signature by " + key_text(work, tree, fact),
               fact.algorithm, fact.holds);
    write_place(html, 's', n);
  }
  for (std::size_t n = 0; n < work.digests.size(); ++n) {
    const DigestFact& fact = work.digests[n];
    write_fact(html, *fact.check, digest_text(work, tree, fact), fact.algorithm, fact.holds);
    write_place(html, 'd', n);
  }
  html.own("\n</tbody></table></div>");
}

}  // namespace

std::string material_title(const Material& material) {
  if (!material.title.empty()) return material.title;
  return std::string(to_text(material.kind)) + " without a name";
}

Tree tree_of(const Work& work) {
  Tree out;
  out.nodes.resize(work.materials.size());
  for (std::size_t i = 0; i < work.materials.size(); ++i) {
    out.owner.push_back(owner_of(work, i));
  }
  mark_broken(out, work);
  for (std::size_t i = 0; i < out.nodes.size(); ++i) {
    out.known.push_back(is_known(out, work, i));
  }
  for (const SignatureFact& fact : work.signatures) {
    if (fact.holds) {
      hang(out, out.owner[fact.signature.material], out.owner[fact.key.material], &fact);
    }
  }
  for (const DigestFact& fact : work.digests) {
    const auto subject = subject_of(out, fact);
    if (fact.holds && fact.place && subject) {
      hang(out, *subject, out.owner[fact.place->material], nullptr);
    }
  }
  for (std::size_t i = 0; i < out.nodes.size(); ++i) {
    if (out.owner[i] != i) continue;
    const auto& parent = out.nodes[i].parent;
    if (parent) {
      out.nodes[*parent].children.push_back(i);
    } else {
      (out.known[i] ? out.tops : out.apart).push_back(i);
    }
  }
  for (Tree::Node& node : out.nodes) {
    order(out, node.children);
  }
  order(out, out.tops);
  order(out, out.apart);
  return out;
}

void write_tree(Html& html, const Explanation& e, const PageFacts& facts, const Tree& tree) {
  if (e.work.materials.empty()) return;
  html.open("section", {{"id", "rests"}, {"aria-labelledby", "rests-title"}});
  html.element("h2", "What the verdict rests on", {{"id", "rests-title"}});
  html.element("p", tree_lead(e, tree) +
                        " Days are counted from the time of the "
                        "appraisal, " +
                        format_rfc3339(e.appraisal.at) + ".");
  TreeWriter writer(html, e, facts, tree);
  if (!tree.tops.empty()) writer.list(tree.tops, "tree");
  if (!tree.apart.empty()) {
    const bool broken = std::ranges::any_of(tree.apart, [&](auto i) { return tree.broken[i]; });
    html.open("h3", {{"class", "apart"}});
    write_mark(html, broken ? Mark::kBad : Mark::kOpen);
    html.open("span").text("Apart: no known key vouches for these").close().close();
    writer.list(tree.apart, "tree");
  }
  html.close();
}

void write_again(Html& html, const Explanation& e, const Tree& tree) {
  if (e.work.materials.empty()) return;
  html.open("section", {{"id", "again"}, {"aria-labelledby", "again-title"}});
  html.element("h2", "Verified again, in this browser", {{"id", "again-title"}});
  html.own(
      "\n<p>This page holds the octets of everything above. Its script verifies each signature and "
      "digest anew with the browser's own cryptography (WebCrypto).</p>"
      "\n<noscript><p class=\"again-total open\">Scripts are off, so this browser verifies nothing "
      "again. All else on this page is complete without them.</p></noscript>"
      "\n<div class=\"needs-script\" hidden><p id=\"again-total\" class=\"again-total\">Not "
      "verified yet.</p><p class=\"tools\"><button type=\"button\" "
      "id=\"again-run\">Verify again</button></p></div>");
  write_facts(html, e.work, tree);
  html.own(
      "\n<h3>What this proves, and what it does not</h3><ul>"
      "<li>It proves that these octets carry these signatures, up to the root's key, whose digest "
      "stands above.</li>"
      "<li>Where a signed part stands in a document in another form (in JSON's escapes), it is "
      "taken "
      "as ward took it out.</li>"
      "<li>It does not judge dates, revocation, security levels or expectations again: for these "
      "you read what ward found.</li>"
      "<li>It does not prove that this page is as ward wrote it. Whoever mailed it could have "
      "changed the script, the verdict, or the root's key. So compare: the SHA-256 of this file "
      "with the one that <code>ward verify</code> said when it wrote it, received on another way; "
      "and the root key's digest with that of the certificate that the maker publishes.</li>"
      "<li>Best of all, judge it yourself: save the octets above and give them to your own "
      "<code>ward verify</code>, with <code>--at</code> and the time of this appraisal.</li></ul>");
  html.close();
}

}  // namespace ward::explain
