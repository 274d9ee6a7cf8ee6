"""What tools/tidy.py needs to know of C++: code without comments and strings, and where functions end."""
import re

# A raw string, a string, a character, a line comment or a block comment; digit separators stay.
TOKEN = re.compile(
    r'R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*|/\*.*?\*/", re.S)


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code_of(text):
    """code_of returns the text with comments, strings and characters blanked; lines keep their numbers.

    The names of included files stay, because they are code to the rules.
    """
    out = []
    includes = {i for i, line in enumerate(text.split("\n")) if re.match(r"\s*#\s*include\b", line)}
    original = text.split("\n")
    for number, line in enumerate(TOKEN.sub(_blank, text).split("\n")):
        out.append(original[number] if number in includes else line)
    return "\n".join(out)


def comments_of(text):
    """comments_of yields (line number, comment)."""
    for match in TOKEN.finditer(text):
        if match.group(0).startswith("/"):
            yield text.count("\n", 0, match.start()) + 1, match.group(0)


class _Scanner:
    """Follows braces; a function is a brace after a parameter list outside any other function."""

    def __init__(self, code):
        self.code = code
        self.line = 1
        self.stack = []  # (kind, name, line where it begins)
        self.found = []
        self.forget()

    def forget(self):
        self.head, self.head_line = "", 0

    def kind(self):
        if any(entry[0] == "function" for entry in self.stack):
            return "inner"
        head = self.head.strip()
        if re.search(r"\)\s*(noexcept\s*)?:[^:]", head) and re.search(r"[\w>]$", head):
            return "member"  # member initialiser: `b_{x}` in front of a constructor's body
        if re.search(r"\bnamespace\b|^extern\b\s*$", head):
            return "scope"
        if re.search(r"(^|\s|>)(class|struct|union|enum)\s", head) and not re.search(r"\)\s*(const|noexcept)?\s*$", head):
            return "scope"
        if head.endswith("=") or "(" not in head:
            return "inner"
        return "function"

    def open(self):
        name = re.search(r"([~\w:]+)\s*\(", self.head)
        kind = self.kind()
        self.stack.append((kind, name.group(1) if name else "", self.head_line or self.line))
        if kind != "member":
            self.forget()

    def close(self):
        kind, name, begun = self.stack.pop() if self.stack else ("inner", "", 0)
        if kind == "function":
            self.found.append((name, begun, self.line - begun + 1))
        if kind == "member":
            self.head += "}"
        else:
            self.forget()

    def run(self):
        for char in self.code:
            if char == "{":
                self.open()
            elif char == "}":
                self.close()
            elif char == ";" and self.head.count("(") == self.head.count(")"):
                self.forget()
            else:
                if not self.head_line and not char.isspace():
                    self.head_line = self.line
                self.head += char
            if char == "\n":
                self.line += 1
        return self.found


def functions_of(code):
    """functions_of returns (name, first line, number of lines) of every function in code_of's text."""
    without_macros = re.sub(r"^[ \t]*#[^\n]*(?:\\\n[^\n]*)*", _blank, code, flags=re.M)
    return _Scanner(without_macros).run()
