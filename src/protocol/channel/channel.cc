#include "protocol/channel/channel.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace ward::protocol::channel {
namespace {

constexpr std::size_t kRemembered = 1024;  // nonces
constexpr std::size_t kShown = 8;          // octets of a digest in a refusal

std::string shown(Bytes octets) {
  return to_hex(octets.first(std::min(octets.size(), kShown))) + "..";
}

std::string error_text(const Error& error) {
  const std::string text = error.what();
  return error.value() ? text + " (" + std::to_string(*error.value()) + ")" : text;
}

std::string seconds(std::int64_t ms) { return std::to_string(ms / 1000) + " s"; }

std::string_view side(Role role) { return role == Role::kClient ? "client" : "server"; }

}  // namespace

Channel::Channel(const Settings& settings, const Ends& ends, const Exporter& exporter,
                 Appraiser& appraiser, crypto::Rng& rng, std::int64_t now_ms)
    : settings_(settings),
      ends_(ends),
      exporter_(exporter),
      appraiser_(appraiser),
      rng_(rng),
      now_ms_(now_ms),
      began_ms_(now_ms),
      asked_ms_(now_ms) {
  if (!ends_are_right()) return;
  nonce_ = crypto::random_array<32>(rng_);
  open_nonce_ = nonce_;
  remember(nonce_);
  own_hello_ =
      write_message(Hello{.gives = settings_.gives, .wants = settings_.wants, .nonce = nonce_});
  out_ = own_hello_;
}

bool Channel::ends_are_right() {
  if (ends_.protocol != kAlpn) {
    refuse(CheckId::kTlsProtocol, ends_.protocol.empty() ? "none" : ends_.protocol,
           std::string(kAlpn));
  } else if (!ends_.peer_key) {
    refuse(CheckId::kPeerKey, "no certificate", "a certificate and proof of its key");
  } else if (ends_.pinned_key && *ends_.pinned_key != *ends_.peer_key) {
    refuse(CheckId::kServerKey, to_hex(*ends_.peer_key), to_hex(*ends_.pinned_key));
  }
  return state_ != State::kRefused;
}

void Channel::receive(Bytes octets, std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (state_ == State::kRefused || state_ == State::kClosed) return;
  in_.insert(in_.end(), octets.begin(), octets.end());
  std::size_t used = 0;
  while (state_ == State::kOpening || state_ == State::kOpen) {
    const Bytes rest = Bytes(in_).subspan(used);
    const auto head = parse_head(rest);
    if (!head && head.error().code() == Errc::kTruncated) break;
    if (!head) {
      refuse(CheckId::kMessageLimit, error_text(head.error()), "a message of the channel's");
      break;
    }
    const std::size_t size = kHeadSize + head->size;
    if (rest.size() < size) break;
    const Buffer frame = to_buffer(rest.first(size));
    used += size;
    const auto message = parse_message(frame);
    if (!message) {
      refuse(CheckId::kMessageForm, error_text(message.error()),
             "a message of the form of " + std::string(kind_name(head->kind)));
      break;
    }
    std::visit([&](const auto& m) { on(m, frame); }, *message);
  }
  if (state_ == State::kOpening || state_ == State::kOpen) {
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(used));
  } else {
    in_.clear();
  }
}

void Channel::peer_ended() {
  if (state_ == State::kRefused || state_ == State::kClosed) return;
  refuse(CheckId::kMessageWhole,
         in_.empty() ? "the end of the stream" : "the end of the stream within a message",
         peer_finished_ ? "this side's finish" : "finish of both sides");
}

void Channel::tick(std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (state_ == State::kOpening && now_ms_ - began_ms_ >= settings_.opening_ms) {
    const char* lacks = !peer_          ? "no hello"
                        : wanted_       ? "no evidence from this side's platform"
                        : !accept_sent_ ? "no evidence"
                                        : "no acceptance";
    refuse(CheckId::kMessageInTime, lacks, "within " + seconds(settings_.opening_ms),
           wanted_.has_value());
  }
  if (state_ == State::kOpen) want_what_is_held();
  if (state_ != State::kOpen || !settings_.wants) return;
  if (asked_ && now_ms_ - asked_ms_ >= settings_.answer_ms) {
    return refuse(CheckId::kReattestInTime, "no evidence of round " + std::to_string(round_),
                  "within " + seconds(settings_.answer_ms));
  }
  if (!young_enough(born_ms_)) return;
  if (!asked_ && settings_.reattest_ms > 0 && now_ms_ - asked_ms_ >= settings_.reattest_ms) {
    challenge();
  }
}

