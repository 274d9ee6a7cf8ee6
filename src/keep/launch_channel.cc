#include "keep/launch_channel.h"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

#include "base/reader.h"
#include "base/writer.h"
#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "keep/fd_kind.h"
#include "keep/fd_message.h"
#include "keep/frame.h"
#include "keep/text.h"

namespace ward::keep {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'W', 'K', 'L', '2'};
constexpr std::size_t kFdCount = 5;
constexpr std::size_t kMaxEnforcements = 32;
constexpr std::size_t kMaxEventText = 4096;

constexpr std::uint8_t kStarted = 'S';
constexpr std::uint8_t kFailed = 'F';
constexpr std::uint8_t kEnded = 'X';

using FdBlock = std::array<int, kFdCount>;

// receive_first reads the first octet and the descriptors that travel with it. More descriptors
// than fit are closed by the kernel and refused.
Result<std::vector<UniqueFd>> receive_first(int socket, std::uint8_t& octet,
                                            const Deadline* deadline) {
  if (!wait_readable(socket, deadline)) {
    return Error(Errc::kUnavailable, "keep.launch: no request came within the time limit");
  }
  iovec part{.iov_base = &octet, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(FdBlock))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return Error(Errc::kUnavailable, "keep.launch: receive", static_cast<unsigned>(errno));
  std::vector<UniqueFd> out = descriptors_of(message);
  if (n == 0) return Error(Errc::kTruncated, "keep.launch: request");
  if (out.size() != kFdCount || (message.msg_flags & MSG_CTRUNC) != 0) {
    return Error(Errc::kMalformed, "keep.launch: descriptors", out.size());
  }
  return out;
}

// check_kinds: what a keep is given must be what it is used as, and nothing of the kernel's
// besides.
Result<void> check_kinds(const LaunchFds& fds) {
  if (!is_folder(fds.root.get())) return Error(Errc::kMalformed, "keep.launch: root is no folder");
  if (!is_unix_stream(fds.relay.get())) {
    return Error(Errc::kMalformed, "keep.launch: relay is no unix stream socket");
  }
  if (!is_unix_stream(fds.output.get()) && !is_pipe_in(fds.output.get())) {
    return Error(Errc::kMalformed, "keep.launch: output is no unix stream socket and no pipe");
  }
  if (!takes_text(fds.standard_output.get())) {
    return Error(Errc::kMalformed, "keep.launch: stdout takes no text");
  }
  if (!takes_text(fds.standard_error.get())) {
    return Error(Errc::kMalformed, "keep.launch: stderr takes no text");
  }
  return {};
}

// receive_part reads a length and what it counts.
Result<Buffer> receive_part(int socket, std::size_t most, const Deadline* deadline) {
  std::array<std::uint8_t, 4> head{};
  WARD_CHECK_OK(read_exact(socket, head, deadline));
  std::uint32_t size = 0;
  if (!Reader(head).u32le(size)) return Error(Errc::kTruncated, "keep.launch: request");
  if (size > most) return Error(Errc::kLimit, "keep.launch: request is too long", size);
  Buffer out(size);
  WARD_CHECK_OK(read_exact(socket, out, deadline));
  return out;
}

std::optional<std::string> text_of(const codec::CborValue& map, std::string_view key) {
  const codec::CborValue* v = map.find(key);
  const auto text = v != nullptr ? v->as_text() : std::nullopt;
  if (!text || text->size() > kMaxEventText) return std::nullopt;
  return std::string(*text);
}

std::optional<bool> flag_of(const codec::CborValue& map, std::string_view key) {
  const codec::CborValue* v = map.find(key);
  return v != nullptr ? v->as_bool() : std::nullopt;
}

std::optional<std::uint64_t> number_of(const codec::CborValue& map, std::string_view key) {
  const codec::CborValue* v = map.find(key);
  return v != nullptr ? v->as_uint() : std::nullopt;
}

