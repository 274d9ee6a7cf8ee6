#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/ward/admin_client.h"
#include "apps/ward/cli.h"
#include "codec/json.h"
#include "codec/json_write.h"

// What the lists that a wardd answers are made of.
namespace ward::cli {

// unreadable says that an answer has not the form that it must have; its exit code.
int unreadable();

// text_of is a member that is a text, empty where it is none.
[[nodiscard]] std::string text_of(const codec::JsonValue& object, std::string_view name);

// line is one of the output: what a server says is not to write to the terminal what it likes.
[[nodiscard]] std::string line(const std::string& text);

// print_json prints what was written, on a line.
int print_json(codec::JsonWriter& w);

// page_of reads a reply; nullopt where it is no JSON.
[[nodiscard]] std::optional<codec::JsonValue> page_of(Bytes body);

}  // namespace ward::cli
