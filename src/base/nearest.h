#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ward {

// nearest is the one of `names` that `word` was probably meant to be: of which it is the beginning,
// or from which it is few typing mistakes away (a letter too many, too few, wrong, or two of them
// swapped; one in four). The first of several that are equally near; empty where none is near.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace ward
