#include "protocol/channel/message.h"

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"

namespace ward::protocol::channel {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kGives = 1;
constexpr std::uint8_t kWants = 2;
constexpr std::size_t kBindingSize = 4 + 1 + 4 * 32;

// Kind is a row of the table of messages.
struct Kind {
  std::uint8_t letter;
  std::size_t least;
  std::size_t most;
  std::string_view name;
};

constexpr Kind kKinds[] = {
    {'h', 34, 34, "hello"},     {'e', kBindingSize + 1, kBindingSize + kMaxEvidence, "evidence"},
    {'a', 52, 52, "accept"},    {'n', 36, 36, "challenge"},
    {'d', 1, kMaxData, "data"}, {'w', 4, 4, "window"},
    {'f', 0, 0, "finish"},      {'r', 6, 1 + kMaxCheckName + 2 * (2 + kMaxReason), "refuse"},
};

const Kind* find_kind(std::uint8_t letter) {
  const auto* found = std::ranges::find(kKinds, letter, &Kind::letter);
  return found == std::end(kKinds) ? nullptr : found;
}

Error malformed(Literal what) { return {Errc::kMalformed, what}; }

bool is_check_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

Result<Message> parse_hello(Reader r) {
  Hello out;
  std::uint8_t version = 0;
  std::uint8_t flags = 0;
  if (!r.u8(version) || !r.u8(flags) || !r.array(out.nonce) || !r.empty()) {
    return malformed("channel.hello: size");
  }
  if (version != kVersion) return Error(Errc::kMalformed, "channel.hello: version", version);
  if ((flags & ~(kGives | kWants)) != 0) {
    return Error(Errc::kMalformed, "channel.hello: flags", flags);
  }
  out.gives = (flags & kGives) != 0;
  out.wants = (flags & kWants) != 0;
  return Message(out);
}

Result<Message> parse_evidence(Reader r) {
  Evidence out;
  Binding& b = out.binding;
  std::uint8_t role = 0;
  if (!r.u32be(b.round) || !r.u8(role) || !r.array(b.nonce) || !r.array(b.sender_key) ||
      !r.array(b.receiver_key) || !r.array(b.exporter) || r.empty()) {
    return malformed("channel.evidence: size");
  }
  if (role != static_cast<std::uint8_t>(Role::kClient) &&
      role != static_cast<std::uint8_t>(Role::kServer)) {
    return Error(Errc::kMalformed, "channel.evidence: role", role);
  }
  b.role = static_cast<Role>(role);
  out.octets = to_buffer(r.rest());
  return Message(std::move(out));
}

Result<Message> parse_accept(Reader r) {
  Accept out;
  if (!r.u32be(out.round) || !r.array(out.transcript) || !r.empty()) {
    return malformed("channel.accept: size");
  }
  return Message(out);
}

Result<Message> parse_challenge(Reader r) {
  Challenge out;
  if (!r.u32be(out.round) || !r.array(out.nonce) || !r.empty()) {
    return malformed("channel.challenge: size");
  }
  return Message(out);
}

Result<Message> parse_window(Reader r) {
  Window out;
  if (!r.u32be(out.octets) || !r.empty()) return malformed("channel.window: size");
  if (out.octets == 0 || out.octets > kWindow) {
    return Error(Errc::kMalformed, "channel.window: octets", out.octets);
  }
  return Message(out);
}

bool read_reason(Reader& r, std::string& out) {
  std::uint16_t size = 0;
  Bytes text;
  if (!r.u16be(size) || size > kMaxReason || !r.bytes(size, text)) return false;
  out = as_text(text);
  return std::ranges::all_of(out, is_printable);
}

Result<Message> parse_refuse(Reader r) {
  Refuse out;
  std::uint8_t size = 0;
  Bytes name;
  if (!r.u8(size) || size == 0 || size > kMaxCheckName || !r.bytes(size, name)) {
    return malformed("channel.refuse: check");
  }
  out.check = as_text(name);
  if (!std::ranges::all_of(out.check, is_check_character)) {
    return malformed("channel.refuse: characters of the check");
  }
  if (!read_reason(r, out.found)) return malformed("channel.refuse: found");
  if (!read_reason(r, out.expected)) return malformed("channel.refuse: expected");
  if (!r.empty()) return malformed("channel.refuse: trailing octets");
  return Message(std::move(out));
}

std::string cut(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out) {
    if (!is_printable(c)) c = '?';
  }
  return out;
}