std::optional<std::int64_t> Channel::due_ms() const {
  if (state_ == State::kOpening) return began_ms_ + settings_.opening_ms;
  if (state_ != State::kOpen) return std::nullopt;
  std::optional<std::int64_t> out;
  const auto at = [&out](std::int64_t ms) { out = out ? std::min(*out, ms) : ms; };
  if (held_) at(wanted_ms_ + settings_.least_round_ms);
  if (!settings_.wants) return out;
  if (asked_) {
    at(asked_ms_ + settings_.answer_ms);
  } else if (settings_.reattest_ms > 0) {
    at(asked_ms_ + settings_.reattest_ms);
  }
  if (settings_.max_age_ms > 0) {
    at(born_ms_ + settings_.max_age_ms + 1);
  }
  return out;
}

Buffer Channel::take_output() { return std::exchange(out_, {}); }

Buffer Channel::take_data() { return std::exchange(data_, {}); }

std::size_t Channel::sendable() const { return state_ == State::kOpen && !finished_ ? credit_ : 0; }

std::size_t Channel::send(Bytes octets, std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (sendable() == 0 || !young_enough(born_ms_)) return 0;
  Bytes rest = octets.first(std::min<std::size_t>(octets.size(), credit_));
  const std::size_t all = rest.size();
  credit_ -= static_cast<std::uint32_t>(all);
  while (!rest.empty()) {
    const Bytes part = rest.first(std::min(rest.size(), kMaxData));
    put(Data{to_buffer(part)});
    rest = rest.subspan(part.size());
  }
  return all;
}

void Channel::taken(std::size_t octets) {
  owed_ += static_cast<std::uint32_t>(octets);
  if (state_ != State::kOpen || peer_finished_ || owed_ < kWindow / 4) return;
  room_ += owed_;
  put(Window{std::exchange(owed_, 0)});
}

void Channel::finish() {
  if (state_ != State::kOpen || finished_) return;
  finished_ = true;
  put(Finish{});
  if (peer_finished_) state_ = State::kClosed;
}

void Channel::give_evidence(Bytes evidence) {
  if (!wanted_ || (state_ != State::kOpening && state_ != State::kOpen)) return;
  if (evidence.empty() || evidence.size() > kMaxEvidence) {
    return fail_evidence("evidence of " + std::to_string(evidence.size()) + " octets");
  }
  wanted_.reset();
  Buffer frame = write_message(Evidence{binding_of(wanted_bound_), to_buffer(evidence)});
  out_.insert(out_.end(), frame.begin(), frame.end());
  if (wanted_bound_.round == 0) {
    own_evidence_ = std::move(frame);
    accept_opening();
  } else {
    answered_ = crypto::sha384(concat({peer_challenge_, frame}));
  }
}

void Channel::fail_evidence(const std::string& why) {
  if (state_ != State::kOpening && state_ != State::kOpen) return;
  wanted_.reset();
  refuse(CheckId::kEvidenceMade, why, "evidence of this side", true);
}

void Channel::abandon(CheckId id, const std::string& found, const std::string& expected,
                      bool could_not_tell) {
  if (state_ == State::kOpening || state_ == State::kOpen) {
    refuse(id, found, expected, could_not_tell);
  }
}

void Channel::on(const Hello& m, Bytes frame) {
  if (peer_) return out_of_place("a second hello");
  if (knows(m.nonce)) {
    return refuse(CheckId::kNonceFresh, shown(m.nonce),
                  "a nonce that was not used on this channel");
  }
  if (settings_.wants && !m.gives) {
    return refuse(CheckId::kPeerAttests,
                  "the " + std::string(side(other(settings_.role))) + " gives no evidence",
                  "evidence");
  }
  if (m.wants && !settings_.gives) {
    return refuse(CheckId::kPeerAttests,
                  "the " + std::string(side(settings_.role)) + " gives no evidence", "evidence");
  }
  if (!settings_.wants && !m.wants) {
    return refuse(CheckId::kEvidenceWanted, "neither side", "one side, or both");
  }
  const bool client = settings_.role == Role::kClient;
  const auto exported = exporter_.value(client ? exporter_context(nonce_, m.nonce)
                                               : exporter_context(m.nonce, nonce_));
  if (!exported) {
    return refuse(CheckId::kTlsHandshake, error_text(exported.error()), "an exporter", true);
  }
  exported_ = *exported;
  remember(m.nonce);
  peer_ = m;
  peer_hello_ = to_buffer(frame);
  if (m.wants) want_evidence_for(0, m.nonce);
  accept_opening();
}

