#pragma once

// What a descriptor that somebody else handed over is. Each is false for one that is none.
namespace ward::keep {

// is_folder: an open folder, or a path to one (O_PATH).
[[nodiscard]] bool is_folder(int fd);

// is_unix_stream: a unix stream socket that is not listening.
[[nodiscard]] bool is_unix_stream(int fd);

// is_connected_unix_stream: one that has, or had, another end.
[[nodiscard]] bool is_connected_unix_stream(int fd);

// is_pipe_in: the writing end of a pipe or FIFO.
[[nodiscard]] bool is_pipe_in(int fd);

// takes_text: where a program's words may go: a pipe, a regular file, a unix stream, a terminal or
// /dev/null, open for writing.
[[nodiscard]] bool takes_text(int fd);

}  // namespace ward::keep
