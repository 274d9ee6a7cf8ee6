#include "advisory/timeline.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace ward::advisory {
namespace {

// All lengths are in pixels.
constexpr double kLeft = 150;  // of the first year: lane names stand before it
constexpr double kRight = 30;
constexpr double kTop = 96;  // of the first lane
constexpr double kRow = 18;  // of names above each other
constexpr double kPad = 8;   // above and below the names of a lane
constexpr double kYear = 150;
constexpr double kLeastWidth = 620;
constexpr double kLetter = 6.4;  // more than the widest usual font takes for a letter of 11
constexpr double kGap = 12;      // between names of a row
constexpr std::size_t kMaxName = 30;

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c != '\n' && static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string px(double length) {
  const auto tenths = static_cast<std::int64_t>(std::llround(length * 10));
  std::string out = std::to_string(tenths / 10);
  return tenths % 10 == 0 ? out : out + "." + std::to_string(std::abs(tenths % 10));
}

std::string attribute(std::string_view name, double length) {
  return " " + std::string(name) + "=\"" + px(length) + "\"";
}

// Scale says where a day stands.
struct Scale {
  int first_year = 0;
  int last_year = 0;

  [[nodiscard]] double year() const {
    return std::max(kYear, kLeastWidth / (last_year - first_year + 1));
  }

  [[nodiscard]] double at(int y) const { return kLeft + (y - first_year) * year(); }

  [[nodiscard]] double at(UnixTime day) const {
    const UnixTime begin = first_day({.year = first_year});
    return kLeft + double(day.seconds - begin.seconds) / (365.2425 * 86400) * year();
  }

  [[nodiscard]] double right() const { return at(last_year + 1); }
};

// short_name fits into a lane: without what stands in brackets, and cut where it is still long.
std::string short_name(const Attack& attack) {
  std::string out = attack.name;
  if (out.size() > kMaxName) out = out.substr(0, out.find(" ("));
  if (out.size() > kMaxName) out = out.substr(0, out.rfind(' ', kMaxName)) + " ...";
  return out;
}

// Mark is an attack in a lane.
struct Mark {
  const Entry* entry = nullptr;
  bool verified = true;  // that it is of this lane, and when
  double from = 0;       // of the days that it may be of
  double to = 0;
  bool name_before = false;  // on the left, where there is no room on the right
  std::size_t row = 0;

  [[nodiscard]] double middle() const { return (from + to) / 2; }

  [[nodiscard]] double width() const {
    return double(short_name(*entry->attack).size()) * kLetter + 9;
  }

  [[nodiscard]] double begin() const { return name_before ? from - width() : from - 5; }

  [[nodiscard]] double end() const { return name_before ? to + 5 : to + width(); }
};

struct Lane {
  const TeeTitle* title = nullptr;
  std::vector<Mark> marks;
  std::size_t rows = 0;

