#include "reports/sections/story.h"

namespace plumb::report {

Cell story_of(const Case& c) {
  Cell cell = case_id(c.id, c.repro);
  if (!c.hunts.empty())
    cell.html += "<br><span class=\"soft\">hunts " + escape(c.hunts) + "</span>";
  return cell;
}

}  // namespace plumb::report