void Channel::want_evidence_for(std::uint32_t round, const Nonce& nonce) {
  wanted_bound_ = {.round = round,
                   .role = settings_.role,
                   .exporter = exported_,
                   .receiver_key = *ends_.peer_key,
                   .nonce = nonce,
                   .sender_key = ends_.own_key};
  wanted_ = report_data(wanted_bound_);
  wanted_ms_ = now_ms_;
}

void Channel::on(const Evidence& m, Bytes frame) {
  const bool opening = state_ == State::kOpening && peer_ && peer_evidence_.empty();
  if (!settings_.wants || !(opening || (state_ == State::kOpen && asked_))) {
    return out_of_place("evidence that was not asked for");
  }
  const Bound bound{.round = round_,
                    .role = other(settings_.role),
                    .exporter = exported_,
                    .receiver_key = ends_.own_key,
                    .nonce = open_nonce_,
                    .sender_key = *ends_.peer_key};
  if (!binding_is_right(m.binding, bound) || !young_enough(asked_ms_) ||
      !accepted(appraiser_.appraise(m.octets, report_data(bound)))) {
    return;
  }
  born_ms_ = asked_ms_;
  ++accepted_rounds_;
  if (opening) {
    peer_evidence_ = to_buffer(frame);
    return accept_opening();
  }
  asked_ = false;
  put(Accept{.round = round_, .transcript = crypto::sha384(concat({own_challenge_, frame}))});
}

// The order of these decides which binding is named where several are wrong.
bool Channel::binding_is_right(const Binding& said, const Bound& bound) {
  const Binding right = binding_of(bound);
  const auto differs = [&](CheckId id, Bytes found, Bytes expected) {
    if (equal(found, expected)) return false;
    refuse(id, shown(found), shown(expected));
    return true;
  };
  if (said.round != right.round) {
    refuse(CheckId::kEvidenceRound, std::to_string(said.round), std::to_string(right.round));
    return false;
  }
  if (said.role != right.role) {
    refuse(CheckId::kEvidenceRole, std::string(side(said.role)), std::string(side(right.role)));
    return false;
  }
  return !differs(CheckId::kNonceAnswered, said.nonce, right.nonce) &&
         !differs(CheckId::kSenderKey, said.sender_key, right.sender_key) &&
         !differs(CheckId::kExporterSame, said.exporter, right.exporter) &&
         !differs(CheckId::kReceiverKey, said.receiver_key, right.receiver_key);
}

bool Channel::young_enough(std::int64_t born_ms) {
  if (!settings_.wants || settings_.max_age_ms == 0) return true;
  const std::int64_t age = now_ms_ - born_ms;
  if (age <= settings_.max_age_ms) return true;
  refuse(CheckId::kEvidenceAge, "evidence of " + std::to_string(age) + " ms ago",
         "at most " + std::to_string(settings_.max_age_ms) + " ms");
  return false;
}

bool Channel::accepted(const Judgement& judgement) {
  if (judgement.verdict == attest::Verdict::kAccepted) return true;
  if (judgement.other_report_data) {
    refuse(CheckId::kReportData, judgement.found, judgement.expected);
    return false;
  }
  const bool open = judgement.verdict == attest::Verdict::kUndetermined;
  if (judgement.check.empty()) {
    refuse(CheckId::kEvidenceAppraised, judgement.found, judgement.expected, open);
  } else {
    refuse(Refusal{.check = judgement.check,
                   .found = judgement.found,
                   .expected = judgement.expected,
                   .source = judgement.source,
                   .could_not_tell = open});
  }
  return false;
}

crypto::Sha384Digest Channel::opening_transcript() const {
  const bool client = settings_.role == Role::kClient;
  return crypto::sha384(client ? concat({own_hello_, peer_hello_, peer_evidence_, own_evidence_})
                               : concat({peer_hello_, own_hello_, own_evidence_, peer_evidence_}));
}

// accept_opening sends `a` when this side has accepted all and sent all.
void Channel::accept_opening() {
  if (state_ != State::kOpening || !peer_ || accept_sent_) return;
  if (settings_.wants && peer_evidence_.empty()) return;
  if (peer_->wants && own_evidence_.empty()) return;
  accept_sent_ = true;
  put(Accept{.round = 0, .transcript = opening_transcript()});
  open_if_done();
}

void Channel::open_if_done() {
  if (!accept_sent_ || !accept_received_) return;
  state_ = State::kOpen;
  for (Buffer* frame : {&own_hello_, &peer_hello_, &own_evidence_, &peer_evidence_}) {
    *frame = Buffer();
  }
}