  [[nodiscard]] double height() const { return double(rows) * kRow + 2 * kPad; }
};

// place gives each name the first row in which it meets no other.
void place(Lane& lane, double right) {
  std::vector<double> ends;
  std::vector<Mark*> by_place;
  for (Mark& mark : lane.marks) {
    const bool room_before = mark.from - mark.width() > kLeft;
    mark.name_before = mark.to + mark.width() > right && room_before;
    by_place.push_back(&mark);
  }
  std::ranges::stable_sort(by_place, {}, [](const Mark* mark) { return mark->begin(); });
  for (Mark* mark : by_place) {
    const auto free =
        std::ranges::find_if(ends, [&](double end) { return end + kGap <= mark->begin(); });
    mark->row = static_cast<std::size_t>(free - ends.begin());
    if (free == ends.end()) ends.push_back(0);
    ends[mark->row] = mark->end();
  }
  lane.rows = ends.size();
}

// item_of is what a row says of a lane. The lane of a maker's processors leaves out what names one
// of the maker's TEEs.
const Item* item_of(const Attack& attack, const TeeTitle& lane) {
  const Item* out = nullptr;
  for (const Item& item : attack.tees) {
    if (item.text == lane.name) out = &item;
  }
  if (lane.name != lane.maker) return out;
  const bool named = std::ranges::any_of(attack.tees, [&](const Item& item) {
    const auto titles = tee_titles();
    const auto title = std::ranges::find(titles, item.text, &TeeTitle::name);
    return title != titles.end() && item.text != lane.name && title->maker == lane.maker;
  });
  return named ? nullptr : out;
}

// is_wanted is true for the lanes of one TEE: its own, its maker's processors', every TEE's.
bool is_wanted(const TeeTitle& lane, const std::string& tee) {
  const auto titles = tee_titles();
  const auto own = std::ranges::find(titles, tee, &TeeTitle::name);
  const std::string_view name = lane.name;
  return tee.empty() || name == tee || name == "any" || (own != titles.end() && name == own->maker);
}

std::vector<Lane> lanes_of(const Selection& selection, const Scale& scale, const std::string& tee) {
  std::vector<Lane> out;
  for (const TeeTitle& title : tee_titles()) {
    if (!is_wanted(title, tee)) continue;
    Lane lane{.title = &title, .marks = {}, .rows = 0};
    for (const Entry& entry : selection.entries) {
      const Attack& attack = *entry.attack;
      const Item* item = item_of(attack, title);
      if (item == nullptr || !attack.date.known()) continue;
      lane.marks.push_back({.entry = &entry,
                            .verified = item->verified && attack.date.verified,
                            .from = scale.at(first_day(attack.date)),
                            .to = scale.at(last_day(attack.date))});
    }
    if (lane.marks.empty()) continue;
    place(lane, scale.right());
    out.push_back(std::move(lane));
  }
  return out;
}

std::optional<Scale> scale_of(const Selection& selection) {
  Scale out{std::numeric_limits<int>::max(), 0};
  for (const Entry& entry : selection.entries) {
    if (!entry.attack->date.known()) continue;
    out.first_year = std::min(out.first_year, entry.attack->date.year);
    out.last_year = std::max(out.last_year, entry.attack->date.year);
  }
  return out.last_year == 0 ? std::nullopt : std::optional(out);
}

// may_be_shown is true where some evidence could show how a platform stands to the attack.
bool may_be_shown(const Attack& attack) {
  return std::ranges::any_of(attack.closed_by, [](const Way& way) {
    return std::ranges::count(way.words, Word::kCannot) == 0;
  });
}

// Kind is how a mark is drawn: colour, and form for those who do not tell colours apart.
struct Kind {
  const char* css;
  const char* what;  // in the legend
};

constexpr Kind kOpen{"o", "open"};
constexpr Kind kNotShown{"n", "not shown by this evidence"};
constexpr Kind kCannot{"c", "cannot be shown by evidence"};
constexpr Kind kClosed{"k", "closed"};
constexpr Kind kShowable{"s", "evidence can show it"};

const Kind& kind_of(const Entry& entry) {
  if (!entry.exposure) return may_be_shown(*entry.attack) ? kShowable : kCannot;
  switch (entry.exposure->state) {
    case State::kOpen:
      return kOpen;
    case State::kNotShown:
      return kNotShown;
    case State::kCannot:
      return kCannot;
    case State::kClosed:
      return kClosed;
  }
  return kCannot;
}

// shape draws a mark of 8 by 8 around a point: a square for open, a diamond for what is not shown,
// a ring for what cannot be shown, else a disc.
std::string shape(const Kind& kind, double x, double y, bool verified) {
  const std::string css = std::string(" class=\"m ") + kind.css + (verified ? "" : " u") + "\"/>";
  if (&kind == &kOpen) {
    return "<rect" + attribute("x", x - 4) + attribute("y", y - 4) + attribute("width", 8) +
           attribute("height", 8) + css;
  }
  if (&kind == &kNotShown) {
    return "<path d=\"M" + px(x) + " " + px(y - 5) + "l5 5-5 5-5-5z\"" + css;
  }
  return "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", 4) + css;
}

std::string tooltip(const Mark& mark) {
  const Attack& a = *mark.entry->attack;
  std::string out = a.name + ", " + date_text(a.date) + "\n" + a.attack_class;
  const auto add = [&](const char* what, const std::vector<Item>& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      out += (i == 0 ? std::string("\n") + what : std::string("; ")) + items[i].text +
             (items[i].verified ? "" : " (unverified)");
    }
  };
  add("affects: ", a.affects);
  add("", a.cves);
  add("", a.advisories);
  add("mitigated by: ", a.mitigated_by);
  if (const auto& e = mark.entry->exposure) {
    out += std::string("\n") + to_text(e->state) + ": " + e->why;
  }
  return out;
}

