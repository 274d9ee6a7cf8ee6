#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "args/args.h"
#include "broker/webhooks.h"
#include "server/files.h"

// ward webhook add|list|remove|test: receivers that a running wardd sends its events to.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::chrono::milliseconds kBetweenLooks{200};
constexpr int kLooks = 100;  // 20 s: longer than one attempt may take

struct Options : AdminOptions {
  std::string id;
  std::string url;
  std::string kinds;
  std::string receiver_ca;
};

bool is_id(const std::string& id) {
  return id.size() == 16 && id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::uint64_t number_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value == nullptr ? 0 : value->as_uint().value_or(0);
}

std::string kinds_of(const JsonValue& one) {
  const JsonValue* list = one.find("kinds");
  if (list == nullptr || !list->is_array() || list->items().empty()) return "all kinds";
  std::string out;
  for (const JsonValue& kind : list->items()) {
    out += (out.empty() ? "" : ",") + std::string(kind.as_string().value_or(""));
  }
  return out;
}

int add(const Options& o) {
  if (const auto url = broker::parse_webhook_url(o.url); !url) {
    return fail(kUsage, o.url + ": " + error_text(url.error()));
  }
  const auto kinds = broker::parse_kinds(o.kinds);
  if (!kinds) {
    return fail(kUsage, "--kinds " + o.kinds + ": kinds of events with a comma between",
                "for example: --kinds release,refusal,policy,expiry");
  }
  JsonWriter w;
  w.begin_object().member("url", o.url).name("kinds").begin_array();
  for (const std::string& kind : *kinds) {
    w.string(kind);
  }
  w.end_array();
  if (!o.receiver_ca.empty()) {
    const auto pem = server::read_file(o.receiver_ca, broker::kMaxWebhookCa);
    if (!pem) return own_file_failure(o.receiver_ca, pem.error());
    w.member("ca", as_text(*pem));
  }
  const auto body = w.end_object().take();
  if (!body) return fail(kUsage, o.receiver_ca + ": not a text");
  const AdminReply reply = administer(o, {"POST", "/v1/webhooks", as_bytes(*body)});
  if (reply.exit != kAccepted) return reply.exit;
  const auto told = page_of(reply.body);
  if (!told || !told->is_object()) return unreadable();
  if (o.json) return print(std::string(as_text(reply.body)) + "\n");
  return print(line(text_of(*told, "id") + " " + text_of(*told, "url") + " " + kinds_of(*told)));
}

// state_of tells how far a webhook has come.
std::string state_of(const JsonValue& one) {
  const JsonValue* delivered = one.find("delivered");
  std::string out = delivered == nullptr || !delivered->as_uint()
                        ? "nothing delivered yet"
                        : "event " + std::to_string(*delivered->as_uint()) + " delivered at " +
                              text_of(one, "delivered_at");
  if (text_of(one, "error").empty()) return out;
  return out + "; failed " + std::to_string(number_of(one, "failures")) + " times, at last at " +
         text_of(one, "failed_at") + ": " + text_of(one, "error") + "; again at " +
         text_of(one, "retry_at");
}

