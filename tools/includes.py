#!/usr/bin/env python3
"""Fails when a source uses a name of the standard library or of googletest whose header it does not include, by itself or by
a header of ours.

What CI builds has precompiled headers (ward_precompiled in cmake/WardTargets.cmake): a source that lacks an #include
compiles there, and nowhere else. That a source includes those of our own headers that it needs, the build itself shows.
usage: includes.py [ROOT]
"""
import pathlib
import re
import sys

import cxx

FOLDERS = ("src", "tee", "lib", "include", "apps", "test", "bench")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>]+)>|"([^"]+)")', re.M)
NAME = re.compile(r"\bstd::(?:(?:ranges|chrono|filesystem|this_thread)::)?(\w+)")
GTEST = re.compile(r"^(?:TEST|TEST_F|TEST_P)\(|\b(?:EXPECT|ASSERT)_[A-Z]+\(|\btesting::\w", re.M)

# Header: the names that it is the one to include for. A name of several headers is had from each of them.
NAMES = {name: header.split() for header, names in {
    "algorithm": """adjacent_find all_of any_of binary_search clamp contains copy_backward copy_if copy_n count count_if equal fill
        fill_n find find_if find_if_not for_each is_sorted lexicographical_compare lower_bound max max_element minmax minmax_element
        nth_element partition partial_sort min min_element mismatch none_of remove_copy_if replace replace_if reverse reverse_copy
        rotate set_difference set_intersection set_union search shuffle sort stable_partition stable_sort swap_ranges transform
        unique upper_bound""",
    "array": "array to_array",
    "atomic": """atomic atomic_bool atomic_flag memory_order_acq_rel memory_order_acquire memory_order_relaxed memory_order_release
        memory_order_seq_cst""",
    "bit": "bit_cast byteswap countl_zero endian popcount rotl rotr bit_ceil bit_floor bit_width countr_zero has_single_bit",
    "charconv": "chars_format from_chars to_chars",
    "chrono": """chrono ceil day days duration_cast hours milliseconds microseconds minutes month nanoseconds seconds time_point
        weeks years steady_clock sys_days system_clock year year_month_day""",
    "cctype": "isalnum tolower toupper",
    "cmath": "isfinite llround",
    "concepts": """constructible_from convertible_to derived_from integral invocable floating_point same_as signed_integral
        unsigned_integral""",
    "condition_variable": "condition_variable condition_variable_any",
    "csignal": "raise sig_atomic_t signal",
    "cstddef": "byte max_align_t nullptr_t ptrdiff_t",
    "cstdint": "int16_t int32_t int64_t int8_t uint16_t uint32_t uint64_t uint8_t uintmax_t uintptr_t",
    "cstdio": "FILE fclose ferror fflush fopen fprintf fputs fread freopen fwrite printf snprintf",
    "cstdlib": "_Exit abort aligned_alloc atexit atoi calloc exit free getenv malloc realloc",
    "cstdlib cmath": "abs",
    "cstring": "memchr memcmp memcpy memmove memset strcmp strerror strlen strncmp",
    "ctime chrono": "time",
    "deque": "deque",
    "exception": "current_exception exception_ptr rethrow_exception",
    "exception new stdexcept system_error": "exception",
    "filesystem": """filesystem absolute canonical create_directories create_directory create_symlink directory_iterator
        directory_options current_path equivalent exists file_size file_status file_time_type file_type filesystem_error
        hard_link_count is_directory is_empty is_regular_file is_symlink last_write_time path perm_options permissions perms
        read_symlink recursive_directory_iterator relative remove_all resize_file status symlink_status temp_directory_path
        weakly_canonical""",
    "fstream": "fstream ifstream ofstream",
    "functional": "bind_front cref equal_to function greater hash invoke ref reference_wrapper",
    "functional map set": "less",
    "future": "async future launch promise",
    "initializer_list array deque functional list map memory optional set string string_view utility vector": "initializer_list",
    "ios iostream istream ostream sstream fstream": "hex ios streamsize",
    "iostream": "cerr cin cout",
    "istream iostream sstream fstream": "istream ws",
    "iterator": "distance istreambuf_iterator ostream_iterator prev",
    "iterator deque list map set string vector": "back_inserter make_move_iterator",
    "iterator string string_view vector array map set span": "begin end next size",
    "barrier": "barrier",
    "latch": "latch",
    "queue": "priority_queue queue",
    "regex": "regex regex_match regex_search smatch",
    "shared_mutex": "shared_lock shared_mutex",
    "unordered_map": "unordered_map",
    "unordered_set": "unordered_set",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map multimap",
    "memory": """align construct_at destroy_at enable_shared_from_this make_shared make_unique make_unique_for_overwrite shared_ptr
        unique_ptr weak_ptr""",
    "mutex": "call_once lock_guard mutex once_flag scoped_lock try_to_lock unique_lock",
    "new": "align_val_t",
    "new memory": "bad_alloc",
    "numeric": "accumulate inner_product iota reduce",
    "optional": "nullopt optional",
    "ostream iostream sstream fstream": "endl flush ostream",
    "random": "mt19937 mt19937_64",
    "semaphore": "binary_semaphore counting_semaphore",
    "set": "multiset set",
    "span": "as_bytes span",
    "sstream": "istringstream ostringstream stringstream",
    "stdexcept": "invalid_argument length_error logic_error out_of_range runtime_error",
    "stop_token thread condition_variable": "stop_callback stop_source stop_token",
    "string": "getline stoi stol stoul stoull string string_literals u8string to_string u16string",
    "string vector list deque map set": "erase erase_if",
    "string_view": "string_view string_view_literals",
    "system_error charconv filesystem": "errc",
    "system_error filesystem": "error_code",
    "system_error": "generic_category system_error",
    "thread": "jthread thread get_id sleep_for yield",
    "tuple": "apply forward_as_tuple ignore make_tuple tie tuple",
    "tuple utility array": "tuple_size_v",
    "type_traits": """conditional_t decay_t enable_if_t integral_constant invoke_result_t is_base_of_v is_convertible_v
        is_constant_evaluated is_enum_v is_integral_v is_signed_v is_trivially_copyable_v is_unsigned_v make_signed_t
        make_unsigned_t remove_const_t underlying_type_t void_t is_copy_assignable_v is_copy_constructible_v is_same_v
        remove_cvref_t remove_reference_t""",
    "utility": """as_const cmp_equal cmp_greater cmp_less in_place index_sequence make_index_sequence to_underlying unreachable
        declval exchange forward in_place_index in_place_type in_place_type_t swap""",
    "utility map": "make_pair pair",
    "utility algorithm functional map memory optional set string variant vector": "move",
    "variant": "get_if holds_alternative monostate variant visit",
    "variant tuple utility array": "get",
    "algorithm filesystem": "copy",
    "cstdio filesystem": "remove rename",
    "vector": "vector",
}.items() for name in names.split()}
EVERYWHERE = {"size_t", "ranges", "this_thread"}  # of each header, or a namespace


