#include "apps/wardd/end_clock.h"

namespace ward::wardd {

bool EndClock::believes(UnixTime now, Steady steady,
                        const std::function<std::optional<UnixTime>()>& newest) {
  bool right = false;
  if (believed_) {
    const auto passed =
        std::chrono::duration_cast<std::chrono::seconds>(steady - believed_->steady);
    right = now.seconds - believed_->now.seconds <= passed.count() + kEndsJump_s;
  }
  if (!right) {
    // An entry that is as new as the clock was written by it: the ledger stands there already.
    const auto written = newest();
    const std::int64_t may_lie_ahead = believed_ ? kEndsJump_s : kEndsAhead_s;
    right = !written || now.seconds - written->seconds <= may_lie_ahead;
  }
  if (right) believed_ = Reading{now, steady};
  return right;
}

}  // namespace ward::wardd