constexpr const char* kNoEvent = "keep.launch: event";

Result<std::vector<Enforcement>> enforcement_of(const codec::CborValue* list) {
  if (list == nullptr || list->kind() != codec::CborValue::Kind::kArray ||
      list->items().size() > kMaxEnforcements) {
    return Error(Errc::kMalformed, kNoEvent);
  }
  std::vector<Enforcement> out;
  for (const codec::CborValue& item : list->items()) {
    auto limit = text_of(item, "limit");
    auto mechanism = text_of(item, "mechanism");
    if (!limit || !mechanism) return Error(Errc::kMalformed, kNoEvent);
    out.push_back({.limit = *std::move(limit), .mechanism = *std::move(mechanism)});
  }
  return out;
}

Result<LaunchEvent> started_of(const codec::CborValue& map) {
  auto platform = text_of(map, "platform");
  const auto development = flag_of(map, "development");
  auto mark = text_of(map, "mark");
  auto workload = text_of(map, "workload");
  auto launch = text_of(map, "launch_measurement");
  if (map.members().size() != 6 || !platform || !development || !mark || !workload || !launch) {
    return Error(Errc::kMalformed, kNoEvent);
  }
  WARD_TRY(std::vector<Enforcement> enforcement, enforcement_of(map.find("enforcement")));
  return LaunchEvent(LaunchStarted{.platform = *std::move(platform),
                                   .development = *development,
                                   .mark = *std::move(mark),
                                   .workload = *std::move(workload),
                                   .launch_measurement = *std::move(launch),
                                   .enforcement = std::move(enforcement)});
}

Result<LaunchEvent> failed_of(const codec::CborValue& map) {
  const auto code = number_of(map, "code");
  auto what = text_of(map, "what");
  if (map.members().size() != 2 || !code || *code > static_cast<unsigned>(Errc::kInternal) ||
      !what) {
    return Error(Errc::kMalformed, kNoEvent);
  }
  return LaunchEvent(Failure{.code = static_cast<Errc>(*code), .what = *std::move(what)});
}

Result<LaunchEvent> ended_of(const codec::CborValue& map) {
  const auto signalled = flag_of(map, "signalled");
  const auto number = number_of(map, "number");
  if (map.members().size() != 2 || !signalled || !number || *number > 255) {
    return Error(Errc::kMalformed, kNoEvent);
  }
  return LaunchEvent(
      LaunchEnded{.signalled = *signalled, .number = static_cast<std::uint32_t>(*number)});
}

Result<Buffer> write_started(const LaunchStarted& event) {
  codec::CborWriter w;
  w.begin_map().member("platform", event.platform).member("development", event.development);
  w.member("mark", event.mark);
  w.member("workload", event.workload).member("launch_measurement", event.launch_measurement);
  w.name("enforcement").begin_array();
  for (const Enforcement& one : event.enforcement) {
    w.begin_map().member("limit", one.limit).member("mechanism", one.mechanism).end_map();
  }
  return w.end_array().end_map().take();
}

Result<Buffer> write_failed(const Failure& event) {
  codec::CborWriter w;
  w.begin_map().member("code", static_cast<unsigned>(event.code));
  w.member("what", valid_text(event.what, kMaxEventText));
  return w.end_map().take();
}

Result<Buffer> write_ended(const LaunchEnded& event) {
  codec::CborWriter w;
  w.begin_map().member("signalled", event.signalled).member("number", event.number);
  return w.end_map().take();
}

}  // namespace

