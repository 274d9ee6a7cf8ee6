#pragma once

#include <string>
#include <string_view>

namespace ward::keep {

// valid_text is `text` as an event may carry it: UTF-8, where every octet that is none has become
// '?', and at most `max_bytes`, cut at a character. A name of the host's may be any octets, and
// must not cost the event that tells of it.
[[nodiscard]] std::string valid_text(std::string_view text, std::size_t max_bytes);

}  // namespace ward::keep