void Channel::on(const Accept& m, Bytes /*frame*/) {
  crypto::Sha384Digest right{};
  std::uint32_t round = 0;
  const bool opening = state_ == State::kOpening;
  if (opening) {
    if (!accept_sent_ || accept_received_) return out_of_place("an acceptance before its time");
    right = opening_transcript();
  } else {
    if (!answered_) return out_of_place("an acceptance of nothing");
    right = *answered_;
    round = peer_round_;
  }
  if (m.round != round) {
    return refuse(CheckId::kEvidenceRound, std::to_string(m.round), std::to_string(round));
  }
  if (m.transcript != right) {
    return refuse(CheckId::kTranscriptSame, shown(m.transcript), shown(right));
  }
  answered_.reset();
  if (!opening) return;
  accept_received_ = true;
  open_if_done();
}

void Channel::challenge() {
  ++round_;
  open_nonce_ = crypto::random_array<32>(rng_);
  remember(open_nonce_);
  own_challenge_ = write_message(Challenge{.round = round_, .nonce = open_nonce_});
  out_.insert(out_.end(), own_challenge_.begin(), own_challenge_.end());
  asked_ = true;
  asked_ms_ = now_ms_;
}

void Channel::on(const Challenge& m, Bytes frame) {
  if (state_ != State::kOpen || !peer_->wants || wanted_ || held_ || answered_) {
    return out_of_place("a challenge before its time");
  }
  if (m.round != peer_round_ + 1) {
    return refuse(CheckId::kEvidenceRound, std::to_string(m.round),
                  std::to_string(peer_round_ + 1));
  }
  if (knows(m.nonce)) {
    return refuse(CheckId::kNonceFresh, shown(m.nonce),
                  "a nonce that was not used on this channel");
  }
  remember(m.nonce);
  challenged_ms_ = now_ms_;
  peer_round_ = m.round;
  peer_challenge_ = to_buffer(frame);
  held_ = m.nonce;
  want_what_is_held();
}

void Channel::want_what_is_held() {
  if (!held_ || now_ms_ - wanted_ms_ < settings_.least_round_ms) return;
  want_evidence_for(peer_round_, *held_);
  held_.reset();
}

void Channel::on(const Data& m, Bytes /*frame*/) {
  if (state_ != State::kOpen) return out_of_place("data before both sides had accepted");
  if (peer_finished_) return out_of_place("data behind finish");
  if (m.octets.size() > room_) {
    return refuse(CheckId::kMessageLimit, "data beyond the window",
                  "at most " + std::to_string(room_) + " octets");
  }
  if (!young_enough(born_ms_)) return;
  room_ -= static_cast<std::uint32_t>(m.octets.size());
  data_.insert(data_.end(), m.octets.begin(), m.octets.end());
}

void Channel::on(const Window& m, Bytes /*frame*/) {
  if (state_ != State::kOpen || m.octets > kWindow - credit_) {
    return out_of_place("a window for octets that were not sent");
  }
  credit_ += m.octets;
}

void Channel::on(const Finish&, Bytes /*frame*/) {
  if (state_ != State::kOpen) return out_of_place("finish before both sides had accepted");
  if (peer_finished_) return out_of_place("a second finish");
  peer_finished_ = true;
  if (finished_) state_ = State::kClosed;
}

void Channel::on(const Refuse& m, Bytes /*frame*/) {
  state_ = State::kRefused;
  data_.clear();
  refusal_ = Refusal{.check = m.check,
                     .found = m.found,
                     .expected = m.expected,
                     .source = "the other end",
                     .by_peer = true};
}

bool Channel::knows(const Nonce& nonce) const {
  return std::ranges::find(nonces_, nonce) != nonces_.end();
}

void Channel::remember(const Nonce& nonce) {
  nonces_.push_back(nonce);
  if (nonces_.size() > kRemembered) nonces_.pop_front();
}

void Channel::out_of_place(std::string_view what) {
  refuse(CheckId::kMessageOrder, std::string(what), "a message that the state allows");
}

void Channel::refuse(CheckId id, std::string found, std::string expected, bool could_not_tell) {
  const attest::CheckInfo& info = check_info(id);
  refuse(Refusal{.check = info.id,
                 .found = std::move(found),
                 .expected = std::move(expected),
                 .source = info.reference,
                 .could_not_tell = could_not_tell});
}

void Channel::refuse(Refusal refusal) {
  if (state_ == State::kRefused) return;
  state_ = State::kRefused;
  data_.clear();
  wanted_.reset();
  put(Refuse{refusal.check, refusal.found, refusal.expected});
  refusal_ = std::move(refusal);
}

void Channel::put(const Message& message) {
  const Buffer frame = write_message(message);
  out_.insert(out_.end(), frame.begin(), frame.end());
}

}  // namespace ward::protocol::channel
