#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ward {

// join puts `between` between the parts.
[[nodiscard]] std::string join(const std::vector<std::string>& parts,
                               std::string_view between = ", ");

// same_word compares without regard to the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b);

}  // namespace ward
