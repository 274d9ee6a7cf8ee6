#pragma once

// The parts of the script (script.h) that are the same for every verdict.
namespace ward::explain {

// What the script is, behind its first line.
extern const char* const kScriptHead;

// The functions that its steps call.
extern const char* const kScriptFunctions;

// What compares the outcomes with ward's, at its end.
extern const char* const kScriptEnd;

}  // namespace ward::explain
