#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include <unistd.h>

#include "apps/ward/admin_client.h"
#include "apps/ward/admin_pages.h"
#include "apps/ward/commands.h"
#include "apps/ward/event_stream.h"
#include "args/args.h"
#include "broker/events.h"

// ward watch: the events of a running wardd, as they come.
namespace ward::cli {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongestPause{30};
constexpr codec::JsonLimits kEventLimits{.max_bytes = kMaxStreamLine, .max_depth = 4};

struct Options : AdminOptions {
  std::string kinds;
  std::string since;
};

// Colours of SGR (ECMA-48), by the first word of the kind.
std::string colour_of(const std::string& kind) {
  if (kind.starts_with("refusal")) return "31";
  if (kind.starts_with("release")) return "32";
  if (kind.starts_with("expiry")) return "33";
  if (kind.starts_with("policy") || kind.starts_with("refval")) return "36";
  return "0";
}

std::string detail_of(const JsonValue& event, std::string_view name) {
  const JsonValue* details = event.find("details");
  return details == nullptr || !details->is_object() ? std::string() : text_of(*details, name);
}

// text_line is an event for people: what happened, to what, by whom, and why.
std::string text_line(const JsonValue& event, bool coloured) {
  const JsonValue* index = event.find("index");
  const std::string kind = text_of(event, "kind");
  std::string rest;
  const auto add = [&rest](const char* before, const std::string& what) {
    if (!what.empty()) rest += std::string(" ") + before + what;
  };
  add("", text_of(event, "subject"));
  add("by ", text_of(event, "actor"));
  add("checks ", detail_of(event, "checks"));
  add("ended ", detail_of(event, "ended"));
  add("lease until ", detail_of(event, "lease_until"));
  const std::string head = text_of(event, "time") + " " +
                           std::to_string(index != nullptr ? index->as_uint().value_or(0) : 0) +
                           " ";
  const std::string shown = for_terminal(kind);
  return for_terminal(head) +
         (coloured ? "\x1b[" + colour_of(kind) + "m" + shown + "\x1b[0m" : shown) +
         for_terminal(rest) + "\n";
}

int show(const Options& o, const std::string& data) {
  const auto event = codec::parse_json(as_bytes(data), kEventLimits);
  if (!event || !event->is_object()) return unreadable();
  int done = kAccepted;
  if (o.json) {
    JsonWriter w;
    w.begin_object().member("schema", "ward.event/1");
    for (const auto& [name, value] : event->members()) {
      w.name(name).copy(value);
    }
    w.end_object();
    done = print_json(w);
  } else {
    done = print(text_line(*event, ::isatty(STDOUT_FILENO) == 1));
  }
  // Each line is told when it comes.
  if (done == kAccepted && std::fflush(stdout) != 0) return fail(kCouldNotTell, "stdout");
  return done;
}

std::string target_of(const Options& o) {
  const bool index = o.since.find_first_not_of("0123456789") == std::string::npos;
  std::string out = "/v1/events?";
  if (o.since.empty()) {
    out += "after=newest";
  } else if (!index) {
    out += "since=" + form_encode(o.since);
  } else if (o.since.find_first_not_of('0') != std::string::npos) {
    out += "after=" + std::to_string(std::stoull(o.since) - 1);
  }
  if (!o.kinds.empty()) {
    if (!out.ends_with('?')) out += "&";
    out += "kinds=" + form_encode(o.kinds);
  }
  return out;
}

// follow shows one stream up to its end. kAccepted: it ended, or was lost: come again.
int follow(const Options& o, EventStream& stream, std::string& last) {
  for (;;) {
    const auto event = stream.next();
    if (!event || !*event) return kAccepted;
    if (!(*event)->data.empty()) {
      if (const int done = show(o, (*event)->data); done != kAccepted) return done;
    }
    if (!(*event)->id.empty()) last = (*event)->id;
  }
}

int watch(const Options& o) {
  constexpr std::size_t kMostDigits = 18;
  const bool index = o.since.find_first_not_of("0123456789") == std::string::npos;
  if (!o.since.empty() &&
      ((index && o.since.size() > kMostDigits) || (!index && !parse_rfc3339(o.since)))) {
    return fail(kUsage, "--since " + o.since + ": a time, as 2026-11-30T00:00:00Z, or an index");
  }
  if (!broker::parse_kinds(o.kinds)) {
    return fail(kUsage, "--kinds " + o.kinds + ": kinds of events with a comma between",
                "for example: --kinds release,refusal,policy,expiry");
  }
  for (const int one : {SIGINT, SIGTERM}) {
    (void)std::signal(one, [](int) { ::_exit(kAccepted); });  // every line is out already
  }
  const std::string target = target_of(o);
  std::string last;
  std::chrono::seconds pause = kFirstPause;
  for (bool first = true;; first = false) {
    auto stream = EventStream::open(o, target, last);
    if (!stream && (first || stream.error() != kCouldNotTell)) return stream.error();
    if (stream) {
      if (const int done = follow(o, *stream, last); done != kAccepted) return done;
      pause = kFirstPause;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace

void add_watch(args::Command& app, Action& action) {
  args::Command* one =
      app.add_subcommand("watch", "the events of a wardd as they come, until Control-C");
  const auto o = std::make_shared<Options>();
  add_admin_options(*one, *o);
  one->add_option("--kinds", o->kinds, "only these, with a comma between: release,refusal,policy");
  one->add_option("--since", o->since, "begin at this time (RFC 3339), or index; else: now");
  one->callback([o, &action] { action = [o] { return watch(*o); }; });
}

}  // namespace ward::cli
