#include "keep/manifest.h"

#include <gtest/gtest.h>

#include "crypto/signature.h"

namespace ward::keep {
namespace {

// A P-256 key's SubjectPublicKeyInfo: the curve's base point.
constexpr const char* kReceiver =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/"
    "m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==";

std::string whole() {
  return std::string(R"(version = 1
name = "demo"
argv = ["/usr/bin/python3", "/app/infer.py"]
working_directory = "/app"
network = "none"

[environment]
PYTHONPATH = "/in"

[limits]
seconds = 60
memory_bytes = 2147483648
processes = 64
disk_bytes = 1073741824
open_files = 256

[broker]
url = "https://127.0.0.1:8443"
spki_sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

[[input]]
name = "model.pt"
resource = "vendor/model/weights"
file_id = "any"
source = "model.pt.ward"

[[output]]
name = "result.csv"
receiver = ")") +
         kReceiver +
         R"("

[[file]]
path = "/usr/bin/python3"
source = "/usr/bin/python3.11"
mode = "0111"
sha256 = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

[[file]]
path = "/app/infer.py"

[[tree]]
path = "/usr/lib/python3"

[[link]]
path = "/lib"
target = "usr/lib"
)";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Manifest, reads_every_member) {
  auto manifest = parse_manifest(as_bytes(whole()));
  ASSERT_TRUE(manifest) << to_text(manifest.error());
  EXPECT_EQ(manifest->name, "demo");
  EXPECT_EQ(manifest->argv, (std::vector<std::string>{"/usr/bin/python3", "/app/infer.py"}));
  EXPECT_EQ(manifest->working_directory, "/app");
  EXPECT_EQ(manifest->environment.at("PYTHONPATH"), "/in");
  EXPECT_EQ(manifest->limits, (Limits{.seconds = 60,
                                      .memory_bytes = 2147483648,
                                      .processes = 64,
                                      .disk_bytes = 1073741824,
                                      .open_files = 256}));
  ASSERT_TRUE(manifest->broker);
  EXPECT_EQ(manifest->broker->url, "https://127.0.0.1:8443");
  EXPECT_EQ(manifest->broker->spki_sha256[1], 0x11);
  ASSERT_EQ(manifest->inputs.size(), 1U);
  EXPECT_EQ(manifest->inputs[0].resource, "vendor/model/weights");
  ASSERT_EQ(manifest->outputs.size(), 1U);
  EXPECT_TRUE(crypto::PublicKey::from_spki(manifest->outputs[0].receiver));
  ASSERT_EQ(manifest->files.size(), 2U);
  EXPECT_EQ(manifest->files[0].mode, FileMode::kProgram);
  EXPECT_EQ(manifest->files[0].sha256->at(0), 0xff);
  EXPECT_EQ(manifest->files[1].source, "/app/infer.py");
  EXPECT_EQ(manifest->trees[0].source, "/usr/lib/python3");
  EXPECT_EQ(manifest->links[0].target, "usr/lib");
}

TEST(Manifest, says_which_keys_are_taken_and_how_long_an_end_may_take) {
  const auto plain = parse_manifest(as_bytes(whole()));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->broker->leases, LeaseWish::kAccepted);
  EXPECT_EQ(plain->broker->grace_seconds, kDefaultGraceSeconds);
  const auto manifest = parse_manifest(as_bytes(replaced(
      whole(), "spki_sha256 = ", "leases = \"required\"\ngrace_seconds = 30\nspki_sha256 = ")));
  ASSERT_TRUE(manifest) << to_text(manifest.error());
  EXPECT_EQ(manifest->broker->leases, LeaseWish::kRequired);
  EXPECT_EQ(manifest->broker->grace_seconds, 30U);
  const auto again = parse_manifest(as_bytes(to_toml(*manifest)));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *manifest);
}