std::string text(double x, double y, const char* css, std::string_view words) {
  return "<text" + attribute("x", x) + attribute("y", y) + " class=\"" + css + "\">" + xml(words) +
         "</text>\n";
}

std::string draw_mark(const Mark& mark, double top) {
  const double y = top + kPad + (double(mark.row) + 0.5) * kRow;
  const double x = mark.middle();
  std::string out = "<g><title>" + xml(tooltip(mark)) + "</title>";
  if (mark.to - mark.from > 12) {
    out += "<path d=\"M" + px(mark.from) + " " + px(y) + "H" + px(mark.to) + "\" class=\"span\"/>";
  }
  out += shape(kind_of(*mark.entry), x, y, mark.verified);
  out += text(mark.name_before ? std::min(x, mark.from + 4) - 8 : std::max(x, mark.to - 4) + 8,
              y + 4, mark.name_before ? "l e" : "l", short_name(*mark.entry->attack));
  return out + "</g>\n";
}

std::string draw_band(const Lane& lane, double top, double width) {
  return "<rect x=\"0\"" + attribute("y", top) + attribute("width", width) +
         attribute("height", lane.height()) + " class=\"band\"/>\n";
}

std::string draw_lane(const Lane& lane, double top) {
  std::string out = "<g role=\"list\" aria-label=\"" + xml(lane.title->title) + "\">";
  out += text(16, top + kPad + kRow / 2 + 4, "h", lane.title->title);
  for (const Mark& mark : lane.marks) {
    out += draw_mark(mark, top);
  }
  return out + "</g>\n";
}

std::string draw_axis(const Scale& scale, double bottom) {
  std::string out;
  for (int year = scale.first_year; year <= scale.last_year + 1; ++year) {
    const double x = scale.at(year);
    out += "<path d=\"M" + px(x) + " " + px(kTop - 4) + "V" + px(bottom) + "\" class=\"grid\"/>\n";
    if (year > scale.last_year) break;
    const std::string name = std::to_string(year);
    out += text(x + 4, kTop - 10, "y", name) + text(x + 4, bottom + 16, "y", name);
  }
  return out;
}

// The legend explains the kinds of mark that are there.
std::string draw_legend(const std::vector<Lane>& lanes) {
  std::string out;
  double x = 16;
  for (const Kind* kind : {&kOpen, &kNotShown, &kCannot, &kClosed, &kShowable}) {
    const bool used = std::ranges::any_of(lanes, [&](const Lane& lane) {
      return std::ranges::any_of(lane.marks,
                                 [&](const Mark& m) { return &kind_of(*m.entry) == kind; });
    });
    if (!used) continue;
    out += shape(*kind, x + 4, 56, true) + text(x + 14, 60, "l", kind->what);
    x += 14 + double(std::string_view(kind->what).size()) * kLetter + 22;
  }
  const bool unverified = std::ranges::any_of(lanes, [](const Lane& lane) {
    return std::ranges::any_of(lane.marks, [](const Mark& mark) { return !mark.verified; });
  });
  if (unverified) {
    out += "<circle" + attribute("cx", x + 4) + " cy=\"56\" r=\"4\" class=\"m x u\"/>" +
           text(x + 14, 60, "l", "dashed: date or TEE unverified");
  }
  return out;
}

