#include <memory>
#include <optional>
#include <string>

#include "apps/ward/dev_collateral.h"
#include "apps/ward/input.h"
#include "apps/ward/listening.h"
#include "apps/ward/role.h"
#include "codec/json_write.h"

// ward role endorser: endorsements over HTTP. They are signed: whoever takes them verifies them.
namespace ward::cli {
namespace {

struct Options {
  std::string dir;
  std::string listen = "127.0.0.1:0";
  bool json = false;
};

constexpr std::string_view kList = "/documents.json";
constexpr std::string_view kFolder = "/documents/";

// Endorser serves a folder's documents by name, and, where they are a development platform's, as
// their makers' services would. Immutable: safe from several threads.
class Endorser {
 public:
  static Result<Endorser, int> load(const std::string& dir) {
    Endorser out;
    auto makers = DevCollateral::load(dir);
    auto documents = read_collateral(makers ? dir + "/collateral" : dir);
    if (!documents) return fail(kCouldNotTell, documents.error());
    if (makers) out.makers_.emplace(*std::move(makers));
    out.documents_ = *std::move(documents);
    codec::JsonWriter w;
    w.begin_object().member("schema", "ward.documents/1").name("documents").begin_array();
    for (attest::Document& document : out.documents_.documents) {
      document.name.erase(0, document.name.rfind('/') + 1);
      w.string(document.name);
    }
    auto list = w.end_array().end_object().take();
    if (!list) return fail(kRefused, dir + ": a file's name is not UTF-8");
    out.list_ = *std::move(list);
    return out;
  }

  [[nodiscard]] protocol::HttpResponse answer(const protocol::HttpRequest& request) const {
    const std::string_view target = request.target;
    const bool list = target == kList;
    const bool one = target.starts_with(kFolder);
    if (!list && !one) {
      return makers_ ? makers_->answer(request) : protocol::HttpResponse{.status = 404};
    }
    if (request.method != "GET") return {.status = 405};
    if (list) {
      return {.status = 200,
              .headers = {{"Content-Type", "application/json"}},
              .body = to_buffer(as_bytes(list_))};
    }
    const std::string_view name = target.substr(kFolder.size());
    for (const attest::Document& document : documents_.documents) {
      if (document.name != name) continue;
      return {.status = 200,
              .headers = {{"Content-Type", "application/octet-stream"}},
              .body = document.bytes};
    }
    return {.status = 404};
  }

  [[nodiscard]] std::size_t size() const { return documents_.documents.size(); }

 private:
  std::optional<DevCollateral> makers_;
  attest::Collateral documents_;
  std::string list_;
};

int tell(const Options& o, const std::string& url, std::size_t documents) {
  if (!o.json) return print(url + "\n");
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.role/1").member("role", "endorser");
  w.member("url", url).member("documents", std::uint64_t{documents});
  const auto text = w.end_object().take();
  return text ? print(*text + "\n") : fail(kCouldNotTell, error_text(text.error()));
}

int serve(const Options& o) {
  const auto endorser = Endorser::load(o.dir);
  if (!endorser) return endorser.error();
  return serve_until_end(
      {.listen = o.listen,
       .bounds = small_bounds(),
       .handler = [&](const protocol::HttpRequest& request) { return endorser->answer(request); }},
      [&](const std::string& url) { return tell(o, url, endorser->size()); });
}

}  // namespace

void add_role_endorser(args::Command& role, Action& action) {
  const auto o = std::make_shared<Options>();
  args::Command* c = role.add_subcommand(
      "endorser", "serve endorsements over HTTP: a folder's, or a development platform's");
  c->add_option("DIR", o->dir, "a folder of documents, or one that `ward dev init` made")
      ->required();
  c->add_option("--listen", o->listen, "ADDRESS:PORT; port 0 takes a free one")
      ->capture_default_str();
  c->add_flag("--json", o->json, "print JSON (ward.role/1)");
  c->callback([o, &action] { action = [o] { return serve(*o); }; });
}

}  // namespace ward::cli