TEST(Manifest, ward_keep_itself_is_a_program_of_every_keep) {
  const auto manifest = parse_manifest(
      as_bytes(replaced(whole(), "\"/usr/bin/python3\", \"/app/infer.py\"", "\"/ward/keep\"")));
  ASSERT_TRUE(manifest) << to_text(manifest.error());
  EXPECT_EQ(manifest->argv, std::vector<std::string>{"/ward/keep"});
}

TEST(Manifest, a_broker_may_be_one_of_its_tenants) {
  const auto manifest =
      parse_manifest(as_bytes(replaced(whole(), "127.0.0.1:8443", "127.0.0.1:8443/t/acme-2")));
  ASSERT_TRUE(manifest) << to_text(manifest.error());
  ASSERT_TRUE(manifest->broker);
  EXPECT_EQ(manifest->broker->url, "https://127.0.0.1:8443/t/acme-2");
}

TEST(Manifest, written_and_read_again_is_the_same) {
  auto manifest = parse_manifest(as_bytes(whole()));
  ASSERT_TRUE(manifest);
  manifest->environment["QUOTES"] = "a\"b\\c\nd\x7f\xc3\xa4";
  auto again = parse_manifest(as_bytes(to_toml(*manifest)));
  ASSERT_TRUE(again) << to_text(again.error());
  EXPECT_EQ(*again, *manifest);
}

struct Case {
  const char* name;
  const char* from;
  const char* to;
  const char* path;  // where the mistake is said to be
};

constexpr Case kCases[] = {
    {"unknown_member", "network = ", "netwrok = ", "network"},
    {"unknown_member_beside", "name = \"demo\"", "name = \"demo\"\nnmae = 1", "nmae"},
    {"version", "version = 1", "version = 2", "version"},
    {"name_with_slash", "\"demo\"", "\"a/b\"", "name"},
    {"network_open", "\"none\"", "\"open\"", "network"},
    {"argv_empty", "[\"/usr/bin/python3\", \"/app/infer.py\"]", "[]", "argv"},
    {"argv_number", "\"/app/infer.py\"]", "7]", "argv"},
    {"argv_relative", "[\"/usr/bin/python3\"", "[\"python3\"", "argv"},
    {"argv_is_readable", "mode = \"0111\"", "mode = \"0555\"", "argv"},
    {"mode_writable", "mode = \"0111\"", "mode = \"0755\"", "file[0].mode"},
    {"sha256_short", "ffeeddccbbaa", "ffeeddccbb", "file[0].sha256"},
    {"path_dots", "path = \"/app/infer.py\"", "path = \"/app/../infer.py\"", "file[1].path"},
    {"path_double_slash", "path = \"/app/infer.py\"", "path = \"/app//x\"", "file[1].path"},
    {"path_reserved_ward", "path = \"/app/infer.py\"", "path = \"/ward/keep\"", "file[1].path"},
    {"path_reserved_in", "path = \"/app/infer.py\"", "path = \"/in/x\"", "file[1].path"},
    {"path_twice", "path = \"/app/infer.py\"", "path = \"/usr/bin/python3\"", "file[1].path"},
    {"working_directory", "= \"/app\"", "= \"app\"", "working_directory"},
    {"seconds_zero", "seconds = 60", "seconds = 0", "limits.seconds"},
    {"memory_small", "memory_bytes = 2147483648", "memory_bytes = 1", "limits.memory_bytes"},
    {"limit_absent", "processes = 64\n", "", "limits.processes"},
    {"limit_text", "processes = 64", "processes = \"64\"", "limits.processes"},
    {"broker_http", "https://127.0.0.1:8443", "http://127.0.0.1:8443", "broker.url"},
    {"broker_path", "127.0.0.1:8443", "127.0.0.1:8443/kbs", "broker.url"},
    {"broker_tenant_upper_case", "127.0.0.1:8443", "127.0.0.1:8443/t/Acme", "broker.url"},
    {"broker_tenant_hyphen", "127.0.0.1:8443", "127.0.0.1:8443/t/-a", "broker.url"},
    {"broker_tenant_none", "127.0.0.1:8443", "127.0.0.1:8443/t/", "broker.url"},
    {"broker_tenant_more", "127.0.0.1:8443", "127.0.0.1:8443/t/a/b", "broker.url"},
    {"broker_port", "127.0.0.1:8443", "127.0.0.1:99999", "broker.url"},
    {"broker_key", "eeff\"\n\n[[input]]", "ee\"\n\n[[input]]", "broker.spki_sha256"},
    {"leases_word", "spki_sha256 = ", "leases = \"never\"\nspki_sha256 = ", "broker.leases"},
    {"grace_long",
     "spki_sha256 = ", "grace_seconds = 3601\nspki_sha256 = ", "broker.grace_seconds"},
    {"grace_text",
     "spki_sha256 = ", "grace_seconds = \"5\"\nspki_sha256 = ", "broker.grace_seconds"},
    {"resource_pieces", "vendor/model/weights", "vendor/weights", "input[0].resource"},
    {"file_id_upper_case", "file_id = \"any\"", "file_id = \"AB\"", "input[0].file_id"},
    {"file_id_absent", "file_id = \"any\"\n", "", "input[0].file_id"},
    {"input_name", "name = \"model.pt\"", "name = \"../x\"", "input[0].name"},
    {"receiver_no_key", "MFkwEwYHKoZIzj0CAQYIKoZIzj0D", "MFkwEwYHKoZIzj0CAQYIKoZIzj0E",
     "output[0].receiver"},
    {"link_empty", "target = \"usr/lib\"", "target = \"\"", "link[0].target"},
    {"variable_number", "PYTHONPATH = \"/in\"", "PYTHONPATH = 3", "environment.PYTHONPATH"},
    {"variable_equals", "PYTHONPATH =", "\"A=B\" =", "environment.A=B"},
};