constexpr const char* kStyle =
    "<style>\n"
    "text{font-family:system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;"
    "font-size:11px}\n"
    ".bg{fill:#ffffff}.band{fill:#f3f5f8}.grid{stroke:#d5dbe3}.span{stroke:#a3adba;stroke-width:2}"
    "\n"
    ".l{fill:#24292f}.h{fill:#24292f;font-weight:600;font-size:12px}.y{fill:#57606a}\n"
    ".t{fill:#24292f;font-weight:600;font-size:17px}.e{text-anchor:end}\n"
    ".m{stroke-width:1.6}.o{fill:#cf222e;stroke:#cf222e}.n{fill:#d4a72c;stroke:#9a6700}\n"
    ".c{fill:#ffffff;stroke:#6e7781}.k{fill:#2da44e;stroke:#1a7f37}.s{fill:#0969da;stroke:#0969da}"
    "\n"
    ".x{fill:#ffffff;stroke:#24292f}.u{fill-opacity:.25;stroke-dasharray:2.2 1.6}\n"
    "@media (prefers-color-scheme:dark){\n"
    ".bg{fill:#0d1117}.band{fill:#161b22}.grid{stroke:#30363d}.span{stroke:#6e7681}\n"
    ".l,.h,.t{fill:#e6edf3}.y{fill:#9198a1}\n"
    ".o{fill:#f85149;stroke:#f85149}.n{fill:#d29922;stroke:#e3b341}.c{fill:#0d1117;stroke:#9198a1}"
    "\n"
    ".k{fill:#3fb950;stroke:#3fb950}.s{fill:#58a6ff;stroke:#58a6ff}.x{fill:#0d1117;stroke:#e6edf3}"
    "\n"
    "}\n"
    "</style>\n";

std::string names_of(const std::vector<const Attack*>& attacks) {
  std::string out;
  for (const Attack* attack : attacks) {
    out += (out.empty() ? "" : ", ") + attack->name;
  }
  return out;
}

// lines_of breaks a text into lines of at most `width` pixels.
std::vector<std::string> lines_of(std::string text, double width) {
  std::vector<std::string> out;
  const auto letters = static_cast<std::size_t>(width / kLetter);
  while (text.size() > letters) {
    const std::size_t blank = text.rfind(' ', letters);
    const std::size_t end = blank == std::string::npos ? letters : blank;
    out.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  if (!text.empty()) out.push_back(text);
  return out;
}

// notes_of are lines on what stands in no lane.
std::vector<std::string> notes_of(const Selection& selection, double width) {
  std::vector<const Attack*> unknown;
  for (const Entry& entry : selection.entries) {
    if (!entry.attack->date.known()) unknown.push_back(entry.attack);
  }
  std::vector<std::string> out;
  if (!unknown.empty()) out = lines_of("Date unknown: " + names_of(unknown), width);
  if (selection.undated.empty()) return out;
  const auto more =
      lines_of("Left out by a date that is unverified: " + names_of(selection.undated), width);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

// right_of is where the last name ends, `right` at least.
double right_of(const std::vector<Lane>& lanes, double right) {
  for (const Lane& lane : lanes) {
    for (const Mark& mark : lane.marks) {
      right = std::max(right, mark.end());
    }
  }
  return right;
}

std::string description(const Selection& selection, const std::vector<Lane>& lanes) {
  std::string out = std::to_string(selection.entries.size()) + " attacks";
  for (const Lane& lane : lanes) {
    out += "; " + lane.title->title + ": " + std::to_string(lane.marks.size());
  }
  return out;
}

}  // namespace

std::string timeline_svg(const Selection& selection, const std::string& title,
                         const std::string& tee) {
  const auto scale = scale_of(selection);
  const std::vector<Lane> lanes = scale ? lanes_of(selection, *scale, tee) : std::vector<Lane>{};
  const double width = right_of(lanes, scale ? scale->right() : kLeft + kLeastWidth) + kRight;
  std::string bands;
  std::string body;
  double y = kTop;
  for (const Lane& lane : lanes) {
    if ((&lane - lanes.data()) % 2 == 0) bands += draw_band(lane, y, width);
    body += draw_lane(lane, y);
    y += lane.height();
  }
  const std::string axis = scale ? draw_axis(*scale, y) : "";
  y += 40;
  for (const std::string& line : notes_of(selection, width - 32)) {
    body += text(16, y, "y", line);
    y += 16;
  }
  const std::string size = px(width) + " " + px(y);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size +
         "\" style=\"max-width:" + px(width) +
         "px\" preserveAspectRatio=\"xMinYMin\" role=\"img\" aria-labelledby=\"t d\">\n<title "
         "id=\"t\">" +
         xml(title) + "</title>\n<desc id=\"d\">" + xml(description(selection, lanes)) +
         "</desc>\n" + kStyle + "<rect width=\"100%\" height=\"100%\" class=\"bg\"/>\n" +
         text(16, 32, "t", title) + draw_legend(lanes) + bands + axis + body + "</svg>\n";
}

}  // namespace ward::advisory
