#pragma once

#include <cstddef>
#include <vector>

namespace ward {

// Refill writes a list anew over what it held, so that the memory of its elements is used again.
// Nothing of what was there counts: whoever calls next() sets all of it, and finish() cuts off the
// rest.
template <class T>
class Refill {
 public:
  explicit Refill(std::vector<T>& list) : list_(list) {}

  // next is the next element, with whatever it held. Valid until the next call.
  T& next() {
    if (used_ == list_.size()) list_.emplace_back();
    return list_[used_++];
  }

  void finish() { list_.resize(used_); }

 private:
  std::vector<T>& list_;
  std::size_t used_ = 0;
};

}  // namespace ward
