#include "apps/ward/maker_gate.h"

namespace ward::cli {

MakerGate::Turn::~Turn() {
  if (gate_ == nullptr) return;
  {
    const std::lock_guard<std::mutex> lock(gate_->mutex_);
    --gate_->within_;
  }
  gate_->left_.notify_one();
}

MakerGate::Turn MakerGate::enter(const std::stop_token& stop) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (within_ == most_ && waiting_ == most_waiting_) return Turn(nullptr);
  ++waiting_;
  const bool free = left_.wait(lock, stop, [this] { return within_ < most_; });
  --waiting_;
  if (!free || stop.stop_requested()) {
    if (free) left_.notify_one();  // the place is another's
    return Turn(nullptr);
  }
  ++within_;
  return Turn(this);
}

std::size_t MakerGate::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_;
}

}  // namespace ward::cli