class Tree:
    """The sources below a folder, and what each includes, directly and through our own headers."""

    def __init__(self, root):
        self.root = root
        self.texts = {p: p.read_text() for f in FOLDERS for p in sorted((root / f).rglob("*")) if p.suffix in {".h", ".cc"}}
        self.includes = {path: list(self._included(path)) for path in self.texts}

    def _included(self, path):
        """_included yields a header's name or one of our files, for each #include of the file."""
        bases = (self.root / "src", self.root, self.root / "include")
        for system, ours in INCLUDE.findall(self.texts[path]):
            name = system or ours
            files = (base / name for base in ((path.parent,) if ours else ()) + bases)
            yield next((f for f in files if f in self.texts), name)

    def closure(self, path):
        """closure is the set of the names of headers that are not ours, and of our files."""
        seen, todo = {path}, [path]
        while todo:
            for entry in self.includes[todo.pop()]:
                if entry not in seen:
                    seen.add(entry)
                    if isinstance(entry, pathlib.Path):
                        todo.append(entry)
        return seen


def faults(tree, path):
    """faults yields (line, text) for what the file uses and does not include."""
    code = cxx.code_of(tree.texts[path])
    closure = tree.closure(path)
    told = set()
    for match in NAME.finditer(code):
        name = match.group(1)
        if name in told or name in EVERYWHERE:
            continue
        told.add(name)
        line = code.count("\n", 0, match.start()) + 1
        if name not in NAMES:
            yield line, f"{match.group(0)} is in no header that tools/includes.py knows: add it to NAMES"
        elif not closure.intersection(NAMES[name]):
            yield line, f"{match.group(0)} without #include <{NAMES[name][0]}>"
    match = GTEST.search(code)
    if match and not closure.intersection({"gtest/gtest.h", "gmock/gmock.h"}):
        yield code.count("\n", 0, match.start()) + 1, "a test without #include <gtest/gtest.h>"


def main(root):
    tree = Tree(root)
    found = [(path, line, text) for path in tree.texts for line, text in faults(tree, path)]
    for path, line, text in found:
        print(f"{path.relative_to(root)}:{line}: {text}")
    return 1 if found or not tree.texts else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
