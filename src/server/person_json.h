#pragma once

#include <string_view>

#include "base/bytes.h"
#include "broker/broker.h"
#include "broker/people.h"
#include "codec/json.h"
#include "codec/json_write.h"

// Administrators as requests and answers have them.
namespace ward::server {

// read_person takes {"name", "role", "repositories"} and one of what write_proof writes
// (broker/person_proof.h); `repositories` of an owner alone. 400 names the place in `text`, which
// `object` is of. Whether somebody can be an administrator says broker::check_person.
[[nodiscard]] broker::Answer<broker::Person> read_person(Bytes text, const codec::JsonValue& object,
                                                         std::string_view type);

// write_actor writes name, role and repositories into the object that is open.
void write_actor(codec::JsonWriter& w, const broker::Actor& actor);

// write_person writes them of a person of the store, and what he signs in with (tell_proof).
void write_person(codec::JsonWriter& w, const broker::Person& person);

}  // namespace ward::server