int list(const Options& o) {
  const AdminReply reply = administer(o, {"GET", "/v1/webhooks", {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto told = page_of(reply.body);
  const JsonValue* all = told && told->is_object() ? told->find("webhooks") : nullptr;
  if (all == nullptr || !all->is_array()) return unreadable();
  if (o.json) return print(std::string(as_text(reply.body)) + "\n");
  std::string lines;
  for (const JsonValue& one : all->items()) {
    lines += line(text_of(one, "id") + " " + text_of(one, "url") + " " + kinds_of(one) + ", " +
                  state_of(one));
  }
  return print(lines);
}

int remove(const Options& o) {
  if (!is_id(o.id)) return fail(kUsage, o.id + ": no id, as `ward webhook list` prints it");
  return administer(o, {"DELETE", "/v1/webhooks/" + o.id, {}}).exit;
}

// Outcome is what came of a test's event.
struct Outcome {
  bool delivered = false;
  std::string error;
};

// look reads the list once; nullopt: nothing came of it yet. `before` is how many failures there
// were.
Result<std::optional<Outcome>, int> look(const Options& o, std::uint64_t index,
                                         std::optional<std::string>& failed_before) {
  const AdminReply reply = administer(o, {"GET", "/v1/webhooks", {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto told = page_of(reply.body);
  const JsonValue* all = told && told->is_object() ? told->find("webhooks") : nullptr;
  if (all == nullptr || !all->is_array()) return unreadable();
  for (const JsonValue& one : all->items()) {
    if (text_of(one, "id") != o.id) continue;
    const JsonValue* delivered = one.find("delivered");
    const bool done =
        delivered != nullptr && delivered->as_uint() && *delivered->as_uint() >= index;
    if (done) return std::optional(Outcome{true, {}});
    const std::string state = std::to_string(number_of(one, "failures")) + text_of(one, "error");
    if (!failed_before) failed_before = state;
    if (!text_of(one, "error").empty() && state != *failed_before) {
      return std::optional(Outcome{false, text_of(one, "error")});
    }
    return std::optional<Outcome>();
  }
  return fail(kCouldNotTell, "the webhook was removed meanwhile");
}

int test(const Options& o) {
  if (!is_id(o.id)) return fail(kUsage, o.id + ": no id, as `ward webhook list` prints it");
  std::optional<std::string> before;
  const auto known = look(o, ~std::uint64_t{0}, before);
  if (!known) return known.error();
  const AdminReply reply = administer(o, {"POST", "/v1/webhooks/" + o.id + "/test", {}});
  if (reply.exit != kAccepted) return reply.exit;
  const auto told = page_of(reply.body);
  if (!told || !told->is_object() || told->find("index") == nullptr) return unreadable();
  const std::uint64_t index = number_of(*told, "index");
  Outcome outcome{false, "nothing came of it in 20 s"};
  for (int i = 0; i < kLooks; ++i) {
    const auto seen = look(o, index, before);
    if (!seen) return seen.error();
    if (*seen) {
      outcome = **seen;
      break;
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
  if (o.json) {
    JsonWriter w;
    w.begin_object().member("schema", "ward.webhook-test/1").member("id", o.id);
    w.member("index", index).member("delivered", outcome.delivered);
    w.member("error", outcome.error).end_object();
    if (const int done = print_json(w); done != kAccepted) return done;
  }
  if (!outcome.delivered) return fail(kCouldNotTell, outcome.error);
  return o.json ? kAccepted : print(line("event " + std::to_string(index) + " delivered"));
}

}  // namespace

void add_webhook(args::Command& app, Action& action) {
  args::Command* group =
      app.add_subcommand("webhook", "receivers that a wardd sends its events to");
  group->require_subcommand(1);
  const auto o = std::make_shared<Options>();
  const auto add_one = [&](const char* name, const char* help, int (*run)(const Options&)) {
    args::Command* one = group->add_subcommand(name, help);
    add_admin_options(*one, *o);
    one->callback([o, &action, run] { action = [o, run] { return run(*o); }; });
    return one;
  };
  args::Command* made = add_one("add", "send events to a receiver from now on", add);
  made->add_option("URL", o->url, "https://host[:port][/path]")->required();
  made->add_option("--kinds", o->kinds, "only these, with a comma between: release,refusal,policy");
  made->add_option("--receiver-ca", o->receiver_ca,
                   "CA certificates (PEM) that the receiver's must lead to; else: the system's");
  (void)add_one("list", "the receivers, and how far each has come", list);
  add_one("remove", "send no more to a receiver", remove)
      ->add_option("ID", o->id, "as `list` prints it")
      ->required();
  add_one("test", "send an event to this receiver alone, and wait for what comes of it", test)
      ->add_option("ID", o->id, "as `list` prints it")
      ->required();
}

}  // namespace ward::cli
