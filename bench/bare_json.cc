#include <string>

#include <rapidjson/reader.h>

#include "bench/bare.h"

namespace ward::bench {

Bare bare_json(Bytes document) {
  return {"reader, nothing kept", std::string("RapidJSON ") + RAPIDJSON_VERSION_STRING,
          [text = std::string(as_text(document))] {
            rapidjson::StringStream in(text.c_str());
            rapidjson::BaseReaderHandler<> keeps_nothing;
            rapidjson::Reader reader;
            return !reader.Parse(in, keeps_nothing).IsError();
          }};
}

}  // namespace ward::bench
