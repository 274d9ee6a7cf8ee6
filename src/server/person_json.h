#pragma once

#include <string_view>

#include "base/bytes.h"
#include "broker/broker.h"
#include "broker/people.h"
#include "codec/json.h"
#include "codec/json_write.h"

// Administrators as requests and answers have them.
namespace ward::server {

// read_person takes {"name", "role", "repositories", "public_key"}: the key's SubjectPublicKeyInfo
// in base64, `repositories` of an owner alone. 400 names the place in `text`, which `object` is of.
// Whether somebody can be an administrator says broker::check_person.
[[nodiscard]] broker::Answer<broker::Person> read_person(Bytes text, const codec::JsonValue& object,
                                                         std::string_view type);

// write_person writes name, role, repositories and the key's thumbprint, where there is a key, into
// the object that is open.
void write_person(codec::JsonWriter& w, const broker::Actor& actor, const crypto::PublicKey* key);

}  // namespace ward::server
