#include "server/keyed_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"

namespace ward::server {
namespace {

using protocol::HttpResponse;

constexpr std::size_t kActorDigits = 32;
constexpr std::size_t kTimeDigits = 16;

std::string digits(std::string_view text, std::size_t count) {
  return to_hex(crypto::sha256(as_bytes(text))).substr(0, count);
}

std::string time_digits(UnixTime time) {
  Writer w;
  w.u64be(static_cast<std::uint64_t>(time.seconds));
  return to_hex(w.view());
}

// Row is what is kept of a key, opened.
struct Row {
  crypto::Sha256Digest digest{};
  UnixTime expires;
  bool answered = false;
  HttpResponse answer;
};

Result<Row> parse(Bytes octets) {
  Reader r(octets);
  Row out;
  std::uint64_t expires = 0;
  std::uint8_t answered = 0;
  std::uint16_t status = 0;
  std::uint16_t type_size = 0;
  Bytes type;
  if (!r.array(out.digest) || !r.u64be(expires) || !r.u8(answered) || !r.u16be(status) ||
      !r.u16be(type_size) || !r.bytes(type_size, type)) {
    return Error(Errc::kMalformed, "server.key: row");
  }
  out.expires = {static_cast<std::int64_t>(expires)};
  out.answered = answered == 1;
  out.answer.status = status;
  out.answer.headers = {{"Content-Type", std::string(as_text(type))}};
  out.answer.body = to_buffer(r.rest());
  return out;
}

}  // namespace

std::optional<std::string> key_of(std::string_view header) {
  if (header.size() < 3 || header.size() > kMaxKeyText + 2) return std::nullopt;
  if (!header.starts_with('"') || !header.ends_with('"')) return std::nullopt;
  const std::string_view text = header.substr(1, header.size() - 2);
  const bool plain = std::ranges::all_of(
      text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (!plain) return std::nullopt;
  return std::string(text);
}

crypto::Sha256Digest digest_of(const protocol::HttpRequest& request) {
  Writer w;
  for (const std::string_view text :
       {std::string_view(request.method), std::string_view(request.target)}) {
    w.u64be(text.size());
    w.bytes(as_bytes(text));
  }
  for (const std::string_view name : {"If-Match", "If-None-Match", "Content-Type"}) {
    const std::string_view value = request.header(name).value_or("");
    w.u64be(value.size());
    w.bytes(as_bytes(value));
  }
  w.bytes(crypto::sha256(request.body));
  return crypto::sha256(w.view());
}

KeyedStore::Scope::Scope(KeyedStore& store, const broker::SealedRows& rows, crypto::Rng& rng,
                         KeyedRequest request)
    : store_(store),
      rows_(rows),
      rng_(rng),
      request_(std::move(request)),
      actor_(digits(request_.actor, kActorDigits)) {
  const std::string key = digits(request_.key, 2 * sizeof(crypto::Sha256Digest));
  row_ = actor_ + "/" + key;
  time_row_ = actor_ + "/" + time_digits({request_.now.seconds + kKeyLife_s}) + "/" + key;
  const std::lock_guard<std::mutex> lock(store_.mutex_);
  store_.scopes_[std::this_thread::get_id()] = this;
}

KeyedStore::Scope::~Scope() {
  const std::lock_guard<std::mutex> lock(store_.mutex_);
  store_.scopes_.erase(std::this_thread::get_id());
}

Result<Found> KeyedStore::Scope::find() {
  Found out;
  const auto done = store_.store_->read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto sealed, rows_.get(view, kKeyTable, row_));
    if (!sealed.value) return {};
    WARD_TRY(Row row, parse(sealed.value->expose()));
    if (request_.now >= row.expires) return {};
    if (row.digest != request_.digest) {
      out.state = KeyState::kOther;
    } else {
      out.state = row.answered ? KeyState::kAnswered : KeyState::kBegun;
      out.answer = std::move(row.answer);
    }
    return {};
  });
  if (!done) return done.error();
  return out;
}