class ManifestRefusal : public testing::TestWithParam<Case> {};

TEST_P(ManifestRefusal, names_the_place) {
  const Case& c = GetParam();
  auto manifest = parse_manifest(as_bytes(replaced(whole(), c.from, c.to)));
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().path, c.path) << to_text(manifest.error());
  EXPECT_NE(manifest.error().line, 0U);
}

INSTANTIATE_TEST_SUITE_P(Manifest, ManifestRefusal, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Manifest, inputs_need_a_broker) {
  std::string text = whole();
  const std::size_t begin = text.find("[broker]");
  text.erase(begin, text.find("[[input]]") - begin);
  auto manifest = parse_manifest(as_bytes(text));
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().path, "broker");
}

TEST(Manifest, syntax_error_has_line_and_column) {
  auto manifest = parse_manifest(as_bytes("version = 1\nname = \n"));
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().line, 2U);
}

TEST(Manifest, too_many_arguments_are_refused) {
  const auto with = [](std::size_t count) {
    std::string argv = "[\"/usr/bin/python3\"";
    for (std::size_t i = 1; i < count; ++i)
      argv += ", \"x\"";
    return replaced(whole(), "[\"/usr/bin/python3\", \"/app/infer.py\"]", argv + "]");
  };
  EXPECT_TRUE(parse_manifest(as_bytes(with(kMaxArguments))));
  EXPECT_FALSE(parse_manifest(as_bytes(with(kMaxArguments + 1))));
}

TEST(Manifest, too_large_a_document_is_refused) {
  std::string text = whole() + "#";
  text.append(kMaxManifestBytes - text.size(), ' ');
  EXPECT_TRUE(parse_manifest(as_bytes(text)));
  text += ' ';
  auto manifest = parse_manifest(as_bytes(text));
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().expected, "at most 8 MiB of text");
}

TEST(Manifest, truncated_at_any_length_is_refused_or_smaller) {
  const std::string text = whole();
  const auto complete = parse_manifest(as_bytes(text));
  ASSERT_TRUE(complete);
  for (std::size_t n = 0; n < text.size() - 1; ++n) {
    const auto part = parse_manifest(as_bytes(std::string_view(text).substr(0, n)));
    EXPECT_TRUE(!part || !(*part == *complete)) << n;
  }
}

}  // namespace
}  // namespace ward::keep