// Body writes the bodies.
class Body {
 public:
  std::uint8_t operator()(const Hello& m) {
    w.u8(kVersion);
    const unsigned flags = (m.gives ? kGives : 0U) | (m.wants ? kWants : 0U);
    w.u8(static_cast<std::uint8_t>(flags));
    w.bytes(m.nonce);
    return 'h';
  }

  std::uint8_t operator()(const Evidence& m) {
    w.u32be(m.binding.round);
    w.u8(static_cast<std::uint8_t>(m.binding.role));
    w.bytes(m.binding.nonce);
    w.bytes(m.binding.sender_key);
    w.bytes(m.binding.receiver_key);
    w.bytes(m.binding.exporter);
    w.bytes(m.octets);
    return 'e';
  }

  std::uint8_t operator()(const Accept& m) {
    w.u32be(m.round);
    w.bytes(m.transcript);
    return 'a';
  }

  std::uint8_t operator()(const Challenge& m) {
    w.u32be(m.round);
    w.bytes(m.nonce);
    return 'n';
  }

  std::uint8_t operator()(const Data& m) {
    w.bytes(m.octets);
    return 'd';
  }

  std::uint8_t operator()(const Window& m) {
    w.u32be(m.octets);
    return 'w';
  }

  std::uint8_t operator()(const Finish&) { return 'f'; }

  std::uint8_t operator()(const Refuse& m) {
    const std::string name = m.check.substr(0, kMaxCheckName);
    w.u8(static_cast<std::uint8_t>(name.size()));
    w.bytes(as_bytes(name));
    for (const std::string* text : {&m.found, &m.expected}) {
      const std::string said = cut(*text, kMaxReason);
      w.u16be(static_cast<std::uint16_t>(said.size()));
      w.bytes(as_bytes(said));
    }
    return 'r';
  }

  Writer w;
};

}  // namespace

Result<Head> parse_head(Bytes front) {
  Reader r(front);
  std::uint8_t letter = 0;
  std::uint32_t size = 0;
  if (!r.u8(letter)) return Error(Errc::kTruncated, "channel: kind");
  const Kind* kind = find_kind(letter);
  if (kind == nullptr) return Error(Errc::kLimit, "channel: no such kind of message", letter);
  if (!r.u32be(size)) return Error(Errc::kTruncated, "channel: length");
  if (size < kind->least || size > kind->most) {
    return Error(Errc::kLimit, "channel: length of a message", size);
  }
  return Head{letter, size};
}

Result<Message> parse_message(Bytes frame) {
  WARD_TRY(const Head head, parse_head(frame));
  if (frame.size() < kHeadSize + head.size) {
    return Error(Errc::kTruncated, "channel: message", frame.size());
  }
  if (frame.size() > kHeadSize + head.size) return malformed("channel: trailing octets");
  const Bytes body = frame.subspan(kHeadSize);
  switch (head.kind) {
    case 'h':
      return parse_hello(Reader(body));
    case 'e':
      return parse_evidence(Reader(body));
    case 'a':
      return parse_accept(Reader(body));
    case 'n':
      return parse_challenge(Reader(body));
    case 'd':
      return Message(Data{to_buffer(body)});
    case 'w':
      return parse_window(Reader(body));
    case 'f':
      return Message(Finish{});
    case 'r':
      return parse_refuse(Reader(body));
    default:
      return Error(Errc::kLimit, "channel: no such kind of message", head.kind);
  }
}

Buffer write_message(const Message& message) {
  Body body;
  const std::uint8_t kind = std::visit(body, message);
  Writer out;
  out.u8(kind);
  out.u32be(static_cast<std::uint32_t>(body.w.size()));
  out.bytes(body.w.view());
  return out.take();
}

std::string_view kind_name(std::uint8_t kind) {
  const Kind* found = find_kind(kind);
  return found == nullptr ? "no message" : found->name;
}

}  // namespace ward::protocol::channel