// make_room forgets what has expired of this actor's keys.
Result<void> KeyedStore::Scope::make_room(store::Transaction& tx) {
  const std::string end = actor_ + "/" + time_digits(request_.now) + "~";
  WARD_TRY(const auto kept, tx.list_keys(kKeyTimeTable, actor_ + "/", "", kMaxKeys));
  std::size_t expired = 0;
  for (const store::ListedKey& one : kept) {
    if (one.key > end) break;
    WARD_CHECK_OK(tx.forget(kKeyTimeTable, one.key));
    WARD_CHECK_OK(
        tx.forget(kKeyTable, actor_ + "/" + one.key.substr(actor_.size() + kTimeDigits + 2)));
    ++expired;
  }
  full_ = kept.size() - expired >= kMaxKeys;
  if (full_) return Error(Errc::kLimit, "server.key: too many keys");
  return {};
}

// join writes that the act is done, with the act.
Result<void> KeyedStore::Scope::join(store::Transaction& tx) {
  WARD_CHECK_OK(make_room(tx));
  WARD_TRY(const store::Row there, tx.get(kKeyTable, row_));
  collided_ = there.value.has_value();
  if (collided_) return Error(Errc::kStale, "server.key: begun by another request");
  const auto sealed = rows_.put(tx, kKeyTable, row_, row(nullptr), there.version, rng_);
  if (!sealed) return sealed.error();
  const auto timed = tx.put(kKeyTimeTable, time_row_, as_bytes("1"), 0);
  if (!timed) return timed.error();
  return {};
}

Result<void> KeyedStore::Scope::forget(store::Transaction& tx) {
  WARD_CHECK_OK(tx.forget(kKeyTable, row_));
  return tx.forget(kKeyTimeTable, time_row_);
}

Buffer KeyedStore::Scope::row(const HttpResponse* answer) const {
  const std::string_view type =
      answer != nullptr ? answer->header("Content-Type").value_or("") : std::string_view();
  Writer w;
  w.bytes(request_.digest);
  w.u64be(static_cast<std::uint64_t>(request_.now.seconds + kKeyLife_s));
  w.u8(answer != nullptr ? 1 : 0);
  w.u16be(static_cast<std::uint16_t>(answer != nullptr ? answer->status : 0));
  w.u16be(static_cast<std::uint16_t>(type.size()));
  w.bytes(as_bytes(type));
  if (answer != nullptr) w.bytes(answer->body);
  return w.take();
}

Result<void> KeyedStore::Scope::end(const HttpResponse& answer) {
  if (!joined_) return {};
  const bool done = answer.status >= 200 && answer.status < 300;
  if (done && answer.body.size() > kMaxKeptAnswer) {
    return Error(Errc::kLimit, "server.key: the answer is too long to be kept");
  }
  return store_.store_->transact([&](store::Transaction& tx) -> Result<void> {
    if (!done) return forget(tx);
    WARD_TRY(const store::Row there, tx.get(kKeyTable, row_));
    const auto kept = rows_.put(tx, kKeyTable, row_, row(&answer), there.version, rng_);
    if (!kept) return kept.error();
    return {};
  });
}

Result<void> KeyedStore::transact(const Body& body) {
  Scope* const joined = scope();
  if (joined == nullptr || joined->joined_) return store_->transact(body);
  const auto done = store_->transact([&](store::Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(joined->join(tx));
    return body(tx);
  });
  joined->joined_ = done.has_value();
  return done;
}

Result<void> KeyedStore::read(const std::function<Result<void>(store::View&)>& body) {
  return store_->read(body);
}

Result<std::uint64_t> KeyedStore::revision() { return store_->revision(); }

KeyedStore::Scope* KeyedStore::scope() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = scopes_.find(std::this_thread::get_id());
  return found == scopes_.end() ? nullptr : found->second;
}

}  // namespace ward::server