Result<void> send_demand(int socket, const LaunchFds& fds, Bytes manifest,
                         const LaunchOptions& options) {
  WARD_TRY(const Buffer more, write_launch_options(options));
  Writer head;
  head.bytes(kMagic);
  head.u32le(static_cast<std::uint32_t>(manifest.size()));
  const Bytes octets = head.view();
  const FdBlock block = {fds.root.get(), fds.relay.get(), fds.output.get(),
                         fds.standard_output.get(), fds.standard_error.get()};
  if (!send_with_fds(socket, octets.front(), block)) {
    return Error(Errc::kUnavailable, "keep.launch: send", static_cast<unsigned>(errno));
  }
  WARD_CHECK_OK(write_exact(socket, octets.subspan(1)));
  WARD_CHECK_OK(write_exact(socket, manifest));
  Writer rest;
  rest.u32le(static_cast<std::uint32_t>(more.size()));
  rest.bytes(more);
  return write_exact(socket, rest.view());
}

Result<LaunchDemand> receive_demand(int socket, const Deadline* deadline) {
  std::array<std::uint8_t, kMagic.size()> magic{};
  WARD_TRY(std::vector<UniqueFd> received, receive_first(socket, magic[0], deadline));
  LaunchFds fds = {.root = std::move(received[0]),
                   .relay = std::move(received[1]),
                   .output = std::move(received[2]),
                   .standard_output = std::move(received[3]),
                   .standard_error = std::move(received[4])};
  WARD_CHECK_OK(check_kinds(fds));
  WARD_CHECK_OK(read_exact(socket, std::span(magic).subspan(1), deadline));
  if (magic != kMagic) return Error(Errc::kMalformed, "keep.launch: request of another version");
  WARD_TRY(Buffer manifest, receive_part(socket, kMaxManifestBytes, deadline));
  WARD_TRY(const Buffer more, receive_part(socket, kMaxLaunchOptionsBytes, deadline));
  WARD_TRY(LaunchOptions options, parse_launch_options(more));
  return LaunchDemand{
      .fds = std::move(fds), .manifest = std::move(manifest), .options = std::move(options)};
}

Result<EventOctets> write_event(const LaunchEvent& event) {
  if (const auto* started = std::get_if<LaunchStarted>(&event)) {
    WARD_TRY(Buffer octets, write_started(*started));
    return EventOctets{.kind = kStarted, .octets = std::move(octets)};
  }
  if (const auto* failure = std::get_if<Failure>(&event)) {
    WARD_TRY(Buffer octets, write_failed(*failure));
    return EventOctets{.kind = kFailed, .octets = std::move(octets)};
  }
  WARD_TRY(Buffer octets, write_ended(std::get<LaunchEnded>(event)));
  return EventOctets{.kind = kEnded, .octets = std::move(octets)};
}

Result<void> send_event(int socket, const LaunchEvent& event) {
  WARD_TRY(const EventOctets written, write_event(event));
  if (written.octets.size() > kMaxEventBytes) return Error(Errc::kLimit, kNoEvent);
  Writer w;
  w.u8(written.kind);
  w.u32le(static_cast<std::uint32_t>(written.octets.size()));
  w.bytes(written.octets);
  return write_exact(socket, w.view());
}

Result<LaunchEvent> parse_event(std::uint8_t kind, Bytes octets) {
  WARD_TRY(const codec::CborValue top, codec::parse_cbor(octets));
  switch (kind) {
    case kStarted:
      return started_of(top);
    case kFailed:
      return failed_of(top);
    case kEnded:
      return ended_of(top);
    default:
      return Error(Errc::kMalformed, kNoEvent, kind);
  }
}

Result<LaunchEvent> receive_event(int socket) {
  std::array<std::uint8_t, 5> head{};
  WARD_CHECK_OK(read_exact(socket, head));
  Reader r(head);
  std::uint8_t kind = 0;
  std::uint32_t size = 0;
  if (!r.u8(kind) || !r.u32le(size)) return Error(Errc::kTruncated, kNoEvent);
  if (size > kMaxEventBytes) return Error(Errc::kLimit, kNoEvent, size);
  Buffer octets(size);
  WARD_CHECK_OK(read_exact(socket, octets));
  return parse_event(kind, octets);
}

}  // namespace ward::keep
